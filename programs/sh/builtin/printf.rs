//! `printf`: prints formatted text.
//!
//! Follows: POSIX.1-2024 `printf`. Left out: conversions of floating-point numbers.

use super::{Builtin, Outcome};
use crate::base::limits;
use crate::kernel::Sys;
use crate::programs::sh::arith;
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("printf", printf);

fn printf(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let first = if shell.words.at(1) == b"--" { 2 } else { 1 };
    let Some(format) = shell.words.get(first) else {
        return Err(Halt::error("usage: printf format [arg ...]"));
    };
    let format = format.to_vec();
    let mut state =
        State { shell, next: first + 1, out: Vec::new(), status: 0, stopped: false, used: false };
    loop {
        state.used = false;
        state.pass(&format)?;
        if state.stopped || !state.used || state.next >= state.shell.words.len() {
            break;
        }
        sys.os().burn(1);
        if state.out.len() > limits::SHELL_VALUE_MAX {
            return Err(Halt::error("Out of space"));
        }
    }
    let State { out, status, .. } = state;
    shell.output.print(&out);
    Ok(Outcome::Status(status))
}

struct State<'a> {
    shell: &'a mut Shell,
    next: usize,
    out: Vec<u8>,
    status: u8,
    stopped: bool,
    /// Whether this pass took an argument.
    used: bool,
}

#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl State<'_> {
    fn argument(&mut self) -> Option<Vec<u8>> {
        let argument = self.shell.words.get(self.next).map(<[u8]>::to_vec);
        self.next += 1;
        self.used = true;
        argument
    }

    /// One pass over the format.
    fn pass(&mut self, format: &[u8]) -> Eval<()> {
        let mut rest = format;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'\\')) {
            self.out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            rest = match rest {
                [b'%', b'%', rest @ ..] => {
                    self.out.push(b'%');
                    rest
                }
                [b'%', ..] => {
                    let rest = self.conversion(rest)?;
                    if self.stopped {
                        return Ok(());
                    }
                    rest
                }
                _ => {
                    // An escape is at most a backslash and three digits.
                    let digits = rest[1..].iter().take(3).take_while(|b| matches!(b, b'0'..=b'7'));
                    let length = 1 + digits.count().max(1).min(rest.len() - 1);
                    super::unescape(&rest[..length], false, &mut self.out);
                    &rest[length..]
                }
            };
        }
        self.out.extend_from_slice(rest);
        Ok(())
    }

    /// A conversion; returns what follows it.
    fn conversion<'f>(&mut self, format: &'f [u8]) -> Eval<&'f [u8]> {
        let mut spec = Spec::default();
        let mut at = 1;
        while let Some(flag) = format.get(at) {
            match flag {
                b'-' => spec.minus = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                _ => break,
            }
            at += 1;
        }
        if let Some(width) = self.amount(format, &mut at) {
            spec.minus |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        }
        if format.get(at) == Some(&b'.') {
            at += 1;
            let precision = self.amount(format, &mut at).unwrap_or(0);
            spec.precision = usize::try_from(precision).ok();
        }
        if spec.width.max(spec.precision.unwrap_or(0)) > limits::SHELL_VALUE_MAX {
            return Err(Halt::error("Out of space"));
        }
        let Some(letter) = format.get(at) else {
            return Err(Halt::error([format, b": missing format character"].concat()));
        };
        match letter {
            b's' => {
                let text = self.argument().unwrap_or_default();
                self.pad_text(&spec, &text);
            }
            b'b' => {
                let argument = self.argument().unwrap_or_default();
                let mut text = Vec::new();
                self.stopped = super::unescape(&argument, true, &mut text);
                self.pad_text(&spec, &text);
            }
            b'c' => {
                let text = self.argument().unwrap_or_default();
                self.pad_text(&spec, &text[..text.len().min(1)]);
            }
            b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => {
                let value = self.number();
                self.integer(&spec, *letter, value);
            }
            _ => {
                let shown = &format[..=at];
                return Err(Halt::about(shown, "invalid directive"));
            }
        }
        Ok(&format[at + 1..])
    }

    /// A width or precision: digits or `*`.
    fn amount(&mut self, format: &[u8], at: &mut usize) -> Option<i64> {
        if format.get(*at) == Some(&b'*') {
            *at += 1;
            return Some(self.number());
        }
        let digits = format[*at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let value = arith::number(&format[*at..*at + digits]);
        *at += digits;
        if digits == 0 { None } else { Some(value.unwrap_or(i64::MAX)) }
    }

    fn number(&mut self) -> i64 {
        let Some(argument) = self.argument() else { return 0 };
        if let [b'\'' | b'"', rest @ ..] = argument.as_slice() {
            return i64::from(rest.first().copied().unwrap_or(0));
        }
        if argument.is_empty() {
            return 0;
        }
        if let Some(value) = arith::number(&argument) {
            return value;
        }
        // The longest beginning that is a number counts.
        let end = (1..argument.len()).rev().find(|end| arith::number(&argument[..*end]).is_some());
        let partly = end.map(|end| arith::number(&argument[..end]).unwrap_or(0));
        let message =
            if partly.is_some() { "not completely converted" } else { "expected numeric value" };
        self.shell.complain(&[&argument[..], b": ", message.as_bytes()].concat());
        self.status = 1;
        partly.unwrap_or(0)
    }

    fn pad_text(&mut self, spec: &Spec, text: &[u8]) {
        let text = &text[..spec.precision.unwrap_or(text.len()).min(text.len())];
        self.pad(spec.minus, spec.width, text);
    }

    fn pad(&mut self, left: bool, width: usize, text: &[u8]) {
        let fill = width.saturating_sub(text.len());
        if !left {
            self.out.resize(self.out.len() + fill, b' ');
        }
        self.out.extend_from_slice(text);
        if left {
            self.out.resize(self.out.len() + fill, b' ');
        }
    }

    fn integer(&mut self, spec: &Spec, letter: u8, value: i64) {
        let signed = matches!(letter, b'd' | b'i');
        let bits = u64::from_ne_bytes(value.to_ne_bytes());
        let mut digits = match letter {
            b'o' => format!("{bits:o}"),
            b'x' => format!("{bits:x}"),
            b'X' => format!("{bits:X}"),
            b'u' => bits.to_string(),
            _ => value.unsigned_abs().to_string(),
        };
        if spec.precision == Some(0) && value == 0 {
            digits.clear();
        }
        let sign = match (signed, value < 0) {
            (true, true) => "-",
            (true, false) if spec.plus => "+",
            (true, false) if spec.space => " ",
            _ => "",
        };
        let prefix = match letter {
            b'x' if spec.alternate && value != 0 => "0x",
            b'X' if spec.alternate && value != 0 => "0X",
            b'o' if spec.alternate && !digits.starts_with('0') => "0",
            _ => sign,
        };
        let room = spec.width.saturating_sub(prefix.len());
        let least = match spec.precision {
            Some(precision) => precision,
            None if spec.zero && !spec.minus => room,
            None => 0,
        };
        let zeros = "0".repeat(least.saturating_sub(digits.len()));
        let text = format!("{prefix}{zeros}{digits}");
        self.pad(spec.minus, spec.width, text.as_bytes());
    }
}
