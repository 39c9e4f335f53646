//! Field splitting: appends a value, ending fields where `IFS` says.

use super::super::error::{Eval, Halt};
use super::super::shell::Shell;
use super::Mode;
use crate::base::limits;
use crate::kernel::Sys;

impl Shell {
    /// Appends an expansion's value as where it stands demands.
    pub(super) fn append_value(
        &mut self,
        value: &[u8],
        quoted: bool,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        if quoted {
            self.expansion.literal(value);
            return Ok(());
        }
        match self.expansion.mode {
            Mode::Single => self.expansion.literal(value),
            // In a pattern, what a value holds is active, its backslashes too.
            Mode::Pattern => self.expansion.pattern(value),
            Mode::Fields => self.split(value, false, sys)?,
        }
        Ok(())
    }

    /// Appends unquoted text of the word in `${name-word}`, which is written as a pattern.
    pub(super) fn append_loose(&mut self, text: &[u8], sys: &mut Sys<'_>) -> Eval<()> {
        match self.expansion.mode {
            Mode::Fields => self.split(text, true, sys),
            Mode::Single | Mode::Pattern => {
                self.expansion.pattern(text);
                Ok(())
            }
        }
    }

    /// `escaped` tells whether a backslash in the value keeps the next byte from meaning anything.
    fn split(&mut self, value: &[u8], escaped: bool, sys: &mut Sys<'_>) -> Eval<()> {
        let separators = *self.vars.separators();
        // Whether white space in this value has just ended a field, so that a separator right
        // after it belongs to the same delimiter.
        let mut ended = false;
        let mut bytes = value.iter().copied();
        while let Some(byte) = bytes.next() {
            if separators.is_white(byte) {
                if self.expansion.buffer.exists {
                    self.finish_field(sys)?;
                    ended = true;
                }
                continue;
            }
            if separators.is_other(byte) {
                if !ended {
                    self.expansion.buffer.exists = true;
                    self.finish_field(sys)?;
                }
                ended = false;
                continue;
            }
            ended = false;
            let buffer = &mut self.expansion.buffer;
            buffer.exists = true;
            match byte {
                b'\\' if escaped => {
                    let next = bytes.next().unwrap_or(byte);
                    self.expansion.literal(&[next]);
                }
                b'*' | b'?' | b'[' => {
                    buffer.make_pattern();
                    buffer.text.push(byte);
                }
                // Other bytes keep their meaning in a bracket expression.
                b'\\' if buffer.pattern => buffer.text.extend_from_slice(b"\\\\"),
                _ => buffer.text.push(byte),
            }
        }
        Ok(())
    }

    /// Ends a field, if there is one.
    pub(super) fn finish_field(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        let buffer = &mut self.expansion.buffer;
        if !buffer.exists {
            return Ok(());
        }
        if buffer.pattern {
            let source = core::mem::take(&mut buffer.text);
            self.expansion.buffer.clear();
            self.append_paths(&source, sys)?;
        } else {
            self.words.push(&buffer.text);
            buffer.clear();
        }
        if self.words.byte_len() + 8 * self.words.len() > limits::SHELL_MEMORY {
            return Err(Halt::error("Out of space"));
        }
        Ok(())
    }
}
