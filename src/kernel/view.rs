//! Views: what an embedder may see of a machine without touching it.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::{Errno, Gid, Pid, Tick, Ticks, Uid};
use crate::fs::{Access, DirEntry, Follow, OpenFlags, Stat};
use crate::net::Stack;

use super::log::LogLine;
use super::machine::Machine;
use super::screen::ScreenView;
use super::terminals::TtyId;

/// A process as `ps` would show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessView {
    /// Its id.
    pub pid: Pid,
    /// Its parent.
    pub ppid: Pid,
    /// Its effective user.
    pub uid: Uid,
    /// `R`eady, `S`leeping (blocked), s`T`opped or `Z`ombie.
    pub state: char,
    /// Its controlling terminal.
    pub tty: Option<TtyId>,
    /// Its name.
    pub name: BString,
    /// Its arguments, joined by blanks.
    pub command: BString,
    /// Fuel it has used.
    pub fuel_used: u64,
}

impl Machine {
    /// The processes, by pid.
    pub fn processes(&self) -> impl Iterator<Item = ProcessView> {
        self.processes.iter().map(|process| ProcessView {
            pid: process.pid,
            ppid: process.ppid,
            uid: process.credentials.euid(),
            state: process.state_letter(),
            tty: process.tty,
            name: process.name.clone(),
            command: bstr::join(" ", process.args.iter()).into(),
            fuel_used: process.fuel_used,
        })
    }

    /// What a terminal's screen shows.
    pub fn screen(&self, tty: TtyId) -> Option<ScreenView> {
        self.terminals.get(tty).map(|tty| tty.screen().view())
    }

    /// The network stack.
    pub fn network(&self) -> &Stack {
        &self.net
    }

    /// The host name.
    pub fn hostname(&self) -> &BString {
        &self.hostname
    }

    /// The kernel's log, oldest line first.
    pub fn log_lines(&self) -> impl Iterator<Item = &LogLine> {
        self.log.lines()
    }

    /// How long the power has been on.
    pub fn uptime(&self, now: Tick) -> Ticks {
        now - self.power.since()
    }

    /// The whole content of a file of at most `max` bytes, as root sees it.
    ///
    /// # Errors
    ///
    /// Those of a path; `EFBIG`: longer than `max`.
    pub fn read_file(&mut self, path: &[u8], max: usize) -> Result<Vec<u8>, Errno> {
        self.with_vfs(Pid(0), |vfs, context| {
            let node = vfs.resolve(context, path, Follow::Yes)?;
            let mut bytes = Vec::new();
            vfs.read_at(context, node, 0, &mut bytes, max.saturating_add(1))?;
            if bytes.len() > max { Err(Errno::EFBIG) } else { Ok(bytes) }
        })
    }

    /// Makes a file's whole content `bytes`, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `open` and `write`.
    pub fn write_file(&mut self, path: &[u8], mode: u16, bytes: &[u8]) -> Result<(), Errno> {
        self.with_vfs(Pid(0), |vfs, context| {
            let flags = OpenFlags::WRONLY | OpenFlags::CREAT | OpenFlags::TRUNC;
            let node = vfs.open(context, path, flags, mode)?;
            let mut done = 0;
            while done < bytes.len() {
                done += vfs.write_at(context, node, done as u64, &bytes[done..])?;
            }
            vfs.chmod(context, node, mode)
        })
    }

    /// Makes a directory, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `mkdir`.
    pub fn make_dir(&mut self, path: &[u8], mode: u16) -> Result<(), Errno> {
        self.with_vfs(Pid(0), |vfs, context| vfs.mkdir(context, path, mode)).map(drop)
    }

    /// Makes a symbolic link, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `symlink`.
    pub fn make_symlink(&mut self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        self.with_vfs(Pid(0), |vfs, context| vfs.symlink(context, target, path)).map(drop)
    }

    /// Changes a file's mode, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `chmod`.
    pub fn chmod(&mut self, path: &[u8], mode: u16) -> Result<(), Errno> {
        self.with_vfs(Pid(0), |vfs, context| {
            let node = vfs.resolve(context, path, Follow::Yes)?;
            vfs.chmod(context, node, mode)
        })
    }

    /// Changes the owner of a file or symbolic link, as root; its mode stays as it is.
    ///
    /// # Errors
    ///
    /// As POSIX `lchown`.
    pub fn chown(&mut self, path: &[u8], uid: Uid, gid: Gid) -> Result<(), Errno> {
        self.with_vfs(Pid(0), |vfs, context| {
            let node = vfs.resolve(context, path, Follow::No)?;
            let mode = vfs.stat(context, node)?.mode;
            vfs.chown(context, node, Some(uid), Some(gid))?;
            match vfs.stat(context, node)?.mode == mode {
                true => Ok(()),
                false => vfs.chmod(context, node, mode),
            }
        })
    }

    /// What a path leads to, as root sees it.
    ///
    /// # Errors
    ///
    /// Those of a path.
    pub fn stat(&mut self, path: &[u8]) -> Result<Stat, Errno> {
        self.with_vfs(Pid(0), |vfs, context| {
            let node = vfs.resolve(context, path, Follow::Yes)?;
            vfs.stat(context, node)
        })
    }

    /// A directory's entries, as root sees them.
    ///
    /// # Errors
    ///
    /// Those of a path; `ENOTDIR`.
    pub fn read_dir(&mut self, path: &[u8]) -> Result<Vec<DirEntry>, Errno> {
        self.with_vfs(Pid(0), |vfs, context| {
            let node = vfs.resolve(context, path, Follow::Yes)?;
            vfs.entries(context, node)
        })
    }

    /// The digest of everything that can affect this machine's future.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }

    /// The digest of the image below its filesystem.
    pub fn image(&self) -> Option<Digest> {
        self.vfs.image()
    }

    /// Whether a user with these ids may do `mode` to a path; for checks before [`Self::exec_command`].
    pub fn may(&mut self, access: &Access, path: &[u8], mode: crate::fs::AccessMode) -> bool {
        self.with_vfs(Pid(0), |vfs, context| {
            let context = crate::fs::Context { access, ..*context };
            vfs.resolve(&context, path, Follow::Yes)
                .and_then(|node| vfs.access(&context, node, mode))
                .is_ok()
        })
    }
}
