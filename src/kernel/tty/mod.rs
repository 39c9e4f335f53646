//! Terminals: keys come in, a line discipline makes lines and signals of them, processes read
//! lines and write text, a screen shows it.
//!
//! Invariant: a tty knows no process. It holds the ids that the kernel's job control needs and
//! says which signals are due; sending them, waking readers and checking who may read is the
//! kernel's.
//!
//! Follows: POSIX "General Terminal Interface" as Linux implements it (`n_tty`).
//! Left out: modem lines, packet mode, `EXTPROC`.

mod input;
mod output;
pub mod termios;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::screen::Screen;
use crate::base::{Pid, Ticks};
pub use termios::{InputFlags, LocalFlags, OutputFlags, Termios};

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tty {
    /// Modes; changed through [`Tty::set_termios`].
    termios: Termios,
    /// The session this terminal controls.
    pub session: Option<Pid>,
    /// The process group in the foreground.
    pub foreground: Option<Pid>,
    /// The size that programs are told. The screen's own may differ, as on a serial line.
    size: WindowSize,
    queue: Queue,
    output: Output,
    screen: Screen,
}

/// The size of a terminal in characters (`struct winsize`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

/// What is typed and not yet read (Linux `struct n_tty_data`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Queue {
    /// Bytes from the reader's place to the last one typed.
    bytes: VecDeque<u8>,
    /// How many of `bytes` canonical readers may have: whole lines.
    canonical: u32,
    /// Bytes read since the terminal was made: the place of `bytes[0]`.
    taken: u64,
    /// Places of bytes that end a line. A byte 0 among them is an end of file.
    ends: VecDeque<u64>,
    /// The next byte is literal.
    literal: bool,
    /// Between `\` and `/` of `ECHOPRT`.
    erasing: bool,
}

/// The writing half.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Output {
    /// Column of the cursor as far as output processing knows it.
    column: u32,
    /// Column where the line being typed began.
    canon_column: u32,
    /// Stopped by `VSTOP`.
    stopped: bool,
    /// Echo held back while stopped.
    #[serde(with = "serde_bytes")]
    held: Vec<u8>,
    /// What an attached embedder has not taken yet; none: nobody is attached.
    attached: Option<serde_bytes::ByteBuf>,
    /// What an onlooker has not taken yet; none: nobody looks on. Changes nothing, so it is not
    /// saved.
    #[serde(skip)]
    recorded: Option<Vec<u8>>,
}

/// A signal for the foreground process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtySignal {
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGTSTP.
    Suspend,
    /// SIGWINCH.
    WindowChange,
}

/// What a call on a terminal leads to. Readers and writers are to be looked at again whenever a
/// call was made: see [`Tty::readable`] and [`Tty::writable`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "signals have to be sent"]
pub struct Effects {
    /// Bytes taken in or written.
    pub accepted: usize,
    /// Signals for the foreground group, in order.
    pub signals: Vec<TtySignal>,
    /// Fuel the caller owes for what the terminal did; guests pay it, the embedder doesn't.
    pub fuel: u32,
    /// Answers of the screen, on their way to the input queue.
    replies: Vec<u8>,
}

/// The outcome of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtyRead {
    /// So many bytes were appended; at least one, unless `VMIN` and `VTIME` are both 0.
    Data(usize),
    /// End of file was typed. It ends this read only.
    Eof,
    /// Nothing yet: wait until [`Tty::readable`], at most for [`Tty::timeout`].
    WouldBlock,
}

impl Tty {
    /// A terminal in default modes with an empty screen.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self {
            termios: Termios::default(),
            session: None,
            foreground: None,
            size: WindowSize { columns, rows },
            queue: Queue::default(),
            output: Output::default(),
            screen: Screen::new(columns, rows),
        }
    }

    /// The modes.
    pub fn termios(&self) -> &Termios {
        &self.termios
    }

    /// Sets the modes at once (`TCSANOW`).
    pub fn set_termios(&mut self, termios: Termios) {
        let changed = self.termios.local.symmetric_difference(termios.local);
        let restart = self.termios.input.contains(InputFlags::IXON)
            && !termios.input.contains(InputFlags::IXON);
        self.termios = termios;
        if changed.contains(LocalFlags::ICANON) {
            self.queue.change_mode(termios.local.contains(LocalFlags::ICANON));
        }
        if restart {
            let _ = self.restart();
        }
    }

    /// The size that programs are told.
    pub fn size(&self) -> WindowSize {
        self.size
    }

    /// A program tells the terminal's size (`TIOCSWINSZ`); the screen keeps its own.
    pub fn set_size(&mut self, columns: u16, rows: u16) -> Effects {
        let size = WindowSize { columns, rows };
        let mut effects = Effects::default();
        if size != self.size {
            self.size = size;
            effects.signals.push(TtySignal::WindowChange);
        }
        effects
    }

    /// The embedder gives the screen another size.
    pub fn resize(&mut self, columns: u16, rows: u16) -> Effects {
        self.screen.resize(columns, rows);
        let (columns, rows) = self.screen.size();
        self.set_size(columns, rows)
    }

    /// The screen.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Reads at most `max` bytes, appending them to `out`.
    pub fn read(&mut self, out: &mut Vec<u8>, max: usize) -> TtyRead {
        if self.is_canonical() {
            return self.queue.read_line(out, max);
        }
        let minimum = usize::from(self.termios.control[termios::VMIN]);
        let polls = minimum == 0 && self.termios.control[termios::VTIME] == 0;
        if polls || (self.queue.bytes.len() >= minimum.clamp(1, max.max(1))) {
            return TtyRead::Data(self.queue.take(out, max));
        }
        TtyRead::WouldBlock
    }

    /// Reads what is there, though it be less than a raw reader asked for: after
    /// [`Tty::timeout`], or without blocking. Returns 0 if there is nothing.
    pub fn read_now(&mut self, out: &mut Vec<u8>, max: usize) -> usize {
        if self.is_canonical() {
            return match self.queue.read_line(out, max) {
                TtyRead::Data(count) => count,
                TtyRead::Eof | TtyRead::WouldBlock => 0,
            };
        }
        self.queue.take(out, max)
    }

    /// How long a blocked raw reader waits from now before it calls [`Tty::read_now`]; none: for
    /// ever. Ask again whenever the reader was woken: `VTIME` counts from the last byte.
    pub fn timeout(&self) -> Option<Ticks> {
        let time = self.termios.control[termios::VTIME];
        let waits = self.termios.control[termios::VMIN] == 0 || !self.queue.bytes.is_empty();
        (!self.is_canonical() && time > 0 && waits)
            .then(|| Ticks::from_millis(u64::from(time) * 100))
    }

    /// Whether a read would not block.
    pub fn readable(&self) -> bool {
        if self.is_canonical() {
            return self.queue.canonical > 0;
        }
        let minimum = match self.termios.control[termios::VTIME] {
            0 => usize::from(self.termios.control[termios::VMIN]).max(1),
            _ => 1,
        };
        self.queue.bytes.len() >= minimum
    }

    /// Bytes a read would find (`FIONREAD`).
    pub fn input_len(&self) -> usize {
        match self.is_canonical() {
            true => usize::try_from(self.queue.canonical).unwrap_or(usize::MAX),
            false => self.queue.bytes.len(),
        }
    }

    /// Forgets what was typed and not read (`TCIFLUSH`).
    pub fn flush_input(&mut self) {
        self.queue.clear();
    }

    fn is_canonical(&self) -> bool {
        self.termios.local.contains(LocalFlags::ICANON)
    }

    fn has(&self, flag: LocalFlags) -> bool {
        self.termios.local.contains(flag)
    }
}

#[cfg(test)]
mod tests;
