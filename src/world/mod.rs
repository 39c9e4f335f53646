//! World.

mod wheel;
