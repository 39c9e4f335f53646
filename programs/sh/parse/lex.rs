//! Tokens: blanks, comments, operators, and where words begin.

use super::super::code::RedirectKind;
use super::input::Input;
use super::level::{Level, SimpleLevel, Target};
use super::token::Token;
use super::word::{Role, WordLevel};
use super::{Parser, Pause};

impl Parser {
    pub(super) fn input(&self) -> &Input {
        self.inputs.last().expect("the outermost input is never popped")
    }

    /// The next byte, or `None` at the end of the input.
    pub(super) fn peek(&self) -> Result<Option<u8>, Pause> {
        self.peek_at(0)
    }

    /// The byte `ahead` of the next.
    pub(super) fn peek_at(&self, ahead: usize) -> Result<Option<u8>, Pause> {
        let input = self.input();
        match input.get(ahead) {
            None if !input.finished() => Err(Pause::More),
            byte => Ok(byte),
        }
    }

    pub(super) fn skip(&mut self, count: u32) {
        self.taken = self.taken.saturating_add(count);
        if let Some(input) = self.inputs.last_mut() {
            input.skip(count);
        }
    }

    /// Whether a backslash and a newline are next; skips them.
    pub(super) fn continuation(&mut self) -> Result<bool, Pause> {
        let here = self.peek()? == Some(b'\\') && self.peek_at(1)? == Some(b'\n');
        if here {
            self.skip(2);
            self.line += 1;
        }
        Ok(here)
    }

    /// The byte after the next one, skipping continuations between them.
    fn second(&mut self) -> Result<Option<u8>, Pause> {
        let mut ahead = 1;
        while self.peek_at(ahead)? == Some(b'\\') && self.peek_at(ahead + 1)? == Some(b'\n') {
            ahead += 2;
        }
        if ahead > 1 {
            // Moves the operator's first byte next to its second.
            let first = self.input().get(0);
            let skipped = u32::try_from(ahead).unwrap_or(u32::MAX);
            if let (Some(input), Some(first)) = (self.inputs.last_mut(), first) {
                input.skip(skipped - 1);
                input.replace(first);
                self.line += skipped / 2;
            }
        }
        self.peek_at(1)
    }

    /// Reads a token, or opens the word that begins here.
    pub(super) fn lex(&mut self) -> Result<(), Pause> {
        loop {
            let Some(byte) = self.peek()? else {
                self.token = Some(Token::End);
                return Ok(());
            };
            match byte {
                b' ' | b'\t' => self.skip(1),
                b'\\' if self.continuation()? => {}
                b'#' => self.comment()?,
                b'\n' => {
                    self.skip(1);
                    self.line += 1;
                    self.token = Some(Token::Newline);
                    return self.next_document();
                }
                b'0'..=b'9' if matches!(self.peek_at(1)?, Some(b'<' | b'>')) => {
                    self.skip(1);
                    return self.redirect(Some(u32::from(byte - b'0')));
                }
                b'<' | b'>' => return self.redirect(None),
                b';' => return self.operator(b';', Token::Semicolon, Token::CaseEnd),
                b'&' => return self.operator(b'&', Token::Ampersand, Token::And),
                b'|' => return self.operator(b'|', Token::Pipe, Token::Or),
                b'(' => return self.single(Token::LeftParen),
                b')' => return self.single(Token::RightParen),
                _ => {
                    let role = self.role();
                    return self.push(Level::Word(Box::new(WordLevel::new(role))));
                }
            }
        }
    }

    fn comment(&mut self) -> Result<(), Pause> {
        let rest = self.input().rest();
        let length = match rest.iter().position(|byte| *byte == b'\n') {
            None if !self.input().finished() => return Err(Pause::More),
            newline => newline.unwrap_or(rest.len()),
        };
        self.skip(u32::try_from(length).unwrap_or(u32::MAX));
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "a tail of `lex` like its siblings")]
    fn single(&mut self, token: Token) -> Result<(), Pause> {
        self.skip(1);
        self.token = Some(token);
        Ok(())
    }

    fn operator(&mut self, again: u8, once: Token, twice: Token) -> Result<(), Pause> {
        let double = self.second()? == Some(again);
        self.skip(1 + u32::from(double));
        self.token = Some(if double { twice } else { once });
        Ok(())
    }

    fn redirect(&mut self, fd: Option<u32>) -> Result<(), Pause> {
        // With a number already taken, running out of bytes here would lose it.
        let first = self.input().get(0);
        let second = match self.second() {
            Err(Pause::More) if fd.is_some() => {
                return self.unskip_number();
            }
            second => second?,
        };
        let (kind, length) = match (first, second) {
            (Some(b'<'), Some(b'<')) => (RedirectKind::Document, 2),
            (_, Some(b'&')) => (RedirectKind::Duplicate, 2),
            (Some(b'<'), Some(b'>')) => (RedirectKind::ReadWrite, 2),
            (Some(b'>'), Some(b'>')) => (RedirectKind::Append, 2),
            (Some(b'>'), Some(b'|')) => (RedirectKind::Clobber, 2),
            (Some(b'<'), _) => (RedirectKind::Read, 1),
            _ => (RedirectKind::Write, 1),
        };
        let mut strip = false;
        if kind == RedirectKind::Document {
            strip = match self.peek_at(2) {
                Err(Pause::More) if fd.is_some() => return self.unskip_number(),
                third => third? == Some(b'-'),
            };
        }
        self.skip(length + u32::from(strip));
        let default = u32::from(first == Some(b'>'));
        self.token = Some(Token::Redirect { fd: fd.unwrap_or(default), kind, strip });
        Ok(())
    }

    fn unskip_number(&mut self) -> Result<(), Pause> {
        if let Some(input) = self.inputs.last_mut() {
            input.unskip();
        }
        Err(Pause::More)
    }

    /// What the word that begins here may be, which the innermost grammar level knows.
    fn role(&self) -> Role {
        let document = |target: &Target| {
            if target.kind == RedirectKind::Document { Role::Delimiter } else { Role::Plain }
        };
        match self.stack.last() {
            Some(Level::Simple(simple)) => {
                let SimpleLevel { target, words, declares, .. } = &**simple;
                match target {
                    Some(target) => document(target),
                    None if words.is_empty() => Role::Assignment,
                    None if *declares => Role::Declaration,
                    None => Role::Plain,
                }
            }
            Some(Level::Tail { target: Some(target), .. }) => document(target),
            Some(
                Level::List(_)
                | Level::AndOr { .. }
                | Level::Pipeline { .. }
                | Level::Function { .. },
            ) => Role::Assignment,
            _ => Role::Plain,
        }
    }
}
