//! The end of processes: exit, orphans, zombies, waiting for children.
//!
//! Follows: POSIX.1-2024 `_exit`, `wait`.

use crate::base::strings::Strings;
use crate::base::{Errno, Pid};

use super::event::EventQueue;
use super::machine::Machine;
use super::notice::Notice;
use super::process::RunState;
use super::program::Code;
use super::signal::{Action, Signal, WaitStatus};

/// Which children `wait` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitTarget {
    /// Any child.
    Any,
    /// This child.
    Pid(Pid),
    /// Any child in this process group.
    Group(Pid),
}

/// How `wait` behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitFlags {
    /// Do not wait (`WNOHANG`).
    pub no_hang: bool,
    /// Report stopped children too (`WUNTRACED`).
    pub untraced: bool,
    /// Report continued children too (`WCONTINUED`).
    pub continued: bool,
}

impl Machine {
    /// Ends a process.
    pub(crate) fn exit(&mut self, pid: Pid, status: WaitStatus) {
        self.processes.retire(pid);
        let Some(process) = self.processes.get_mut(pid) else { return };
        if !process.is_alive() {
            return;
        }
        // A zombie keeps its names and its status; what costs memory goes at once.
        let mut fds = core::mem::take(&mut process.fds);
        let opening = process.opening.take();
        process.code = Code::Ended;
        process.args = Strings::new();
        process.env = Strings::new();
        process.events = EventQueue::default();
        process.signals = super::process::Signals::default();
        process.state = RunState::Zombie(status);
        let (parent, session, tty) = (process.ppid, process.sid, process.tty);
        let cwd = process.cwd;
        let watched = process.watched;
        for entry in fds.take_if(|_| true) {
            self.release_file(entry.file);
        }
        opening.into_iter().for_each(|file| self.release_file(file));
        self.vfs.release(cwd);
        self.processes.set_memory(pid, 0);
        if session == pid {
            self.end_session(pid, tty);
        }
        self.adopt_orphans(pid);
        if watched {
            self.streams.record_exit(pid, status);
            self.notify(Notice::Exited { pid, status });
        }
        if pid == Pid::INIT {
            self.panic_without_init(status);
            return;
        }
        let ignored = self.processes.get(parent).is_none_or(|parent| {
            !parent.is_alive() || parent.signals.action(Signal::CHLD) == Action::Ignore
        });
        self.tell_parent(parent);
        if ignored {
            self.processes.remove(pid);
        }
    }

    /// A session without its leader loses its terminal; who is in the foreground is told.
    fn end_session(&mut self, leader: Pid, tty: Option<super::terminals::TtyId>) {
        let Some(tty) = tty else { return };
        let foreground = self.terminals.get_mut(tty).and_then(|terminal| {
            (terminal.session == Some(leader)).then(|| {
                terminal.session = None;
                terminal.foreground.take()
            })
        });
        if let Some(Some(group)) = foreground {
            self.raise_group(group, Signal::HUP);
        }
        let members: Vec<Pid> =
            self.processes.iter().filter(|p| p.sid == leader).map(|p| p.pid).collect();
        for member in members {
            if let Some(process) = self.processes.get_mut(member) {
                process.tty = None;
            }
        }
    }

    /// The children of an ended process become init's.
    fn adopt_orphans(&mut self, parent: Pid) {
        let orphans: Vec<Pid> = self.processes.children(parent).map(|child| child.pid).collect();
        let mut zombies = false;
        for orphan in &orphans {
            self.processes.set_parent(*orphan, Pid::INIT);
            zombies |= self.processes.get(*orphan).is_some_and(|process| !process.is_alive());
        }
        let has_init = self.processes.get(Pid::INIT).is_some_and(super::process::Process::is_alive);
        if !has_init {
            for orphan in orphans {
                if self.processes.get(orphan).is_some_and(|process| !process.is_alive()) {
                    self.processes.remove(orphan);
                }
            }
        } else if zombies {
            self.tell_parent(Pid::INIT);
        }
    }

    /// Looks for a child to report.
    ///
    /// # Errors
    ///
    /// `ECHILD`: no such child. `EAGAIN`: none has changed yet.
    pub(crate) fn wait_for(
        &mut self,
        parent: Pid,
        target: WaitTarget,
        flags: WaitFlags,
    ) -> Result<(Pid, WaitStatus), Errno> {
        let mut any = false;
        let mut found = None;
        for child in self.processes.children(parent) {
            let wanted = match target {
                WaitTarget::Any => true,
                WaitTarget::Pid(pid) => child.pid == pid,
                WaitTarget::Group(pgid) => child.pgid == pgid,
            };
            if !wanted {
                continue;
            }
            any = true;
            let report = match (&child.state, child.change) {
                (RunState::Zombie(status), _) => Some(*status),
                (_, Some(status @ WaitStatus::Stopped(_))) if flags.untraced => Some(status),
                (_, Some(WaitStatus::Continued)) if flags.continued => Some(WaitStatus::Continued),
                _ => None,
            };
            if let Some(status) = report {
                found = Some((child.pid, status));
                break;
            }
        }
        let Some((pid, status)) = found else {
            return Err(if any { Errno::EAGAIN } else { Errno::ECHILD });
        };
        match status {
            WaitStatus::Exited(_) | WaitStatus::Signaled(_) => {
                self.processes.remove(pid);
            }
            WaitStatus::Stopped(_) | WaitStatus::Continued => {
                if let Some(child) = self.processes.get_mut(pid) {
                    child.change = None;
                }
            }
        }
        Ok((pid, status))
    }
}
