//! [`Prefix`]: an IPv4 address with the length of its network part, as `10.0.0.1/24`.
//!
//! Invariant: the length is at most 32.

use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address and how many of its leading bits name the network. Host bits may be set: an
/// interface's address is a `Prefix` too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: Ipv4Addr,
    length: u8,
}

impl Prefix {
    /// Every address: the destination of a default route.
    pub const DEFAULT: Self = Self { address: Ipv4Addr::UNSPECIFIED, length: 0 };
    /// The loopback interface's own address.
    pub const LOOPBACK: Self = Self { address: Ipv4Addr::LOCALHOST, length: 8 };

    /// The prefix of `address` and `length`, or `None` when the length is over 32.
    pub const fn new(address: Ipv4Addr, length: u8) -> Option<Self> {
        if length <= 32 { Some(Self { address, length }) } else { None }
    }

    /// One single address.
    pub const fn host(address: Ipv4Addr) -> Self {
        Self { address, length: 32 }
    }

    /// The address, host bits included.
    pub const fn address(self) -> Ipv4Addr {
        self.address
    }

    /// How many leading bits name the network.
    pub const fn length(self) -> u8 {
        self.length
    }

    /// The netmask as a number.
    pub const fn mask_bits(self) -> u32 {
        match self.length {
            0 => 0,
            length => u32::MAX << (32 - length),
        }
    }

    /// The netmask, such as `255.255.255.0`.
    pub const fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.mask_bits())
    }

    /// The same network with all host bits zero.
    pub const fn network(self) -> Self {
        let bits = self.address.to_bits() & self.mask_bits();
        Self { address: Ipv4Addr::from_bits(bits), length: self.length }
    }

    /// The directed broadcast address; networks of one or two addresses have none (RFC 3021).
    pub const fn broadcast(self) -> Option<Ipv4Addr> {
        if self.length >= 31 {
            return None;
        }
        Some(Ipv4Addr::from_bits(self.address.to_bits() | !self.mask_bits()))
    }

    /// Whether `address` lies in this network.
    pub const fn contains(self, address: Ipv4Addr) -> bool {
        (self.address.to_bits() ^ address.to_bits()) & self.mask_bits() == 0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is wrong with the text of a [`Prefix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an IPv4 address with a length from 0 to 32, such as 10.0.0.1/24")]
pub struct PrefixError;

impl FromStr for Prefix {
    type Err = PrefixError;

    /// Without a length the prefix is the single address, as `ip` reads it.
    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (address, length) = match text.split_once('/') {
            None => (text, 32),
            Some((address, length)) => {
                if length.len() > 2 || !length.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(PrefixError);
                }
                (address, length.parse().map_err(|_| PrefixError)?)
            }
        };
        Self::new(address.parse().map_err(|_| PrefixError)?, length).ok_or(PrefixError)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.address.octets(), self.length).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse().map_err(D::Error::custom);
        }
        let (octets, length) = <([u8; 4], u8)>::deserialize(deserializer)?;
        Self::new(Ipv4Addr::from(octets), length).ok_or_else(|| D::Error::custom(PrefixError))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn text_and_back() {
        for text in ["0.0.0.0/0", "10.1.2.3/24", "255.255.255.255/32"] {
            assert_eq!(prefix(text).to_string(), text);
        }
        assert_eq!(prefix("10.0.0.1").length(), 32);
        for bad in ["", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/+8", "10.0.0/8", "1.2.3.4/8/8"] {
            assert_eq!(bad.parse::<Prefix>(), Err(PrefixError), "{bad}");
        }
    }

    #[test]
    fn network_broadcast_and_membership() {
        let lan = prefix("192.168.1.77/26");
        assert_eq!(lan.network(), prefix("192.168.1.64/26"));
        assert_eq!(lan.broadcast(), Some(Ipv4Addr::new(192, 168, 1, 127)));
        assert_eq!(lan.mask(), Ipv4Addr::new(255, 255, 255, 192));
        assert!(lan.contains(Ipv4Addr::new(192, 168, 1, 100)));
        assert!(!lan.contains(Ipv4Addr::new(192, 168, 1, 128)));
        assert!(Prefix::DEFAULT.contains(Ipv4Addr::BROADCAST));
        assert_eq!(prefix("10.0.0.0/31").broadcast(), None);
    }

    #[test]
    fn bad_lengths_are_refused_when_loading() {
        let bytes = postcard::to_allocvec(&prefix("1.2.3.4/9")).unwrap();
        assert_eq!(postcard::from_bytes::<Prefix>(&bytes).unwrap(), prefix("1.2.3.4/9"));
        assert!(postcard::from_bytes::<Prefix>(&[1, 2, 3, 4, 33]).is_err());
        assert_eq!(ron::to_string(&prefix("1.2.3.4/9")).unwrap(), "\"1.2.3.4/9\"");
        assert!(ron::from_str::<Prefix>("\"1.2.3.4/99\"").is_err());
    }
}
