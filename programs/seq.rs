//! seq: print numbers in order.
//!
//! Follows: GNU coreutils 9.1 seq. Deviates: numbers are decimal with at most 18 digits, not
//! floating. Left out: `-f`.

use serde::{Deserialize, Serialize};

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Seq>("seq");

const SPEC: Spec = Spec::operands_only(
    "usage: seq [-w] [-s STRING] [FIRST [INCREMENT]] LAST\n\
     Print the numbers from FIRST (1) to LAST by INCREMENT (1).\n\n  \
     -s STRING  between numbers, instead of a newline\n  \
     -w         all of the same width",
);

#[derive(Clone, Serialize, Deserialize)]
struct Seq {
    /// In units of the smallest decimal place.
    next: i64,
    increment: i64,
    last: i64,
    decimals: u32,
    width: u32,
    separator: bstr::BString,
    begun: bool,
}

impl Tool for Seq {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        let mut words = options.operands.as_slice();
        let (mut same_width, mut separator) = (false, bstr::BString::from("\n"));
        // Options end at the first number, which may be negative.
        while let [first, rest @ ..] = words
            && first.starts_with(b"-")
            && !first.get(1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
        {
            words = rest;
            match &first[1..] {
                b"w" | b"-equal-width" => same_width = true,
                b"-" => break,
                b"s" => {
                    let [text, rest @ ..] = rest else {
                        return Err(out.misuse(1, "option requires an argument -- 's'"));
                    };
                    separator = text.clone();
                    words = rest;
                }
                other if other.starts_with(b"s") => separator = other[1..].into(),
                other => {
                    let letter = char::from(other.first().copied().unwrap_or(b'-'));
                    return Err(out.misuse(1, format_args!("invalid option -- '{letter}'")));
                }
            }
        }
        let mut numbers = Vec::new();
        for word in words {
            let number = Decimal::parse(word).ok_or_else(|| {
                out.misuse(1, format_args!("invalid floating point argument: {}", quote(word)))
            })?;
            numbers.push(number);
        }
        let one = Decimal { digits: 1, decimals: 0, width: 1 };
        let (first, increment, last) = match numbers.as_slice() {
            [] => return Err(out.misuse(1, "missing operand")),
            [last] => (one, one, *last),
            [first, last] => (*first, one, *last),
            [first, increment, last] => (*first, *increment, *last),
            _ => return Err(out.misuse(1, format_args!("extra operand {}", quote(&words[3])))),
        };
        let shown = first.decimals.max(increment.decimals);
        let decimals = shown.max(last.decimals);
        if increment.digits == 0 {
            let message = format!("invalid Zero increment value: {}", quote(&words[1]));
            return Err(out.misuse(1, message));
        }
        // LAST only bounds: what is shown has the places of FIRST and INCREMENT.
        let last_digits = last.scaled(decimals) / 10_i128.pow(decimals - shown);
        let pad = if shown == 0 { 0 } else { shown + 1 };
        let whole = |number: &Decimal| {
            number.width - if number.decimals == 0 { 0 } else { number.decimals + 1 }
        };
        let width = if same_width { whole(&first).max(whole(&last)) + pad } else { 0 };
        Ok(Self {
            next: fits(first.scaled(shown), out)?,
            increment: fits(increment.scaled(shown), out)?,
            last: fits(last_digits, out)?,
            decimals: shown,
            width,
            separator,
            begun: false,
        })
    }

    fn step(&mut self, out: &mut Out, _: &mut Sys<'_>) -> Result<Step, End> {
        let over = if self.increment > 0 { self.next > self.last } else { self.next < self.last };
        if over {
            if self.begun {
                out.text("\n");
            }
            return Ok(Step::Exit(0));
        }
        if self.begun {
            out.text(&self.separator);
        }
        self.begun = true;
        let scale = 10_u64.pow(self.decimals);
        let magnitude = self.next.unsigned_abs();
        let sign = if self.next < 0 { "-" } else { "" };
        let mut text = (magnitude / scale).to_string();
        if self.decimals > 0 {
            let places = self.decimals as usize;
            text.push_str(&format!(".{:0places$}", magnitude % scale));
        }
        let width = (self.width as usize).saturating_sub(sign.len());
        out.text(format!("{sign}{text:0>width$}"));
        match self.next.checked_add(self.increment) {
            Some(next) => self.next = next,
            // Nothing lies beyond the largest number: it was the last.
            None => {
                out.text("\n");
                return Ok(Step::Exit(0));
            }
        }
        Ok(Step::Again)
    }
}

/// A number of units as the state keeps it.
fn fits(number: i128, out: &mut Out) -> Result<i64, End> {
    i64::try_from(number)
        .map_err(|_| out.fail(1, "numbers of more than 18 digits are not known here"))
}

/// A decimal number, exactly.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    decimals: u32,
    /// Characters it was written with.
    width: u32,
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix(b"+").unwrap_or(text)),
        };
        let dot = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
        let (whole, fraction) = (&digits[..dot], digits.get(dot + 1..).unwrap_or_default());
        let all = whole.iter().chain(fraction);
        let count = whole.len() + fraction.len();
        if count == 0 || count > 18 || !all.clone().all(u8::is_ascii_digit) {
            return None;
        }
        let value = all.fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
        Some(Self {
            digits: if negative { -value } else { value },
            decimals: u32::try_from(fraction.len()).ok()?,
            width: u32::try_from(text.len()).ok()?,
        })
    }

    fn scaled(self, decimals: u32) -> i128 {
        self.digits * 10_i128.pow(decimals - self.decimals)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn counts() {
        assert_eq!(run("seq 3", ""), "1\n2\n3\n[exit 0]\n");
        assert_eq!(run("seq 2 -1 -1", ""), "2\n1\n0\n-1\n[exit 0]\n");
        assert_eq!(run("seq 1 .5 2", ""), "1.0\n1.5\n2.0\n[exit 0]\n");
        assert_eq!(run("seq -w 8 10", ""), "08\n09\n10\n[exit 0]\n");
        assert_eq!(run("seq -s, 3", ""), "1,2,3\n[exit 0]\n");
        assert_eq!(run("seq 3 1", ""), "[exit 0]\n");
        assert_eq!(
            run("seq x", ""),
            "[stderr]\nseq: invalid floating point argument: 'x'\nTry 'seq --help' for more information.\n[exit 1]\n"
        );
    }
}
