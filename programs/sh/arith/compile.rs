//! The compiler of arithmetic: operator precedence with an explicit stack of waiting operators.

use super::eval::literal;
use super::{Binary, Instr, Unary};

/// Why an expression does not compile, in dash's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An operand is missing.
    Primary,
    /// A parenthesis is not closed.
    Paren,
    /// Something follows the expression.
    End,
    /// `?` without `:`.
    Colon,
    /// More instructions than the limit.
    TooLong,
}

impl Fault {
    /// The message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Primary => "expecting primary",
            Self::Paren => "expecting ')'",
            Self::End => "expecting EOF",
            Self::Colon => "expecting ':'",
            Self::TooLong => "expression too long",
        }
    }
}

/// An operator that waits for its right operand.
#[derive(Clone, Copy)]
enum Waiting {
    Paren,
    Unary(Unary),
    Plus,
    Binary(Binary),
    And(usize),
    Or(usize),
    Question(usize),
    Colon(usize),
    Assign(Option<Binary>, u32),
    Comma,
}

impl Waiting {
    /// How strongly it binds; a new operator first completes those that bind at least as much.
    fn strength(self) -> u8 {
        match self {
            Self::Paren | Self::Question(_) => 0,
            Self::Comma => 1,
            Self::Assign(..) => 2,
            Self::Colon(_) => 3,
            Self::Or(_) => 4,
            Self::And(_) => 5,
            Self::Binary(operator) => strength(operator),
            Self::Unary(_) | Self::Plus => 20,
        }
    }
}

fn strength(operator: Binary) -> u8 {
    match operator {
        Binary::BitOr => 6,
        Binary::BitXor => 7,
        Binary::BitAnd => 8,
        Binary::Equal | Binary::NotEqual => 9,
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => 10,
        Binary::ShiftLeft | Binary::ShiftRight => 11,
        Binary::Add | Binary::Subtract => 12,
        Binary::Multiply | Binary::Divide | Binary::Remainder => 13,
    }
}

/// Operators by spelling, longest first. `None` marks those that are not plain binary ones.
const OPERATORS: &[(&[u8], Binary)] = &[
    (b"<<", Binary::ShiftLeft),
    (b">>", Binary::ShiftRight),
    (b"<=", Binary::LessOrEqual),
    (b">=", Binary::GreaterOrEqual),
    (b"==", Binary::Equal),
    (b"!=", Binary::NotEqual),
    (b"*", Binary::Multiply),
    (b"/", Binary::Divide),
    (b"%", Binary::Remainder),
    (b"+", Binary::Add),
    (b"-", Binary::Subtract),
    (b"<", Binary::Less),
    (b">", Binary::Greater),
    (b"&", Binary::BitAnd),
    (b"^", Binary::BitXor),
    (b"|", Binary::BitOr),
];

struct Compiler<'a> {
    text: &'a [u8],
    at: usize,
    code: Vec<Instr>,
    waiting: Vec<Waiting>,
}

/// Compiles an expression; `intern` gives names their numbers.
///
/// # Errors
///
/// What is wrong with the expression.
pub fn compile(text: &[u8], intern: &mut dyn FnMut(&[u8]) -> u32) -> Result<Vec<Instr>, Fault> {
    let mut compiler = Compiler { text, at: 0, code: Vec::new(), waiting: Vec::new() };
    compiler.blank();
    if compiler.at == text.len() {
        // POSIX leaves an empty expression open; dash and others take it as 0.
        return Ok(vec![Instr::Push(0)]);
    }
    loop {
        compiler.operand(intern)?;
        if compiler.operator()? {
            break;
        }
        if compiler.code.len() > crate::base::limits::SHELL_ARITH_MAX {
            return Err(Fault::TooLong);
        }
    }
    Ok(compiler.code)
}

/// How many bytes of `text` are a name.
fn name_length(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
        }
        _ => 0,
    }
}

impl Compiler<'_> {
    fn blank(&mut self) {
        while self.rest().first().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn here(&self) -> u32 {
        u32::try_from(self.code.len()).unwrap_or(u32::MAX)
    }

    /// Reads prefix operators and one operand.
    fn operand(&mut self, intern: &mut dyn FnMut(&[u8]) -> u32) -> Result<(), Fault> {
        loop {
            self.blank();
            let waiting = match self.rest().first() {
                Some(b'(') => Waiting::Paren,
                Some(b'-') => Waiting::Unary(Unary::Minus),
                Some(b'+') => Waiting::Plus,
                Some(b'~') => Waiting::Unary(Unary::Complement),
                Some(b'!') if self.rest().get(1) != Some(&b'=') => Waiting::Unary(Unary::Not),
                Some(digit) if digit.is_ascii_digit() => {
                    let (value, length) = literal(self.rest());
                    self.at += length;
                    self.code.push(Instr::Push(value));
                    return Ok(());
                }
                Some(_) if name_length(self.rest()) > 0 => {
                    if self.name(intern) {
                        continue;
                    }
                    return Ok(());
                }
                _ => return Err(Fault::Primary),
            };
            self.at += 1;
            self.waiting.push(waiting);
        }
    }

    /// Reads a name; whether it is being assigned to, so that another operand follows.
    fn name(&mut self, intern: &mut dyn FnMut(&[u8]) -> u32) -> bool {
        let length = name_length(self.rest());
        let name = intern(&self.rest()[..length]);
        self.at += length;
        self.blank();
        let may_assign = self.waiting.last().is_none_or(|top| {
            let open = matches!(top, Waiting::Paren | Waiting::Question(_));
            open || matches!(top, Waiting::Assign(..) | Waiting::Comma)
        });
        if let (true, Some((operator, length))) = (may_assign, self.assignment()) {
            self.at += length;
            if operator.is_some() {
                self.code.push(Instr::Load(name));
            }
            self.waiting.push(Waiting::Assign(operator, name));
            return true;
        }
        self.code.push(Instr::Load(name));
        false
    }

    /// An assignment operator here, and its length.
    fn assignment(&self) -> Option<(Option<Binary>, usize)> {
        let rest = self.rest();
        if rest.first() == Some(&b'=') && rest.get(1) != Some(&b'=') {
            return Some((None, 1));
        }
        OPERATORS.iter().find_map(|(spelling, operator)| {
            let arithmetic = !matches!(strength(*operator), 9 | 10);
            let assigns = rest.strip_prefix(*spelling)?.first() == Some(&b'=');
            (arithmetic && assigns).then_some((Some(*operator), spelling.len() + 1))
        })
    }

    /// Reads what follows an operand; whether the expression is complete.
    fn operator(&mut self) -> Result<bool, Fault> {
        loop {
            self.blank();
            let rest = self.rest();
            match rest {
                [] => return self.finish().map(|()| true),
                [b')', ..] => {
                    self.complete(1);
                    match self.waiting.pop() {
                        Some(Waiting::Paren) => self.at += 1,
                        Some(_) => return Err(Fault::Colon),
                        None => return Err(Fault::End),
                    }
                    continue;
                }
                [b'&', b'&', ..] => self.logical(5, Instr::And, Waiting::And),
                [b'|', b'|', ..] => self.logical(4, Instr::Or, Waiting::Or),
                [b'?', ..] => {
                    self.complete(4);
                    self.waiting.push(Waiting::Question(self.code.len()));
                    self.code.push(Instr::Unless(0));
                    self.at += 1;
                }
                [b':', ..] => self.colon()?,
                [b',', ..] => {
                    self.complete(1);
                    self.code.push(Instr::Drop);
                    self.waiting.push(Waiting::Comma);
                    self.at += 1;
                }
                _ => self.binary()?,
            }
            return Ok(false);
        }
    }

    fn binary(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let found = OPERATORS.iter().find(|(spelling, _)| rest.starts_with(spelling));
        let (spelling, operator) = found.ok_or_else(|| self.misplaced())?;
        self.complete(strength(*operator));
        self.waiting.push(Waiting::Binary(*operator));
        self.at += spelling.len();
        Ok(())
    }

    /// What dash says of something that is no operator.
    fn misplaced(&self) -> Fault {
        let open = self.waiting.iter().rev().find_map(|waiting| match waiting {
            Waiting::Paren => Some(Fault::Paren),
            Waiting::Question(_) => Some(Fault::Colon),
            _ => None,
        });
        open.unwrap_or(Fault::End)
    }

    fn logical(&mut self, level: u8, jump: fn(u32) -> Instr, waiting: fn(usize) -> Waiting) {
        self.complete(level);
        self.waiting.push(waiting(self.code.len()));
        self.code.push(jump(0));
        self.at += 2;
    }

    fn colon(&mut self) -> Result<(), Fault> {
        self.complete(1);
        let Some(Waiting::Question(question)) = self.waiting.pop() else {
            return Err(self.misplaced());
        };
        let end = self.code.len();
        self.code.push(Instr::Jump(0));
        self.code[question] = Instr::Unless(self.here());
        self.waiting.push(Waiting::Colon(end));
        self.at += 1;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        self.complete(1);
        if self.waiting.is_empty() { Ok(()) } else { Err(self.misplaced()) }
    }

    /// Emits the waiting operators that bind at least as strongly as `level`.
    fn complete(&mut self, level: u8) {
        while let Some(top) = self.waiting.last().copied() {
            if top.strength() < level {
                break;
            }
            self.waiting.pop();
            match top {
                Waiting::Unary(operator) => self.code.push(Instr::Unary(operator)),
                Waiting::Binary(operator) => self.code.push(Instr::Binary(operator)),
                Waiting::And(at) => {
                    self.code.push(Instr::Truth);
                    self.code[at] = Instr::And(self.here());
                }
                Waiting::Or(at) => {
                    self.code.push(Instr::Truth);
                    self.code[at] = Instr::Or(self.here());
                }
                Waiting::Colon(at) => self.code[at] = Instr::Jump(self.here()),
                Waiting::Assign(operator, name) => {
                    self.code.extend(operator.map(Instr::Binary));
                    self.code.push(Instr::Store(name));
                }
                Waiting::Plus | Waiting::Comma | Waiting::Paren | Waiting::Question(_) => {}
            }
        }
    }
}
