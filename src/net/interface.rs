//! Interfaces: where a machine meets its links, and the addresses it has there.

use core::fmt;
use core::net::Ipv4Addr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Mac, Prefix};
use crate::base::Errno;
use crate::base::limits::{ADDRESSES_MAX, MTU_MAX, MTU_MIN};

/// An interface of a machine: its index there. `lo` is 0, `eth0` is 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct InterfaceId(pub u32);

impl InterfaceId {
    /// The loopback interface, which every machine has.
    pub const LOOPBACK: Self = Self(0);

    /// The place in the table of interfaces.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an interface is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InterfaceKind {
    /// The machine itself.
    Loopback,
    /// An Ethernet link.
    Ethernet,
}

/// Frames of one direction, as `/proc/net/dev` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Frames that went through.
    pub packets: u64,
    /// Their bytes, Ethernet headers included.
    pub bytes: u64,
    /// Frames that were damaged or made no sense.
    pub errors: u64,
    /// Good frames that were thrown away: no room, unknown type, interface down.
    pub dropped: u64,
}

impl Traffic {
    /// Counts one frame that went through.
    pub const fn count(&mut self, bytes: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(bytes as u64);
    }
}

/// One interface with its addresses and counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// What it is attached to.
    pub kind: InterfaceKind,
    /// Its Ethernet address; zero for loopback.
    pub mac: Mac,
    /// Whether the administrator wants it to work (`ip link set up`).
    pub up: bool,
    /// Whether the link is there (cable plugged, other end alive).
    pub carrier: bool,
    /// Largest IP packet it carries.
    pub mtu: u32,
    /// Its addresses, in the order they were added.
    pub addresses: Vec<Prefix>,
    /// Frames received.
    pub received: Traffic,
    /// Frames sent.
    pub sent: Traffic,
}

impl Interface {
    /// An interface that is down and has no address.
    pub const fn new(kind: InterfaceKind, mac: Mac, mtu: u32) -> Self {
        let none = Traffic { packets: 0, bytes: 0, errors: 0, dropped: 0 };
        Self {
            kind,
            mac,
            up: false,
            carrier: matches!(kind, InterfaceKind::Loopback),
            mtu,
            addresses: Vec::new(),
            received: none,
            sent: none,
        }
    }

    /// Whether frames can pass.
    pub const fn is_running(&self) -> bool {
        self.up && self.carrier
    }

    /// The address to speak to `neighbour` from: one of the same network, else the first.
    pub fn address_towards(&self, neighbour: Ipv4Addr) -> Option<Ipv4Addr> {
        let same = self.addresses.iter().find(|address| address.contains(neighbour));
        same.or(self.addresses.first()).map(|address| address.address())
    }
}

/// The name of an interface, derived from its index: `lo`, `eth0`, `eth1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceName(pub InterfaceId);

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.0.checked_sub(1) {
            None => f.pad("lo"),
            Some(number) => f.pad(&format!("eth{number}")),
        }
    }
}

/// What an address means to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// One of its own.
    Local,
    /// Everybody on one of its networks, or on the link the packet came by.
    Broadcast,
    /// A group of machines.
    Multicast,
    /// Somebody else.
    Foreign,
}

/// A range of addresses that mean something to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Own {
    bits: u32,
    mask: u32,
    meaning: Meaning,
}

/// The interfaces of a machine, and an index of what their addresses mean.
///
/// Invariant: `own` follows from `list`; it holds the addresses of interfaces that are up. It is
/// what a router asks about every packet, so it is one short array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interfaces {
    list: Vec<Interface>,
    own: Vec<Own>,
}

impl Interfaces {
    /// Loopback alone, as at boot.
    pub(super) fn new() -> Self {
        let lo = Interface::new(InterfaceKind::Loopback, Mac::ZERO, MTU_MAX);
        Self { list: vec![lo], own: Vec::new() }
    }

    pub(super) fn as_slice(&self) -> &[Interface] {
        &self.list
    }

    pub(super) fn push(&mut self, interface: Interface) -> InterfaceId {
        let id = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.reserve_exact(1);
        self.list.push(interface);
        InterfaceId(id)
    }

    pub(super) fn get(&self, id: InterfaceId) -> Result<&Interface, Errno> {
        self.list.get(id.index()).ok_or(Errno::ENODEV)
    }

    /// For counters and other things that the index does not depend on.
    pub(super) fn get_mut(&mut self, id: InterfaceId) -> Result<&mut Interface, Errno> {
        self.list.get_mut(id.index()).ok_or(Errno::ENODEV)
    }

    /// Changes an interface and brings the index up to date.
    pub(super) fn change<T>(
        &mut self,
        id: InterfaceId,
        change: impl FnOnce(&mut Interface) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let result = change(self.get_mut(id)?);
        self.index();
        result
    }

    fn index(&mut self) {
        let mut own = Vec::new();
        let up = self.list.iter().filter(|interface| interface.up);
        for (interface, address) in
            up.flat_map(|interface| interface.addresses.iter().map(move |a| (interface, a)))
        {
            let bits = address.address().to_bits();
            // All of 127.0.0.0/8 is the machine itself (RFC 1122 §3.2.1.3).
            let mask = match interface.kind {
                InterfaceKind::Loopback => address.mask_bits(),
                InterfaceKind::Ethernet => u32::MAX,
            };
            own.push(Own { bits: bits & mask, mask, meaning: Meaning::Local });
            let broadcast = address.broadcast().filter(|_| mask == u32::MAX);
            own.extend(broadcast.map(|broadcast| Own {
                bits: broadcast.to_bits(),
                mask: u32::MAX,
                meaning: Meaning::Broadcast,
            }));
        }
        own.shrink_to_fit();
        self.own = own;
    }

    /// What `address` means to this machine.
    pub(super) fn meaning(&self, address: Ipv4Addr) -> Meaning {
        let bits = address.to_bits();
        if let Some(own) = self.own.iter().find(|own| bits & own.mask == own.bits) {
            return own.meaning;
        }
        if address.is_broadcast() {
            Meaning::Broadcast
        } else if address.is_multicast() {
            Meaning::Multicast
        } else {
            Meaning::Foreign
        }
    }

    /// Whether `address` is the machine's own.
    pub(super) fn is_local(&self, address: Ipv4Addr) -> bool {
        self.meaning(address) == Meaning::Local
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let count = self.list.len();
        for (index, interface) in self.list.iter().enumerate() {
            let name = InterfaceName(InterfaceId(u32::try_from(index).unwrap_or(u32::MAX)));
            if (index == 0) != (interface.kind == InterfaceKind::Loopback) {
                return Err(format!("{name} is of the wrong kind"));
            }
            if !(MTU_MIN..=MTU_MAX).contains(&interface.mtu) {
                return Err(format!("{name} has an impossible MTU of {}", interface.mtu));
            }
            if interface.addresses.len() > ADDRESSES_MAX {
                return Err(format!("{name} has more than {ADDRESSES_MAX} addresses"));
            }
        }
        if count == 0 { Err("there is no loopback interface".to_owned()) } else { Ok(()) }
    }
}

impl Serialize for Interfaces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Interfaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list: Vec<Interface> = Vec::deserialize(deserializer)?;
        list.shrink_to_fit();
        let mut interfaces = Self { list, own: Vec::new() };
        interfaces.index();
        Ok(interfaces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_ids() {
        assert_eq!(InterfaceName(InterfaceId::LOOPBACK).to_string(), "lo");
        assert_eq!(format!("{:>6}", InterfaceName(InterfaceId(2))), "  eth1");
    }

    #[test]
    fn addresses_mean_something_while_their_interface_is_up() {
        let mut interfaces = Interfaces::new();
        let ethernet = Interface::new(InterfaceKind::Ethernet, Mac::of(1, 1), 1500);
        let eth0 = interfaces.push(ethernet);
        let own: Prefix = "10.0.0.1/24".parse().unwrap();
        let lo = InterfaceId::LOOPBACK;
        for (id, address) in [(eth0, own), (lo, Prefix::LOOPBACK)] {
            interfaces
                .change(id, |it| {
                    it.addresses.push(address);
                    Ok(())
                })
                .unwrap();
        }
        assert_eq!(interfaces.meaning(own.address()), Meaning::Foreign);
        for id in [eth0, lo] {
            interfaces.change(id, |it| Ok(core::mem::replace(&mut it.up, true))).unwrap();
        }
        for (address, meaning) in [
            ("10.0.0.1", Meaning::Local),
            ("127.9.9.9", Meaning::Local),
            ("10.0.0.255", Meaning::Broadcast),
            ("255.255.255.255", Meaning::Broadcast),
            ("224.0.0.1", Meaning::Multicast),
            ("10.0.0.2", Meaning::Foreign),
        ] {
            assert_eq!(interfaces.meaning(address.parse().unwrap()), meaning, "{address}");
        }
        let bytes = postcard::to_allocvec(&interfaces).unwrap();
        assert_eq!(postcard::from_bytes::<Interfaces>(&bytes).unwrap(), interfaces);
    }
}
