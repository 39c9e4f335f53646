//! Mounts: which filesystem hangs where, and the trees that are computed instead of stored.
//!
//! Invariant: a mount hangs on a directory of a mount with a smaller number, so following mount
//! points downwards ends.

use bstr::{BStr, BString};
use serde::{Deserialize, Serialize};

use super::stat::{DirEntry, Stat};
use super::tree::Tree;
use crate::base::{Errno, Ino};

/// A mounted filesystem of a machine. The root filesystem is 0; numbers are never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MountId(pub u32);

impl MountId {
    /// The root filesystem.
    pub const ROOT: Self = Self(0);
}

/// The identity of an inode on its machine.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Node {
    /// The filesystem.
    pub mount: MountId,
    /// The inode's number there.
    pub ino: Ino,
}

/// Which of the kernel's synthetic trees; the kernel gives the numbers their meaning.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SyntheticTree(pub u32);

/// Trees without storage, such as `/proc`. The root directory's inode number is 1. All calls
/// come with permissions already checked against `stat`, except where a tree is stricter.
pub trait Synthetic {
    /// The inode called `name` (never `.` or `..`) in a directory.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none, `ENOTDIR` if `dir` is no directory.
    fn lookup(&self, tree: SyntheticTree, dir: Ino, name: &BStr) -> Result<Ino, Errno>;

    /// The directory above a directory, and the name it has there; the root is its own parent.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the directory is gone.
    fn parent(&self, tree: SyntheticTree, dir: Ino) -> Result<(Ino, BString), Errno>;

    /// What `stat` tells; `dev` is filled in by the caller.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the inode is gone.
    fn stat(&self, tree: SyntheticTree, ino: Ino) -> Result<Stat, Errno>;

    /// A directory's entries in order of name, without `.` and `..`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the directory is gone, `ENOTDIR` if it is none.
    fn entries(&self, tree: SyntheticTree, dir: Ino) -> Result<Vec<DirEntry>, Errno>;

    /// A symbolic link's target.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the inode is no symbolic link, `ENOENT` if it is gone.
    fn readlink(&self, tree: SyntheticTree, ino: Ino) -> Result<BString, Errno>;

    /// Appends the whole content of a file to `out`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is gone, `EINVAL` if it has no content.
    fn read(&self, tree: SyntheticTree, ino: Ino, out: &mut Vec<u8>) -> Result<(), Errno>;

    /// Takes what was written to a file. A kernel whose files change its state handles writes to
    /// them itself, before they come here.
    ///
    /// # Errors
    ///
    /// `EACCES` unless the tree says otherwise.
    fn write(
        &self,
        tree: SyntheticTree,
        ino: Ino,
        offset: u64,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let _ = (tree, ino, offset, bytes);
        Err(Errno::EACCES)
    }

    /// Where a symbolic link leads that is more than its text, as `/proc/PID/cwd` is.
    fn jump(&self, tree: SyntheticTree, ino: Ino) -> Option<Node> {
        let _ = (tree, ino);
        None
    }
}

/// No synthetic trees.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSynthetic;

impl Synthetic for NoSynthetic {
    fn lookup(&self, _: SyntheticTree, _: Ino, _: &BStr) -> Result<Ino, Errno> {
        Err(Errno::ENOENT)
    }

    fn parent(&self, _: SyntheticTree, _: Ino) -> Result<(Ino, BString), Errno> {
        Err(Errno::ENOENT)
    }

    fn stat(&self, _: SyntheticTree, _: Ino) -> Result<Stat, Errno> {
        Err(Errno::ENOENT)
    }

    fn entries(&self, _: SyntheticTree, _: Ino) -> Result<Vec<DirEntry>, Errno> {
        Err(Errno::ENOENT)
    }

    fn readlink(&self, _: SyntheticTree, _: Ino) -> Result<BString, Errno> {
        Err(Errno::ENOENT)
    }

    fn read(&self, _: SyntheticTree, _: Ino, _: &mut Vec<u8>) -> Result<(), Errno> {
        Err(Errno::ENOENT)
    }
}

/// One mounted filesystem, other than the root's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mount {
    pub id: MountId,
    /// The directory it hides.
    pub on: Node,
    pub read_only: bool,
    /// What was mounted, as `mount` prints it.
    pub source: BString,
    pub files: Files,
}

/// Where a mount's files come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Files {
    /// Storage.
    Tree(Box<Tree>),
    /// The kernel.
    Synthetic(SyntheticTree),
}

/// A mount as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountInfo {
    /// The filesystem's number.
    pub id: MountId,
    /// What is mounted.
    pub source: BString,
    /// The directory it hangs on.
    pub on: Node,
    /// Whether writing is refused.
    pub read_only: bool,
    /// Its kind of filesystem.
    pub kind: MountKind,
}

/// The kind of a mounted filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// The machine's disk.
    Disk,
    /// Storage that lasts as long as the mount.
    Tmpfs,
    /// One of the kernel's trees.
    Synthetic(SyntheticTree),
}

/// How a tmpfs is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TmpfsOptions {
    /// What `mount` prints as its source.
    pub source: BString,
    /// Bytes it may hold.
    pub bytes: u64,
    /// Permissions of its root directory.
    pub mode: u16,
    /// Whether writing is refused.
    pub read_only: bool,
}
