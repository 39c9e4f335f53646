//! ARP: who has an IPv4 address on this Ethernet.
//!
//! Follows: RFC 826 for Ethernet and IPv4. Left out: other hardware and protocols, RARP.

use core::fmt;
use core::net::Ipv4Addr;

use super::Malformed;
use crate::net::Mac;

/// Bytes of an ARP packet for Ethernet and IPv4.
pub const LENGTH: usize = 28;

/// Hardware type Ethernet, protocol type IPv4, address lengths 6 and 4.
const PREAMBLE: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// What an ARP packet wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Who has the target address?
    Request,
    /// The sender has its address.
    Reply,
}

/// An ARP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Request or reply.
    pub operation: Operation,
    /// Ethernet address of the sender.
    pub sender_mac: Mac,
    /// IPv4 address of the sender; unspecified in a probe (RFC 5227).
    pub sender: Ipv4Addr,
    /// Ethernet address of the target; zero in a request.
    pub target_mac: Mac,
    /// IPv4 address of the target.
    pub target: Ipv4Addr,
}

impl Packet {
    /// Reads a packet; Ethernet padding after it is ignored.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it is short or not for Ethernet and IPv4.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes = bytes.first_chunk::<LENGTH>().ok_or(Malformed)?;
        if bytes[..6] != PREAMBLE {
            return Err(Malformed);
        }
        let operation = match (bytes[6], bytes[7]) {
            (0, 1) => Operation::Request,
            (0, 2) => Operation::Reply,
            _ => return Err(Malformed),
        };
        let mac = |at: usize| Mac(core::array::from_fn(|index| bytes[at + index]));
        let address =
            |at: usize| Ipv4Addr::from(core::array::from_fn::<u8, 4, _>(|i| bytes[at + i]));
        Ok(Self {
            operation,
            sender_mac: mac(8),
            sender: address(14),
            target_mac: mac(18),
            target: address(24),
        })
    }

    /// The packet's bytes.
    pub fn emit(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..6].copy_from_slice(&PREAMBLE);
        bytes[7] = match self.operation {
            Operation::Request => 1,
            Operation::Reply => 2,
        };
        bytes[8..14].copy_from_slice(&self.sender_mac.0);
        bytes[14..18].copy_from_slice(&self.sender.octets());
        bytes[18..24].copy_from_slice(&self.target_mac.0);
        bytes[24..].copy_from_slice(&self.target.octets());
        bytes
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation {
            Operation::Request => {
                write!(f, "ARP, Request who-has {} tell {}", self.target, self.sender)
            }
            Operation::Reply => write!(f, "ARP, Reply {} is-at {}", self.sender, self.sender_mac),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn example_of_a_request_and_its_reply() {
        let request = [
            0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, // Ethernet, IPv4, 6, 4, request
            0x02, 0x00, 0x00, 0x00, 0x01, 0x01, 10, 0, 0, 1, // sender
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 10, 0, 0, 2, // target
        ];
        let packet = Packet::parse(&request).unwrap();
        assert_eq!(packet.to_string(), "ARP, Request who-has 10.0.0.2 tell 10.0.0.1");
        assert_eq!(packet.emit(), request);
        let reply = Packet {
            operation: Operation::Reply,
            sender_mac: Mac([2, 0, 0, 0, 2, 1]),
            sender: packet.target,
            target_mac: packet.sender_mac,
            target: packet.sender,
        };
        assert_eq!(reply.to_string(), "ARP, Reply 10.0.0.2 is-at 02:00:00:00:02:01");
    }

    #[test]
    fn strangers_are_malformed() {
        let good = Packet {
            operation: Operation::Request,
            sender_mac: Mac::ZERO,
            sender: Ipv4Addr::UNSPECIFIED,
            target_mac: Mac::ZERO,
            target: Ipv4Addr::LOCALHOST,
        }
        .emit();
        assert!(Packet::parse(&good[..27]).is_err());
        for (index, value) in [(1, 6), (2, 0x86), (4, 8), (5, 16), (7, 3), (6, 1)] {
            let mut bad = good;
            bad[index] = value;
            assert_eq!(Packet::parse(&bad), Err(Malformed), "{index}");
        }
    }

    proptest! {
        #[test]
        fn parse_undoes_emit(s: [u8; 6], a: [u8; 4], t: [u8; 6], b: [u8; 4], request: bool) {
            let packet = Packet {
                operation: if request { Operation::Request } else { Operation::Reply },
                sender_mac: Mac(s),
                sender: a.into(),
                target_mac: Mac(t),
                target: b.into(),
            };
            prop_assert_eq!(Packet::parse(&packet.emit()), Ok(packet));
        }

        #[test]
        fn arbitrary_bytes_parse_or_fail(bytes: Vec<u8>) {
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert_eq!(&packet.emit()[..], &bytes[..LENGTH]);
            }
        }
    }
}
