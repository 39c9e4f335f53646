//! A command whose standard input, output and error are byte streams.
//!
//! Real input is read by a thread that starts when a process first waits for input, so that a
//! command that reads nothing takes nothing. At most a few blocks are held anywhere: the thread
//! waits for the machine, the machine's processes wait for standard output.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use hostscape::base::{Errno, Pid, Tick, Ticks};
use hostscape::kernel::PipeId;

use super::{shell_status, stuck};
use crate::failure::Failure;
use crate::feeder::{self, Incoming};
use crate::solo::Solo;

/// Bytes taken from a stream at a time.
const BLOCK: usize = 256 * 1024;
/// Status of a command that went down with its machine: as by SIGKILL.
const STATUS_KILLED: u8 = 128 + 9;
/// How long children that outlive the command may keep its output open, in simulated time …
const LINGER: Ticks = Ticks::from_secs(60);
/// … and in real time.
const LINGER_REAL: Duration = Duration::from_millis(500);

/// Runs until the command has ended and its output is written.
pub fn run(solo: &mut Solo, pid: Pid, streams: [PipeId; 3]) -> Result<u8, Failure> {
    let [stdin, stdout, stderr] = streams;
    let mut run = Run {
        stdin: Input { stream: stdin, source: None, waiting: Vec::new(), open: true },
        stdout: Output { stream: stdout, open: true },
        stderr: Output { stream: stderr, open: true },
        ended: None,
        solo,
        pid,
        block: Vec::with_capacity(BLOCK),
    };
    run.run()
}

struct Run<'a> {
    solo: &'a mut Solo,
    pid: Pid,
    stdin: Input,
    stdout: Output,
    stderr: Output,
    /// How the command ended, and when.
    ended: Option<(u8, Tick, Instant)>,
    block: Vec<u8>,
}

struct Input {
    stream: PipeId,
    source: Option<Receiver<Incoming>>,
    /// Bytes the machine had no room for.
    waiting: Vec<u8>,
    open: bool,
}

struct Output {
    stream: PipeId,
    open: bool,
}

impl Run<'_> {
    fn run(&mut self) -> Result<u8, Failure> {
        loop {
            self.drain()?;
            if self.ended.is_none() {
                let status = self.solo.machine.take_exit(self.pid);
                self.ended =
                    status.map(|status| (shell_status(status), self.solo.now, Instant::now()));
            }
            if let Some((status, since, real)) = self.ended {
                let quiet = !self.stdout.open && !self.stderr.open;
                let over = self.solo.due().is_none_or(|due| due > since + LINGER);
                if quiet || over || real.elapsed() > LINGER_REAL {
                    return Ok(status);
                }
            }
            self.feed();
            match (self.solo.due(), self.wants_input()) {
                (Some(due), false) => self.solo.step(due),
                (due, true) => self.wait_for_input(due),
                // The command is gone with its machine.
                (None, false) if self.solo.went_down.is_some() => return Ok(STATUS_KILLED),
                (None, false) => return Err(stuck()),
            }
        }
    }

    /// Whether nothing can happen before real input comes.
    fn wants_input(&self) -> bool {
        let next = self.solo.now + Ticks(1);
        self.stdin.open
            && self.stdin.waiting.is_empty()
            && self.solo.due().is_none_or(|due| due > next)
            && self.solo.machine.stream_is_awaited(self.stdin.stream)
    }

    /// Waits for real input, while simulated time goes on no faster than the real clock.
    fn wait_for_input(&mut self, due: Option<Tick>) {
        let source = self.stdin.source.get_or_insert_with(feeder::start);
        let incoming = match due {
            None => source.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => source.recv_timeout(Duration::from_millis((due - self.solo.now).0)),
        };
        match (incoming, due) {
            (Ok(incoming), _) => self.take_in(incoming),
            (Err(RecvTimeoutError::Timeout), Some(due)) => self.solo.step(due),
            (Err(_), _) => self.take_in(Incoming::End),
        }
    }

    /// Hands over what has come, as far as there is room.
    fn feed(&mut self) {
        while self.stdin.open {
            if !self.stdin.waiting.is_empty() && !self.hand_over() {
                return;
            }
            let Some(source) = &self.stdin.source else { return };
            match source.try_recv() {
                Ok(incoming) => self.take_in(incoming),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.take_in(Incoming::End),
            }
        }
    }

    fn take_in(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Bytes(bytes) => {
                self.stdin.waiting = bytes;
                self.hand_over();
            }
            Incoming::End => {
                self.stdin.open = false;
                self.solo.machine.stream_close(self.stdin.stream);
            }
        }
    }

    /// True when nothing is left waiting.
    fn hand_over(&mut self) -> bool {
        let stream = self.stdin.stream;
        match self.solo.machine.stream_write(stream, &self.stdin.waiting) {
            Ok(count) => {
                self.stdin.waiting.drain(..count);
            }
            Err(Errno::EAGAIN) => {}
            Err(_) => {
                // Nobody will ever read it.
                self.stdin.waiting.clear();
                self.stdin.open = false;
                self.stdin.source = None;
                self.solo.machine.stream_close(stream);
            }
        }
        self.stdin.waiting.is_empty()
    }

    /// Writes what the command wrote.
    fn drain(&mut self) -> Result<(), Failure> {
        drain(self.solo, &mut self.stdout, &mut self.block, &mut io::stdout().lock())
            .map_err(|error| Failure::output(&error))?;
        // Where there is nobody to read an error message, there is nobody to complain to.
        let _ = drain(self.solo, &mut self.stderr, &mut self.block, &mut io::stderr().lock());
        Ok(())
    }
}

fn drain(
    solo: &mut Solo,
    output: &mut Output,
    block: &mut Vec<u8>,
    real: &mut impl Write,
) -> io::Result<()> {
    let mut wrote = false;
    while output.open {
        block.clear();
        let ended = solo.machine.stream_read(output.stream, block, BLOCK).unwrap_or(true);
        let written = if block.is_empty() { Ok(()) } else { real.write_all(block) };
        wrote |= !block.is_empty();
        match written {
            Ok(()) if ended => {
                output.open = false;
                solo.machine.stream_close(output.stream);
            }
            Ok(()) if block.is_empty() => break,
            Ok(()) => {}
            Err(error) => return close(solo, output, error),
        }
    }
    if wrote && let Err(error) = real.flush() {
        return close(solo, output, error);
    }
    Ok(())
}

/// The real reader went away: the command is told as any filter is, by SIGPIPE.
fn close(solo: &mut Solo, output: &mut Output, error: io::Error) -> io::Result<()> {
    output.open = false;
    solo.machine.stream_close(output.stream);
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
