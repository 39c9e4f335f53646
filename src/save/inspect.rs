//! Looking at savegames without playing them: what is inside, what is wrong, what differs.

use super::diff::{self, Difference};
use super::error::{Finding, LoadError, Place};
use super::record::{Key, Record, summary};
use super::snapshot::{WorldRecord, build, to_text};
use super::{compact, container};
use crate::base::digest::Digest;
use crate::base::{MachineId, Tick};
use crate::kernel::{Machine, PowerState, Registry};

/// What a savegame says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Whether it is the one-line form.
    pub compact: bool,
    /// The format it is written in.
    pub format: u32,
    /// The version of the engine that wrote it.
    pub engine: String,
    /// The digest of its world.
    pub digest: Digest,
    /// The tick that runs next in it, if that part is whole.
    pub tick: Option<Tick>,
    /// The seed of all luck, if that part is whole.
    pub seed: Option<u64>,
    /// Bytes of images before packing.
    pub image_bytes: u64,
    /// Bytes of links, packets in flight and queued inputs before packing.
    pub link_bytes: u64,
    /// The machines that are whole.
    pub machines: Vec<MachineInspection>,
    /// What is whole, in words.
    pub whole: String,
    /// What is damaged.
    pub findings: Vec<Finding>,
}

/// What a savegame says about a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineInspection {
    /// Its id.
    pub id: MachineId,
    /// Its name.
    pub name: String,
    /// Its variant.
    pub variant: String,
    /// Whether it is on.
    pub power: PowerState,
    /// How many processes it has.
    pub processes: u32,
    /// Bytes of its state before packing.
    pub bytes: u64,
}

/// Looks into a savegame, as far as it is whole.
///
/// # Errors
///
/// As [`LoadError`] says, if not even its header can be read.
pub fn inspect(savegame: &str) -> Result<Inspection, LoadError> {
    let container = container(savegame)?;
    let records = &container.records;
    let bytes = |wanted: fn(&Key) -> bool| {
        let matching = records.iter().filter(|record| wanted(&record.key));
        matching.map(|record| record.len() as u64).sum()
    };
    let world: Option<WorldRecord> =
        records.iter().find(|record| record.key == Key::World).and_then(|it| it.decode().ok());
    Ok(Inspection {
        compact: savegame.trim_start().starts_with(compact::MAGIC),
        format: container.header.format,
        engine: container.header.engine.clone(),
        digest: container.header.digest,
        tick: world.as_ref().map(|world| world.tick),
        seed: world.as_ref().map(|world| world.seed),
        image_bytes: bytes(|key| matches!(key, Key::Image(_))),
        link_bytes: bytes(|key| matches!(key, Key::Links | Key::Flight | Key::Inputs)),
        machines: records.iter().filter_map(inspect_machine).collect(),
        whole: summary(records),
        findings: container.findings,
    })
}

fn inspect_machine(record: &Record) -> Option<MachineInspection> {
    let Key::Machine(id) = record.key else { return None };
    let machine: Machine = record.decode().ok()?;
    Some(MachineInspection {
        id,
        name: machine.name().to_owned(),
        variant: machine.variant().to_owned(),
        power: machine.power(),
        processes: u32::try_from(machine.processes().count()).unwrap_or(u32::MAX),
        bytes: record.len() as u64,
    })
}

/// Everything that is wrong with a savegame; nothing if it can be loaded with these programs.
pub fn check(savegame: &str, programs: Registry) -> Vec<Finding> {
    let container = match container(savegame) {
        Ok(container) => container,
        Err(error) => return vec![finding(error)],
    };
    if container.findings.is_empty() {
        build(container, programs).err().map(finding).into_iter().collect()
    } else {
        container.findings
    }
}

/// An error as a finding; at the beginning, if it is about the savegame as a whole.
fn finding(error: LoadError) -> Finding {
    match error {
        LoadError::Damaged { first, .. } | LoadError::Inconsistent(first) => first,
        error => Finding { place: Place::Line(1, 1), what: error.to_string() },
    }
}

/// Where two savegames differ, whatever form each has.
///
/// # Errors
///
/// As [`LoadError`] says of the one that can't be loaded.
pub fn differences(
    left: &str,
    right: &str,
    programs: &Registry,
) -> Result<Vec<Difference>, LoadError> {
    let records = |savegame: &str| -> Result<Vec<Record>, LoadError> {
        let mut world = build(container(savegame)?, programs.clone())?;
        Ok(container(&to_text(&mut world))?.records)
    };
    Ok(diff::records(&records(left)?, &records(right)?))
}
