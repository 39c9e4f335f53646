//! Programs: one file each; the shell has a folder.

pub mod sh;
