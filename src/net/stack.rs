//! [`Stack`]: one machine's network, from interfaces to sockets.

use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::interface::InterfaceKind;
use super::{Frame, Interface, InterfaceId, Mac, Prefix, Route, Routes, SocketId};
use crate::base::prng::Prng;
use crate::base::{Errno, Tick};

/// What a stack needs of its surroundings while it works.
pub struct Environment<'a> {
    /// The present tick.
    pub now: Tick,
    /// The machine's luck.
    pub prng: &'a mut Prng,
    /// Frames that leave the machine, in order.
    pub out: &'a mut Vec<(InterfaceId, Frame)>,
    /// Sockets whose readiness may have changed; may name one twice.
    pub ready: &'a mut Vec<SocketId>,
}

/// One machine's network: interfaces, neighbours, routes, sockets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    interfaces: Vec<Interface>,
    routes: Routes,
    forwarding: bool,
}

/// What is known of a neighbour (`ip neigh`'s states).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NeighbourState {
    /// Asked, no answer yet.
    Incomplete,
    /// Confirmed recently.
    Reachable,
    /// Known, but not confirmed recently.
    Stale,
    /// Stale and in use: about to be asked.
    Delay,
    /// Stale, in use, and asked.
    Probe,
    /// Did not answer.
    Failed,
    /// Set by the administrator.
    Permanent,
}

/// One line of the neighbour table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighbourView {
    /// Where it is.
    pub interface: InterfaceId,
    /// Its IP address.
    pub address: Ipv4Addr,
    /// Its Ethernet address, if known.
    pub mac: Option<Mac>,
    /// What is known of it.
    pub state: NeighbourState,
}

impl Default for Stack {
    fn default() -> Self {
        Self::new()
    }
}

impl Stack {
    /// A stack with the loopback interface alone, which is down as at boot and has no address.
    pub fn new() -> Self {
        let lo = Interface {
            kind: InterfaceKind::Loopback,
            mac: Mac::ZERO,
            up: false,
            carrier: true,
            mtu: 65_536,
            addresses: Vec::new(),
            received: Default::default(),
            sent: Default::default(),
        };
        Self { interfaces: vec![lo], routes: Routes::default(), forwarding: false }
    }

    /// Adds an Ethernet interface, down and without carrier; the first one is `eth0`.
    pub fn add_interface(&mut self, mac: Mac, mtu: u32) -> InterfaceId {
        let id = InterfaceId(u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX));
        self.interfaces.push(Interface {
            kind: InterfaceKind::Ethernet,
            mac,
            up: false,
            carrier: false,
            mtu,
            addresses: Vec::new(),
            received: Default::default(),
            sent: Default::default(),
        });
        id
    }

    /// Takes a frame that arrived at an interface.
    pub fn receive(&mut self, interface: InterfaceId, frame: Frame, env: &mut Environment<'_>) {
        let _ = (interface, frame, env);
    }

    /// Does what is due at `env.now`.
    pub fn poll(&mut self, env: &mut Environment<'_>) {
        let _ = env;
    }

    /// When [`Stack::poll`] is next needed; a tick in the past means at once.
    pub fn due(&self) -> Option<Tick> {
        None
    }

    /// The interfaces in order of their ids, `lo` first.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The interface called `name`, such as `eth0`.
    pub fn interface_named(&self, name: &[u8]) -> Option<InterfaceId> {
        let _ = name;
        None
    }

    /// Switches an interface on or off (`ip link set up`). Off removes its routes and forgets its
    /// neighbours; on brings back the routes of its addresses only, as Linux does.
    ///
    /// # Errors
    ///
    /// `ENODEV`.
    pub fn set_up(
        &mut self,
        interface: InterfaceId,
        up: bool,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (interface, up, env);
        Err(Errno::ENOSYS)
    }

    /// Tells the interface whether its link is there.
    ///
    /// # Errors
    ///
    /// `ENODEV`.
    pub fn set_carrier(
        &mut self,
        interface: InterfaceId,
        carrier: bool,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (interface, carrier, env);
        Err(Errno::ENOSYS)
    }

    /// Sets the largest IP packet an interface carries.
    ///
    /// # Errors
    ///
    /// `ENODEV`; `EINVAL` under 68 or over 65,536.
    pub fn set_mtu(&mut self, interface: InterfaceId, mtu: u32) -> Result<(), Errno> {
        let _ = (interface, mtu);
        Err(Errno::ENOSYS)
    }

    /// Gives an interface an address and, when it is up, the route to its network.
    ///
    /// # Errors
    ///
    /// `ENODEV`, `EEXIST`, `EINVAL` for an address no machine can have, `ENOBUFS` at the limit.
    pub fn add_address(
        &mut self,
        interface: InterfaceId,
        address: Prefix,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (interface, address, env);
        Err(Errno::ENOSYS)
    }

    /// Takes an address, and the route it brought, from an interface.
    ///
    /// # Errors
    ///
    /// `ENODEV`, `EADDRNOTAVAIL`.
    pub fn remove_address(
        &mut self,
        interface: InterfaceId,
        address: Prefix,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (interface, address, env);
        Err(Errno::ENOSYS)
    }

    /// The routing table.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Adds a route. Its `source` is filled in when `None`.
    ///
    /// # Errors
    ///
    /// `ENODEV`, `ENETDOWN`, `EEXIST`, `EINVAL` (host bits set), `ENETUNREACH` (the gateway is
    /// not on the link), `ENOBUFS` at the limit.
    pub fn add_route(&mut self, route: Route) -> Result<(), Errno> {
        let _ = route;
        Err(Errno::ENOSYS)
    }

    /// Removes the first route to `destination` that also has this gateway and interface, where
    /// they are given.
    ///
    /// # Errors
    ///
    /// `ESRCH` when there is none.
    pub fn remove_route(
        &mut self,
        destination: Prefix,
        gateway: Option<Ipv4Addr>,
        interface: Option<InterfaceId>,
    ) -> Result<Route, Errno> {
        let _ = (destination, gateway, interface);
        Err(Errno::ENOSYS)
    }

    /// The route a packet to `destination` would take.
    ///
    /// # Errors
    ///
    /// `ENETUNREACH`.
    pub fn route_to(&self, destination: Ipv4Addr) -> Result<Route, Errno> {
        let _ = destination;
        Err(Errno::ENOSYS)
    }

    /// The neighbour table.
    pub fn neighbours(&self, now: Tick) -> Vec<NeighbourView> {
        let _ = now;
        Vec::new()
    }

    /// Whether packets for others are forwarded (`net.ipv4.ip_forward`).
    pub fn forwarding(&self) -> bool {
        self.forwarding
    }

    /// Makes the machine a router, or a host.
    pub fn set_forwarding(&mut self, on: bool) {
        self.forwarding = on;
    }

    /// Checks what a savegame claims: ids, ranges, bounds.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
