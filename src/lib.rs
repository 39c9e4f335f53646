//! Hostscape: many emulated, networked, Unix-like machines in one deterministic simulation.

pub mod base;

pub mod fs;
pub mod kernel;
pub mod net;
#[path = "../programs/mod.rs"]
pub mod programs;
pub mod save;
#[doc(hidden)]
pub mod testing;
pub mod variant;
pub mod world;
