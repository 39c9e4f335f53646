//! The plugin: a world of ours inside a bevy world, be it a game's or [`Sim`](crate::Sim)'s own.

use bevy_ecs::change_detection::Mut;
use bevy_ecs::schedule::Schedules;
use bevy_ecs::world::World;

use super::crew::Crew;
use super::flight::{Flight, Flying};
use super::images::Images;
use super::input::Inputs;
use super::links::Links;
use super::machines::{self, Body, Identity, Index};
use super::notice::Notices;
use super::phases::{Work, schedule};
use super::wake::WakeSet;
use super::{Clock, EPOCH, Programs, Variants};
use crate::base::{MachineId, Tick};
use crate::kernel::{Machine, Registry};
use crate::variant::Catalogue;

/// Installs an empty world of this seed: its resources and the schedule
/// [`Simulate`](super::phases::Simulate), one run of which is one tick.
///
/// Machines become entities with an [`Identity`] and a
/// [`Body`], to which a game may attach components of its own.
pub fn install(world: &mut World, seed: u64, programs: Registry) {
    world.insert_resource(Clock { tick: Tick::ZERO, seed, next_machine: 1, epoch: EPOCH });
    world.insert_resource(Programs(programs));
    world.insert_resource(Variants(Catalogue::bundled()));
    world.insert_resource(Index::default());
    world.insert_resource(Links::new(Vec::new(), 1));
    world.insert_resource(Flight::default());
    world.insert_resource(WakeSet::default());
    world.insert_resource(Inputs::default());
    world.insert_resource(Notices::default());
    world.insert_resource(Images::default());
    world.insert_resource(Work::default());
    world.insert_resource(Crew::new(1));
    world.get_resource_or_init::<Schedules>().insert(schedule());
}

/// A world's state in parts, as a savegame gives it.
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) images: Images,
    /// Ascending by id.
    pub(crate) machines: Vec<Machine>,
    pub(crate) links: Links,
    /// In the order of delivery.
    pub(crate) flight: Vec<Flying>,
    pub(crate) inputs: Inputs,
}

/// Puts a state into a world that was just installed, and rebuilds what is not saved.
pub(crate) fn fill(world: &mut World, parts: Parts) {
    let now = parts.clock.tick;
    world.insert_resource(parts.clock);
    world.insert_resource(parts.images);
    let mut inputs = parts.inputs;
    inputs.recount();
    world.insert_resource(inputs);
    let mut flight = Flight::default();
    for Flying { arrival, packet } in parts.flight {
        flight.send(now, arrival, packet);
    }
    let mut links = parts.links;
    links.recount(&flight);
    world.insert_resource(links);
    world.insert_resource(flight);
    parts.machines.into_iter().for_each(|machine| enter(world, machine));
}

/// Makes an entity of a machine and enters it into the wake set.
pub(crate) fn enter(world: &mut World, machine: Machine) {
    let id = machine.id();
    world.spawn((Identity(id), Body::new(machine)));
    rouse(world, id);
}

/// Enters a machine that was touched between ticks into the wake set.
pub(crate) fn rouse(world: &mut World, id: MachineId) {
    let now = world.resource::<Clock>().tick;
    world.resource_scope(|world, mut wakes: Mut<'_, WakeSet>| {
        if let Some(body) = machines::get_mut(world, id) {
            wakes.enter(id, body, now);
        }
    });
}
