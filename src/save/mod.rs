//! Savegames: a whole world as one string, and back.
//!
//! There are two forms with the same content. The readable one is RON with a comment before each
//! record; the compact one is a single printable line. Either is canonical: a state has exactly
//! one savegame of each form, and save, load, save is the identity, also from one form to the
//! other. [`Sim::save`](crate::Sim::save) and [`Sim::load`](crate::Sim::load) are the way in;
//! here are the tools that look at savegames without playing them.
//!
//! A typical load is: the header is read and a newer format refused; every record's digest is
//! checked; records of an older format are migrated; each is decoded into its type; references
//! are checked; the world is built, and its digest compared with the one that was written.

mod check;
mod compact;
mod diff;
mod error;
mod inspect;
mod migrate;
mod record;
mod snapshot;
mod text;

pub use diff::Difference;
pub use error::{Finding, LoadError, Place};
pub use inspect::{Inspection, MachineInspection, check, differences, inspect};
pub use record::FORMAT;
#[cfg(test)]
pub(crate) use record::Record;
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

/// A readable savegame with changed records and right digests, as an attacker would make it; the
/// digest of the world is the one that the last attempt to load it told, if any.
#[cfg(test)]
pub(crate) fn forge(
    savegame: &str,
    told: Option<&LoadError>,
    mut edit: impl FnMut(&mut String),
) -> String {
    let container = container(savegame).expect("a savegame to start from");
    let mut header = container.header;
    if let Some(LoadError::Inconsistent(finding)) = told
        && let Some(digest) = finding.what.strip_prefix("its digest is ")
    {
        header.digest = record::parse_digest(&digest[..32]).expect("a digest");
    }
    let mut writer = text::Writer::new(&header);
    for record in container.records {
        if let record::Body::Text { mut text, .. } = record.body {
            edit(&mut text);
            writer.encoded(record.key, &text);
        }
    }
    writer.finish()
}
