//! sh: the shell.

pub mod arith;
pub mod code;
pub mod fields;
pub mod parse;
pub mod pattern;
