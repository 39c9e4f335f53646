//! A command on a terminal: keys in, what the terminal receives out, time by the real clock.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crossterm::terminal;
use hostscape::base::{Pid, Tick, Ticks};
use hostscape::kernel::TtyId;
use hostscape::kernel::tty::LocalFlags;
use hostscape::kernel::tty::termios::VEOF;

use super::shell_status;
use crate::failure::Failure;
use crate::feeder::{self, Incoming};
use crate::size::Size;
use crate::solo::Solo;

/// Status of a command whose keyboard went away: as by SIGHUP.
const STATUS_HANGUP: u8 = 128 + 1;
/// How often the real terminal's size is looked at.
const RESIZE_PACE: Duration = Duration::from_millis(200);
/// The longest wait for keys, so that time never jumps far.
const WAIT_MAX: Duration = Duration::from_millis(200);
/// Bytes taken from the terminal at a time.
const BLOCK: usize = 64 * 1024;

/// The size of the real terminal, if there is one.
pub fn real_size() -> Size {
    let real = io::stdout().is_terminal().then(terminal::size).and_then(Result::ok);
    let (columns, rows) = real.unwrap_or((80, 24));
    format!("{columns}x{rows}").parse().unwrap_or(Size { columns: 80, rows: 24 })
}

/// Runs until the command has ended and its output is written.
pub fn run(solo: &mut Solo, pid: Pid, tty: TtyId) -> Result<u8, Failure> {
    let _raw = Raw::enter();
    let mut run = Run {
        began: Instant::now(),
        start: solo.now,
        keys: Some(feeder::start()),
        waiting: Vec::new(),
        output: true,
        sized: Instant::now(),
        size: real_size(),
        follows: io::stdout().is_terminal(),
        solo,
        tty,
    };
    run.run(pid)
}

/// The real terminal hands over every key as it comes, until this is dropped.
struct Raw(bool);

impl Raw {
    fn enter() -> Self {
        Self(io::stdin().is_terminal() && terminal::enable_raw_mode().is_ok())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if self.0 {
            // Nothing can be done about a terminal that does not want its modes back.
            let _ = terminal::disable_raw_mode();
        }
    }
}

struct Run<'a> {
    solo: &'a mut Solo,
    tty: TtyId,
    began: Instant,
    start: Tick,
    /// None once the real input has ended.
    keys: Option<Receiver<Incoming>>,
    /// Keys the terminal had no room for.
    waiting: Vec<u8>,
    /// Whether somebody still reads what the terminal receives.
    output: bool,
    sized: Instant,
    size: Size,
    /// Whether the size is the real terminal's.
    follows: bool,
}

impl Run<'_> {
    fn run(&mut self, pid: Pid) -> Result<u8, Failure> {
        loop {
            self.catch_up();
            self.drain()?;
            if let Some(status) = self.solo.machine.take_exit(pid) {
                self.drain()?;
                return Ok(shell_status(status));
            }
            if !self.output {
                return Ok(STATUS_HANGUP);
            }
            self.type_waiting();
            if self.keys.is_none() && self.waiting.is_empty() && self.is_idle() && !self.end_input()
            {
                return Ok(STATUS_HANGUP);
            }
            self.wait();
            self.follow_size();
        }
    }

    /// The tick that the real clock has reached.
    fn clock(&self) -> Tick {
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.start + Ticks(elapsed)
    }

    /// Steps through what is due by now.
    fn catch_up(&mut self) {
        let clock = self.clock();
        while let Some(due) = self.solo.due()
            && due <= clock
        {
            self.solo.step(due);
            // Output must not pile up in a machine that is behind.
            if self.solo.machine.tty(self.tty).is_some_and(|tty| !tty.writable()) {
                break;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.solo.due().is_none()
    }

    /// After the last key: who waits for more is told that there is none. False: nobody can be.
    fn end_input(&mut self) -> bool {
        let machine = &mut self.solo.machine;
        let Some(tty) = machine.tty(self.tty) else { return false };
        let modes = *tty.termios();
        if !machine.tty_is_awaited(self.tty) || !modes.local.contains(LocalFlags::ICANON) {
            return false;
        }
        machine.type_keys(self.tty, &[modes.control[VEOF]]) > 0
    }

    fn type_waiting(&mut self) {
        if !self.waiting.is_empty() {
            let count = self.solo.machine.type_keys(self.tty, &self.waiting);
            self.waiting.drain(..count);
        }
    }

    /// Sleeps until a key comes or something is due.
    fn wait(&mut self) {
        let until = match self.solo.due() {
            Some(due) => Duration::from_millis((due - self.clock()).0).min(WAIT_MAX),
            None => WAIT_MAX,
        };
        // Keys that found no room are tried again with the next tick.
        let until =
            if self.waiting.is_empty() { until } else { until.min(Duration::from_millis(1)) };
        let Some(keys) = self.keys.as_ref().filter(|_| self.waiting.is_empty()) else {
            std::thread::sleep(until);
            return;
        };
        match keys.recv_timeout(until) {
            Ok(Incoming::Bytes(bytes)) => {
                // What happened before the key was struck happens first.
                self.catch_up();
                self.waiting = bytes;
                self.type_waiting();
            }
            Ok(Incoming::End) | Err(RecvTimeoutError::Disconnected) => self.keys = None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }

    fn follow_size(&mut self) {
        if !self.follows || self.sized.elapsed() < RESIZE_PACE {
            return;
        }
        self.sized = Instant::now();
        let size = real_size();
        if size != self.size {
            self.size = size;
            self.solo.machine.resize_tty(self.tty, size.columns, size.rows);
        }
    }

    fn drain(&mut self) -> Result<(), Failure> {
        let mut block = Vec::new();
        let mut stdout = io::stdout().lock();
        while self.output && self.solo.machine.take_tty_output(self.tty, &mut block, BLOCK) > 0 {
            let written = stdout.write_all(&block).and_then(|()| stdout.flush());
            block.clear();
            match written {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.output = false,
                Err(error) => return Err(Failure::output(&error)),
            }
        }
        Ok(())
    }
}
