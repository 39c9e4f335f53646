//! Routes of a planned world: shortest paths through the machines that forward.
//!
//! For every network the distance of every router to it is found once (Dijkstra, from the
//! network outwards, by delay). A machine's next hop is then its neighbour with the shortest
//! rest of the way; each hop is strictly nearer, so routes never run in circles. Ties go to the
//! segment and machine that come first in the file.

use core::net::Ipv4Addr;
use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};

use super::network::Networks;
use super::schema::{Routes, WorldFile};
use super::spec::{Port, WorldSpec};
use crate::base::limits::AUTO_ROUTES_MAX;
use crate::net::Prefix;
use crate::variant::outline::Step::Field;
use crate::variant::read::Checked;

/// A neighbour that forwards, and how far it is from the network in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hop {
    distance: u64,
    machine: usize,
    address: Ipv4Addr,
}

/// Computes the routes of the machines that want it.
pub fn compute(
    checked: &mut Checked<'_, '_>,
    file: &WorldFile,
    spec: &mut WorldSpec,
    networks: &Networks,
) {
    let destinations: BTreeSet<Prefix> = networks.of_segment.iter().flatten().copied().collect();
    let wanting: Vec<usize> =
        (0..spec.machines.len()).filter(|machine| wants(file, spec, *machine)).collect();
    if wanting.is_empty() || !spec.machines.iter().any(|machine| machine.forwards) {
        return;
    }
    let ports: usize = spec.segments.iter().map(|segment| segment.ports.len()).sum();
    if (spec.machines.len() + ports).saturating_mul(destinations.len()) > AUTO_ROUTES_MAX {
        checked.error(
            &[Field("machines")],
            format!("{} networks for {} machines", destinations.len(), spec.machines.len()),
            "expected a world small enough to compute all routes",
            "write `gateway` or `routes: Manual` for most machines",
        );
        return;
    }
    let graph = graph(spec);
    let cables = cables(spec, &wanting);
    let mut found: BTreeMap<usize, Vec<(u8, Prefix, Ipv4Addr)>> = BTreeMap::new();
    for destination in destinations {
        let nearest = nearest_hops(&graph, spec, networks, destination);
        for machine in &wanting {
            let ports = &cables[machine];
            if let Some((interface, address)) =
                next_hop(spec, networks, destination, *machine, ports, &nearest)
            {
                let route = (interface, destination, address);
                found.entry(*machine).or_default().push(route);
            }
        }
    }
    for (machine, routes) in found {
        write(spec, machine, &routes);
    }
}

/// Whether a machine's routes are to be computed: nobody wrote a gateway or wants none.
fn wants(file: &WorldFile, spec: &WorldSpec, machine: usize) -> bool {
    let auto = file.machines.get(machine).is_some_and(|entry| entry.routes == Routes::Auto);
    let given = |plan: &super::spec::MachinePlan| {
        plan.interfaces.iter().any(|interface| interface.gateway.is_some())
    };
    auto && spec.machines.get(machine).is_some_and(|plan| !given(plan))
}

/// Where the wanting machines are plugged in, by segment.
fn cables(spec: &WorldSpec, wanting: &[usize]) -> BTreeMap<usize, Vec<(usize, Port)>> {
    let mut cables: BTreeMap<usize, Vec<(usize, Port)>> =
        wanting.iter().map(|machine| (*machine, Vec::new())).collect();
    for (index, segment) in spec.segments.iter().enumerate() {
        for port in &segment.ports {
            if let Some(ports) = cables.get_mut(&port.machine) {
                ports.push((index, *port));
            }
        }
    }
    cables
}

/// Machines, then segments. An edge leads from where a packet comes out to where it came from.
fn graph(spec: &WorldSpec) -> DiGraph<(), u64> {
    let count = spec.machines.len();
    let mut graph = DiGraph::new();
    for _ in 0..count + spec.segments.len() {
        graph.add_node(());
    }
    for (index, segment) in spec.segments.iter().enumerate() {
        let segment_node = NodeIndex::new(count + index);
        for port in &segment.ports {
            // Without an address nobody can send to it.
            if spec.interface(*port).is_none_or(|interface| interface.address.is_none()) {
                continue;
            }
            let machine = NodeIndex::new(port.machine);
            graph.add_edge(segment_node, machine, segment.link.delay.0.max(1));
            if spec.machines[port.machine].forwards {
                graph.add_edge(machine, segment_node, 0);
            }
        }
    }
    graph
}

/// Per segment the two routers on it that are nearest to a network: a router does not send to
/// itself, so it takes the second.
fn nearest_hops(
    graph: &DiGraph<(), u64>,
    spec: &WorldSpec,
    networks: &Networks,
    destination: Prefix,
) -> Vec<Vec<Hop>> {
    let count = spec.machines.len();
    let attached = networks.of_segment.iter().position(|network| *network == Some(destination));
    let Some(attached) = attached else { return Vec::new() };
    let distances = dijkstra(graph, NodeIndex::new(count + attached), None, |edge| *edge.weight());
    let nearest = |segment: &super::spec::SegmentPlan| {
        let mut hops: Vec<Hop> = Vec::new();
        for port in &segment.ports {
            let Some(address) = spec.interface(*port).and_then(|interface| interface.address)
            else {
                continue;
            };
            let machine = port.machine;
            let distance = distances.get(&NodeIndex::new(machine)).copied();
            if let Some(distance) = distance.filter(|_| spec.machines[machine].forwards) {
                hops.push(Hop { distance, machine, address: address.address() });
            }
        }
        hops.sort_unstable();
        hops.dedup_by_key(|hop| hop.machine);
        hops.truncate(2);
        hops
    };
    spec.segments.iter().map(nearest).collect()
}

/// The interface and neighbour through which a machine reaches a network that it is not on.
fn next_hop(
    spec: &WorldSpec,
    networks: &Networks,
    destination: Prefix,
    machine: usize,
    ports: &[(usize, Port)],
    nearest: &[Vec<Hop>],
) -> Option<(u8, Ipv4Addr)> {
    let mut best: Option<(u64, u8, Ipv4Addr)> = None;
    for (segment, port) in ports {
        let own = spec.interface(*port)?.address;
        if networks.of_segment.get(*segment) == Some(&Some(destination)) {
            return None;
        }
        let (Some(_), Some(hops)) = (own, nearest.get(*segment)) else { continue };
        let Some(hop) = hops.iter().find(|hop| hop.machine != machine) else { continue };
        let delay = spec.segments[*segment].link.delay.0.max(1);
        let distance = delay.saturating_add(hop.distance);
        if best.is_none_or(|(least, ..)| distance < least) {
            best = Some((distance, port.interface, hop.address));
        }
    }
    best.map(|(_, interface, address)| (interface, address))
}

/// Writes what was found into the plan. A host that sends everything one way gets a gateway; a
/// router does not, lest two routers send a stray packet to and fro.
fn write(spec: &mut WorldSpec, machine: usize, routes: &[(u8, Prefix, Ipv4Addr)]) {
    let Some(plan) = spec.machines.get_mut(machine) else { return };
    let Some((interface, _, hop)) = routes.first().copied() else { return };
    let one_way = routes.iter().all(|route| (route.0, route.2) == (interface, hop));
    if one_way && !plan.forwards {
        if let Some(interface) = plan.interfaces.get_mut(usize::from(interface)) {
            interface.gateway = Some(hop);
        }
        return;
    }
    let given: BTreeSet<Prefix> = plan
        .interfaces
        .iter()
        .flat_map(|interface| interface.routes.iter().map(|(destination, _)| *destination))
        .collect();
    for (interface, destination, hop) in routes {
        if given.contains(destination) {
            continue;
        }
        if let Some(interface) = plan.interfaces.get_mut(usize::from(*interface)) {
            interface.routes.push((*destination, *hop));
        }
    }
}
