//! Machines as entities: the one place where they are looked up.
//!
//! Invariant: whatever visits machines does so in the order of their ids. bevy's query order and
//! entity numbers depend on a world's history, so an `Index` maps ids to entities, kept by the
//! hooks of the immutable [`Identity`] component; nothing outside this file sees a query.

#![expect(
    clippy::disallowed_types,
    reason = "`Query` is wrapped here so that it is needed nowhere else"
)]

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use bevy_ecs::lifecycle::HookContext;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, SystemParam};
use bevy_ecs::world::{DeferredWorld, World};

use crate::base::digest::Digest;
use crate::base::{MachineId, Tick};
use crate::kernel::Machine;

/// Which machine an entity is. A game attaches its own components beside it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[component(immutable, on_insert = enter, on_discard = leave)]
pub struct Identity(pub MachineId);

fn enter(mut world: DeferredWorld<'_>, context: HookContext) {
    if let Some(Identity(id)) = world.get::<Identity>(context.entity).copied() {
        world.resource_mut::<Index>().insert(id, context.entity);
    }
}

fn leave(mut world: DeferredWorld<'_>, context: HookContext) {
    if let Some(Identity(id)) = world.get::<Identity>(context.entity).copied() {
        world.resource_mut::<Index>().remove(id);
    }
}

/// The entities of all machines, in the order of their ids.
#[derive(Resource, Debug, Default)]
pub(crate) struct Index {
    /// Ascending. Ids are given out in order, so an id's place is usually known without a search.
    entries: Vec<(MachineId, Entity)>,
}

impl Index {
    fn place(&self, id: MachineId) -> Result<usize, usize> {
        let guess = usize::try_from(id.0).unwrap_or(usize::MAX).wrapping_sub(1);
        match self.entries.get(guess) {
            Some((found, _)) if *found == id => Ok(guess),
            _ => self.entries.binary_search_by_key(&id, |(id, _)| *id),
        }
    }

    fn insert(&mut self, id: MachineId, entity: Entity) {
        match self.place(id) {
            Ok(place) => self.entries[place].1 = entity,
            Err(place) => self.entries.insert(place, (id, entity)),
        }
    }

    fn remove(&mut self, id: MachineId) {
        if let Ok(place) = self.place(id) {
            self.entries.remove(place);
        }
    }

    /// The entity of a machine.
    pub(crate) fn entity(&self, id: MachineId) -> Option<Entity> {
        self.place(id).ok().map(|place| self.entries[place].1)
    }

    /// All machines, ascending.
    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = MachineId> + '_ {
        self.entries.iter().map(|(id, _)| *id)
    }
}

/// A machine and what the world remembers about it.
#[derive(Component, Debug)]
pub struct Body {
    /// Taken out only while it is stepped on another thread.
    machine: Option<Box<Machine>>,
    /// The earliest tick for which the wake set knows the machine.
    pub(crate) wake: Tick,
    /// The tick it was known for before that; the wake set still has the entry.
    pub(crate) later: Tick,
    /// Its digest, until it is touched.
    digest: Option<Digest>,
}

const AT_HOME: &str = "a machine is away only within the step phase";

impl Body {
    pub(crate) fn new(machine: Machine) -> Self {
        Self {
            machine: Some(Box::new(machine)),
            wake: Tick::NEVER,
            later: Tick::NEVER,
            digest: None,
        }
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        self.machine.as_deref().expect(AT_HOME)
    }

    /// The machine, to be changed.
    pub(crate) fn touch(&mut self) -> &mut Machine {
        self.digest = None;
        self.machine.as_deref_mut().expect(AT_HOME)
    }

    /// The machine, for calls that ask for more than they need and change nothing.
    pub(crate) fn peek(&mut self) -> &mut Machine {
        self.machine.as_deref_mut().expect(AT_HOME)
    }

    /// Takes the machine out, to be stepped elsewhere.
    pub(crate) fn lend(&mut self) -> Box<Machine> {
        self.digest = None;
        self.machine.take().expect(AT_HOME)
    }

    /// Puts the machine back.
    pub(crate) fn give_back(&mut self, machine: Box<Machine>) {
        self.machine = Some(machine);
    }

    /// The machine's digest, if it was not touched since it was last taken.
    pub(crate) fn known_digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Keeps the machine's digest until it is touched.
    pub(crate) fn set_digest(&mut self, digest: Digest) {
        self.digest = Some(digest);
    }
}

/// Access to machines from a system, by id.
#[derive(SystemParam)]
pub(crate) struct Machines<'w, 's> {
    index: Res<'w, Index>,
    bodies: Query<'w, 's, &'static mut Body>,
}

impl Machines<'_, '_> {
    pub(crate) fn get_mut(&mut self, id: MachineId) -> Option<&mut Body> {
        let entity = self.index.entity(id)?;
        // A game may have despawned the body and kept the entity.
        self.bodies.get_mut(entity).ok().map(bevy_ecs::change_detection::Mut::into_inner)
    }
}

/// The body of a machine, outside systems.
pub(crate) fn get(world: &World, id: MachineId) -> Option<&Body> {
    world.get(world.resource::<Index>().entity(id)?)
}

/// The body of a machine, outside systems, to be changed.
pub(crate) fn get_mut(world: &mut World, id: MachineId) -> Option<&mut Body> {
    let entity = world.resource::<Index>().entity(id)?;
    world.get_mut(entity).map(bevy_ecs::change_detection::Mut::into_inner)
}

/// All bodies, in the order of machine ids.
pub(crate) fn iter(world: &World) -> impl Iterator<Item = (MachineId, &Body)> {
    let entries = &world.resource::<Index>().entries;
    entries.iter().filter_map(|(id, entity)| Some((*id, world.get(*entity)?)))
}
