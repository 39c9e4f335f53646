//! Links between machines: cables, what is plugged into them, and who can reach whom.
//!
//! A link with two ports is a cable; one with more is a LAN, whose switch learns which address is
//! behind which port, so that a frame for one station does not go to all.
//!
//! Invariant: an interface is plugged into one link at most. The table that finds an interface's
//! link and the graph that answers connectivity are caches, rebuilt when wiring changed.

use std::collections::BTreeMap;

use bevy_ecs::resource::Resource;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::{Bfs, EdgeRef};
use serde::{Deserialize, Serialize};

use super::flight::{Flight, InFlight};
use crate::base::limits::{LAN_ADDRESSES_MAX, LINK_FLIGHT_MAX, LINK_PORTS_MAX, LINKS_MAX};
use crate::base::{LinkId, MachineId, Tick};
use crate::net::{Frame, InterfaceId, Link, LinkSpec, Mac};

/// One end of a link: an interface of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// The machine.
    pub machine: MachineId,
    /// Its interface.
    pub interface: InterfaceId,
}

/// A link and what is plugged into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cable {
    pub(crate) link: Link,
    pub(crate) ports: Vec<Port>,
    /// Behind which port an address was last seen, ascending; kept only by LANs.
    pub(crate) learned: Vec<(Mac, u32)>,
    /// Packets in flight on it; counted again after a load.
    #[serde(skip)]
    in_flight: u32,
}

/// Why a link could not be made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no machine of this id.
    #[error("there is no machine {0}")]
    NoMachine(MachineId),
    /// There is no link of this id.
    #[error("there is no link {0}")]
    NoLink(LinkId),
    /// The machine has no such interface.
    #[error("machine {} has no interface {}", .0.machine, .0.interface.0)]
    NoInterface(Port),
    /// The interface is plugged into a link already.
    #[error("interface {} of machine {} is plugged into link {link} already; unplug it first", port.interface.0, port.machine)]
    Plugged {
        /// The interface.
        port: Port,
        /// The link it is plugged into.
        link: LinkId,
    },
    /// All its interfaces are plugged into links already.
    #[error("machine {0} has no free interface; give it one more when spawning it")]
    NoFreeInterface(MachineId),
    /// A limit is reached.
    #[error("too many {0}")]
    TooMany(&'static str),
}

/// All links of a world.
#[derive(Resource, Debug, Default)]
pub(crate) struct Links {
    /// Ascending by id. Ids are given out in order, so a link's place is usually its number.
    cables: Vec<Cable>,
    /// The id that the next link gets.
    pub(crate) next: u32,
    wiring: Option<Wiring>,
}

/// Finds the link of an interface: per machine a run of sockets, in one array.
#[derive(Debug, Default)]
struct Wiring {
    /// Where the run of a machine begins, by the machine's number; one more at the end.
    starts: Vec<u32>,
    /// (interface, place of the cable, port of the cable)
    sockets: Vec<(InterfaceId, u32, u32)>,
}

impl Links {
    pub(crate) fn new(cables: Vec<Cable>, next: u32) -> Self {
        Self { cables, next, wiring: None }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Cable> {
        self.cables.iter()
    }

    fn place(&self, id: LinkId) -> Option<usize> {
        let guess = usize::try_from(id.0).ok()?.wrapping_sub(1);
        match self.cables.get(guess) {
            Some(cable) if cable.link.id == id => Some(guess),
            _ => self.cables.binary_search_by_key(&id, |cable| cable.link.id).ok(),
        }
    }

    pub(crate) fn get(&self, id: LinkId) -> Option<&Cable> {
        Some(&self.cables[self.place(id)?])
    }

    /// Joins interfaces by a new link.
    pub(crate) fn add(
        &mut self,
        spec: LinkSpec,
        ports: &[Port],
        world_seed: u64,
    ) -> Result<LinkId, LinkError> {
        if self.next > LINKS_MAX {
            return Err(LinkError::TooMany("links"));
        }
        let id = LinkId(self.next);
        let link = Link::new(id, spec, 0, world_seed);
        self.cables.push(Cable { link, ports: Vec::new(), learned: Vec::new(), in_flight: 0 });
        self.next += 1;
        for port in ports {
            if let Err(error) = self.plug(id, *port) {
                self.remove(id);
                self.next -= 1;
                return Err(error);
            }
        }
        Ok(id)
    }

    /// Plugs an interface into a link.
    pub(crate) fn plug(&mut self, id: LinkId, port: Port) -> Result<(), LinkError> {
        let place = self.place(id).ok_or(LinkError::NoLink(id))?;
        if let Some(link) = self.socket(port) {
            return Err(LinkError::Plugged { port, link });
        }
        let cable = &mut self.cables[place];
        if small(cable.ports.len()) >= LINK_PORTS_MAX {
            return Err(LinkError::TooMany("interfaces on one link"));
        }
        cable.ports.push(port);
        cable.link.set_ports(small(cable.ports.len()));
        if let Some(wiring) = &mut self.wiring {
            wiring.insert(port, small(place), small(cable.ports.len() - 1));
        }
        Ok(())
    }

    /// Removes a link and gives the ports it had.
    pub(crate) fn remove(&mut self, id: LinkId) -> Vec<Port> {
        let Some(place) = self.place(id) else { return Vec::new() };
        self.wiring = None;
        self.cables.remove(place).ports
    }

    /// The links that a machine is plugged into.
    pub(crate) fn of_machine(&self, machine: MachineId) -> Vec<LinkId> {
        let plugged = |cable: &&Cable| cable.ports.iter().any(|port| port.machine == machine);
        self.cables.iter().filter(plugged).map(|cable| cable.link.id).collect()
    }

    /// Pulls a machine's plugs from a link. What the link had learned is forgotten, since the
    /// ports behind those removed have other numbers now.
    pub(crate) fn unplug(&mut self, id: LinkId, machine: MachineId) {
        let Some(place) = self.place(id) else { return };
        let cable = &mut self.cables[place];
        while let Some(port) = cable.ports.iter().position(|port| port.machine == machine) {
            cable.ports.remove(port);
            cable.link.remove_port(small(port));
        }
        cable.learned.clear();
        self.wiring = None;
    }

    /// Changes a link's properties. A link that goes down forgets what it had learned.
    pub(crate) fn set_spec(&mut self, id: LinkId, spec: LinkSpec) -> Option<&Cable> {
        let place = self.place(id)?;
        let cable = &mut self.cables[place];
        cable.link.spec = spec;
        if !spec.up {
            cable.learned.clear();
            cable.in_flight = 0;
        }
        Some(cable)
    }

    /// The link that an interface is plugged into.
    pub(crate) fn socket(&mut self, port: Port) -> Option<LinkId> {
        let wiring = self.wiring.get_or_insert_with(|| Wiring::of(&self.cables));
        let (place, _) = wiring.find(port)?;
        Some(self.cables[place].link.id)
    }

    /// Sends a frame that left an interface on its way. Whatever can't go is dropped, and the
    /// link counts it; what leaves an interface without a link is lost.
    pub(crate) fn transmit(&mut self, now: Tick, from: Port, frame: Frame, flight: &mut Flight) {
        let wiring = self.wiring.get_or_insert_with(|| Wiring::of(&self.cables));
        let Some((place, port)) = wiring.find(from) else { return };
        let cable = &mut self.cables[place];
        if cable.in_flight >= LINK_FLIGHT_MAX {
            return cable.link.refuse(port, &frame);
        }
        let Ok(arrival) = cable.link.transmit(now, port, &frame) else { return };
        cable.carry(now, arrival, port, frame, flight);
    }

    /// Notes that a packet came out of its link.
    pub(crate) fn landed(&mut self, id: LinkId) {
        if let Some(place) = self.place(id) {
            let cable = &mut self.cables[place];
            cable.in_flight = cable.in_flight.saturating_sub(1);
        }
    }

    /// Counts packets in flight anew, after a load.
    pub(crate) fn recount(&mut self, flight: &Flight) {
        self.cables.iter_mut().for_each(|cable| cable.in_flight = 0);
        for (_, packet) in flight.iter() {
            if let Some(place) = self.place(packet.link) {
                self.cables[place].in_flight += 1;
            }
        }
    }

    /// The shortest way between two machines over links that are up, as the machines passed;
    /// `None` if there is none.
    pub(crate) fn path(&self, from: MachineId, to: MachineId) -> Option<Vec<MachineId>> {
        let topology = Topology::of(&self.cables);
        topology.path(from, to)
    }
}

impl Cable {
    fn carry(&mut self, now: Tick, arrival: Tick, from: u32, frame: Frame, flight: &mut Flight) {
        let link = self.link.id;
        let mut send = |to: Port, frame: Frame| {
            let packet = InFlight { machine: to.machine, link, interface: to.interface, frame };
            flight.send(now, arrival, packet);
        };
        if let [first, second] = *self.ports {
            self.in_flight += 1;
            return send(if from == 0 { second } else { first }, frame);
        }
        match self.switch(from, &frame) {
            // The receiver is where the sender is: it has the frame already.
            Some(port) if port == from => return,
            Some(port) => {
                if let Some(to) = self.ports.get(index(port)) {
                    self.in_flight += 1;
                    send(*to, frame);
                }
                return;
            }
            None => {}
        }
        for (port, to) in (0..).zip(&self.ports) {
            if port != from && self.in_flight < LINK_FLIGHT_MAX {
                self.in_flight += 1;
                send(*to, frame.clone());
            }
        }
    }

    /// Learns where the sender is; tells where the receiver is, if it is one and known.
    fn switch(&mut self, from: u32, frame: &Frame) -> Option<u32> {
        let (destination, rest) = frame.0.split_first_chunk::<6>()?;
        let source = Mac(*rest.first_chunk::<6>()?);
        if !source.is_multicast() {
            match self.learned.binary_search_by_key(&source, |(mac, _)| *mac) {
                Ok(place) => self.learned[place].1 = from,
                Err(place) if self.learned.len() < LAN_ADDRESSES_MAX => {
                    self.learned.insert(place, (source, from));
                }
                Err(_) => {}
            }
        }
        let place = self.learned.binary_search_by_key(&Mac(*destination), |(mac, _)| *mac).ok()?;
        Some(self.learned[place].1)
    }
}

impl Wiring {
    fn of(cables: &[Cable]) -> Self {
        let mut sockets: Vec<(Port, u32, u32)> = Vec::new();
        for (place, cable) in (0..).zip(cables) {
            sockets.extend((0..).zip(&cable.ports).map(|(number, port)| (*port, place, number)));
        }
        sockets.sort_unstable();
        let machines = sockets.last().map_or(0, |(port, ..)| index(port.machine.0) + 1);
        let mut starts = vec![0; machines + 1];
        for (port, ..) in &sockets {
            starts[index(port.machine.0) + 1] += 1;
        }
        for machine in 1..starts.len() {
            starts[machine] += starts[machine - 1];
        }
        let bare = |(port, place, number): (Port, u32, u32)| (port.interface, place, number);
        Self { starts, sockets: sockets.into_iter().map(bare).collect() }
    }

    fn run(&self, machine: MachineId) -> core::ops::Range<usize> {
        let start = index(machine.0);
        match self.starts.get(start..).unwrap_or_default() {
            [from, to, ..] => index(*from)..index(*to),
            _ => 0..0,
        }
    }

    fn find(&self, port: Port) -> Option<(usize, u32)> {
        let run = &self.sockets[self.run(port.machine)];
        let (_, place, number) = run.iter().find(|(interface, ..)| *interface == port.interface)?;
        Some((index(*place), *number))
    }

    /// Adds one socket. Worlds are wired in about the order of machine ids, so that there is
    /// little to move.
    fn insert(&mut self, port: Port, place: u32, number: u32) {
        let machine = index(port.machine.0);
        if self.starts.len() < machine + 2 {
            self.starts.resize(machine + 2, small(self.sockets.len()));
        }
        let end = self.run(port.machine).end;
        self.sockets.insert(end, (port.interface, place, number));
        self.starts[machine + 1..].iter_mut().for_each(|start| *start += 1);
    }
}

/// Machines and LANs as nodes, plugs as edges.
struct Topology {
    graph: UnGraph<Option<MachineId>, LinkId>,
    nodes: BTreeMap<MachineId, NodeIndex>,
}

impl Topology {
    fn of(cables: &[Cable]) -> Self {
        let mut graph = UnGraph::new_undirected();
        let mut nodes = BTreeMap::new();
        for cable in cables.iter().filter(|cable| cable.link.spec.up) {
            let id = cable.link.id;
            let mut node = |graph: &mut UnGraph<_, _>, port: &Port| {
                *nodes.entry(port.machine).or_insert_with(|| graph.add_node(Some(port.machine)))
            };
            if let [a, b] = cable.ports.as_slice() {
                let (a, b) = (node(&mut graph, a), node(&mut graph, b));
                graph.add_edge(a, b, id);
                continue;
            }
            let lan = graph.add_node(None);
            for port in &cable.ports {
                let machine = node(&mut graph, port);
                graph.add_edge(machine, lan, id);
            }
        }
        Self { graph, nodes }
    }

    fn path(&self, from: MachineId, to: MachineId) -> Option<Vec<MachineId>> {
        if from == to {
            return Some(vec![from]);
        }
        let (start, end) = (*self.nodes.get(&from)?, *self.nodes.get(&to)?);
        // Walked from the end, so that the steps towards it can be read off from the start.
        let mut towards = BTreeMap::from([(end, end)]);
        let mut walk = Bfs::new(&self.graph, end);
        while let Some(node) = walk.next(&self.graph) {
            for edge in self.graph.edges(node) {
                let other = if edge.source() == node { edge.target() } else { edge.source() };
                towards.entry(other).or_insert(node);
            }
            if towards.contains_key(&start) {
                break;
            }
        }
        let mut node = start;
        let mut path = vec![from];
        while node != end {
            node = *towards.get(&node)?;
            path.extend(self.graph[node]);
        }
        Some(path)
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("32 bits fit on every supported platform")
}

fn small(number: usize) -> u32 {
    u32::try_from(number).expect("bounded by LINKS_MAX and LINK_PORTS_MAX")
}
