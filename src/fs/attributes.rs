//! Attributes and content: writing, cutting, owners, permissions, times.
//!
//! Follows: POSIX.1-2024 `write`, `ftruncate`, `chmod`, `chown`, `utimensat`; for who may do
//! what and what happens to set-id bits, Linux's `fs/attr.c`.

use serde::{Deserialize, Serialize};

use super::data::Data;
use super::inode::{Inode, InodeKind};
use super::mode::{AccessMode, PERMISSIONS, S_ISGID, S_ISUID, S_IXGRP};
use super::mount::Node;
use super::step::FilesRef;
use super::vfs::{Context, Vfs};
use crate::base::limits::FILE_SIZE_MAX;
use crate::base::{Errno, Gid, Timestamp, Uid};

/// What `utimens` does to a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetTime {
    /// Leaves it (`UTIME_OMIT`).
    Keep,
    /// Sets it to the time of the call (`UTIME_NOW`).
    Now,
    /// Sets it to this.
    To(Timestamp),
}

impl Inode {
    /// Takes away set-id bits, as writing by anybody but root does. Without execution by the
    /// group set-group-id has another meaning and stays with members of the group.
    fn drop_set_id(&mut self, context: &Context<'_>) {
        self.mode &= !S_ISUID;
        if self.mode & S_IXGRP != 0 || !context.access.keeps_setgid(self.gid) {
            self.mode &= !S_ISGID;
        }
    }

    fn written(&mut self, context: &Context<'_>) {
        if !context.access.is_root() {
            self.drop_set_id(context);
        }
        self.modified(context.now);
    }
}

impl Vfs {
    /// Writes bytes into a file at `offset`; tells how many, which is fewer than given when the
    /// disk is full. The caller has opened it for writing.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if not one byte fits, `EFBIG` beyond the largest file, `EISDIR` for a directory,
    /// `EINVAL` for what the kernel writes itself, `EROFS`.
    pub fn write_at(
        &mut self,
        context: &Context<'_>,
        node: Node,
        offset: u64,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        if let FilesRef::Synthetic(tree) = self.files(node.mount)? {
            return context.synthetic.write(tree, node.ino, offset, bytes);
        }
        if self.is_read_only(node.mount)? {
            return Err(Errno::EROFS);
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        if offset >= FILE_SIZE_MAX {
            return Err(Errno::EFBIG);
        }
        self.make_data(node)?;
        let tree = self.tree_mut(node.mount)?;
        let free = tree.space.free();
        let inode = tree.get_mut(node.ino).ok_or(Errno::ENOENT)?;
        let InodeKind::File(data) = &mut inode.kind else { return Err(Errno::EINVAL) };
        let (written, taken) = data.write(offset, bytes, free);
        if written == 0 {
            return Err(Errno::ENOSPC);
        }
        inode.written(context);
        tree.space.pages += taken;
        Ok(written)
    }

    /// Cuts a regular file, or lengthens it by a hole. The caller has opened it for writing, or
    /// has checked that it may be written to.
    ///
    /// # Errors
    ///
    /// `EISDIR` for a directory, `EINVAL` for another kind, `EFBIG`, `EROFS`; `ENOSPC` if a
    /// program file has to become bytes and they do not fit.
    pub fn truncate(&mut self, context: &Context<'_>, node: Node, len: u64) -> Result<(), Errno> {
        if let FilesRef::Synthetic(_) = self.files(node.mount)? {
            // As Linux's /proc: cutting what is computed changes nothing.
            return Ok(());
        }
        self.writable(node)?;
        if len > FILE_SIZE_MAX {
            return Err(Errno::EFBIG);
        }
        if len > 0 {
            self.make_data(node)?;
        }
        let tree = self.tree_mut(node.mount)?;
        let inode = tree.get_mut(node.ino).ok_or(Errno::ENOENT)?;
        let before = inode.kind.pages();
        match &mut inode.kind {
            InodeKind::File(data) => data.resize(len),
            InodeKind::Program(_) => inode.kind = InodeKind::File(Data::default()),
            InodeKind::Directory(_) => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        }
        inode.written(context);
        let after = inode.kind.pages();
        tree.space.pages = tree.space.pages.saturating_sub(before) + after;
        Ok(())
    }

    /// Turns a program file into the bytes a reader sees, because it is about to be changed.
    fn make_data(&mut self, node: Node) -> Result<(), Errno> {
        let inode = self.tree(node.mount)?.get(node.ino).ok_or(Errno::ENOENT)?;
        let program = match &inode.kind {
            InodeKind::File(_) => return Ok(()),
            InodeKind::Program(program) => program,
            InodeKind::Directory(_) => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        };
        let mut bytes = Vec::new();
        program.read(0, &mut bytes, usize::MAX);
        // As many pages as before, so the space taken does not change.
        self.inode_mut(node)?.kind = InodeKind::File(Data::new(&bytes));
        Ok(())
    }

    /// # Errors
    ///
    /// `EPERM` for an inode of a synthetic tree, `EROFS`.
    fn owned(&self, context: &Context<'_>, node: Node) -> Result<&Inode, Errno> {
        let inode = self.writable(node)?;
        if context.access.owns(inode.uid) { Ok(inode) } else { Err(Errno::EPERM) }
    }

    /// Sets permission bits.
    ///
    /// # Errors
    ///
    /// `EPERM` unless owner or root, `EROFS`; `EOPNOTSUPP` for a symbolic link.
    pub fn chmod(&mut self, context: &Context<'_>, node: Node, mode: u16) -> Result<(), Errno> {
        let inode = self.owned(context, node)?;
        if matches!(inode.kind, InodeKind::Symlink(_)) {
            return Err(Errno::EOPNOTSUPP);
        }
        let mut mode = mode & PERMISSIONS;
        if !context.access.keeps_setgid(inode.gid) {
            mode &= !S_ISGID;
        }
        let inode = self.inode_mut(node)?;
        inode.mode = mode;
        inode.ctime = context.now;
        Ok(())
    }

    /// Sets owner and group; `None` leaves one.
    ///
    /// # Errors
    ///
    /// `EPERM` unless root, except that an owner may give a file to another of his groups;
    /// `EROFS`.
    pub fn chown(
        &mut self,
        context: &Context<'_>,
        node: Node,
        uid: Option<Uid>,
        gid: Option<Gid>,
    ) -> Result<(), Errno> {
        let inode = self.writable(node)?;
        let access = context.access;
        let owner = access.uid == inode.uid;
        let uid_allowed = uid.is_none_or(|uid| owner && uid == inode.uid);
        let gid_allowed = gid.is_none_or(|gid| owner && (access.in_group(gid) || gid == inode.gid));
        if !(access.is_root() || uid_allowed && gid_allowed) {
            return Err(Errno::EPERM);
        }
        let inode = self.inode_mut(node)?;
        if inode.directory().is_none() {
            inode.drop_set_id(context);
        }
        inode.uid = uid.unwrap_or(inode.uid);
        inode.gid = gid.unwrap_or(inode.gid);
        inode.ctime = context.now;
        Ok(())
    }

    /// Sets the times of last access and modification.
    ///
    /// # Errors
    ///
    /// `EACCES` for setting both to now without being owner or allowed to write; `EPERM` for
    /// other times unless owner or root; `EROFS`; `EINVAL` for nanoseconds beyond a second.
    pub fn utimens(
        &mut self,
        context: &Context<'_>,
        node: Node,
        atime: SetTime,
        mtime: SetTime,
    ) -> Result<(), Errno> {
        let illegal = |time| matches!(time, SetTime::To(time) if time.nanos >= 1_000_000_000);
        if illegal(atime) || illegal(mtime) {
            return Err(Errno::EINVAL);
        }
        if (atime, mtime) == (SetTime::Keep, SetTime::Keep) {
            return Ok(());
        }
        let inode = self.writable(node)?;
        if !context.access.owns(inode.uid) {
            if (atime, mtime) != (SetTime::Now, SetTime::Now) {
                return Err(Errno::EPERM);
            }
            inode.guard().check(context.access, AccessMode::WRITE)?;
        }
        let inode = self.inode_mut(node)?;
        let set = |time: &mut Timestamp, to| match to {
            SetTime::Keep => {}
            SetTime::Now => *time = context.now,
            SetTime::To(moment) => *time = moment,
        };
        set(&mut inode.atime, atime);
        set(&mut inode.mtime, mtime);
        inode.ctime = context.now;
        Ok(())
    }
}
