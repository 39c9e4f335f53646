//! The machine that runs compiled arithmetic.

use super::{Binary, Instr, Unary};

/// Variables as arithmetic sees them.
pub trait Names {
    /// The value of a name as a number.
    ///
    /// # Errors
    ///
    /// The text that is no number, or that the variable may not be used.
    fn load(&mut self, name: u32) -> Result<i64, Trouble>;

    /// Gives a name a value.
    ///
    /// # Errors
    ///
    /// That the variable may not be changed.
    fn store(&mut self, name: u32, value: i64) -> Result<(), Trouble>;
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Division or remainder by zero.
    DivisionByZero,
    /// A message of its own about a variable.
    Variable(Vec<u8>),
}

/// Runs compiled arithmetic. `stack` is room to work in.
///
/// # Errors
///
/// Division by zero, and what the variables say.
pub fn eval(code: &[Instr], stack: &mut Vec<i64>, names: &mut dyn Names) -> Result<i64, Trouble> {
    stack.clear();
    let mut next = 0;
    while let Some(instr) = code.get(next) {
        next += 1;
        match *instr {
            Instr::Push(value) => stack.push(value),
            Instr::Load(name) => stack.push(names.load(name)?),
            Instr::Store(name) => names.store(name, top(stack))?,
            Instr::Binary(operator) => {
                let right = stack.pop().unwrap_or(0);
                let left = stack.pop().unwrap_or(0);
                stack.push(binary(operator, left, right)?);
            }
            Instr::Unary(operator) => {
                let value = stack.pop().unwrap_or(0);
                stack.push(unary(operator, value));
            }
            Instr::And(end) => {
                if stack.pop() == Some(0) {
                    stack.push(0);
                    next = end as usize;
                }
            }
            Instr::Or(end) => {
                if stack.pop() != Some(0) {
                    stack.push(1);
                    next = end as usize;
                }
            }
            Instr::Truth => {
                let value = stack.pop().unwrap_or(0);
                stack.push(i64::from(value != 0));
            }
            Instr::Drop => {
                stack.pop();
            }
            Instr::Unless(end) => {
                if stack.pop() == Some(0) {
                    next = end as usize;
                }
            }
            Instr::Jump(end) => next = end as usize,
        }
    }
    Ok(top(stack))
}

fn top(stack: &[i64]) -> i64 {
    stack.last().copied().unwrap_or(0)
}

fn unary(operator: Unary, value: i64) -> i64 {
    match operator {
        Unary::Minus => value.wrapping_neg(),
        Unary::Not => i64::from(value == 0),
        Unary::Complement => !value,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shifts count modulo 64, as the processor's do"
)]
fn binary(operator: Binary, left: i64, right: i64) -> Result<i64, Trouble> {
    Ok(match operator {
        Binary::Multiply => left.wrapping_mul(right),
        Binary::Divide | Binary::Remainder if right == 0 => return Err(Trouble::DivisionByZero),
        Binary::Divide => left.wrapping_div(right),
        Binary::Remainder => left.wrapping_rem(right),
        Binary::Add => left.wrapping_add(right),
        Binary::Subtract => left.wrapping_sub(right),
        Binary::ShiftLeft => left.wrapping_shl(right as u32),
        Binary::ShiftRight => left.wrapping_shr(right as u32),
        Binary::Less => i64::from(left < right),
        Binary::LessOrEqual => i64::from(left <= right),
        Binary::Greater => i64::from(left > right),
        Binary::GreaterOrEqual => i64::from(left >= right),
        Binary::Equal => i64::from(left == right),
        Binary::NotEqual => i64::from(left != right),
        Binary::BitAnd => left & right,
        Binary::BitXor => left ^ right,
        Binary::BitOr => left | right,
    })
}

/// The number at the beginning of `text`, which begins with a digit, and its length: C's decimal,
/// octal and hexadecimal forms, at most the greatest number.
pub(super) fn literal(text: &[u8]) -> (i64, usize) {
    let hexadecimal = text.first() == Some(&b'0')
        && matches!(text.get(1), Some(b'x' | b'X'))
        && text.get(2).is_some_and(u8::is_ascii_hexdigit);
    let (base, start) = match text.first() {
        Some(b'0') if hexadecimal => (16, 2),
        Some(b'0') => (8, 0),
        _ => (10, 0),
    };
    let mut value = 0i64;
    let mut at = start;
    while let Some(digit) = text.get(at).and_then(|byte| char::from(*byte).to_digit(base)) {
        value = value.saturating_mul(i64::from(base)).saturating_add(i64::from(digit));
        at += 1;
    }
    (value, at)
}

/// A variable's value as a number: blanks, a sign, and C's forms; nothing is 0.
pub fn number(text: &[u8]) -> Option<i64> {
    // The common case: a short decimal number.
    if let [first @ b'1'..=b'9', rest @ ..] = text
        && rest.len() < 17
        && rest.iter().all(u8::is_ascii_digit)
    {
        let start = i64::from(*first - b'0');
        return Some(rest.iter().fold(start, |value, digit| value * 10 + i64::from(digit - b'0')));
    }
    let text = text.trim_ascii();
    let (negative, digits) = match text {
        [] => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    digits.first().filter(|digit| digit.is_ascii_digit())?;
    let (value, length) = literal(digits);
    (length == digits.len()).then(|| if negative { value.wrapping_neg() } else { value })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::proptest;

    use super::super::compile;
    use super::*;

    #[derive(Default)]
    struct Table {
        names: Vec<Vec<u8>>,
        values: BTreeMap<u32, i64>,
    }

    impl Names for Table {
        fn load(&mut self, name: u32) -> Result<i64, Trouble> {
            Ok(self.values.get(&name).copied().unwrap_or(0))
        }

        fn store(&mut self, name: u32, value: i64) -> Result<(), Trouble> {
            self.values.insert(name, value);
            Ok(())
        }
    }

    fn run(text: &str) -> String {
        let mut table = Table::default();
        let names = &mut table.names;
        let mut intern = |name: &[u8]| {
            let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_vec());
                names.len() - 1
            });
            u32::try_from(at).unwrap()
        };
        match compile(text.as_bytes(), &mut intern) {
            Ok(code) => match eval(&code, &mut Vec::new(), &mut table) {
                Ok(value) => value.to_string(),
                Err(trouble) => format!("{trouble:?}"),
            },
            Err(fault) => fault.message().to_string(),
        }
    }

    #[test]
    fn values() {
        for (text, value) in [
            ("", "0"),
            ("1 + 2 * 3", "7"),
            ("(1 + 2) * 3", "9"),
            ("7 / 2 - 7 % 4", "0"),
            ("- -3", "3"),
            ("!5 + ~0", "-1"),
            ("1 << 4 >> 2", "4"),
            ("3 < 4 == 1", "1"),
            ("1 ? 2 : 3 ? 4 : 5", "2"),
            ("0 ? 2 : 0 ? 4 : 5", "5"),
            ("0 && 1 / 0", "0"),
            ("2 || 1 / 0", "1"),
            ("1 && 2", "1"),
            ("x = 5, x += 2, x * x", "49"),
            ("x = y = 3, x + y", "6"),
            ("0x1F + 010", "39"),
            ("6 & 3 | 8 ^ 1", "11"),
            ("1 ? x = 4 : 3, x", "4"),
            ("9223372036854775807 + 1", "-9223372036854775808"),
            ("99999999999999999999", "9223372036854775807"),
            ("((((1))))", "1"),
        ] {
            assert_eq!(run(text), value, "{text}");
        }
    }

    #[test]
    fn faults() {
        for (text, message) in [
            ("1 +", "expecting primary"),
            ("i++", "expecting primary"),
            ("1 2", "expecting EOF"),
            ("08", "expecting EOF"),
            ("(1", "expecting ')'"),
            ("1 ? 2", "expecting ':'"),
            ("1 + x = 3", "expecting EOF"),
            ("1 / 0", "DivisionByZero"),
            ("1)", "expecting EOF"),
        ] {
            assert_eq!(run(text), message, "{text}");
        }
    }

    #[test]
    fn depth_costs_no_host_stack() {
        let deep = "(".repeat(10_000) + "1" + &")".repeat(10_000);
        assert_eq!(run(&deep), "1");
        assert_eq!(run(&"-".repeat(10_000)), "expecting primary");
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-0-9a-c+*/%()?:=&|<>!~ ,]{0,40}") {
            run(&text);
        }
    }
}
