//! Checks of a savegame's references, before any of it goes into a world.
//!
//! A savegame may come from a stranger. What is checked here is what the rest of the engine takes
//! for granted: that ids lead somewhere, lists are in order, and nothing lies in the past.

use super::error::{Finding, LoadError, Place};
use super::record::{Key, Record};
use super::snapshot::WorldRecord;
use crate::base::MachineId;
use crate::base::limits::{
    INPUTS_MAX, LAN_ADDRESSES_MAX, LINK_FLIGHT_MAX, LINKS_MAX, MACHINES_MAX,
};
use crate::kernel::{Machine, RelinkError};
use crate::world::flight::Flying;
use crate::world::input::{Input, Inputs};
use crate::world::links::{Cable, Links, Port};

/// The record of this key.
pub(super) fn find(records: &[Record], key: Key) -> Result<&Record, LoadError> {
    let place = records.last().map_or(Place::Byte(0), |record| record.place);
    records.iter().find(|record| record.key == key).ok_or_else(|| {
        LoadError::Inconsistent(Finding { place, what: format!("the record `{key}` is missing") })
    })
}

/// Checks the clock and the counters.
pub(super) fn world(
    record: &Record,
    world: &WorldRecord,
    records: &[Record],
) -> Result<(), LoadError> {
    let count = |is: fn(&Key) -> bool| records.iter().filter(|record| is(&record.key)).count();
    let images = count(|key| matches!(key, Key::Image(_)));
    let machines = count(|key| matches!(key, Key::Machine(_)));
    if u32::try_from(images) != Ok(world.images) {
        return Err(record.contradiction(format!("{} images, but {images} follow", world.images)));
    }
    if u32::try_from(machines) != Ok(world.machines) {
        let what = format!("{} machines, but {machines} follow", world.machines);
        return Err(record.contradiction(what));
    }
    for (what, next, max) in
        [("machines", world.next_machine, MACHINES_MAX), ("links", world.next_link, LINKS_MAX)]
    {
        if next == 0 {
            return Err(record.contradiction(format!("ids of {what} begin with 1")));
        }
        if next - 1 > max {
            return Err(LoadError::TooBig { what: format!("{what} ever made"), limit: max.into() });
        }
    }
    Ok(())
}

/// Checks a machine against the world around it; what is inside it is its own affair.
pub(super) fn machine(
    record: &Record,
    machine: &Machine,
    id: MachineId,
    world: &WorldRecord,
) -> Result<(), LoadError> {
    if machine.id() != id {
        return Err(record.contradiction(format!("it says that it is machine {}", machine.id())));
    }
    if id.0 == 0 || id.0 >= world.next_machine {
        return Err(
            record.contradiction(format!("ids up to {} were given out", world.next_machine))
        );
    }
    if machine.now() > world.tick {
        return Err(record.contradiction(format!("it lives after tick {}", world.tick)));
    }
    Ok(())
}

/// What a machine that can't be linked means for the whole savegame.
pub(super) fn relink(record: &Record, error: &RelinkError) -> LoadError {
    match error {
        RelinkError::Process { error: crate::kernel::StateError::UnknownProgram(_), .. } => {
            LoadError::Missing { what: error.to_string() }
        }
        _ => record.contradiction(error),
    }
}

/// Checks links and what is plugged into them.
pub(super) fn links(
    record: &Record,
    cables: &[Cable],
    machines: &[Machine],
    world: &WorldRecord,
) -> Result<(), LoadError> {
    let mut last = 0;
    let mut plugged: Vec<Port> = Vec::new();
    for cable in cables {
        let id = cable.link.id;
        let wrong = |what: &str| Err(record.contradiction(format!("link {id}: {what}")));
        if id.0 <= last || id.0 >= world.next_link {
            return wrong("its id is out of order or was never given out");
        }
        last = id.0;
        cable.link.check().map_err(|what| record.contradiction(what))?;
        if usize::try_from(cable.link.ports()) != Ok(cable.ports.len()) {
            return wrong("it has another number of ports than of plugs");
        }
        if cable.ports.iter().any(|port| !has_interface(machines, *port)) {
            return wrong("it is plugged into an interface that does not exist");
        }
        plugged.extend(&cable.ports);
        let learned = &cable.learned;
        if learned.len() > LAN_ADDRESSES_MAX || !learned.is_sorted_by(|a, b| a.0 < b.0) {
            return wrong("the addresses it learned are too many or out of order");
        }
        if learned.iter().any(|(_, port)| *port >= cable.link.ports()) {
            return wrong("it learned an address behind a port that it does not have");
        }
    }
    plugged.sort_unstable();
    if plugged.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(record.contradiction("an interface is plugged into two links"));
    }
    Ok(())
}

fn find_machine(machines: &[Machine], id: MachineId) -> Option<&Machine> {
    let place = machines.binary_search_by_key(&id, Machine::id).ok()?;
    Some(&machines[place])
}

/// Whether the machine has this interface, and it is one for links.
fn has_interface(machines: &[Machine], port: Port) -> bool {
    let interfaces = |machine: &Machine| machine.network().interfaces().len();
    let count = find_machine(machines, port.machine).map_or(0, interfaces);
    usize::try_from(port.interface.0).is_ok_and(|index| index > 0 && index < count)
}

/// Checks packets in flight.
pub(super) fn flight(
    record: &Record,
    flight: &[Flying],
    links: &Links,
    world: &WorldRecord,
) -> Result<(), LoadError> {
    let key = |flying: &Flying| (flying.arrival, flying.packet.machine, flying.packet.link);
    if !flight.is_sorted_by_key(key) {
        return Err(record.contradiction("the packets are out of order"));
    }
    let mut on_link = std::collections::BTreeMap::new();
    for (index, Flying { arrival, packet }) in flight.iter().enumerate() {
        let wrong = |what: &str| Err(record.contradiction(format!("packet {index}: {what}")));
        let port = Port { machine: packet.machine, interface: packet.interface };
        let Some(cable) = links.get(packet.link) else { return wrong("there is no such link") };
        if !cable.ports.contains(&port) {
            return wrong("its receiver is not plugged into its link");
        }
        if !cable.link.spec.up {
            return wrong("its link is down");
        }
        if *arrival < world.tick {
            return wrong("it should have arrived already");
        }
        let count = on_link.entry(packet.link).or_insert(0_u32);
        *count += 1;
        if *count > LINK_FLIGHT_MAX {
            return wrong("there are too many on its link");
        }
    }
    Ok(())
}

/// Checks queued inputs.
pub(super) fn inputs(
    record: &Record,
    inputs: &Inputs,
    machines: &[Machine],
    links: &Links,
    world: &WorldRecord,
) -> Result<(), LoadError> {
    if inputs.iter().count() > INPUTS_MAX {
        return Err(LoadError::TooBig {
            what: "queued inputs".to_owned(),
            limit: INPUTS_MAX as u64,
        });
    }
    for (at, input) in inputs.iter() {
        if at < world.tick {
            return Err(record.contradiction(format!("an input for tick {at}, which is over")));
        }
        let known = match input {
            Input::Machine(id, _) => find_machine(machines, *id).is_some(),
            Input::LinkUp(id, _) | Input::LinkSpec(id, _) => links.get(*id).is_some(),
        };
        if !known {
            return Err(record.contradiction("an input for a machine or link that is not there"));
        }
    }
    Ok(())
}
