//! The plan of a world: what a world file says once everything in it is checked and computed.
//!
//! Invariant: every port names a machine and an interface of the plan and is used at most once;
//! machines and segments are in the order of the file.

use crate::base::Timestamp;
use crate::kernel::SpecFile;
use crate::net::link::LinkSpec;
use crate::variant::Interface;

/// A world to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldSpec {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The seed of all luck in it.
    pub seed: u64,
    /// What its clocks show at the beginning.
    pub epoch: Timestamp,
    /// The machines, in the order in which they come into being.
    pub machines: Vec<MachinePlan>,
    /// What joins them: links first, then LANs.
    pub segments: Vec<SegmentPlan>,
}

/// A machine to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachinePlan {
    /// Its name.
    pub name: String,
    /// Its host name.
    pub hostname: String,
    /// The OS variant it runs, which the catalogue has and can build.
    pub variant: String,
    /// Whether it is switched on when the world begins.
    pub powered: bool,
    /// Whether it passes on packets that are not its own.
    pub forwards: bool,
    /// Its Ethernet interfaces, `eth0` first, without gaps; routes are computed.
    pub interfaces: Vec<Interface>,
    /// The files to be written over its image, by path; its addresses and routes are among them.
    pub files: Vec<SpecFile>,
}

/// A cable or a shared network to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPlan {
    /// Its name.
    pub name: String,
    /// Which of both it is.
    pub kind: SegmentKind,
    /// What is plugged in; a link has exactly two.
    pub ports: Vec<Port>,
    /// How it carries frames.
    pub link: LinkSpec,
}

/// What kind of segment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// A cable between two ports.
    Link,
    /// A network that any number of ports share.
    Lan,
}

/// An interface of a machine of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Index into the machines of the plan.
    pub machine: usize,
    /// N of `ethN`, which is also the index into the machine's interfaces.
    pub interface: u8,
}

impl WorldSpec {
    /// The interface at a port.
    pub fn interface(&self, port: Port) -> Option<&Interface> {
        self.machines.get(port.machine)?.interfaces.get(usize::from(port.interface))
    }

    /// The machine of this name.
    pub fn machine(&self, name: &str) -> Option<&MachinePlan> {
        self.machines.iter().find(|machine| machine.name == name)
    }
}
