//! [`Sys`]: everything a program can do, in six faces.
//!
//! | face | what for |
//! |---|---|
//! | [`Sys::io`] | descriptors: read, write, seek, duplicate, pipes, poll |
//! | [`Sys::fs`] | paths: open, stat, make, rename, remove, modes and owners |
//! | [`Sys::os`] | processes, signals, time, luck, identity, events, power |
//! | [`Sys::shell`] | arguments, environment, finding commands |
//! | [`Sys::ip`] | sockets, interfaces, routes, names |
//! | [`Sys::term`] | terminals: modes, size, foreground group |
//!
//! Calls are named as POSIX names them and answer with its errnos. Those that may have to wait
//! answer with [`Stop`](super::program::Stop), so that `?` serves both.

use crate::base::{Errno, Pid};

use super::machine::Machine;
use super::process::Process;
use super::program::Registry;

mod fs;
mod io;
mod ip;
mod os;
mod shell;
mod term;

pub use fs::{Fs, StatVfs};
pub use io::{Io, PollFd, PollReady, SeekFrom};
pub use ip::{Ip, ResolveError};
pub use os::{Os, PowerRequest, Uname};
pub use shell::Shell;
pub use term::Term;

/// A running process's way to everything outside its own state.
pub struct Sys<'a> {
    pub(crate) machine: &'a mut Machine,
    pub(crate) registry: &'a Registry,
    pub(crate) pid: Pid,
}

impl<'a> Sys<'a> {
    pub(crate) fn new(machine: &'a mut Machine, registry: &'a Registry, pid: Pid) -> Self {
        Self { machine, registry, pid }
    }

    /// Descriptors.
    pub fn io(&mut self) -> Io<'_, 'a> {
        self.burn(CALL_FUEL);
        Io(self)
    }

    /// Paths.
    pub fn fs(&mut self) -> Fs<'_, 'a> {
        self.burn(PATH_FUEL);
        Fs(self)
    }

    /// Processes, signals, time, identity.
    pub fn os(&mut self) -> Os<'_, 'a> {
        Os(self)
    }

    /// Arguments, environment, commands.
    pub fn shell(&mut self) -> Shell<'_, 'a> {
        Shell(self)
    }

    /// The network.
    pub fn ip(&mut self) -> Ip<'_, 'a> {
        self.burn(CALL_FUEL);
        Ip(self)
    }

    /// Terminals.
    pub fn term(&mut self) -> Term<'_, 'a> {
        self.burn(CALL_FUEL);
        Term(self)
    }

    /// Pays for work.
    fn burn(&mut self, fuel: i64) {
        self.machine.slice = self.machine.slice.saturating_sub(fuel);
    }

    /// Pays for moving bytes.
    fn burn_bytes(&mut self, count: usize) {
        self.burn(i64::try_from(count / BYTES_PER_FUEL).unwrap_or(i64::MAX));
    }

    /// Whether a signal has come that ends the process as soon as its step does. What the step
    /// still does must not be seen.
    fn is_doomed(&self) -> bool {
        self.process().is_ok_and(|process| process.signals.is_fatal())
    }

    /// The process itself: it exists as long as its step runs, even when it is about to end.
    fn process(&self) -> Result<&Process, Errno> {
        self.machine.processes.get(self.pid).ok_or(Errno::ESRCH)
    }

    fn process_mut(&mut self) -> Result<&mut Process, Errno> {
        self.machine.processes.get_mut(self.pid).ok_or(Errno::ESRCH)
    }

    /// # Errors
    ///
    /// `EPERM`: the process does not act as the superuser.
    fn require_root(&self) -> Result<(), Errno> {
        if self.process()?.credentials.is_root() { Ok(()) } else { Err(Errno::EPERM) }
    }
}

/// What a call on a descriptor costs.
const CALL_FUEL: i64 = 1;
/// What a call on a path costs: it walks several directories.
const PATH_FUEL: i64 = 3;
/// Bytes that one unit of fuel moves.
const BYTES_PER_FUEL: usize = 256;
