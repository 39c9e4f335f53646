//! Machines made of variants, one by one or a whole world file's.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use bevy_ecs::change_detection::Mut;

use super::Sim;
use crate::base::limits::MACHINES_MAX;
use crate::base::{Gid, LinkId, MachineId, Uid};
use crate::kernel::{Machine, MachineInput, MachineSpec, SpecFile};
use crate::net::{LinkSpec, Mac, Prefix};
use crate::variant::{Catalogue, Facts, Interface, Variant, VariantError};
use crate::world::flight::Flight;
use crate::world::images::Images;
use crate::world::input::Inputs;
use crate::world::links::{LinkError, Links};
use crate::world::machines::Index;
use crate::world::{Clock, Variants, machines, plugin};

/// A machine to be made.
///
/// ```
/// # use hostscape::Spawn;
/// let web = Spawn::new("web", "desktop").address("10.0.0.2/24").gateway("10.0.0.1");
/// ```
#[derive(Clone, Debug)]
pub struct Spawn {
    name: String,
    variant: String,
    hostname: Option<String>,
    interfaces: Vec<Interface>,
    hosts: String,
    variables: BTreeMap<String, String>,
    files: Vec<SpecFile>,
    powered: bool,
    problem: Option<String>,
}

/// Why a machine was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    /// The variant is unknown or broken.
    #[error("{0}")]
    Variant(#[from] VariantError),
    /// An address or gateway could not be read.
    #[error("machine {name}: {problem}")]
    Address {
        /// The machine.
        name: String,
        /// What was expected.
        problem: String,
    },
    /// A machine of a world could not be joined to another.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// A limit is reached.
    #[error("a world can't have more than {MACHINES_MAX} machines in its life")]
    TooMany,
}

impl Spawn {
    /// A machine of a variant, turned on at once, with the interfaces that the variant gives it.
    pub fn new(name: impl Into<String>, variant: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            variant: variant.into(),
            hostname: None,
            interfaces: Vec::new(),
            hosts: String::new(),
            variables: BTreeMap::new(),
            files: Vec::new(),
            powered: true,
            problem: None,
        }
    }

    /// Gives it a host name other than its name.
    #[must_use]
    pub fn hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Gives it one more interface with this address and prefix length, such as `10.0.0.2/24`.
    #[must_use]
    pub fn address(mut self, address: &str) -> Self {
        let parsed: Result<Prefix, _> = address.parse();
        match parsed {
            Ok(prefix) => self.interface(Some(prefix)),
            Err(error) => self.problem(format!("address `{address}`: {error}")),
        }
        self
    }

    /// Gives it one more interface, without an address.
    #[must_use]
    pub fn unnumbered(mut self) -> Self {
        self.interface(None);
        self
    }

    fn interface(&mut self, address: Option<Prefix>) {
        match u8::try_from(self.interfaces.len()) {
            Ok(number) => {
                self.interfaces.push(Interface { number, address, ..Interface::default() });
            }
            Err(_) => self.problem("more than 256 interfaces".to_owned()),
        }
    }

    /// Sends what has no other route to this address, through the interface added last.
    #[must_use]
    pub fn gateway(mut self, address: &str) -> Self {
        let parsed: Result<Ipv4Addr, _> = address.parse();
        match (parsed, self.interfaces.last_mut()) {
            (Ok(address), Some(interface)) => interface.gateway = Some(address),
            (Err(error), _) => self.problem(format!("gateway `{address}`: {error}")),
            (_, None) => self.problem("a gateway needs an `address` before it".to_owned()),
        }
        self
    }

    /// Reaches `destination` through the next hop `via`, on the interface added last.
    #[must_use]
    pub fn route(mut self, destination: &str, via: &str) -> Self {
        let parsed = destination.parse::<Prefix>().ok().zip(via.parse().ok());
        match (parsed, self.interfaces.last_mut()) {
            (Some(route), Some(interface)) => interface.routes.push(route),
            (None, _) => self.problem(format!("route `{destination}` via `{via}`")),
            (_, None) => self.problem("a route needs an `address` before it".to_owned()),
        }
        self
    }

    /// Adds a line to its `/etc/hosts`.
    #[must_use]
    pub fn host(mut self, address: &str, name: &str) -> Self {
        self.hosts.push_str(&format!("{address}\t{name}\n"));
        self
    }

    /// Sets a value of its variant's templates.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Puts a file of root's on its disk.
    #[must_use]
    pub fn file(mut self, path: &str, mode: u16, bytes: impl Into<Vec<u8>>) -> Self {
        let (uid, gid) = (Uid::ROOT, Gid::ROOT);
        self.files.push(SpecFile { path: path.into(), mode, uid, gid, bytes: bytes.into() });
        self
    }

    /// Leaves its power off.
    #[must_use]
    pub fn powered_off(mut self) -> Self {
        self.powered = false;
        self
    }

    fn problem(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}

/// Machines.
impl Sim {
    /// The variants that machines can be of.
    pub fn variants_mut(&mut self) -> &mut Catalogue {
        &mut self.world.resource_mut::<Variants>().into_inner().0
    }

    /// Makes a machine.
    ///
    /// # Errors
    ///
    /// As [`SpawnError`] says.
    pub fn spawn(&mut self, spawn: Spawn) -> Result<MachineId, SpawnError> {
        if let Some(problem) = spawn.problem {
            return Err(SpawnError::Address { name: spawn.name, problem });
        }
        let variant = self.world.resource::<Variants>().0.variant(&spawn.variant)?;
        let hostname = spawn.hostname.as_deref().unwrap_or(&spawn.name);
        let facts = Facts {
            hostname: Some(hostname),
            interfaces: &spawn.interfaces,
            hosts: &spawn.hosts,
            variables: Some(&spawn.variables),
        };
        let files = variant.files(&facts).into_iter().chain(spawn.files).collect();
        let interfaces = variant.interfaces_with(&spawn.interfaces).len();
        self.make(&spawn.name, &variant, interfaces, files, spawn.powered)
    }

    pub(super) fn make(
        &mut self,
        name: &str,
        variant: &Variant,
        interfaces: usize,
        files: Vec<SpecFile>,
        powered: bool,
    ) -> Result<MachineId, SpawnError> {
        let clock = *self.world.resource::<Clock>();
        if clock.next_machine > MACHINES_MAX {
            return Err(SpawnError::TooMany);
        }
        let id = MachineId(clock.next_machine);
        let image = self.world.resource_mut::<Images>().add(variant.image.clone());
        let spec = MachineSpec {
            id,
            name: name.to_owned(),
            world_seed: clock.seed,
            epoch: clock.epoch,
            variant: variant.name.clone(),
            image,
            hardware: variant.hardware.clone(),
            interfaces: (1..).take(interfaces).map(|number| Mac::of(id.0, number)).collect(),
            files,
        };
        let mut machine = Machine::new(spec, clock.tick);
        if powered {
            machine.input(MachineInput::PowerOn, clock.tick);
        }
        self.world.resource_mut::<Clock>().next_machine += 1;
        plugin::enter(&mut self.world, machine);
        Ok(id)
    }

    /// Removes a machine: its plugs are pulled and what is under way to it is lost. False: there
    /// is none of this id.
    pub fn despawn(&mut self, machine: MachineId) -> bool {
        let Some(entity) = self.world.resource::<Index>().entity(machine) else { return false };
        for link in self.world.resource::<Links>().of_machine(machine) {
            // Half a cable is none, but a LAN goes on without one of its machines.
            if self.link(link).is_some_and(|link| link.ports().len() <= 2) {
                self.disconnect(link);
            } else {
                self.world.resource_mut::<Links>().unplug(link, machine);
            }
        }
        self.world.resource_mut::<Inputs>().forget_machine(machine);
        self.world.resource_scope(|world, mut flight: Mut<'_, Flight>| {
            flight.forget(machine);
            world.resource_mut::<Links>().recount(&flight);
        });
        self.world.despawn(entity);
        true
    }

    /// Whether there is a machine of this id.
    pub fn has_machine(&self, machine: MachineId) -> bool {
        machines::get(&self.world, machine).is_some()
    }

    /// Joins many machines in a row, as a convenience for tests and examples.
    ///
    /// # Errors
    ///
    /// As [`LinkError`] says.
    pub fn chain(
        &mut self,
        machines: &[MachineId],
        spec: LinkSpec,
    ) -> Result<Vec<LinkId>, LinkError> {
        machines.windows(2).map(|pair| self.connect(pair[0], pair[1], spec)).collect()
    }
}
