//! World.

pub mod file;
mod wheel;
