//! [`Halt`]: why the shell cannot go on with what it does.

use crate::base::Errno;
use crate::kernel::{Stop, Wait};

/// Why an instruction did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It has to wait, and runs again from its beginning.
    Block(Wait),
    /// The step is to end at once: the process runs another program now, or a signal ends it.
    Yield,
    /// A shell error: ends the shell, unless the utility it happens in or a prompt catches it.
    Fail(Failure),
}

/// A shell error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is said, without the shell's name and line.
    pub message: Vec<u8>,
    /// The status it leaves.
    pub status: u8,
}

/// The result of what may wait or fail.
pub type Eval<T> = Result<T, Halt>;

impl Halt {
    /// A shell error with the usual status.
    pub fn error(message: impl Into<Vec<u8>>) -> Self {
        Self::Fail(Failure { message: message.into(), status: 2 })
    }

    /// A shell error about something: `what: message`.
    pub fn about(what: &[u8], message: &str) -> Self {
        Self::error([what, b": ", message.as_bytes()].concat())
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Block(wait) => Self::Block(wait),
            Stop::Fail(errno) => errno.into(),
        }
    }
}

impl From<Errno> for Halt {
    fn from(errno: Errno) -> Self {
        Self::error(errno.message())
    }
}
