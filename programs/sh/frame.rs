//! [`Frame`]: a construct that is being run, and how far it is.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::code::NodeId;
use super::fields::Fields;
use super::params::Params;
use super::parse::Parser;
use super::vars::{Slot, Var};
use crate::base::{Fd, Pid};
use crate::kernel::{Signal, WaitStatus};

/// A node of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The unit's number in the shell.
    pub code: u32,
    /// The node in it.
    pub node: NodeId,
}

/// One entry of the shell's stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Frame {
    /// Commands read one by one from somewhere.
    Source(Box<Source>),
    /// A list; the step that comes next.
    List { at: At, next: u32 },
    /// An and-or list; whether failure was being tested around it.
    AndOr { at: At, next: u32, tested: bool },
    /// A pipeline whose stages are being started.
    Pipeline(Box<PipelineFrame>),
    /// `!` before a single command.
    Not { tested: bool },
    /// A simple command.
    Simple(SimpleFrame),
    /// Redirections to apply before a compound command.
    Redirected { at: At, next: u32 },
    /// Redirections to undo.
    Undo(Box<UndoFrame>),
    /// Variables to give back their values.
    Restore(Box<RestoreFrame>),
    /// `if`: the pair that comes next.
    If { at: At, next: u32, tested: bool },
    /// A loop; whether its body is running, and the body's last status.
    Loop { at: At, body: bool, status: u8, tested: bool },
    /// `for`.
    For(Box<ForFrame>),
    /// `case`.
    Case(Box<CaseFrame>),
    /// A function call.
    Call(Box<CallFrame>),
    /// The output of a command substitution is being read.
    Substitute(Box<SubstituteFrame>),
    /// Children in the foreground.
    Wait(Box<WaitFrame>),
    /// The first thing a forked child does.
    Child(Box<ChildFrame>),
    /// A child that writes a long here-document.
    Feed { fd: Fd, text: BString },
    /// `read`.
    Read(Box<ReadFrame>),
    /// `wait`; the children that are still waited for.
    WaitFor(Box<WaitForFrame>),
}

/// How far a simple command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Its words are being expanded.
    Words,
    /// Its redirections are being made.
    Redirections,
    /// Its assignments are being made.
    Assignments,
    /// It is being run.
    Run,
    /// What it printed is being written; the status it will leave.
    Flush(u8),
}

/// A simple command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimpleFrame {
    /// Which.
    pub at: At,
    /// How far it is.
    pub phase: Phase,
    /// The word, redirection or assignment that comes next.
    pub next: u32,
    /// Whether redirections or assignments put a frame below it.
    pub wrapped: bool,
}

/// Where commands come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The parser, with what was read and not yet used.
    pub parser: Parser,
    /// Where more comes from.
    pub input: Origin,
    /// What they are to the shell.
    pub role: Role,
    /// Whether a prompt is due.
    pub prompted: bool,
    /// Whether anything was run.
    pub ran: bool,
}

/// Where a source's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// It is all there.
    Text,
    /// A file that only the shell reads.
    File(Fd),
    /// Standard input, which is shared with the commands.
    Stdin,
    /// Standard input, a terminal at which someone sits.
    Terminal,
}

/// What a source is to the shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// The script or session itself.
    Main,
    /// A start-up file, or `.`; the function-call depth outside.
    File,
    /// `eval`.
    Eval,
    /// A trap's action; the status to give back.
    Trap {
        /// `$?` before.
        status: u8,
    },
}

/// A pipeline being started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineFrame {
    /// Which.
    pub at: At,
    /// The stage that comes next.
    pub next: u32,
    /// Where the next stage reads from.
    pub reader: Option<Fd>,
    /// The children so far.
    pub children: Vec<Pid>,
}

/// Redirections to undo.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UndoFrame {
    /// Descriptors and where their old files are kept, newest last.
    pub saved: Vec<(Fd, Option<Fd>)>,
}

/// Variables to give back their values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RestoreFrame {
    /// Each with the value it had, newest last.
    pub saved: Vec<(Slot, Var)>,
}

/// `for`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForFrame {
    /// Which.
    pub at: At,
    /// The word being expanded; once past the last, the items run.
    pub word: u32,
    /// What the variable becomes.
    pub items: Fields,
    /// The item that comes next.
    pub next: u32,
    /// Whether the loop has begun.
    pub running: bool,
}

/// `case`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFrame {
    /// Which.
    pub at: At,
    /// What is compared, once expanded.
    pub subject: Option<BString>,
    /// The clause.
    pub arm: u32,
    /// The pattern in it.
    pub pattern: u32,
}

/// A function call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallFrame {
    /// The caller's parameters.
    pub params: Params,
    /// How many loops were running.
    pub loops: u32,
    /// What `local` hid.
    pub locals: Vec<(Slot, Var)>,
}

/// A command substitution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubstituteFrame {
    /// Where the output comes from; none once it has ended.
    pub reader: Option<Fd>,
    /// The child.
    pub child: Pid,
    /// The output so far.
    pub output: BString,
    /// Whether it stands in double quotes.
    pub quoted: bool,
}

/// Children in the foreground.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitFrame {
    /// Each with how it ended; the last one's status counts.
    pub children: Vec<(Pid, Option<WaitStatus>)>,
    /// Their group, if they have one of their own.
    pub group: Option<Pid>,
    /// Whether the status is turned round.
    pub negated: bool,
    /// Whether failure was being tested before a `!`.
    pub tested: bool,
    /// What is run, for `jobs`.
    pub text: BString,
}

/// What a forked child does first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChildFrame {
    /// Descriptors to duplicate: from, to.
    pub dup: Vec<(Fd, Fd)>,
    /// Descriptors to close.
    pub close: Vec<Fd>,
    /// The process group to be in; 0 for one of its own.
    pub group: Option<Pid>,
    /// Whether that group comes to the foreground.
    pub foreground: bool,
    /// Whether it runs beside the shell: without its input and interrupts.
    pub detached: bool,
    /// Signals that get their default action back.
    pub reset: Vec<Signal>,
}

/// `read`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadFrame {
    /// Whether backslashes are ordinary.
    pub raw: bool,
    /// The variables.
    pub names: Vec<Slot>,
    /// The line so far.
    pub line: BString,
    /// Which of its bytes were escaped.
    pub escaped: Vec<u32>,
    /// Whether the last byte was a backslash that escapes the next.
    pub backslash: bool,
    /// What was read beyond the line from a descriptor that can be put back.
    pub seekable: bool,
}

/// `wait`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitForFrame {
    /// Those still to be waited for, in order.
    pub pids: Vec<Pid>,
    /// Whether it is for all children.
    pub all: bool,
}

impl Frame {
    /// The unit a frame refers to.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::List { at, .. }
            | Self::AndOr { at, .. }
            | Self::Redirected { at, .. }
            | Self::If { at, .. }
            | Self::Loop { at, .. } => Some(at.code),
            Self::Simple(simple) => Some(simple.at.code),
            Self::Pipeline(pipeline) => Some(pipeline.at.code),
            Self::For(each) => Some(each.at.code),
            Self::Case(case) => Some(case.at.code),
            _ => None,
        }
    }
}
