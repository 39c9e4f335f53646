//! Simple commands, function definitions and redirections.

use super::super::code::{Assignment, Node, RedirectKind, Redirection, Simple, Span};
use super::here::Document;
use super::level::{Level, SimpleLevel, Target};
use super::token::{Lexeme, Token};
use super::{Parser, Pause};

/// Special built-in utilities, which no function may replace.
pub const SPECIAL: &[&[u8]] = &[
    b".",
    b":",
    b"break",
    b"continue",
    b"eval",
    b"exec",
    b"exit",
    b"export",
    b"readonly",
    b"return",
    b"set",
    b"shift",
    b"times",
    b"trap",
    b"unset",
];

/// Utilities whose arguments may be assignments.
const DECLARING: &[&[u8]] = &[b"export", b"local", b"readonly"];

/// Whether this may name a variable or a function.
pub fn is_name(text: &[u8]) -> bool {
    let first = text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    first && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

impl Parser {
    pub(super) fn simple(&mut self, mut level: Box<SimpleLevel>) -> Result<(), Pause> {
        if let Some(target) = level.target.take() {
            let redirection = self.redirection(&target)?;
            level.redirections.push(redirection);
            return self.push(Level::Simple(level));
        }
        if level.function {
            return self.function_head(&level);
        }
        match self.token.take() {
            Some(Token::Word(lexeme)) if self.is_alias(&level, &lexeme) => {
                self.expand_alias(&lexeme);
                if level.is_empty() {
                    // Whatever the text begins with is the command.
                    return Ok(());
                }
                self.push(Level::Simple(level))
            }
            Some(Token::Word(lexeme)) => {
                self.simple_word(&mut level, &lexeme);
                self.push(Level::Simple(level))
            }
            Some(Token::Redirect { fd, kind, strip }) => {
                level.target = Some(Target { fd, kind, strip });
                self.push(Level::Simple(level))
            }
            Some(Token::LeftParen) if level.is_bare_name() => {
                level.function = true;
                self.push(Level::Simple(level))
            }
            other => {
                self.token = other;
                self.simple_ends(*level);
                Ok(())
            }
        }
    }

    fn simple_word(&mut self, level: &mut SimpleLevel, lexeme: &Lexeme) {
        if let Some(name) = lexeme.assigned {
            level.assignments.push(Assignment { name, word: lexeme.word });
            return;
        }
        if level.words.is_empty()
            && let Some(text) = self.unit.unit.constant(lexeme.word).map(<[u8]>::to_vec)
        {
            level.declares = DECLARING.contains(&text.as_slice());
            level.name = Some(self.unit.name(&text));
        }
        level.words.push(lexeme.word);
    }

    fn simple_ends(&mut self, level: SimpleLevel) {
        let simple = Simple {
            assignments: self.unit.assignments(level.assignments),
            words: self.unit.links(level.words),
            redirections: self.unit.redirections(level.redirections),
            name: level.name,
            line: level.line,
        };
        self.result = Some(self.unit.node(Node::Simple(simple)));
    }

    fn function_head(&mut self, level: &SimpleLevel) -> Result<(), Pause> {
        self.expect_paren()?;
        let name = level.name.unwrap_or_default();
        let text = level.name.map(|name| &self.unit.unit.names[name as usize]);
        match text {
            Some(text) if is_name(text) && !SPECIAL.contains(&text.as_slice()) => {
                self.push(Level::Function { name })
            }
            _ => Self::error("Bad function name"),
        }
    }

    pub(super) fn function(&mut self, name: u32) -> Result<(), Pause> {
        if let Some(body) = self.result.take() {
            self.result = Some(self.unit.node(Node::Function { name, body }));
            return Ok(());
        }
        self.push(Level::Function { name })?;
        if self.at(&Token::Newline) {
            self.accept();
            return Ok(());
        }
        self.command()
    }

    /// A compound command has ended; redirections may follow.
    pub(super) fn compound_ends(&mut self, body: u32) -> Result<(), Pause> {
        let line = self.line;
        self.push(Level::Tail { body, redirections: Vec::new(), target: None, line })
    }

    pub(super) fn tail(
        &mut self,
        body: u32,
        mut redirections: Vec<Redirection>,
        target: Option<Target>,
        line: u32,
    ) -> Result<(), Pause> {
        if let Some(target) = target {
            redirections.push(self.redirection(&target)?);
            return self.push(Level::Tail { body, redirections, target: None, line });
        }
        if let Some(Token::Redirect { fd, kind, strip }) = self.token {
            self.accept();
            let target = Some(Target { fd, kind, strip });
            return self.push(Level::Tail { body, redirections, target, line });
        }
        self.result = Some(if redirections.is_empty() {
            body
        } else {
            let redirections: Span = self.unit.redirections(redirections);
            self.unit.node(Node::Redirected { body, redirections, line })
        });
        Ok(())
    }

    fn redirection(&mut self, target: &Target) -> Result<Redirection, Pause> {
        let Some(Token::Word(lexeme)) = self.token.clone() else {
            return self.unexpected(true);
        };
        self.accept();
        let Target { fd, kind, strip } = *target;
        if kind != RedirectKind::Document {
            return Ok(Redirection { fd, kind, word: lexeme.word });
        }
        let delimiter = self.unit.unit.constant(lexeme.word).unwrap_or_default().to_vec();
        let word = self.unit.reserve_word();
        let quoted = lexeme.quoted;
        self.documents.push(Document { word, delimiter: delimiter.into(), quoted, strip });
        Ok(Redirection { fd, kind, word })
    }
}

impl SimpleLevel {
    /// Whether nothing has been read.
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.assignments.is_empty() && self.redirections.is_empty()
    }

    /// Whether there is one word and nothing else, so that `(` makes it a function.
    fn is_bare_name(&self) -> bool {
        self.words.len() == 1 && self.assignments.is_empty() && self.redirections.is_empty()
    }
}
