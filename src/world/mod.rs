//! Worlds.

pub mod file;
//! World.

mod wheel;
