//! Arithmetic: C's integer expressions, compiled to instructions of a small stack machine.
//!
//! Constant expressions are compiled once with the command they stand in; others when their text
//! is known. Neither compiling nor running recurses.
//! Follows: POSIX.1-2024 XCU 2.6.4, on signed 64-bit numbers that wrap. Left out: `++` and `--`,
//! as in dash.

mod compile;
mod eval;

use serde::{Deserialize, Serialize};

pub use compile::compile;
pub use eval::{Names, Trouble, eval, number};

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Instr {
    /// Pushes a number.
    Push(i64),
    /// Pushes a variable's value.
    Load(u32),
    /// Assigns the top to a variable and leaves it there.
    Store(u32),
    /// Replaces two numbers by one.
    Binary(Binary),
    /// Replaces a number.
    Unary(Unary),
    /// Goes to the instruction with a 0 on top if the top is 0, else drops it.
    And(u32),
    /// Goes to the instruction with a 1 on top if the top is not 0, else drops it.
    Or(u32),
    /// Replaces the top by 0 or 1.
    Truth,
    /// Drops the top.
    Drop,
    /// Drops the top and goes to the instruction if it was 0.
    Unless(u32),
    /// Goes to the instruction.
    Jump(u32),
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binary {
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `|`
    BitOr,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unary {
    /// `-`
    Minus,
    /// `!`
    Not,
    /// `~`
    Complement,
}
