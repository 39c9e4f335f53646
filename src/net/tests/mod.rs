//! Tests of whole stacks: several machines joined by links, on one clock.

mod echo;
mod hostile;
mod saves;
mod tcp;
mod udp;

use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::BTreeMap;

use super::{Environment, Frame, InterfaceId, Link, LinkSpec, Mac, Prefix, Route, SocketId, Stack};
use crate::base::prng::{Owner, Prng};
use crate::base::{LinkId, Tick};

/// A machine with nothing but a network.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Host {
    stack: Stack,
    prng: Prng,
    /// Sockets reported ready so far.
    ready: Vec<SocketId>,
}

/// Machines and links on one clock.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Net {
    now: Tick,
    seed: u64,
    hosts: Vec<Host>,
    links: Vec<(Link, Vec<(usize, InterfaceId)>)>,
    /// Frames under way, by arrival and order of sending: to whom, and what.
    flight: BTreeMap<(Tick, u64), (usize, InterfaceId, Frame)>,
    sent: u64,
    /// Every frame that was sent, as tcpdump shows it.
    trace: Vec<String>,
}

fn ip(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn at(text: &str) -> SocketAddrV4 {
    text.parse().unwrap()
}

impl Net {
    fn new(seed: u64) -> Self {
        Self {
            now: Tick(0),
            seed,
            hosts: Vec::new(),
            links: Vec::new(),
            flight: BTreeMap::new(),
            sent: 0,
            trace: Vec::new(),
        }
    }

    /// Adds a machine whose loopback is up.
    fn host(&mut self) -> usize {
        let index = self.hosts.len();
        let id = u32::try_from(index).unwrap();
        let prng = Prng::new(self.seed, Owner::Machine(id));
        self.hosts.push(Host { stack: Stack::new(), prng, ready: Vec::new() });
        self.on(index, |stack, env| stack.set_up(InterfaceId::LOOPBACK, true, env)).unwrap();
        index
    }

    /// Joins machines by a link; each gets a new interface with the given address.
    fn link(&mut self, spec: LinkSpec, ends: &[(usize, &str)]) -> usize {
        let id = LinkId(u32::try_from(self.links.len()).unwrap() + 1);
        let ports = u32::try_from(ends.len()).unwrap();
        let mut list = Vec::new();
        for (host, address) in ends {
            let stack = &mut self.hosts[*host].stack;
            let index = u32::try_from(stack.interfaces().len()).unwrap();
            let mac = Mac::of(u32::try_from(*host).unwrap() + 1, index);
            let interface = stack.add_interface(mac, spec.mtu);
            let address: Prefix = address.parse().unwrap();
            self.on(*host, |stack, env| {
                stack.set_carrier(interface, true, env).unwrap();
                stack.set_up(interface, true, env).unwrap();
                stack.add_address(interface, address, env).unwrap();
            });
            list.push((*host, interface));
        }
        self.links.push((Link::new(id, spec, ports, self.seed), list));
        self.links.len() - 1
    }

    fn route(&mut self, host: usize, to: &str, via: &str) {
        let stack = &mut self.hosts[host].stack;
        let interface = stack.interface_towards(ip(via)).unwrap();
        stack.add_route(Route::new(to.parse().unwrap(), Some(ip(via)), interface)).unwrap();
    }

    /// Calls into one machine's stack and sends what comes out.
    fn on<T>(
        &mut self,
        host: usize,
        call: impl FnOnce(&mut Stack, &mut Environment<'_>) -> T,
    ) -> T {
        let mut out = Vec::new();
        let it = &mut self.hosts[host];
        let result = call(
            &mut it.stack,
            &mut Environment {
                now: self.now,
                prng: &mut it.prng,
                out: &mut out,
                ready: &mut it.ready,
            },
        );
        for (interface, frame) in out {
            self.send(host, interface, frame);
        }
        let (came_in, ended) = self.hosts[host].stack.counters().balance();
        assert_eq!(came_in, ended, "a packet got lost in machine {host}");
        result
    }

    fn send(&mut self, host: usize, interface: InterfaceId, frame: Frame) {
        let line = super::proto::describe(&frame.0);
        assert!(!line.contains("malformed"), "{line}");
        self.trace.push(format!("{} {host} {line}", self.now));
        for (link, ends) in &mut self.links {
            let Some(port) = ends.iter().position(|end| *end == (host, interface)) else {
                continue;
            };
            let port_id = u32::try_from(port).unwrap();
            let Ok(arrival) = link.transmit(self.now, port_id, &frame) else { continue };
            for (_, end) in ends.iter().enumerate().filter(|(other, _)| *other != port) {
                self.flight.insert((arrival, self.sent), (end.0, end.1, frame.clone()));
                self.sent += 1;
            }
        }
    }

    /// The next tick in which something happens.
    fn due(&self) -> Option<Tick> {
        let frames = self.flight.first_key_value().map(|((tick, _), _)| *tick);
        let stacks = self.hosts.iter().filter_map(|host| host.stack.due());
        frames.into_iter().chain(stacks).min().map(|tick| tick.max(self.now))
    }

    /// Goes to the next tick in which something happens and lets it happen; false when nothing
    /// will before `end`.
    fn step(&mut self, end: Tick) -> bool {
        let Some(due) = self.due().filter(|due| *due <= end) else {
            self.now = end;
            return false;
        };
        self.now = due;
        while let Some(entry) = self.flight.first_entry().filter(|it| it.key().0 <= due) {
            let (host, interface, frame) = entry.remove();
            self.on(host, |stack, env| stack.receive(interface, frame, env));
        }
        for host in 0..self.hosts.len() {
            if self.hosts[host].stack.due().is_some_and(|tick| tick <= due) {
                self.on(host, Stack::poll);
                let left = self.hosts[host].stack.due();
                assert!(left.is_none_or(|tick| tick > due), "machine {host} is due again at once");
            }
        }
        true
    }

    /// Lets `ticks` pass.
    fn run(&mut self, ticks: u64) {
        let end = Tick(self.now.0 + ticks);
        while self.step(end) {}
    }

    fn take_trace(&mut self) -> String {
        self.trace.drain(..).map(|line| line + "\n").collect()
    }

    fn check(&self) {
        for host in &self.hosts {
            assert_eq!(host.stack.check(), Ok(()));
        }
    }
}

/// Two machines on a link: 10.0.0.1 and 10.0.0.2.
fn pair(seed: u64, spec: LinkSpec) -> Net {
    let mut net = Net::new(seed);
    let (a, b) = (net.host(), net.host());
    net.link(spec, &[(a, "10.0.0.1/24"), (b, "10.0.0.2/24")]);
    net
}

/// A machine, three routers and a machine: 10.0.0.1, …, 10.0.3.2.
fn chain(seed: u64, spec: LinkSpec) -> Net {
    let mut net = Net::new(seed);
    for _ in 0..5 {
        net.host();
    }
    for index in 0..4 {
        let (left, right) = (format!("10.0.{index}.1/24"), format!("10.0.{index}.2/24"));
        net.link(spec, &[(index, &left), (index + 1, &right)]);
    }
    net.route(0, "0.0.0.0/0", "10.0.0.2");
    net.route(4, "0.0.0.0/0", "10.0.3.1");
    for router in 1..4 {
        net.hosts[router].stack.set_forwarding(true);
        let (left, right) = (format!("10.0.{}.1", router - 1), format!("10.0.{router}.2"));
        if router > 1 {
            net.route(router, "10.0.0.0/16", &left);
        }
        if router < 3 {
            net.route(router, "10.0.3.0/24", &right);
        }
        // The far side beyond the next router.
        let far = format!("10.0.{}.0/24", router + 1);
        if router < 2 {
            net.route(router, &far, &right);
        }
    }
    net
}
