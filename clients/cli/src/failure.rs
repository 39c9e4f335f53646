//! How a command fails: a message that says what, where and how to mend it, and a status.

use std::fmt::{self, Display};
use std::io;
use std::process::ExitCode;

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    message: String,
    status: u8,
}

impl Failure {
    /// A failure with status 1.
    pub fn new(message: impl Display) -> Self {
        Self::with_status(1, message)
    }

    /// A failure with a status of its own.
    pub fn with_status(status: u8, message: impl Display) -> Self {
        Self { message: message.to_string(), status }
    }

    /// The same failure with another status, unless it has one of its own.
    pub fn or_status(self, status: u8) -> Self {
        if self.status == 1 { Self { status, ..self } } else { self }
    }

    /// Writes the message to standard error.
    pub fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("hostscape: {}", self.message);
        }
        ExitCode::from(self.status)
    }

    /// A failed write to standard output. A reader that went away wants no message.
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { message: String::new(), status: 128 + 13 };
        }
        Self::new(format_args!("cannot write to standard output: {error}"))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
