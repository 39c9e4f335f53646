//! [`Code`]: one parsed command as immutable data, shared by everything that runs it.
//!
//! A [`Unit`] is a set of arenas; what is nested in the source refers to what it holds by index.
//! Frames of a running shell name a node by (unit, index), so a loop that runs a million times and
//! a function called a thousand deep hold no copy of their bodies.
//! Invariant: a unit never changes after the parser has built it, and indices only point to
//! earlier-built entries of the same unit.
#![expect(clippy::disallowed_types, reason = "parsed code is immutable content, shared by Arc")]

use std::sync::Arc;

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::arith;

/// Shared parsed code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Code(Arc<Unit>);

impl Code {
    /// Makes a finished unit shareable.
    pub fn new(unit: Unit) -> Self {
        Self(Arc::new(unit))
    }
}

impl core::ops::Deref for Code {
    type Target = Unit;

    fn deref(&self) -> &Unit {
        &self.0
    }
}

/// Code as a running shell uses it: with the slots of its names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linked {
    /// The code.
    pub code: Code,
    slots: Arc<[u32]>,
}

impl Linked {
    /// Links code to a shell's names.
    pub fn new(code: Code, intern: &mut dyn FnMut(&[u8]) -> u32) -> Self {
        let slots = code.names.iter().map(|name| intern(name)).collect();
        Self { code, slots }
    }

    /// The shell's slot of a name.
    pub fn slot(&self, name: NameId) -> u32 {
        self.slots[name as usize]
    }
}

impl core::ops::Deref for Linked {
    type Target = Unit;

    fn deref(&self) -> &Unit {
        &self.code
    }
}

/// Index of a [`Node`].
pub type NodeId = u32;
/// Index of a [`Word`].
pub type WordId = u32;
/// Index of a name in [`Unit::names`].
pub type NameId = u32;

/// A run of entries of one arena, or of bytes of [`Unit::text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

impl Span {
    /// How many there are.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// As a range of a slice.
    pub const fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The arenas of one parsed command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// What to run.
    pub root: NodeId,
    /// All literal text, end to end.
    #[serde(with = "serde_bytes")]
    pub text: Vec<u8>,
    /// Names of variables and functions, each once.
    pub names: Vec<BString>,
    /// Commands.
    pub nodes: Vec<Node>,
    /// Elements of lists and of and-or lists.
    pub steps: Vec<Step>,
    /// Lists of nodes or words, as their owner knows.
    pub links: Vec<u32>,
    /// Clauses of `case`.
    pub arms: Vec<Arm>,
    /// Words.
    pub words: Vec<Word>,
    /// Instructions that expand words.
    pub ops: Vec<Op>,
    /// Instructions of constant arithmetic expressions.
    pub arith: Vec<arith::Instr>,
    /// `name=word` before a command.
    pub assignments: Vec<Assignment>,
    /// Redirections.
    pub redirections: Vec<Redirection>,
}

impl Unit {
    /// A unit that does nothing.
    pub fn nothing() -> Self {
        Self { nodes: vec![Node::Empty], ..Self::default() }
    }

    /// The bytes of a span of text.
    pub fn text(&self, span: Span) -> &[u8] {
        &self.text[span.range()]
    }

    /// The whole of a word that needs no expansion.
    pub fn constant(&self, word: WordId) -> Option<&[u8]> {
        match self.words[word as usize].shape {
            Shape::Constant(span) => Some(self.text(span)),
            Shape::Ops(_) => None,
        }
    }
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Node {
    /// Nothing; the status becomes 0.
    Empty,
    /// A simple command.
    Simple(Simple),
    /// `a | b`, or `! a`.
    Pipeline {
        /// The commands, in [`Unit::links`].
        stages: Span,
        /// Whether a `!` precedes it.
        negated: bool,
    },
    /// `a && b || c`, in [`Unit::steps`].
    AndOr(Span),
    /// `a; b & c`, in [`Unit::steps`].
    List(Span),
    /// `( a )`.
    Subshell(NodeId),
    /// `if`: alternating conditions and bodies in [`Unit::links`].
    If {
        /// Pairs of nodes.
        arms: Span,
        /// The `else` part.
        otherwise: Option<NodeId>,
    },
    /// `while` and `until`.
    Loop {
        /// Whether the condition's sense is turned round.
        until: bool,
        /// What is tested.
        condition: NodeId,
        /// What is repeated.
        body: NodeId,
    },
    /// `for`.
    For {
        /// The variable.
        name: NameId,
        /// Words after `in`, in [`Unit::links`]; the positional parameters when absent.
        words: Option<Span>,
        /// What is repeated.
        body: NodeId,
        /// Source line.
        line: u32,
    },
    /// `case`.
    Case {
        /// What is compared.
        word: WordId,
        /// Clauses in [`Unit::arms`].
        arms: Span,
        /// Source line.
        line: u32,
    },
    /// `name() body`.
    Function {
        /// Its name.
        name: NameId,
        /// What it runs.
        body: NodeId,
    },
    /// A compound command with redirections.
    Redirected {
        /// The command.
        body: NodeId,
        /// In [`Unit::redirections`].
        redirections: Span,
        /// Source line.
        line: u32,
    },
}

/// The parts of a simple command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Simple {
    /// In [`Unit::assignments`].
    pub assignments: Span,
    /// In [`Unit::links`].
    pub words: Span,
    /// In [`Unit::redirections`].
    pub redirections: Span,
    /// The first word as a name, when it is constant.
    pub name: Option<NameId>,
    /// Source line.
    pub line: u32,
}

/// An element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The command.
    pub node: NodeId,
    /// How it is joined: in an and-or list to what precedes it, in a list to what follows.
    pub joint: Joint,
}

/// What joins commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Joint {
    /// `;` or a newline.
    Then,
    /// `&`.
    Background,
    /// `&&`.
    And,
    /// `||`.
    Or,
}

/// A clause of `case`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Words in [`Unit::links`].
    pub patterns: Span,
    /// What runs.
    pub body: NodeId,
}

/// `name=word`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The variable.
    pub name: NameId,
    /// Its value.
    pub word: WordId,
}

/// A redirection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redirection {
    /// The descriptor that changes.
    pub fd: u32,
    /// How.
    pub kind: RedirectKind,
    /// The file, descriptor or document.
    pub word: WordId,
}

/// Kinds of redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedirectKind {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>|`
    Clobber,
    /// `>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<&` and `>&`
    Duplicate,
    /// `<<` and `<<-`
    Document,
}

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// What it consists of.
    pub shape: Shape,
    /// Whether it looks like an assignment, for utilities such as `export` that take those.
    pub assignment: bool,
}

/// What a word consists of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// Text that no expansion changes.
    Constant(Span),
    /// Instructions in [`Unit::ops`].
    Ops(Span),
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Param {
    /// A variable.
    Variable(NameId),
    /// `$0`, `$1` …
    Positional(u32),
    /// `$@`
    At,
    /// `$*`
    Star,
    /// `$#`
    Count,
    /// `$?`
    Status,
    /// `$-`
    Flags,
    /// `$$`
    Pid,
    /// `$!`
    LastAsync,
}

/// The part of a value that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trim {
    /// `%`
    ShortSuffix,
    /// `%%`
    LongSuffix,
    /// `#`
    ShortPrefix,
    /// `##`
    LongPrefix,
}

/// When `${name-word}` and its like use the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The parameter that is looked at.
    pub param: Param,
    /// Whether an empty value counts as none (the colon forms).
    pub colon: bool,
    /// Whether it stands in double quotes.
    pub quoted: bool,
    /// The instruction after the word.
    pub skip: u32,
}

/// One instruction of a word's expansion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Text as it is: never split, never a pattern.
    Text(Span),
    /// Text with active pattern characters; quoted ones have a backslash.
    Pattern(Span),
    /// Unquoted text of the word in `${name-word}`: split, and a pattern where it has the
    /// characters.
    Loose(Span),
    /// Quotes around nothing: makes a field exist.
    Empty,
    /// `~user`, or `~` for an empty name.
    Tilde(Span),
    /// A parameter's value.
    Param {
        /// Which one.
        param: Param,
        /// Whether it stands in double quotes.
        quoted: bool,
    },
    /// `${#param}`.
    Length {
        /// Which one.
        param: Param,
        /// Whether it stands in double quotes.
        quoted: bool,
    },
    /// `${param-word}`: the value, and past the word; or on to the word.
    Default(Use),
    /// `${param+word}`: on to the word, or past it.
    Alternate(Use),
    /// `${param=word}`: the value, and past the word; or a new buffer for the word.
    Assign(Use),
    /// Assigns the buffer, and appends the value to the buffer below.
    AssignEnd(Use),
    /// `${param?word}`: the value, and past the word; or a new buffer for the word.
    Require(Use),
    /// Fails with the buffer as message.
    RequireEnd(Use),
    /// A new buffer for the pattern of `${param%pattern}`.
    TrimBegin,
    /// Takes the buffer as the pattern, and appends the value without what matches.
    TrimEnd {
        /// Which parameter.
        param: Param,
        /// What is removed.
        trim: Trim,
        /// Whether it stands in double quotes.
        quoted: bool,
    },
    /// A new buffer for the text of an arithmetic expression.
    ArithBegin,
    /// Takes the buffer as the expression and appends its value.
    ArithEnd {
        /// Whether it stands in double quotes.
        quoted: bool,
    },
    /// An expression whose text is constant, in [`Unit::arith`].
    Arith {
        /// Its instructions.
        code: Span,
        /// Its text, for messages.
        text: Span,
        /// Whether it stands in double quotes.
        quoted: bool,
    },
    /// Command substitution.
    Command {
        /// What runs.
        node: NodeId,
        /// Whether it stands in double quotes.
        quoted: bool,
    },
    /// `${` with something in it that is no expansion.
    BadSubstitution,
}
