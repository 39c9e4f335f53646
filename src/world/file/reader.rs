//! From the RON form of a world to its plan: every name looked up, every value parsed.
//!
//! What only shows when everything is in its place (addresses of a LAN, gateways, reachability)
//! is checked in `network`; routes are computed in `routes`.

#![expect(clippy::disallowed_types, reason = "variants are immutable and shared by Arc")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::epoch;
use super::schema::{InterfaceEntry, LanEntry, LinkEntry, MachineEntry, WorldFile};
use super::spec::{MachinePlan, Port, SegmentKind, SegmentPlan, WorldSpec};
use crate::base::Ticks;
use crate::base::limits::{SEGMENT_PORTS_MAX, WORLD_MACHINES_MAX};
use crate::net::Prefix;
use crate::net::link::LinkSpec;
use crate::variant::finding::quoted;
use crate::variant::names;
use crate::variant::outline::Step::{self, Field, Index, Key};
use crate::variant::read::Checked;
use crate::variant::units;
use crate::variant::{Catalogue, Interface, Variant, sysctl_forwards};

/// Reads the entries of one file.
pub struct Reader<'r, 'a, 't> {
    /// The file being checked.
    pub checked: Checked<'a, 't>,
    /// The variants there are.
    pub catalogue: &'r Catalogue,
    /// The RON form.
    pub file: &'r WorldFile,
    /// The variant of each machine; those whose variant is unknown have none.
    pub variants: Vec<Option<Arc<Variant>>>,
    machines: BTreeMap<&'r str, usize>,
}

/// How a link or LAN is written, but for its ports.
struct LinkForm<'f> {
    delay: &'f Option<String>,
    jitter: &'f Option<String>,
    loss: &'f Option<String>,
    bandwidth: &'f Option<String>,
    mtu: Option<u32>,
    up: bool,
}

impl<'r, 'a, 't> Reader<'r, 'a, 't> {
    /// A reader of `file`.
    pub fn new(checked: Checked<'a, 't>, catalogue: &'r Catalogue, file: &'r WorldFile) -> Self {
        Self { checked, catalogue, file, variants: Vec::new(), machines: BTreeMap::new() }
    }

    /// The plan, without computed routes and files.
    pub fn plan(&mut self) -> WorldSpec {
        let file = self.file;
        let epoch = file
            .epoch
            .as_ref()
            .and_then(|text| self.checked.value(&[Field("epoch")], text, epoch::parse(text)));
        let mut spec = WorldSpec {
            name: file.name.clone(),
            description: file.description.clone(),
            seed: file.seed,
            epoch: epoch.unwrap_or(epoch::DEFAULT),
            machines: Vec::new(),
            segments: Vec::new(),
        };
        if file.machines.len() > WORLD_MACHINES_MAX {
            let what = format!("{} machines", file.machines.len());
            let expected = format!("expected at most {WORLD_MACHINES_MAX}");
            self.checked.error(&[Field("machines")], what, expected, "build the world in Rust");
            return spec;
        }
        for (index, entry) in file.machines.iter().enumerate() {
            let plan = self.machine(index, entry);
            spec.machines.push(plan);
        }
        let mut used = BTreeMap::new();
        for (index, entry) in file.links.iter().enumerate() {
            let link = self.link(index, entry, &spec.machines, &mut used);
            spec.segments.push(link);
        }
        let mut names = BTreeSet::new();
        for (index, entry) in file.lans.iter().enumerate() {
            if !names.insert(entry.name.as_str()) {
                let path = [Field("lans"), Index(index), Field("name")];
                self.second(&path, "LAN", &entry.name);
            }
            let lan = self.lan(index, entry, &spec.machines, &mut used);
            spec.segments.push(lan);
        }
        spec
    }

    fn second(&mut self, path: &[Step<'_>], kind: &str, name: &str) {
        let what = format!("a second {kind} {}", quoted(name));
        self.checked.error(path, what, "expected each name once", "rename one of them");
    }

    fn machine(&mut self, index: usize, entry: &'r MachineEntry) -> MachinePlan {
        let at = [Field("machines"), Index(index)];
        let within = |field| [at[0], at[1], Field(field)];
        let hostname = entry.hostname.as_ref().unwrap_or(&entry.name);
        for (field, name) in [("name", &entry.name), ("hostname", hostname)] {
            let written = field == "name" || entry.hostname.is_some();
            if written && !names::is_host(name) {
                let what = format!("{field} {}", quoted(name));
                self.checked.error(&within(field), what, names::HOST, "choose another name");
            }
        }
        if self.machines.insert(&entry.name, index).is_some() {
            self.second(&within("name"), "machine", &entry.name);
        }
        let variant = self.variant(&within("variant"), &entry.variant);
        let own = self.interfaces(index, &entry.interfaces);
        let (interfaces, forwards) = match &variant {
            Some(variant) => (variant.interfaces_with(&own), variant.forwards),
            None => (own, false),
        };
        if let Some(variant) = &variant {
            for name in entry.variables.keys() {
                if !variant.variables().any(|known| known == name) {
                    let path = [at[0], at[1], Field("variables"), Key(name)];
                    let remedy = "add it to the variant's `variables`";
                    self.checked.unknown(&path, "variable", name, variant.variables(), remedy);
                }
            }
        }
        self.variants.push(variant);
        // Files are the truth: a world may switch forwarding off, or make any machine a router.
        let sysctl = entry.files.get("/etc/sysctl.conf");
        let sysctl = sysctl.map(|file| sysctl_forwards(file.text.as_bytes()).unwrap_or(false));
        MachinePlan {
            name: entry.name.clone(),
            hostname: hostname.clone(),
            variant: entry.variant.clone(),
            powered: entry.powered,
            forwards: sysctl.unwrap_or(forwards),
            interfaces,
            files: Vec::new(),
        }
    }

    fn variant(&mut self, path: &[Step<'_>], name: &str) -> Option<Arc<Variant>> {
        if !self.catalogue.contains(name) {
            let known = self.catalogue.names();
            self.checked.unknown(path, "variant", name, known, "add it, or use another");
            return None;
        }
        self.catalogue
            .variant(name)
            .map_err(|error| {
                let first = error.findings.first().map(ToString::to_string).unwrap_or_default();
                let what = format!("variant {} is broken", quoted(name));
                self.checked.error(path, what, "expected one without findings", first);
            })
            .ok()
    }

    fn interfaces(&mut self, machine: usize, entries: &[InterfaceEntry]) -> Vec<Interface> {
        let mut found: BTreeMap<u8, Interface> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let at = [Field("machines"), Index(machine), Field("interfaces"), Index(index)];
            let within = |field| [at[0], at[1], at[2], at[3], Field(field)];
            let Some(number) = names::interface(&entry.name) else {
                let what = format!("interface {}", quoted(&entry.name));
                self.checked.error(&within("name"), what, names::INTERFACE, "rename it");
                continue;
            };
            if found.contains_key(&number) {
                self.second(&within("name"), "interface", &entry.name);
            }
            let address = entry.address.as_ref().and_then(|text| {
                let path = within("address");
                let prefix = self.checked.value(&path, text, units::prefix(text))?;
                if !units::is_host(prefix) {
                    let expected = "expected one that a single interface can have";
                    let remedy = "use one between the network's first and its last";
                    self.checked.error(&path, format!("address {prefix}"), expected, remedy);
                }
                Some(prefix)
            });
            let gateway = entry.gateway.as_ref().and_then(|text| {
                self.checked.value(&within("gateway"), text, units::address(text))
            });
            let routes = entry.routes.iter().filter_map(|(destination, hop)| {
                let path = [at[0], at[1], at[2], at[3], Field("routes"), Key(destination)];
                let prefix = self.checked.value(&path, destination, units::prefix(destination))?;
                Some((prefix.network(), self.checked.value(&path, hop, units::address(hop))?))
            });
            let routes: Vec<(Prefix, _)> = routes.collect();
            found.insert(number, Interface { number, address, gateway, routes });
        }
        found.into_values().collect()
    }

    fn link(
        &mut self,
        index: usize,
        entry: &LinkEntry,
        machines: &[MachinePlan],
        used: &mut BTreeMap<Port, String>,
    ) -> SegmentPlan {
        let at = [Field("links"), Index(index)];
        let name = entry.name.clone().unwrap_or_else(|| format!("{}-{}", entry.a, entry.b));
        let mut ports = Vec::new();
        for (field, port) in [("a", &entry.a), ("b", &entry.b)] {
            ports.extend(self.port(&[at[0], at[1], Field(field)], port, &name, machines, used));
        }
        let LinkEntry { delay, jitter, loss, bandwidth, mtu, up, .. } = entry;
        let form = LinkForm { delay, jitter, loss, bandwidth, mtu: *mtu, up: *up };
        let link = self.link_spec(at, &form);
        SegmentPlan { name, kind: SegmentKind::Link, ports, link }
    }

    fn lan(
        &mut self,
        index: usize,
        entry: &LanEntry,
        machines: &[MachinePlan],
        used: &mut BTreeMap<Port, String>,
    ) -> SegmentPlan {
        let at = [Field("lans"), Index(index)];
        let name = entry.name.clone();
        let mut ports = Vec::new();
        if entry.ports.len() > SEGMENT_PORTS_MAX {
            let what = format!("a LAN with {} ports", entry.ports.len());
            let expected = format!("expected at most {SEGMENT_PORTS_MAX}");
            self.checked.error(&[at[0], at[1], Field("ports")], what, expected, "split it");
        } else {
            for (port_index, port) in entry.ports.iter().enumerate() {
                let path = [at[0], at[1], Field("ports"), Index(port_index)];
                ports.extend(self.port(&path, port, &name, machines, used));
            }
        }
        let LanEntry { delay, jitter, loss, bandwidth, mtu, up, .. } = entry;
        let form = LinkForm { delay, jitter, loss, bandwidth, mtu: *mtu, up: *up };
        let link = self.link_spec(at, &form);
        SegmentPlan { name, kind: SegmentKind::Lan, ports, link }
    }

    /// Looks up `MACHINE:INTERFACE` and takes it for the segment called `segment`.
    fn port(
        &mut self,
        path: &[Step<'_>],
        text: &str,
        segment: &str,
        machines: &[MachinePlan],
        used: &mut BTreeMap<Port, String>,
    ) -> Option<Port> {
        let Some((name, interface)) = text.rsplit_once(':') else {
            let what = format!("port {}", quoted(text));
            let expected = "expected MACHINE:INTERFACE such as \"pc1:eth0\"";
            self.checked.error(path, what, expected, "add the interface after a colon");
            return None;
        };
        let Some(machine) = self.machines.get(name).copied() else {
            let known = self.machines.keys().copied();
            self.checked.unknown(path, "machine", name, known, "add it to `machines`");
            return None;
        };
        let interfaces = &machines.get(machine)?.interfaces;
        let number =
            names::interface(interface).filter(|number| usize::from(*number) < interfaces.len());
        let Some(interface) = number else {
            let known: Vec<String> =
                interfaces.iter().map(|interface| format!("eth{}", interface.number)).collect();
            let known = known.iter().map(String::as_str);
            let kind = format!("interface of {name}");
            let remedy = "add it to the machine's `interfaces`";
            self.checked.unknown(path, &kind, interface, known, remedy);
            return None;
        };
        let port = Port { machine, interface };
        if let Some(other) = used.insert(port, segment.to_owned()) {
            let what = format!("port {} is plugged in twice, here and at {}", text, quoted(&other));
            let remedy = "use another interface, or remove one";
            self.checked.error(path, what, "expected one cable per interface", remedy);
            return None;
        }
        Some(port)
    }

    fn link_spec(&mut self, at: [Step<'_>; 2], form: &LinkForm<'_>) -> LinkSpec {
        let mut link = LinkSpec { up: form.up, ..LinkSpec::default() };
        let within = |field| [at[0], at[1], Field(field)];
        if let Some(text) = form.delay
            && let Some(delay) = self.checked.value(&within("delay"), text, units::span(text))
        {
            if delay == Ticks::ZERO {
                let what = format!("a delay of {}", quoted(text));
                let remedy = "leave it out for the shortest";
                self.checked.error(&within("delay"), what, "expected at least \"1ms\"", remedy);
            }
            link.delay = delay.max(Ticks(1));
        }
        if let Some(text) = form.jitter {
            let parsed = self.checked.value(&within("jitter"), text, units::span(text));
            link.jitter = parsed.unwrap_or(link.jitter);
        }
        if let Some(text) = form.loss {
            let parsed = self.checked.value(&within("loss"), text, units::share(text));
            link.loss = parsed.unwrap_or(link.loss);
        }
        if let Some(text) = form.bandwidth {
            link.bandwidth = self.checked.value(&within("bandwidth"), text, units::rate(text));
        }
        if let Some(mtu) = form.mtu {
            // RFC 791: every link carries 68 bytes; an IPv4 packet has at most 65,535.
            if !(68..=65_535).contains(&mtu) {
                let what = format!("an MTU of {mtu}");
                self.checked.error(&within("mtu"), what, "expected 68 to 65535", "try 1500");
            }
            link.mtu = mtu;
        }
        link
    }
}
