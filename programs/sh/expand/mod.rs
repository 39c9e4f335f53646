//! Word expansion: runs a word's instructions, and can stop in the middle for a command
//! substitution.
//!
//! The [`Expansion`] is a register of the shell: there is one word being expanded at any time,
//! since a substituted command runs in a child. Text gathers in a buffer; a buffer that holds an
//! active `*`, `?` or `[` is kept as a pattern, in which all else is escaped.
//! Follows: POSIX.1-2024 XCU 2.6; field splitting is done as values are appended.

mod glob;
mod param;
mod split;
mod tilde;

use serde::{Deserialize, Serialize};

use super::code::{Linked, Op, Shape, Use, WordId};
use super::error::{Eval, Halt};
use super::pattern;
use super::shell::Shell;
use crate::base::limits;
use crate::kernel::Sys;

/// What becomes of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Fields of a command, split and with patterns expanded to paths.
    #[default]
    Fields,
    /// One string.
    Single,
    /// One pattern.
    Pattern,
}

/// How far the word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// There is no word.
    #[default]
    Idle,
    /// In the middle.
    Running,
    /// The result waits in the buffer.
    Done,
}

/// The word being expanded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expansion {
    /// How far it is.
    pub state: State,
    mode: Mode,
    /// The next instruction.
    next: u32,
    buffer: Buffer,
    /// Buffers around the present one.
    outer: Vec<(Buffer, Mode)>,
    /// The status of the last command substitution, for a command without a name.
    pub status: Option<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Buffer {
    #[serde(with = "serde_bytes")]
    text: Vec<u8>,
    /// Whether the text is a pattern.
    pattern: bool,
    /// Whether it makes a field even when empty.
    exists: bool,
}

impl Buffer {
    fn make_pattern(&mut self) {
        if !self.pattern {
            self.pattern = true;
            if self.text.iter().any(|byte| pattern::is_special(*byte)) {
                let text = core::mem::take(&mut self.text);
                pattern::escape(&text, &mut self.text);
            }
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        (self.pattern, self.exists) = (false, false);
    }
}

impl Expansion {
    /// The result of a word that is no list of fields.
    pub fn text(&self) -> &[u8] {
        &self.buffer.text
    }

    /// Forgets the word.
    pub fn reset(&mut self) {
        self.state = State::Idle;
        self.buffer.clear();
        self.outer.clear();
    }

    /// Appends text that stands for itself.
    fn literal(&mut self, text: &[u8]) {
        self.buffer.exists = true;
        if self.buffer.pattern {
            pattern::escape(text, &mut self.buffer.text);
        } else {
            self.buffer.text.extend_from_slice(text);
        }
    }

    /// Appends a pattern.
    fn pattern(&mut self, source: &[u8]) {
        self.buffer.exists = true;
        if self.mode == Mode::Single {
            self.buffer.text.extend_from_slice(&pattern::unescape(source));
        } else {
            self.buffer.make_pattern();
            self.buffer.text.extend_from_slice(source);
        }
    }

    fn open(&mut self, mode: Mode) {
        let fresh = Buffer { pattern: mode == Mode::Pattern, ..Buffer::default() };
        self.outer.push((core::mem::replace(&mut self.buffer, fresh), self.mode));
        self.mode = mode;
    }

    fn close(&mut self) -> Vec<u8> {
        let (buffer, mode) = self.outer.pop().unwrap_or_default();
        self.mode = mode;
        core::mem::replace(&mut self.buffer, buffer).text
    }
}

impl Shell {
    /// Expands a word to one string or pattern, in the expansion's buffer. False: a command
    /// substitution was begun, and this is to be called again when it is over.
    ///
    /// # Errors
    ///
    /// What the expansion finds wrong.
    pub fn expand_single(
        &mut self,
        code: &Linked,
        word: WordId,
        mode: Mode,
        sys: &mut Sys<'_>,
    ) -> Eval<bool> {
        if self.expansion.state == State::Idle {
            self.begin(mode);
            if let Shape::Constant(span) = code.words[word as usize].shape {
                self.expansion.literal(code.text(span));
                self.expansion.state = State::Done;
                return Ok(true);
            }
        }
        Ok(self.expansion.state == State::Done || self.run_ops(code, word, sys)?)
    }

    /// Expands a word to fields, at the end of the command's words. False as above.
    ///
    /// # Errors
    ///
    /// What the expansion finds wrong.
    pub fn expand_fields(&mut self, code: &Linked, word: WordId, sys: &mut Sys<'_>) -> Eval<bool> {
        if self.expansion.state == State::Idle {
            if let Shape::Constant(span) = code.words[word as usize].shape {
                self.words.push(code.text(span));
                return Ok(true);
            }
            self.begin(Mode::Fields);
        }
        if !self.run_ops(code, word, sys)? {
            return Ok(false);
        }
        self.finish_field(sys)?;
        self.expansion.state = State::Idle;
        if self.words.byte_len() > limits::SHELL_MEMORY {
            return Err(Halt::error("Out of space"));
        }
        Ok(true)
    }

    fn begin(&mut self, mode: Mode) {
        let expansion = &mut self.expansion;
        (expansion.state, expansion.mode, expansion.next) = (State::Running, mode, 0);
        expansion.buffer.clear();
        expansion.buffer.pattern = mode == Mode::Pattern;
    }

    fn run_ops(&mut self, code: &Linked, word: WordId, sys: &mut Sys<'_>) -> Eval<bool> {
        let Shape::Ops(span) = code.words[word as usize].shape else { return Ok(true) };
        let ops = &code.ops[span.range()];
        while let Some(op) = ops.get(self.expansion.next as usize) {
            let this = self.expansion.next;
            self.expansion.next += 1;
            match self.run_op(code, *op, sys) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(halt) => {
                    // After a wait the instruction runs again.
                    self.expansion.next = this;
                    return Err(halt);
                }
            }
            if self.expansion.buffer.text.len() > limits::SHELL_VALUE_MAX {
                return Err(Halt::error("Out of space"));
            }
        }
        self.expansion.state = State::Done;
        Ok(true)
    }

    fn run_op(&mut self, code: &Linked, op: Op, sys: &mut Sys<'_>) -> Eval<bool> {
        match op {
            Op::Text(span) => self.expansion.literal(code.text(span)),
            Op::Pattern(span) => self.expansion.pattern(code.text(span)),
            Op::Loose(span) => self.append_loose(code.text(span), sys)?,
            Op::Empty => self.expansion.buffer.exists = true,
            Op::Tilde(span) => self.append_home(code.text(span), sys),
            Op::Param { param, quoted } => self.append_param(code, param, quoted, sys)?,
            Op::Length { param, quoted } => {
                let length = self.param_length(code, param)?;
                self.append_value(length.to_string().as_bytes(), quoted, sys)?;
            }
            Op::Default(how) => self.or_word(code, how, None, sys)?,
            Op::Assign(how) | Op::Require(how) => {
                self.or_word(code, how, Some(Mode::Single), sys)?;
            }
            Op::Alternate(how) => {
                self.expansion.buffer.exists |= how.quoted;
                if !self.is_set(code, how.param, how.colon) {
                    self.expansion.next = how.skip;
                }
            }
            Op::AssignEnd(how) => self.assign_default(code, how, sys)?,
            Op::RequireEnd(how) => return Err(self.required(code, how)),
            Op::TrimBegin => self.expansion.open(Mode::Pattern),
            Op::TrimEnd { param, trim, quoted } => self.trim(code, param, trim, quoted, sys)?,
            Op::ArithBegin => self.expansion.open(Mode::Single),
            Op::ArithEnd { quoted } => {
                let text = self.expansion.close();
                let value = self.arithmetic(&text)?;
                self.append_number(value, quoted, sys)?;
            }
            Op::Arith { code: span, text, quoted } => {
                let value = self.constant_arithmetic(code, span, text)?;
                self.append_number(value, quoted, sys)?;
            }
            Op::Command { node, quoted } => {
                self.begin_substitution(code, node, quoted, sys)?;
                return Ok(false);
            }
            Op::BadSubstitution => return Err(Halt::error("Bad substitution")),
        }
        Ok(true)
    }

    /// The value, and past the word; or on to the word, in a new buffer for some forms.
    fn or_word(
        &mut self,
        code: &Linked,
        how: Use,
        buffer: Option<Mode>,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        if self.is_set(code, how.param, how.colon) {
            self.expansion.next = how.skip;
            return self.append_param(code, how.param, how.quoted, sys);
        }
        match buffer {
            Some(mode) => self.expansion.open(mode),
            None => self.expansion.buffer.exists |= how.quoted,
        }
        Ok(())
    }

    /// Appends what a command substitution gave.
    ///
    /// # Errors
    ///
    /// As field splitting.
    pub fn append_output(&mut self, output: &[u8], quoted: bool, sys: &mut Sys<'_>) -> Eval<()> {
        self.append_value(output, quoted, sys)?;
        if self.expansion.buffer.text.len() > limits::SHELL_VALUE_MAX {
            return Err(Halt::error("Out of space"));
        }
        Ok(())
    }
}
