//! test: evaluate a condition; as `[` it wants a closing `]`.
//!
//! Follows: POSIX.1-2024 test; the further operators and messages of GNU coreutils 9.1.

use core::cmp::Ordering;

use bstr::{BString, ByteSlice};

use crate::base::Fd;
use crate::fs::{AccessMode, FileType, Stat};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Test>("test");

const SPEC: Spec = Spec::operands_only(
    "usage: test EXPRESSION\n   \
     or: [ EXPRESSION ]\n\
     Exit with 0 if EXPRESSION is true, with 1 if it is false.\n\n  \
     ( E ), ! E, E1 -a E2, E1 -o E2\n  \
     STRING, -n STRING, -z STRING, S1 = S2, S1 != S2, S1 < S2, S1 > S2\n  \
     N1 -eq N2, and -ne -lt -le -gt -ge\n  \
     F1 -ef F2, F1 -nt F2, F1 -ot F2\n  \
     -b -c -d -e -f -g -h -k -L -p -r -s -S -u -w -x -O -G FILE, -t FD",
);

/// Parentheses and negations in one another, at most.
const DEPTH_MAX: u32 = 200;

#[derive(Clone)]
struct Test;

impl Compute for Test {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let mut words = options.operands.as_slice();
        if out.name().ends_with(b"[") {
            words = match words {
                [words @ .., last] if last == "]" => words,
                _ => return Err(out.fail(2, "missing ']'")),
            };
        }
        let mut expression = Expression { words, at: 0, depth: 0, sys };
        let value = if words.is_empty() { Ok(false) } else { expression.any() };
        let rest = expression.words.get(expression.at);
        match (value, rest) {
            (Ok(_), Some(extra)) => {
                Err(out.fail(2, format_args!("extra argument {}", quote(extra))))
            }
            (Ok(value), None) => Ok(u8::from(!value)),
            (Err(message), _) => Err(out.fail(2, message)),
        }
    }
}

struct Expression<'w, 's, 'a> {
    words: &'w [BString],
    at: usize,
    depth: u32,
    sys: &'s mut Sys<'a>,
}

impl<'w> Expression<'w, '_, '_> {
    fn peek(&self, ahead: usize) -> Option<&'w BString> {
        self.words.get(self.at + ahead)
    }

    fn is(&self, word: &str) -> bool {
        self.peek(0).is_some_and(|next| next == word)
    }

    /// `E -o E -o …`
    fn any(&mut self) -> Result<bool, String> {
        let mut value = self.all()?;
        while self.is("-o") {
            self.at += 1;
            value |= self.all()?;
        }
        Ok(value)
    }

    /// `E -a E -a …`
    fn all(&mut self) -> Result<bool, String> {
        let mut value = self.one()?;
        while self.is("-a") {
            self.at += 1;
            value &= self.one()?;
        }
        Ok(value)
    }

    fn one(&mut self) -> Result<bool, String> {
        let Some(word) = self.peek(0) else {
            let last = self.words.last().cloned().unwrap_or_default();
            return Err(format!("missing argument after {}", quote(last)));
        };
        // What stands before a binary operator is text, whatever it looks like.
        let binary = self.peek(2).is_some() && self.peek(1).is_some_and(|next| is_binary(next));
        if binary {
            return self.binary();
        }
        let left = self.words.len() - self.at;
        if word == "!" && left > 1 {
            self.at += 1;
            return self.nested(|expression| Ok(!expression.one()?));
        }
        if word == "(" && left > 1 {
            self.at += 1;
            return self.nested(|expression| {
                let value = expression.any()?;
                if !expression.is(")") {
                    return Err("')' expected".to_owned());
                }
                expression.at += 1;
                Ok(value)
            });
        }
        self.at += 1;
        if let [b'-', letter] = word.as_slice()
            && left > 1
        {
            let operand = &self.words[self.at];
            if let Some(value) = self.unary(*letter, operand)? {
                self.at += 1;
                return Ok(value);
            }
        }
        Ok(!word.is_empty())
    }

    fn nested(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<bool, String>,
    ) -> Result<bool, String> {
        if self.depth >= DEPTH_MAX {
            return Err("expression too deep".to_owned());
        }
        self.depth += 1;
        let value = inner(self);
        self.depth -= 1;
        value
    }

    fn binary(&mut self) -> Result<bool, String> {
        let [left, operator, right] = &self.words[self.at..self.at + 3] else {
            return Err("missing argument".to_owned());
        };
        self.at += 3;
        let stats = |sys: &mut Sys<'_>| (sys.fs().stat(left).ok(), sys.fs().stat(right).ok());
        Ok(match operator.as_slice() {
            b"=" | b"==" => left == right,
            b"!=" => left != right,
            b"<" => left < right,
            b">" => left > right,
            b"-ef" => match stats(self.sys) {
                (Some(a), Some(b)) => (a.dev, a.ino) == (b.dev, b.ino),
                _ => false,
            },
            b"-nt" => match stats(self.sys) {
                (Some(a), Some(b)) => a.mtime > b.mtime,
                (a, b) => a.is_some() && b.is_none(),
            },
            b"-ot" => match stats(self.sys) {
                (Some(a), Some(b)) => a.mtime < b.mtime,
                (a, b) => a.is_none() && b.is_some(),
            },
            operator => {
                let order = compare(left, right)?;
                match operator {
                    b"-eq" => order == Ordering::Equal,
                    b"-ne" => order != Ordering::Equal,
                    b"-lt" => order == Ordering::Less,
                    b"-le" => order != Ordering::Greater,
                    b"-gt" => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }
            }
        })
    }

    /// The value of `-LETTER OPERAND`; `None` for a letter that is no operator.
    fn unary(&mut self, letter: u8, operand: &BString) -> Result<Option<bool>, String> {
        let sys = &mut *self.sys;
        let kind =
            |sys: &mut Sys<'_>, kind| sys.fs().stat(operand).is_ok_and(|stat| stat.kind == kind);
        let stat = |sys: &mut Sys<'_>, test: fn(&Stat) -> bool| {
            sys.fs().stat(operand).is_ok_and(|stat| test(&stat))
        };
        let may = |sys: &mut Sys<'_>, mode| sys.fs().access(operand, mode).is_ok();
        Ok(Some(match letter {
            b'n' => !operand.is_empty(),
            b'z' => operand.is_empty(),
            b'b' => kind(sys, FileType::BlockDevice),
            b'c' => kind(sys, FileType::CharDevice),
            b'd' => kind(sys, FileType::Directory),
            b'e' => stat(sys, |_| true),
            b'f' => kind(sys, FileType::Regular),
            b'g' => stat(sys, |stat| stat.mode & 0o2000 != 0),
            b'h' | b'L' => sys.fs().lstat(operand).is_ok_and(|stat| stat.kind == FileType::Symlink),
            b'k' => stat(sys, |stat| stat.mode & 0o1000 != 0),
            b'p' => kind(sys, FileType::Fifo),
            b'r' => may(sys, AccessMode::READ),
            b's' => stat(sys, |stat| stat.size > 0),
            b'S' => kind(sys, FileType::Socket),
            b'u' => stat(sys, |stat| stat.mode & 0o4000 != 0),
            b'w' => may(sys, AccessMode::WRITE),
            b'x' => may(sys, AccessMode::EXEC),
            b'O' => {
                let own = sys.os().credentials().map(|own| own.euid()).ok();
                sys.fs().stat(operand).is_ok_and(|stat| Some(stat.uid) == own)
            }
            b'G' => {
                let own = sys.os().credentials().map(|own| own.egid()).ok();
                sys.fs().stat(operand).is_ok_and(|stat| Some(stat.gid) == own)
            }
            b't' => {
                let fd =
                    number(operand).ok_or_else(|| format!("invalid integer {}", quote(operand)))?;
                sys.io().is_tty(Fd(fd))
            }
            _ => return Ok(None),
        }))
    }
}

fn is_binary(word: &[u8]) -> bool {
    let operators: [&[u8]; 14] = [
        b"=", b"==", b"!=", b"<", b">", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-ef",
        b"-nt", b"-ot",
    ];
    operators.contains(&word)
}

/// Compares integers of any length.
fn compare(a: &BString, b: &BString) -> Result<Ordering, String> {
    let parse = |text: &BString| -> Option<(bool, BString)> {
        let trimmed = text.trim_ascii();
        let (minus, digits) = match trimmed.strip_prefix(b"-") {
            Some(digits) => (true, digits),
            None => (false, trimmed.strip_prefix(b"+").unwrap_or(trimmed)),
        };
        let number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = BString::from(&digits[zeros..]);
        number.then(|| (minus && !digits.is_empty(), digits))
    };
    let invalid = |text| format!("invalid integer {}", quote(text));
    let (a, b) = (parse(a).ok_or_else(|| invalid(a))?, parse(b).ok_or_else(|| invalid(b))?);
    let magnitude = a.1.len().cmp(&b.1.len()).then_with(|| a.1.as_bytes().cmp(b.1.as_bytes()));
    Ok(match (a.0, b.0) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn conditions_are_those_of_posix() {
        let mut guest = Guest::new();
        guest.file("/tmp/f", "x").file("/tmp/e", "");
        for (line, value) in [
            ("", false),
            ("''", false),
            ("x", true),
            ("-f", true),
            ("-n ''", false),
            ("-z ''", true),
            ("a = a", true),
            ("a != a", false),
            ("! a = a", false),
            ("! ''", true),
            ("9 -lt 10", true),
            ("-3 -gt -2", false),
            ("007 -eq 7", true),
            ("99999999999999999999 -gt 1", true),
            ("-d /tmp", true),
            ("-f /tmp", false),
            ("-s /tmp/f -a ! -s /tmp/e", true),
            ("-e /no -o -r /tmp/f", true),
            ("( a = b -o c = c ) -a x", true),
            ("/tmp/f -ef /tmp/../tmp/f", true),
            ("-t 0", false),
            ("( = (", true),
        ] {
            let expected = format!("[exit {}]\n", u8::from(!value));
            assert_eq!(guest.run(&format!("test {line}"), ""), expected, "{line}");
        }
    }

    #[test]
    fn nonsense_is_status_two() {
        let mut guest = Guest::new();
        expect![[r#"
            [stderr]
            test: invalid integer 'a'
            [exit 2]
        "#]]
        .assert_eq(&guest.run("test a -eq 1", ""));
        expect![[r#"
            [stderr]
            test: extra argument 'b'
            [exit 2]
        "#]]
        .assert_eq(&guest.run("test a b", ""));
        let deep = format!("test {}", "( ".repeat(1000));
        assert!(guest.run(&deep, "").contains("[exit 2]"));
    }
}
