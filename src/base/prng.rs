//! Luck: one ChaCha8 stream for each machine and each link, positioned by a counter.
//!
//! Invariant: what a stream yields depends on (world seed, owner, draws so far) alone, so adding
//! a machine never changes another's luck. The algorithm never changes; a test holds its first
//! outputs. Only the position is kept, not the generator's buffer: a machine that never draws
//! costs sixteen bytes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// Who owns a stream: the upper half is the kind of owner, the lower its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A machine, by its id's number.
    Machine(u32),
    /// A link, by its id's number.
    Link(u32),
}

impl Owner {
    fn stream(self) -> u64 {
        match self {
            Self::Machine(id) => (1 << 32) | u64::from(id),
            Self::Link(id) => (2 << 32) | u64::from(id),
        }
    }
}

/// A stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prng {
    seed: u64,
    stream: u64,
    /// How many 32-bit words were drawn.
    drawn: u64,
}

impl Prng {
    /// The stream of `owner` in a world of this seed, from its beginning.
    pub fn new(world_seed: u64, owner: Owner) -> Self {
        Self { seed: world_seed, stream: owner.stream(), drawn: 0 }
    }

    /// Fills `bytes`, drawing whole words.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(self.stream);
        generator.set_word_pos(u128::from(self.drawn));
        generator.fill_bytes(bytes);
        self.drawn = self.drawn.wrapping_add(bytes.len().div_ceil(4) as u64);
    }

    /// A number of 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// A number of 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `bound`, every one equally likely; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Draws in the last, incomplete run of `bound` numbers would favour small results.
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let draw = self.next_u64();
            if draw < fair {
                return draw % bound;
            }
        }
    }

    /// True with the given chance.
    pub fn chance(&mut self, ratio: Ratio) -> bool {
        match ratio.parts_per_million {
            0 => false,
            ppm if ppm >= Ratio::ONE.parts_per_million => true,
            ppm => self.below(1_000_000) < u64::from(ppm),
        }
    }
}

/// A probability in millionths, so that no float enters the simulation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ratio {
    /// Millionths; 1,000,000 and more mean "always".
    pub parts_per_million: u32,
}

impl Ratio {
    /// Never.
    pub const ZERO: Self = Self { parts_per_million: 0 };
    /// Always.
    pub const ONE: Self = Self { parts_per_million: 1_000_000 };

    /// A probability in hundredths.
    pub const fn percent(percent: u32) -> Self {
        Self { parts_per_million: percent.saturating_mul(10_000) }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_algorithm_never_changes() {
        let mut prng = Prng::new(42, Owner::Machine(1));
        let first: Vec<u32> = (0..4).map(|_| prng.next_u32()).collect();
        expect!["[d1187704, 78700690, 48f0ab76, f491d1fe]"].assert_eq(&format!("{first:x?}"));
    }

    #[test]
    fn streams_differ_by_owner_and_continue_after_a_copy() {
        let mut machine = Prng::new(1, Owner::Machine(1));
        let mut link = Prng::new(1, Owner::Link(1));
        assert_ne!(machine.next_u64(), link.next_u64());
        let mut copy = machine;
        assert_eq!(machine.next_u64(), copy.next_u64());
    }

    #[test]
    fn below_stays_below() {
        let mut prng = Prng::new(1, Owner::Machine(1));
        for bound in [1, 2, 3, 1000, u64::MAX] {
            for _ in 0..50 {
                assert!(prng.below(bound) < bound);
            }
        }
        assert_eq!(prng.below(0), 0);
    }

    #[test]
    fn certain_chances_draw_nothing() {
        let mut prng = Prng::new(1, Owner::Link(1));
        let before = prng;
        assert!(!prng.chance(Ratio::ZERO));
        assert!(prng.chance(Ratio::percent(100)));
        assert_eq!(prng, before);
    }
}
