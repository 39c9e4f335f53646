//! One machine's filesystem: inodes, images, paths, permissions, mounts.
//!
//! [`Vfs`] is the whole of it. It knows no process: who asks, from where and when comes with
//! every call as a [`Context`]; what files beyond storage mean (devices, pipes, `/proc`) is the
//! kernel's business, which it is told through [`Kind`] and asked for through [`Synthetic`].

mod access;
mod attributes;
mod check;
mod data;
mod image;
mod inode;
pub mod mode;
mod mount;
mod mounting;
mod names;
mod open;
mod path;
mod program;
mod stat;
mod step;
mod tree;
mod vfs;

pub use access::Access;
pub use attributes::SetTime;
pub use check::Damage;
pub use data::Data;
pub use image::{Image, ImageBuilder};
pub use inode::{Directory, InodeKind};
pub use mode::{AccessMode, FileType, OpenFlags};
pub use mount::{
    MountId, MountInfo, MountKind, NoSynthetic, Node, Synthetic, SyntheticTree, TmpfsOptions,
};
pub use path::Follow;
pub use program::ProgramFile;
pub use stat::{DirEntry, Stat, StatVfs};
pub use vfs::{Context, Kind, Vfs};

#[cfg(test)]
mod tests;
