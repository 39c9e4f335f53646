//! IPv4: the header every packet of the internet layer has.
//!
//! Follows: RFC 791, RFC 6864 (identification only means something in fragments). Left out:
//! options are skipped when received and never sent.

use core::fmt;
use core::net::Ipv4Addr;

use super::Malformed;
use crate::net::checksum;

/// Bytes of a header without options.
pub const HEADER_LENGTH: usize = 20;
/// Largest packet the total length field can express.
pub const PACKET_LENGTH_MAX: usize = 65_535;
/// Protocol number of ICMP.
pub const PROTOCOL_ICMP: u8 = 1;
/// Protocol number of TCP.
pub const PROTOCOL_TCP: u8 = 6;
/// Protocol number of UDP.
pub const PROTOCOL_UDP: u8 = 17;
/// TTL of packets that start here (RFC 1700's recommendation, Linux's default).
pub const TTL_DEFAULT: u8 = 64;

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET_MASK: u16 = 0x1fff;

/// An IPv4 header without its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Differentiated services and ECN bits.
    pub tos: u8,
    /// Which packet a fragment belongs to.
    pub identification: u16,
    /// Routers must not fragment the packet.
    pub dont_fragment: bool,
    /// This is a fragment, and not the last one.
    pub more_fragments: bool,
    /// Where the fragment's payload belongs, in units of eight bytes; under 8192.
    pub fragment_offset: u16,
    /// Hops the packet may still take.
    pub ttl: u8,
    /// What it carries.
    pub protocol: u8,
    /// Who sent it.
    pub source: Ipv4Addr,
    /// Who shall get it.
    pub destination: Ipv4Addr,
}

impl Header {
    /// A header as our stacks send it: TTL 64, not to be fragmented.
    pub const fn new(protocol: u8, source: Ipv4Addr, destination: Ipv4Addr) -> Self {
        Self {
            tos: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            ttl: TTL_DEFAULT,
            protocol,
            source,
            destination,
        }
    }

    /// Whether the packet is a part of one that was cut.
    pub const fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset != 0
    }

    /// Splits a packet into header and payload; bytes after its total length are padding.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a length, the version or the checksum is wrong.
    pub fn parse(packet: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let header = packet.first_chunk::<HEADER_LENGTH>().ok_or(Malformed)?;
        let header_length = usize::from(header[0] & 15) * 4;
        let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let good = header[0] >> 4 == 4
            && header_length >= HEADER_LENGTH
            && total >= header_length
            && packet.len() >= total
            && checksum::of(&packet[..header_length]) == 0;
        if !good {
            return Err(Malformed);
        }
        Ok((Self::fields(header), &packet[header_length..total]))
    }

    /// The header of a packet that an ICMP error quotes, which may be cut after eight bytes of
    /// payload and whose checksum a router has left alone (RFC 792).
    ///
    /// # Errors
    ///
    /// [`Malformed`] when even the header is cut, or it is not IPv4.
    pub fn parse_quoted(quote: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let header = quote.first_chunk::<HEADER_LENGTH>().ok_or(Malformed)?;
        let header_length = usize::from(header[0] & 15) * 4;
        if header[0] >> 4 != 4 || header_length < HEADER_LENGTH || quote.len() < header_length {
            return Err(Malformed);
        }
        Ok((Self::fields(header), &quote[header_length..]))
    }

    fn fields(header: &[u8; HEADER_LENGTH]) -> Self {
        let flags = u16::from_be_bytes([header[6], header[7]]);
        Self {
            tos: header[1],
            identification: u16::from_be_bytes([header[4], header[5]]),
            dont_fragment: flags & DONT_FRAGMENT != 0,
            more_fragments: flags & MORE_FRAGMENTS != 0,
            fragment_offset: flags & OFFSET_MASK,
            ttl: header[8],
            protocol: header[9],
            source: Ipv4Addr::new(header[12], header[13], header[14], header[15]),
            destination: Ipv4Addr::new(header[16], header[17], header[18], header[19]),
        }
    }

    /// The header's bytes, before a payload of `payload_length` bytes; a longer packet than the
    /// total length field can express is the caller's to prevent and is written as the maximum.
    pub fn emit(&self, payload_length: usize) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        let total = u16::try_from(HEADER_LENGTH + payload_length).unwrap_or(u16::MAX);
        let flags = (self.fragment_offset & OFFSET_MASK)
            | if self.dont_fragment { DONT_FRAGMENT } else { 0 }
            | if self.more_fragments { MORE_FRAGMENTS } else { 0 };
        bytes[0] = 0x45;
        bytes[1] = self.tos;
        bytes[2..4].copy_from_slice(&total.to_be_bytes());
        bytes[4..6].copy_from_slice(&self.identification.to_be_bytes());
        bytes[6..8].copy_from_slice(&flags.to_be_bytes());
        bytes[8] = self.ttl;
        bytes[9] = self.protocol;
        bytes[12..16].copy_from_slice(&self.source.octets());
        bytes[16..20].copy_from_slice(&self.destination.octets());
        let sum = checksum::of(&bytes);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IP {} > {}: proto {}, ttl {}",
            self.source, self.destination, self.protocol, self.ttl
        )?;
        if self.is_fragment() {
            let offset = u32::from(self.fragment_offset) * 8;
            let more = if self.more_fragments { "+" } else { "" };
            write!(f, ", frag {}@{offset}{more}", self.identification)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    /// A UDP packet of 115 bytes whose header is the worked example of many textbooks; its
    /// checksum is b861.
    const EXAMPLE: [u8; 20] = [
        0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00,
        0x01, 0xc0, 0xa8, 0x00, 0xc7,
    ];

    #[test]
    fn example_header() {
        let mut packet = EXAMPLE.to_vec();
        packet.resize(0x73 + 5, 0xee);
        let (header, payload) = Header::parse(&packet).unwrap();
        assert_eq!(header.to_string(), "IP 192.168.0.1 > 192.168.0.199: proto 17, ttl 64");
        assert_eq!(payload.len(), 0x73 - 20, "padding is no payload");
        assert!(header.dont_fragment && !header.is_fragment());
        assert_eq!(header.emit(payload.len()), EXAMPLE);
    }

    #[test]
    fn every_damaged_bit_of_a_header_is_noticed() {
        let mut packet = EXAMPLE.to_vec();
        packet.resize(0x73, 0);
        for bit in 0..160 {
            let mut bad = packet.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::parse(&bad), Err(Malformed), "bit {bit}");
        }
        assert!(Header::parse(&packet[..0x72]).is_err(), "cut short");
        assert!(Header::parse_quoted(&packet[..28]).is_ok(), "quotes are cut");
    }

    proptest! {
        #[test]
        fn parse_undoes_emit(
            tos: u8, identification: u16, dont_fragment: bool, more_fragments: bool,
            fragment_offset in 0u16..8192, ttl: u8, protocol: u8, a: [u8; 4], b: [u8; 4],
            payload in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let header = Header {
                tos, identification, dont_fragment, more_fragments, fragment_offset, ttl, protocol,
                source: a.into(), destination: b.into(),
            };
            let mut packet = header.emit(payload.len()).to_vec();
            packet.extend_from_slice(&payload);
            prop_assert_eq!(Header::parse(&packet), Ok((header, &payload[..])));
        }

        #[test]
        fn arbitrary_bytes_parse_or_fail(mut bytes: Vec<u8>) {
            if let Some(first) = bytes.first_mut() {
                *first = 0x40 | (*first & 15);
            }
            if let Ok((_, payload)) = Header::parse(&bytes) {
                prop_assert!(payload.len() <= bytes.len() - HEADER_LENGTH);
            }
            let _ = Header::parse_quoted(&bytes);
        }
    }
}
