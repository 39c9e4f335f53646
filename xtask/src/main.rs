//! `cargo xtask`: generated lists, tidy checks and CI.

fn main() {}
