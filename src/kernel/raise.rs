//! Sending signals: to a process, a group, everyone.
//!
//! A signal is noted at once and acted on when the process next has its turn; whatever it waits
//! for is over then.

use crate::base::{Errno, Pid};

use super::machine::Machine;
use super::process::RunState;
use super::signal::{Action, DefaultAction, Signal, WaitStatus};
use super::wait::WaitKey;

/// Whom a signal is for (POSIX `kill`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillTarget {
    /// One process.
    Pid(Pid),
    /// Every process of a group.
    Group(Pid),
    /// Every process but init and the sender.
    All,
}

impl Machine {
    /// Notes a signal for a process and ends its wait.
    pub(crate) fn raise(&mut self, pid: Pid, signal: Signal) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        if !process.is_alive() {
            return;
        }
        let stopped = process.state == RunState::Stopped;
        if signal == Signal::CONT && stopped {
            process.change = Some(WaitStatus::Continued);
            let parent = process.ppid;
            self.processes.make_ready(pid);
            self.tell_parent(parent);
        }
        let Some(process) = self.processes.get_mut(pid) else { return };
        let action =
            if signal.is_final() { Action::Default } else { process.signals.action(signal) };
        let by_default = signal.default_action();
        // Init has only the handlers it installs: a stray signal must not end the machine.
        let without_effect = match action {
            Action::Ignore => true,
            Action::Default => {
                pid == Pid::INIT
                    || matches!(by_default, DefaultAction::Ignore | DefaultAction::Continue)
            }
            Action::Catch => false,
        };
        if without_effect {
            return;
        }
        process.signals.pending.insert(signal);
        process.signals.arrived = true;
        // A stopped process stays so, unless this ends it.
        if process.state != RunState::Stopped || signal == Signal::KILL {
            self.processes.make_ready(pid);
        }
    }

    pub(crate) fn raise_group(&mut self, pgid: Pid, signal: Signal) {
        for pid in self.processes.group(pgid) {
            self.raise(pid, signal);
        }
    }

    /// `kill`: checks that the sender may, then raises; no signal only checks.
    ///
    /// # Errors
    ///
    /// `ESRCH`: nobody there. `EPERM`: somebody, but nobody the sender may signal.
    pub(crate) fn kill(
        &mut self,
        sender: Pid,
        target: KillTarget,
        signal: Option<Signal>,
    ) -> Result<(), Errno> {
        let targets: Vec<Pid> = match target {
            KillTarget::Pid(pid) => vec![pid],
            KillTarget::Group(pgid) => {
                self.processes.iter().filter(|p| p.pgid == pgid).map(|p| p.pid).collect()
            }
            KillTarget::All => (self.processes.iter())
                .map(|process| process.pid)
                .filter(|pid| *pid != Pid::INIT && *pid != sender)
                .collect(),
        };
        self.slice -= i64::try_from(targets.len()).unwrap_or(i64::MAX);
        let Some(source) = self.processes.get(sender) else { return Err(Errno::ESRCH) };
        let (credentials, session) = (source.credentials.clone(), source.sid);
        let mut result = Err(Errno::ESRCH);
        for pid in targets {
            let Some(process) = self.processes.get(pid) else { continue };
            let same_session = signal == Some(Signal::CONT) && process.sid == session;
            if !credentials.may_signal(&process.credentials) && !same_session {
                result = result.or(Err(Errno::EPERM));
                continue;
            }
            if let Some(signal) = signal {
                self.raise(pid, signal);
            }
            result = Ok(());
        }
        result
    }

    /// Tells a parent that a child's state changed.
    pub(crate) fn tell_parent(&mut self, parent: Pid) {
        self.raise(parent, Signal::CHLD);
        self.processes.wake(WaitKey::Child(parent));
    }
}
