//! [`Shell`]: the whole state of a shell process.

use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::builtin;
use super::code::{Code, Linked};
use super::codes::Codes;
use super::error::{Eval, Failure, Halt};
use super::expand::Expansion;
use super::fields::Fields;
use super::frame::{ChildFrame, Frame};
use super::jobs::Jobs;
use super::options::Options;
use super::output::Output;
use super::params::Params;
use super::traps::Traps;
use super::vars::{self, Refusal, Slot, Vars};
use crate::base::{Pid, limits};
use crate::kernel::Sys;

/// A running shell. Its fields are its registers; [`Frame`]s are its stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shell {
    pub(super) frames: Vec<Frame>,
    pub(super) codes: Codes,
    pub(super) vars: Vars,
    pub(super) params: Params,
    pub(super) options: Options,
    /// `$0`.
    pub(super) name: BString,
    /// `$$`.
    pub(super) pid: Pid,
    /// `$!`.
    pub(super) last_async: Option<Pid>,
    /// `$?`.
    pub(super) status: u8,
    /// The line of the current command.
    pub(super) line: u32,
    /// The words of the command being put together or run.
    pub(super) words: Fields,
    pub(super) expansion: Expansion,
    pub(super) unwind: Option<Unwind>,
    /// Whether failure is being tested, so that `set -e` overlooks it.
    pub(super) tested: bool,
    /// Loops running in the current function.
    pub(super) loops: u32,
    /// Functions, `eval`s and files inside one another.
    pub(super) calls: u32,
    pub(super) output: Output,
    pub(super) traps: Traps,
    pub(super) jobs: Jobs,
    /// Whether this is a child of the shell it was started as.
    pub(super) subshell: bool,
    /// The status to exit with, once the stack is empty.
    pub(super) exiting: Option<u8>,
    /// The builtin being run, which error messages name.
    pub(super) running: Option<Running>,
    /// Where commands were found.
    pub(super) paths: BTreeMap<BString, BString>,
    /// Where `getopts` stands in a group of letters.
    pub(super) getopts: u32,
    /// Whether there is job control, and through which terminal.
    pub(super) terminal: Option<crate::base::Fd>,
    pub(super) aliases: BTreeMap<BString, BString>,
    /// Whether the step is to end after this instruction, since a signal may be the end.
    pub(super) yielding: bool,
    #[serde(skip)]
    pub(super) scratch: Vec<u8>,
    #[serde(skip)]
    pub(super) numbers: Vec<i64>,
}

/// A builtin being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its place in the table.
    pub index: u8,
    /// Whether its errors end the shell.
    pub special: bool,
}

/// Why frames are being left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unwind {
    /// `break`, out of so many loops.
    Break(u32),
    /// `continue`, of the loop so many out.
    Continue(u32),
    /// `return`.
    Return,
    /// `exit`.
    Exit,
    /// A shell error: back to the prompt, or the end.
    Error,
}

impl Shell {
    pub(super) fn new(name: &[u8], pid: Pid) -> Self {
        Self {
            frames: Vec::new(),
            codes: Codes::default(),
            vars: Vars::default(),
            params: Params::default(),
            options: Options::default(),
            name: name.into(),
            pid,
            last_async: None,
            status: 0,
            line: 0,
            words: Fields::default(),
            expansion: Expansion::default(),
            unwind: None,
            tested: false,
            loops: 0,
            calls: 0,
            output: Output::default(),
            traps: Traps::default(),
            jobs: Jobs::default(),
            subshell: false,
            exiting: None,
            running: None,
            paths: BTreeMap::new(),
            getopts: 0,
            terminal: None,
            aliases: BTreeMap::new(),
            yielding: false,
            scratch: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// The state of a child that runs `frames`, below `first`.
    pub(super) fn child(&mut self, frames: Vec<Frame>, first: ChildFrame) -> Self {
        // The stack is not part of a child, and may be long.
        let own = core::mem::take(&mut self.frames);
        let words = core::mem::take(&mut self.words);
        let expansion = core::mem::take(&mut self.expansion);
        let jobs = core::mem::take(&mut self.jobs);
        let mut child = self.clone();
        (self.frames, self.words, self.expansion, self.jobs) = (own, words, expansion, jobs);
        child.frames = frames;
        child.frames.push(Frame::Child(Box::new(first)));
        child.subshell = true;
        child.terminal = None;
        child.options.monitor = false;
        child.options.interactive = false;
        child.output.clear();
        child.loops = 0;
        child.running = None;
        child.exiting = None;
        child
    }

    /// Takes parsed code in; returns its number.
    pub(super) fn add_code(&mut self, code: Code) -> u32 {
        if self.codes.is_full() {
            let frames = self.frames.iter().filter_map(Frame::code);
            let functions = self.vars.functions().map(|function| function.code);
            let used: Vec<u32> = frames.chain(functions).collect();
            self.codes.keep(&used);
        }
        let vars = &mut self.vars;
        self.codes.add(Linked::new(code, &mut |name| vars.intern(name)))
    }

    /// Gives a variable a value, as an assignment does.
    pub(super) fn assign(&mut self, slot: Slot, value: &[u8]) -> Eval<()> {
        if slot == vars::PATH {
            self.paths.clear();
        }
        if slot == vars::OPTIND {
            self.getopts = 0;
        }
        match self.vars.set(slot, value) {
            Ok(()) => {
                if self.options.allexport {
                    self.vars.set_exported(slot, true);
                }
                Ok(())
            }
            Err(refusal) => Err(self.refusal(slot, refusal)),
        }
    }

    /// The error of a variable that does not change.
    pub(super) fn refusal(&self, slot: Slot, refusal: Refusal) -> Halt {
        match refusal {
            Refusal::ReadOnly => Halt::about(self.vars.name(slot), "is read only"),
            Refusal::Space => Halt::error("Out of space"),
        }
    }

    /// Prints a message with the shell's name, line and builtin before it.
    pub(super) fn complain(&mut self, message: &[u8]) {
        let mut text = self.name.to_vec();
        text.extend_from_slice(format!(": {}: ", self.line).as_bytes());
        if let Some(running) = self.running {
            text.extend_from_slice(builtin::name(running.index).as_bytes());
            text.extend_from_slice(b": ");
        }
        text.extend_from_slice(message);
        text.push(b'\n');
        self.output.complain(&text);
    }

    /// Makes of a shell error what it means here: a builtin that fails, or the end.
    pub(super) fn raise(&mut self, failure: &Failure) {
        self.complain(&failure.message);
        self.expansion.reset();
        self.status = failure.status;
        let running = self.running.take();
        match (running, self.frames.last()) {
            (Some(running), Some(Frame::Simple(_))) if !running.special => {
                self.frames.pop();
                self.finish_command(failure.status);
            }
            _ => self.unwind = Some(Unwind::Error),
        }
    }

    /// Notes how a command ended, which under `set -e` may be the end.
    pub(super) fn finish_command(&mut self, status: u8) {
        self.status = status;
        if status != 0 && self.options.errexit && !self.tested && self.unwind.is_none() {
            self.unwind = Some(Unwind::Exit);
        }
    }

    /// Notes one more call inside others.
    pub(super) fn deeper(&mut self) -> Eval<()> {
        if self.calls >= limits::SHELL_CALLS_MAX {
            let limit = limits::SHELL_CALLS_MAX;
            let message = format!("Maximum function recursion depth ({limit}) reached");
            return Err(Halt::error(message));
        }
        self.calls += 1;
        Ok(())
    }

    /// Looks at signals that have arrived.
    pub(super) fn take_signals(&mut self, sys: &mut Sys<'_>) {
        while let Some(signal) = sys.os().take_signal() {
            self.traps.arrive(signal);
        }
    }
}
