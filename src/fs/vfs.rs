//! [`Vfs`]: one machine's filesystems as one tree of names, and what can be asked of it.
//!
//! What changes files is in the modules beside this one: `open`, `names`, `attributes`.
//! Every call that takes a path checks permissions on the way; calls that take a [`Node`] say
//! what their caller has checked already.

#![expect(clippy::disallowed_types, reason = "takes the shared image it is built over")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::access::Access;
use super::data::PAGE;
use super::image::{Image, Link};
use super::inode::{InodeKind, ROOT_INO};
use super::mode::{AccessMode, FileType};
use super::mount::{Mount, MountId, Node, Synthetic, SyntheticTree};
use super::path::{Follow, Walk};
use super::program::{HEAD, ProgramFile};
use super::stat::{DirEntry, Stat, StatVfs};
use super::step::FilesRef;
use super::tree::Tree;
use crate::base::digest::Digest;
use crate::base::limits::{NAME_MAX, PATH_MAX};
use crate::base::{Errno, Timestamp};

/// Who calls, from where, and when.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Ids that permissions are checked against.
    pub access: &'a Access,
    /// The caller's root directory (`chroot`).
    pub root: Node,
    /// The caller's working directory, where relative paths begin.
    pub cwd: Node,
    /// Permission bits that new files do not get.
    pub umask: u16,
    /// The time of the call.
    pub now: Timestamp,
    /// The kernel's trees.
    pub synthetic: &'a dyn Synthetic,
}

/// What a node is, for a kernel that acts on it.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// An inode with storage.
    Inode(&'a InodeKind),
    /// An inode of one of the kernel's own trees.
    Synthetic(SyntheticTree),
}

/// One machine's filesystems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vfs {
    pub(super) root: Tree,
    pub(super) root_read_only: bool,
    /// In order of number.
    pub(super) mounts: Vec<Mount>,
    pub(super) next_mount: u32,
    /// How often each inode is in use, by open files and working directories.
    pub(super) uses: BTreeMap<Node, u32>,
}

impl Vfs {
    /// A machine's filesystems before anything was done to them: its image on a disk.
    pub fn new(image: Arc<Image>, disk_bytes: u64) -> Self {
        Self {
            root: Tree::over(Link::new(image), disk_bytes),
            root_read_only: false,
            mounts: Vec::new(),
            next_mount: 1,
            uses: BTreeMap::new(),
        }
    }

    /// Finds the image again after a load. Until then the image's files are missing.
    ///
    /// # Errors
    ///
    /// The digest of an image that `find` does not know.
    pub fn relink(&mut self, find: &dyn Fn(Digest) -> Option<Arc<Image>>) -> Result<(), Digest> {
        self.root.image.as_mut().map_or(Ok(()), |link| link.relink(find))
    }

    /// The digest of the image below the root filesystem.
    pub fn image(&self) -> Option<Digest> {
        self.root.image.as_ref().map(Link::digest)
    }

    /// The root directory of the machine.
    pub fn root(&self) -> Node {
        self.top(Node { mount: MountId::ROOT, ino: ROOT_INO })
    }

    /// The node a path names.
    ///
    /// # Errors
    ///
    /// `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`, `ENAMETOOLONG` as POSIX says of any path.
    pub fn resolve(
        &self,
        context: &Context<'_>,
        path: &[u8],
        follow: Follow,
    ) -> Result<Node, Errno> {
        Walk::new(self, context, path)?.end(follow)
    }

    /// What an inode is, for the kernel to act on.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such inode.
    pub fn kind(&self, node: Node) -> Result<Kind<'_>, Errno> {
        match self.files(node.mount)? {
            FilesRef::Tree(tree) => Ok(Kind::Inode(&tree.get(node.ino).ok_or(Errno::ENOENT)?.kind)),
            FilesRef::Synthetic(tree) => Ok(Kind::Synthetic(tree)),
        }
    }

    /// Whether a node is a directory.
    pub fn is_directory(&self, context: &Context<'_>, node: Node) -> bool {
        self.file_type(context, node) == Ok(FileType::Directory)
    }

    /// The program that executing a file runs: a program file's, or that of the program file
    /// whose bytes were copied into this one.
    pub fn program(&self, node: Node) -> Option<Cow<'_, ProgramFile>> {
        let data = match self.kind(node).ok()? {
            Kind::Inode(InodeKind::Program(program)) => return Some(Cow::Borrowed(program)),
            Kind::Inode(InodeKind::File(data)) => data,
            _ => return None,
        };
        if data.len() < HEAD as u64 {
            return None;
        }
        let mut bytes = Vec::new();
        data.read(0, &mut bytes, HEAD);
        let program = ProgramFile::recognise(&bytes)?;
        if program.size() != data.len() {
            return None;
        }
        data.read(HEAD as u64, &mut bytes, usize::MAX);
        program.has_bytes(0, &bytes).then_some(Cow::Owned(program))
    }

    /// What is known about an inode.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such inode.
    pub fn stat(&self, context: &Context<'_>, node: Node) -> Result<Stat, Errno> {
        let dev = device(node.mount);
        let inode = match self.files(node.mount)? {
            FilesRef::Tree(tree) => tree.get(node.ino).ok_or(Errno::ENOENT)?,
            FilesRef::Synthetic(tree) => {
                return Ok(Stat { dev, ..context.synthetic.stat(tree, node.ino)? });
            }
        };
        let rdev = match inode.kind {
            InodeKind::CharDevice { major, minor } | InodeKind::BlockDevice { major, minor } => {
                (major, minor)
            }
            _ => (0, 0),
        };
        Ok(Stat {
            dev,
            ino: node.ino,
            kind: inode.kind.file_type(),
            mode: inode.mode,
            nlink: inode.nlink,
            uid: inode.uid,
            gid: inode.gid,
            rdev,
            size: inode.kind.size(),
            blocks: inode.kind.pages() * (PAGE as u64 / 512),
            atime: inode.atime,
            mtime: inode.mtime,
            ctime: inode.ctime,
        })
    }

    /// Checks that the caller may do all of `mode` to an inode; an empty mode asks for nothing.
    ///
    /// # Errors
    ///
    /// `EACCES` if not; `EROFS` for writing to files of a read-only filesystem.
    pub fn access(&self, context: &Context<'_>, node: Node, mode: AccessMode) -> Result<(), Errno> {
        let view = self.look(context, node)?;
        let stored =
            matches!(view.file_type(), FileType::Regular | FileType::Directory | FileType::Symlink);
        if mode.contains(AccessMode::WRITE) && stored && self.is_read_only(node.mount)? {
            return Err(Errno::EROFS);
        }
        view.guard().check(context.access, mode)
    }

    /// Appends up to `max` bytes of a file from `offset` to `out`, and no more than `READ_MAX` in
    /// one call; 0 at its end. The caller has opened it for reading.
    ///
    /// # Errors
    ///
    /// `EISDIR` for a directory, `EINVAL` for what the kernel reads itself, such as devices.
    pub fn read_at(
        &self,
        context: &Context<'_>,
        node: Node,
        offset: u64,
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, Errno> {
        let tree = match self.kind(node)? {
            Kind::Inode(InodeKind::File(data)) => return Ok(data.read(offset, out, max)),
            Kind::Inode(InodeKind::Program(program)) => return Ok(program.read(offset, out, max)),
            Kind::Inode(InodeKind::Directory(_)) => return Err(Errno::EISDIR),
            Kind::Inode(_) => return Err(Errno::EINVAL),
            Kind::Synthetic(tree) => tree,
        };
        let mut whole = Vec::new();
        context.synthetic.read(tree, node.ino, &mut whole)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(whole.len());
        let count = max.min(whole.len() - start);
        out.extend_from_slice(&whole[start..start + count]);
        Ok(count)
    }

    /// A symbolic link's target.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is no symbolic link.
    pub fn readlink(&self, context: &Context<'_>, node: Node) -> Result<BString, Errno> {
        if self.file_type(context, node)? != FileType::Symlink {
            return Err(Errno::EINVAL);
        }
        Ok(self.target(context, node)?.into_owned().into())
    }

    /// A directory's entries in order of name, without `.` and `..`. The caller has opened it
    /// for reading.
    ///
    /// # Errors
    ///
    /// `ENOTDIR` if it is no directory.
    pub fn entries(&self, context: &Context<'_>, dir: Node) -> Result<Vec<DirEntry>, Errno> {
        self.entries_after(context, dir, None, usize::MAX)
    }

    /// The first `max` entries after the one called `after`, for reading a directory piecemeal.
    ///
    /// # Errors
    ///
    /// `ENOTDIR` if it is no directory.
    pub fn entries_after(
        &self,
        context: &Context<'_>,
        dir: Node,
        after: Option<&[u8]>,
        max: usize,
    ) -> Result<Vec<DirEntry>, Errno> {
        let after = after.map(ByteSlice::as_bstr);
        match self.files(dir.mount)? {
            FilesRef::Tree(tree) => {
                let inode = tree.get(dir.ino).ok_or(Errno::ENOENT)?;
                let directory = inode.directory().ok_or(Errno::ENOTDIR)?;
                let entries = tree.entries(dir.ino, directory, after).take(max);
                let kind = |ino| tree.get(ino).map(|inode| inode.kind.file_type());
                Ok(entries
                    .filter_map(|(name, ino)| {
                        Some(DirEntry { name: name.into(), ino, kind: kind(ino)? })
                    })
                    .collect())
            }
            FilesRef::Synthetic(tree) => {
                let mut entries = context.synthetic.entries(tree, dir.ino)?;
                if let Some(after) = after {
                    entries.retain(|entry| entry.name > *after);
                }
                entries.truncate(max);
                Ok(entries)
            }
        }
    }

    /// How full a node's filesystem is.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is not mounted.
    pub fn statvfs(&self, node: Node) -> Result<StatVfs, Errno> {
        let common = StatVfs {
            block_size: PAGE as u64,
            name_max: NAME_MAX as u64,
            read_only: self.is_read_only(node.mount)?,
            ..StatVfs::default()
        };
        let FilesRef::Tree(tree) = self.files(node.mount)? else { return Ok(common) };
        Ok(StatVfs {
            blocks: tree.space.pages_max,
            blocks_free: tree.space.free(),
            inodes: tree.space.inodes_max,
            inodes_free: tree.space.inodes_max.saturating_sub(tree.space.inodes),
            ..common
        })
    }

    /// The absolute path of a directory, as seen from the caller's root (`getcwd`).
    ///
    /// # Errors
    ///
    /// `ENOENT` if it was removed, `ENAMETOOLONG` from `PATH_MAX` on, `ENOTDIR` if it is none.
    pub fn path_of(&self, context: &Context<'_>, dir: Node) -> Result<BString, Errno> {
        let mut names: Vec<Cow<'_, BStr>> = Vec::new();
        let (mut at, mut length) = (dir, 1);
        while at != context.root {
            let Some((parent, name)) = self.place(context, at)? else { break };
            length += name.len() + 1;
            if length > PATH_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            names.push(name);
            at = parent;
        }
        if names.is_empty() {
            return Ok("/".into());
        }
        let mut path = BString::default();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        Ok(path)
    }

    /// Counts one more user of an inode: an open file, a working directory. While it is used
    /// it outlives its last name.
    pub fn retain(&mut self, node: Node) {
        if self.files(node.mount).is_ok() {
            let uses = self.uses.entry(node).or_default();
            *uses = uses.saturating_add(1);
        }
    }

    /// Counts one user less; the last one takes an inode without names with it.
    pub fn release(&mut self, node: Node) {
        let Some(uses) = self.uses.get_mut(&node) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            self.uses.remove(&node);
            self.free_if_unused(node);
        }
    }

    /// How many users an inode has.
    pub fn uses(&self, node: Node) -> u32 {
        self.uses.get(&node).copied().unwrap_or(0)
    }

    pub(super) fn free_if_unused(&mut self, node: Node) {
        if self.uses.contains_key(&node) {
            return;
        }
        if let Ok(tree) = self.tree_mut(node.mount)
            && tree.get(node.ino).is_some_and(|inode| inode.nlink == 0)
        {
            tree.free(node.ino);
        }
    }
}

/// `st_dev`: the disk is 8:1, other filesystems are 0:n, as Linux numbers them.
fn device(mount: MountId) -> u64 {
    if mount == MountId::ROOT { 0x801 } else { u64::from(mount.0) }
}
