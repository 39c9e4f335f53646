//! UDP: datagrams between ports.
//!
//! Follows: RFC 768, RFC 1122 §4.1.3 (checksums are sent, and verified where present).

use core::fmt;
use core::net::Ipv4Addr;

use super::{Malformed, ipv4};
use crate::net::checksum::Sum;

/// Bytes of a UDP header.
pub const HEADER_LENGTH: usize = 8;
/// Largest payload of a datagram over IPv4.
pub const PAYLOAD_LENGTH_MAX: usize = ipv4::PACKET_LENGTH_MAX - ipv4::HEADER_LENGTH - HEADER_LENGTH;

/// A datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Port of the sender.
    pub source: u16,
    /// Port of the receiver.
    pub destination: u16,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Reads a datagram that was sent between these addresses.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a length or the checksum is wrong.
    pub fn parse(
        source: Ipv4Addr,
        destination: Ipv4Addr,
        bytes: &'a [u8],
    ) -> Result<Self, Malformed> {
        let header = bytes.first_chunk::<HEADER_LENGTH>().ok_or(Malformed)?;
        let [s0, s1, d0, d1, l0, l1, c0, c1] = *header;
        let length = u16::from_be_bytes([l0, l1]);
        let datagram = bytes.get(..usize::from(length)).ok_or(Malformed)?;
        let payload = datagram.get(HEADER_LENGTH..).ok_or(Malformed)?;
        if [c0, c1] != [0, 0] {
            let sum = Sum::default()
                .pseudo_header(source, destination, ipv4::PROTOCOL_UDP, length)
                .bytes(datagram);
            if sum.finish() != 0 {
                return Err(Malformed);
            }
        }
        let (source, destination) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
        Ok(Self { source, destination, payload })
    }

    /// Appends the datagram to `out`, with the checksum for these addresses. A payload over
    /// [`PAYLOAD_LENGTH_MAX`] is cut; callers refuse it before.
    pub fn emit(&self, source: Ipv4Addr, destination: Ipv4Addr, out: &mut Vec<u8>) {
        let payload = &self.payload[..self.payload.len().min(PAYLOAD_LENGTH_MAX)];
        let length = u16::try_from(HEADER_LENGTH + payload.len()).unwrap_or(u16::MAX);
        let start = out.len();
        out.extend_from_slice(&self.source.to_be_bytes());
        out.extend_from_slice(&self.destination.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(payload);
        let sum = Sum::default()
            .pseudo_header(source, destination, ipv4::PROTOCOL_UDP, length)
            .bytes(&out[start..])
            .finish();
        // Zero would say "no checksum"; its other representation says the same sum.
        let sum = if sum == 0 { u16::MAX } else { sum };
        out[start + 6..start + 8].copy_from_slice(&sum.to_be_bytes());
    }
}

impl fmt::Display for Datagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP {} > {}, length {}", self.source, self.destination, self.payload.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 31);
    const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 30);

    #[test]
    fn example_of_a_datagram() {
        let bytes = [0x00, 0x14, 0x00, 0x0a, 0x00, 0x0a, 0x35, 0xc5, b'H', b'i'];
        let datagram = Datagram::parse(A, B, &bytes).unwrap();
        assert_eq!(datagram.to_string(), "UDP 20 > 10, length 2");
        let mut emitted = Vec::new();
        datagram.emit(A, B, &mut emitted);
        assert_eq!(emitted, bytes);
    }

    #[test]
    fn a_zero_checksum_means_none() {
        let bytes = [0x00, 0x14, 0x00, 0x0a, 0x00, 0x0a, 0x00, 0x00, b'H', b'i', b'!'];
        assert_eq!(Datagram::parse(A, B, &bytes).unwrap().payload, b"Hi");
    }

    #[test]
    fn wrong_lengths_and_sums_are_malformed() {
        let good = [0x00, 0x14, 0x00, 0x0a, 0x00, 0x0a, 0x35, 0xc5, b'H', b'i'];
        for (index, value) in [(5, 7), (5, 11), (9, b'o'), (6, 0x36), (1, 0x15)] {
            let mut bad = good;
            bad[index] = value;
            assert_eq!(Datagram::parse(A, B, &bad), Err(Malformed), "{index}");
        }
        assert!(Datagram::parse(A, Ipv4Addr::LOCALHOST, &good).is_err(), "other addresses");
    }

    proptest! {
        #[test]
        fn parse_undoes_emit(source: u16, destination: u16, payload: Vec<u8>, a: [u8; 4], b: [u8; 4]) {
            let datagram = Datagram { source, destination, payload: &payload };
            let mut bytes = Vec::new();
            datagram.emit(a.into(), b.into(), &mut bytes);
            prop_assert_eq!(Datagram::parse(a.into(), b.into(), &bytes), Ok(datagram));
        }

        #[test]
        fn arbitrary_bytes_parse_or_fail(bytes: Vec<u8>) {
            let _ = Datagram::parse(A, B, &bytes);
        }
    }
}
