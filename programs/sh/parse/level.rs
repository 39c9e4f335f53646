//! [`Level`]: a construct that is being read, and what is known of it so far.

use serde::{Deserialize, Serialize};

use super::super::code::{Arm, Assignment, Joint, NameId, NodeId, Redirection, Step, WordId};
use super::here::Document;
use super::token::Token;
use super::word::WordLevel;

/// One open construct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Level {
    List(ListLevel),
    /// Commands joined by `&&` and `||`; the joint is that of the next one.
    AndOr {
        steps: Vec<Step>,
        joint: Joint,
    },
    Pipeline {
        negated: bool,
        stages: Vec<NodeId>,
        started: bool,
    },
    Simple(Box<SimpleLevel>),
    /// Redirections after a compound command.
    Tail {
        body: NodeId,
        redirections: Vec<Redirection>,
        target: Option<Target>,
        line: u32,
    },
    Subshell,
    Group,
    If {
        links: Vec<u32>,
        state: IfState,
    },
    Loop {
        until: bool,
        condition: Option<NodeId>,
        body: bool,
    },
    For(Box<ForLevel>),
    Case(Box<CaseLevel>),
    /// `name ()` was read; its body comes.
    Function {
        name: NameId,
    },
    /// `$(` or a backquote, inside a word.
    Substitution(Box<SubstitutionLevel>),
    Word(Box<WordLevel>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ListLevel {
    pub(super) kind: ListKind,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ListKind {
    /// A complete command: ends with its line.
    Complete,
    /// At least one command.
    Required,
    /// Perhaps no command.
    Optional,
}

impl Level {
    pub(super) fn complete() -> Self {
        Self::list(ListKind::Complete)
    }

    pub(super) fn list(kind: ListKind) -> Self {
        Self::List(ListLevel { kind, steps: Vec::new() })
    }
}

/// A redirection whose operand comes next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) fd: u32,
    pub(super) kind: super::super::code::RedirectKind,
    pub(super) strip: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SimpleLevel {
    pub(super) assignments: Vec<Assignment>,
    pub(super) words: Vec<WordId>,
    pub(super) redirections: Vec<Redirection>,
    pub(super) target: Option<Target>,
    pub(super) name: Option<NameId>,
    pub(super) line: u32,
    /// Whether the first word names a utility that takes assignments as arguments.
    pub(super) declares: bool,
    /// Whether `name (` was read.
    pub(super) function: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum IfState {
    Condition,
    Body,
    Otherwise,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ForLevel {
    pub(super) state: ForState,
    pub(super) name: NameId,
    pub(super) words: Option<Vec<WordId>>,
    pub(super) line: u32,
}

impl ForLevel {
    pub(super) fn new(line: u32) -> Self {
        Self { state: ForState::Name, name: 0, words: None, line }
    }
}

impl CaseLevel {
    pub(super) fn new(line: u32) -> Self {
        let (arms, patterns) = (Vec::new(), Vec::new());
        Self { state: CaseState::Word, word: 0, arms, patterns, line }
    }
}

impl SimpleLevel {
    pub(super) fn new(line: u32) -> Self {
        Self { line, ..Self::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ForState {
    Name,
    /// Before `in`, `;`, a newline or `do`.
    In,
    Words,
    Do,
    Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CaseLevel {
    pub(super) state: CaseState,
    pub(super) word: WordId,
    pub(super) arms: Vec<Arm>,
    pub(super) patterns: Vec<WordId>,
    pub(super) line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CaseState {
    Word,
    In,
    /// Before a clause or `esac`.
    Clause,
    /// After the `(` of a clause or a `|`.
    Pattern,
    AfterPattern,
    Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SubstitutionLevel {
    pub(super) backquote: bool,
    pub(super) quoted: bool,
    /// Here-documents that wait outside.
    pub(super) documents: Vec<Document>,
    /// The token that was read outside; none since a word is being read, but kept for safety.
    pub(super) token: Option<Token>,
    pub(super) line: u32,
}
