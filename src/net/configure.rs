//! What an administrator does to a stack: interfaces, addresses, routes, neighbours.

use core::net::Ipv4Addr;

use super::arp::NeighbourView;
use super::interface::Meaning;
use super::proto::ethernet;
use super::{
    Environment, Frame, Interface, InterfaceId, InterfaceKind, InterfaceName, Mac, Prefix, Route,
    RouteOrigin, Routes, Stack,
};
use crate::base::limits::{ADDRESSES_MAX, MTU_MAX, MTU_MIN};
use crate::base::{Errno, Tick};

impl Stack {
    /// Adds an Ethernet interface, down and without carrier; the first one is `eth0`. An
    /// impossible MTU is brought into range. How many there are is for the builder of the machine
    /// to bound: no guest can add one.
    pub fn add_interface(&mut self, mac: Mac, mtu: u32) -> InterfaceId {
        let mtu = mtu.clamp(MTU_MIN, MTU_MAX);
        self.interfaces.push(Interface::new(InterfaceKind::Ethernet, mac, mtu))
    }

    /// The interface called `name`, such as `eth0`.
    pub fn interface_named(&self, name: &[u8]) -> Option<InterfaceId> {
        let count = u32::try_from(self.interfaces().len()).ok()?;
        let mut ids = (0..count).map(InterfaceId);
        ids.find(|id| InterfaceName(*id).to_string().as_bytes() == name)
    }

    /// Switches an interface on or off (`ip link set up`). Off removes its routes and forgets its
    /// neighbours; on brings back the routes of its addresses only, as Linux does. Loopback gets
    /// its address when it comes up without one.
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
        let was_up = self.interfaces.change(interface, |it| {
            if up && it.kind == InterfaceKind::Loopback && it.addresses.is_empty() {
                it.addresses = vec![Prefix::LOOPBACK];
            }
            Ok(core::mem::replace(&mut it.up, up))
        })?;
        match (was_up, up) {
            (false, true) => {
                let addresses = self.interfaces.get(interface)?.addresses.clone();
                addresses.into_iter().for_each(|address| self.connect_route(interface, address));
            }
            (true, false) => {
                self.routes.remove_if(|route| route.interface == interface);
                self.forget_neighbours(interface);
            }
            _ => {}
        }
        self.settle(env);
        Ok(())
    }

    /// Tells the interface whether its link is there. Routes stay, as in Linux; what is sent
    /// meanwhile is dropped.
    ///
    /// # Errors
    ///
    /// `ENODEV`; `EINVAL` for loopback.
    pub fn set_carrier(
        &mut self,
        interface: InterfaceId,
        carrier: bool,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        if interface == InterfaceId::LOOPBACK {
            return Err(Errno::EINVAL);
        }
        self.interfaces.get_mut(interface)?.carrier = carrier;
        // Who is at the other end may have changed while nobody looked.
        if !carrier {
            self.forget_neighbours(interface);
        }
        self.settle(env);
        Ok(())
    }

    fn forget_neighbours(&mut self, interface: InterfaceId) {
        let dropped = self.neighbours.forget_interface(interface);
        self.counters.dropped += u64::from(dropped);
    }

    /// Sets the largest IP packet an interface carries.
    ///
    /// # Errors
    ///
    /// `ENODEV`; `EINVAL` under 68 or over 65,536.
    pub fn set_mtu(&mut self, interface: InterfaceId, mtu: u32) -> Result<(), Errno> {
        if !(MTU_MIN..=MTU_MAX).contains(&mtu) {
            return Err(Errno::EINVAL);
        }
        self.interfaces.get_mut(interface)?.mtu = mtu;
        Ok(())
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
        let ip = address.address();
        if ip.is_multicast() || ip.is_broadcast() || ip.is_unspecified() {
            return Err(Errno::EINVAL);
        }
        let up = self.interfaces.change(interface, |it| {
            if it.addresses.contains(&address) {
                return Err(Errno::EEXIST);
            }
            if it.addresses.len() >= ADDRESSES_MAX {
                return Err(Errno::ENOBUFS);
            }
            it.addresses.reserve_exact(1);
            it.addresses.push(address);
            Ok(it.up)
        })?;
        if up {
            self.connect_route(interface, address);
        }
        self.settle(env);
        Ok(())
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
        let rest = self.interfaces.change(interface, |it| {
            let at = it.addresses.iter().position(|other| *other == address);
            it.addresses.remove(at.ok_or(Errno::EADDRNOTAVAIL)?);
            Ok(it.addresses.clone())
        })?;
        let ip = address.address();
        self.routes.remove_if(|route| route.interface == interface && route.source == Some(ip));
        // Another address in the same network takes the route over.
        if let Some(heir) = rest.into_iter().find(|other| other.network() == address.network()) {
            self.connect_route(interface, heir);
        }
        self.settle(env);
        Ok(())
    }

    /// Adds the route to an address's own network; single addresses and loopback need none.
    fn connect_route(&mut self, interface: InterfaceId, address: Prefix) {
        if address.length() == 32 || interface == InterfaceId::LOOPBACK {
            return;
        }
        let route = Route {
            source: Some(address.address()),
            origin: RouteOrigin::Kernel,
            ..Route::new(address.network(), None, interface)
        };
        // Where a route to that network exists, it stays.
        let _ = self.routes.add(route);
    }

    /// The routing table.
    pub const fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Adds a route.
    ///
    /// # Errors
    ///
    /// `ENODEV`, `ENETDOWN`, `EEXIST`, `EINVAL` (host bits set, or no possible gateway or source),
    /// `ENETUNREACH` (the gateway is not on the link), `ENOBUFS` at the limit.
    pub fn add_route(&mut self, route: Route) -> Result<(), Errno> {
        let interface = self.interfaces.get(route.interface)?;
        if !interface.up {
            return Err(Errno::ENETDOWN);
        }
        if let Some(gateway) = route.gateway {
            if self.interfaces.meaning(gateway) != Meaning::Foreign {
                return Err(Errno::EINVAL);
            }
            let direct = self.routes.lookup(gateway);
            let direct = direct.filter(|to| to.gateway.is_none());
            if direct.is_none_or(|to| to.interface != route.interface) {
                return Err(Errno::ENETUNREACH);
            }
        }
        if route.source.is_some_and(|source| !self.interfaces.is_local(source)) {
            return Err(Errno::EINVAL);
        }
        self.routes.add(route)
    }

    /// The interface over which a gateway can be reached directly, for `ip route add … via …`
    /// without a `dev`.
    ///
    /// # Errors
    ///
    /// `ENETUNREACH`.
    pub fn interface_towards(&self, gateway: Ipv4Addr) -> Result<InterfaceId, Errno> {
        let direct = self.routes.lookup(gateway).filter(|route| route.gateway.is_none());
        direct.map(|route| route.interface).ok_or(Errno::ENETUNREACH)
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
        self.routes.remove(destination, gateway, interface).ok_or(Errno::ESRCH)
    }

    /// The route a packet to `destination` would take, with the source address filled in.
    ///
    /// # Errors
    ///
    /// `ENETUNREACH`, `EADDRNOTAVAIL`.
    pub fn route_to(&self, destination: Ipv4Addr) -> Result<Route, Errno> {
        let source = Some(self.source_for(destination)?);
        if self.interfaces.is_local(destination) {
            let to = Prefix::host(destination);
            return Ok(Route {
                source,
                origin: RouteOrigin::Kernel,
                ..Route::new(to, None, InterfaceId::LOOPBACK)
            });
        }
        match self.routes.lookup(destination) {
            Some(route) => Ok(Route { source, ..*route }),
            None => {
                let (interface, _) = self.way_to(destination)?;
                Ok(Route { source, ..Route::new(Prefix::host(destination), None, interface) })
            }
        }
    }

    /// The neighbour table, in order of interface and address.
    pub fn neighbours(&self, now: Tick) -> Vec<NeighbourView> {
        self.neighbours.views(now)
    }

    /// Enters a neighbour for ever (`ip neigh add … nud permanent`).
    ///
    /// # Errors
    ///
    /// `ENODEV`, `EINVAL` for loopback, `ENOBUFS` at the limit.
    pub fn add_neighbour(
        &mut self,
        interface: InterfaceId,
        address: Ipv4Addr,
        mac: Mac,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        self.interfaces.get(interface)?;
        if interface == InterfaceId::LOOPBACK {
            return Err(Errno::EINVAL);
        }
        let key = (interface, address);
        let waiting = self.neighbours.set_permanent(key, mac).ok_or(Errno::ENOBUFS)?;
        let usable = |frame: &Frame| frame.len() >= ethernet::HEADER_LENGTH;
        for frame in waiting.into_iter().filter(usable) {
            self.transmit(interface, address, frame, env);
        }
        Ok(())
    }

    /// Forgets a neighbour (`ip neigh del`).
    ///
    /// # Errors
    ///
    /// `ENOENT`.
    pub fn remove_neighbour(
        &mut self,
        interface: InterfaceId,
        address: Ipv4Addr,
    ) -> Result<(), Errno> {
        let dropped = self.neighbours.forget((interface, address)).ok_or(Errno::ENOENT)?;
        self.counters.dropped += u64::from(dropped);
        Ok(())
    }

    /// Whether packets for others are forwarded (`net.ipv4.ip_forward`).
    pub const fn forwarding(&self) -> bool {
        self.forwarding
    }

    /// Makes the machine a router, or a host.
    pub const fn set_forwarding(&mut self, on: bool) {
        self.forwarding = on;
    }
}
