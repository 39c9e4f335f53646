//! `read`: reads a line into variables.
//!
//! Reads no byte beyond the line, so that commands find the rest.

use super::{Builtin, Outcome};
use crate::base::{Fd, limits};
use crate::kernel::sys::SeekFrom;
use crate::kernel::{Stop, Sys};
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::frame::{Frame, ReadFrame};
use crate::programs::sh::parse::is_name;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("read", read);

/// How much is read at once from what can be read ahead.
const BLOCK: usize = 512;

fn read(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let mut raw = false;
    let mut index = 1;
    while let Some([b'-', letters @ ..]) = shell.words.get(index) {
        let letters = letters.to_vec();
        index += 1;
        match letters.as_slice() {
            b"" => {
                index -= 1;
                break;
            }
            b"-" => break,
            b"r" => raw = true,
            b"p" => {
                let prompt = shell.words.at(index).to_vec();
                index += 1;
                if sys.io().is_tty(Fd::STDIN) {
                    shell.output.complain(&prompt);
                }
            }
            other => {
                return Err(Halt::error([b"Illegal option -", &other[..1]].concat()));
            }
        }
    }
    let mut names = Vec::new();
    for word in index..shell.words.len() {
        let name = shell.words.at(word).to_vec();
        if !is_name(&name) {
            return Err(Halt::about(&name, "bad variable name"));
        }
        names.push(shell.vars.intern(&name));
    }
    if names.is_empty() {
        return Err(Halt::error("arg count"));
    }
    let seekable = sys.io().seek(Fd::STDIN, SeekFrom::Current(0)).is_ok();
    shell.frames.pop();
    let frame = ReadFrame { raw, names, seekable, ..ReadFrame::default() };
    shell.frames.push(Frame::Read(Box::new(frame)));
    Ok(Outcome::Frame)
}

impl ReadFrame {
    /// Takes bytes up to the end of the line; how many, and whether the line is complete.
    fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (index, &byte) in bytes.iter().enumerate() {
            if core::mem::take(&mut self.backslash) {
                // An escaped newline is no byte at all.
                if byte != b'\n' {
                    self.escaped.push(u32::try_from(self.line.len()).unwrap_or(u32::MAX));
                    self.line.push(byte);
                }
                continue;
            }
            match byte {
                b'\n' => return (index + 1, true),
                b'\\' if !self.raw => self.backslash = true,
                0 => {}
                _ => self.line.push(byte),
            }
        }
        (bytes.len(), false)
    }
}

impl Shell {
    /// Goes on reading for the `read` on top.
    pub(in crate::programs::sh) fn read_line(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        if let Some(signal) = self.traps.peek()
            && self.options.interactive
        {
            self.frames.pop();
            self.finish_command(128 + signal.number());
            return Ok(());
        }
        let Some(Frame::Read(frame)) = self.frames.last_mut() else { return Ok(()) };
        let most = if frame.seekable { BLOCK } else { 1 };
        let mut bytes = Vec::new();
        let complete = loop {
            bytes.clear();
            match sys.io().read(Fd::STDIN, &mut bytes, most) {
                Ok(0) => break false,
                Ok(count) => {
                    let (used, complete) = frame.take(&bytes);
                    if used < count {
                        let back = i64::try_from(count - used).unwrap_or(0);
                        let _ = sys.io().seek(Fd::STDIN, SeekFrom::Current(-back));
                    }
                    if complete {
                        break true;
                    }
                }
                Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
                Err(Stop::Fail(_)) => break false,
            }
            if frame.line.len() > limits::SHELL_VALUE_MAX {
                return Err(Halt::error("Out of space"));
            }
        };
        let Some(Frame::Read(frame)) = self.frames.pop() else { return Ok(()) };
        self.distribute(&frame)?;
        self.finish_command(u8::from(!complete));
        Ok(())
    }

    /// Gives the fields of a line to the variables; the last one gets the rest.
    fn distribute(&mut self, frame: &ReadFrame) -> Eval<()> {
        let separators = *self.vars.separators();
        let line = &frame.line;
        let escaped =
            |at: usize| u32::try_from(at).is_ok_and(|at| frame.escaped.binary_search(&at).is_ok());
        let white = |at: usize| !escaped(at) && separators.is_white(line[at]);
        let other = |at: usize| !escaped(at) && separators.is_other(line[at]);
        let skip = |mut at: usize| {
            while at < line.len() && white(at) {
                at += 1;
            }
            at
        };
        let mut at = skip(0);
        for (index, slot) in frame.names.iter().enumerate() {
            let start = at;
            let last = index + 1 == frame.names.len();
            while at < line.len() && !white(at) && !other(at) {
                at += 1;
            }
            let mut end = at;
            // The delimiter: white space, and at most one other separator.
            let mut next = skip(at);
            if next < line.len() && other(next) {
                next = skip(next + 1);
            }
            if last && next < line.len() {
                // More than one field is left: all of it, less white space at the end.
                end = line.len();
                while end > start && white(end - 1) {
                    end -= 1;
                }
                next = line.len();
            }
            at = next;
            let value = line[start.min(end)..end].to_vec();
            self.assign(*slot, &value)?;
        }
        Ok(())
    }
}
