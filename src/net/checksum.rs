//! The Internet checksum: one's complement sums of 16-bit words.
//!
//! Follows: RFC 1071; incremental update by RFC 1624.

use core::net::Ipv4Addr;

/// A running one's complement sum. Order of whole even-length pieces does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// Adds bytes; an odd length is padded with a zero, so only the last piece may be odd.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let mut sum = self.0;
        // Words of 32 bits are worth the same as two of 16 once the carries are folded in
        // (RFC 1071 §2(C)); sixty-four bits of room let carries wait until the end.
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            sum += u64::from(u32::from_be_bytes(*word));
        }
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        Self(sum + u64::from(u32::from_be_bytes(last)))
    }

    /// Adds one 16-bit word.
    #[must_use]
    pub const fn word(self, word: u16) -> Self {
        Self(self.0 + word as u64)
    }

    /// Adds the pseudo header that TCP and UDP checksums cover (RFC 9293 §3.1).
    #[must_use]
    pub fn pseudo_header(
        self,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        protocol: u8,
        length: u16,
    ) -> Self {
        self.bytes(&source.octets())
            .bytes(&destination.octets())
            .word(u16::from(protocol))
            .word(length)
    }

    /// The checksum: the complement of the folded sum. Over data that includes a correct
    /// checksum it is zero.
    pub const fn finish(self) -> u16 {
        fold(self.0)
    }
}

/// Adds the carries back in, until sixteen bits are left, and complements them.
#[expect(clippy::cast_possible_truncation, reason = "the loop ends when sixteen bits are left")]
const fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The checksum of `bytes`.
pub fn of(bytes: &[u8]) -> u16 {
    Sum::default().bytes(bytes).finish()
}

/// The checksum after one 16-bit word under it changed from `old` to `new` (RFC 1624 equation 3).
pub const fn update(checksum: u16, old: u16, new: u16) -> u16 {
    fold(!checksum as u64 + !old as u64 + new as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn example_of_rfc_1071() {
        // RFC 1071 §3: the sum of these bytes is ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(of(&bytes), !0xddf2);
    }

    proptest! {
        #[test]
        fn equals_the_word_by_word_definition(bytes: Vec<u8>) {
            let mut sum = 0u32;
            for pair in bytes.chunks(2) {
                sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
                sum = (sum & 0xffff) + (sum >> 16);
            }
            prop_assert_eq!(of(&bytes), !u16::try_from(sum).unwrap());
        }

        #[test]
        fn an_update_equals_summing_again(mut bytes in proptest::collection::vec(any::<u8>(), 20), new: u16) {
            // A header whose sum is all zero has two representations; IPv4 headers never have one.
            bytes[0] = 0x45;
            let before = of(&bytes);
            let old = u16::from_be_bytes([bytes[8], bytes[9]]);
            bytes[8..10].copy_from_slice(&new.to_be_bytes());
            prop_assert_eq!(update(before, old, new), of(&bytes));
        }
    }
}
