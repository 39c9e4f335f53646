//! sh: the shell.
//!
//! Source becomes tokens and code ([`parse`], [`code`]); code is run by a machine with a stack of
//! frames ([`frame`], `exec`); words are expanded by instructions of their own ([`expand`]). All
//! of a running shell is data in [`shell::Shell`].
//! Follows: POSIX.1-2024 XCU chapter 2, and dash where that leaves a choice. Left out so far:
//! line editing, history.

pub mod arith;
pub mod builtin;
pub mod code;
pub mod codes;
pub mod error;
mod exec;
pub mod expand;
pub mod fields;
pub mod frame;
mod interactive;
pub mod jobs;
pub mod options;
pub mod output;
pub mod params;
pub mod parse;
pub mod pattern;
pub mod shell;
mod show;
mod start;
#[cfg(test)]
mod tests;
pub mod traps;
pub mod vars;

use crate::base::strings::Strings;
use crate::kernel::{Main, Program, Step, Stop, Sys};

use shell::Shell;

/// The program.
pub const PROGRAM: Program = Program::new::<Shell>(
    "sh",
    "usage: sh [-aCefilnsuvx] [-o OPTION]... [FILE [ARG]...]\n\
     \u{20}      sh [OPTION]... -c COMMAND [NAME [ARG]...]\n\
     Run commands from a file, a string, or standard input.\n\
     -c  take commands from the string COMMAND\n\
     -i  be interactive\n\
     -l  be a login shell: read /etc/profile and ~/.profile\n\
     -s  take commands from standard input\n\
     the other options are those of the command `set`",
);

impl Main for Shell {
    fn start(args: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop> {
        start::start(args, sys)
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        self.run(sys)
    }

    fn memory(&self) -> u64 {
        (self.vars.byte_len() + self.words.byte_len() + self.expansion.text().len()) as u64
    }
}
