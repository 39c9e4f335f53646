//! Paths: open, stat, make, rename, remove, modes and owners.
//!
//! Follows: POSIX.1-2024 `<fcntl.h>`, `<sys/stat.h>`, `<unistd.h>`; what each call checks is
//! written down in [`crate::fs`].

use bstr::{BStr, BString};

use crate::base::{Errno, Fd, Gid, Uid, limits};
use crate::fs::{
    AccessMode, Context, DirEntry, Follow, InodeKind, Kind, Node, OpenFlags, SetTime, Stat, Vfs,
};
use crate::kernel::program::Stop;
use crate::kernel::stream::enter;

use super::Sys;

pub use crate::fs::StatVfs;

/// Bytes of a path that one unit of fuel walks.
const PATH_BYTES_PER_FUEL: usize = 32;

/// The face for paths; see [`Sys::fs`].
pub struct Fs<'s, 'a>(pub(super) &'s mut Sys<'a>);

impl Fs<'_, '_> {
    /// Pays for walking a path: long ones cost more.
    fn pay(&mut self, path: &[u8]) {
        self.0.burn(i64::try_from(path.len() / PATH_BYTES_PER_FUEL).unwrap_or(i64::MAX));
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut Vfs, &Context<'_>) -> R) -> R {
        self.0.machine.with_vfs(self.0.pid, call)
    }

    fn node(&mut self, fd: Fd) -> Result<Node, Errno> {
        self.0.machine.file_of(self.0.pid, fd)?.1.node.ok_or(Errno::EINVAL)
    }

    /// Opens a file; `mode` (less the umask) is for one that this creates.
    ///
    /// # Errors
    ///
    /// As POSIX `open`. Blocks on a named pipe until its other end is opened.
    pub fn open(
        &mut self,
        path: impl AsRef<[u8]>,
        flags: OpenFlags,
        mode: u16,
    ) -> Result<Fd, Stop> {
        self.pay(path.as_ref());
        self.0.machine.open(self.0.pid, BStr::new(path.as_ref()), flags, mode)
    }

    /// What a path leads to.
    ///
    /// # Errors
    ///
    /// As POSIX `stat`.
    pub fn stat(&mut self, path: impl AsRef<[u8]>) -> Result<Stat, Errno> {
        self.pay(path.as_ref());
        self.stat_with(path.as_ref(), Follow::Yes)
    }

    /// What a path names, a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As POSIX `lstat`.
    pub fn lstat(&mut self, path: impl AsRef<[u8]>) -> Result<Stat, Errno> {
        self.pay(path.as_ref());
        self.stat_with(path.as_ref(), Follow::No)
    }

    fn stat_with(&mut self, path: &[u8], follow: Follow) -> Result<Stat, Errno> {
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path, follow)?;
            vfs.stat(context, node)
        })
    }

    /// What a descriptor leads to.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub fn fstat(&mut self, fd: Fd) -> Result<Stat, Errno> {
        let (_, file) = self.0.machine.file_of(self.0.pid, fd)?;
        match file.node {
            Some(node) => self.call(|vfs, context| vfs.stat(context, node)),
            None => self.0.machine.stat_nameless(self.0.pid, fd),
        }
    }

    /// Checks what the real user and group may do with a file.
    ///
    /// # Errors
    ///
    /// As POSIX `access`.
    pub fn access(&mut self, path: impl AsRef<[u8]>, mode: AccessMode) -> Result<(), Errno> {
        self.pay(path.as_ref());
        let real = {
            let credentials = &self.0.process()?.credentials;
            let mut real = credentials.access.clone();
            (real.uid, real.gid) = (credentials.uid, credentials.gid);
            real
        };
        self.call(|vfs, context| {
            let context = Context { access: &real, ..*context };
            let node = vfs.resolve(&context, path.as_ref(), Follow::Yes)?;
            vfs.access(&context, node, mode)
        })
    }

    /// Changes the working directory.
    ///
    /// # Errors
    ///
    /// As POSIX `chdir`.
    pub fn chdir(&mut self, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.pay(path.as_ref());
        let node = self.call(|vfs, context| enter(vfs, context, path.as_ref()))?;
        self.0.machine.set_cwd(self.0.pid, node);
        Ok(())
    }

    /// The working directory's path, without symbolic links (`getcwd`).
    ///
    /// # Errors
    ///
    /// `ENOENT`: it was removed. `EACCES`: a directory above may not be read.
    pub fn cwd(&mut self) -> Result<BString, Errno> {
        let node = self.0.process()?.cwd;
        self.call(|vfs, context| vfs.path_of(context, node))
    }

    /// Sets the mask of permission bits that new files do not get; returns the old one.
    pub fn umask(&mut self, mask: u16) -> u16 {
        self.0
            .process_mut()
            .map_or(0, |process| core::mem::replace(&mut process.umask, mask & 0o777))
    }

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// As POSIX `mkdir`.
    pub fn mkdir(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| vfs.mkdir(context, path.as_ref(), mode)).map(drop)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// As POSIX `rmdir`.
    pub fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| vfs.rmdir(context, path.as_ref()))
    }

    /// Removes a name of a file.
    ///
    /// # Errors
    ///
    /// As POSIX `unlink`.
    pub fn unlink(&mut self, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| vfs.unlink(context, path.as_ref()))
    }

    /// Gives a file one more name; a symbolic link is linked itself.
    ///
    /// # Errors
    ///
    /// As POSIX `link`.
    pub fn link(&mut self, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.pay(old.as_ref());
        self.pay(new.as_ref());
        self.call(|vfs, context| vfs.link(context, old.as_ref(), new.as_ref()))
    }

    /// Makes a symbolic link at `path`.
    ///
    /// # Errors
    ///
    /// As POSIX `symlink`.
    pub fn symlink(
        &mut self,
        target: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<(), Errno> {
        self.pay(target.as_ref());
        self.pay(path.as_ref());
        self.call(|vfs, context| vfs.symlink(context, target.as_ref(), path.as_ref())).map(drop)
    }

    /// What a symbolic link says.
    ///
    /// # Errors
    ///
    /// `EINVAL`: not one. Else as POSIX `readlink`.
    pub fn readlink(&mut self, path: impl AsRef<[u8]>) -> Result<BString, Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path.as_ref(), Follow::No)?;
            vfs.readlink(context, node)
        })
    }

    /// Renames, replacing what bore the new name.
    ///
    /// # Errors
    ///
    /// As POSIX `rename`.
    pub fn rename(&mut self, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.pay(old.as_ref());
        self.pay(new.as_ref());
        self.call(|vfs, context| vfs.rename(context, old.as_ref(), new.as_ref()))
    }

    /// Sets permission bits.
    ///
    /// # Errors
    ///
    /// As POSIX `chmod`.
    pub fn chmod(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path.as_ref(), Follow::Yes)?;
            vfs.chmod(context, node, mode)
        })
    }

    /// Sets the owner, the group, or both.
    ///
    /// # Errors
    ///
    /// As POSIX `chown`.
    pub fn chown(
        &mut self,
        path: impl AsRef<[u8]>,
        uid: Option<Uid>,
        gid: Option<Gid>,
    ) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.chown_with(path.as_ref(), Follow::Yes, uid, gid)
    }

    /// As [`Self::chown`], of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// As POSIX `lchown`.
    pub fn lchown(
        &mut self,
        path: impl AsRef<[u8]>,
        uid: Option<Uid>,
        gid: Option<Gid>,
    ) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.chown_with(path.as_ref(), Follow::No, uid, gid)
    }

    fn chown_with(
        &mut self,
        path: &[u8],
        follow: Follow,
        uid: Option<Uid>,
        gid: Option<Gid>,
    ) -> Result<(), Errno> {
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path, follow)?;
            vfs.chown(context, node, uid, gid)
        })
    }

    /// Sets the times of access and modification.
    ///
    /// # Errors
    ///
    /// As POSIX `utimensat`.
    pub fn utimens(
        &mut self,
        path: impl AsRef<[u8]>,
        atime: SetTime,
        mtime: SetTime,
    ) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path.as_ref(), Follow::Yes)?;
            vfs.utimens(context, node, atime, mtime)
        })
    }

    /// Cuts or extends a file to `len` bytes.
    ///
    /// # Errors
    ///
    /// As POSIX `truncate`.
    pub fn truncate(&mut self, path: impl AsRef<[u8]>, len: u64) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path.as_ref(), Follow::Yes)?;
            vfs.access(context, node, AccessMode::WRITE)?;
            vfs.truncate(context, node, len)
        })
    }

    /// Cuts or extends an open file to `len` bytes.
    ///
    /// # Errors
    ///
    /// `EINVAL`: not open for writing, or not a file. Else as POSIX `ftruncate`.
    pub fn ftruncate(&mut self, fd: Fd, len: u64) -> Result<(), Errno> {
        let (_, file) = self.0.machine.file_of(self.0.pid, fd)?;
        if !file.flags.writable() {
            return Err(Errno::EINVAL);
        }
        let node = self.node(fd)?;
        self.call(|vfs, context| vfs.truncate(context, node, len))
    }

    /// Makes a named pipe.
    ///
    /// # Errors
    ///
    /// As POSIX `mkfifo`.
    pub fn mkfifo(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| vfs.mknod(context, path.as_ref(), InodeKind::Fifo, mode)).map(drop)
    }

    /// A directory's entries by name, `.` and `..` left out.
    ///
    /// # Errors
    ///
    /// `EACCES`: may not be read. `ENOTDIR`: not a directory. Else as POSIX `opendir`.
    pub fn read_dir(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<DirEntry>, Errno> {
        self.pay(path.as_ref());
        let entries = self.call(|vfs, context| {
            let node = vfs.resolve(context, path.as_ref(), Follow::Yes)?;
            vfs.access(context, node, AccessMode::READ)?;
            vfs.entries(context, node)
        })?;
        self.0.burn_bytes(entries.len() * 64);
        Ok(entries)
    }

    /// The filesystem that a path is on (`statvfs`).
    ///
    /// # Errors
    ///
    /// As POSIX `statvfs`.
    pub fn statvfs(&mut self, path: impl AsRef<[u8]>) -> Result<StatVfs, Errno> {
        self.pay(path.as_ref());
        self.call(|vfs, context| {
            let node = vfs.resolve(context, path.as_ref(), Follow::Yes)?;
            vfs.statvfs(node)
        })
    }

    /// The whole content of a file of at most `max` bytes, in one call.
    ///
    /// # Errors
    ///
    /// `EFBIG`: it is longer. Else as POSIX `open` and `read`; `EINVAL` for what is not a file.
    pub fn read_file(&mut self, path: impl AsRef<[u8]>, max: usize) -> Result<Vec<u8>, Errno> {
        self.pay(path.as_ref());
        let node = self.call(|vfs, context| {
            let node = vfs.open(context, path.as_ref(), OpenFlags::RDONLY, 0)?;
            if has_content(vfs, node)? { Ok(node) } else { Err(Errno::EINVAL) }
        })?;
        let mut bytes = Vec::new();
        while bytes.len() <= max {
            let (room, offset) = (max + 1 - bytes.len(), bytes.len() as u64);
            if self.0.machine.read_node(self.0.pid, node, offset, &mut bytes, room)? == 0 {
                break;
            }
        }
        if bytes.len() > max {
            return Err(Errno::EFBIG);
        }
        self.0.burn_bytes(bytes.len());
        Ok(bytes)
    }

    /// Makes a file's whole content `bytes`, in one call; `mode` is for one that this creates.
    ///
    /// # Errors
    ///
    /// As POSIX `open` and `write`; after `ENOSPC` the file holds what fitted.
    pub fn write_file(
        &mut self,
        path: impl AsRef<[u8]>,
        bytes: &[u8],
        mode: u16,
    ) -> Result<(), Errno> {
        self.pay(path.as_ref());
        self.0.burn_bytes(bytes.len());
        let flags = OpenFlags::WRONLY | OpenFlags::CREAT | OpenFlags::TRUNC;
        let node = self.call(|vfs, context| {
            let node = vfs.open(context, path.as_ref(), flags, mode)?;
            if has_content(vfs, node)? { Ok(node) } else { Err(Errno::EINVAL) }
        })?;
        if matches!(self.0.machine.vfs.kind(node)?, Kind::Synthetic(_)) {
            return self.0.machine.write_proc(self.0.pid, node, bytes).map(drop);
        }
        self.call(|vfs, context| {
            let mut done = 0;
            while done < bytes.len() {
                done += vfs.write_at(context, node, done as u64, &bytes[done..])?;
            }
            Ok(())
        })
    }

    /// What is mounted where.
    pub fn mounts(&mut self) -> Vec<crate::fs::MountInfo> {
        self.0.machine.vfs.mounts().collect()
    }

    /// Longest path that any call takes, in bytes (`PATH_MAX`).
    pub const PATH_MAX: usize = limits::PATH_MAX;
}

/// Whether an inode has bytes to read at once: a file or one of the kernel's.
fn has_content(vfs: &Vfs, node: Node) -> Result<bool, Errno> {
    Ok(matches!(
        vfs.kind(node)?,
        Kind::Inode(InodeKind::File(_) | InodeKind::Program(_)) | Kind::Synthetic(_)
    ))
}
