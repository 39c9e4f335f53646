//! Descriptors: read, write, seek, duplicate, pipes, poll.
//!
//! Follows: POSIX.1-2024 `read`, `write`, `lseek`, `dup`, `fcntl`, `pipe`, `poll`.

use crate::base::{Errno, Fd, Tick};
use crate::fs::OpenFlags;
use crate::kernel::file::{FdEntry, Object};
use crate::kernel::program::Stop;
use crate::kernel::wait::Wait;

use super::Sys;

/// The face for descriptors; see [`Sys::io`].
pub struct Io<'s, 'a>(pub(super) &'s mut Sys<'a>);

/// Where [`Io::seek`] counts from, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekFrom {
    /// The beginning (`SEEK_SET`).
    Start(u64),
    /// The present offset (`SEEK_CUR`).
    Current(i64),
    /// The end (`SEEK_END`).
    End(i64),
}

/// What [`Io::poll`] is to look for at a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollFd {
    /// The descriptor.
    pub fd: Fd,
    /// Whether reading would not wait (`POLLIN`).
    pub read: bool,
    /// Whether writing would not wait (`POLLOUT`).
    pub write: bool,
}

/// What [`Io::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollReady {
    /// The descriptor.
    pub fd: Fd,
    /// Reading would not wait.
    pub readable: bool,
    /// Writing would not wait.
    pub writable: bool,
    /// The other end is gone (`POLLHUP`).
    pub hangup: bool,
}

impl Io<'_, '_> {
    /// Reads up to `max` bytes to the end of `into`; returns how many, 0 at end-of-file.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open for reading. `EISDIR`: a directory. `EAGAIN`: would wait, and the
    /// descriptor is non-blocking. Blocks while there is nothing to read.
    pub fn read(&mut self, fd: Fd, into: &mut Vec<u8>, max: usize) -> Result<usize, Stop> {
        let count = self.retry(fd, false, |sys| sys.machine.read_fd(sys.pid, fd, into, max))?;
        self.0.burn_bytes(count);
        Ok(count)
    }

    /// Writes some of `bytes`; returns how many, at least one unless there are none.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open for writing. `EPIPE`: nobody will read (SIGPIPE is raised too).
    /// `ENOSPC`: the disk is full. `EAGAIN`: would wait, and the descriptor is non-blocking.
    /// Blocks while there is no room.
    pub fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, Stop> {
        let written = self.retry(fd, true, |sys| sys.machine.write_fd(sys.pid, fd, bytes));
        if written == Err(Stop::Fail(Errno::EPIPE)) {
            // SIGPIPE ends the process before it can act on the error, or complain of it.
            self.live_on()?;
        }
        let count = written?;
        self.0.burn_bytes(count);
        Ok(count)
    }

    /// Ends the step of a process that a signal has ended already.
    fn live_on(&self) -> Result<(), Stop> {
        if self.0.is_doomed() { Err(Stop::Block(Wait::FOREVER)) } else { Ok(()) }
    }

    /// Turns "would wait" into a wait, unless the descriptor is non-blocking.
    fn retry<T>(
        &mut self,
        fd: Fd,
        writing: bool,
        call: impl FnOnce(&mut Sys<'_>) -> Result<T, Errno>,
    ) -> Result<T, Stop> {
        self.live_on()?;
        match call(self.0) {
            Err(Errno::EAGAIN) => {
                let (_, file) = self.0.machine.file_of(self.0.pid, fd)?;
                if file.flags.contains(OpenFlags::NONBLOCK) {
                    return Err(Errno::EAGAIN.into());
                }
                let key = self.0.machine.wait_of(self.0.pid, fd, writing)?;
                let until = self.0.machine.read_deadline(self.0.pid, fd, writing);
                Err(Stop::Block(Wait { keys: vec![key], until }))
            }
            other => Ok(other?),
        }
    }

    /// Moves the offset; returns the new one, in bytes from the beginning.
    ///
    /// # Errors
    ///
    /// `EBADF`; `ESPIPE`: a pipe, terminal or socket; `EINVAL`: before the beginning.
    pub fn seek(&mut self, fd: Fd, to: SeekFrom) -> Result<u64, Errno> {
        let (id, file) = self.0.machine.file_of(self.0.pid, fd)?;
        let (object, node, offset) = (file.object, file.node, file.offset);
        match object {
            Object::Inode => {}
            Object::PipeReader(_) | Object::PipeWriter(_) | Object::Tty(_) | Object::Socket(_) => {
                return Err(Errno::ESPIPE);
            }
            Object::Null | Object::Zero | Object::Full | Object::Random => return Ok(0),
        }
        let new = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => offset.checked_add_signed(by),
            SeekFrom::End(by) => {
                let node = node.ok_or(Errno::EBADF)?;
                let stat = self.0.machine.with_vfs(self.0.pid, |vfs, cx| vfs.stat(cx, node))?;
                stat.size.checked_add_signed(by)
            }
        };
        let new = new.filter(|new| i64::try_from(*new).is_ok()).ok_or(Errno::EINVAL)?;
        let file = self.0.machine.files.get_mut(id).ok_or(Errno::EBADF)?;
        file.offset = new;
        Ok(new)
    }

    /// Closes a descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub fn close(&mut self, fd: Fd) -> Result<(), Errno> {
        let entry = self.0.process_mut()?.fds.remove(fd)?;
        self.0.machine.release_file(entry.file);
        Ok(())
    }

    /// Duplicates a descriptor to the lowest free number.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open. `EMFILE`: too many.
    pub fn dup(&mut self, fd: Fd) -> Result<Fd, Errno> {
        self.dup_from(fd, Fd(0), false)
    }

    /// Duplicates a descriptor to the lowest free number from `lowest` on (`F_DUPFD`,
    /// `F_DUPFD_CLOEXEC`).
    ///
    /// # Errors
    ///
    /// `EBADF`: not open. `EMFILE`: too many. `EINVAL`: `lowest` is past the limit.
    pub fn dup_from(&mut self, fd: Fd, lowest: Fd, close_on_exec: bool) -> Result<Fd, Errno> {
        let file = self.0.process()?.fds.get(fd)?.file;
        self.0.machine.files.retain(file);
        self.0.machine.add_fd(self.0.pid, file, lowest, close_on_exec)
    }

    /// Makes `to` a duplicate of `from`, closing what it was.
    ///
    /// # Errors
    ///
    /// `EBADF`: `from` is not open or `to` past the limit.
    pub fn dup2(&mut self, from: Fd, to: Fd) -> Result<Fd, Errno> {
        let process = self.0.process_mut()?;
        let file = process.fds.get(from)?.file;
        if from == to {
            return Ok(to);
        }
        let replaced = process.fds.set(to, FdEntry { file, close_on_exec: false })?;
        self.0.machine.files.retain(file);
        if let Some(entry) = replaced {
            self.0.machine.release_file(entry.file);
        }
        Ok(to)
    }

    /// Makes a pipe; returns its reading and its writing end.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: too many open files.
    pub fn pipe(&mut self) -> Result<(Fd, Fd), Errno> {
        let machine = &mut *self.0.machine;
        let pipe = machine.pipes.create(1, 1);
        let ends = machine
            .files
            .insert(Object::PipeReader(pipe), None, OpenFlags::RDONLY)
            .and_then(|reader| {
                match machine.files.insert(Object::PipeWriter(pipe), None, OpenFlags::WRONLY) {
                    Ok(writer) => Ok((reader, writer)),
                    Err(errno) => {
                        machine.files.release(reader);
                        Err(errno)
                    }
                }
            });
        let (reader, writer) = match ends {
            Ok(ends) => ends,
            Err(errno) => {
                machine.close_pipe_end(pipe, false);
                machine.close_pipe_end(pipe, true);
                return Err(errno);
            }
        };
        let read_fd = match machine.add_fd(self.0.pid, reader, Fd(0), false) {
            Ok(fd) => fd,
            Err(errno) => {
                machine.release_file(writer);
                return Err(errno);
            }
        };
        match machine.add_fd(self.0.pid, writer, Fd(0), false) {
            Ok(write_fd) => Ok((read_fd, write_fd)),
            Err(errno) => {
                self.close(read_fd)?;
                Err(errno)
            }
        }
    }

    /// Waits until one of the descriptors is ready; returns those that are, none when
    /// `deadline` has come first. A deadline that has passed makes it look without waiting.
    ///
    /// # Errors
    ///
    /// `EBADF`: one is not open.
    pub fn poll(&mut self, fds: &[PollFd], deadline: Option<Tick>) -> Result<Vec<PollReady>, Stop> {
        let mut ready = Vec::new();
        let mut wait = Wait { keys: Vec::new(), until: deadline };
        for wanted in fds {
            let fd = wanted.fd;
            let (readable, writable, hangup) = self.0.machine.readiness(self.0.pid, fd)?;
            if (wanted.read && readable) || (wanted.write && writable) || hangup {
                let (readable, writable) = (readable && wanted.read, writable && wanted.write);
                ready.push(PollReady { fd, readable, writable, hangup });
            }
            for (asked, writing) in [(wanted.read, false), (wanted.write, true)] {
                if asked && let Ok(key) = self.0.machine.wait_of(self.0.pid, fd, writing) {
                    wait.keys.push(key);
                }
            }
        }
        if !ready.is_empty() || deadline.is_some_and(|deadline| deadline <= self.0.machine.now) {
            return Ok(ready);
        }
        wait.keys.sort_unstable();
        wait.keys.dedup();
        Err(Stop::Block(wait))
    }

    /// Whether a descriptor leads to a terminal (`isatty`).
    pub fn is_tty(&mut self, fd: Fd) -> bool {
        self.0.machine.tty_of(self.0.pid, fd).is_ok()
    }

    /// Whether `exec` closes a descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub fn cloexec(&mut self, fd: Fd) -> Result<bool, Errno> {
        Ok(self.0.process()?.fds.get(fd)?.close_on_exec)
    }

    /// Says whether `exec` is to close a descriptor (`FD_CLOEXEC`).
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub fn set_cloexec(&mut self, fd: Fd, close: bool) -> Result<(), Errno> {
        self.0.process_mut()?.fds.get_mut(fd)?.close_on_exec = close;
        Ok(())
    }

    /// Says whether calls that would wait fail with `EAGAIN` instead (`O_NONBLOCK`).
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub fn set_nonblock(&mut self, fd: Fd, nonblock: bool) -> Result<(), Errno> {
        let id = self.0.machine.file_of(self.0.pid, fd)?.0;
        let file = self.0.machine.files.get_mut(id).ok_or(Errno::EBADF)?;
        file.flags.set(OpenFlags::NONBLOCK, nonblock);
        Ok(())
    }

    /// The flags a descriptor's file was opened with (`F_GETFL`).
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub fn flags(&mut self, fd: Fd) -> Result<OpenFlags, Errno> {
        Ok(self.0.machine.file_of(self.0.pid, fd)?.1.flags)
    }

    /// The open descriptors, in ascending order.
    pub fn open_fds(&mut self) -> Vec<Fd> {
        let fds = self.0.process().map(|process| process.fds.iter().map(|(fd, _)| fd).collect());
        fds.unwrap_or_default()
    }
}
