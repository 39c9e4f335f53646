//! [`Mac`]: an Ethernet address.

use core::fmt;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An Ethernet (EUI-48) address. Text form: `02:00:00:00:00:01`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// All zeros: "unknown" in ARP, and the address of the loopback interface.
    pub const ZERO: Self = Self([0; 6]);
    /// All ones: every station of the segment.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// The locally administered address of interface `index` of machine `machine`: different for
    /// every pair with an index under 65,536 and a machine id under 2^24, and stable for ever.
    pub const fn of(machine: u32, index: u32) -> Self {
        let (m, i) = (machine.to_be_bytes(), index.to_be_bytes());
        // 02 sets "locally administered"; the machine's high byte is folded into the second byte.
        Self([0x02, m[0] ^ i[2], m[1], m[2], m[3], i[3]])
    }

    /// Whether this addresses a group of stations; broadcast is one.
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is wrong with the text of a [`Mac`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected six bytes in hexadecimal with colons between, such as 02:00:00:00:00:01")]
pub struct MacError;

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().ok_or(MacError)?;
            if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(MacError);
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| MacError)?;
        }
        if parts.next().is_some() { Err(MacError) } else { Ok(Self(bytes)) }
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            Ok(Self(Deserialize::deserialize(deserializer)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let mac = Mac([0x02, 0, 0xab, 0, 0, 0x1f]);
        assert_eq!(mac.to_string(), "02:00:ab:00:00:1f");
        assert_eq!("2:0:AB:0:0:1f".parse(), Ok(mac));
        for bad in ["", "02:00:00:00:00", "02:00:00:00:00:00:00", "02:00:00:00:00:+1", "g::"] {
            assert_eq!(bad.parse::<Mac>(), Err(MacError), "{bad}");
        }
    }

    #[test]
    fn derived_addresses_differ_and_are_unicast() {
        let mut seen = std::collections::BTreeSet::new();
        for machine in [1, 2, 255, 256, 65_536, 0x00ff_ffff] {
            for index in [0, 1, 2, 255, 256, 300] {
                let mac = Mac::of(machine, index);
                assert!(!mac.is_multicast());
                assert!(seen.insert(mac), "{machine} {index}");
            }
        }
    }

    #[test]
    fn saved_as_text_in_ron_and_as_bytes_in_postcard() {
        let mac = Mac::of(1, 1);
        assert_eq!(ron::to_string(&mac).unwrap(), "\"02:00:00:00:01:01\"");
        assert_eq!(ron::from_str::<Mac>("\"02:00:00:00:01:01\"").unwrap(), mac);
        let bytes = postcard::to_allocvec(&mac).unwrap();
        assert_eq!(bytes, mac.0);
        assert_eq!(postcard::from_bytes::<Mac>(&bytes).unwrap(), mac);
    }
}
