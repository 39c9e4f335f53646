//! [`Out`]: what a program has to say on its standard output and error, kept until it is said.
//!
//! Invariant: bytes leave in the order in which they were queued, whichever of the two streams
//! they are for, and each byte leaves once: a write that takes only a part shortens the queue by
//! exactly that part, so a step that blocks in [`Out::flush`] may simply run again.

use core::fmt;

use bstr::{BStr, BString};
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, limits};
use crate::kernel::program::shapes::End;
use crate::kernel::program::{Stop, Sys};

/// Queued output of one program, its name for messages, and its exit status so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Out {
    name: BString,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    /// Where the bytes go, in order; the lengths add up to what is left of `bytes`.
    runs: Vec<Run>,
    /// How much of the front of `bytes` has left.
    sent: u32,
    status: u8,
}

/// Neighbouring bytes for the same stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    fd: Fd,
    length: u32,
}

impl Out {
    /// An empty queue; `name` begins every message.
    pub fn new(name: impl AsRef<[u8]>) -> Self {
        Self { name: BString::from(name.as_ref()), ..Self::default() }
    }

    /// The name that begins every message.
    pub fn name(&self) -> &BStr {
        BStr::new(&self.name)
    }

    /// Queues bytes for standard output.
    pub fn text(&mut self, text: impl AsRef<[u8]>) {
        self.queue(Fd::STDOUT, text.as_ref());
    }

    /// Queues bytes for standard error as they are.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        self.queue(Fd::STDERR, text.as_ref());
    }

    /// Queues `NAME: message` for standard error and makes the exit status at least 1.
    pub fn complain(&mut self, message: impl fmt::Display) {
        self.warn(message);
        self.fail_with(1);
    }

    /// Queues `NAME: message` for standard error and leaves the exit status alone.
    pub fn warn(&mut self, message: impl fmt::Display) {
        let mut line = self.name.clone();
        line.extend_from_slice(format!(": {message}\n").as_bytes());
        self.error(line);
    }

    /// Queues `NAME: message` and gives the end with `status` to return.
    pub fn fail(&mut self, status: u8, message: impl fmt::Display) -> End {
        self.warn(message);
        End::Exit(status)
    }

    /// As [`Out::fail`], with GNU's second line that points to `--help`.
    pub fn misuse(&mut self, status: u8, message: impl fmt::Display) -> End {
        self.warn(message);
        let mut hint = b"Try '".to_vec();
        hint.extend_from_slice(&self.name);
        hint.extend_from_slice(b" --help' for more information.\n");
        self.error(hint);
        End::Exit(status)
    }

    /// Makes the exit status at least `status`.
    pub fn fail_with(&mut self, status: u8) {
        self.status = self.status.max(status);
    }

    /// The exit status that the messages so far ask for.
    pub fn status(&self) -> u8 {
        self.status
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether so much waits that a program must flush before it produces more.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= limits::PROGRAM_OUTPUT
    }

    /// Writes what waits. On return nothing waits any more.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] while a reader is slow. A failure of standard output drops what waited for
    /// it, and is [`Stop::Fail`]; one of standard error is ignored, since nobody could be told.
    pub fn flush(&mut self, sys: &mut Sys<'_>) -> Result<(), Stop> {
        let mut done = 0;
        let mut outcome = Ok(());
        while let Some(run) = self.runs.get_mut(done) {
            let start = self.sent as usize;
            let Some(bytes) = self.bytes.get(start..start + run.length as usize) else { break };
            match sys.io().write(run.fd, bytes) {
                Ok(count) => {
                    let count = u32::try_from(count).unwrap_or(u32::MAX).min(run.length);
                    self.sent += count;
                    run.length -= count;
                    if run.length == 0 {
                        done += 1;
                    }
                }
                Err(Stop::Fail(errno)) if run.fd == Fd::STDOUT => {
                    self.runs.drain(..done);
                    self.drop_stdout();
                    return Err(Stop::Fail(errno));
                }
                Err(Stop::Fail(_)) => {
                    self.sent += run.length;
                    done += 1;
                }
                Err(block) => {
                    outcome = Err(block);
                    break;
                }
            }
        }
        self.runs.drain(..done);
        if self.runs.is_empty() {
            self.bytes.clear();
            self.sent = 0;
        } else if self.sent as usize * 2 > self.bytes.len() {
            self.bytes.drain(..self.sent as usize);
            self.sent = 0;
        }
        outcome
    }

    fn queue(&mut self, fd: Fd, bytes: &[u8]) {
        let Ok(length) = u32::try_from(bytes.len()) else { return };
        if length == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.fd == fd && last.length.checked_add(length).is_some() => {
                last.length += length;
            }
            _ => self.runs.push(Run { fd, length }),
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn drop_stdout(&mut self) {
        let mut kept = Self::new(&self.name);
        let mut at = self.sent as usize;
        for run in &self.runs {
            let end = at + run.length as usize;
            if run.fd != Fd::STDOUT {
                kept.queue(run.fd, self.bytes.get(at..end).unwrap_or_default());
            }
            at = end;
        }
        kept.status = self.status;
        *self = kept;
    }
}

/// Formatted text goes to standard output: `write!(out, …)` cannot fail.
impl fmt::Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

/// A message about a file: `NAME: reason`, the name quoted only where it needs to be.
pub fn about(name: impl AsRef<[u8]>, errno: Errno) -> String {
    format!("{}: {errno}", quote_if_needed(name))
}

/// A file name in single quotes, as GNU tools show it, with bytes that are not text escaped.
///
/// Follows: GNU's `shell-escape-always` quoting.
pub fn quote(name: impl AsRef<[u8]>) -> String {
    let name = name.as_ref();
    let plain = name.utf8_chunks_all(|c| !c.is_control());
    if plain && !name.contains(&b'\'') {
        return format!("'{}'", BStr::new(name));
    }
    if plain && !name.iter().any(|byte| b"\"$`\\!".contains(byte)) {
        return format!("\"{}\"", BStr::new(name));
    }
    let mut quoted = String::from("'");
    let mut escaped = false;
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' => {
                    quoted.push_str(if escaped { "''\\''" } else { "'\\''" });
                    escaped = false;
                }
                _ if character.is_control() => {
                    let mut buffer = [0; 4];
                    for byte in character.encode_utf8(&mut buffer).bytes() {
                        escape(&mut quoted, &mut escaped, byte);
                    }
                }
                _ => {
                    if escaped {
                        quoted.push_str("''");
                        escaped = false;
                    }
                    quoted.push(character);
                }
            }
        }
        chunk.invalid().iter().for_each(|byte| escape(&mut quoted, &mut escaped, *byte));
    }
    quoted.push('\'');
    quoted
}

/// As [`quote`], but a name that a shell would read as one plain word stays bare.
///
/// Follows: GNU's `shell-escape` quoting.
pub fn quote_if_needed(name: impl AsRef<[u8]>) -> String {
    let name = name.as_ref();
    let special = b" \t\n!\"$&'()*;<=>?[\\^`|";
    let bare = !name.is_empty()
        && !name.starts_with(b"~")
        && !name.starts_with(b"#")
        && name.utf8_chunks_all(|c| !c.is_control())
        && !name.iter().any(|byte| special.contains(byte));
    if bare { BStr::new(name).to_string() } else { quote(name) }
}

fn escape(quoted: &mut String, escaped: &mut bool, byte: u8) {
    if !*escaped {
        quoted.push_str("'$'");
        *escaped = true;
    }
    match byte {
        b'\n' => quoted.push_str("\\n"),
        b'\t' => quoted.push_str("\\t"),
        b'\r' => quoted.push_str("\\r"),
        0x07 => quoted.push_str("\\a"),
        0x08 => quoted.push_str("\\b"),
        0x0b => quoted.push_str("\\v"),
        0x0c => quoted.push_str("\\f"),
        _ => quoted.push_str(&format!("\\{byte:03o}")),
    }
}

/// A question about all characters of bytes that may not be UTF-8.
trait Chunks {
    fn utf8_chunks_all(&self, test: impl Fn(char) -> bool) -> bool;
}

impl Chunks for [u8] {
    fn utf8_chunks_all(&self, test: impl Fn(char) -> bool) -> bool {
        core::str::from_utf8(self).is_ok_and(|text| text.chars().all(test))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_ls_quotes_them() {
        assert_eq!(quote("x"), "'x'");
        assert_eq!(quote("it's"), "\"it's\"");
        assert_eq!(quote("it's $5"), "'it'\\''s $5'");
        assert_eq!(quote(b"a\nb"), "'a'$'\\n''b'");
        assert_eq!(quote(b"\xff"), "''$'\\377'");
        assert_eq!(quote_if_needed("x.txt"), "x.txt");
        assert_eq!(quote_if_needed("a b"), "'a b'");
        assert_eq!(quote_if_needed(""), "''");
    }

    #[test]
    fn neighbouring_bytes_share_a_run() {
        let mut out = Out::new("x");
        out.text("a");
        out.text("b");
        out.complain("no");
        out.text("c");
        assert_eq!(out.runs.len(), 3);
        assert_eq!(out.bytes, b"abx: no\nc");
        assert_eq!(out.status(), 1);
    }

    #[test]
    fn losing_stdout_keeps_messages() {
        let mut out = Out::new("x");
        out.text("a");
        out.error("e");
        out.text("b");
        out.drop_stdout();
        assert_eq!(out.bytes, b"e");
    }
}
