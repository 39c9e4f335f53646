//! The parser: from bytes, as they come, to one complete command at a time.
//!
//! It is a machine with an explicit stack of [`Level`]s, one for each construct that is open:
//! grammar levels take tokens, word levels take bytes. When the bytes run out it stops and goes on
//! when it is fed more, so that reading a line at a time costs nothing twice; its state can be
//! saved between any two bytes. Nesting uses this stack, never the host's.
//! Follows: POSIX.1-2024 XCU 2.3 and 2.10; messages are dash's.

mod alias;
mod command;
mod compound;
mod here;
mod input;
mod level;
mod lex;
mod list;
mod token;
mod unit;
mod word;

use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub use self::command::SPECIAL;
pub use self::command::is_name;

use self::here::Document;
use self::input::Input;
use self::level::Level;
use self::token::Token;
use self::unit::Builder;
use super::code::{Code, NodeId};
use crate::base::limits;

/// A source of commands that are parsed one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parser {
    inputs: Vec<Input>,
    stack: Vec<Level>,
    /// The token that was read but not used.
    token: Option<Token>,
    /// What the construct that just ended became.
    result: Option<NodeId>,
    /// Here-documents whose text begins after the next newline.
    documents: Vec<Document>,
    unit: Builder,
    line: u32,
    /// Bytes taken by the command being read.
    taken: u32,
    /// Aliases, while it runs.
    #[serde(skip)]
    aliases: Aliases,
    /// Aliases whose text is being read.
    expanding: Vec<alias::Expanding>,
}

/// Names that stand for text.
pub type Aliases = BTreeMap<BString, BString>;

/// What a call of [`Parser::next_command`] came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// A complete command; `line` is where it began.
    Command(Code),
    /// A line with no command on it.
    Blank,
    /// More bytes are needed.
    More,
    /// The input has ended.
    End,
}

/// What the source is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line on which it was noticed.
    pub line: u32,
    /// What is wrong, in dash's words.
    pub message: String,
}

/// Why a level cannot go on.
#[derive(Debug)]
enum Pause {
    More,
    Error(String),
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Parser {
    /// A parser whose first line has the given number.
    pub fn new(line: u32) -> Self {
        Self {
            inputs: vec![Input::default()],
            stack: Vec::new(),
            token: None,
            result: None,
            documents: Vec::new(),
            unit: Builder::default(),
            line,
            taken: 0,
            aliases: Aliases::new(),
            expanding: Vec::new(),
        }
    }

    /// A parser of a whole text.
    pub fn of(text: &[u8], line: u32) -> Self {
        let mut parser = Self::new(line);
        parser.feed(text);
        parser.finish();
        parser
    }

    /// Adds bytes to the input.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.inputs[0].feed(bytes);
    }

    /// Says that no more bytes will come.
    pub fn finish(&mut self) {
        self.inputs[0].finish();
    }

    /// Whether everything that was fed has been used, blanks and empty lines aside.
    pub fn exhausted(&self) -> bool {
        self.stack.is_empty() && self.inputs[0].rest().iter().all(u8::is_ascii_whitespace)
    }

    /// Whether a command has begun but not ended.
    pub fn inside(&self) -> bool {
        !self.stack.is_empty() && self.taken > 0
    }

    /// The number of the current line.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Forgets the command being read and all input so far.
    pub fn reset(&mut self) {
        *self = Self::new(self.line);
    }

    /// Reads on, to the end of a complete command at most.
    ///
    /// # Errors
    ///
    /// What is wrong with the source. The rest of the input is then not to be used.
    pub fn next_command(&mut self, aliases: &mut Aliases) -> Result<Parsed, SyntaxError> {
        core::mem::swap(&mut self.aliases, aliases);
        let result = self.command_or_error();
        core::mem::swap(&mut self.aliases, aliases);
        result
    }

    fn command_or_error(&mut self) -> Result<Parsed, SyntaxError> {
        if self.stack.is_empty() {
            self.expanding.clear();
            self.taken = 0;
            self.unit = Builder::default();
            self.inputs[0].compact();
            self.stack.push(Level::complete());
        }
        match self.run() {
            Ok(parsed) => Ok(parsed),
            Err(Pause::More) if self.inputs[0].rest().len() > limits::SHELL_COMMAND_MAX => {
                Err(SyntaxError { line: self.line, message: "command too long".into() })
            }
            Err(Pause::More) => Ok(Parsed::More),
            Err(Pause::Error(message)) => Err(SyntaxError { line: self.line, message }),
        }
    }

    fn run(&mut self) -> Result<Parsed, Pause> {
        while let Some(top) = self.stack.last() {
            if self.taken as usize > limits::SHELL_COMMAND_MAX {
                return Err(Pause::Error("command too long".into()));
            }
            if matches!(top, Level::Word(_)) {
                self.word()?;
            } else if self.token.is_none() {
                self.lex()?;
            } else {
                self.grammar()?;
            }
        }
        let root = self.result.take();
        if let Some(root) = root {
            return Ok(Parsed::Command(core::mem::take(&mut self.unit).finish(root)));
        }
        Ok(if self.token == Some(Token::End) {
            Parsed::End
        } else {
            self.token = None;
            Parsed::Blank
        })
    }

    /// Opens a construct.
    fn push(&mut self, level: Level) -> Result<(), Pause> {
        if self.stack.len() >= limits::SHELL_NESTING_MAX {
            return Err(Pause::Error("nesting too deep".into()));
        }
        self.stack.push(level);
        Ok(())
    }

    fn error<T>(message: impl Into<String>) -> Result<T, Pause> {
        Err(Pause::Error(message.into()))
    }
}

/// Parses text that is like the inside of double quotes, as a prompt is: the unit's word 0.
pub fn quoted_text(text: &[u8]) -> Option<Code> {
    let mut parser = Parser::of(text, 1);
    let word = parser.unit.reserve_word();
    parser.stack.push(Level::Word(Box::new(word::WordLevel::text(word))));
    while !parser.stack.is_empty() {
        let step = match parser.stack.last() {
            Some(Level::Word(_)) => parser.word(),
            _ if parser.token.is_none() => parser.lex(),
            _ => parser.grammar(),
        };
        step.ok()?;
    }
    Some(parser.unit.finish(0))
}

#[cfg(test)]
mod tests;
