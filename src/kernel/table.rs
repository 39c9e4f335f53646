//! The process table: every process of a machine, who is ready, who waits for what.
//!
//! Invariant: the ready queue holds exactly the processes in state `Ready`, first in, first out;
//! the indices (waiters, timers, children) say what the processes' states say and are rebuilt
//! after a load.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::base::{Pid, Tick};

use super::process::{Process, RunState};
use super::wait::{Wait, WaitKey};

/// The highest pid; after it numbers start again at [`PID_RESTART`] (Linux `pid_max`, 64 bit).
const PID_MAX: u32 = 4_194_304;
/// The first pid to be given out a second time (Linux `RESERVED_PIDS`).
const PID_RESTART: u32 = 300;

/// Every process of a machine.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ProcessTable {
    /// Boxed, since a tree's nodes have room for eleven: an idle machine has few processes.
    processes: BTreeMap<Pid, Box<Process>>,
    ready: VecDeque<Pid>,
    last_pid: u32,
    #[serde(skip)]
    waiters: BTreeSet<(WaitKey, Pid)>,
    #[serde(skip)]
    timers: BTreeSet<(Tick, Pid)>,
    #[serde(skip)]
    children: BTreeSet<(Pid, Pid)>,
    /// Bytes that all processes hold.
    #[serde(skip)]
    memory: u64,
}

impl ProcessTable {
    pub(crate) fn get(&self, pid: Pid) -> Option<&Process> {
        self.processes.get(&pid).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        self.processes.get_mut(&pid).map(Box::as_mut)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Process> {
        self.processes.values().map(Box::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.processes.len()
    }

    /// A pid that no process, group or session bears.
    pub(crate) fn free_pid(&mut self) -> Pid {
        loop {
            self.last_pid = if self.last_pid >= PID_MAX { PID_RESTART } else { self.last_pid + 1 };
            let pid = Pid(self.last_pid);
            // Before the first wrap every number is fresh; a look at all groups would cost each
            // spawn as much as there are processes.
            let taken = self.processes.contains_key(&pid)
                || (self.last_pid < PID_MAX && self.wrapped() && self.is_group(pid));
            if !taken {
                return pid;
            }
        }
    }

    fn wrapped(&self) -> bool {
        self.processes.last_key_value().is_some_and(|(last, _)| last.0 > self.last_pid)
    }

    fn is_group(&self, id: Pid) -> bool {
        self.iter().any(|process| process.pgid == id || process.sid == id)
    }

    /// Adds a process that is ready to run.
    pub(crate) fn insert(&mut self, process: Process) {
        debug_assert!(process.state == RunState::Ready, "new processes are ready");
        self.children.insert((process.ppid, process.pid));
        self.memory += process.memory;
        self.ready.push_back(process.pid);
        self.processes.insert(process.pid, Box::new(process));
    }

    /// Forgets a zombie.
    pub(crate) fn remove(&mut self, pid: Pid) -> Option<Process> {
        let process = self.processes.remove(&pid)?;
        self.children.remove(&(process.ppid, pid));
        self.memory -= process.memory;
        Some(*process)
    }

    /// Bytes that all processes hold.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    /// Notes how many bytes a process holds.
    pub(crate) fn set_memory(&mut self, pid: Pid, bytes: u64) {
        if let Some(process) = self.processes.get_mut(&pid) {
            self.memory = self.memory - process.memory + bytes;
            process.memory = bytes;
        }
    }

    /// Forgets every process.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The children of a process, by pid.
    pub(crate) fn children(&self, parent: Pid) -> impl Iterator<Item = &Process> {
        self.children
            .range((parent, Pid(0))..=(parent, Pid(u32::MAX)))
            .filter_map(|(_, child)| self.get(*child))
    }

    pub(crate) fn set_parent(&mut self, pid: Pid, parent: Pid) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        self.children.remove(&(process.ppid, pid));
        self.children.insert((parent, pid));
        process.ppid = parent;
    }

    /// The process whose turn it is; it stays in state `Ready`.
    pub(crate) fn pop_ready(&mut self) -> Option<Pid> {
        self.ready.pop_front()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Puts a process that has run back at the end of the queue.
    pub(crate) fn requeue(&mut self, pid: Pid) {
        self.ready.push_back(pid);
    }

    /// Makes a process that has just run wait.
    pub(crate) fn block(&mut self, pid: Pid, wait: Wait) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        self.waiters.extend(wait.keys.iter().map(|key| (*key, pid)));
        self.timers.extend(wait.until.map(|until| (until, pid)));
        process.state = RunState::Blocked(wait);
        process.timed_out = false;
    }

    /// Makes a process that is not in the ready queue stopped.
    pub(crate) fn stop(&mut self, pid: Pid) {
        self.forget_wait(pid);
        if let Some(process) = self.processes.get_mut(&pid) {
            process.state = RunState::Stopped;
        }
    }

    /// Ends the wait or stop of a process: it is ready at the end of the queue.
    pub(crate) fn make_ready(&mut self, pid: Pid) {
        self.forget_wait(pid);
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if matches!(process.state, RunState::Blocked(_) | RunState::Stopped) {
            process.state = RunState::Ready;
            self.ready.push_back(pid);
        }
    }

    /// Takes a process that is about to be a zombie out of queue and indices.
    pub(crate) fn retire(&mut self, pid: Pid) {
        self.forget_wait(pid);
        let ready = self.processes.get(&pid).is_some_and(|p| p.state == RunState::Ready);
        if ready && let Some(place) = self.ready.iter().position(|other| *other == pid) {
            self.ready.remove(place);
        }
    }

    fn forget_wait(&mut self, pid: Pid) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if let RunState::Blocked(wait) = &process.state {
            for key in &wait.keys {
                self.waiters.remove(&(*key, pid));
            }
            if let Some(until) = wait.until {
                self.timers.remove(&(until, pid));
            }
        }
    }

    /// Whether a process waits for `key`.
    pub(crate) fn is_awaited(&self, key: WaitKey) -> bool {
        let all = (Bound::Included((key, Pid(0))), Bound::Included((key, Pid(u32::MAX))));
        self.waiters.range(all).next().is_some()
    }

    /// Ends every wait for `key`, in the order of pids.
    pub(crate) fn wake(&mut self, key: WaitKey) {
        if self.waiters.is_empty() {
            return;
        }
        let mut after = Bound::Included((key, Pid(0)));
        let last = Bound::Included((key, Pid(u32::MAX)));
        while let Some((_, pid)) = self.waiters.range((after, last)).next().copied() {
            self.make_ready(pid);
            after = Bound::Excluded((key, pid));
        }
    }

    /// Ends every wait that is over at `now`.
    pub(crate) fn wake_timers(&mut self, now: Tick) {
        while let Some((due, pid)) = self.timers.first().copied()
            && due <= now
        {
            self.make_ready(pid);
            if let Some(process) = self.processes.get_mut(&pid) {
                process.timed_out = true;
            }
        }
    }

    /// When the next wait is over.
    pub(crate) fn next_timer(&self) -> Option<Tick> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Rebuilds the indices and says whether the table holds together.
    pub(crate) fn relink(&mut self) -> bool {
        self.children = self.processes.values().map(|p| (p.ppid, p.pid)).collect();
        let memory = self.processes.values().try_fold(0u64, |sum, p| sum.checked_add(p.memory));
        self.memory = memory.unwrap_or_default();
        for process in self.processes.values() {
            if let RunState::Blocked(wait) = &process.state {
                self.waiters.extend(wait.keys.iter().map(|key| (*key, process.pid)));
                self.timers.extend(wait.until.map(|until| (until, process.pid)));
            }
        }
        let queued: BTreeSet<Pid> = self.ready.iter().copied().collect();
        let ready: BTreeSet<Pid> = (self.processes.values())
            .filter(|process| process.state == RunState::Ready)
            .map(|process| process.pid)
            .collect();
        memory.is_some()
            && queued.len() == self.ready.len()
            && queued == ready
            && self.processes.iter().all(|(pid, process)| *pid == process.pid && pid.0 > 0)
            && self.last_pid <= PID_MAX
    }

    /// The processes of a group, by pid.
    pub(crate) fn group(&self, pgid: Pid) -> Vec<Pid> {
        self.iter().filter(|p| p.pgid == pgid && p.is_alive()).map(|p| p.pid).collect()
    }
}
