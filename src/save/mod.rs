//! Savegames: a whole world as one string, and back.

pub mod diff;
pub mod error;
pub mod record;

mod check;
mod compact;
mod migrate;
mod snapshot;
mod text;

pub use diff::Difference;
pub use error::{Finding, LoadError, Place};
pub(crate) use snapshot::{build, to_compact, to_text};

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use record::Container;

/// Takes a savegame of either form apart into checked records.
pub(crate) fn container(savegame: &str) -> Result<Container, LoadError> {
    let savegame = savegame.trim_start_matches('\u{feff}').trim_ascii();
    let mut container = if savegame.starts_with(compact::MAGIC) {
        compact::read(&unwrapped(savegame))?
    } else {
        text::read(&unix_lines(savegame))?
    };
    let from = container.header.format;
    if container.findings.is_empty() {
        migrate::migrate(from, &mut container.records)?;
    }
    Ok(container)
}

/// A compact savegame on one line again, after a mail program or chat has wrapped it.
fn unwrapped(line: &str) -> Cow<'_, str> {
    if line.contains(|c: char| c.is_ascii_whitespace()) {
        Cow::Owned(line.split_ascii_whitespace().collect())
    } else {
        Cow::Borrowed(line)
    }
}

/// Line endings as they were written. A carriage return in a value is always escaped.
fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}
