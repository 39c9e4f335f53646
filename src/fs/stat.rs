//! What is told of files and filesystems: the answers of `stat`, `readdir` and `statvfs`.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::mode::FileType;
use crate::base::{Gid, Ino, Timestamp, Uid};

/// What `stat` tells of an inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// The filesystem's device number.
    pub dev: u64,
    /// The inode's number.
    pub ino: Ino,
    /// What it is.
    pub kind: FileType,
    /// Permission, set-id and sticky bits.
    pub mode: u16,
    /// How many names it has.
    pub nlink: u32,
    /// Its owner.
    pub uid: Uid,
    /// Its group.
    pub gid: Gid,
    /// For a device, major and minor number.
    pub rdev: (u32, u32),
    /// Length in bytes.
    pub size: u64,
    /// Space taken, in units of 512 bytes.
    pub blocks: u64,
    /// Last access; reading does not change it.
    pub atime: Timestamp,
    /// Last change of content.
    pub mtime: Timestamp,
    /// Last change of the inode.
    pub ctime: Timestamp,
}

impl Stat {
    /// Type and permission bits together, as `st_mode` has them.
    pub fn st_mode(&self) -> u32 {
        self.kind.bits() | u32::from(self.mode)
    }
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirEntry {
    /// The name.
    pub name: BString,
    /// The inode it stands for.
    pub ino: Ino,
    /// What that is.
    pub kind: FileType,
}

/// What `statvfs` tells of a filesystem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatVfs {
    /// Bytes of a block.
    pub block_size: u64,
    /// Blocks there are.
    pub blocks: u64,
    /// Blocks that are free.
    pub blocks_free: u64,
    /// Inodes there may be.
    pub inodes: u64,
    /// Inodes that may still be made.
    pub inodes_free: u64,
    /// Longest name.
    pub name_max: u64,
    /// Whether writing is refused.
    pub read_only: bool,
}
