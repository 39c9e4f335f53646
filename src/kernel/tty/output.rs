//! The way out of a terminal: output processing, echo, flow control, screen and attached embedder.

use super::termios::{InputFlags, LocalFlags, OutputFlags};
use super::{Effects, Output, Tty};
use crate::base::limits::{TTY_ECHO_MAX, TTY_OUTPUT_MAX, TTY_RECORD_MAX};

impl Tty {
    /// Writes as much of `bytes` as there is room for; [`Effects::accepted`] says how much.
    /// Without an embedder attached there is room unless output was stopped by `^S`.
    pub fn write(&mut self, bytes: &[u8]) -> Effects {
        let mut effects = Effects::default();
        if self.output.stopped {
            return effects;
        }
        let room = self.room();
        let mut cooked = Vec::with_capacity(bytes.len() + 8);
        for byte in bytes {
            let before = cooked.len();
            self.process(*byte, &mut cooked);
            if cooked.len() > room {
                cooked.truncate(before);
                break;
            }
            effects.accepted += 1;
        }
        self.emit(&cooked, &mut effects);
        self.answer(&mut effects);
        effects
    }

    /// Whether a write would take at least one byte.
    pub fn writable(&self) -> bool {
        // A tab may become eight bytes.
        !self.output.stopped && self.room() >= 8
    }

    /// Attaches an embedder, who takes what is written with [`Tty::take_output`] and whose own
    /// terminal answers questions. Writers wait while it lags behind.
    pub fn attach(&mut self) {
        self.output.attached.get_or_insert_default();
    }

    /// Detaches the embedder; what it did not take is dropped.
    pub fn detach(&mut self) {
        self.output.attached = None;
    }

    /// Moves at most `max` bytes of output to the attached embedder.
    pub fn take_output(&mut self, out: &mut Vec<u8>, max: usize) -> usize {
        let Some(waiting) = &mut self.output.attached else { return 0 };
        let count = waiting.len().min(max);
        out.extend(waiting.drain(..count));
        count
    }

    /// Begins or ends recording what is written, for an onlooker whom the terminal and its
    /// programs never notice. More than a limit is not kept.
    pub fn record(&mut self, on: bool) {
        self.output.recorded = on.then(|| self.output.recorded.take().unwrap_or_default());
    }

    /// Takes what was recorded.
    pub fn take_record(&mut self) -> Vec<u8> {
        self.output.recorded.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Drops output that the attached embedder did not take (`TCOFLUSH`).
    pub fn flush_output(&mut self) {
        if let Some(waiting) = &mut self.output.attached {
            waiting.clear();
        }
    }

    /// Whether output is stopped by `^S` (or `TCOOFF`).
    pub fn is_stopped(&self) -> bool {
        self.output.stopped
    }

    /// Stops output (`TCOOFF`).
    pub fn stop(&mut self) {
        self.output.stopped = true;
    }

    /// Restarts output (`TCOON`), beginning with the echo that was held back.
    pub fn restart(&mut self) -> Effects {
        let mut effects = Effects::default();
        self.go_on(&mut effects);
        self.answer(&mut effects);
        effects
    }

    pub(super) fn go_on(&mut self, effects: &mut Effects) {
        self.output.stopped = false;
        let held = core::mem::take(&mut self.output.held);
        self.emit(&held, effects);
    }

    /// Bytes that may be put out now.
    fn room(&self) -> usize {
        match &self.output.attached {
            Some(waiting) => TTY_OUTPUT_MAX.saturating_sub(waiting.len()),
            None => usize::MAX,
        }
    }

    /// Puts out processed bytes, and keeps what the screen answers.
    fn emit(&mut self, cooked: &[u8], effects: &mut Effects) {
        if cooked.is_empty() {
            return;
        }
        if let Some(recorded) = &mut self.output.recorded {
            let room = TTY_RECORD_MAX.saturating_sub(recorded.len());
            recorded.extend_from_slice(&cooked[..cooked.len().min(room)]);
        }
        let report = self.screen.write(cooked);
        effects.fuel = effects.fuel.saturating_add(report.fuel);
        match &mut self.output.attached {
            Some(waiting) => waiting.extend_from_slice(cooked),
            None => effects.replies.extend_from_slice(&report.replies),
        }
    }

    /// Types in what the screen answered. Questions in the echo of an answer stay unanswered, or
    /// a terminal could talk to itself for ever.
    pub(super) fn answer(&mut self, effects: &mut Effects) {
        let replies = core::mem::take(&mut effects.replies);
        if !replies.is_empty() {
            let _ = self.type_in(&replies, effects);
            effects.replies.clear();
        }
    }

    /// Puts out echo: held back while output is stopped, dropped where there is no room.
    pub(super) fn emit_echo(&mut self, echo: &[u8], effects: &mut Effects) {
        if self.output.stopped {
            let room = TTY_ECHO_MAX.saturating_sub(self.output.held.len());
            self.output.held.extend_from_slice(&echo[..echo.len().min(room)]);
        } else {
            let room = self.room().min(echo.len());
            self.emit(&echo[..room], effects);
        }
    }

    /// Echoes a byte, control characters as `^X` where the modes ask for it.
    pub(super) fn echo(&mut self, byte: u8, echo: &mut Echo) {
        let visible = self.has(LocalFlags::ECHOCTL) && byte != b'\t';
        if visible && byte.is_ascii_control() {
            echo.bytes.extend_from_slice(&[b'^', byte ^ 0o100]);
            self.output.column = self.output.column.wrapping_add(2);
        } else {
            self.echo_raw(byte, echo);
        }
    }

    /// Echoes a byte as it is, which still goes through output processing.
    pub(super) fn echo_raw(&mut self, byte: u8, echo: &mut Echo) {
        if byte == 0xff {
            // Linux marks its echo operations with this byte, and so never processes it.
            self.output.column = self.output.column.wrapping_add(1);
            echo.bytes.push(byte);
        } else {
            self.process(byte, &mut echo.bytes);
        }
    }

    /// Moves the cursor back over a tab that is erased: `width` columns stand before it, counted
    /// from the tab before or else from where the line began.
    pub(super) fn echo_erase_tab(&mut self, width: u32, after_tab: bool, echo: &mut Echo) {
        let start = if after_tab { 0 } else { self.output.canon_column };
        let back = 8 - (width.wrapping_add(start) & 7);
        for _ in 0..back {
            echo.bytes.push(0x08);
            self.output.column = self.output.column.saturating_sub(1);
        }
    }

    /// The line being typed begins at the cursor.
    pub(super) fn mark_column(&mut self) {
        self.output.canon_column = self.output.column;
    }

    /// Output processing of one byte (Linux `do_output_char`).
    fn process(&mut self, byte: u8, cooked: &mut Vec<u8>) {
        let flags = self.termios.output;
        if !flags.contains(OutputFlags::OPOST) {
            cooked.push(byte);
            return;
        }
        let output = &mut self.output;
        let mut byte = byte;
        match byte {
            b'\n' => {
                if flags.contains(OutputFlags::ONLRET) {
                    output.column = 0;
                }
                if flags.contains(OutputFlags::ONLCR) {
                    output.column = 0;
                    cooked.push(b'\r');
                }
                output.canon_column = output.column;
            }
            b'\r' => {
                if flags.contains(OutputFlags::ONOCR) && output.column == 0 {
                    return;
                }
                if flags.contains(OutputFlags::OCRNL) {
                    byte = b'\n';
                }
                if byte == b'\r' || flags.contains(OutputFlags::ONLRET) {
                    output.column = 0;
                    output.canon_column = 0;
                }
            }
            b'\t' => {
                let spaces = 8 - (output.column & 7);
                output.column = output.column.wrapping_add(spaces);
                if flags.contains(OutputFlags::XTABS) {
                    cooked.extend((0..spaces).map(|_| b' '));
                    return;
                }
            }
            0x08 => output.column = output.column.saturating_sub(1),
            _ if byte.is_ascii_control() => {}
            _ => {
                if flags.contains(OutputFlags::OLCUC) {
                    byte = upper(byte);
                }
                let utf8 = self.termios.input.contains(InputFlags::IUTF8);
                if !(utf8 && is_continuation(byte)) {
                    output.column = output.column.wrapping_add(1);
                }
            }
        }
        cooked.push(byte);
    }
}

/// Echo of what is being typed in one call, not yet put out.
pub(super) struct Echo {
    pub(super) bytes: Vec<u8>,
    /// Column and beginning of the line before.
    columns: (u32, u32),
}

impl Echo {
    pub(super) fn begin(output: &Output) -> Self {
        Self { bytes: Vec::new(), columns: (output.column, output.canon_column) }
    }

    /// Drops the echo as if it had never been processed.
    pub(super) fn take_back(&mut self, output: &mut Output) {
        self.bytes.clear();
        (output.column, output.canon_column) = self.columns;
    }
}

/// The capital of a letter in Latin-1, which is what Linux takes a byte for here.
fn upper(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | 0xdf..=0xf6 | 0xf8..=0xff => byte - 0x20,
        _ => byte,
    }
}

/// Whether `byte` continues a UTF-8 character.
pub(super) fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}
