//! The scheduler of one machine: a tick's work, process by process.
//!
//! Ready processes run round robin, a step at a time, until all wait or the tick's fuel is gone.
//! A step that spends more than there is leaves a debt, which the next ticks pay; a machine with
//! work left is due again next tick.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::{Fd, Pid, Tick, Ticks, limits};
use crate::net::Stack;

use super::machine::{Machine, Outbox};
use super::notice::Notice;
use super::process::RunState;
use super::program::{Code, Registry, Step, Stop};
use super::signal::{DefaultAction, Signal, WaitStatus};
use super::sys::Sys;
use super::wait::Wait;

/// Frames for which a machine keeps room between ticks.
const INBOX_KEPT: usize = 16;

/// What a turn costs before the program does anything.
const STEP_FUEL: i64 = 5;

impl Machine {
    /// Does everything that is due at `now`, within the machine's fuel.
    pub fn step(&mut self, registry: &Registry, now: Tick, outbox: &mut Outbox) {
        if self.outbox.is_empty() {
            // The caller's buffers are used again; what is in ours since an input must not wait.
            core::mem::swap(&mut self.outbox, outbox);
        }
        self.refuel(now);
        self.advance_power(registry);
        self.receive_frames();
        self.processes.wake_timers(now);
        while self.fuel > 0
            && let Some(pid) = self.processes.pop_ready()
        {
            self.run(registry, pid);
        }
        core::mem::swap(&mut self.outbox, outbox);
    }

    /// Brings the balance up to date: what was not used is lost, what was overspent is owed.
    fn refuel(&mut self, now: Tick) {
        let ticks = i64::try_from((now - self.now).0.max(1)).unwrap_or(i64::MAX);
        let rate = i64::from(self.hardware.fuel_per_tick);
        self.fuel = self.fuel.min(0).saturating_add(rate.saturating_mul(ticks)).min(rate);
        self.now = now;
    }

    /// When there will be fuel again.
    pub(crate) fn fuel_due(&self) -> Tick {
        let rate = i64::from(self.hardware.fuel_per_tick.max(1));
        let debt = (-self.fuel).max(0);
        self.now + Ticks(u64::try_from(debt / rate).unwrap_or(0) + 1)
    }

    fn receive_frames(&mut self) {
        let mut frames = core::mem::take(&mut self.inbox);
        for (interface, frame) in frames.drain(..) {
            self.with_net(|stack, environment| stack.receive(interface, frame, environment));
        }
        // A router takes a few frames in every tick: it keeps the buffer, unless it is a big one.
        if frames.capacity() <= INBOX_KEPT {
            self.inbox = frames;
        }
        if self.net.due().is_some_and(|due| due <= self.now) {
            self.with_net(Stack::poll);
        }
    }

    /// Gives one process its turn.
    fn run(&mut self, registry: &Registry, pid: Pid) {
        self.fuel -= STEP_FUEL;
        if !self.act_on_signals(pid) {
            return;
        }
        let Some(process) = self.processes.get_mut(pid) else { return };
        let Code::Linked { program, state } = &mut process.code else { return };
        let (program, mut state) = (*program, state.take());
        process.signals.arrived = false;
        let slice = self.fuel.clamp(1, limits::FUEL_SLICE);
        self.slice = slice;
        let mut sys = Sys::new(self, registry, pid);
        // A bug in a program ends its process, not the game. What it had borrowed of the machine
        // is data that every call leaves whole before it can call out.
        let outcome = catch_unwind(AssertUnwindSafe(|| match &mut state {
            Some(state) => state.step(&mut sys),
            None => {
                // Taken out of the process, since starting needs the rest of it.
                let args = sys.shell().args().clone();
                state = Some((program.start)(&args, &mut sys)?);
                Ok(Step::Again)
            }
        }));
        let used = slice - self.slice;
        self.fuel -= used;
        let memory = state.as_ref().map_or(0, |state| state.memory());
        if let Some(process) = self.processes.get_mut(pid) {
            process.fuel_used = process.fuel_used.saturating_add_signed(used + STEP_FUEL);
            // After `exec` the code is the new program's, and the old state goes.
            match &mut process.code {
                Code::Linked { program: current, state: slot }
                    if current.name == program.name && !process.replaced =>
                {
                    *slot = state;
                }
                _ => {}
            }
            // A state that does not say keeps what it declared.
            let told = memory > 0 && memory != process.memory;
            if told && !process.replaced && process.is_alive() {
                self.account_memory(pid, memory);
            }
        }
        if let Some(process) = self.processes.get_mut(pid) {
            process.replaced = false;
        }
        match outcome {
            Ok(outcome) => self.settle(pid, outcome),
            Err(panic) => self.crash(pid, program.name, &*panic),
        }
    }

    /// Counts what a process holds; one that grows past the machine's memory is killed.
    fn account_memory(&mut self, pid: Pid, bytes: u64) {
        let grows = self.processes.get(pid).is_some_and(|process| process.memory < bytes);
        self.processes.set_memory(pid, bytes);
        if grows && self.processes.memory() > self.hardware.memory_bytes {
            let name = self.processes.get(pid).map(|process| process.name.clone());
            self.log(format!("Out of memory: Killed process {pid} ({})", name.unwrap_or_default()));
            self.raise(pid, Signal::KILL);
        }
    }

    /// Puts a process that has had its turn where it belongs.
    fn settle(&mut self, pid: Pid, outcome: Result<Step, Stop>) {
        let Some(process) = self.processes.get(pid) else { return };
        if !process.is_alive() {
            return;
        }
        let arrived = process.signals.arrived;
        match outcome {
            // A signal that ends the process came first, perhaps from itself: `kill $$; exit`.
            Ok(Step::Exit(_)) | Err(Stop::Fail(_)) if process.signals.is_fatal() => {
                self.processes.requeue(pid);
            }
            Ok(Step::Exit(status)) => self.exit(pid, WaitStatus::Exited(status)),
            Ok(Step::Again) => self.processes.requeue(pid),
            // A signal that came during the step may be what the program wants to act on.
            Err(Stop::Block(_)) if arrived => self.processes.requeue(pid),
            Err(Stop::Block(wait)) => self.processes.block(pid, wait),
            Err(Stop::Fail(errno)) => {
                let message = format!("{}: {errno}\n", process.name);
                // Best effort: there may be nobody to read it.
                let _ = self.write_fd(pid, Fd::STDERR, message.as_bytes());
                self.exit(pid, WaitStatus::Exited(1));
            }
        }
    }

    fn crash(&mut self, pid: Pid, program: &str, panic: &(dyn core::any::Any + Send)) {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        self.log(format!("{program}[{pid}]: aborted: {message}"));
        self.notify(Notice::Crashed { pid, program: program.to_owned(), message });
        self.exit(pid, WaitStatus::Signaled(Signal::ABRT));
    }

    /// Carries out the default actions of pending signals. False: the process has no turn now.
    fn act_on_signals(&mut self, pid: Pid) -> bool {
        loop {
            let Some(process) = self.processes.get_mut(pid) else { return false };
            let waiting = process.signals.pending.without(process.signals.caught);
            let Some(signal) = waiting.iter().next() else { return true };
            process.signals.pending.remove(signal);
            match signal.default_action() {
                DefaultAction::Terminate | DefaultAction::Core => {
                    self.exit(pid, WaitStatus::Signaled(signal));
                    return false;
                }
                DefaultAction::Stop => {
                    // The process was taken from the queue for its turn: it is in none now.
                    process.state = RunState::Blocked(Wait::FOREVER);
                    process.change = Some(WaitStatus::Stopped(signal));
                    let parent = process.ppid;
                    self.processes.stop(pid);
                    self.tell_parent(parent);
                    return false;
                }
                DefaultAction::Ignore | DefaultAction::Continue => {}
            }
        }
    }
}
