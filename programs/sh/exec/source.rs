//! Sources: reading commands from a text, a file, standard input or a terminal, and running
//! each before the next is read.

use super::super::error::{Eval, Halt};
use super::super::frame::{At, Frame, Origin, Role, Source};
use super::super::parse::{Parsed, Parser, SyntaxError};
use super::super::shell::{Shell, Unwind};
use crate::base::Fd;
use crate::kernel::sys::SeekFrom;
use crate::kernel::{Signal, Stop, Sys};

/// How much is read at once from what can be read ahead.
const BLOCK: usize = 8192;

impl Source {
    /// A whole text.
    pub fn text(text: &[u8], role: Role) -> Self {
        let parser = Parser::of(text, 1);
        Self { parser, input: Origin::Text, role, prompted: false, ran: false }
    }

    /// Something to read from.
    pub fn input(input: Origin, role: Role) -> Self {
        Self { parser: Parser::new(1), input, role, prompted: false, ran: false }
    }

    /// Whether nothing comes after the command that is being run.
    pub fn is_last(&self) -> bool {
        let plain = matches!(self.role, Role::Main | Role::Eval);
        plain && self.input == Origin::Text && self.parser.exhausted()
    }
}

/// Puts the shell's main source at the bottom of its stack.
pub fn open_main(shell: &mut Shell, source: Source) {
    shell.frames.insert(0, Frame::Source(Box::new(source)));
}

impl Shell {
    /// Runs a text above what is running.
    pub(in super::super) fn push_text(&mut self, text: &[u8], role: Role) {
        self.frames.push(Frame::Source(Box::new(Source::text(text, role))));
    }

    /// Reads and begins the next command of the source on top.
    pub(super) fn source(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::Source(mut source)) = self.frames.pop() else { return Ok(()) };
        let result = self.source_step(&mut source, sys);
        match result {
            Ok(Next::Run(at)) => {
                source.ran = true;
                self.frames.push(Frame::Source(source));
                let code = self.codes.get(at.code);
                self.enter(&code, at)
            }
            Ok(Next::Again) => {
                self.frames.push(Frame::Source(source));
                Ok(())
            }
            Ok(Next::End) => self.source_ends(&source, sys),
            Err(halt) => {
                self.frames.push(Frame::Source(source));
                Err(halt)
            }
        }
    }

    fn source_step(&mut self, source: &mut Source, sys: &mut Sys<'_>) -> Eval<Next> {
        if source.input == Origin::Terminal && !source.prompted && !source.parser.inside() {
            self.reap(sys);
            self.tell_jobs();
        }
        match source.parser.next_command(&mut self.aliases) {
            Ok(Parsed::Command(code)) => {
                let root = code.root;
                let code = self.add_code(code);
                source.prompted = false;
                Ok(Next::Run(At { code, node: root }))
            }
            Ok(Parsed::Blank) => {
                source.prompted = false;
                Ok(Next::Again)
            }
            Ok(Parsed::More) => self.refill(source, sys),
            Ok(Parsed::End) => Ok(Next::End),
            Err(error) => self.syntax_error(source, &error),
        }
    }

    fn syntax_error(&mut self, source: &mut Source, error: &SyntaxError) -> Eval<Next> {
        self.line = error.line;
        source.parser.reset();
        if source.input == Origin::Terminal {
            source.prompted = false;
        } else {
            source.parser.finish();
        }
        Err(Halt::error(format!("Syntax error: {}", error.message)))
    }

    /// Reads more of the source's text.
    fn refill(&mut self, source: &mut Source, sys: &mut Sys<'_>) -> Eval<Next> {
        let mut bytes = Vec::new();
        let count = match source.input {
            Origin::Text => 0,
            Origin::File(fd) => read(fd, &mut bytes, BLOCK, sys)?,
            Origin::Stdin => {
                self.output.flush(sys)?;
                read_line(Fd::STDIN, &mut bytes, sys)?
            }
            Origin::Terminal => {
                if !source.prompted {
                    source.prompted = true;
                    let second = source.parser.inside();
                    self.prompt(second, sys);
                }
                self.output.flush(sys)?;
                let count = read(Fd::STDIN, &mut bytes, BLOCK, sys)?;
                source.prompted = false;
                count
            }
        };
        if self.options.verbose {
            self.output.complain(&bytes);
        }
        sys.os().burn(u32::try_from(count / 16).unwrap_or(u32::MAX));
        if count == 0 {
            source.parser.finish();
        } else {
            source.parser.feed(&bytes);
        }
        Ok(Next::Again)
    }

    fn source_ends(&mut self, source: &Source, sys: &mut Sys<'_>) -> Eval<()> {
        if source.input == Origin::Terminal && self.options.ignoreeof {
            let mut again = Source::input(Origin::Terminal, Role::Main);
            again.parser = Parser::new(source.parser.line());
            self.output.complain("\nUse \"exit\" to leave shell.\n");
            self.frames.push(Frame::Source(Box::new(again)));
            return Ok(());
        }
        self.close_source(source, sys);
        match source.role {
            Role::Main => {
                if source.input == Origin::Terminal {
                    self.output.complain("\n");
                }
            }
            Role::File | Role::Eval => {
                self.calls = self.calls.saturating_sub(1);
                let status = if source.ran { self.status } else { 0 };
                self.finish_command(status);
            }
            Role::Trap { status } => {
                self.calls = self.calls.saturating_sub(1);
                self.status = status;
            }
        }
        Ok(())
    }

    /// Closes what a source was read from.
    pub(super) fn close_source(&mut self, source: &Source, sys: &mut Sys<'_>) {
        if let Origin::File(fd) = source.input {
            let _ = sys.io().close(fd);
        }
    }

    /// Begins the action of a signal that has arrived.
    pub(super) fn run_trap(&mut self, _sys: &mut Sys<'_>) -> Eval<()> {
        let Some(signal) = self.traps.take() else { return Ok(()) };
        match self.traps.get(signal.number()).cloned() {
            Some(action) if !action.is_empty() => {
                self.deeper()?;
                let role = Role::Trap { status: self.status };
                self.push_text(&action, role);
            }
            None if signal == Signal::INT && self.options.interactive => {
                self.output.complain("\n");
                self.status = 130;
                self.unwind = Some(Unwind::Error);
            }
            _ => {}
        }
        Ok(())
    }
}

/// What reading on came to.
enum Next {
    Run(At),
    Again,
    End,
}

fn read(fd: Fd, bytes: &mut Vec<u8>, max: usize, sys: &mut Sys<'_>) -> Eval<usize> {
    match sys.io().read(fd, bytes, max) {
        Ok(count) => Ok(count),
        Err(Stop::Block(wait)) => Err(Halt::Block(wait)),
        Err(Stop::Fail(_)) => Ok(0),
    }
}

/// Reads to the end of a line at most: ahead where what is too much can be put back, else byte
/// by byte, so that commands find the rest. What there is of a line may come in several calls.
fn read_line(fd: Fd, bytes: &mut Vec<u8>, sys: &mut Sys<'_>) -> Eval<usize> {
    if sys.io().seek(fd, SeekFrom::Current(0)).is_ok() {
        let count = read(fd, bytes, BLOCK, sys)?;
        let line = bytes.iter().position(|byte| *byte == b'\n').map_or(count, |end| end + 1);
        let back = i64::try_from(count - line).unwrap_or(0);
        if back > 0 && sys.io().seek(fd, SeekFrom::Current(-back)).is_ok() {
            bytes.truncate(line);
        }
        return Ok(bytes.len());
    }
    while !bytes.ends_with(b"\n") {
        match read(fd, bytes, 1, sys) {
            Ok(0) => break,
            Ok(_) => {}
            // The bytes so far are kept; the next call waits for the rest.
            Err(Halt::Block(_)) if !bytes.is_empty() => break,
            Err(halt) => return Err(halt),
        }
    }
    Ok(bytes.len())
}
