//! ICMP: echoes, and errors about packets that could not be delivered.
//!
//! Follows: RFC 792, RFC 1191 (MTU in "fragmentation needed"), RFC 1812 §4.3.2.3 (errors quote as
//! much as fits in 576 bytes). Left out: redirects, timestamps, source quench; they are received
//! as [`Message::Other`].

use core::fmt;

use super::{Malformed, ipv4};
use crate::net::checksum;

/// Bytes of an ICMP header.
pub const HEADER_LENGTH: usize = 8;
/// An error and the IP header before it are never longer than this (RFC 1812 §4.3.2.3).
pub const ERROR_LENGTH_MAX: usize = 576;

/// Type number of an echo reply.
pub const TYPE_ECHO_REPLY: u8 = 0;
/// Type number of destination unreachable.
pub const TYPE_UNREACHABLE: u8 = 3;
/// Type number of an echo request.
pub const TYPE_ECHO_REQUEST: u8 = 8;
/// Type number of time exceeded.
pub const TYPE_TIME_EXCEEDED: u8 = 11;
/// Type number of parameter problem.
pub const TYPE_PARAMETER_PROBLEM: u8 = 12;

/// Why a destination is unreachable: codes of type 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unreachable {
    /// No route.
    Net,
    /// The neighbour does not answer.
    Host,
    /// Nobody there speaks the protocol.
    Protocol,
    /// No socket has the port.
    Port,
    /// Too large for the next link, whose MTU follows.
    FragmentationNeeded(u16),
    /// Filtered (code 13), and the codes nobody sends any more.
    Other(u8),
}

impl Unreachable {
    /// The code and the MTU field.
    const fn numbers(self) -> (u8, u16) {
        match self {
            Self::Net => (0, 0),
            Self::Host => (1, 0),
            Self::Protocol => (2, 0),
            Self::Port => (3, 0),
            Self::FragmentationNeeded(mtu) => (4, mtu),
            Self::Other(code) => (code, 0),
        }
    }

    /// The code.
    pub const fn code(self) -> u8 {
        self.numbers().0
    }
}

/// An ICMP message; `quote` is the beginning of the packet an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Please send this back.
    EchoRequest {
        /// Which process asks.
        identifier: u16,
        /// Which of its requests.
        sequence: u16,
        /// What to send back.
        payload: &'a [u8],
    },
    /// What was asked to be sent back.
    EchoReply {
        /// As in the request.
        identifier: u16,
        /// As in the request.
        sequence: u16,
        /// As in the request.
        payload: &'a [u8],
    },
    /// The packet can't be delivered.
    Unreachable {
        /// Why.
        reason: Unreachable,
        /// The packet.
        quote: &'a [u8],
    },
    /// The packet took too long.
    TimeExceeded {
        /// 0: its TTL ran out; 1: its fragments did not all come.
        code: u8,
        /// The packet.
        quote: &'a [u8],
    },
    /// Anything else.
    Other {
        /// Type number.
        kind: u8,
        /// Code.
        code: u8,
        /// The four bytes after the checksum.
        rest: [u8; 4],
        /// What follows the header.
        payload: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it is short or its checksum is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (header, payload) = bytes.split_first_chunk::<HEADER_LENGTH>().ok_or(Malformed)?;
        if checksum::of(bytes) != 0 {
            return Err(Malformed);
        }
        let [kind, code, _, _, a, b, c, d] = *header;
        let (identifier, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Ok(match (kind, code) {
            (TYPE_ECHO_REQUEST, 0) => Self::EchoRequest { identifier, sequence, payload },
            (TYPE_ECHO_REPLY, 0) => Self::EchoReply { identifier, sequence, payload },
            (TYPE_UNREACHABLE, 4) if identifier == 0 => Self::Unreachable {
                reason: Unreachable::FragmentationNeeded(sequence),
                quote: payload,
            },
            (TYPE_UNREACHABLE, code) if code != 4 && (identifier, sequence) == (0, 0) => {
                let reason = match code {
                    0 => Unreachable::Net,
                    1 => Unreachable::Host,
                    2 => Unreachable::Protocol,
                    3 => Unreachable::Port,
                    code => Unreachable::Other(code),
                };
                Self::Unreachable { reason, quote: payload }
            }
            (TYPE_TIME_EXCEEDED, code) if (identifier, sequence) == (0, 0) => {
                Self::TimeExceeded { code, quote: payload }
            }
            (kind, code) => Self::Other { kind, code, rest: [a, b, c, d], payload },
        })
    }

    /// Type and code.
    pub const fn kind(&self) -> (u8, u8) {
        match self {
            Self::EchoRequest { .. } => (TYPE_ECHO_REQUEST, 0),
            Self::EchoReply { .. } => (TYPE_ECHO_REPLY, 0),
            Self::Unreachable { reason, .. } => (TYPE_UNREACHABLE, reason.code()),
            Self::TimeExceeded { code, .. } => (TYPE_TIME_EXCEEDED, *code),
            Self::Other { kind, code, .. } => (*kind, *code),
        }
    }

    /// Bytes of the message.
    pub const fn length(&self) -> usize {
        match self {
            Self::EchoRequest { payload, .. }
            | Self::EchoReply { payload, .. }
            | Self::Other { payload, .. } => HEADER_LENGTH + payload.len(),
            Self::Unreachable { quote, .. } | Self::TimeExceeded { quote, .. } => {
                HEADER_LENGTH + quote.len()
            }
        }
    }

    /// Appends the message to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let (kind, code) = self.kind();
        let pair = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            [a, b, c, d]
        };
        let (rest, payload) = match *self {
            Self::EchoRequest { identifier, sequence, payload }
            | Self::EchoReply { identifier, sequence, payload } => {
                (pair(identifier, sequence), payload)
            }
            Self::Unreachable { reason, quote } => (pair(0, reason.numbers().1), quote),
            Self::TimeExceeded { quote, .. } => ([0; 4], quote),
            Self::Other { rest, payload, .. } => (rest, payload),
        };
        out.extend_from_slice(&[kind, code, 0, 0]);
        out.extend_from_slice(&rest);
        out.extend_from_slice(payload);
        let sum = checksum::of(&out[start..]);
        out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }

    /// How much of a packet an error quotes.
    pub fn quote(packet: &[u8]) -> &[u8] {
        &packet[..packet.len().min(ERROR_LENGTH_MAX - ipv4::HEADER_LENGTH - HEADER_LENGTH)]
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length();
        match self {
            Self::EchoRequest { identifier, sequence, .. } => {
                write!(f, "ICMP echo request, id {identifier}, seq {sequence}, length {length}")
            }
            Self::EchoReply { identifier, sequence, .. } => {
                write!(f, "ICMP echo reply, id {identifier}, seq {sequence}, length {length}")
            }
            Self::Unreachable { reason, .. } => {
                f.write_str("ICMP ")?;
                match reason {
                    Unreachable::Net => f.write_str("net unreachable")?,
                    Unreachable::Host => f.write_str("host unreachable")?,
                    Unreachable::Protocol => f.write_str("protocol unreachable")?,
                    Unreachable::Port => f.write_str("port unreachable")?,
                    Unreachable::FragmentationNeeded(mtu) => {
                        write!(f, "unreachable - need to frag (mtu {mtu})")?;
                    }
                    Unreachable::Other(code) => write!(f, "unreachable - #{code}")?,
                }
                write!(f, ", length {length}")
            }
            Self::TimeExceeded { code: 1, .. } => {
                write!(f, "ICMP ip reassembly time exceeded, length {length}")
            }
            Self::TimeExceeded { .. } => {
                write!(f, "ICMP time exceeded in-transit, length {length}")
            }
            Self::Other { kind, code, .. } => {
                write!(f, "ICMP type-#{kind} code-#{code}, length {length}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn emitted(message: &Message<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        message.emit(&mut bytes);
        bytes
    }

    #[test]
    fn example_of_an_echo_request() {
        let bytes = [0x08, 0x00, 0xf3, 0x5b, 0x04, 0xd2, 0x00, 0x01, b'p', b'i', b'n', b'g', b'!'];
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.to_string(), "ICMP echo request, id 1234, seq 1, length 13");
        assert_eq!(emitted(&message), bytes);
    }

    #[test]
    fn errors_carry_their_reason() {
        for (reason, text) in [
            (Unreachable::Net, "ICMP net unreachable, length 10"),
            (Unreachable::Host, "ICMP host unreachable, length 10"),
            (Unreachable::Protocol, "ICMP protocol unreachable, length 10"),
            (Unreachable::Port, "ICMP port unreachable, length 10"),
            (
                Unreachable::FragmentationNeeded(1400),
                "ICMP unreachable - need to frag (mtu 1400), length 10",
            ),
            (Unreachable::Other(13), "ICMP unreachable - #13, length 10"),
        ] {
            let message = Message::Unreachable { reason, quote: b"xy" };
            let bytes = emitted(&message);
            assert_eq!(Message::parse(&bytes), Ok(message));
            assert_eq!(message.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn parse_undoes_emit(kind: u8, code: u8, rest: [u8; 4], bytes: Vec<u8>) {
            // Whatever the bytes are, reading them and writing the result gives them back.
            let raw = Message::Other { kind, code, rest, payload: &bytes };
            let raw = emitted(&raw);
            let message = Message::parse(&raw).unwrap();
            prop_assert_eq!(emitted(&message), raw.clone());
            prop_assert_eq!(message.length(), raw.len());
        }

        #[test]
        fn a_wrong_checksum_is_malformed(mut bytes in proptest::collection::vec(any::<u8>(), 8..64), flip in 0usize..64) {
            let mut good = Vec::new();
            Message::EchoRequest { identifier: 1, sequence: 2, payload: &bytes }.emit(&mut good);
            let at = flip % good.len();
            good[at] ^= 0x10;
            prop_assert!(Message::parse(&good).is_err());
            bytes.truncate(7);
            prop_assert!(Message::parse(&bytes).is_err());
        }
    }
}
