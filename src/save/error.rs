//! [`LoadError`]: why a savegame was refused, where, and how much of it is whole.

use core::fmt;

/// A place in a savegame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the readable form: line and column, both counted from 1.
    Line(u32, u32),
    /// In the compact form: a byte of the line, counted from 0.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line, column) => write!(f, "line {line}, column {column}"),
            Self::Byte(offset) => write!(f, "byte {offset}"),
        }
    }
}

/// One thing that is wrong with a savegame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it was noticed.
    pub place: Place,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Why a savegame was refused. Nothing has been built when it is returned.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The text is something else.
    #[error(
        "this is not a Hostscape savegame: it begins with neither `// Hostscape savegame` \
         nor `hostscape:`; expected the text that `save` gave"
    )]
    NotASave,
    /// The format number is higher than this version knows.
    #[error(
        "this savegame was written by Hostscape {engine} in format {found}, but this version \
         reads formats up to {known}: update Hostscape to load it"
    )]
    Newer {
        /// The savegame's format.
        found: u32,
        /// The newest format that can be read.
        known: u32,
        /// The version of the engine that wrote it.
        engine: String,
    },
    /// The text was cut, changed, or garbled after it was written.
    #[error("damaged savegame, {first}; whole: {whole}; restore an undamaged copy")]
    Damaged {
        /// The first damage found.
        first: Finding,
        /// What can still be read, in words.
        whole: String,
    },
    /// Every part can be read but they do not fit together.
    #[error("this savegame contradicts itself, {0}; it was edited, or a bug wrote it")]
    Inconsistent(Finding),
    /// The savegame asks for more than a limit of the engine.
    #[error("this savegame is too big: {what} (limit {limit})")]
    TooBig {
        /// What there is too much of.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// It needs something that this program does not have.
    #[error("{what}; load it with the program that wrote it, or add what is missing")]
    Missing {
        /// What is missing.
        what: String,
    },
}
