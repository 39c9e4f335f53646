//! [`Wheel`]: things waiting for a tick, cheap where the tick is near.
//!
//! A thousand routers push and take a packet every tick, so a tick within the next [`SLOTS`] is a
//! slot of a ring whose buffers are used again; only what is further away goes through a tree.
//!
//! Invariant: what waits for one tick comes out in the order it went in. A slot of the ring is
//! reached for a tick only after that tick came within the ring, so what was filed in the tree
//! for it is older than all in its slot.

use std::collections::BTreeMap;

use crate::base::{Tick, Ticks};

/// Ticks that the ring covers; a power of two and a multiple of 64.
const SLOTS: usize = 256;
const WORDS: usize = SLOTS / 64;

/// A queue of things by the tick they wait for.
#[derive(Clone, Debug)]
pub(crate) struct Wheel<T> {
    /// The earliest tick that anything may wait for.
    from: Tick,
    ring: Vec<Vec<T>>,
    /// One bit for each slot of the ring that is not empty.
    occupied: [u64; WORDS],
    far: BTreeMap<Tick, Vec<T>>,
    len: usize,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        let ring = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { from: Tick::ZERO, ring, occupied: [0; WORDS], far: BTreeMap::new(), len: 0 }
    }
}

impl<T> Wheel<T> {
    /// Files `item` under `at`. `now` is the tick being run: all before it must have been taken.
    pub(crate) fn push(&mut self, now: Tick, at: Tick, item: T) {
        self.from = self.from.max(now);
        let at = at.max(self.from);
        self.len += 1;
        if at.since(self.from) < Ticks(SLOTS as u64) {
            let slot = slot_of(at);
            self.ring[slot].push(item);
            self.occupied[slot / 64] |= 1 << (slot % 64);
        } else {
            self.far.entry(at).or_default().push(item);
        }
    }

    /// The earliest tick that something waits for.
    pub(crate) fn next(&self) -> Option<Tick> {
        let far = self.far.keys().next().copied();
        let near = self.next_in_ring();
        match (near, far) {
            (Some(near), Some(far)) => Some(near.min(far)),
            (near, far) => near.or(far),
        }
    }

    fn next_in_ring(&self) -> Option<Tick> {
        let start = slot_of(self.from);
        // The word that holds `start` is looked at twice: its upper part first, its lower last.
        for step in 0..=WORDS {
            let word = (start / 64 + step) % WORDS;
            let mask = match step {
                0 => u64::MAX << (start % 64),
                WORDS => !(u64::MAX << (start % 64)),
                _ => u64::MAX,
            };
            let found = self.occupied[word] & mask;
            if found != 0 {
                let slot = word * 64 + found.trailing_zeros() as usize;
                let ahead = (slot + SLOTS - start) % SLOTS;
                return Some(self.from + Ticks(ahead as u64));
            }
        }
        None
    }

    /// Moves what waits for `now` to the end of `into`. Nothing may wait for an earlier tick.
    pub(crate) fn take(&mut self, now: Tick, into: &mut Vec<T>) {
        debug_assert!(self.next().is_none_or(|next| next >= now), "a tick was passed over");
        let before = into.len();
        if let Some(entry) = self.far.first_entry()
            && *entry.key() == now
        {
            into.append(&mut entry.remove());
        }
        if now >= self.from && now.since(self.from) < Ticks(SLOTS as u64) {
            let slot = slot_of(now);
            self.occupied[slot / 64] &= !(1 << (slot % 64));
            if into.is_empty() {
                // The empty buffer goes into the ring, so that none is allocated again.
                core::mem::swap(into, &mut self.ring[slot]);
            } else {
                into.append(&mut self.ring[slot]);
            }
        }
        self.len -= into.len() - before;
        self.from = self.from.max(now);
    }

    /// How many things wait.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Everything that waits, by tick and then in the order it was filed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Tick, &T)> {
        let start = slot_of(self.from);
        let near = (0..SLOTS).filter_map(move |ahead| {
            let slot = &self.ring[(start + ahead) % SLOTS];
            (!slot.is_empty()).then(|| (self.from + Ticks(ahead as u64), slot))
        });
        let mut ticks: BTreeMap<Tick, [&[T]; 2]> =
            self.far.iter().map(|(at, items)| (*at, [items.as_slice(), &[]])).collect();
        for (at, items) in near {
            ticks.entry(at).or_default()[1] = items;
        }
        ticks
            .into_iter()
            .flat_map(|(at, parts)| parts.into_iter().flatten().map(move |item| (at, item)))
    }

    /// Drops everything that `keep` refuses.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for slot in 0..SLOTS {
            self.ring[slot].retain(&mut keep);
            if self.ring[slot].is_empty() {
                self.occupied[slot / 64] &= !(1 << (slot % 64));
            }
        }
        self.far.retain(|_, items| {
            items.retain(&mut keep);
            !items.is_empty()
        });
        self.len = self.ring.iter().chain(self.far.values()).map(Vec::len).sum();
    }
}

fn slot_of(tick: Tick) -> usize {
    usize::try_from(tick.0 % SLOTS as u64).expect("a remainder of a small number fits")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop};
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn behaves_like_a_map_of_queues(
            steps in prop::collection::vec((0_u64..700, 0_u64..40, prop::bool::ANY), 1..120),
        ) {
            let mut wheel = Wheel::default();
            let mut model: BTreeMap<Tick, Vec<usize>> = BTreeMap::new();
            let mut now = Tick::ZERO;
            for (number, (ahead, jump, take)) in steps.into_iter().enumerate() {
                wheel.push(now, now + Ticks(ahead), number);
                model.entry(now + Ticks(ahead)).or_default().push(number);
                prop_assert_eq!(wheel.next(), model.keys().next().copied());
                prop_assert_eq!(wheel.len(), model.values().map(Vec::len).sum::<usize>());
                let listed: Vec<_> = wheel.iter().map(|(at, item)| (at, *item)).collect();
                let expected: Vec<_> = model
                    .iter()
                    .flat_map(|(at, items)| items.iter().map(|item| (*at, *item)))
                    .collect();
                prop_assert_eq!(listed, expected);
                if take && let Some((at, items)) = model.pop_first() {
                    let mut taken = Vec::new();
                    wheel.take(at, &mut taken);
                    prop_assert_eq!(taken, items);
                    now = at;
                }
                let free = model.keys().next().map_or(Tick::NEVER, |at| *at);
                now = (now + Ticks(jump)).min(free);
            }
        }
    }

    #[test]
    fn retain_forgets_empty_ticks() {
        let mut wheel = Wheel::default();
        for at in [1, 5, 5, 1000] {
            wheel.push(Tick::ZERO, Tick(at), at);
        }
        wheel.retain(|at| *at == 1000);
        assert_eq!((wheel.next(), wheel.len()), (Some(Tick(1000)), 1));
    }
}
