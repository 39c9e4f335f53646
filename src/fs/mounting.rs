//! Mounting: hanging filesystems into the tree of names, and taking them down.

use bstr::BString;

use super::inode::{Directory, Inode, InodeKind, Name, ROOT_INO};
use super::mode::{FileType, PERMISSIONS};
use super::mount::{
    Files, Mount, MountId, MountInfo, MountKind, Node, SyntheticTree, TmpfsOptions,
};
use super::path::Follow;
use super::tree::Tree;
use super::vfs::{Context, Vfs};
use crate::base::limits::MOUNTS_MAX;
use crate::base::{Errno, Gid, Uid};

impl Vfs {
    /// Mounts an empty filesystem on the directory at `path`. It is lost when unmounted.
    ///
    /// # Errors
    ///
    /// Those of a path; `EPERM` unless root, `ENOTDIR`, `ENOSPC` for too many mounts.
    pub fn mount_tmpfs(
        &mut self,
        context: &Context<'_>,
        path: &[u8],
        options: TmpfsOptions,
    ) -> Result<MountId, Errno> {
        let now = context.now;
        let root = Inode {
            kind: InodeKind::Directory(Directory::new(ROOT_INO, Name::default())),
            mode: options.mode & PERMISSIONS,
            uid: Uid::ROOT,
            gid: Gid::ROOT,
            nlink: 2,
            atime: now,
            mtime: now,
            ctime: now,
        };
        let files = Files::Tree(Box::new(Tree::empty(options.bytes, root)));
        self.add_mount(context, path, options.source, files, options.read_only)
    }

    /// Mounts one of the kernel's trees on the directory at `path`.
    ///
    /// # Errors
    ///
    /// As for [`mount_tmpfs`](Self::mount_tmpfs).
    pub fn mount_synthetic(
        &mut self,
        context: &Context<'_>,
        path: &[u8],
        source: impl Into<BString>,
        tree: SyntheticTree,
    ) -> Result<MountId, Errno> {
        self.add_mount(context, path, source.into(), Files::Synthetic(tree), false)
    }

    fn add_mount(
        &mut self,
        context: &Context<'_>,
        path: &[u8],
        source: BString,
        files: Files,
        read_only: bool,
    ) -> Result<MountId, Errno> {
        if !context.access.is_root() {
            return Err(Errno::EPERM);
        }
        let on = self.resolve(context, path, Follow::Yes)?;
        if self.file_type(context, on)? != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        if self.tree(on.mount).is_ok_and(|tree| tree.get(on.ino).is_none_or(|at| at.nlink == 0)) {
            return Err(Errno::ENOENT);
        }
        if self.mounts.len() >= MOUNTS_MAX {
            return Err(Errno::ENOSPC);
        }
        let id = MountId(self.next_mount);
        self.next_mount = self.next_mount.checked_add(1).ok_or(Errno::ENOSPC)?;
        self.mounts.push(Mount { id, on, read_only, source, files });
        Ok(id)
    }

    /// Takes down what is mounted at `path`.
    ///
    /// # Errors
    ///
    /// Those of a path; `EPERM` unless root; `EINVAL` if nothing is mounted there; `EBUSY` if
    /// its files are in use or something is mounted within.
    pub fn unmount(&mut self, context: &Context<'_>, path: &[u8]) -> Result<(), Errno> {
        if !context.access.is_root() {
            return Err(Errno::EPERM);
        }
        let node = self.resolve(context, path, Follow::Yes)?;
        let id = node.mount;
        if node.ino != ROOT_INO {
            return Err(Errno::EINVAL);
        }
        let used = self.uses.keys().any(|used| used.mount == id);
        let within = self.mounts.iter().any(|mount| mount.on.mount == id);
        if id == MountId::ROOT || used || within {
            return Err(Errno::EBUSY);
        }
        self.mounts.retain(|mount| mount.id != id);
        Ok(())
    }

    /// Makes a filesystem refuse writing, or accept it again.
    ///
    /// # Errors
    ///
    /// `EPERM` unless root, `EINVAL` if it is not mounted.
    pub fn set_read_only(
        &mut self,
        context: &Context<'_>,
        id: MountId,
        read_only: bool,
    ) -> Result<(), Errno> {
        if !context.access.is_root() {
            return Err(Errno::EPERM);
        }
        if id == MountId::ROOT {
            self.root_read_only = read_only;
            return Ok(());
        }
        let found = self.mounts.iter_mut().find(|mount| mount.id == id);
        found.ok_or(Errno::EINVAL)?.read_only = read_only;
        Ok(())
    }

    /// All mounts, the root filesystem first.
    pub fn mounts(&self) -> impl Iterator<Item = MountInfo> {
        let root = MountInfo {
            id: MountId::ROOT,
            source: "/dev/sda1".into(),
            on: Node { mount: MountId::ROOT, ino: ROOT_INO },
            read_only: self.root_read_only,
            kind: MountKind::Disk,
        };
        let others = self.mounts.iter().map(|mount| MountInfo {
            id: mount.id,
            source: mount.source.clone(),
            on: mount.on,
            read_only: mount.read_only,
            kind: match mount.files {
                Files::Tree(_) => MountKind::Tmpfs,
                Files::Synthetic(tree) => MountKind::Synthetic(tree),
            },
        });
        core::iter::once(root).chain(others)
    }
}
