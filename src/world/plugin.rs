//! The plugin: a world of ours inside a bevy world, be it a game's or [`Sim`](crate::Sim)'s own.

use bevy_ecs::schedule::Schedules;
use bevy_ecs::world::World;

use super::crew::Crew;
use super::flight::Flight;
use super::images::Images;
use super::input::Inputs;
use super::links::Links;
use super::machines::Index;
use super::notice::Notices;
use super::phases::{Work, schedule};
use super::wake::WakeSet;
use super::{Clock, Programs};
use crate::base::Tick;
use crate::kernel::Registry;

/// Installs an empty world of this seed: its resources and the schedule
/// [`Simulate`](super::phases::Simulate), one run of which is one tick.
///
/// Machines become entities with an [`Identity`](super::machines::Identity) and a
/// [`Body`](super::machines::Body), to which a game may attach components of its own.
pub fn install(world: &mut World, seed: u64, programs: Registry) {
    world.insert_resource(Clock { tick: Tick::ZERO, seed, next_machine: 1 });
    world.insert_resource(Programs(programs));
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
