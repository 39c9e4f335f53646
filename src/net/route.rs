//! Routes: which way packets leave.
//!
//! Invariant: the table is ordered by length of prefix (longest first), network and metric, and
//! no two routes have all three in common. So the first route of a length that contains an
//! address is the one to take.

use core::cmp::Reverse;
use core::fmt;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{InterfaceId, InterfaceName, Prefix};
use crate::base::Errno;
use crate::base::limits::ROUTES_MAX;

/// Who made a route (`ip route`'s `proto`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RouteOrigin {
    /// The stack, because an interface has an address in that network.
    Kernel,
    /// The administrator.
    Boot,
}

/// One way to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where it leads; [`Prefix::DEFAULT`] for a default route. Host bits are zero.
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

impl Route {
    /// A route an administrator would add, with metric 0 and the source left to the stack.
    pub const fn new(
        destination: Prefix,
        gateway: Option<Ipv4Addr>,
        interface: InterfaceId,
    ) -> Self {
        Self { destination, gateway, interface, source: None, metric: 0, origin: RouteOrigin::Boot }
    }

    /// The neighbour to hand a packet for `destination` to.
    pub fn next_hop(&self, destination: Ipv4Addr) -> Ipv4Addr {
        self.gateway.unwrap_or(destination)
    }

    const fn key(&self) -> (Reverse<u8>, Ipv4Addr, u32) {
        (Reverse(self.destination.length()), self.destination.address(), self.metric)
    }
}

/// As `ip route` prints it.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.destination.length(), self.destination) {
            (0, _) => f.write_str("default")?,
            (32, host) => write!(f, "{}", host.address())?,
            (_, network) => write!(f, "{network}")?,
        }
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        write!(f, " dev {}", InterfaceName(self.interface))?;
        if self.origin == RouteOrigin::Kernel {
            f.write_str(" proto kernel")?;
        }
        if self.gateway.is_none() {
            f.write_str(" scope link")?;
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        if self.metric != 0 { write!(f, " metric {}", self.metric) } else { Ok(()) }
    }
}

/// The routing table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Routes(Vec<Route>);

/// Tables up to this size are searched from the start, which is faster than halving.
const SMALL: usize = 12;

impl Routes {
    /// All routes, the most specific first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// How many routes there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The route for packets to `destination`: longest prefix, then lowest metric.
    pub fn lookup(&self, destination: Ipv4Addr) -> Option<&Route> {
        if self.0.len() <= SMALL {
            return self.0.iter().find(|route| route.destination.contains(destination));
        }
        let mut rest = self.0.as_slice();
        while let Some(first) = rest.first() {
            // One halving finds the place within this length, one more the next length.
            let length = first.destination.length();
            let network = Prefix::new(destination, length)?.network().address();
            let at = rest.partition_point(|route| route.key() < (Reverse(length), network, 0));
            if let Some(route) = rest.get(at)
                && route.destination.length() == length
                && route.destination.address() == network
            {
                return Some(route);
            }
            let next = rest.partition_point(|route| route.destination.length() >= length);
            rest = &rest[next..];
        }
        None
    }

    /// Adds a route.
    ///
    /// # Errors
    ///
    /// `EEXIST` when there is one with this destination and metric, `EINVAL` when the destination
    /// has host bits, `ENOBUFS` when the table is full.
    pub fn add(&mut self, route: Route) -> Result<(), Errno> {
        if route.destination != route.destination.network() {
            return Err(Errno::EINVAL);
        }
        let Err(at) = self.0.binary_search_by_key(&route.key(), Route::key) else {
            return Err(Errno::EEXIST);
        };
        if self.0.len() >= ROUTES_MAX {
            return Err(Errno::ENOBUFS);
        }
        // Most machines have two routes; room for four would cost more than both.
        if self.0.len() < 4 {
            self.0.reserve_exact(1);
        }
        self.0.insert(at, route);
        Ok(())
    }

    /// Removes and returns the first route to `destination` that also has this gateway and
    /// interface, where they are given.
    pub fn remove(
        &mut self,
        destination: Prefix,
        gateway: Option<Ipv4Addr>,
        interface: Option<InterfaceId>,
    ) -> Option<Route> {
        let at = self.0.iter().position(|route| {
            route.destination == destination
                && gateway.is_none_or(|gateway| route.gateway == Some(gateway))
                && interface.is_none_or(|interface| route.interface == interface)
        })?;
        Some(self.0.remove(at))
    }

    /// Removes the routes that `gone` is true of.
    pub fn remove_if(&mut self, gone: impl Fn(&Route) -> bool) {
        self.0.retain(|route| !gone(route));
    }

    /// Checks the table's invariant, and that routes name interfaces under `interfaces`.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self, interfaces: usize) -> Result<(), String> {
        if self.0.len() > ROUTES_MAX {
            return Err(format!("{} routes, at most {ROUTES_MAX} are allowed", self.0.len()));
        }
        for route in &self.0 {
            if route.destination != route.destination.network() {
                return Err(format!("route to {} has host bits set", route.destination));
            }
            if usize::try_from(route.interface.0).is_ok_and(|index| index >= interfaces) {
                return Err(format!("route to {} leaves by no interface", route.destination));
            }
        }
        match self.0.windows(2).find(|pair| pair[0].key() >= pair[1].key()) {
            Some(pair) => Err(format!("route to {} is out of order", pair[1].destination)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn route(destination: &str, interface: u32, metric: u32) -> Route {
        let destination = destination.parse().unwrap();
        Route { metric, ..Route::new(destination, None, InterfaceId(interface)) }
    }

    fn address(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    #[test]
    fn longest_prefix_wins_then_lowest_metric() {
        let mut routes = Routes::default();
        for (destination, interface, metric) in [
            ("0.0.0.0/0", 1, 0),
            ("10.0.0.0/8", 2, 20),
            ("10.0.0.0/8", 3, 10),
            ("10.1.0.0/16", 4, 0),
        ] {
            routes.add(route(destination, interface, metric)).unwrap();
        }
        for (to, interface) in [("10.1.2.3", 4), ("10.2.0.1", 3), ("8.8.8.8", 1)] {
            assert_eq!(routes.lookup(address(to)).unwrap().interface.0, interface, "{to}");
        }
        assert_eq!(routes.add(route("10.0.0.0/8", 9, 10)), Err(Errno::EEXIST));
        assert_eq!(routes.add(route("10.0.0.1/8", 9, 11)), Err(Errno::EINVAL));
        let gone = routes.remove("10.0.0.0/8".parse().unwrap(), None, None).unwrap();
        assert_eq!(gone.metric, 10);
        assert_eq!(routes.lookup(address("10.2.0.1")).unwrap().metric, 20);
        routes.remove_if(|route| route.interface.0 == 1);
        assert_eq!(routes.lookup(address("8.8.8.8")), None);
        assert_eq!(routes.check(5), Ok(()));
        assert!(routes.check(4).is_err());
    }

    proptest! {
        #[test]
        fn large_tables_agree_with_a_plain_search(
            entries in proptest::collection::vec((any::<u32>(), 0u8..=32, 0u32..3), 0..60),
            targets in proptest::collection::vec((any::<u32>(), any::<proptest::sample::Index>()), 20),
        ) {
            let mut routes = Routes::default();
            for (bits, length, metric) in entries {
                // Few distinct bits, so that prefixes nest.
                let address = Ipv4Addr::from_bits(bits & 0xc1c1_c1c1);
                let destination = Prefix::new(address, length).unwrap().network();
                let _ = routes.add(Route { metric, ..Route::new(destination, None, InterfaceId(1)) });
            }
            prop_assert_eq!(routes.check(2), Ok(()));
            for (bits, index) in targets {
                let target = match routes.iter().nth(index.index(routes.len().max(1))) {
                    Some(route) if bits & 1 == 1 => route.destination.address(),
                    _ => Ipv4Addr::from_bits(bits),
                };
                let expected = routes
                    .iter()
                    .filter(|route| route.destination.contains(target))
                    .max_by_key(|route| (route.destination.length(), Reverse(route.metric)));
                prop_assert_eq!(routes.lookup(target), expected);
            }
        }
    }
}
