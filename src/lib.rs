//! Hostscape: many emulated, networked, Unix-like machines in one deterministic simulation.

pub mod base;
pub mod fs;
pub mod kernel;
pub mod net;
pub mod save;
pub mod sim;
pub mod variant;
pub mod world;

#[path = "../programs/mod.rs"]
pub mod programs;

#[doc(hidden)]
pub mod testing;

pub use sim::{ExecError, ExecHandle, LinkView, MachineView, Module, Sim, Spawn, SpawnError};
