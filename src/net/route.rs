//! Routes: which way packets leave.

use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{InterfaceId, Prefix};

/// Who made a route (`ip route`'s `proto`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RouteOrigin {
    /// The stack, because an interface has an address in that network.
    Kernel,
    /// The administrator.
    Boot,
}

/// One way to a network. Order is by preference among routes: see [`Routes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where it leads; [`Prefix::DEFAULT`] for a default route.
    pub destination: Prefix,
    /// The router to hand packets to; `None` when the destination is on the link itself.
    pub gateway: Option<Ipv4Addr>,
    /// The interface packets leave through.
    pub interface: InterfaceId,
    /// Preferred source address of packets this machine sends.
    pub source: Option<Ipv4Addr>,
    /// Lower is better among routes to the same prefix.
    pub metric: u32,
    /// Who made it.
    pub origin: RouteOrigin,
}

/// The routing table: longest prefix first, then lowest metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// All routes, the most specific first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }
}
