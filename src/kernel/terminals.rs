//! The terminals of a machine, and what typing and writing on them does to its processes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, Pid, Tick};
use crate::fs::OpenFlags;

use super::event::Event;
use super::machine::Machine;
use super::process::RunState;
use super::signal::{Action, Signal};
use super::tty::{Effects, LocalFlags, Termios, Tty, TtyRead, TtySignal};
use super::wait::WaitKey;

/// A terminal of a machine, by its minor number: 1 is `/dev/tty1`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TtyId(pub u32);

impl TtyId {
    /// The first virtual terminal, which is the console too.
    pub const CONSOLE: Self = Self(1);
}

impl core::fmt::Display for TtyId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "tty{}", self.0)
    }
}

/// Every terminal of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terminals {
    /// Boxed, since a tree's nodes have room for eleven.
    ttys: BTreeMap<TtyId, Box<Tty>>,
}

/// The size of a virtual terminal: VGA text mode.
const COLUMNS: u16 = 80;
const ROWS: u16 = 25;

impl Terminals {
    /// Virtual terminals `tty1` to `ttyN`; there is always a console.
    pub(crate) fn new(count: u32) -> Self {
        let ttys = (1..=count.clamp(1, 63))
            .map(|n| (TtyId(n), Box::new(Tty::new(COLUMNS, ROWS))))
            .collect();
        Self { ttys }
    }

    pub(crate) fn get(&self, id: TtyId) -> Option<&Tty> {
        self.ttys.get(&id).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, id: TtyId) -> Option<&mut Tty> {
        self.ttys.get_mut(&id).map(Box::as_mut)
    }

    /// Nobody uses the terminals any more; what they show stays.
    pub(crate) fn lose_sessions(&mut self) {
        for tty in self.ttys.values_mut() {
            (tty.session, tty.foreground) = (None, None);
            tty.set_termios(Termios::default());
            tty.flush_input();
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = TtyId> {
        self.ttys.keys().copied()
    }
}

impl Machine {
    /// The terminals, by number.
    pub fn ttys(&self) -> impl Iterator<Item = TtyId> {
        self.terminals.ids()
    }

    /// A terminal.
    pub fn tty(&self, id: TtyId) -> Option<&Tty> {
        self.terminals.get(id)
    }

    /// Types on a terminal's keyboard; returns how many bytes were taken.
    pub fn type_keys(&mut self, id: TtyId, bytes: &[u8]) -> usize {
        let Some(tty) = self.terminals.get_mut(id) else { return 0 };
        let effects = tty.input(bytes);
        self.apply_tty_effects(id, &effects);
        effects.accepted
    }

    /// Whether a process waits for keys.
    pub fn tty_is_awaited(&self, id: TtyId) -> bool {
        self.processes.is_awaited(WaitKey::TtyReadable(id))
    }

    /// Gives a terminal's window a new size.
    pub fn resize_tty(&mut self, id: TtyId, columns: u16, rows: u16) {
        let Some(tty) = self.terminals.get_mut(id) else { return };
        let effects = tty.resize(columns, rows);
        self.apply_tty_effects(id, &effects);
    }

    /// Connects an embedder to a terminal: from now on it takes every byte written there.
    pub fn attach_tty_output(&mut self, id: TtyId) {
        if let Some(tty) = self.terminals.get_mut(id) {
            tty.attach();
        }
    }

    /// Begins or ends recording what is written to a terminal, without it being noticed.
    pub fn record_tty(&mut self, id: TtyId, on: bool) {
        if let Some(tty) = self.terminals.get_mut(id) {
            tty.record(on);
        }
    }

    /// Takes what was recorded of a terminal.
    pub fn take_tty_record(&mut self, id: TtyId) -> Vec<u8> {
        self.terminals.get_mut(id).map(Tty::take_record).unwrap_or_default()
    }

    /// Takes bytes written to a terminal that an embedder is attached to.
    pub fn take_tty_output(&mut self, id: TtyId, into: &mut Vec<u8>, max: usize) -> usize {
        let Some(tty) = self.terminals.get_mut(id) else { return 0 };
        let count = tty.take_output(into, max);
        if count > 0 {
            self.processes.wake(WaitKey::TtyWritable(id));
        }
        count
    }

    pub(crate) fn apply_tty_effects(&mut self, id: TtyId, effects: &Effects) {
        let foreground = self.terminals.get(id).and_then(|tty| tty.foreground);
        for signal in &effects.signals {
            let Some(group) = foreground else { break };
            let signal = match signal {
                TtySignal::Interrupt => Signal::INT,
                TtySignal::Quit => Signal::QUIT,
                TtySignal::Suspend => Signal::TSTP,
                TtySignal::WindowChange => {
                    self.tell_window_size(id, group);
                    Signal::WINCH
                }
            };
            self.raise_group(group, signal);
        }
        self.wake_tty(id);
    }

    fn tell_window_size(&mut self, id: TtyId, group: Pid) {
        let Some(size) = self.terminals.get(id).map(Tty::size) else { return };
        for pid in self.processes.group(group) {
            let Some(process) = self.processes.get_mut(pid) else { continue };
            // Only who reads events is interested: other processes' queues must not fill up.
            let key = WaitKey::Event(pid);
            let reads =
                matches!(&process.state, RunState::Blocked(wait) if wait.keys.contains(&key));
            let event = Event::Resized { columns: size.columns, rows: size.rows };
            if reads && process.events.push(event).is_ok() {
                self.processes.wake(key);
            }
        }
    }

    /// Lets readers and writers of a terminal look again.
    pub(crate) fn wake_tty(&mut self, id: TtyId) {
        let Some(tty) = self.terminals.get(id) else { return };
        let (readable, writable) = (tty.readable(), tty.writable());
        // A partial raw line restarts the reader's clock, so any input is news to it.
        if readable || tty.input_len() > 0 {
            self.processes.wake(WaitKey::TtyReadable(id));
        }
        if writable {
            self.processes.wake(WaitKey::TtyWritable(id));
        }
    }

    /// Job control: whether a background process may do this, else what happens to it.
    fn check_background(&mut self, pid: Pid, id: TtyId, signal: Signal) -> Result<(), Errno> {
        let Some(process) = self.processes.get(pid) else { return Err(Errno::ESRCH) };
        let Some(foreground) = self.terminals.get(id).and_then(|tty| tty.foreground) else {
            return Ok(());
        };
        let (pgid, sid) = (process.pgid, process.sid);
        if process.tty != Some(id) || pgid == foreground {
            return Ok(());
        }
        let action = process.signals.action(signal);
        if action == Action::Ignore {
            return if signal == Signal::TTIN { Err(Errno::EIO) } else { Ok(()) };
        }
        // In an orphaned group nobody could continue what is stopped here.
        let orphaned = !self.processes.iter().any(|member| {
            member.pgid == pgid
                && self.processes.get(member.ppid).is_some_and(|parent| {
                    parent.sid == sid && parent.pgid != pgid && parent.is_alive()
                })
        });
        if orphaned {
            return Err(Errno::EIO);
        }
        self.raise_group(pgid, signal);
        Err(Errno::EAGAIN)
    }

    pub(crate) fn read_tty(
        &mut self,
        pid: Pid,
        id: TtyId,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, Errno> {
        self.check_background(pid, id, Signal::TTIN)?;
        let tty = self.terminals.get_mut(id).ok_or(Errno::ENXIO)?;
        match tty.read(into, max) {
            TtyRead::Data(count) => Ok(count),
            TtyRead::Eof => Ok(0),
            TtyRead::WouldBlock => {
                // The wait of a raw reader with VTIME ran out.
                let waited = tty.timeout().is_some();
                let process = self.processes.get_mut(pid).ok_or(Errno::ESRCH)?;
                let timed_out = waited && core::mem::take(&mut process.timed_out);
                if timed_out { Ok(tty.read_now(into, max)) } else { Err(Errno::EAGAIN) }
            }
        }
    }

    pub(crate) fn write_tty(&mut self, pid: Pid, id: TtyId, bytes: &[u8]) -> Result<usize, Errno> {
        let tty = self.terminals.get(id).ok_or(Errno::ENXIO)?;
        if tty.termios().local.contains(LocalFlags::TOSTOP) {
            self.check_background(pid, id, Signal::TTOU)?;
        }
        let tty = self.terminals.get_mut(id).ok_or(Errno::ENXIO)?;
        let effects = tty.write(bytes);
        self.slice -= i64::from(effects.fuel);
        let accepted = effects.accepted;
        if !effects.signals.is_empty() || tty_has_news(tty) {
            self.apply_tty_effects(id, &effects);
        }
        if accepted == 0 && !bytes.is_empty() { Err(Errno::EAGAIN) } else { Ok(accepted) }
    }

    /// When a blocked read of a raw terminal gives up (`VTIME`).
    pub(crate) fn read_deadline(&self, pid: Pid, fd: Fd, writing: bool) -> Option<Tick> {
        let tty = self.tty_of(pid, fd).ok().filter(|_| !writing)?;
        Some(self.now + self.terminals.get(tty)?.timeout()?)
    }
}

/// Whether the screen answered a question, which is input.
fn tty_has_news(tty: &Tty) -> bool {
    tty.input_len() > 0
}

/// How terminals that the kernel hands out are opened.
pub(crate) const TTY_FLAGS: OpenFlags = OpenFlags::RDWR;
