//! [`Sim`]: the engine's façade, a world and everything one does with it.

mod exec;
mod plan;
mod spawn;
mod view;

use bevy_ecs::schedule::{Schedule, Schedules};
use bevy_ecs::world::World;

use crate::base::digest::Digest;
use crate::base::{LinkId, MachineId, Tick, Ticks};
use crate::kernel::screen::ScreenView;
use crate::kernel::{MachineInput, Program, Registry, TtyId};
use crate::net::LinkSpec;
use crate::save::{self, LoadError};
use crate::world::crew::Crew;
use crate::world::input::{Input, InputError, Inputs};
use crate::world::links::{LinkError, Links, Port};
use crate::world::notice::{Notice, Notices};
use crate::world::phases::Simulate;
use crate::world::{Clock, Programs, machines, next_due, plugin};

pub use exec::{ExecError, ExecHandle};
pub use spawn::{Spawn, SpawnError};
pub use view::{LinkView, MachineView};

#[cfg(test)]
mod tests;

/// Something that adds to what a world can do: programs of a game's own.
pub trait Module {
    /// Adds the module's programs.
    fn install(&self, registry: &mut Registry);
}

/// A simulated world of machines.
///
/// Time passes only when told to: by [`tick`](Self::tick), [`advance`](Self::advance) or
/// [`run_until`](Self::run_until). The same seed and the same inputs give the same world, on any
/// platform and any number of threads.
pub struct Sim {
    world: World,
    schedule: Schedule,
}

impl core::fmt::Debug for Sim {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let count = machines::iter(&self.world).count();
        write!(f, "Sim(tick {}, {count} machines)", self.now())
    }
}

impl Sim {
    /// An empty world with this seed, the built-in programs and the bundled variants.
    pub fn new(seed: u64) -> Self {
        Self::with_programs(seed, built_in_programs())
    }

    /// An empty world that knows these programs alone.
    pub fn with_programs(seed: u64, programs: Registry) -> Self {
        let mut world = World::new();
        plugin::install(&mut world, seed, programs);
        Self::around(world)
    }

    fn around(mut world: World) -> Self {
        let schedule = world.resource_mut::<Schedules>().remove(Simulate);
        Self { world, schedule: schedule.expect("`install` adds the schedule") }
    }

    /// Lends a façade over a world of ours that lives inside a game's bevy world, where
    /// [`plugin::install`] put it.
    ///
    /// # Panics
    ///
    /// If it was not installed there.
    pub fn within<R>(world: &mut World, act: impl FnOnce(&mut Self) -> R) -> R {
        let mut sim = Self::around(core::mem::take(world));
        let result = act(&mut sim);
        let Self { world: mut inside, schedule } = sim;
        inside.resource_mut::<Schedules>().insert(schedule);
        *world = inside;
        result
    }

    /// The bevy world that holds the machines, for games that attach components of their own.
    pub fn bevy_world(&mut self) -> &mut World {
        &mut self.world
    }

    /// Steps machines on this many threads from now on; one is the default. Results are the same
    /// with any number.
    pub fn threads(&mut self, threads: usize) {
        if self.world.resource::<Crew>().threads() != threads.max(1) {
            self.world.insert_resource(Crew::new(threads));
        }
    }

    /// Adds a program that files of this world may refer to, or replaces the one of its name.
    pub fn add_program(&mut self, program: Program) {
        self.registry_mut().add(program);
    }

    /// Adds a module's programs.
    pub fn add_module(&mut self, module: &impl Module) {
        module.install(self.registry_mut());
    }

    /// The programs that files of this world may refer to.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.world.resource_mut::<Programs>().into_inner().0
    }
}

/// Time.
impl Sim {
    /// The tick that runs next; as many have run.
    pub fn now(&self) -> Tick {
        self.world.resource::<Clock>().tick
    }

    /// The seed of all luck in this world.
    pub fn seed(&self) -> u64 {
        self.world.resource::<Clock>().seed
    }

    /// Runs one tick: one simulated millisecond.
    pub fn tick(&mut self) {
        self.schedule.run(&mut self.world);
    }

    /// Lets a span of time pass. Ticks in which nothing is due cost nothing.
    pub fn advance(&mut self, span: Ticks) {
        self.run_until(self.now() + span);
    }

    /// Runs until `end` is the next tick; does nothing if it has passed.
    pub fn run_until(&mut self, end: Tick) {
        while let Some(next) = next_due(&self.world)
            && next < end
        {
            let mut clock = self.world.resource_mut::<Clock>();
            clock.tick = clock.tick.max(next);
            self.tick();
        }
        let mut clock = self.world.resource_mut::<Clock>();
        clock.tick = clock.tick.max(end);
    }

    /// The next tick in which anything happens by itself; none in a world at rest.
    pub fn next_due(&self) -> Option<Tick> {
        next_due(&self.world).map(|next| next.max(self.now()))
    }
}

/// What goes in and out.
impl Sim {
    /// Does something to the world at the beginning of the next tick.
    ///
    /// # Errors
    ///
    /// As [`InputError`] says.
    pub fn input(&mut self, input: Input) -> Result<(), InputError> {
        self.input_at(self.now(), input)
    }

    /// Does something to the world at the beginning of a tick to come.
    ///
    /// # Errors
    ///
    /// As [`InputError`] says.
    pub fn input_at(&mut self, at: Tick, input: Input) -> Result<(), InputError> {
        if at < self.now() {
            return Err(InputError::Past { given: at, next: self.now() });
        }
        match &input {
            Input::Machine(id, _) if machines::get(&self.world, *id).is_none() => {
                return Err(InputError::NoMachine(*id));
            }
            Input::LinkUp(id, _) | Input::LinkSpec(id, _)
                if self.world.resource::<Links>().get(*id).is_none() =>
            {
                return Err(InputError::NoLink(*id));
            }
            _ => {}
        }
        self.world.resource_mut::<Inputs>().push(at, input)
    }

    /// Types text on a terminal of a machine; `\n` is the Enter key.
    ///
    /// # Errors
    ///
    /// As [`InputError`] says.
    pub fn type_text(
        &mut self,
        machine: MachineId,
        tty: TtyId,
        text: impl AsRef<[u8]>,
    ) -> Result<(), InputError> {
        // A keyboard's Enter key sends a carriage return.
        let bytes = text.as_ref().iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte });
        self.input(Input::Machine(machine, MachineInput::Keys { tty, bytes: bytes.collect() }))
    }

    /// Turns a machine on.
    ///
    /// # Errors
    ///
    /// As [`InputError`] says.
    pub fn power_on(&mut self, machine: MachineId) -> Result<(), InputError> {
        self.input(Input::Machine(machine, MachineInput::PowerOn))
    }

    /// Takes what happened since this was last called, in order.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.world.resource_mut::<Notices>().take()
    }

    /// How many notices were dropped because nobody took them.
    pub fn notices_lost(&self) -> u64 {
        self.world.resource::<Notices>().lost()
    }

    /// What a terminal of a machine shows.
    pub fn screen(&self, machine: MachineId, tty: TtyId) -> Option<ScreenView> {
        machines::get(&self.world, machine)?.machine().screen(tty)
    }
}

/// Links.
impl Sim {
    /// Joins two machines by a link between their first free interfaces.
    ///
    /// # Errors
    ///
    /// As [`LinkError`] says.
    pub fn connect(
        &mut self,
        one: MachineId,
        other: MachineId,
        spec: LinkSpec,
    ) -> Result<LinkId, LinkError> {
        let first = self.free_port(one, None)?;
        let second = self.free_port(other, Some(first))?;
        self.connect_ports(&[first, second], spec)
    }

    /// Joins interfaces by a link: two by a cable, more by a LAN.
    ///
    /// # Errors
    ///
    /// As [`LinkError`] says.
    pub fn connect_ports(&mut self, ports: &[Port], spec: LinkSpec) -> Result<LinkId, LinkError> {
        ports.iter().try_for_each(|port| self.check_port(*port))?;
        let seed = self.seed();
        let link = self.world.resource_mut::<Links>().add(spec, ports, seed)?;
        ports.iter().for_each(|port| self.carrier(*port, spec.up));
        Ok(link)
    }

    /// Makes a LAN of the first free interfaces of some machines; more may be plugged in later.
    ///
    /// # Errors
    ///
    /// As [`LinkError`] says.
    pub fn lan(&mut self, machines: &[MachineId], spec: LinkSpec) -> Result<LinkId, LinkError> {
        let mut ports: Vec<Port> = Vec::with_capacity(machines.len());
        for machine in machines {
            ports.push(self.free_port(*machine, ports.last().copied())?);
        }
        self.connect_ports(&ports, spec)
    }

    /// Plugs an interface into a link.
    ///
    /// # Errors
    ///
    /// As [`LinkError`] says.
    pub fn plug(&mut self, link: LinkId, port: Port) -> Result<(), LinkError> {
        self.check_port(port)?;
        let mut links = self.world.resource_mut::<Links>();
        links.plug(link, port)?;
        let up = links.get(link).is_some_and(|cable| cable.link.spec.up);
        self.carrier(port, up);
        Ok(())
    }

    /// Removes a link with what is in flight on it.
    pub fn disconnect(&mut self, link: LinkId) {
        let ports = self.world.resource_mut::<Links>().remove(link);
        self.world.resource_mut::<crate::world::flight::Flight>().lose(link);
        self.world.resource_mut::<Inputs>().forget_link(link);
        ports.into_iter().for_each(|port| self.carrier(port, false));
    }

    /// The machines on the shortest way from one to another over links that are up.
    pub fn path(&self, from: MachineId, to: MachineId) -> Option<Vec<MachineId>> {
        self.world.resource::<Links>().path(from, to)
    }

    fn check_port(&self, port: Port) -> Result<(), LinkError> {
        let body =
            machines::get(&self.world, port.machine).ok_or(LinkError::NoMachine(port.machine))?;
        let count = body.machine().network().interfaces().len();
        // Interface 0 is the loopback, into which nothing can be plugged.
        match usize::try_from(port.interface.0) {
            Ok(index) if (1..count).contains(&index) => Ok(()),
            _ => Err(LinkError::NoInterface(port)),
        }
    }

    /// The first interface that is in no link, and is not `taken`.
    fn free_port(&mut self, machine: MachineId, taken: Option<Port>) -> Result<Port, LinkError> {
        let body = machines::get(&self.world, machine).ok_or(LinkError::NoMachine(machine))?;
        let count = u32::try_from(body.machine().network().interfaces().len()).unwrap_or(u32::MAX);
        let mut links = self.world.resource_mut::<Links>();
        (1..count)
            .map(|number| Port { machine, interface: crate::net::InterfaceId(number) })
            .find(|port| Some(*port) != taken && links.socket(*port).is_none())
            .ok_or(LinkError::NoFreeInterface(machine))
    }

    fn carrier(&mut self, port: Port, up: bool) {
        let now = self.now();
        if let Some(body) = machines::get_mut(&mut self.world, port.machine) {
            body.touch().input(MachineInput::Carrier(port.interface, up), now);
            plugin::rouse(&mut self.world, port.machine);
        }
    }
}

/// State.
impl Sim {
    /// The digest of everything that can affect the future: equal worlds have equal digests.
    pub fn digest(&mut self) -> Digest {
        crate::world::digest(&mut self.world)
    }

    /// The digest of one machine.
    pub fn machine_digest(&mut self, machine: MachineId) -> Option<Digest> {
        crate::world::machine_digest(&mut self.world, machine)
    }

    /// The whole world as a readable savegame.
    pub fn save(&mut self) -> String {
        save::to_text(&mut self.world)
    }

    /// The whole world as a savegame of one printable line.
    pub fn save_compact(&self) -> String {
        save::to_compact(&self.world)
    }

    /// The world of a savegame in either form, with the built-in programs.
    ///
    /// # Errors
    ///
    /// As [`LoadError`] says; nothing was built then.
    pub fn load(savegame: &str) -> Result<Self, LoadError> {
        Self::load_with(savegame, built_in_programs())
    }

    /// The world of a savegame in either form, with these programs.
    ///
    /// # Errors
    ///
    /// As [`LoadError`] says; nothing was built then.
    pub fn load_with(savegame: &str, programs: Registry) -> Result<Self, LoadError> {
        save::build(save::container(savegame)?, programs).map(Self::around)
    }
}

/// The programs that come with the engine.
fn built_in_programs() -> Registry {
    let mut registry = Registry::new();
    registry.add_all(crate::programs::ALL);
    registry
}
