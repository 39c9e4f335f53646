//! The RON form of a world file.
//!
//! Sizes, times and addresses are text with units (`"2ms"`, `"1%"`, `"10Mbit"`, `"10.0.1.10/24"`),
//! so that a wrong one can be explained.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A whole `*.world.ron`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldFile {
    /// The world's name.
    pub name: String,
    /// What it is about, in a line or two.
    pub description: String,
    /// The seed of all luck in it.
    pub seed: u64,
    /// What its clocks show at the beginning, `"2026-01-01 00:00:00"` in UTC if left out.
    pub epoch: Option<String>,
    /// The machines, in the order in which they come into being.
    pub machines: Vec<MachineEntry>,
    /// Cables from one port to another.
    pub links: Vec<LinkEntry>,
    /// Networks that any number of ports share.
    pub lans: Vec<LanEntry>,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineEntry {
    /// Its name in this file, on the map, and in everyone's `/etc/hosts`.
    pub name: String,
    /// The OS variant it runs.
    pub variant: String,
    /// Its host name; left out, its name.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Whether it is switched on when the world begins.
    #[serde(default = "yes")]
    pub powered: bool,
    /// The interfaces that are configured; the variant may bring more.
    #[serde(default)]
    pub interfaces: Vec<InterfaceEntry>,
    /// Who decides its routes.
    #[serde(default)]
    pub routes: Routes,
    /// Absolute path → a file written over the image.
    #[serde(default)]
    pub files: BTreeMap<String, FileRow>,
    /// Values for the variant's templates.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// Who decides a machine's routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Routes {
    /// Shortest paths through the machines that forward, unless a gateway is written.
    #[default]
    Auto,
    /// Only what is written.
    Manual,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceEntry {
    /// `eth0`, `eth1` …
    pub name: String,
    /// Its address and prefix length.
    #[serde(default)]
    pub address: Option<String>,
    /// The gateway of its default route.
    #[serde(default)]
    pub gateway: Option<String>,
    /// Further routes: destination → next hop.
    #[serde(default)]
    pub routes: BTreeMap<String, String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRow {
    /// Its text, in which the variant's templates are filled in.
    pub text: String,
    /// Permission bits; left out, those of the file it replaces.
    #[serde(default)]
    pub mode: Option<u16>,
    /// The owner's login name; left out, that of the file it replaces.
    #[serde(default)]
    pub owner: Option<String>,
}

/// A cable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkEntry {
    /// One end: `"MACHINE:INTERFACE"`.
    pub a: String,
    /// The other end.
    pub b: String,
    /// Its name; left out, both ends.
    #[serde(default)]
    pub name: Option<String>,
    /// Time from end to end, at least (and if left out) `"1ms"`.
    #[serde(default)]
    pub delay: Option<String>,
    /// Up to this much more.
    #[serde(default)]
    pub jitter: Option<String>,
    /// Share of frames that are lost.
    #[serde(default)]
    pub loss: Option<String>,
    /// Bits per second; left out, without limit.
    #[serde(default)]
    pub bandwidth: Option<String>,
    /// Largest packet in bytes.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Whether it works when the world begins.
    #[serde(default = "yes")]
    pub up: bool,
}

/// A shared network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanEntry {
    /// Its name.
    pub name: String,
    /// What is plugged in: `"MACHINE:INTERFACE"`.
    pub ports: Vec<String>,
    /// The network all its addresses are in; left out, that of the first port with an address.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Time from port to port, at least (and if left out) `"1ms"`.
    #[serde(default)]
    pub delay: Option<String>,
    /// Up to this much more.
    #[serde(default)]
    pub jitter: Option<String>,
    /// Share of frames that are lost.
    #[serde(default)]
    pub loss: Option<String>,
    /// Bits per second; left out, without limit.
    #[serde(default)]
    pub bandwidth: Option<String>,
    /// Largest packet in bytes.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Whether it works when the world begins.
    #[serde(default = "yes")]
    pub up: bool,
}

const fn yes() -> bool {
    true
}
