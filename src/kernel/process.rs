//! A process: everything the kernel keeps of one, and the states it goes through.
//!
//! The states: a new process is `Ready` and in the ready queue. When its turn comes it runs one
//! step, after which it is `Ready` again, `Blocked` (some [`Wait`] ends that), `Stopped` (SIGCONT
//! ends that), or a `Zombie`, which keeps nothing but its status until its parent has waited for
//! it. A typical sequence is: spawned, `Ready`, `Blocked` on its standard input, woken, `Ready`,
//! exits, `Zombie`, reaped.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Pid, Tick};
use crate::fs::Node;

use super::cred::Credentials;
use super::event::EventQueue;
use super::file::{FdTable, FileId};
use super::program::Code;
use super::signal::{Action, DefaultAction, Signal, SignalSet, WaitStatus};
use super::terminals::TtyId;
use super::wait::Wait;

/// Whether and for what a process waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RunState {
    /// In the ready queue, or running.
    Ready,
    /// Waiting.
    Blocked(Wait),
    /// Stopped by a signal; its step runs again when it is continued.
    Stopped,
    /// Ended, and not yet waited for.
    Zombie(WaitStatus),
}

/// Which signals a process catches, ignores and has waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signals {
    pub(crate) pending: SignalSet,
    pub(crate) caught: SignalSet,
    pub(crate) ignored: SignalSet,
    /// Whether one arrived since the running step began: then the step must not block.
    pub(crate) arrived: bool,
}

impl Signals {
    pub(crate) fn action(&self, signal: Signal) -> Action {
        if self.caught.contains(signal) {
            Action::Catch
        } else if self.ignored.contains(signal) {
            Action::Ignore
        } else {
            Action::Default
        }
    }

    /// Whether one that is pending ends the process.
    pub(crate) fn is_fatal(&self) -> bool {
        self.arrived
            && self.pending.without(self.caught).iter().any(|signal| {
                let action = signal.default_action();
                matches!(action, DefaultAction::Terminate | DefaultAction::Core)
            })
    }

    pub(crate) fn set_action(&mut self, signal: Signal, action: Action) {
        self.caught.remove(signal);
        self.ignored.remove(signal);
        match action {
            Action::Default => {}
            Action::Ignore => {
                self.ignored.insert(signal);
                self.pending.remove(signal);
            }
            Action::Catch => self.caught.insert(signal),
        }
    }

    /// What remains in a program that `exec` starts: caught signals have their default again.
    pub(crate) fn after_exec(&self) -> Self {
        Self { caught: SignalSet::EMPTY, arrived: false, ..self.clone() }
    }
}

/// One process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) ppid: Pid,
    pub(crate) pgid: Pid,
    pub(crate) sid: Pid,
    pub(crate) tty: Option<TtyId>,
    /// The name `ps` shows: the last part of the path it was started by.
    pub(crate) name: BString,
    pub(crate) args: Strings,
    pub(crate) env: Strings,
    pub(crate) credentials: Credentials,
    pub(crate) cwd: Node,
    pub(crate) root: Node,
    pub(crate) umask: u16,
    pub(crate) fds: FdTable,
    pub(crate) code: Code,
    pub(crate) state: RunState,
    pub(crate) signals: Signals,
    pub(crate) events: EventQueue,
    pub(crate) started: Tick,
    pub(crate) fuel_used: u64,
    /// Bytes the program says it holds.
    pub(crate) memory: u64,
    /// A stop or continuation the parent has not been told of.
    pub(crate) change: Option<WaitStatus>,
    /// The end of a named pipe that a blocked `open` holds already.
    pub(crate) opening: Option<FileId>,
    /// Whether it replaced its program since its parent forked it (`setpgid` looks at it).
    pub(crate) executed: bool,
    /// Whether the wait that ended last ended by its tick.
    pub(crate) timed_out: bool,
    /// Whether the running step replaced the program.
    #[serde(skip)]
    pub(crate) replaced: bool,
    /// Whether the embedder wants to know its exit status.
    pub(crate) watched: bool,
}

impl Process {
    /// A process with nothing but an identity: leader of its own group and session.
    pub(crate) fn bare(pid: Pid, credentials: Credentials, root: Node, now: Tick) -> Self {
        Self {
            pid,
            ppid: Pid(0),
            pgid: pid,
            sid: pid,
            tty: None,
            name: BString::default(),
            args: Strings::new(),
            env: Strings::new(),
            credentials,
            cwd: root,
            root,
            umask: 0o022,
            fds: FdTable::default(),
            code: Code::Ended,
            state: RunState::Ready,
            signals: Signals::default(),
            events: EventQueue::default(),
            started: now,
            fuel_used: 0,
            memory: 0,
            change: None,
            opening: None,
            executed: false,
            timed_out: false,
            replaced: false,
            watched: false,
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self.state, RunState::Zombie(_))
    }

    /// The letter that `ps` shows.
    pub(crate) fn state_letter(&self) -> char {
        match &self.state {
            RunState::Ready => 'R',
            RunState::Blocked(_) => 'S',
            RunState::Stopped => 'T',
            RunState::Zombie(_) => 'Z',
        }
    }
}
