//! `test`: evaluates a condition.
//!
//! Follows: POSIX.1-2024 `test`, with `-a`, `-o` and parentheses. Evaluated with explicit stacks.

use super::{Builtin, Outcome};
use crate::base::Fd;
use crate::fs::{AccessMode, FileType, Stat};
use crate::kernel::Sys;
use crate::programs::sh::arith;
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("test", test);

fn test(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let range = 1..shell.words.len();
    evaluate(shell, range, sys)
}

/// Evaluates the words of a range.
pub(super) fn evaluate(
    shell: &mut Shell,
    range: core::ops::Range<usize>,
    sys: &mut Sys<'_>,
) -> Eval<Outcome> {
    let mut test = Test { shell, at: range.start, end: range.end, sys };
    let value = test.condition()?;
    if let Some(word) = test.peek(0) {
        return Err(Halt::about(word, "unexpected operator"));
    }
    Ok(Outcome::Status(u8::from(!value)))
}

struct Test<'a, 'b> {
    shell: &'a Shell,
    at: usize,
    end: usize,
    sys: &'a mut Sys<'b>,
}

/// What waits for a primary's value.
enum Waiting {
    Paren,
    Not,
    And(bool),
    Or(bool),
}

impl Test<'_, '_> {
    fn peek(&self, ahead: usize) -> Option<&[u8]> {
        let index = self.at + ahead;
        if index < self.end { self.shell.words.get(index) } else { None }
    }

    fn condition(&mut self) -> Eval<bool> {
        if self.at == self.end {
            return Ok(false);
        }
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            // What precedes a primary. A lone operator is a string that is not empty.
            loop {
                let left = self.end - self.at;
                match self.peek(0) {
                    Some(b"!") if left > 1 && !(left == 3 && self.binary_follows()) => {
                        waiting.push(Waiting::Not);
                    }
                    Some(b"(") if left > 1 && !(left == 3 && self.binary_follows()) => {
                        waiting.push(Waiting::Paren);
                    }
                    _ => break,
                }
                self.at += 1;
            }
            let mut value = self.primary()?;
            // What follows it.
            loop {
                while let Some(Waiting::Not) = waiting.last() {
                    waiting.pop();
                    value = !value;
                }
                match self.peek(0) {
                    Some(b"-a") => {
                        while let Some(Waiting::And(left)) = waiting.last() {
                            value &= *left;
                            waiting.pop();
                        }
                        waiting.push(Waiting::And(value));
                        self.at += 1;
                        break;
                    }
                    Some(b"-o") => {
                        value = settle(&mut waiting, value);
                        waiting.push(Waiting::Or(value));
                        self.at += 1;
                        break;
                    }
                    Some(b")") if waiting.iter().any(|w| matches!(w, Waiting::Paren)) => {
                        value = settle(&mut waiting, value);
                        waiting.pop();
                        self.at += 1;
                    }
                    _ => {
                        value = settle(&mut waiting, value);
                        if !waiting.is_empty() {
                            return Err(Halt::error("closing paren expected"));
                        }
                        return Ok(value);
                    }
                }
            }
        }
    }

    fn binary_follows(&self) -> bool {
        self.peek(1).is_some_and(is_binary)
    }

    fn primary(&mut self) -> Eval<bool> {
        let Some(word) = self.peek(0) else { return Err(Halt::error("argument expected")) };
        if let (Some(operator), Some(right)) = (self.peek(1), self.peek(2))
            && is_binary(operator)
        {
            let (left, operator, right) = (word.to_vec(), operator.to_vec(), right.to_vec());
            self.at += 3;
            return self.binary(&left, &operator, &right);
        }
        if let ([b'-', letter], Some(operand)) = (word, self.peek(1))
            && UNARY.contains(letter)
        {
            let (letter, operand) = (*letter, operand.to_vec());
            self.at += 2;
            return self.unary(letter, &operand);
        }
        let value = !word.is_empty();
        self.at += 1;
        Ok(value)
    }

    fn binary(&mut self, left: &[u8], operator: &[u8], right: &[u8]) -> Eval<bool> {
        Ok(match operator {
            b"=" | b"==" => left == right,
            b"!=" => left != right,
            b"<" => left < right,
            b">" => left > right,
            b"-nt" | b"-ot" | b"-ef" => {
                let (left, right) = (self.sys.fs().stat(left), self.sys.fs().stat(right));
                let (Ok(left), Ok(right)) = (left, right) else { return Ok(false) };
                match operator {
                    b"-nt" => left.mtime > right.mtime,
                    b"-ot" => left.mtime < right.mtime,
                    _ => (left.dev, left.ino) == (right.dev, right.ino),
                }
            }
            _ => {
                let (left, right) = (integer(left)?, integer(right)?);
                match operator {
                    b"-eq" => left == right,
                    b"-ne" => left != right,
                    b"-lt" => left < right,
                    b"-le" => left <= right,
                    b"-gt" => left > right,
                    _ => left >= right,
                }
            }
        })
    }

    fn unary(&mut self, letter: u8, operand: &[u8]) -> Eval<bool> {
        let kind = |kind| move |stat: Stat| stat.kind == kind;
        let mode = |bit: u16| move |stat: Stat| stat.mode & bit != 0;
        let sys = &mut *self.sys;
        Ok(match letter {
            b'n' => !operand.is_empty(),
            b'z' => operand.is_empty(),
            b't' => {
                let fd = u32::try_from(integer(operand)?).unwrap_or(u32::MAX);
                sys.io().is_tty(Fd(fd))
            }
            b'r' => sys.fs().access(operand, AccessMode::READ).is_ok(),
            b'w' => sys.fs().access(operand, AccessMode::WRITE).is_ok(),
            b'x' => sys.fs().access(operand, AccessMode::EXEC).is_ok(),
            b'h' | b'L' => sys.fs().lstat(operand).is_ok_and(kind(FileType::Symlink)),
            b'e' => sys.fs().stat(operand).is_ok(),
            b'f' => sys.fs().stat(operand).is_ok_and(kind(FileType::Regular)),
            b'd' => sys.fs().stat(operand).is_ok_and(kind(FileType::Directory)),
            b'p' => sys.fs().stat(operand).is_ok_and(kind(FileType::Fifo)),
            b'S' => sys.fs().stat(operand).is_ok_and(kind(FileType::Socket)),
            b'b' => sys.fs().stat(operand).is_ok_and(kind(FileType::BlockDevice)),
            b'c' => sys.fs().stat(operand).is_ok_and(kind(FileType::CharDevice)),
            b's' => sys.fs().stat(operand).is_ok_and(|stat| stat.size > 0),
            b'u' => sys.fs().stat(operand).is_ok_and(mode(0o4000)),
            b'g' => sys.fs().stat(operand).is_ok_and(mode(0o2000)),
            b'k' => sys.fs().stat(operand).is_ok_and(mode(0o1000)),
            owner => {
                let (uid, gid) = sys.os().credentials().map(|who| (who.euid(), who.egid()))?;
                let stat = sys.fs().stat(operand);
                stat.is_ok_and(|stat| if owner == b'O' { stat.uid == uid } else { stat.gid == gid })
            }
        })
    }
}

const UNARY: &[u8] = b"nztrwxhLefdpSbcsugkOG";

/// Completes what waits since the last parenthesis.
fn settle(waiting: &mut Vec<Waiting>, mut value: bool) -> bool {
    loop {
        match waiting.last() {
            Some(Waiting::And(left)) => value &= *left,
            Some(Waiting::Or(left)) => value |= *left,
            Some(Waiting::Not) => value = !value,
            Some(Waiting::Paren) | None => return value,
        }
        waiting.pop();
    }
}

fn is_binary(word: &[u8]) -> bool {
    matches!(
        word,
        b"=" | b"=="
            | b"!="
            | b"<"
            | b">"
            | b"-eq"
            | b"-ne"
            | b"-lt"
            | b"-le"
            | b"-gt"
            | b"-ge"
            | b"-nt"
            | b"-ot"
            | b"-ef"
    )
}

fn integer(word: &[u8]) -> Eval<i64> {
    let trimmed = word.trim_ascii();
    let digits = trimmed.strip_prefix(b"-").or(trimmed.strip_prefix(b"+")).unwrap_or(trimmed);
    // Decimal only: a leading zero says nothing here.
    let bare: &[u8] = match digits.iter().position(|byte| *byte != b'0') {
        _ if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) => {
            return Err(super::illegal_number(word));
        }
        Some(start) => &digits[start..],
        None => b"0",
    };
    let value = arith::number(bare).ok_or_else(|| super::illegal_number(word))?;
    Ok(if trimmed.first() == Some(&b'-') { value.wrapping_neg() } else { value })
}
