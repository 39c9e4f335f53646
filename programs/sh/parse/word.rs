//! Words: quoting and expansions, byte by byte, compiled to the instructions that expand them.
//!
//! A word's quotes, `${…}` and `$((…))` are [`Mode`]s stacked inside the word's level; `$(…)` is a
//! level of its own above it. Literal text gathers until something else comes, then becomes one
//! instruction.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::super::code::{NameId, Op, Param, Shape, Span, Trim, Use, WordId};
use super::command::is_name;
use super::here::Document;
use super::input::Input;
use super::level::{Level, ListKind, SubstitutionLevel};
use super::token::{Lexeme, Token};
use super::{Parser, Pause};

/// What a word may be where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    /// A word.
    Plain,
    /// A word, or `name=value` before a command.
    Assignment,
    /// An argument that may look like an assignment.
    Declaration,
    /// The delimiter of a here-document: nothing is expanded.
    Delimiter,
    /// Text on its own, which becomes the given word and no token.
    Text(WordId),
}

/// What the bytes of a word mean at the moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Mode {
    Bare,
    /// `"…"`, and how many instructions precede it.
    Double(u32),
    /// `'…'`, likewise.
    Single(u32),
    /// `$'…'`, likewise.
    Escapes(u32),
    /// The word in `${name-word}`.
    Param(ParamMode),
    /// `$((…))`; how many parentheses are open in it, and where its instructions begin.
    Arith {
        parens: u32,
        begin: u32,
        quoted: bool,
    },
    /// Backquotes: the text so far.
    Backquote {
        text: BString,
        quoted: bool,
    },
    Document(Document),
}

/// A `${name-word}` whose word is being read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ParamMode {
    /// The instruction that may skip the word.
    open: u32,
    /// The instruction at its end.
    end: Option<Op>,
    /// Whether the result stands in double quotes.
    quoted: bool,
    /// Whether unquoted text in the word is split and matched where the result is.
    loose: bool,
    /// Whether it is a pattern, in which quotes work as outside of quotes.
    pattern: bool,
}

/// A word being read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WordLevel {
    role: Role,
    pub(super) modes: Vec<Mode>,
    ops: Vec<Op>,
    /// Literal text that is no instruction yet.
    literal: BString,
    /// Where in it quoted bytes stand that would mean something in a pattern.
    escaped: Vec<u32>,
    /// Whether it has an unquoted `*`, `?` or `[`.
    active: bool,
    /// Whether it is unquoted text inside `${name-word}`.
    loose: bool,
    quoted: bool,
    /// Whether a tilde here would be expanded.
    tilde: bool,
    assigned: Option<NameId>,
    assignment: bool,
    /// Whether a line of a here-document begins here.
    line_start: bool,
}

/// What reading a word's bytes came to.
enum Next {
    /// The next byte.
    Byte,
    /// The word is complete.
    Done,
    /// A command substitution begins.
    Open(Box<SubstitutionLevel>, Option<BString>),
}

impl WordLevel {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            modes: vec![Mode::Bare],
            ops: Vec::new(),
            literal: BString::default(),
            escaped: Vec::new(),
            active: false,
            loose: false,
            quoted: false,
            tilde: role != Role::Delimiter,
            assigned: None,
            assignment: false,
            line_start: true,
        }
    }

    /// The text of a here-document.
    pub(super) fn document(document: Document) -> Self {
        let role = Role::Text(document.word);
        Self { modes: vec![Mode::Document(document)], tilde: false, ..Self::new(role) }
    }

    /// Text that is like the inside of double quotes and ends with the input.
    pub(super) fn text(word: WordId) -> Self {
        let (delimiter, quoted, strip) = (BString::from("\n"), false, false);
        Self::document(Document { word, delimiter, quoted, strip })
    }

    /// Whether what stands here is not split, nor a pattern.
    fn in_quotes(&self) -> bool {
        match self.modes.last() {
            Some(Mode::Bare) | None => false,
            Some(Mode::Param(param)) => param.quoted && !param.pattern,
            Some(_) => true,
        }
    }

    fn set_loose(&mut self, unit: &mut super::unit::Builder, loose: bool) {
        if self.loose != loose {
            self.flush(unit);
            self.loose = loose;
        }
    }

    fn add(&mut self, byte: u8, quoted: bool) {
        self.tilde = false;
        if quoted {
            if super::super::pattern::is_special(byte) {
                self.escaped.push(u32::try_from(self.literal.len()).unwrap_or(u32::MAX));
            }
        } else {
            self.active |= matches!(byte, b'*' | b'?' | b'[');
        }
        self.literal.push(byte);
    }

    /// Makes an instruction of the literal text.
    fn flush(&mut self, unit: &mut super::unit::Builder) {
        if self.literal.is_empty() {
            return;
        }
        let literal = core::mem::take(&mut self.literal);
        let escaped = core::mem::take(&mut self.escaped);
        let active = core::mem::take(&mut self.active);
        let op = if active || self.loose {
            let mut pattern = Vec::with_capacity(literal.len() + escaped.len());
            let mut escapes = escaped.iter().map(|at| *at as usize).peekable();
            for (at, byte) in literal.iter().enumerate() {
                if escapes.next_if_eq(&at).is_some() {
                    pattern.push(b'\\');
                }
                pattern.push(*byte);
            }
            let span = unit.text(&pattern);
            if self.loose { Op::Loose(span) } else { Op::Pattern(span) }
        } else {
            Op::Text(unit.text(&literal))
        };
        self.ops.push(op);
    }

    /// A `[` alone, without a `]` after it, is no pattern: the common case is the utility.
    fn is_tame(&self) -> bool {
        let stars = self.literal.iter().any(|byte| matches!(byte, b'*' | b'?'));
        self.active && self.ops.is_empty() && !stars && !self.literal.contains(&b']')
    }

    fn len(&self) -> u32 {
        u32::try_from(self.ops.len()).unwrap_or(u32::MAX)
    }
}

impl Parser {
    /// Reads on in the word on top of the stack.
    pub(super) fn word(&mut self) -> Result<(), Pause> {
        let Some(Level::Word(mut word)) = self.stack.pop() else { return Ok(()) };
        loop {
            match self.word_byte(&mut word) {
                Ok(Next::Byte) => {}
                Ok(Next::Done) => return self.word_ends(*word),
                Ok(Next::Open(level, text)) => {
                    self.stack.push(Level::Word(word));
                    return self.open_substitution(*level, text);
                }
                Err(pause) => {
                    self.stack.push(Level::Word(word));
                    return Err(pause);
                }
            }
            if self.taken as usize > crate::base::limits::SHELL_COMMAND_MAX {
                return Self::error("command too long");
            }
            if word.modes.len() > crate::base::limits::SHELL_NESTING_MAX {
                return Self::error("nesting too deep");
            }
        }
    }

    fn word_byte(&mut self, word: &mut WordLevel) -> Result<Next, Pause> {
        if word.line_start
            && let Some(Mode::Document(_)) = word.modes.last()
        {
            if self.document_ends(word)? {
                return Ok(Next::Done);
            }
            word.line_start = false;
        }
        let Some(byte) = self.peek()? else { return Self::word_input_ends(word) };
        match word.modes.last() {
            Some(Mode::Bare) => self.bare(word, byte),
            Some(Mode::Double(_)) => self.double(word, byte),
            Some(Mode::Single(_)) => self.single_quoted(word),
            Some(Mode::Escapes(_)) => self.escapes(word, byte),
            Some(Mode::Param(_)) => self.param(word, byte),
            Some(Mode::Arith { .. }) => self.arith(word, byte),
            Some(Mode::Backquote { .. }) => self.backquote(word, byte),
            Some(Mode::Document(_)) => self.document(word, byte),
            None => Ok(Next::Done),
        }
    }

    fn word_input_ends(word: &mut WordLevel) -> Result<Next, Pause> {
        match word.modes.last() {
            Some(Mode::Bare | Mode::Document(_)) | None => Ok(Next::Done),
            Some(Mode::Double(_) | Mode::Single(_) | Mode::Escapes(_)) => {
                Self::error("Unterminated quoted string")
            }
            Some(Mode::Param(_)) => Self::error("Missing '}'"),
            Some(Mode::Arith { .. }) => Self::error("Missing '))'"),
            Some(Mode::Backquote { .. }) => Self::error("EOF in backquote substitution"),
        }
    }

    fn take(&mut self, word: &mut WordLevel, byte: u8, quoted: bool) {
        self.skip(1);
        self.line += u32::from(byte == b'\n');
        word.add(byte, quoted);
    }

    fn bare(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        match byte {
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => {
                return Ok(Next::Done);
            }
            b'=' if word.assigned.is_none() && !word.assignment => {
                self.equals(word);
            }
            b':' if word.assigned.is_some() || word.assignment => {
                self.take(word, byte, false);
                word.tilde = true;
            }
            b'~' if word.tilde => self.tilde(word)?,
            _ => return self.unquoted(word, byte),
        }
        Ok(Next::Byte)
    }

    /// What bare words and the words in `${…}` have in common.
    fn unquoted(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        match byte {
            b'\\' => {
                if self.continuation()? {
                    return Ok(Next::Byte);
                }
                let Some(escaped) = self.peek_at(1)? else {
                    self.take(word, byte, true);
                    return Ok(Next::Byte);
                };
                self.skip(1);
                word.quoted = true;
                self.take(word, escaped, true);
            }
            b'\'' => {
                self.skip(1);
                self.open_quotes(word, Mode::Single);
            }
            b'"' => {
                self.skip(1);
                self.open_quotes(word, Mode::Double);
            }
            b'$' if word.role != Role::Delimiter => return self.dollar(word),
            b'`' if word.role != Role::Delimiter => self.open_backquote(word),
            _ => self.take(word, byte, false),
        }
        Ok(Next::Byte)
    }

    fn open_quotes(&mut self, word: &mut WordLevel, mode: fn(u32) -> Mode) {
        word.quoted = true;
        word.tilde = false;
        word.set_loose(&mut self.unit, false);
        word.modes.push(mode(word.len()));
    }

    fn close_quotes(&mut self, word: &mut WordLevel) {
        self.skip(1);
        if let Some(Mode::Double(before) | Mode::Single(before) | Mode::Escapes(before)) =
            word.modes.last()
            && *before == word.len()
            && word.literal.is_empty()
        {
            word.ops.push(Op::Empty);
        }
        self.close_mode(word);
    }

    fn close_mode(&mut self, word: &mut WordLevel) {
        word.modes.pop();
        let loose = matches!(word.modes.last(), Some(Mode::Param(ParamMode { loose: true, .. })));
        word.set_loose(&mut self.unit, loose);
    }

    fn single_quoted(&mut self, word: &mut WordLevel) -> Result<Next, Pause> {
        let rest = self.input().rest();
        let end = rest.iter().position(|byte| *byte == b'\'');
        let text = rest[..end.unwrap_or(rest.len())].to_vec();
        self.skip(u32::try_from(text.len()).unwrap_or(u32::MAX));
        for byte in text {
            self.line += u32::from(byte == b'\n');
            word.add(byte, true);
        }
        if end.is_some() {
            self.close_quotes(word);
        }
        Ok(Next::Byte)
    }

    fn double(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        match byte {
            b'"' => self.close_quotes(word),
            _ => return self.quoted_byte(word, byte, b"$`\"\\"),
        }
        Ok(Next::Byte)
    }

    /// A byte where only `$`, backquotes and a backslash before `escapable` are special.
    fn quoted_byte(
        &mut self,
        word: &mut WordLevel,
        byte: u8,
        escapable: &[u8],
    ) -> Result<Next, Pause> {
        match byte {
            b'$' if word.role != Role::Delimiter => return self.dollar(word),
            b'`' if word.role != Role::Delimiter => self.open_backquote(word),
            b'\\' => {
                if self.continuation()? {
                    return Ok(Next::Byte);
                }
                let next = self.peek_at(1)?;
                if let Some(escaped) = next.filter(|next| escapable.contains(next)) {
                    self.skip(1);
                    self.take(word, escaped, true);
                } else {
                    self.take(word, byte, true);
                }
            }
            _ => self.take(word, byte, true),
        }
        Ok(Next::Byte)
    }

    fn document(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        let raw = matches!(word.modes.last(), Some(Mode::Document(Document { quoted: true, .. })));
        if byte == b'\n' {
            self.take(word, byte, true);
            word.line_start = true;
            return Ok(Next::Byte);
        }
        if raw {
            self.take(word, byte, true);
            return Ok(Next::Byte);
        }
        self.quoted_byte(word, byte, b"$`\\")
    }

    fn equals(&mut self, word: &mut WordLevel) {
        let begins = word.ops.is_empty() && !word.quoted && is_name(&word.literal);
        match word.role {
            Role::Assignment if begins => {
                let name = core::mem::take(&mut word.literal);
                word.assigned = Some(self.unit.name(&name));
                self.skip(1);
                word.tilde = true;
            }
            Role::Declaration if begins => {
                word.assignment = true;
                self.take(word, b'=', false);
                word.tilde = true;
            }
            _ => self.take(word, b'=', false),
        }
    }

    fn tilde(&mut self, word: &mut WordLevel) -> Result<(), Pause> {
        let mut length = 1;
        loop {
            match self.peek_at(length)? {
                Some(b'/') | None => break,
                Some(b':') if word.assigned.is_some() || word.assignment => break,
                Some(b'}') if word.modes.len() > 1 => break,
                Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => {
                    break;
                }
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.') => length += 1,
                Some(_) => {
                    self.take(word, b'~', false);
                    return Ok(());
                }
            }
        }
        word.flush(&mut self.unit);
        let user = self.input().rest()[1..length].to_vec();
        self.skip(u32::try_from(length).unwrap_or(u32::MAX));
        let user = self.unit.text(&user);
        word.ops.push(Op::Tilde(user));
        word.tilde = false;
        Ok(())
    }

    /// `$'…'`: C's escapes (POSIX.1-2024).
    fn escapes(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        match byte {
            b'\'' => self.close_quotes(word),
            b'\\' => {
                // The longest escape is a backslash, `x` and two digits.
                for ahead in 1..4 {
                    if self.peek_at(ahead)?.is_none() {
                        break;
                    }
                }
                let (value, length) = escape(&self.input().rest()[1..]);
                self.skip(length + 1);
                if let Some(value) = value.filter(|value| *value != 0) {
                    word.add(value, true);
                }
            }
            _ => self.take(word, byte, true),
        }
        Ok(Next::Byte)
    }

    fn param(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        let Some(Mode::Param(mode)) = word.modes.last() else { return Ok(Next::Byte) };
        let in_quotes = mode.quoted && !mode.pattern;
        match byte {
            b'}' => {
                self.skip(1);
                self.param_ends(word);
                Ok(Next::Byte)
            }
            b'~' if word.tilde && !in_quotes => self.tilde(word).map(|()| Next::Byte),
            b'"' if in_quotes => {
                self.skip(1);
                self.open_quotes(word, Mode::Double);
                Ok(Next::Byte)
            }
            _ if in_quotes => self.quoted_byte(word, byte, b"$`\"\\}"),
            _ => self.unquoted(word, byte),
        }
    }

    fn param_ends(&mut self, word: &mut WordLevel) {
        word.flush(&mut self.unit);
        let Some(Mode::Param(mode)) = word.modes.last().cloned() else { return };
        let open = mode.open as usize;
        if let Some(end) = mode.end {
            if end == Op::BadSubstitution {
                word.ops.truncate(open);
            }
            word.ops.push(end);
        }
        let skip = word.len();
        if let Some(Op::Default(how) | Op::Alternate(how) | Op::Assign(how) | Op::Require(how)) =
            word.ops.get_mut(open)
        {
            how.skip = skip;
        }
        self.close_mode(word);
    }

    fn arith(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        let Some(Mode::Arith { parens, .. }) = word.modes.last_mut() else {
            return Ok(Next::Byte);
        };
        match byte {
            b'(' => {
                *parens += 1;
                self.take(word, byte, true);
            }
            b')' if *parens > 0 => {
                *parens -= 1;
                self.take(word, byte, true);
            }
            b')' => {
                if self.peek_at(1)? != Some(b')') {
                    return Self::error("Missing '))'");
                }
                self.skip(2);
                self.arith_ends(word);
            }
            b'"' => self.skip(1),
            _ => return self.quoted_byte(word, byte, b"$`\"\\"),
        }
        Ok(Next::Byte)
    }

    fn arith_ends(&mut self, word: &mut WordLevel) {
        let Some(Mode::Arith { begin, quoted, .. }) = word.modes.last().cloned() else { return };
        let constant = word.len() == begin + 1;
        let literal = word.literal.clone();
        let unit = &mut self.unit;
        let compiled = constant
            .then(|| super::super::arith::compile(&literal, &mut |name| unit.name(name)).ok())
            .flatten();
        if let Some(code) = compiled {
            word.literal.clear();
            word.escaped.clear();
            word.ops.pop();
            let text = unit.text(&literal);
            let start = u32::try_from(unit.unit.arith.len()).unwrap_or(u32::MAX);
            unit.unit.arith.extend(code);
            let end = u32::try_from(unit.unit.arith.len()).unwrap_or(u32::MAX);
            word.ops.push(Op::Arith { code: Span { start, end }, text, quoted });
        } else {
            word.flush(unit);
            word.ops.push(Op::ArithEnd { quoted });
        }
        self.close_mode(word);
    }

    fn open_backquote(&mut self, word: &mut WordLevel) {
        self.skip(1);
        word.tilde = false;
        let quoted = word.in_quotes();
        word.modes.push(Mode::Backquote { text: BString::default(), quoted });
    }

    fn backquote(&mut self, word: &mut WordLevel, byte: u8) -> Result<Next, Pause> {
        // Between double quotes, `\"` is undone too.
        let double = word.modes.iter().any(|mode| matches!(mode, Mode::Double(_)));
        let escaped = if byte == b'\\' { self.peek_at(1)? } else { None };
        let Some(Mode::Backquote { text, quoted }) = word.modes.last_mut() else {
            return Ok(Next::Byte);
        };
        match (byte, escaped) {
            (b'`', _) => {
                let (text, quoted) = (core::mem::take(text), *quoted);
                self.skip(1);
                word.modes.pop();
                word.flush(&mut self.unit);
                let level = self.substitution(true, quoted);
                return Ok(Next::Open(Box::new(level), Some(text)));
            }
            (b'\\', Some(next @ (b'\\' | b'`' | b'$'))) => {
                text.push(next);
                self.skip(2);
            }
            (b'\\', Some(b'"')) if double => {
                text.push(b'"');
                self.skip(2);
            }
            _ => {
                text.push(byte);
                self.skip(1);
                self.line += u32::from(byte == b'\n');
            }
        }
        Ok(Next::Byte)
    }

    fn substitution(&mut self, backquote: bool, quoted: bool) -> SubstitutionLevel {
        let documents = core::mem::take(&mut self.documents);
        let token = self.token.take();
        SubstitutionLevel { backquote, quoted, documents, token, line: self.line }
    }

    fn open_substitution(
        &mut self,
        level: SubstitutionLevel,
        text: Option<BString>,
    ) -> Result<(), Pause> {
        if let Some(text) = text {
            self.inputs.push(Input::text(text.into()));
        }
        self.push(Level::Substitution(Box::new(level)))?;
        self.push(Level::list(ListKind::Optional))
    }

    /// The list in a command substitution has ended.
    pub(super) fn substitution_ends(&mut self, level: SubstitutionLevel) -> Result<(), Pause> {
        if level.backquote {
            if !self.at(&Token::End) {
                return self.unexpected(true);
            }
            self.inputs.pop();
            self.line = level.line;
        } else if !self.at(&Token::RightParen) {
            return self.unexpected_for("\")\"");
        }
        self.token = level.token;
        let inner = core::mem::replace(&mut self.documents, level.documents);
        self.documents.extend(inner);
        let node = self.take_result();
        if let Some(Level::Word(word)) = self.stack.last_mut() {
            word.ops.push(Op::Command { node, quoted: level.quoted });
        }
        Ok(())
    }

    /// What begins with `$`.
    fn dollar(&mut self, word: &mut WordLevel) -> Result<Next, Pause> {
        let quoted = word.in_quotes();
        let next = self.peek_at(1)?;
        match next {
            Some(b'(') => {
                let arith = self.peek_at(2)? == Some(b'(');
                word.tilde = false;
                word.flush(&mut self.unit);
                if !arith {
                    self.skip(2);
                    let level = self.substitution(false, quoted);
                    return Ok(Next::Open(Box::new(level), None));
                }
                self.skip(3);
                let begin = word.len();
                word.ops.push(Op::ArithBegin);
                word.set_loose(&mut self.unit, false);
                word.modes.push(Mode::Arith { parens: 0, begin, quoted });
            }
            Some(b'{') => self.braces(word, quoted)?,
            Some(b'\'') if !quoted => {
                self.skip(2);
                self.open_quotes(word, Mode::Escapes);
            }
            _ => {
                let (param, length) = self.parameter(1)?;
                let Some(param) = param else {
                    self.take(word, b'$', true);
                    return Ok(Next::Byte);
                };
                // `$12` is `$1` and a 2.
                let length = if next.is_some_and(|b| b.is_ascii_digit()) { 1 } else { length };
                let param = match (param, next) {
                    (Param::Positional(_), Some(digit)) => {
                        Param::Positional(u32::from(digit - b'0'))
                    }
                    (param, _) => param,
                };
                self.skip(1 + length);
                word.tilde = false;
                word.flush(&mut self.unit);
                word.ops.push(Op::Param { param, quoted });
            }
        }
        Ok(Next::Byte)
    }

    /// The parameter named `ahead` bytes from here, and the name's length.
    fn parameter(&mut self, ahead: usize) -> Result<(Option<Param>, u32), Pause> {
        let special = match self.peek_at(ahead)? {
            Some(b'@') => Param::At,
            Some(b'*') => Param::Star,
            Some(b'#') => Param::Count,
            Some(b'?') => Param::Status,
            Some(b'-') => Param::Flags,
            Some(b'$') => Param::Pid,
            Some(b'!') => Param::LastAsync,
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let digits = byte.is_ascii_digit();
                let mut length = 1;
                while let Some(byte) = self.peek_at(ahead + length)? {
                    let more = if digits {
                        byte.is_ascii_digit()
                    } else {
                        byte.is_ascii_alphanumeric() || byte == b'_'
                    };
                    if !more {
                        break;
                    }
                    length += 1;
                }
                let text = &self.input().rest()[ahead..ahead + length];
                let param = if digits {
                    let number = core::str::from_utf8(text).unwrap_or_default().parse();
                    Param::Positional(number.unwrap_or(u32::MAX))
                } else {
                    let name = text.to_vec();
                    Param::Variable(self.unit.name(&name))
                };
                return Ok((Some(param), u32::try_from(length).unwrap_or(u32::MAX)));
            }
            _ => return Ok((None, 0)),
        };
        Ok((Some(special), 1))
    }

    /// `${…}`: reads up to the word in it, if there is one.
    fn braces(&mut self, word: &mut WordLevel, quoted: bool) -> Result<(), Pause> {
        if self.peek_at(2)? == Some(b'#') {
            let (param, length) = self.parameter(3)?;
            let end = 3 + length as usize;
            if let Some(param) = param
                && self.peek_at(end)? == Some(b'}')
            {
                self.skip(4 + length);
                word.flush(&mut self.unit);
                word.ops.push(Op::Length { param, quoted });
                word.tilde = false;
                return Ok(());
            }
        }
        let (param, length) = self.parameter(2)?;
        let at = 2 + length as usize;
        let first = self.peek_at(at)?;
        let colon = first == Some(b':');
        let operator = if colon { self.peek_at(at + 1)? } else { first };
        let doubled = matches!(operator, Some(b'%' | b'#')) && self.peek_at(at + 1)? == operator;
        let header = 2 + length + u32::from(colon) + 1 + u32::from(doubled);
        word.flush(&mut self.unit);
        let Some((open, end, shape)) =
            param.and_then(|param| operation(param, colon, operator, doubled, quoted))
        else {
            let mode = ParamMode {
                open: word.len(),
                end: Some(Op::BadSubstitution),
                quoted,
                loose: false,
                pattern: false,
            };
            self.skip(2);
            word.modes.push(Mode::Param(mode));
            return Ok(());
        };
        self.skip(header);
        word.ops.push(open);
        word.tilde = false;
        if shape == Inner::Nothing {
            return Ok(());
        }
        let (pattern, loose) = (shape == Inner::Pattern, shape == Inner::Loose && !quoted);
        word.tilde = true;
        let mode = ParamMode { open: word.len() - 1, end, quoted, loose, pattern };
        word.modes.push(Mode::Param(mode));
        word.set_loose(&mut self.unit, loose);
        Ok(())
    }

    fn word_ends(&mut self, mut word: WordLevel) -> Result<(), Pause> {
        let only_literal = word.ops.is_empty();
        let plain = (only_literal && !word.quoted).then(|| word.literal.clone());
        if word.is_tame() {
            word.active = false;
        }
        let empty = only_literal && word.literal.is_empty();
        word.flush(&mut self.unit);
        let shape = match word.ops.as_slice() {
            [Op::Text(text)] => Shape::Constant(*text),
            [Op::Empty] => Shape::Constant(Span::default()),
            [] if empty => Shape::Constant(Span::default()),
            _ => Shape::Ops(self.unit.ops(word.ops)),
        };
        let id = match word.role {
            Role::Text(id) => id,
            _ => self.unit.reserve_word(),
        };
        self.unit.set_word(id, shape, word.assignment);
        if let Role::Text(_) = word.role {
            return self.next_document();
        }
        let (assigned, quoted) = (word.assigned, word.quoted);
        let plain = if assigned.is_some() { None } else { plain };
        self.token = Some(Token::Word(Lexeme { word: id, plain, assigned, quoted }));
        Ok(())
    }
}

/// What the word inside `${…}` is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inner {
    Nothing,
    Loose,
    Whole,
    Pattern,
}

/// The instructions before and after the word of a `${param` operation.
fn operation(
    param: Param,
    colon: bool,
    operator: Option<u8>,
    doubled: bool,
    quoted: bool,
) -> Option<(Op, Option<Op>, Inner)> {
    let how = Use { param, colon, quoted, skip: 0 };
    Some(match operator? {
        b'}' if !colon => (Op::Param { param, quoted }, None, Inner::Nothing),
        b'-' => (Op::Default(how), None, Inner::Loose),
        b'+' => (Op::Alternate(how), None, Inner::Loose),
        b'=' => (Op::Assign(how), Some(Op::AssignEnd(how)), Inner::Whole),
        b'?' => (Op::Require(how), Some(Op::RequireEnd(how)), Inner::Whole),
        sign @ (b'%' | b'#') if !colon => {
            let trim = match (sign, doubled) {
                (b'%', false) => Trim::ShortSuffix,
                (b'%', true) => Trim::LongSuffix,
                (_, false) => Trim::ShortPrefix,
                (_, true) => Trim::LongPrefix,
            };
            (Op::TrimBegin, Some(Op::TrimEnd { param, trim, quoted }), Inner::Pattern)
        }
        _ => return None,
    })
}

/// The byte an escape stands for, given what follows its backslash, and its length.
fn escape(text: &[u8]) -> (Option<u8>, u32) {
    let digits = |text: &[u8], base: u32, most: usize| {
        let mut value = 0;
        let mut length = 0;
        while let Some(digit) = text.get(length).and_then(|b| char::from(*b).to_digit(base)) {
            if length == most {
                break;
            }
            value = (value * base + digit) & 0xff;
            length += 1;
        }
        (u8::try_from(value).ok(), u32::try_from(length).unwrap_or(0))
    };
    let Some(first) = text.first() else { return (Some(b'\\'), 0) };
    let value = match first {
        b'a' => 7,
        b'b' => 8,
        b'e' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'0'..=b'7' => return digits(text, 8, 3),
        b'x' => {
            let (value, length) = digits(&text[1..], 16, 2);
            return (value, length + 1);
        }
        b'c' => {
            return (
                text.get(1).map(|byte| byte & 0x1f),
                2.min(text.len().try_into().unwrap_or(2)),
            );
        }
        other => *other,
    };
    (Some(value), 1)
}
