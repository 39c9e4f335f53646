//! A world: machines as entities, links between them, and the phases of a tick.
//!
//! This is the only module that names bevy_ecs. Everything a tick works on is a resource of the
//! bevy world, so that a game may keep a world of ours inside its own.

pub(crate) use bevy_ecs::world::World;

pub mod input;
pub mod links;
pub mod machines;
pub mod notice;
pub mod phases;
pub mod plugin;

pub(crate) mod crew;
pub mod file;
pub(crate) mod flight;
pub(crate) mod images;
pub(crate) mod wake;
mod wheel;

/// What holds everything; layers above take it from here and know no ECS by name.
use crate::base::digest::{Digest, Hasher};
use crate::base::{MachineId, Tick, Timestamp};
use crate::kernel::Registry;
use crate::variant::Catalogue;
use bevy_ecs::resource::Resource;

/// Where a world is in time, and what it gives out next.
#[derive(Resource, Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The tick that runs next, or is running.
    pub(crate) tick: Tick,
    /// The seed of all luck.
    pub(crate) seed: u64,
    /// The id that the next machine gets.
    pub(crate) next_machine: u32,
    /// What clocks show at tick 0 on machines made from now on.
    pub(crate) epoch: Timestamp,
}

/// What clocks show at tick 0 unless a world says otherwise: 2026-01-01 00:00:00 UTC.
pub(crate) const EPOCH: Timestamp = Timestamp { secs: 1_767_225_600, nanos: 0 };

/// The variants that machines can be of.
#[derive(Resource, Clone, Debug)]
pub(crate) struct Variants(pub(crate) Catalogue);

/// The programs that files of this world may refer to.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Programs(pub(crate) Registry);

/// The next tick in which anything is due.
pub(crate) fn next_due(world: &World) -> Option<Tick> {
    let wake = world.resource::<wake::WakeSet>().next();
    let arrival = world.resource::<flight::Flight>().next();
    let input = world.resource::<input::Inputs>().next();
    [wake, arrival, input].into_iter().flatten().min()
}

/// The digest of one machine, taken at most once between touches.
pub(crate) fn machine_digest(world: &mut World, id: MachineId) -> Option<Digest> {
    let body = machines::get_mut(world, id)?;
    let digest = body.known_digest().unwrap_or_else(|| body.machine().digest());
    body.set_digest(digest);
    Some(digest)
}

/// The digest of everything that can affect the future.
pub(crate) fn digest(world: &mut World) -> Digest {
    let ids: Vec<MachineId> = world.resource::<machines::Index>().ids().collect();
    let digests: Vec<_> =
        ids.into_iter().filter_map(|id| Some((id, machine_digest(world, id)?))).collect();
    digest_with(world, digests.into_iter())
}

/// The digest of everything, given those of the machines in the order of their ids.
pub(crate) fn digest_with(
    world: &World,
    machines: impl Iterator<Item = (MachineId, Digest)>,
) -> Digest {
    let clock = world.resource::<Clock>();
    let links = world.resource::<links::Links>();
    let mut hasher = Hasher::default();
    hasher.value(&(clock.tick, clock.seed, clock.next_machine, clock.epoch, links.next));
    machines.for_each(|machine| hasher.value(&machine));
    links.iter().for_each(|cable| hasher.value(cable));
    world.resource::<flight::Flight>().iter().iter().for_each(|packet| hasher.value(packet));
    hasher.value(world.resource::<input::Inputs>());
    hasher.finish()
}
