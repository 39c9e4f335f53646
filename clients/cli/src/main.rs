//! The `hostscape` command.

fn main() {}
