//! How a planned world hangs together: the networks of its segments, gateways, reachability.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use petgraph::unionfind::UnionFind;

use super::schema::WorldFile;
use super::spec::{Port, SegmentKind, WorldSpec};
use crate::net::Prefix;
use crate::variant::finding::quoted;
use crate::variant::outline::Step::{self, Field, Index, Key};
use crate::variant::read::Checked;
use crate::variant::units;

/// What is known of a plan's networks.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// The network of each segment, if any of its ports has an address.
    pub of_segment: Vec<Option<Prefix>>,
    /// The segment each port is plugged into.
    pub segment_at: BTreeMap<Port, usize>,
    /// Who has an address.
    pub owner: BTreeMap<Ipv4Addr, Port>,
}

/// Checks how everything fits together.
pub fn check(checked: &mut Checked<'_, '_>, file: &WorldFile, spec: &WorldSpec) -> Networks {
    let mut networks = Networks::default();
    addresses(checked, file, spec, &mut networks);
    for (segment, plan) in spec.segments.iter().enumerate() {
        for port in &plan.ports {
            networks.segment_at.insert(*port, segment);
        }
    }
    segments(checked, file, spec, &mut networks);
    gateways(checked, file, spec, &networks);
    // A port that was not understood leaves machines alone that are not meant to be.
    if !checked.report.has_errors() {
        cables(checked, file, spec, &networks);
        reachability(checked, spec);
    }
    networks
}

/// The place of an interface's field in the file; the machine's if its variant brought it.
fn interface_path<'p>(file: &WorldFile, port: Port, field: &'p str) -> Vec<Step<'p>> {
    let at = vec![Field("machines"), Index(port.machine)];
    let name = format!("eth{}", port.interface);
    let entries = file.machines.get(port.machine).map(|machine| &machine.interfaces);
    let index = entries.and_then(|entries| entries.iter().rposition(|entry| entry.name == name));
    match index {
        Some(index) => [at, vec![Field("interfaces"), Index(index), Field(field)]].concat(),
        None => at,
    }
}

/// `MACHINE:ethN`
fn port_name(spec: &WorldSpec, port: Port) -> String {
    let name = spec.machines.get(port.machine).map_or("", |machine| machine.name.as_str());
    format!("{name}:eth{}", port.interface)
}

fn addresses(
    checked: &mut Checked<'_, '_>,
    file: &WorldFile,
    spec: &WorldSpec,
    networks: &mut Networks,
) {
    for (machine, plan) in spec.machines.iter().enumerate() {
        for interface in &plan.interfaces {
            let Some(address) = interface.address else { continue };
            let port = Port { machine, interface: interface.number };
            if let Some(other) = networks.owner.insert(address.address(), port) {
                let what = format!(
                    "address {} is that of {} as well",
                    address.address(),
                    port_name(spec, other)
                );
                let path = interface_path(file, port, "address");
                checked.error(&path, what, "expected each address once", "choose a free one");
            }
        }
    }
}

/// All addresses of a segment are in one network.
fn segments(
    checked: &mut Checked<'_, '_>,
    file: &WorldFile,
    spec: &WorldSpec,
    networks: &mut Networks,
) {
    let mut seen: BTreeMap<Prefix, &str> = BTreeMap::new();
    for (index, segment) in spec.segments.iter().enumerate() {
        // Links come first in the plan.
        let lan = index.checked_sub(file.links.len());
        let stated = lan.and_then(|lan| stated_prefix(checked, file, lan));
        let addresses =
            segment.ports.iter().filter_map(|port| Some((*port, spec.interface(*port)?.address?)));
        let network =
            stated.or_else(|| addresses.clone().next().map(|(_, address)| address.network()));
        networks.of_segment.push(network);
        let Some(network) = network else { continue };
        for (port, address) in addresses {
            if address.network() != network {
                let kind = if segment.kind == SegmentKind::Lan { "LAN" } else { "link" };
                let what =
                    format!("address {address} is outside of {kind} {}", quoted(&segment.name));
                let path = interface_path(file, port, "address");
                let remedy = "change the address, or where the interface is plugged in";
                checked.error(&path, what, format!("expected one in {network}"), remedy);
            }
        }
        if let Some(other) = seen.insert(network, &segment.name) {
            let path = match lan {
                Some(lan) => [Field("lans"), Index(lan)],
                None => [Field("links"), Index(index)],
            };
            let what = format!("network {network} is that of {} as well", quoted(other));
            let remedy = "give one of them another network";
            checked.warning(&path, what, "expected a network of its own", remedy);
        }
    }
}

fn stated_prefix(checked: &mut Checked<'_, '_>, file: &WorldFile, lan: usize) -> Option<Prefix> {
    let text = file.lans.get(lan)?.prefix.as_ref()?;
    let path = [Field("lans"), Index(lan), Field("prefix")];
    Some(checked.value(&path, text, units::prefix(text))?.network())
}

/// Gateways and next hops are neighbours that forward.
fn gateways(
    checked: &mut Checked<'_, '_>,
    file: &WorldFile,
    spec: &WorldSpec,
    networks: &Networks,
) {
    for (machine, plan) in spec.machines.iter().enumerate() {
        for interface in &plan.interfaces {
            let port = Port { machine, interface: interface.number };
            if let Some(gateway) = interface.gateway {
                let path = interface_path(file, port, "gateway");
                hop(checked, spec, networks, port, gateway, &path);
            }
            for (destination, gateway) in &interface.routes {
                let key = destination.to_string();
                let mut path = interface_path(file, port, "routes");
                path.push(Key(&key));
                hop(checked, spec, networks, port, *gateway, &path);
            }
        }
    }
}

/// Addresses that nobody can be meant to use.
fn cables(checked: &mut Checked<'_, '_>, file: &WorldFile, spec: &WorldSpec, networks: &Networks) {
    for (machine, plan) in spec.machines.iter().enumerate() {
        for interface in &plan.interfaces {
            let port = Port { machine, interface: interface.number };
            if interface.address.is_some() && !networks.segment_at.contains_key(&port) {
                let what = format!("{} has an address but no cable", port_name(spec, port));
                let path = interface_path(file, port, "address");
                let expected = "expected it in a link or LAN";
                checked.warning(&path, what, expected, "plug it in, or remove the address");
            }
        }
    }
}

fn hop(
    checked: &mut Checked<'_, '_>,
    spec: &WorldSpec,
    networks: &Networks,
    port: Port,
    gateway: Ipv4Addr,
    path: &[Step<'_>],
) {
    let address = spec.interface(port).and_then(|interface| interface.address);
    if !address.is_some_and(|address| address.contains(gateway)) {
        let expected = match address {
            Some(address) => format!("expected one in {}", address.network()),
            None => "expected an interface with an address".to_owned(),
        };
        let remedy = "correct it, or the interface's address";
        return checked.error(path, format!("gateway {gateway}"), expected, remedy);
    }
    let segment = networks.segment_at.get(&port);
    let owner = networks.owner.get(&gateway);
    let neighbour =
        owner.filter(|owner| segment.is_some() && networks.segment_at.get(owner) == segment);
    let name = segment.and_then(|segment| spec.segments.get(*segment)).map(|segment| &segment.name);
    match (neighbour, name) {
        (None, Some(name)) => {
            let what = format!("gateway {gateway} is no machine of {}", quoted(name));
            let remedy = "correct it, or plug that machine in";
            checked.error(path, what, "expected a neighbour's address", remedy);
        }
        (Some(owner), _) => {
            let forwards = spec.machines.get(owner.machine).is_some_and(|plan| plan.forwards);
            if owner.machine == port.machine || !forwards {
                let what = format!("gateway {gateway} is {}", port_name(spec, *owner));
                let expected = "expected another machine that forwards";
                let remedy = "use a router, or forward in its /etc/sysctl.conf";
                checked.warning(path, what, expected, remedy);
            }
        }
        (None, None) => {}
    }
}

/// Machines that packets cannot get to from the largest part of the world.
fn reachability(checked: &mut Checked<'_, '_>, spec: &WorldSpec) {
    let count = spec.machines.len();
    // A forwarding machine joins its segments; any other is a leaf of each of them.
    let mut sets = UnionFind::<usize>::new(count + spec.segments.len());
    for (index, segment) in spec.segments.iter().enumerate() {
        for port in &segment.ports {
            if spec.machines.get(port.machine).is_some_and(|machine| machine.forwards) {
                sets.union(port.machine, count + index);
            }
        }
    }
    // A leaf belongs where its first cable leads; others join nothing.
    let mut part_of: Vec<usize> = (0..count).map(|machine| sets.find(machine)).collect();
    for (index, segment) in spec.segments.iter().enumerate().rev() {
        for port in &segment.ports {
            if spec.machines.get(port.machine).is_some_and(|machine| !machine.forwards) {
                part_of[port.machine] = sets.find(count + index);
            }
        }
    }
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    part_of.iter().for_each(|part| *sizes.entry(*part).or_default() += 1);
    let largest = sizes.values().copied().max().unwrap_or_default();
    let Some(main) = part_of.iter().copied().find(|part| sizes[part] == largest) else { return };
    let Some(main_machine) = part_of.iter().position(|part| *part == main) else { return };
    for (machine, part) in part_of.iter().enumerate() {
        if *part != main {
            let name = |index: usize| spec.machines.get(index).map_or("", |plan| &plan.name);
            let what = format!("machine {} cannot be reached", quoted(name(machine)));
            let expected = format!("expected a way to {}", quoted(name(main_machine)));
            let path = [Field("machines"), Index(machine)];
            let remedy = "plug it into a link or LAN, or let a router join the parts";
            checked.warning(&path, what, expected, remedy);
        }
    }
}
