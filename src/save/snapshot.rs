//! Snapshots: a world's state as records, and a world from records.

use serde::{Deserialize, Serialize};

use super::check;
use super::error::{Finding, LoadError, Place};
use super::record::{Container, FORMAT, Header, Key, Record};
use super::{compact, text};
use crate::base::digest::Digest;
use crate::base::{Tick, Timestamp};
use crate::kernel::{Machine, Registry};
use crate::world::flight::{Flight, Flying, InFlight};
use crate::world::images::Images;
use crate::world::input::Inputs;
use crate::world::links::{Cable, Links};
use crate::world::plugin::{Parts, fill, install};
use crate::world::{Clock, World, digest, digest_with, machines};

/// The first record: what the world itself knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WorldRecord {
    pub(super) tick: Tick,
    pub(super) seed: u64,
    pub(super) epoch: Timestamp,
    pub(super) next_machine: u32,
    pub(super) next_link: u32,
    /// How many images and machines follow, so that none can be missing unnoticed.
    pub(super) images: u32,
    pub(super) machines: u32,
}

impl WorldRecord {
    fn of(world: &World) -> Self {
        let clock = world.resource::<Clock>();
        let count = |count: usize| u32::try_from(count).expect("bounded by MACHINES_MAX");
        Self {
            tick: clock.tick,
            seed: clock.seed,
            epoch: clock.epoch,
            next_machine: clock.next_machine,
            next_link: world.resource::<Links>().next,
            images: count(world.resource::<Images>().iter().len()),
            machines: count(machines::iter(world).count()),
        }
    }
}

/// A packet in flight, by reference.
#[derive(Serialize)]
struct FlyingRef<'a> {
    arrival: Tick,
    packet: &'a InFlight,
}

fn flying(world: &World) -> Vec<FlyingRef<'_>> {
    let packets = world.resource::<Flight>().iter().into_iter();
    packets.map(|(arrival, packet)| FlyingRef { arrival, packet }).collect()
}

fn cables(world: &World) -> Vec<&Cable> {
    world.resource::<Links>().iter().collect()
}

/// The readable savegame of a world.
pub(crate) fn to_text(world: &mut World) -> String {
    let digest = digest(world);
    let world: &World = world;
    let mut writer = text::Writer::new(&Header::new(digest));
    writer.record(Key::World, &WorldRecord::of(world));
    for (digest, image) in world.resource::<Images>().iter() {
        writer.record(Key::Image(digest), image);
    }
    for (id, body) in machines::iter(world) {
        writer.record(Key::Machine(id), body.machine());
    }
    writer.record(Key::Links, &cables(world));
    writer.record(Key::Flight, &flying(world));
    writer.record(Key::Inputs, world.resource::<Inputs>());
    writer.finish()
}

/// The compact savegame of a world.
pub(crate) fn to_compact(world: &World) -> String {
    let mut writer = compact::Writer::new(Header::new(Digest::default()));
    writer.record(Key::World, &WorldRecord::of(world));
    for (digest, image) in world.resource::<Images>().iter() {
        writer.record(Key::Image(digest), image);
    }
    // A record's digest is a machine's digest: both are over its postcard.
    let digests: Vec<_> = machines::iter(world)
        .map(|(id, body)| (id, writer.record(Key::Machine(id), body.machine())))
        .collect();
    writer.record(Key::Links, &cables(world));
    writer.record(Key::Flight, &flying(world));
    writer.record(Key::Inputs, world.resource::<Inputs>());
    writer.set_digest(digest_with(world, digests.into_iter()));
    writer.finish()
}

/// A world from checked records.
pub(crate) fn build(container: Container, programs: Registry) -> Result<World, LoadError> {
    let binary = container.is_binary();
    let (header, records) = container.whole()?;
    let (seed, parts) = parts(&records, &programs)?;
    let mut world = World::new();
    install(&mut world, seed, programs);
    fill(&mut world, parts);
    if header.format != FORMAT {
        // A migrated world is another one, with another digest.
        return Ok(world);
    }
    let found = if binary {
        // The records' digests were checked, and they are the machines'.
        let machines = records.iter().filter_map(|record| match record.key {
            Key::Machine(id) => Some((id, record.digest)),
            _ => None,
        });
        digest_with(&world, machines)
    } else {
        digest(&mut world)
    };
    if found != header.digest {
        let what = format!("its digest is {found}, but {} was written", header.digest);
        let place = records.first().map_or(Place::Byte(0), |record| record.place);
        return Err(LoadError::Inconsistent(Finding { place, what }));
    }
    Ok(world)
}

/// Decodes and checks every record.
fn parts(records: &[Record], programs: &Registry) -> Result<(u64, Parts), LoadError> {
    let world_record = check::find(records, Key::World)?;
    let world: WorldRecord = world_record.decode()?;
    check::world(world_record, &world, records)?;
    let mut images = Images::default();
    let mut machines = Vec::new();
    for record in records {
        match record.key {
            Key::Image(digest) => {
                let image = record.decode()?;
                images.load(image, digest).map_err(|found| {
                    record.contradiction(format!("its content has the digest {found}"))
                })?;
            }
            Key::Machine(id) => {
                let mut machine: Machine = record.decode()?;
                machine
                    .relink(programs, &|digest| images.get(digest))
                    .map_err(|error| check::relink(record, &error))?;
                check::machine(record, &machine, id, &world)?;
                machines.push(machine);
            }
            Key::World | Key::Links | Key::Flight | Key::Inputs => {}
        }
    }
    let links_record = check::find(records, Key::Links)?;
    let cables: Vec<Cable> = links_record.decode()?;
    check::links(links_record, &cables, &machines, &world)?;
    let flight_record = check::find(records, Key::Flight)?;
    let flight: Vec<Flying> = flight_record.decode()?;
    let links = Links::new(cables, world.next_link);
    check::flight(flight_record, &flight, &links, &world)?;
    let inputs_record = check::find(records, Key::Inputs)?;
    let inputs: Inputs = inputs_record.decode()?;
    check::inputs(inputs_record, &inputs, &machines, &links, &world)?;
    let WorldRecord { tick, seed, epoch, next_machine, .. } = world;
    let clock = Clock { tick, seed, next_machine, epoch };
    Ok((world.seed, Parts { clock, images, machines, links, flight, inputs }))
}
