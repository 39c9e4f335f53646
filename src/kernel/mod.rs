//! One machine's kernel.

pub mod screen;
pub mod tty;
