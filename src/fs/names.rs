//! Names: making, removing and moving entries of directories.
//!
//! Invariant: a call that fails has changed nothing; all checks come before the first change.
//!
//! Follows: POSIX.1-2024 and, for the order of errors, Linux's `fs/namei.c`.

use bstr::{BStr, ByteSlice};

use super::inode::{self, Directory, Inode, InodeKind, Name};
use super::mode::{AccessMode, FileType, PERMISSIONS, S_ISGID, S_ISVTX, S_IXGRP};
use super::mount::Node;
use super::path::{self, Follow, Last, Walk};
use super::vfs::{Context, Vfs};
use crate::base::Errno;
use crate::base::limits::LINK_MAX;

/// An entry that is or could be: a directory, and a name in it.
struct Place {
    dir: Node,
    last: Entry,
    /// Whether the path said that this is a directory.
    slash: bool,
}

/// The last component, owned.
enum Entry {
    Name(Name),
    Dot,
    DotDot,
    Root,
}

impl Vfs {
    fn find_place(&self, context: &Context<'_>, path: &[u8]) -> Result<Place, Errno> {
        let mut walk = Walk::new(self, context, path)?;
        let last = match walk.parent()? {
            Last::Name(name) => Entry::Name(inode::name(&name)),
            Last::Dot => Entry::Dot,
            Last::DotDot => Entry::DotDot,
            Last::Root => Entry::Root,
        };
        Ok(Place { dir: walk.here, last, slash: walk.slash })
    }

    /// A place where nothing is yet.
    fn find_free(
        &self,
        context: &Context<'_>,
        path: &[u8],
        directory: bool,
    ) -> Result<(Node, Name), Errno> {
        let place = self.find_place(context, path)?;
        let Entry::Name(name) = place.last else { return Err(Errno::EEXIST) };
        match self.lookup_below(context, place.dir, name.as_bstr()) {
            Err(Errno::ENOENT) if place.slash && !directory => Err(Errno::ENOENT),
            Err(Errno::ENOENT) => Ok((place.dir, name)),
            Err(error) => Err(error),
            Ok(_) => Err(Errno::EEXIST),
        }
    }

    /// Checks that the caller may add an entry to a directory.
    fn may_create(&self, context: &Context<'_>, dir: Node) -> Result<(), Errno> {
        // A kernel's tree says of names it does not have that there are none.
        let inode = self.writable(dir).map_err(|error| match error {
            Errno::EPERM => Errno::ENOENT,
            error => error,
        })?;
        if inode.nlink == 0 {
            return Err(Errno::ENOENT);
        }
        inode.directory().ok_or(Errno::ENOTDIR)?;
        inode.guard().check(context.access, AccessMode::WRITE | AccessMode::EXEC)
    }

    /// Checks that a directory can have one more entry.
    fn has_room(&self, dir: Node) -> Result<(), Errno> {
        let tree = self.tree(dir.mount)?;
        let directory = tree.get(dir.ino).and_then(Inode::directory).ok_or(Errno::ENOTDIR)?;
        tree.room_for_entry(directory)
    }

    /// Checks that the caller may remove an entry of a directory, which stands for `node`.
    fn may_remove(
        &self,
        context: &Context<'_>,
        dir: Node,
        node: Node,
        as_directory: bool,
    ) -> Result<(), Errno> {
        let parent = self.writable(dir)?;
        parent.guard().check(context.access, AccessMode::WRITE | AccessMode::EXEC)?;
        let inode = self.writable(node)?;
        let sticky = parent.mode & S_ISVTX != 0;
        if sticky && !context.access.owns(parent.uid) && !context.access.owns(inode.uid) {
            return Err(Errno::EPERM);
        }
        match (as_directory, inode.directory().is_some()) {
            (true, false) => Err(Errno::ENOTDIR),
            (false, true) => Err(Errno::EISDIR),
            _ if self.is_mount_point(node) => Err(Errno::EBUSY),
            _ => Ok(()),
        }
    }

    /// Makes an inode and its first name. `mode` has been through the umask.
    pub(super) fn create(
        &mut self,
        context: &Context<'_>,
        dir: Node,
        name: Name,
        kind: InodeKind,
        mode: u16,
    ) -> Result<Node, Errno> {
        self.may_create(context, dir)?;
        let access = context.access;
        let tree = self.tree_mut(dir.mount)?;
        let parent = tree.get(dir.ino).ok_or(Errno::ENOENT)?;
        let is_directory = matches!(kind, InodeKind::Directory(_));
        if is_directory && parent.nlink >= LINK_MAX {
            return Err(Errno::EMLINK);
        }
        let directory = parent.directory().ok_or(Errno::ENOTDIR)?;
        tree.room_for_inode(directory, kind.pages())?;
        let (mut mode, mut gid) = (mode & PERMISSIONS, access.gid);
        if parent.mode & S_ISGID != 0 {
            gid = parent.gid;
            if is_directory {
                mode |= S_ISGID;
            } else if mode & S_IXGRP != 0 && !access.keeps_setgid(gid) {
                mode &= !S_ISGID;
            }
        }
        let (now, nlink) = (context.now, if is_directory { 2 } else { 1 });
        let (atime, mtime, ctime) = (now, now, now);
        let ino = tree.add(Inode { kind, mode, uid: access.uid, gid, nlink, atime, mtime, ctime });
        tree.set_entry(dir.ino, name, ino, now);
        if is_directory && let Some(parent) = tree.get_mut(dir.ino) {
            parent.nlink += 1;
        }
        Ok(Self::node(dir.mount, ino))
    }

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// Those of a path; `EEXIST`, `EACCES`, `EROFS`, `ENOSPC`, `EMLINK`.
    pub fn mkdir(&mut self, context: &Context<'_>, path: &[u8], mode: u16) -> Result<Node, Errno> {
        let (dir, name) = self.find_free(context, path, true)?;
        let kind = InodeKind::Directory(Directory::new(dir.ino, name.clone()));
        // mkdir sets no set-id bits (Linux); set-group-id is inherited.
        self.create(context, dir, name, kind, mode & !context.umask & 0o1777)
    }

    /// Makes a fifo, device, socket or empty regular file.
    ///
    /// # Errors
    ///
    /// Those of [`mkdir`](Self::mkdir); `EPERM` for a device unless root; `EINVAL` for kinds
    /// that have calls of their own.
    pub fn mknod(
        &mut self,
        context: &Context<'_>,
        path: &[u8],
        kind: InodeKind,
        mode: u16,
    ) -> Result<Node, Errno> {
        match &kind {
            InodeKind::Fifo | InodeKind::Socket => {}
            InodeKind::File(data) if data.is_empty() => {}
            InodeKind::CharDevice { .. } | InodeKind::BlockDevice { .. } => {
                if !context.access.is_root() {
                    return Err(Errno::EPERM);
                }
            }
            _ => return Err(Errno::EINVAL),
        }
        let (dir, name) = self.find_free(context, path, false)?;
        self.create(context, dir, name, kind, mode & !context.umask)
    }

    /// Makes a symbolic link at `path` that leads to `target`.
    ///
    /// # Errors
    ///
    /// Those of [`mkdir`](Self::mkdir); `ENOENT` for an empty target, `ENAMETOOLONG`.
    pub fn symlink(
        &mut self,
        context: &Context<'_>,
        target: &[u8],
        path: &[u8],
    ) -> Result<Node, Errno> {
        let target = path::legal_target(target)?.into();
        let (dir, name) = self.find_free(context, path, false)?;
        self.create(context, dir, name, InodeKind::Symlink(target), 0o777)
    }

    /// Gives the inode that `old` names another name; a symbolic link is not followed.
    ///
    /// # Errors
    ///
    /// Those of a path; `EEXIST`, `EXDEV` across filesystems, `EPERM` for a directory, `EMLINK`,
    /// `EACCES`, `EROFS`, `ENOSPC`.
    pub fn link(&mut self, context: &Context<'_>, old: &[u8], new: &[u8]) -> Result<(), Errno> {
        let node = self.resolve(context, old, Follow::No)?;
        let (dir, name) = self.find_free(context, new, false)?;
        if node.mount != dir.mount {
            return Err(Errno::EXDEV);
        }
        self.may_create(context, dir)?;
        let inode = self.writable(node)?;
        if inode.directory().is_some() {
            return Err(Errno::EPERM);
        }
        match inode.nlink {
            0 => return Err(Errno::ENOENT),
            LINK_MAX.. => return Err(Errno::EMLINK),
            _ => {}
        }
        self.has_room(dir)?;
        let inode = self.inode_mut(node)?;
        inode.nlink += 1;
        inode.ctime = context.now;
        self.tree_mut(dir.mount)?.set_entry(dir.ino, name, node.ino, context.now);
        Ok(())
    }

    /// Removes a name of a file; with the last one goes the file, unless it is in use.
    ///
    /// # Errors
    ///
    /// Those of a path; `EISDIR` for a directory, `EACCES`, `EPERM` in a sticky directory,
    /// `EBUSY` for a mount point, `EROFS`.
    pub fn unlink(&mut self, context: &Context<'_>, path: &[u8]) -> Result<(), Errno> {
        let place = self.find_place(context, path)?;
        let Entry::Name(name) = place.last else { return Err(Errno::EISDIR) };
        let node = self.lookup_below(context, place.dir, name.as_bstr())?;
        if place.slash {
            let directory = self.file_type(context, node)? == FileType::Directory;
            return Err(if directory { Errno::EISDIR } else { Errno::ENOTDIR });
        }
        self.may_remove(context, place.dir, node, false)?;
        self.tree_mut(place.dir.mount)?.remove_entry(place.dir.ino, name.as_bstr(), context.now);
        self.drop_name(context, node)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// Those of a path; `ENOTDIR`, `ENOTEMPTY` (also for `..`), `EINVAL` for `.`, `EBUSY` for a
    /// mount point or `/`, `EACCES`, `EPERM` in a sticky directory, `EROFS`.
    pub fn rmdir(&mut self, context: &Context<'_>, path: &[u8]) -> Result<(), Errno> {
        let place = self.find_place(context, path)?;
        let name = match place.last {
            Entry::Name(name) => name,
            Entry::Dot => return Err(Errno::EINVAL),
            Entry::DotDot => return Err(Errno::ENOTEMPTY),
            Entry::Root => return Err(Errno::EBUSY),
        };
        let node = self.lookup_below(context, place.dir, name.as_bstr())?;
        self.may_remove(context, place.dir, node, true)?;
        self.must_be_empty(node)?;
        self.tree_mut(place.dir.mount)?.remove_entry(place.dir.ino, name.as_bstr(), context.now);
        self.inode_mut(place.dir)?.nlink -= 1;
        self.drop_name(context, node)
    }

    fn must_be_empty(&self, node: Node) -> Result<(), Errno> {
        let inode = self.tree(node.mount)?.get(node.ino).ok_or(Errno::ENOENT)?;
        let empty = inode.directory().is_none_or(|directory| directory.len == 0);
        if empty { Ok(()) } else { Err(Errno::ENOTEMPTY) }
    }

    /// Takes a name off an inode whose entry is gone already.
    fn drop_name(&mut self, context: &Context<'_>, node: Node) -> Result<(), Errno> {
        let inode = self.inode_mut(node)?;
        let directory = inode.directory().is_some();
        inode.nlink = if directory { 0 } else { inode.nlink.saturating_sub(1) };
        inode.ctime = context.now;
        self.free_if_unused(node);
        Ok(())
    }

    /// Moves a name, atomically replacing what has the new one.
    ///
    /// # Errors
    ///
    /// Those of a path; `EXDEV` across filesystems; `EBUSY` for `.`, `..` and mount points;
    /// `EINVAL` for moving a directory into itself; `ENOTEMPTY`, `EISDIR`, `ENOTDIR` when the
    /// new name can't be replaced; `EACCES`, `EPERM` in a sticky directory, `EROFS`, `ENOSPC`,
    /// `EMLINK`; `ELOOP` for a directory nested too deep to look at all its ancestors.
    pub fn rename(&mut self, context: &Context<'_>, old: &[u8], new: &[u8]) -> Result<(), Errno> {
        let (from, to) = (self.find_place(context, old)?, self.find_place(context, new)?);
        if from.dir.mount != to.dir.mount {
            return Err(Errno::EXDEV);
        }
        let (Entry::Name(from_name), Entry::Name(to_name)) = (&from.last, &to.last) else {
            return Err(Errno::EBUSY);
        };
        let source = self.lookup_below(context, from.dir, from_name.as_bstr())?;
        let target = match self.lookup_below(context, to.dir, to_name.as_bstr()) {
            Err(Errno::ENOENT) => None,
            found => Some(found?),
        };
        let directory = self.file_type(context, source)? == FileType::Directory;
        if !directory && (from.slash || to.slash) {
            return Err(Errno::ENOTDIR);
        }
        // A kernel's tree refuses here already; it has no storage to move names in.
        self.tree(from.dir.mount)?;
        let moves = from.dir != to.dir;
        if directory && moves && self.is_ancestor(source, to.dir)? {
            return Err(Errno::EINVAL);
        }
        if let Some(target) = target
            && moves
            && self.file_type(context, target)? == FileType::Directory
            && self.is_ancestor(target, from.dir)?
        {
            return Err(Errno::ENOTEMPTY);
        }
        if target == Some(source) {
            return Ok(());
        }
        self.may_rename(context, (from.dir, source), (to.dir, target), directory)?;
        let (from_name, to_name) = (from_name.clone(), to_name.clone());
        self.move_entry(
            context,
            (from.dir, &from_name, source),
            (to.dir, to_name, target),
            directory,
        )
    }

    fn may_rename(
        &self,
        context: &Context<'_>,
        (from, source): (Node, Node),
        (to, target): (Node, Option<Node>),
        directory: bool,
    ) -> Result<(), Errno> {
        self.may_remove(context, from, source, directory)?;
        match target {
            None => self.may_create(context, to)?,
            Some(target) => self.may_remove(context, to, target, directory)?,
        }
        if from != to && target.is_none() {
            self.has_room(to)?;
        }
        if directory && from != to {
            // Its ".." is rewritten.
            self.access(context, source, AccessMode::WRITE)?;
            if target.is_none() && self.writable(to)?.nlink >= LINK_MAX {
                return Err(Errno::EMLINK);
            }
        }
        match target {
            Some(target) if directory => self.must_be_empty(target),
            _ => Ok(()),
        }
    }

    fn move_entry(
        &mut self,
        context: &Context<'_>,
        (from, from_name, source): (Node, &BStr, Node),
        (to, to_name, target): (Node, Name, Option<Node>),
        directory: bool,
    ) -> Result<(), Errno> {
        let now = context.now;
        let tree = self.tree_mut(from.mount)?;
        tree.remove_entry(from.ino, from_name, now);
        tree.set_entry(to.ino, to_name.clone(), source.ino, now);
        let inode = tree.get_mut(source.ino).ok_or(Errno::ENOENT)?;
        inode.ctime = now;
        if let Some(moved) = inode.directory_mut() {
            moved.parent = to.ino;
            moved.name = to_name;
        }
        if directory {
            self.inode_mut(from)?.nlink -= 1;
            if target.is_none() {
                self.inode_mut(to)?.nlink += 1;
            }
        }
        target.map_or(Ok(()), |target| self.drop_name(context, target))
    }
}
