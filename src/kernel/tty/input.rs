//! The way into a terminal: what keys do (Linux `n_tty_receive_char` and its kin), and the queue
//! that readers take lines or bytes from.

use super::output::{Echo, is_continuation};
use super::termios::{
    DISABLED, InputFlags, LocalFlags, VEOF, VEOL, VEOL2, VERASE, VINTR, VKILL, VLNEXT, VQUIT,
    VREPRINT, VSTART, VSTOP, VSUSP, VWERASE,
};
use super::{Effects, Queue, Tty, TtyRead, TtySignal};
use crate::base::limits::TTY_INPUT_MAX;

impl Tty {
    /// Types `bytes`. What finds no room is not accepted: see [`Effects::accepted`] and
    /// [`Tty::input_room`]. In a line without end the last byte is overwritten instead, so that
    /// editing, signals and newline still work.
    pub fn input(&mut self, bytes: &[u8]) -> Effects {
        let mut effects = Effects::default();
        effects.accepted = self.type_in(bytes, &mut effects);
        self.answer(&mut effects);
        effects
    }

    pub(super) fn type_in(&mut self, bytes: &[u8], effects: &mut Effects) -> usize {
        let mut echo = Echo::begin(&self.output);
        let mut accepted = 0;
        for byte in bytes {
            if self.input_room() == 0 {
                break;
            }
            accepted += 1;
            if self.queue.bytes.len() >= TTY_INPUT_MAX {
                self.queue.bytes.pop_back();
            }
            self.receive(*byte, &mut echo, effects);
        }
        self.emit_echo(&echo.bytes, effects);
        accepted
    }

    /// How many bytes can be typed now without losing any; in a line without end always one.
    pub fn input_room(&self) -> usize {
        let room = (TTY_INPUT_MAX - 1).saturating_sub(self.queue.bytes.len());
        let endless = self.is_canonical() && self.queue.canonical == 0;
        if endless { room.max(1) } else { room }
    }

    fn receive(&mut self, byte: u8, echo: &mut Echo, effects: &mut Effects) {
        let mut byte = byte;
        if self.reads(InputFlags::ISTRIP) {
            byte &= 0x7f;
        }
        if self.reads(InputFlags::IUCLC) && self.has(LocalFlags::IEXTEN) {
            byte = byte.to_ascii_lowercase();
        }
        if core::mem::take(&mut self.queue.literal) {
            self.receive_plain(byte, echo, effects);
            return;
        }
        if self.receive_flow(byte, echo, effects) || self.receive_signal(byte, echo, effects) {
            return;
        }
        if self.reads(InputFlags::IXANY) {
            self.flow_again(echo, effects);
        }
        let typed = byte;
        match byte {
            b'\r' if self.reads(InputFlags::IGNCR) => return,
            b'\r' if self.reads(InputFlags::ICRNL) => byte = b'\n',
            b'\n' if self.reads(InputFlags::INLCR) => byte = b'\r',
            _ => {}
        }
        if self.is_canonical() && self.receive_canonical(byte, echo) {
            return;
        }
        // Raw input knows no newline but the one that was a carriage return.
        if byte == b'\n' && typed == b'\r' && self.has(LocalFlags::ECHO) {
            self.finish_erasing(echo);
            self.echo_raw(byte, echo);
            self.put(byte);
        } else {
            self.receive_plain(byte, echo, effects);
        }
    }

    /// A byte that means itself.
    fn receive_plain(&mut self, byte: u8, echo: &mut Echo, effects: &mut Effects) {
        if self.reads(InputFlags::IXANY) {
            self.flow_again(echo, effects);
        }
        if self.has(LocalFlags::ECHO) {
            self.finish_erasing(echo);
            self.echo_typed(byte, echo);
        }
        if byte == 0xff && self.reads(InputFlags::PARMRK) {
            self.put(byte);
        }
        self.put(byte);
    }

    /// Flow control; true if the byte was one of its characters.
    fn receive_flow(&mut self, byte: u8, echo: &mut Echo, effects: &mut Effects) -> bool {
        if !self.reads(InputFlags::IXON) {
            return false;
        }
        if self.termios.is(VSTART, byte) {
            let before = core::mem::take(&mut echo.bytes);
            self.emit_echo(&before, effects);
            self.flow_again(echo, effects);
            return true;
        }
        if self.termios.is(VSTOP, byte) {
            self.stop();
            return true;
        }
        false
    }

    fn flow_again(&mut self, echo: &mut Echo, effects: &mut Effects) {
        if self.is_stopped() {
            let before = core::mem::take(&mut echo.bytes);
            self.emit_echo(&before, effects);
            self.go_on(effects);
        }
    }

    /// Signal characters; true if the byte was one.
    fn receive_signal(&mut self, byte: u8, echo: &mut Echo, effects: &mut Effects) -> bool {
        if !self.has(LocalFlags::ISIG) {
            return false;
        }
        let signal = match byte {
            _ if self.termios.is(VINTR, byte) => TtySignal::Interrupt,
            _ if self.termios.is(VQUIT, byte) => TtySignal::Quit,
            _ if self.termios.is(VSUSP, byte) => TtySignal::Suspend,
            _ => return false,
        };
        effects.signals.push(signal);
        if !self.has(LocalFlags::NOFLSH) {
            // Echo of the same stroke is dropped with the rest, as if it had not been.
            echo.take_back(&mut self.output);
            self.output.held.clear();
            self.flush_output();
            self.queue.clear();
        }
        if self.reads(InputFlags::IXON) {
            self.flow_again(echo, effects);
        }
        if self.has(LocalFlags::ECHO) {
            self.echo(byte, echo);
        }
        true
    }

    /// Characters of canonical mode; true if the byte was one.
    fn receive_canonical(&mut self, byte: u8, echo: &mut Echo) -> bool {
        let extended = self.has(LocalFlags::IEXTEN);
        let is = |index| self.termios.is(index, byte);
        if is(VERASE) || is(VKILL) || (extended && is(VWERASE)) {
            self.erase(byte, echo);
            return true;
        }
        if extended && is(VLNEXT) {
            self.queue.literal = true;
            if self.has(LocalFlags::ECHO) {
                self.finish_erasing(echo);
                if self.has(LocalFlags::ECHOCTL) {
                    self.echo_raw(b'^', echo);
                    self.echo_raw(0x08, echo);
                }
            }
            return true;
        }
        if extended && is(VREPRINT) && self.has(LocalFlags::ECHO) {
            self.reprint(byte, echo);
            return true;
        }
        if byte == b'\n' {
            if self.has(LocalFlags::ECHO) || self.has(LocalFlags::ECHONL) {
                self.echo_raw(b'\n', echo);
            }
            self.end_line(byte);
            return true;
        }
        if is(VEOF) {
            self.end_line(DISABLED);
            return true;
        }
        if is(VEOL) || (extended && is(VEOL2)) {
            if self.has(LocalFlags::ECHO) {
                self.echo_typed(byte, echo);
            }
            self.end_line(byte);
            return true;
        }
        false
    }

    fn reprint(&mut self, byte: u8, echo: &mut Echo) {
        self.finish_erasing(echo);
        self.echo(byte, echo);
        self.echo_raw(b'\n', echo);
        for index in self.queue.line_start()..self.queue.bytes.len() {
            self.echo(self.queue.bytes[index], echo);
        }
    }

    /// Erases a character, a word or the line (Linux `eraser`).
    fn erase(&mut self, byte: u8, echo: &mut Echo) {
        let start = self.queue.line_start();
        if self.queue.bytes.len() == start {
            return;
        }
        let shows = self.has(LocalFlags::ECHO);
        let one = self.termios.is(VERASE, byte);
        let word = !one && self.termios.is(VWERASE, byte) && !self.termios.is(VKILL, byte);
        if !one && !word {
            let vanishes = LocalFlags::ECHOK | LocalFlags::ECHOKE | LocalFlags::ECHOE;
            if !shows || !self.termios.local.contains(vanishes) {
                self.queue.bytes.truncate(start);
                if shows {
                    self.finish_erasing(echo);
                    self.echo(self.termios.control[VKILL], echo);
                    // Where the line stays to be seen, a new one begins.
                    if self.has(LocalFlags::ECHOK) {
                        self.echo_raw(b'\n', echo);
                    }
                }
                return;
            }
        }
        let mut in_word = false;
        while self.queue.bytes.len() > start {
            let Some(head) = self.last_character(start) else { break };
            let first = self.queue.bytes[head];
            if word {
                if is_word(first) {
                    in_word = true;
                } else if in_word {
                    break;
                }
            }
            let erased: Vec<u8> = self.queue.bytes.drain(head..).collect();
            if shows {
                self.echo_erased(&erased, one, echo);
            }
            if one {
                break;
            }
        }
        if self.queue.bytes.len() == start && shows {
            self.finish_erasing(echo);
        }
    }

    /// Where the last character of the line begins; none if it is only part of one.
    fn last_character(&self, start: usize) -> Option<usize> {
        let utf8 = self.reads(InputFlags::IUTF8);
        let continues = |index: usize| utf8 && is_continuation(self.queue.bytes[index]);
        let mut head = self.queue.bytes.len().checked_sub(1)?;
        while continues(head) && head > start {
            head -= 1;
        }
        (!continues(head)).then_some(head)
    }

    /// Shows that a character was erased from the end of the line.
    fn echo_erased(&mut self, erased: &[u8], one: bool, echo: &mut Echo) {
        let Some((first, rest)) = erased.split_first() else { return };
        if self.has(LocalFlags::ECHOPRT) {
            if !core::mem::replace(&mut self.queue.erasing, true) {
                self.echo_raw(b'\\', echo);
            }
            self.echo(*first, echo);
            for byte in rest {
                self.echo_raw(*byte, echo);
                self.output.column = self.output.column.saturating_sub(1);
            }
        } else if one && !self.has(LocalFlags::ECHOE) {
            self.echo(self.termios.control[VERASE], echo);
        } else if *first == b'\t' {
            let (width, after_tab) = self.width_before_tab();
            self.echo_erase_tab(width, after_tab, echo);
        } else {
            let control = first.is_ascii_control();
            let visible = self.has(LocalFlags::ECHOCTL);
            let cells = match (control, visible) {
                (true, true) => 2,
                (true, false) => 0,
                (false, _) => 1,
            };
            for _ in 0..cells {
                for step in *b"\x08 \x08" {
                    self.echo_raw(step, echo);
                }
            }
        }
    }

    /// Columns the line takes since its last tab, and whether there is one.
    fn width_before_tab(&self) -> (u32, bool) {
        let utf8 = self.reads(InputFlags::IUTF8);
        let mut width = 0;
        for index in (self.queue.line_start()..self.queue.bytes.len()).rev() {
            match self.queue.bytes[index] {
                b'\t' => return (width, true),
                byte if byte.is_ascii_control() => {
                    width += if self.has(LocalFlags::ECHOCTL) { 2 } else { 0 };
                }
                byte if utf8 && is_continuation(byte) => {}
                _ => width += 1,
            }
        }
        (width, false)
    }

    fn finish_erasing(&mut self, echo: &mut Echo) {
        if core::mem::take(&mut self.queue.erasing) {
            self.echo_raw(b'/', echo);
        }
    }

    fn echo_typed(&mut self, byte: u8, echo: &mut Echo) {
        if self.queue.bytes.len() == self.queue.line_start() {
            self.mark_column();
        }
        self.echo(byte, echo);
    }

    fn put(&mut self, byte: u8) {
        self.queue.bytes.push_back(byte);
    }

    fn end_line(&mut self, byte: u8) {
        let place = self.queue.taken + self.queue.bytes.len() as u64;
        self.queue.ends.push_back(place);
        self.put(byte);
        self.queue.canonical = length(&self.queue.bytes);
    }

    fn reads(&self, flag: InputFlags) -> bool {
        self.termios.input.contains(flag)
    }
}

impl Queue {
    /// Reads one line or, if it is longer, its beginning.
    pub(super) fn read_line(&mut self, out: &mut Vec<u8>, max: usize) -> TtyRead {
        if self.canonical == 0 {
            return TtyRead::WouldBlock;
        }
        if max == 0 {
            return TtyRead::Data(0);
        }
        let available = self.line_start().min(max);
        let end = self
            .ends
            .front()
            .and_then(|place| usize::try_from(place - self.taken).ok())
            .filter(|end| *end < available);
        let Some(end) = end else {
            let count = self.take(out, available);
            // An end of file right behind what filled the reader's buffer belongs to this read.
            if self.ends.front() == Some(&self.taken) && self.bytes.front() == Some(&DISABLED) {
                self.skip();
            }
            return TtyRead::Data(count);
        };
        if self.bytes[end] != DISABLED {
            return TtyRead::Data(self.take(out, end + 1));
        }
        let count = self.take(out, end);
        self.skip();
        if count == 0 { TtyRead::Eof } else { TtyRead::Data(count) }
    }

    /// Takes at most `max` bytes, whatever they are.
    pub(super) fn take(&mut self, out: &mut Vec<u8>, max: usize) -> usize {
        let count = self.bytes.len().min(max);
        out.extend(self.bytes.drain(..count));
        self.taken += count as u64;
        self.canonical = self.canonical.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        while self.ends.front().is_some_and(|place| *place < self.taken) {
            self.ends.pop_front();
        }
        count
    }

    /// Passes over an end of file.
    fn skip(&mut self) {
        self.take(&mut Vec::new(), 1);
    }

    pub(super) fn clear(&mut self) {
        self.taken += self.bytes.len() as u64;
        self.bytes.clear();
        self.ends.clear();
        self.canonical = 0;
        self.erasing = false;
    }

    /// Canonical mode was switched on or off (Linux `n_tty_set_termios`).
    pub(super) fn change_mode(&mut self, canonical: bool) {
        self.ends.clear();
        self.canonical = 0;
        if canonical && !self.bytes.is_empty() {
            // What was typed before counts as a line.
            self.ends.push_back(self.taken + self.bytes.len() as u64 - 1);
            self.canonical = length(&self.bytes);
        }
        self.erasing = false;
        self.literal = false;
    }

    /// Index of the first byte of the line being typed.
    pub(super) fn line_start(&self) -> usize {
        usize::try_from(self.canonical).unwrap_or(usize::MAX).min(self.bytes.len())
    }
}

/// Length of a queue that is far shorter than 2³².
fn length(bytes: &std::collections::VecDeque<u8>) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Whether `^W` sees a letter: ASCII and Latin-1 letters and digits (Linux `isalnum`), and `_`.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7)
}
