//! World files: which machines exist, how they are joined and addressed, what differs on each.
//!
//! [`read`] turns a `*.world.ron` into a [`WorldSpec`], from which machines and links are made in
//! order; [`check`] lists what is wrong with one. What a machine knows of the world it knows from
//! files written over its image: `/etc/hostname`, `/etc/hosts`, `/etc/network/interfaces`.
//!
//! ```
//! use hostscape::variant::Catalogue;
//! use hostscape::world::file;
//!
//! let catalogue = Catalogue::bundled();
//! let (world, warnings) = file::read("demo.world.ron", file::DEMO, &catalogue).unwrap();
//! assert!(warnings.is_empty());
//! assert_eq!(world.machines.len(), 5);
//! ```

mod epoch;
mod files;
pub mod map;
mod network;
mod reader;
mod routes;
mod schema;
mod spec;

pub use schema::{FileRow, InterfaceEntry, LanEntry, LinkEntry, MachineEntry, Routes, WorldFile};
pub use spec::{MachinePlan, Port, SegmentKind, SegmentPlan, WorldSpec};

use crate::variant::Catalogue;
use crate::variant::finding::{Finding, Report};
use crate::variant::read::{self as ron_file, Checked};

/// The bundled demo: two LANs, three desktops, two routers.
pub const DEMO: &str = include_str!("../../examples/worlds/demo.world.ron");

/// The smallest network: two machines and a cable.
pub const TWO_MACHINES: &str = include_str!("../../examples/worlds/two_machines.world.ron");

/// Reads a world; `file` is what findings call it.
///
/// # Errors
///
/// Every finding, if one of them is an error. Otherwise the warnings come with the world.
pub fn read(
    file: &str,
    text: impl AsRef<[u8]>,
    catalogue: &Catalogue,
) -> Result<(WorldSpec, Vec<Finding>), Vec<Finding>> {
    let mut report = Report::new(file);
    let spec = plan(&mut report, text.as_ref(), catalogue);
    ron_file::conclude(report, spec)
}

/// Everything that is wrong with a world; `file` is what findings call it.
pub fn check(file: &str, text: impl AsRef<[u8]>, catalogue: &Catalogue) -> Vec<Finding> {
    match read(file, text, catalogue) {
        Ok((_, warnings)) => warnings,
        Err(findings) => findings,
    }
}

fn plan(report: &mut Report, text: &[u8], catalogue: &Catalogue) -> Option<WorldSpec> {
    let (world, outline) = ron_file::read::<WorldFile>(report, text)?;
    let checked = Checked { outline: &outline, report };
    let mut reader = reader::Reader::new(checked, catalogue, &world);
    let mut spec = reader.plan();
    let networks = network::check(&mut reader.checked, &world, &spec);
    // Addresses that mean nothing give routes that mean nothing.
    if !reader.checked.report.has_errors() {
        routes::compute(&mut reader.checked, &world, &mut spec, &networks);
    }
    files::write(&mut reader, &mut spec);
    Some(spec)
}

#[cfg(test)]
mod tests;
