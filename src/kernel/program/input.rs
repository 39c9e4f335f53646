//! [`Input`]: a buffered reader whose buffer is saved with the program; [`Files`]: the operands
//! of a program, read one after the other, `-` being standard input.
//!
//! Invariant: bytes that were read from an fd are in the buffer until they are handed out, so a
//! step that blocks in the middle of a line finds the line's first half again. Bytes handed out
//! are the caller's: it puts what follows from them into its own state before it reads again.

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, limits};
use crate::fs::OpenFlags;
use crate::kernel::program::out::{Out, quote, quote_if_needed};
use crate::kernel::program::{Stop, Sys};

/// How much one read asks for.
const READ_SIZE: usize = 65_536;

/// A buffered reader of one fd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    fd: Fd,
    #[serde(with = "serde_bytes")]
    buffer: Vec<u8>,
    /// What was handed out already: the front of the buffer.
    used: u32,
    /// What was searched for a delimiter already, counted as `used` is.
    searched: u32,
    ended: bool,
}

impl Default for Input {
    /// Standard input.
    fn default() -> Self {
        Self::new(Fd::STDIN)
    }
}

impl Input {
    /// A reader of `fd` with nothing read yet.
    pub const fn new(fd: Fd) -> Self {
        Self { fd, buffer: Vec::new(), used: 0, searched: 0, ended: false }
    }

    /// The fd that is read.
    pub const fn fd(&self) -> Fd {
        self.fd
    }

    /// The next line with its newline; the last one may lack it; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of reading, and `ENOMEM` for a line that would not fit into a process.
    pub fn line(&mut self, sys: &mut Sys<'_>) -> Result<Option<&[u8]>, Stop> {
        self.delimited(b'\n', sys)
    }

    /// As [`Input::line`], up to and with any delimiter.
    ///
    /// # Errors
    ///
    /// As [`Input::line`].
    pub fn delimited(&mut self, delimiter: u8, sys: &mut Sys<'_>) -> Result<Option<&[u8]>, Stop> {
        loop {
            let from = self.searched as usize;
            if let Some(found) = self.buffer.get(from..).and_then(|rest| rest.find_byte(delimiter))
            {
                return Ok(Some(self.take(from + found + 1)));
            }
            self.searched = position(self.buffer.len());
            if self.ended {
                let end = self.buffer.len();
                return Ok(if self.used as usize == end { None } else { Some(self.take(end)) });
            }
            if self.buffer.len() - self.used as usize >= limits::PROCESS_MEMORY {
                return Err(Stop::Fail(Errno::ENOMEM));
            }
            self.fill(sys)?;
        }
    }

    /// Whatever comes next, at least a byte; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn chunk(&mut self, sys: &mut Sys<'_>) -> Result<Option<&[u8]>, Stop> {
        if self.used as usize == self.buffer.len() && !self.ended {
            self.fill(sys)?;
        }
        let end = self.buffer.len();
        Ok(if self.used as usize == end { None } else { Some(self.take(end)) })
    }

    /// Reads once, whatever comes, and shows all that is not handed out yet, with whether the
    /// end was reached; [`Input::consume`] hands it out.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn peek(&mut self, sys: &mut Sys<'_>) -> Result<(&[u8], bool), Stop> {
        if self.used as usize == self.buffer.len() && !self.ended {
            self.fill(sys)?;
        }
        Ok((self.rest(), self.ended))
    }

    /// What was read and not handed out.
    pub fn rest(&self) -> &[u8] {
        self.buffer.get(self.used as usize..).unwrap_or_default()
    }

    /// Hands out `count` bytes of [`Input::rest`].
    pub fn consume(&mut self, count: usize) {
        self.used = position((self.used as usize + count).min(self.buffer.len()));
        self.searched = self.used;
    }

    fn take(&mut self, end: usize) -> &[u8] {
        let start = self.used as usize;
        self.used = position(end);
        self.searched = self.used;
        self.buffer.get(start..end).unwrap_or_default()
    }

    fn fill(&mut self, sys: &mut Sys<'_>) -> Result<(), Stop> {
        let used = self.used as usize;
        if used == self.buffer.len() {
            self.buffer.clear();
        } else if used > 0 {
            self.buffer.drain(..used);
        }
        self.searched -= self.used;
        self.used = 0;
        if sys.io().read(self.fd, &mut self.buffer, READ_SIZE)? == 0 {
            self.ended = true;
        }
        if self.buffer.len() > READ_SIZE * 4 {
            // A long line: it must fit into the machine's memory as well.
            sys.os().hold_memory(self.buffer.len() as u64)?;
        }
        Ok(())
    }
}

/// A place in the buffer, which is never longer than [`limits::PROCESS_MEMORY`] and one read.
fn position(index: usize) -> u32 {
    u32::try_from(index).expect("the buffer is bounded far below 4 GiB")
}

/// What reading operands gives next.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes of the current file.
    Data(&'a [u8]),
    /// The current file is at its end; the next call goes on with the next one.
    End,
    /// No operand is left.
    Done,
}

/// How a program words that a file cannot be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wording {
    /// `x: No such file or directory`, as cat.
    #[default]
    Plain,
    /// `cannot open 'x' for reading: No such file or directory`, as head.
    CannotOpen,
    /// `cannot read: x: No such file or directory`, as sort.
    CannotRead,
    /// Nothing, as `grep -s`.
    Silent,
}

/// A program's file operands, opened when their turn comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    operands: Vec<BString>,
    next: u32,
    current: Option<Input>,
    wording: Wording,
    status: u8,
}

impl Files {
    /// The files named by `operands`, or standard input where there are none.
    pub fn new(operands: &[BString]) -> Self {
        let operands = if operands.is_empty() { vec!["-".into()] } else { operands.to_vec() };
        Self { operands, status: 1, ..Self::default() }
    }

    /// Sets how failures are worded and which exit status they ask for.
    #[must_use]
    pub const fn wording(mut self, wording: Wording, status: u8) -> Self {
        self.wording = wording;
        self.status = status;
        self
    }

    /// How many operands there are.
    pub fn count(&self) -> usize {
        self.operands.len()
    }

    /// The operand whose file is being read; `-` for standard input.
    pub fn name(&self) -> &BStr {
        let index = (self.next as usize).saturating_sub(1);
        self.operands.get(index).map_or(BStr::new("-"), |name| BStr::new(name))
    }

    /// The reader of the current file, which is opened if none is. Operands that cannot be
    /// opened are reported and passed over. `None` when none is left.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] while a fifo has no writer.
    pub fn current(
        &mut self,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<Option<&mut Input>, Stop> {
        while self.current.is_none() {
            let Some(operand) = self.operands.get(self.next as usize) else { return Ok(None) };
            let opened = if operand == "-" {
                Ok(Fd::STDIN)
            } else {
                sys.fs().open(operand, OpenFlags::RDONLY, 0)
            };
            self.next += 1;
            match opened {
                Ok(fd) => self.current = Some(Input::new(fd)),
                Err(Stop::Fail(errno)) => self.report(errno, true, out),
                Err(block) => {
                    self.next -= 1;
                    return Err(block);
                }
            }
        }
        Ok(self.current.as_mut())
    }

    /// Whether a file is open at this moment.
    pub fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// Leaves the current file.
    pub fn close(&mut self, sys: &mut Sys<'_>) {
        if let Some(input) = self.current.take()
            && input.fd() != Fd::STDIN
        {
            // Nothing can be done about, or is lost by, a failing close of a file that was read.
            let _ = sys.io().close(input.fd());
        }
    }

    /// The next line of the files. A file that cannot be read is reported and ends.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] alone.
    pub fn line(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Piece<'_>, Stop> {
        self.delimited(b'\n', out, sys)
    }

    /// As [`Files::line`], up to and with any delimiter.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] alone.
    pub fn delimited(
        &mut self,
        delimiter: u8,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<Piece<'_>, Stop> {
        let Some(input) = self.current(out, sys)? else { return Ok(Piece::Done) };
        let length = input.delimited(delimiter, sys).map(|line| line.map(<[u8]>::len));
        self.piece(length, out, sys)
    }

    /// The next bytes of the files, as many as came. A file that cannot be read is reported and
    /// ends.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] alone.
    pub fn chunk(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Piece<'_>, Stop> {
        let Some(input) = self.current(out, sys)? else { return Ok(Piece::Done) };
        let length = input.chunk(sys).map(|chunk| chunk.map(<[u8]>::len));
        self.piece(length, out, sys)
    }

    /// Reports a failure of the current file in the program's wording.
    pub fn report(&self, errno: Errno, opening: bool, out: &mut Out) {
        out.fail_with(self.status);
        let name = self.name();
        match (self.wording, opening) {
            (Wording::Silent, _) => {}
            (Wording::CannotOpen, true) => {
                out.warn(format_args!("cannot open {} for reading: {errno}", quote(name)));
            }
            (Wording::CannotOpen, false) => {
                out.warn(format_args!("error reading {}: {errno}", quote(name)));
            }
            (Wording::CannotRead, true) => {
                out.warn(format_args!("cannot read: {}: {errno}", quote_if_needed(name)));
            }
            (Wording::CannotRead, false) => {
                out.warn(format_args!("read failed: {}: {errno}", quote_if_needed(name)));
            }
            (Wording::Plain, _) => out.warn(format_args!("{}: {errno}", quote_if_needed(name))),
        }
    }

    fn piece(
        &mut self,
        length: Result<Option<usize>, Stop>,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<Piece<'_>, Stop> {
        match length {
            Ok(Some(length)) => {
                let input = self.current.as_ref();
                Ok(input.map_or(Piece::Done, |input| Piece::Data(input.handed_out(length))))
            }
            Ok(None) => {
                self.close(sys);
                Ok(Piece::End)
            }
            Err(Stop::Fail(errno)) => {
                self.report(errno, false, out);
                self.close(sys);
                Ok(Piece::End)
            }
            Err(block) => Err(block),
        }
    }
}

impl Input {
    /// The last `length` bytes that were handed out.
    fn handed_out(&self, length: usize) -> &[u8] {
        let end = self.used as usize;
        self.buffer.get(end - length..end).unwrap_or_default()
    }
}
