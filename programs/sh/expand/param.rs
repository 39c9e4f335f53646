//! Parameters: their values, `${…}` operations and arithmetic.

use core::fmt::Write as _;

use super::super::arith::{self, Trouble};
use super::super::code::{Linked, Param, Span, Trim, Use};
use super::super::error::{Eval, Halt};
use super::super::pattern::Pattern;
use super::super::shell::Shell;
use super::super::vars::{self, Refusal, Vars};
use super::Mode;
use crate::kernel::Sys;

impl Shell {
    /// A parameter's value as text in the shell's scratch room; false when it is not set.
    fn fetch(&mut self, code: &Linked, param: Param) -> bool {
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.clear();
        let set = match param {
            Param::Variable(name) => {
                let slot = code.slot(name);
                if slot == vars::LINENO && self.vars.get(slot).is_none() {
                    scratch.extend_from_slice(self.line.to_string().as_bytes());
                    true
                } else {
                    self.vars.get(slot).map(|value| scratch.extend_from_slice(value)).is_some()
                }
            }
            Param::Positional(0) => {
                scratch.extend_from_slice(&self.name);
                true
            }
            Param::Positional(number) => {
                self.params.get(number).map(|value| scratch.extend_from_slice(value)).is_some()
            }
            Param::At | Param::Star => {
                let separator = self.join_byte(param, true);
                self.params.join(separator, &mut scratch);
                self.params.count() > 0
            }
            Param::Count => put(&mut scratch, self.params.count()),
            Param::Status => put(&mut scratch, u32::from(self.status)),
            Param::Pid => put(&mut scratch, self.pid.0),
            Param::LastAsync => {
                self.last_async.map(|pid| put(&mut scratch, pid.0)).unwrap_or_default()
            }
            Param::Flags => {
                scratch.extend_from_slice(self.options.flags().as_bytes());
                true
            }
        };
        self.scratch = scratch;
        set
    }

    /// What joins all parameters to one string.
    fn join_byte(&self, param: Param, quoted: bool) -> Option<u8> {
        if param == Param::At || !quoted { Some(b' ') } else { self.vars.separators().first }
    }

    pub(super) fn is_set(&mut self, code: &Linked, param: Param, colon: bool) -> bool {
        self.fetch(code, param) && !(colon && self.scratch.is_empty())
    }

    fn unset(&self, code: &Linked, param: Param) -> Halt {
        Halt::about(&self.shown(code, param), "parameter not set")
    }

    /// A parameter as messages name it.
    fn shown(&self, code: &Linked, param: Param) -> Vec<u8> {
        match param {
            Param::Variable(name) => code.names[name as usize].to_vec(),
            Param::Positional(number) => number.to_string().into_bytes(),
            Param::At => b"@".to_vec(),
            Param::Star => b"*".to_vec(),
            Param::Count => b"#".to_vec(),
            Param::Status => b"?".to_vec(),
            Param::Flags => b"-".to_vec(),
            Param::Pid => b"$".to_vec(),
            Param::LastAsync => b"!".to_vec(),
        }
    }

    pub(super) fn append_param(
        &mut self,
        code: &Linked,
        param: Param,
        quoted: bool,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        if matches!(param, Param::At | Param::Star) {
            return self.append_all(param, quoted, sys);
        }
        if !self.fetch(code, param) && self.options.nounset && param != Param::LastAsync {
            return Err(self.unset(code, param));
        }
        let value = core::mem::take(&mut self.scratch);
        let result = self.append_value(&value, quoted, sys);
        self.scratch = value;
        result
    }

    /// `$@` and `$*`.
    fn append_all(&mut self, param: Param, quoted: bool, sys: &mut Sys<'_>) -> Eval<()> {
        let fields = self.expansion.mode == Mode::Fields && !(quoted && param == Param::Star);
        if !fields {
            let mut all = Vec::new();
            // Where nothing is split, `$*` joins with the first separator, quoted or not.
            self.params.join(self.join_byte(param, true), &mut all);
            self.expansion.buffer.exists |= quoted && param == Param::Star;
            return self.append_value(&all, quoted, sys);
        }
        for number in 1..=self.params.count() {
            let Some(value) = self.params.get(number).map(<[u8]>::to_vec) else { break };
            if number > 1 {
                self.finish_field(sys)?;
            }
            self.append_value(&value, quoted, sys)?;
        }
        Ok(())
    }

    pub(super) fn param_length(&mut self, code: &Linked, param: Param) -> Eval<usize> {
        if matches!(param, Param::At | Param::Star) {
            return Ok(self.params.count() as usize);
        }
        if !self.fetch(code, param) && self.options.nounset {
            return Err(self.unset(code, param));
        }
        Ok(self.scratch.len())
    }

    pub(super) fn append_number(
        &mut self,
        value: i64,
        quoted: bool,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.clear();
        put(&mut scratch, value);
        let result = self.append_value(&scratch, quoted, sys);
        self.scratch = scratch;
        result
    }

    /// `${name=word}`, when the word is there.
    pub(super) fn assign_default(
        &mut self,
        code: &Linked,
        how: Use,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let value = self.expansion.close();
        let Param::Variable(name) = how.param else {
            return Err(Halt::about(&self.shown(code, how.param), "bad variable name"));
        };
        self.assign(code.slot(name), &value)?;
        self.append_value(&value, how.quoted, sys)
    }

    /// `${name?word}`, when the word is there.
    pub(super) fn required(&mut self, code: &Linked, how: Use) -> Halt {
        let message = self.expansion.close();
        let shown = self.shown(code, how.param);
        if !message.is_empty() {
            return Halt::error([&shown[..], b": ", &message].concat());
        }
        Halt::about(
            &shown,
            if how.colon { "parameter not set or null" } else { "parameter not set" },
        )
    }

    pub(super) fn trim(
        &mut self,
        code: &Linked,
        param: Param,
        trim: Trim,
        quoted: bool,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let pattern = Pattern::new(&self.expansion.close());
        if !self.fetch(code, param) && self.options.nounset {
            return Err(self.unset(code, param));
        }
        let value = core::mem::take(&mut self.scratch);
        sys.os().burn(u32::try_from(value.len() / 64).unwrap_or(u32::MAX));
        let kept = match trim {
            Trim::ShortSuffix | Trim::LongSuffix => {
                let cut = pattern.suffix(&value, trim == Trim::LongSuffix).unwrap_or(0);
                &value[..value.len() - cut]
            }
            Trim::ShortPrefix | Trim::LongPrefix => {
                &value[pattern.prefix(&value, trim == Trim::LongPrefix).unwrap_or(0)..]
            }
        };
        let result = self.append_value(kept, quoted, sys);
        self.scratch = value;
        result
    }

    /// Evaluates an expression whose text is only known now.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn arithmetic(&mut self, text: &[u8]) -> Eval<i64> {
        let vars = &mut self.vars;
        let compiled = arith::compile(text, &mut |name| vars.intern(name));
        let code = compiled.map_err(|fault| complain(fault.message(), text))?;
        let names = &mut ArithVars { slots: None, nounset: self.options.nounset, vars };
        arith::eval(&code, &mut self.numbers, names).map_err(|trouble| refuse(trouble, text))
    }

    pub(super) fn constant_arithmetic(
        &mut self,
        code: &Linked,
        span: Span,
        text: Span,
    ) -> Eval<i64> {
        let names = &mut ArithVars {
            slots: Some(code),
            nounset: self.options.nounset,
            vars: &mut self.vars,
        };
        arith::eval(&code.arith[span.range()], &mut self.numbers, names)
            .map_err(|trouble| refuse(trouble, code.text(text)))
    }
}

/// Writes a number at the end; true for the convenience of callers.
fn put(scratch: &mut Vec<u8>, value: impl core::fmt::Display) -> bool {
    let mut writer = Writer(scratch);
    write!(writer, "{value}").is_ok()
}

struct Writer<'a>(&'a mut Vec<u8>);

impl core::fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn complain(message: &str, text: &[u8]) -> Halt {
    let text = String::from_utf8_lossy(text);
    Halt::error(format!("arithmetic expression: {message}: \"{text}\""))
}

fn refuse(trouble: Trouble, text: &[u8]) -> Halt {
    match trouble {
        Trouble::DivisionByZero => complain("division by zero", text),
        Trouble::Variable(message) => Halt::error(message),
    }
}

struct ArithVars<'a> {
    slots: Option<&'a Linked>,
    nounset: bool,
    vars: &'a mut Vars,
}

impl ArithVars<'_> {
    fn slot(&self, name: u32) -> u32 {
        self.slots.map_or(name, |linked| linked.slot(name))
    }
}

impl arith::Names for ArithVars<'_> {
    fn load(&mut self, name: u32) -> Result<i64, Trouble> {
        let slot = self.slot(name);
        match self.vars.get(slot) {
            Some(value) => arith::number(value)
                .ok_or_else(|| Trouble::Variable([&b"Illegal number: "[..], value].concat())),
            None if self.nounset => {
                let name: &[u8] = self.vars.name(slot);
                Err(Trouble::Variable([name, b": parameter not set"].concat()))
            }
            None => Ok(0),
        }
    }

    fn store(&mut self, name: u32, value: i64) -> Result<(), Trouble> {
        let slot = self.slot(name);
        let mut text = Vec::new();
        put(&mut text, value);
        self.vars.set(slot, &text).map_err(|refusal| {
            let name: &[u8] = self.vars.name(slot);
            Trouble::Variable(match refusal {
                Refusal::ReadOnly => [name, b": is read only"].concat(),
                Refusal::Space => b"Out of space".to_vec(),
            })
        })
    }
}
