//! head: the first lines or bytes of files.
//!
//! Follows: POSIX.1-2024 head; `-c`, `-q`, `-v`, `-NUM`, negative counts and messages of GNU
//! coreutils 9.1.

use std::collections::VecDeque;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::{Errno, limits};
use crate::kernel::program::input::{Files, Wording};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, size, tool};
use crate::kernel::program::{Program, Step, Stop, Sys};

pub(super) const PROGRAM: Program = tool::<Head>("head");

const SPEC: Spec = Spec::new(
    "usage: head [-n [-]NUM | -c [-]NUM] [-qvz] [FILE]...\n\
     Print the first 10 lines of each FILE, or of standard input.\n\n  \
     -c, --bytes=[-]NUM  NUM bytes; with -, all but the last NUM\n  \
     -n, --lines=[-]NUM  NUM lines; with -, all but the last NUM\n  \
     -q, --quiet         no headers with file names\n  \
     -v, --verbose       always headers\n  \
     -z, --zero-terminated  lines end in NUL",
    "c:n:qvz0123456789",
)
.long(&[
    ("bytes", b'c'),
    ("lines", b'n'),
    ("quiet", b'q'),
    ("silent", b'q'),
    ("verbose", b'v'),
    ("zero-terminated", b'z'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Head {
    files: Files,
    headers: bool,
    unit: Unit,
    /// Print all but the last `count` instead of the first `count`.
    except_last: bool,
    count: u64,
    left: u64,
    in_file: bool,
    printed: bool,
    delimiter: u8,
    /// What was read and may turn out to be among the last.
    held: VecDeque<BString>,
    held_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Unit {
    Lines,
    Bytes,
}

impl Tool for Head {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        let (mut unit, mut except_last, mut count) = (Unit::Lines, false, 10);
        let digits = options.given.iter().map(|(letter, _)| *letter);
        let digits: Vec<u8> = digits.filter(u8::is_ascii_digit).collect();
        if !digits.is_empty() {
            count = size(&digits).unwrap_or(u64::MAX);
        }
        if let Some(letter) = options.last_of(b"cn") {
            let text = options.value(letter).unwrap_or_default();
            unit = if letter == b'c' { Unit::Bytes } else { Unit::Lines };
            let magnitude = text.strip_prefix(b"-");
            except_last = magnitude.is_some();
            let words = if unit == Unit::Bytes { "bytes" } else { "lines" };
            count = size(magnitude.unwrap_or(text)).ok_or_else(|| {
                out.fail(1, format_args!("invalid number of {words}: {}", quote(text)))
            })?;
        }
        let files = Files::new(&options.operands).wording(Wording::CannotOpen, 1);
        let headers = match options.last_of(b"qv") {
            Some(letter) => letter == b'v',
            None => files.count() > 1,
        };
        Ok(Self {
            files,
            headers,
            unit,
            except_last,
            count,
            left: count,
            in_file: false,
            printed: false,
            delimiter: if options.has(b'z') { 0 } else { b'\n' },
            held: VecDeque::new(),
            held_bytes: 0,
        })
    }

    fn memory(&self) -> u64 {
        self.held_bytes
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        if self.files.current(out, sys)?.is_none() {
            return Ok(Step::Exit(out.status()));
        }
        if !self.in_file {
            self.in_file = true;
            self.left = self.count;
            if self.headers {
                self.header(out);
            }
        }
        if self.left == 0 && !self.except_last {
            self.end(sys);
            return Ok(Step::Again);
        }
        let delimiter = self.delimiter;
        let Some(input) = self.files.current(out, sys)? else { return Ok(Step::Again) };
        let piece = match self.unit {
            Unit::Lines => input.delimited(delimiter, sys),
            Unit::Bytes => input.chunk(sys),
        };
        let piece = match piece {
            Ok(piece) => piece.map(BString::from),
            Err(Stop::Fail(errno)) => {
                self.files.report(errno, false, out);
                None
            }
            Err(block) => return Err(block.into()),
        };
        let Some(piece) = piece else {
            self.end(sys);
            return Ok(Step::Again);
        };
        burn_bytes(piece.len(), sys);
        match (self.unit, self.except_last) {
            (_, true) => self.hold(piece, out)?,
            (Unit::Lines, false) => {
                out.text(piece);
                self.left -= 1;
            }
            (Unit::Bytes, false) => {
                let take = usize::try_from(self.left).unwrap_or(usize::MAX).min(piece.len());
                out.text(&piece[..take]);
                self.left -= take as u64;
            }
        }
        Ok(Step::Again)
    }
}

impl Head {
    fn header(&mut self, out: &mut Out) {
        let name = self.files.name();
        let name = if name == "-" { "standard input".into() } else { name.to_owned() };
        if self.printed {
            out.text("\n");
        }
        self.printed = true;
        out.text("==> ");
        out.text(name);
        out.text(" <==\n");
    }

    fn end(&mut self, sys: &mut Sys<'_>) {
        self.files.close(sys);
        self.in_file = false;
        self.held.clear();
        self.held_bytes = 0;
    }

    /// Holds a piece back and prints what can no longer be among the last.
    fn hold(&mut self, piece: BString, out: &mut Out) -> Result<(), Errno> {
        self.held_bytes += piece.len() as u64;
        if self.held_bytes > limits::PROCESS_MEMORY as u64 {
            return Err(Errno::ENOMEM);
        }
        self.held.push_back(piece);
        match self.unit {
            Unit::Lines => {
                while self.held.len() as u64 > self.count {
                    let Some(line) = self.held.pop_front() else { break };
                    self.held_bytes -= line.len() as u64;
                    out.text(line);
                }
            }
            Unit::Bytes => {
                while self.held_bytes > self.count {
                    let spare = self.held_bytes - self.count;
                    let Some(mut first) = self.held.pop_front() else { break };
                    let take = usize::try_from(spare).unwrap_or(usize::MAX).min(first.len());
                    out.text(&first[..take]);
                    self.held_bytes -= take as u64;
                    if take < first.len() {
                        first.drain(..take);
                        self.held.push_front(first);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{Guest, run};

    #[test]
    fn prints_the_beginning() {
        assert_eq!(run("head -n 2", "1\n2\n3\n"), "1\n2\n[exit 0]\n");
        assert_eq!(run("head -1", "1\n2\n3\n"), "1\n[exit 0]\n");
        assert_eq!(run("head -c 3", "1\n2\n3\n"), "1\n2\n[exit 0]\n");
        assert_eq!(run("head -n -1", "1\n2\n3"), "1\n2\n[exit 0]\n");
        assert_eq!(run("head -c -2", "12345"), "123\n[exit 0]\n");
        assert_eq!(run("head -n 0", "1\n"), "[exit 0]\n");
    }

    #[test]
    fn headers_separate_several_files() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "a\n").file("/tmp/b", "b\n");
        expect![[r#"
            ==> /tmp/a <==
            a

            ==> /tmp/b <==
            b
            [stderr]
            head: cannot open 'no' for reading: No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("head /tmp/a no /tmp/b", ""));
        expect![[r#"
            [stderr]
            head: invalid number of lines: 'x'
            [exit 1]
        "#]]
        .assert_eq(&guest.run("head -n x", ""));
    }
}
