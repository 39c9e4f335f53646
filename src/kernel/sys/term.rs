//! Terminals: modes, size, foreground group.
//!
//! Follows: POSIX.1-2024 `tcgetattr`, `tcsetattr`, `tcgetwinsize`, `tcsetpgrp`, `ttyname`.

use bstr::BString;

use crate::base::{Errno, Fd, Pid};
use crate::kernel::terminals::TtyId;
use crate::kernel::tty::{Termios, Tty};

use super::Sys;

/// The face for terminals; see [`Sys::term`].
pub struct Term<'s, 'a>(pub(super) &'s mut Sys<'a>);

impl Term<'_, '_> {
    fn tty(&mut self, fd: Fd) -> Result<(TtyId, &mut Tty), Errno> {
        let id = self.0.machine.tty_of(self.0.pid, fd)?;
        self.0.machine.terminals.get_mut(id).map(|tty| (id, tty)).ok_or(Errno::ENXIO)
    }

    /// The modes of a terminal.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`.
    pub fn attributes(&mut self, fd: Fd) -> Result<Termios, Errno> {
        self.tty(fd).map(|(_, tty)| *tty.termios())
    }

    /// Sets the modes of a terminal.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`.
    pub fn set_attributes(&mut self, fd: Fd, termios: &Termios) -> Result<(), Errno> {
        let (id, tty) = self.tty(fd)?;
        tty.set_termios(*termios);
        self.0.machine.wake_tty(id);
        Ok(())
    }

    /// Columns and rows.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`.
    pub fn size(&mut self, fd: Fd) -> Result<(u16, u16), Errno> {
        self.tty(fd).map(|(_, tty)| (tty.size().columns, tty.size().rows))
    }

    /// Sets columns and rows; the foreground group gets SIGWINCH.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`.
    pub fn set_size(&mut self, fd: Fd, columns: u16, rows: u16) -> Result<(), Errno> {
        let (id, tty) = self.tty(fd)?;
        let effects = tty.set_size(columns, rows);
        self.0.machine.apply_tty_effects(id, &effects);
        Ok(())
    }

    /// The foreground process group; 0 if there is none.
    ///
    /// # Errors
    ///
    /// `EBADF`; `ENOTTY`: not the process's controlling terminal.
    pub fn foreground(&mut self, fd: Fd) -> Result<Pid, Errno> {
        let own = self.0.process()?.tty;
        let (id, tty) = self.tty(fd)?;
        if own != Some(id) {
            return Err(Errno::ENOTTY);
        }
        Ok(tty.foreground.unwrap_or(Pid(0)))
    }

    /// Puts a process group of this session into the foreground.
    ///
    /// # Errors
    ///
    /// `EBADF`; `ENOTTY`: not the process's controlling terminal; `EPERM`: no group of this
    /// session.
    pub fn set_foreground(&mut self, fd: Fd, pgid: Pid) -> Result<(), Errno> {
        let process = self.0.process()?;
        let (own, session) = (process.tty, process.sid);
        if own != Some(self.0.machine.tty_of(self.0.pid, fd)?) {
            return Err(Errno::ENOTTY);
        }
        if !self.0.machine.processes.iter().any(|p| p.pgid == pgid && p.sid == session) {
            return Err(Errno::EPERM);
        }
        self.tty(fd)?.1.foreground = Some(pgid);
        Ok(())
    }

    /// The terminal's path, such as `/dev/tty1`.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`.
    pub fn name(&mut self, fd: Fd) -> Result<BString, Errno> {
        self.tty(fd).map(|(id, _)| format!("/dev/{id}").into())
    }

    /// Makes a terminal the controlling terminal of this session (`TIOCSCTTY`).
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`; `EPERM`: not a session leader, one is there already, or it is another
    /// session's.
    pub fn set_controlling(&mut self, fd: Fd) -> Result<(), Errno> {
        let pid = self.0.pid;
        let process = self.0.process()?;
        let (sid, pgid, own) = (process.sid, process.pgid, process.tty);
        let root = process.credentials.is_root();
        let (id, tty) = self.tty(fd)?;
        if own == Some(id) && tty.session == Some(sid) {
            return Ok(());
        }
        let taken = tty.session.is_some_and(|session| session != sid);
        if sid != pid || own.is_some() || (taken && !root) {
            return Err(Errno::EPERM);
        }
        (tty.session, tty.foreground) = (Some(sid), Some(pgid));
        self.0.process_mut()?.tty = Some(id);
        Ok(())
    }

    /// Forgets what was typed and not yet read (`tcflush`).
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTTY`.
    pub fn flush_input(&mut self, fd: Fd) -> Result<(), Errno> {
        self.tty(fd).map(|(_, tty)| tty.flush_input())
    }
}
