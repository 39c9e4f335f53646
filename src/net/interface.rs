//! Interfaces: where a machine meets its links.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{Mac, Prefix};

/// An interface of a machine: its index there. `lo` is 0, `eth0` is 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct InterfaceId(pub u32);

impl InterfaceId {
    /// The loopback interface, which every machine has.
    pub const LOOPBACK: Self = Self(0);
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
    /// Good frames that were thrown away: wrong address, no room, interface down.
    pub dropped: u64,
}

impl Traffic {
    /// Counts one frame that went through.
    pub const fn count(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
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
    /// Whether frames can pass.
    pub const fn is_running(&self) -> bool {
        self.up && self.carrier
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
