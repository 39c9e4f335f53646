//! Worlds.

pub mod file;
