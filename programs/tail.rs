//! tail: the last lines or bytes of files.
//!
//! Follows: POSIX.1-2024 tail; `-f`, `-q`, `-v`, `+NUM` and messages of GNU coreutils 9.1.
//! Deviates: a followed file is looked at every half second. Left out: `-F`, `--pid`.

use std::collections::VecDeque;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, Tick, Ticks, limits};
use crate::fs::OpenFlags;
use crate::kernel::program::input::{Files, Input, Piece, Wording};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, size, tool};
use crate::kernel::program::{Program, Step, Stop, Sys};
use crate::kernel::sys::SeekFrom;

pub(super) const PROGRAM: Program = tool::<Tail>("tail");

const SPEC: Spec = Spec::new(
    "usage: tail [-f] [-n [+]NUM | -c [+]NUM] [-qv] [FILE]...\n\
     Print the last 10 lines of each FILE, or of standard input.\n\n  \
     -c, --bytes=[+]NUM  NUM bytes; with +, from byte NUM on\n  \
     -f, --follow        go on with what is added\n  \
     -n, --lines=[+]NUM  NUM lines; with +, from line NUM on\n  \
     -q, --quiet         no headers with file names\n  \
     -v, --verbose       always headers",
    "c:fn:qv0123456789",
)
.long(&[
    ("bytes", b'c'),
    ("follow", b'f'),
    ("lines", b'n'),
    ("quiet", b'q'),
    ("silent", b'q'),
    ("verbose", b'v'),
]);

/// How often a followed file is looked at.
const FOLLOW_EVERY: Ticks = Ticks::from_millis(500);

#[derive(Clone, Serialize, Deserialize)]
struct Tail {
    files: Files,
    operands: Vec<BString>,
    headers: bool,
    bytes: bool,
    /// From that unit on, instead of the last ones.
    from: bool,
    count: u64,
    follow: bool,
    in_file: bool,
    printed: bool,
    seen: u64,
    held: VecDeque<BString>,
    held_bytes: u64,
    followed: Option<Follow>,
}

/// Files that are watched for what is added.
#[derive(Clone, Serialize, Deserialize)]
struct Follow {
    files: Vec<(BString, Input)>,
    /// Whose text was printed last.
    last: u32,
    next: Tick,
}

impl Tool for Tail {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        let (mut from, mut count) = (false, 10);
        let digits = options.given.iter().map(|(letter, _)| *letter);
        let digits: Vec<u8> = digits.filter(u8::is_ascii_digit).collect();
        if !digits.is_empty() {
            count = size(&digits).unwrap_or(u64::MAX);
        }
        let letter = options.last_of(b"cn").unwrap_or(b'n');
        if let Some(text) = options.value(letter) {
            let plus = text.strip_prefix(b"+");
            from = plus.is_some();
            let magnitude = plus.or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
            let words = if letter == b'c' { "bytes" } else { "lines" };
            count = size(magnitude).ok_or_else(|| {
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
            operands: options.operands.clone(),
            headers,
            bytes: letter == b'c',
            from,
            count,
            follow: options.has(b'f'),
            in_file: false,
            printed: false,
            seen: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            followed: None,
        })
    }

    fn memory(&self) -> u64 {
        self.held_bytes
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        if self.followed.is_some() {
            return self.follow(out, sys);
        }
        if self.files.current(out, sys)?.is_none() {
            return self.end(out, sys);
        }
        if !self.in_file {
            self.in_file = true;
            if self.headers {
                let name = self.files.name().to_owned();
                self.header(&name, out);
            }
        }
        let piece = match self.bytes {
            true => self.files.chunk(out, sys)?,
            false => self.files.line(out, sys)?,
        };
        match piece {
            Piece::Data(piece) => {
                let piece = BString::from(piece);
                burn_bytes(piece.len(), sys);
                self.take(piece, out)?;
            }
            Piece::End | Piece::Done => {
                self.in_file = false;
                self.seen = 0;
                self.held_bytes = 0;
                core::mem::take(&mut self.held).into_iter().for_each(|piece| out.text(piece));
            }
        }
        Ok(Step::Again)
    }
}

impl Tail {
    fn header(&mut self, name: &[u8], out: &mut Out) {
        if self.printed {
            out.text("\n");
        }
        self.printed = true;
        out.text("==> ");
        out.text(if name == b"-" { b"standard input" } else { name });
        out.text(" <==\n");
    }

    /// Prints a piece, or holds it as long as it may be among the last.
    fn take(&mut self, piece: BString, out: &mut Out) -> Result<(), Errno> {
        if self.from {
            let skip = self.count.saturating_sub(1).saturating_sub(self.seen);
            let units = if self.bytes { piece.len() as u64 } else { 1 };
            self.seen += units;
            if skip == 0 {
                out.text(piece);
            } else if skip < units {
                out.text(&piece[usize::try_from(skip).unwrap_or(usize::MAX)..]);
            }
            return Ok(());
        }
        self.held_bytes += piece.len() as u64;
        self.held.push_back(piece);
        if !self.bytes {
            while self.held.len() as u64 > self.count {
                let gone = self.held.pop_front().map_or(0, |line| line.len());
                self.held_bytes -= gone as u64;
            }
        }
        while self.bytes && self.held_bytes > self.count {
            let spare = self.held_bytes - self.count;
            let Some(mut first) = self.held.pop_front() else { break };
            let gone = usize::try_from(spare).unwrap_or(usize::MAX).min(first.len());
            self.held_bytes -= gone as u64;
            if gone < first.len() {
                first.drain(..gone);
                self.held.push_front(first);
            }
        }
        if self.held_bytes > limits::PROCESS_MEMORY as u64 {
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }

    /// After the last file: begins to follow, if that was asked for.
    fn end(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        if !self.follow || self.operands.is_empty() {
            return Ok(Step::Exit(out.status()));
        }
        let mut files = Vec::new();
        for name in self.operands.iter().filter(|name| *name != "-") {
            // What could not be opened was reported when its turn came.
            let Ok(fd) = sys.fs().open(name, OpenFlags::RDONLY | OpenFlags::NONBLOCK, 0) else {
                continue;
            };
            let _ = sys.io().seek(fd, SeekFrom::End(0));
            files.push((name.clone(), Input::new(fd)));
        }
        if files.is_empty() {
            if out.status() > 0 {
                out.warn("no files remaining");
            }
            return Ok(Step::Exit(out.status()));
        }
        let last = u32::try_from(files.len()).unwrap_or(u32::MAX) - 1;
        self.followed = Some(Follow { files, last, next: sys.os().now() + FOLLOW_EVERY });
        Ok(Step::Again)
    }

    fn follow(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let Some(follow) = &mut self.followed else { return Ok(Step::Again) };
        sys.os().sleep_until(follow.next)?;
        let mut grown = None;
        for (index, (name, input)) in follow.files.iter().enumerate() {
            let fd: Fd = input.fd();
            let size = sys.fs().fstat(fd).map_or(0, |stat| stat.size);
            let offset = sys.io().seek(fd, SeekFrom::Current(0)).unwrap_or(0);
            if size < offset {
                out.warn(format_args!("{name}: file truncated"));
                let _ = sys.io().seek(fd, SeekFrom::Start(0));
            }
            if size != offset {
                grown = Some((index, name.clone(), fd));
                break;
            }
        }
        let Some((index, name, fd)) = grown else {
            follow.next = sys.os().now() + FOLLOW_EVERY;
            return Ok(Step::Again);
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let switched = follow.last != index;
        follow.last = index;
        let mut bytes = Vec::new();
        match sys.io().read(fd, &mut bytes, limits::PROGRAM_OUTPUT) {
            Ok(_) | Err(Stop::Fail(_)) => {}
            Err(block) => return Err(block.into()),
        }
        if switched && self.headers {
            self.header(&name, out);
        }
        out.text(bytes);
        Ok(Step::Again)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{Guest, run};

    #[test]
    fn prints_the_end() {
        assert_eq!(run("tail -n 2", "1\n2\n3\n"), "2\n3\n[exit 0]\n");
        assert_eq!(run("tail -1", "1\n2\n3"), "3\n[exit 0]\n");
        assert_eq!(run("tail -n +2", "1\n2\n3\n"), "2\n3\n[exit 0]\n");
        assert_eq!(run("tail -c 3", "12345"), "345\n[exit 0]\n");
        assert_eq!(run("tail -c +4", "12345"), "45\n[exit 0]\n");
        assert_eq!(run("tail -n 0", "1\n"), "[exit 0]\n");
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
            tail: cannot open 'no' for reading: No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("tail /tmp/a no /tmp/b", ""));
    }
}
