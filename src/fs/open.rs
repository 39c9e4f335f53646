//! Opening: from a path and flags to an inode that may be used as asked, made or cut on the way.
//!
//! Follows: POSIX.1-2024 `open`, and Linux's `open(2)` for the order of errors.

use super::inode::InodeKind;
use super::mode::{AccessMode, FileType, OpenFlags};
use super::mount::Node;
use super::path::{Follow, Last, Walk};
use super::vfs::{Context, Vfs};
use super::{Data, inode};
use crate::base::Errno;

/// What a walk for `open` comes to.
enum Found {
    There(Node),
    ToCreate(Node, Box<bstr::BStr>),
}

impl Vfs {
    /// Finds, checks, makes and cuts a file as `flags` say. The kernel then looks at its kind
    /// and, if it keeps the file open, calls [`retain`](Self::retain).
    ///
    /// # Errors
    ///
    /// Those of a path; `EEXIST` with `CREAT` and `EXCL`; `EISDIR` for writing to a directory or
    /// creating with a trailing slash; `ENOTDIR` with `DIRECTORY`; `ELOOP` with `NOFOLLOW`;
    /// `EACCES`; `EROFS`; `ENXIO` for a socket; `ENOSPC`; `EINVAL` for `CREAT` with `DIRECTORY`,
    /// and for neither reading nor writing.
    pub fn open(
        &mut self,
        context: &Context<'_>,
        path: &[u8],
        flags: OpenFlags,
        mode: u16,
    ) -> Result<Node, Errno> {
        if !flags.intersects(OpenFlags::RDWR)
            || flags.contains(OpenFlags::CREAT | OpenFlags::DIRECTORY)
        {
            return Err(Errno::EINVAL);
        }
        match self.find(context, path, flags)? {
            Found::There(node) => {
                self.may_open(context, node, flags)?;
                let regular = self.file_type(context, node)? == FileType::Regular;
                if flags.contains(OpenFlags::TRUNC) && regular {
                    self.truncate(context, node, 0)?;
                }
                Ok(node)
            }
            Found::ToCreate(dir, name) => {
                let kind = InodeKind::File(Data::default());
                self.create(context, dir, name, kind, mode & !context.umask)
            }
        }
    }

    fn find(&self, context: &Context<'_>, path: &[u8], flags: OpenFlags) -> Result<Found, Errno> {
        let nofollow = flags.contains(OpenFlags::NOFOLLOW);
        if !flags.contains(OpenFlags::CREAT) {
            let follow = if nofollow { Follow::No } else { Follow::Yes };
            let node = self.resolve(context, path, follow)?;
            if self.file_type(context, node)? == FileType::Symlink {
                let directory = flags.contains(OpenFlags::DIRECTORY);
                return Err(if directory { Errno::ENOTDIR } else { Errno::ELOOP });
            }
            return Ok(Found::There(node));
        }
        let exclusive = flags.contains(OpenFlags::EXCL);
        let mut walk = Walk::new(self, context, path)?;
        loop {
            // Whatever is not a plain name is a directory, which CREAT never opens.
            let Last::Name(name) = walk.parent()? else {
                return Err(if exclusive { Errno::EEXIST } else { Errno::EISDIR });
            };
            if walk.slash {
                return Err(Errno::EISDIR);
            }
            let (child, view) = match walk.child(&name) {
                Err(Errno::ENOENT) => return Ok(Found::ToCreate(walk.here, inode::name(&name))),
                child => child?,
            };
            if exclusive {
                return Err(Errno::EEXIST);
            }
            match view.file_type() {
                FileType::Symlink if nofollow => return Err(Errno::ELOOP),
                FileType::Symlink => walk.follow(child)?,
                FileType::Directory => return Err(Errno::EISDIR),
                _ => return Ok(Found::There(child)),
            }
        }
    }

    fn may_open(&self, context: &Context<'_>, node: Node, flags: OpenFlags) -> Result<(), Errno> {
        let write = flags.writable() || flags.contains(OpenFlags::TRUNC);
        match self.file_type(context, node)? {
            FileType::Directory if write => return Err(Errno::EISDIR),
            FileType::Directory => {}
            _ if flags.contains(OpenFlags::DIRECTORY) => return Err(Errno::ENOTDIR),
            FileType::Socket => return Err(Errno::ENXIO),
            _ => {}
        }
        let mut want = AccessMode::empty();
        want.set(AccessMode::READ, flags.readable());
        want.set(AccessMode::WRITE, write);
        self.access(context, node, want)
    }
}
