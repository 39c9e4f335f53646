//! TCP segments: the header, its options, sequence numbers.
//!
//! Follows: RFC 9293 §3.1. Of the options only the maximum segment size is understood; others are
//! skipped. Left out: urgent data, window scale, SACK, timestamps.

use core::fmt;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{Malformed, ipv4};
use crate::net::checksum::Sum;

/// Bytes of a header without options.
pub const HEADER_LENGTH: usize = 20;
/// Segment size to assume when the peer names none (RFC 9293 §3.7.1).
pub const MSS_DEFAULT: u16 = 536;

/// A sequence number: a position in a stream modulo 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u32);

impl Seq {
    /// The position `count` bytes later.
    #[must_use]
    pub const fn plus(self, count: u32) -> Self {
        Self(self.0.wrapping_add(count))
    }

    /// How far this is behind `earlier`; meaningful when it is not before it.
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// Whether this comes before `other` (RFC 9293 §3.4: within half the number space).
    pub const fn before(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0) > u32::MAX / 2
    }

    /// Whether this comes after `other`.
    pub const fn after(self, other: Self) -> bool {
        other.before(self)
    }
}

/// The control bits of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Hand the data to the reader at once.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field counts.
    pub const ACK: Self = Self(0x10);

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Flags {
    /// As tcpdump: `S.` is SYN and ACK, a lone `.` is ACK.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (Self::FIN, "F"),
            (Self::SYN, "S"),
            (Self::RST, "R"),
            (Self::PSH, "P"),
            (Self(0x20), "U"),
            (Self::ACK, "."),
        ];
        for (_, letter) in letters.iter().filter(|(flag, _)| self.has(*flag)) {
            f.write_str(letter)?;
        }
        if self.0 & 0x3f == 0 { f.write_str("none") } else { Ok(()) }
    }
}

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Port of the sender.
    pub source: u16,
    /// Port of the receiver.
    pub destination: u16,
    /// Position of the first byte (of the SYN, if set).
    pub sequence: Seq,
    /// Next position the sender expects, if [`Flags::ACK`] is set.
    pub acknowledgment: Seq,
    /// Control bits.
    pub flags: Flags,
    /// How many bytes the sender has room for.
    pub window: u16,
    /// Largest segment the sender takes; only with [`Flags::SYN`].
    pub mss: Option<u16>,
}

impl Header {
    /// Splits a segment that was sent between these addresses into header and payload.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a length or the checksum is wrong.
    pub fn parse(
        source: Ipv4Addr,
        destination: Ipv4Addr,
        bytes: &[u8],
    ) -> Result<(Self, &[u8]), Malformed> {
        let header = bytes.first_chunk::<HEADER_LENGTH>().ok_or(Malformed)?;
        let data_offset = usize::from(header[12] >> 4) * 4;
        if data_offset < HEADER_LENGTH || bytes.len() < data_offset {
            return Err(Malformed);
        }
        let length = u16::try_from(bytes.len()).map_err(|_| Malformed)?;
        let sum = Sum::default()
            .pseudo_header(source, destination, ipv4::PROTOCOL_TCP, length)
            .bytes(bytes);
        if sum.finish() != 0 {
            return Err(Malformed);
        }
        let (mut parsed, payload) = (Self::fields(header), &bytes[data_offset..]);
        if parsed.flags.has(Flags::SYN) {
            parsed.mss = mss_option(&bytes[HEADER_LENGTH..data_offset]);
        }
        Ok((parsed, payload))
    }

    fn fields(header: &[u8; HEADER_LENGTH]) -> Self {
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let long = |at: usize| Seq(u32::from(word(at)) << 16 | u32::from(word(at + 2)));
        Self {
            source: word(0),
            destination: word(2),
            sequence: long(4),
            acknowledgment: long(8),
            flags: Flags(header[13]),
            window: word(14),
            mss: None,
        }
    }

    /// Ports and sequence number of a segment that an ICMP error quotes, which may be cut after
    /// eight bytes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it is even shorter.
    pub fn parse_quoted(bytes: &[u8]) -> Result<(u16, u16, Seq), Malformed> {
        let [a, b, c, d, e, f, g, h] = *bytes.first_chunk::<8>().ok_or(Malformed)?;
        let sequence = Seq(u32::from_be_bytes([e, f, g, h]));
        Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), sequence))
    }

    /// Bytes of the header with its options.
    pub const fn length(&self) -> usize {
        HEADER_LENGTH + if self.mss.is_some() { 4 } else { 0 }
    }

    /// Appends the header to `out`. The checksum comes with [`seal`], once the payload is there.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.source.to_be_bytes());
        out.extend_from_slice(&self.destination.to_be_bytes());
        out.extend_from_slice(&self.sequence.0.to_be_bytes());
        out.extend_from_slice(&self.acknowledgment.0.to_be_bytes());
        out.extend_from_slice(&[if self.mss.is_some() { 0x60 } else { 0x50 }, self.flags.0]);
        out.extend_from_slice(&self.window.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        if let Some(mss) = self.mss {
            out.extend_from_slice(&[2, 4]);
            out.extend_from_slice(&mss.to_be_bytes());
        }
    }
}

/// Writes the checksum of a whole segment, header and payload.
pub fn seal(source: Ipv4Addr, destination: Ipv4Addr, segment: &mut [u8]) {
    let length = u16::try_from(segment.len()).unwrap_or(u16::MAX);
    if let Some(field) = segment.get_mut(16..18) {
        field.fill(0);
    }
    let sum = Sum::default()
        .pseudo_header(source, destination, ipv4::PROTOCOL_TCP, length)
        .bytes(segment)
        .finish();
    if let Some(field) = segment.get_mut(16..18) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

/// The maximum segment size among a header's options.
fn mss_option(mut options: &[u8]) -> Option<u16> {
    // Each turn shortens the list by at least one byte, and there are at most forty.
    loop {
        match options {
            [] | [0, ..] => return None,
            [1, rest @ ..] => options = rest,
            [2, 4, high, low, ..] => return Some(u16::from_be_bytes([*high, *low])),
            [_, length, ..] if *length >= 2 => options = options.get(usize::from(*length)..)?,
            _ => return None,
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TCP {} > {}: Flags [{}]", self.source, self.destination, self.flags)?;
        write!(f, ", seq {}", self.sequence.0)?;
        if self.flags.has(Flags::ACK) {
            write!(f, ", ack {}", self.acknowledgment.0)?;
        }
        write!(f, ", win {}", self.window)?;
        match self.mss {
            Some(mss) => write!(f, ", options [mss {mss}]"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    #[test]
    fn example_of_a_syn() {
        let bytes = [
            0xc0, 0x00, 0x00, 0x16, // 49152 to 22
            0x00, 0x00, 0x03, 0xe8, // sequence 1000
            0x00, 0x00, 0x00, 0x00, // acknowledgment
            0x60, 0x02, 0xff, 0xff, // 24 bytes, SYN, window 65535
            0xc0, 0x25, 0x00, 0x00, // checksum, urgent pointer
            0x02, 0x04, 0x05, 0xb4, // MSS 1460
        ];
        let (header, payload) = Header::parse(A, B, &bytes).unwrap();
        assert_eq!(
            header.to_string(),
            "TCP 49152 > 22: Flags [S], seq 1000, win 65535, options [mss 1460]"
        );
        assert!(payload.is_empty());
        let mut emitted = Vec::new();
        header.emit(&mut emitted);
        seal(A, B, &mut emitted);
        assert_eq!(emitted, bytes);
    }

    #[test]
    fn options_are_skipped_and_bounded() {
        assert_eq!(mss_option(&[1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 1, 2]), Some(0x102));
        assert_eq!(mss_option(&[0, 2, 4, 1, 2]), None);
        assert_eq!(mss_option(&[3, 0, 2, 4, 1, 2]), None, "length 0 would never end");
        assert_eq!(mss_option(&[3, 200, 2, 4]), None);
        assert_eq!(mss_option(&[2, 4, 1]), None);
    }

    #[test]
    fn sequence_numbers_wrap() {
        let (low, high) = (Seq(5), Seq(u32::MAX - 4));
        assert!(high.before(low) && low.after(high));
        assert_eq!(low.since(high), 10);
        assert_eq!(high.plus(10), low);
        assert!(!low.before(low) && !low.after(low));
    }

    proptest! {
        #[test]
        fn parse_undoes_emit(
            source: u16, destination: u16, sequence: u32, acknowledgment: u32, flags: u8,
            window: u16, mss in proptest::option::of(any::<u16>()), payload: Vec<u8>,
        ) {
            let flags = Flags(flags);
            let mss = mss.filter(|_| flags.has(Flags::SYN));
            let header = Header {
                source, destination, sequence: Seq(sequence), acknowledgment: Seq(acknowledgment),
                flags, window, mss,
            };
            let mut bytes = Vec::new();
            header.emit(&mut bytes);
            prop_assert_eq!(bytes.len(), header.length());
            bytes.extend_from_slice(&payload);
            seal(A, B, &mut bytes);
            prop_assert_eq!(Header::parse(A, B, &bytes), Ok((header, &payload[..])));
        }

        #[test]
        fn arbitrary_bytes_parse_or_fail(mut bytes: Vec<u8>) {
            let _ = Header::parse(A, B, &bytes);
            seal(A, B, &mut bytes);
            let _ = Header::parse(A, B, &bytes);
            let _ = Header::parse_quoted(&bytes);
        }
    }
}
