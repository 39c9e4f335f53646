//! The shapes that most programs have, each a trait to fill in: [`Tool`] (options, then steps),
//! [`Compute`] (all at once), [`Lines`] (a function per line), [`Bytes`] (a function per chunk).
//!
//! Invariant: what a shape queues on [`Out`] is written before the program exits, and before it
//! waits for anything, so a prompt is seen before its answer is awaited. A program that queues
//! and then blocks is run again from its last consistent state without repeating any output.

use bstr::BString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Errno, Ticks};
use crate::kernel::program::input::{Files, Piece};
use crate::kernel::program::options::{Options, Refusal, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::{Main, Program, Step, Stop, Sys};

/// Why a shape's function returned early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The program is finished; what is queued still leaves.
    Exit(u8),
    /// The process runs another program now ([`exec`](crate::kernel::sys) succeeded).
    Replaced,
    /// A call failed or would block.
    Stop(Stop),
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Errno> for End {
    fn from(errno: Errno) -> Self {
        Self::Stop(Stop::Fail(errno))
    }
}

/// A program with options that works in steps.
///
/// `start` and `step` may block anywhere and are then run again from their beginning.
pub trait Tool: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Options and usage.
    const SPEC: Spec;

    /// The state that the command line asks for.
    ///
    /// # Errors
    ///
    /// [`End`], when there is nothing to step.
    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End>;

    /// Does a piece of the work.
    ///
    /// # Errors
    ///
    /// [`End`], when the work is finished, failed, or has to wait.
    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End>;

    /// Bytes the state holds, as [`Main::memory`].
    fn memory(&self) -> u64 {
        0
    }
}

/// The program of a [`Tool`].
pub const fn tool<T: Tool>(name: &'static str) -> Program {
    Program::new::<Shaped<T>>(name, T::SPEC.usage)
}

/// Runs a [`Tool`]: parses options, drains [`Out`], words failures.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Shaped<T: Tool> {
    out: Out,
    work: Work<T>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
enum Work<T: Tool> {
    Run(T),
    Ended(u8),
}

impl<T: Tool> Main for Shaped<T> {
    fn start(args: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop> {
        let mut out = Out::new(args.get(0).unwrap_or_default());
        let work = match parsed(&T::SPEC, args, &mut out) {
            Ok(options) => match T::start(&options, &mut out, sys) {
                Ok(tool) => Work::Run(tool),
                Err(End::Stop(Stop::Block(wait))) => return Err(Stop::Block(wait)),
                Err(end) => Work::Ended(status_of(end, &mut out)),
            },
            Err(status) => Work::Ended(status),
        };
        Ok(Self { out, work })
    }

    fn memory(&self) -> u64 {
        match &self.work {
            Work::Run(tool) => tool.memory(),
            Work::Ended(_) => 0,
        }
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        loop {
            if (self.out.is_full() || matches!(self.work, Work::Ended(_)))
                && !drain(&mut self.out, sys)?
            {
                self.work = Work::Ended(1);
                continue;
            }
            let tool = match &mut self.work {
                Work::Run(tool) => tool,
                Work::Ended(status) => return Ok(Step::Exit(*status)),
            };
            match tool.step(&mut self.out, sys) {
                Ok(Step::Again) => {}
                Ok(Step::Exit(status)) => self.work = Work::Ended(status),
                Err(End::Replaced) => return Ok(Step::Again),
                Err(End::Stop(Stop::Block(wait))) if self.out.is_empty() => {
                    return Err(Stop::Block(wait));
                }
                Err(End::Stop(Stop::Block(_))) => {
                    if !drain(&mut self.out, sys)? {
                        self.work = Work::Ended(1);
                    }
                }
                Err(end) => self.work = Work::Ended(status_of(end, &mut self.out)),
            }
            sys.os().burn(1);
            if sys.os().fuel_left() <= 0 {
                return Ok(Step::Again);
            }
        }
    }
}

/// A program that computes all its output in one go.
///
/// `compute` runs again from its start if it blocks, so whatever it changes comes after that.
pub trait Compute: Clone + Send + Sync + 'static {
    /// Options and usage.
    const SPEC: Spec;

    /// Does everything and gives the exit status.
    ///
    /// # Errors
    ///
    /// [`End`], when there is nothing more to do.
    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End>;
}

/// The program of a [`Compute`].
pub const fn once<T: Compute>(name: &'static str) -> Program {
    Program::new::<Shaped<Once<T>>>(name, T::SPEC.usage)
}

/// Runs a [`Compute`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Once<T> {
    status: u8,
    #[serde(skip)]
    what: core::marker::PhantomData<fn() -> T>,
}

impl<T: Compute> Tool for Once<T> {
    const SPEC: Spec = T::SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let status = T::compute(options, out, sys)?;
        Ok(Self { status, what: core::marker::PhantomData })
    }

    fn step(&mut self, _: &mut Out, _: &mut Sys<'_>) -> Result<Step, End> {
        Ok(Step::Exit(self.status))
    }
}

/// A filter of lines: standard input or the operands' files.
pub trait Lines: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Options and usage.
    const SPEC: Spec;

    /// The state that the options ask for; operands are left to the shape.
    ///
    /// # Errors
    ///
    /// [`End`], when there is nothing to filter.
    fn start(options: &Options, out: &mut Out) -> Result<Self, End>;

    /// Which operands are files; all of them unless the filter says otherwise.
    fn files(options: &Options) -> Files {
        Files::new(&options.operands)
    }

    /// What ends a line.
    fn delimiter(&self) -> u8 {
        b'\n'
    }

    /// Handles one line, delimiter included (the last line of a file may lack it).
    fn line(&mut self, line: &[u8], out: &mut Out);

    /// Called once after the last line; gives the exit status.
    fn end(&mut self, out: &mut Out) -> u8 {
        out.status()
    }
}

/// The program of a [`Lines`].
pub const fn line_filter<T: Lines>(name: &'static str) -> Program {
    Program::new::<Shaped<LineFilter<T>>>(name, T::SPEC.usage)
}

/// Runs a [`Lines`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LineFilter<T: Lines> {
    files: Files,
    filter: T,
}

impl<T: Lines> Tool for LineFilter<T> {
    const SPEC: Spec = T::SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        Ok(Self { filter: T::start(options, out)?, files: T::files(options) })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let length = match self.files.delimited(self.filter.delimiter(), out, sys)? {
            Piece::Data(line) => {
                self.filter.line(line, out);
                line.len()
            }
            Piece::End => 0,
            Piece::Done => return Ok(Step::Exit(self.filter.end(out))),
        };
        burn_bytes(length, sys);
        Ok(Step::Again)
    }
}

/// A filter of bytes from standard input.
pub trait Bytes: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Options and usage.
    const SPEC: Spec;

    /// The state that the options ask for.
    ///
    /// # Errors
    ///
    /// [`End`], when there is nothing to filter.
    fn start(options: &Options, out: &mut Out) -> Result<Self, End>;

    /// Which operands are files; none unless the filter says otherwise.
    fn files(_: &Options) -> Files {
        Files::new(&[])
    }

    /// Handles the next bytes.
    fn bytes(&mut self, bytes: &[u8], out: &mut Out);

    /// Called once after the last byte; gives the exit status.
    fn end(&mut self, out: &mut Out) -> u8 {
        out.status()
    }
}

/// The program of a [`Bytes`].
pub const fn byte_filter<T: Bytes>(name: &'static str) -> Program {
    Program::new::<Shaped<ByteFilter<T>>>(name, T::SPEC.usage)
}

/// Runs a [`Bytes`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ByteFilter<T: Bytes> {
    files: Files,
    filter: T,
}

impl<T: Bytes> Tool for ByteFilter<T> {
    const SPEC: Spec = T::SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        Ok(Self { filter: T::start(options, out)?, files: T::files(options) })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let length = match self.files.chunk(out, sys)? {
            Piece::Data(bytes) => {
                self.filter.bytes(bytes, out);
                bytes.len()
            }
            Piece::End => 0,
            Piece::Done => return Ok(Step::Exit(self.filter.end(out))),
        };
        burn_bytes(length, sys);
        Ok(Step::Again)
    }
}

/// Burns the fuel of looking at `length` bytes once.
pub fn burn_bytes(length: usize, sys: &mut Sys<'_>) {
    sys.os().burn(u32::try_from(length / 64).unwrap_or(u32::MAX));
}

/// A whole number that a user wrote, or `None`.
pub fn number<N: core::str::FromStr>(text: impl AsRef<[u8]>) -> Option<N> {
    let text = core::str::from_utf8(text.as_ref()).ok()?;
    text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A count with GNU's suffixes: `b` 512, `kB` 1000, `K` 1024, `MB`, `M` and so on.
pub fn size(text: impl AsRef<[u8]>) -> Option<u64> {
    let text = text.as_ref();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, suffix) = text.split_at(digits);
    let factor: u64 = match suffix {
        b"" => 1,
        b"b" => 512,
        b"kB" | b"KB" => 1000,
        b"k" | b"K" | b"KiB" => 1 << 10,
        b"MB" => 1_000_000,
        b"m" | b"M" | b"MiB" => 1 << 20,
        b"GB" => 1_000_000_000,
        b"G" | b"GiB" => 1 << 30,
        b"TB" => 1_000_000_000_000,
        b"T" | b"TiB" => 1 << 40,
        _ => return None,
    };
    let digit = |byte: &u8| u64::from(byte - b'0');
    let value =
        digits.iter().fold(0_u64, |sum, byte| sum.saturating_mul(10).saturating_add(digit(byte)));
    (!digits.is_empty()).then(|| value.saturating_mul(factor))
}

/// A size as `-h` shows it: `999`, `1.5K`, `12M`, rounded up.
pub fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let bytes = u128::from(bytes);
    let mut unit: u128 = 1024;
    for letter in "KMGTPE".chars() {
        let tenths = (bytes * 10).div_ceil(unit);
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        let whole = bytes.div_ceil(unit);
        if whole < 1024 {
            return format!("{whole}{letter}");
        }
        unit *= 1024;
    }
    format!("{}Z", bytes.div_ceil(unit))
}

/// A time such as `1.5h` in milliseconds, rounded up. `inf` is for ever.
pub fn milliseconds(text: &[u8]) -> Option<u64> {
    if text == b"inf" || text == b"infinity" {
        return Some(u64::MAX);
    }
    let (text, unit) = match text.split_last()? {
        (b's', text) => (text, 1),
        (b'm', text) => (text, 60),
        (b'h', text) => (text, 3600),
        (b'd', text) => (text, 86_400),
        _ => (text, 1),
    };
    let dot = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let (whole, fraction) = (&text[..dot], text.get(dot + 1..).unwrap_or_default());
    let digits = whole.iter().chain(fraction);
    if whole.len() + fraction.len() == 0 || !digits.clone().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |byte: &u8| u64::from(byte - b'0');
    let seconds =
        whole.iter().fold(0_u64, |sum, byte| sum.saturating_mul(10).saturating_add(digit(byte)));
    // Nanoseconds, and one more if anything smaller is left.
    let mut nanos = 0;
    for place in 0..9 {
        nanos = nanos * 10 + fraction.get(place).map_or(0, digit);
    }
    nanos += u64::from(fraction.iter().skip(9).any(|byte| *byte != b'0'));
    let millis = seconds.saturating_mul(unit).saturating_mul(1000);
    Some(millis.saturating_add((nanos * unit).div_ceil(1_000_000)))
}

/// A time such as `1.5h`, or the complaint about it.
///
/// # Errors
///
/// [`End::Exit`] with status 1, the complaint queued.
pub fn delay(text: &[u8], out: &mut Out) -> Result<Ticks, End> {
    let invalid = || out.fail(1, format_args!("invalid number {}", quote(text)));
    milliseconds(text).map(Ticks).ok_or_else(invalid)
}

/// The only operand that must be there, or GNU's complaint about its absence.
///
/// # Errors
///
/// [`End::Exit`] with `status`, the complaint queued.
pub fn first_operand<'a>(
    options: &'a Options,
    status: u8,
    out: &mut Out,
) -> Result<&'a BString, End> {
    options.operands.first().ok_or_else(|| out.misuse(status, "missing operand"))
}

/// The options, or the exit status once the refusal is queued.
fn parsed(spec: &Spec, args: &Strings, out: &mut Out) -> Result<Options, u8> {
    Options::parse(spec, args).map_err(|refusal| match refusal {
        Refusal::Help => {
            out.text(spec.usage);
            out.text("\n");
            0
        }
        Refusal::Misuse(message) => status_of(out.misuse(spec.misuse, message), out),
    })
}

/// The exit status of an end that is one; a failure is queued as `NAME: reason`.
fn status_of(end: End, out: &mut Out) -> u8 {
    match end {
        End::Exit(status) => status,
        End::Stop(Stop::Fail(errno)) => {
            out.complain(errno);
            out.status()
        }
        End::Replaced | End::Stop(Stop::Block(_)) => 0,
    }
}

/// Writes everything out; false if standard output failed, which is queued as a complaint.
fn drain(out: &mut Out, sys: &mut Sys<'_>) -> Result<bool, Stop> {
    match out.flush(sys) {
        Ok(()) => Ok(true),
        Err(Stop::Fail(errno)) => {
            out.complain(format_args!("write error: {errno}"));
            Ok(false)
        }
        Err(block) => Err(block),
    }
}
