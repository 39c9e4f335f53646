//! Records: the parts of a savegame, each with its own digest, so that damage stays local.
//!
//! A savegame is a header and a list of records in a fixed order: the world, each image, each
//! machine, the links, the packets in flight, the queued inputs. Both forms carry the same
//! records; they differ in how a record's value is encoded and how records are told apart.

use core::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{Finding, LoadError, Place};
use crate::base::MachineId;
use crate::base::digest::Digest;

/// The newest format, which is the one that is written.
pub const FORMAT: u32 = 1;

/// What stands before the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format of everything that follows.
    pub format: u32,
    /// The version of the engine that wrote it, for people.
    pub engine: String,
    /// The digest of the world: what `Sim::digest` gave when it was saved.
    pub digest: Digest,
}

impl Header {
    /// The header of a savegame written now.
    pub(super) fn new(digest: Digest) -> Self {
        Self { format: FORMAT, engine: env!("CARGO_PKG_VERSION").to_owned(), digest }
    }

    /// Refuses formats that are newer than this engine.
    pub(super) fn known(self) -> Result<Self, LoadError> {
        if self.format > FORMAT {
            return Err(LoadError::Newer {
                found: self.format,
                known: FORMAT,
                engine: self.engine,
            });
        }
        Ok(self)
    }
}

/// Which record this is; also the order in which records stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// Clock, seed and counters.
    World,
    /// One image, by its digest.
    Image(Digest),
    /// One machine.
    Machine(MachineId),
    /// All links and what is plugged into them.
    Links,
    /// Packets that are under way.
    Flight,
    /// What the embedder queued for later ticks.
    Inputs,
}

impl Key {
    /// The name of the kind of record, which is its variant in the readable form.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::World => "World",
            Self::Image(_) => "Image",
            Self::Machine(_) => "Machine",
            Self::Links => "Links",
            Self::Flight => "Flight",
            Self::Inputs => "Inputs",
        }
    }

    /// Reads what `Display` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        Some(match (kind, rest) {
            ("world", "") => Self::World,
            ("image", digest) => Self::Image(parse_digest(digest)?),
            ("machine", id) => Self::Machine(MachineId(id.parse().ok()?)),
            ("links", "") => Self::Links,
            ("flight", "") => Self::Flight,
            ("inputs", "") => Self::Inputs,
            _ => return None,
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("world"),
            Self::Image(digest) => write!(f, "image {digest}"),
            Self::Machine(id) => write!(f, "machine {id}"),
            Self::Links => f.write_str("links"),
            Self::Flight => f.write_str("flight"),
            Self::Inputs => f.write_str("inputs"),
        }
    }
}

/// Reads the 32 hex digits, in lower case, that a digest is written as.
pub(super) fn parse_digest(text: &str) -> Option<Digest> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 32 || !text.bytes().all(is_digit) {
        return None;
    }
    let mut digest = Digest::default();
    for (byte, at) in digest.0.iter_mut().zip((0..32).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(digest)
}

/// How a record's value is encoded.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// RON; where the value begins in the savegame.
    Text { text: String, line: u32, column: u32 },
    /// Postcard.
    Binary(Vec<u8>),
}

/// One record that was found whole.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) key: Key,
    /// The digest that was checked: over the bytes of the value as encoded.
    pub(crate) digest: Digest,
    pub(super) body: Body,
    /// Where the record stands, for messages.
    pub(crate) place: Place,
}

impl Record {
    /// The record's value.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        let problem = match &self.body {
            Body::Text { text, line, column } => match options().from_str(text) {
                Ok(value) => return Ok(value),
                Err(error) => {
                    let at = error.span.start;
                    let first = at.line <= 1;
                    let column = if first { *column } else { 1 };
                    let place = Place::Line(
                        line.saturating_add(small(at.line.saturating_sub(1))),
                        column.saturating_add(small(at.col.saturating_sub(1))),
                    );
                    Finding { place, what: format!("in {}: {}", self.key, error.code) }
                }
            },
            Body::Binary(bytes) => match postcard::take_from_bytes(bytes) {
                Ok((value, [])) => return Ok(value),
                Ok((_, rest)) => {
                    let what = format!("{} has {} bytes too many", self.key, rest.len());
                    Finding { place: self.place, what }
                }
                Err(error) => {
                    Finding { place: self.place, what: format!("in {}: {error}", self.key) }
                }
            },
        };
        Err(LoadError::Inconsistent(problem))
    }

    /// Replaces the value by what `convert` makes of it, in the same encoding.
    #[cfg_attr(not(test), expect(dead_code, reason = "the first migration will use it"))]
    pub(super) fn convert<Old: DeserializeOwned, New: Serialize>(
        &mut self,
        convert: impl FnOnce(Old) -> New,
    ) -> Result<(), LoadError> {
        let new = convert(self.decode()?);
        let impossible = "state is plain data, which both encodings can always write";
        match &mut self.body {
            Body::Text { text, .. } => *text = options().to_string(&new).expect(impossible),
            Body::Binary(bytes) => *bytes = postcard::to_allocvec(&new).expect(impossible),
        }
        Ok(())
    }

    /// An error about this record.
    pub(crate) fn contradiction(&self, what: impl fmt::Display) -> LoadError {
        let what = format!("in {}: {what}", self.key);
        LoadError::Inconsistent(Finding { place: self.place, what })
    }

    /// Bytes of the encoded value.
    pub(crate) fn len(&self) -> usize {
        match &self.body {
            Body::Text { text, .. } => text.len(),
            Body::Binary(bytes) => bytes.len(),
        }
    }
}

/// What reading a container gave: whole records, and what was found wrong.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) header: Header,
    pub(crate) records: Vec<Record>,
    pub(crate) findings: Vec<Finding>,
}

impl Container {
    /// Whether the records are postcard, so that their digests are those of their values.
    pub(crate) fn is_binary(&self) -> bool {
        self.records.iter().all(|record| matches!(record.body, Body::Binary(_)))
    }

    /// The records, if nothing is wrong.
    pub(crate) fn whole(mut self) -> Result<(Header, Vec<Record>), LoadError> {
        if self.findings.is_empty() {
            return Ok((self.header, self.records));
        }
        let whole = summary(&self.records);
        Err(LoadError::Damaged { first: self.findings.swap_remove(0), whole })
    }
}

/// What is there, in words: `world, 2 images, machines 1-3 5, links`.
pub(super) fn summary(records: &[Record]) -> String {
    let has = |key: Key| records.iter().any(|record| record.key == key);
    let images = records.iter().filter(|record| matches!(record.key, Key::Image(_))).count();
    let machines: Vec<u32> = records
        .iter()
        .filter_map(|record| if let Key::Machine(id) = record.key { Some(id.0) } else { None })
        .collect();
    let mut parts = Vec::new();
    if has(Key::World) {
        parts.push("world".to_owned());
    }
    match images {
        0 => {}
        1 => parts.push("1 image".to_owned()),
        many => parts.push(format!("{many} images")),
    }
    if !machines.is_empty() {
        parts.push(format!("machines {}", ranges(&machines)));
    }
    let singles = [Key::Links, Key::Flight, Key::Inputs];
    parts.extend(singles.into_iter().filter(|key| has(*key)).map(|key| key.to_string()));
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// Ascending numbers as runs: `1-3 5`.
fn ranges(numbers: &[u32]) -> String {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == *number => run.end += 1,
            _ => runs.push(*number..number.saturating_add(1)),
        }
    }
    let words: Vec<String> = runs
        .into_iter()
        .map(|run| match run.end - run.start {
            0 | 1 => run.start.to_string(),
            _ => format!("{}-{}", run.start, run.end - 1),
        })
        .collect();
    words.join(" ")
}

/// How RON is read and written here: nesting is bounded, since a savegame may be hostile.
pub(super) fn options() -> ron::Options {
    ron::Options::default().with_recursion_limit(crate::base::limits::SAVE_NESTING_MAX)
}

pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        let keys = [
            Key::World,
            Key::Image(Digest::of_bytes(b"x")),
            Key::Machine(MachineId(7)),
            Key::Links,
            Key::Flight,
            Key::Inputs,
        ];
        for key in keys {
            assert_eq!(Key::parse(&key.to_string()), Some(key));
        }
        for wrong in ["", "worlds", "machine", "machine -1", "image 12", "machine 99999999999"] {
            assert_eq!(Key::parse(wrong), None);
        }
    }

    #[test]
    fn numbers_are_told_as_runs() {
        assert_eq!(ranges(&[1, 2, 3, 5, 8, 9]), "1-3 5 8-9");
    }
}
