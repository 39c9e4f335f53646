//! Hostscape: many emulated, networked, Unix-like machines in one deterministic simulation.

pub mod base;

#[path = "../programs/mod.rs"]
pub mod programs;
