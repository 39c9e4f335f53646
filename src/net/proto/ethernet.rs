//! Ethernet II framing.
//!
//! Follows: IEEE 802.3 with type field; type numbers of RFC 9542. Left out: 802.1Q tags, padding
//! to 60 bytes and the frame check sequence, none of which a capture shows on sending hosts.

use core::fmt;

use super::Malformed;
use crate::net::Mac;

/// Bytes of an Ethernet header.
pub const HEADER_LENGTH: usize = 14;
/// Type of frames that carry IPv4.
pub const TYPE_IPV4: u16 = 0x0800;
/// Type of frames that carry ARP.
pub const TYPE_ARP: u16 = 0x0806;

/// The header of an Ethernet II frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who shall take the frame.
    pub destination: Mac,
    /// Who sent it.
    pub source: Mac,
    /// What it carries.
    pub kind: u16,
}

impl Header {
    /// Splits a frame into header and payload.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the frame is shorter than a header.
    pub fn parse(frame: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (header, payload) = frame.split_first_chunk::<HEADER_LENGTH>().ok_or(Malformed)?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, k0, k1] = *header;
        let header = Self {
            destination: Mac([d0, d1, d2, d3, d4, d5]),
            source: Mac([s0, s1, s2, s3, s4, s5]),
            kind: u16::from_be_bytes([k0, k1]),
        };
        Ok((header, payload))
    }

    /// The header's bytes.
    pub fn emit(&self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[..6].copy_from_slice(&self.destination.0);
        bytes[6..12].copy_from_slice(&self.source.0);
        bytes[12..].copy_from_slice(&self.kind.to_be_bytes());
        bytes
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {}, ethertype {:#06x}", self.source, self.destination, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn example_of_a_broadcast_arp_frame() {
        let bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 1, 1, 0x08, 0x06, 0xab, 0xcd];
        let (header, payload) = Header::parse(&bytes).unwrap();
        assert_eq!(header.to_string(), "02:00:00:00:01:01 > ff:ff:ff:ff:ff:ff, ethertype 0x0806");
        assert_eq!(payload, [0xab, 0xcd]);
        assert_eq!(header.emit(), bytes[..14]);
        assert_eq!(Header::parse(&bytes[..13]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn parse_undoes_emit(destination: [u8; 6], source: [u8; 6], kind in any::<u16>()) {
            let header = Header { destination: Mac(destination), source: Mac(source), kind };
            let bytes = header.emit();
            prop_assert_eq!(Header::parse(&bytes), Ok((header, &[][..])));
        }
    }
}
