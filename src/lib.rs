//! Hostscape: many emulated, networked, Unix-like machines in one deterministic simulation.

pub mod base;

pub mod fs;
pub mod kernel;
pub mod net;
pub mod save;
pub mod variant;
pub mod world;
#[path = "../programs/mod.rs"]
pub mod programs;
#[doc(hidden)]
pub mod testing;
