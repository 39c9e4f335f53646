//! Inodes: what a file is, apart from its names.

use std::collections::BTreeMap;

use bstr::{BStr, BString};
use serde::{Deserialize, Serialize};

use super::access::Guard;
use super::data::{Data, PAGE};
use super::mode::FileType;
use super::program::ProgramFile;
use crate::base::{Gid, Ino, Timestamp, Uid};

/// The inode number of every tree's root directory.
pub(super) const ROOT_INO: Ino = Ino(1);

/// In a directory laid over an image's: "this name is gone". No inode has this number.
pub(super) const GONE: Ino = Ino(0);

/// Symbolic links up to this length fit into the inode and take no block (ext4).
const FAST_SYMLINK: usize = 60;

/// Entries that fill one page of a directory, for what a directory is said to occupy.
const ENTRIES_PER_PAGE: u64 = 64;

/// An entry's name, without slack.
pub(super) type Name = Box<BStr>;

/// A name of exactly these bytes.
pub(super) fn name(bytes: &[u8]) -> Name {
    Box::<[u8]>::from(bytes).into()
}

/// One file: its kind and content, its owner, its permissions, its times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inode {
    pub kind: InodeKind,
    /// Permission bits, set-id and sticky bits included.
    pub mode: u16,
    pub uid: Uid,
    pub gid: Gid,
    /// Names of this inode; of a directory, 2 and one for each subdirectory; 0 once removed.
    pub nlink: u32,
    pub atime: Timestamp,
    pub mtime: Timestamp,
    pub ctime: Timestamp,
}

/// What an inode is, with its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InodeKind {
    /// A regular file.
    File(Data),
    /// A regular file that runs an implementation from the program registry.
    Program(ProgramFile),
    /// A directory.
    Directory(Directory),
    /// A symbolic link and its target.
    Symlink(BString),
    /// A named pipe; its bytes are the kernel's.
    Fifo,
    /// A character device.
    CharDevice {
        /// Which driver.
        major: u32,
        /// Which of the driver's devices.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Which driver.
        major: u32,
        /// Which of the driver's devices.
        minor: u32,
    },
    /// A local socket's name; its bytes are the kernel's.
    Socket,
}

/// A directory: its names, and where it hangs.
///
/// Invariant: in an image and in a new directory `entries` are all entries. In a directory of a
/// machine that lies over one of its image, `entries` are the differences alone, `GONE` marking
/// removed names; `len` counts what the two make together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    pub(super) parent: Ino,
    /// The name this directory has in `parent`, so that `getcwd` needs no search.
    pub(super) name: Name,
    pub(super) len: u32,
    pub(super) entries: BTreeMap<Name, Ino>,
}

impl Directory {
    pub(super) fn new(parent: Ino, name: Name) -> Self {
        Self { parent, name, len: 0, entries: BTreeMap::new() }
    }
}

impl InodeKind {
    /// The type that `stat` reports.
    pub fn file_type(&self) -> FileType {
        match self {
            Self::File(_) | Self::Program(_) => FileType::Regular,
            Self::Directory(_) => FileType::Directory,
            Self::Symlink(_) => FileType::Symlink,
            Self::Fifo => FileType::Fifo,
            Self::CharDevice { .. } => FileType::CharDevice,
            Self::BlockDevice { .. } => FileType::BlockDevice,
            Self::Socket => FileType::Socket,
        }
    }

    /// The length that `stat` reports.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File(data) => data.len(),
            Self::Program(program) => program.size(),
            Self::Directory(_) => self.pages() * PAGE as u64,
            Self::Symlink(target) => target.len() as u64,
            _ => 0,
        }
    }

    /// How many pages of the disk this takes.
    pub(super) fn pages(&self) -> u64 {
        match self {
            Self::File(data) => data.pages(),
            Self::Program(program) => program.size().div_ceil(PAGE as u64),
            Self::Directory(directory) => directory_pages(directory.len),
            Self::Symlink(target) => u64::from(target.len() >= FAST_SYMLINK),
            _ => 0,
        }
    }
}

/// How many pages a directory of `len` entries takes.
pub(super) fn directory_pages(len: u32) -> u64 {
    u64::from(len).div_ceil(ENTRIES_PER_PAGE).max(1)
}

impl Inode {
    pub fn guard(&self) -> Guard {
        let directory = matches!(self.kind, InodeKind::Directory(_));
        Guard { mode: self.mode, uid: self.uid, gid: self.gid, directory }
    }

    pub fn directory(&self) -> Option<&Directory> {
        match &self.kind {
            InodeKind::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    pub fn directory_mut(&mut self) -> Option<&mut Directory> {
        match &mut self.kind {
            InodeKind::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    /// Content or entries changed.
    pub fn modified(&mut self, now: Timestamp) {
        self.mtime = now;
        self.ctime = now;
    }
}
