//! Reading a designer's RON file: limits, syntax, and ron's errors as findings.

use serde::de::DeserializeOwned;

use super::finding::{Finding, Position, Report, did_you_mean, one_of, quoted};
use super::outline::{Outline, Step};
use crate::base::limits::{DESIGN_DEPTH_MAX, DESIGN_FILE_MAX};

/// Reads `text` as a `T`; anything wrong is in the report then.
pub fn read<'t, T: DeserializeOwned>(
    report: &mut Report,
    text: &'t [u8],
) -> Option<(T, Outline<'t>)> {
    if text.len() > DESIGN_FILE_MAX {
        report.error(
            || Position::START,
            format!("a file of {} bytes", text.len()),
            format!("expected at most {DESIGN_FILE_MAX}"),
            "split it, or build the world in Rust",
        );
        return None;
    }
    let text = match core::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let valid = core::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default();
            report.error(
                || Position::of_offset(valid, valid.len()),
                "bytes that are not UTF-8",
                "expected a text file",
                "save it as UTF-8",
            );
            return None;
        }
    };
    let options = ron::Options::default()
        .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
        .with_recursion_limit(DESIGN_DEPTH_MAX);
    match options.from_str(text) {
        Ok(value) => {
            let outline = Outline::new(text);
            for (position, key) in outline.repeated_keys() {
                report.error(
                    || position,
                    format!("{} a second time", quoted(&key)),
                    "expected each key once",
                    "put both into one entry",
                );
            }
            Some((value, outline))
        }
        Err(error) => {
            explain(report, text, &error);
            None
        }
    }
}

/// Turns ron's one error into a finding.
fn explain(report: &mut Report, text: &str, error: &ron::error::SpannedError) {
    use ron::Error;
    let place = match error.code {
        // ron's span begins where it was last content.
        Error::Eof | Error::TrailingCharacters => error.span.end,
        _ => error.span.start,
    };
    let narrow = |count| u32::try_from(count).unwrap_or(u32::MAX);
    let mut position = Position { line: narrow(place.line), column: narrow(place.col) };
    position.column += blanks_at(text, position);
    let [what, expected, remedy] = match &error.code {
        Error::NoSuchStructField { expected, found, .. } => [
            format!("unknown field {}", quoted(found)),
            one_of(expected.iter().copied()),
            did_you_mean(found, expected.iter().copied(), "remove it"),
        ],
        Error::NoSuchEnumVariant { expected, found, .. } => [
            format!("unknown word {}", quoted(found)),
            one_of(expected.iter().copied()),
            did_you_mean(found, expected.iter().copied(), "write one of these without quotes"),
        ],
        Error::MissingStructField { field, .. } => [
            format!("field {field:?} is missing"),
            format!("expected `{field}: ...` in these brackets"),
            "add it".to_owned(),
        ],
        Error::DuplicateStructField { field, .. } => [
            format!("field {field:?} a second time"),
            "expected each field once".to_owned(),
            "remove one of them".to_owned(),
        ],
        Error::InvalidValueForType { expected, found } => [
            format!("found {}", shortened(found)),
            format!("expected {}", shortened(expected)),
            "write a value of that kind".to_owned(),
        ],
        code => in_plain_words(code, found_at(text, position)),
    };
    report.error(|| position, what, expected, remedy);
}

/// The errors that carry nothing but their kind.
fn in_plain_words(code: &ron::Error, found: String) -> [String; 3] {
    use ron::Error;
    let [what, expected, remedy] = match code {
        Error::Eof => ["the file ends here", "a closing bracket or quote", "add what is missing"],
        Error::TrailingCharacters => [
            "text after the end",
            "nothing after the closing bracket",
            "remove it, or a closing bracket too many before it",
        ],
        Error::ExceededRecursionLimit => [
            "brackets nested too deep",
            "at most 32 levels",
            "remove some, or close the ones before",
        ],
        Error::IntegerOutOfBounds => [
            "a number that does not fit",
            "a whole number, not negative and not that large",
            "choose a smaller one",
        ],
        Error::ExpectedInteger => ["", "a whole number", "write one without quotes"],
        Error::ExpectedBoolean => ["", "true or false", "write one without quotes"],
        Error::ExpectedString => ["", "text in quotes", "put quotes around it"],
        Error::ExpectedStringEnd => {
            ["text without an end", "a closing quote", "add it where the text ends"]
        }
        Error::ExpectedComma => ["", "a comma", "add one before it"],
        Error::ExpectedMapColon => ["", "a colon after the key", "write `key: value`"],
        Error::ExpectedArray => ["", "a list", "write it as [a, b]"],
        Error::ExpectedMap => ["", "a map", "write it as {\"key\": value}"],
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => {
            ["", "fields in round brackets", "write it as (name: value)"]
        }
        Error::ExpectedArrayEnd => ["", "`]` or a comma", "close the list"],
        Error::ExpectedMapEnd => ["", "`}` or a comma", "close the map"],
        Error::ExpectedStructLikeEnd => ["", "`)` or a comma", "close the bracket"],
        other => {
            let words = shortened(&other.to_string());
            return [words, "expected RON".to_owned(), "look at what is before it".to_owned()];
        }
    };
    let what = if what.is_empty() { found } else { what.to_owned() };
    [what, format!("expected {expected}"), remedy.to_owned()]
}

/// The rest of the line from a place on.
fn rest_at(text: &str, position: Position) -> &str {
    let line = text.split('\n').nth(position.line.saturating_sub(1) as usize).unwrap_or_default();
    let start = line.char_indices().nth(position.column.saturating_sub(1) as usize);
    start.map_or("", |(start, _)| &line[start..])
}

/// Blanks between where ron gave up and what it gave up on.
fn blanks_at(text: &str, position: Position) -> u32 {
    let rest = rest_at(text, position);
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if blanks == rest.len() { 0 } else { u32::try_from(blanks).unwrap_or(0) }
}

/// `found WORD`, the word at a place of the text.
fn found_at(text: &str, position: Position) -> String {
    let rest = rest_at(text, position);
    let end = rest.find([' ', ',', ':', ')', ']', '}', '\r']).unwrap_or(rest.len());
    match &rest[..end] {
        "" if rest.trim().is_empty() => "found the end of the line".to_owned(),
        // All the ends are ASCII.
        "" => format!("found {}", quoted(&rest[..1])),
        word => format!("found {}", quoted(word.trim_matches('"'))),
    }
}

/// ron quotes the file in its messages: keep them to one short line.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 120;
    let line: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < text.len() { format!("{line}...") } else { line }
}

/// A file being checked: its outline and where its findings go.
pub struct Checked<'a, 't> {
    /// Where the values are.
    pub outline: &'a Outline<'t>,
    /// What was found so far.
    pub report: &'a mut Report,
}

impl Checked<'_, '_> {
    /// Notes an error about the value at `path`.
    pub fn error(
        &mut self,
        path: &[Step<'_>],
        what: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.report.error(|| self.outline.value(path), what, expected, remedy);
    }

    /// Notes an error about the key or field name of the value at `path`.
    pub fn key_error(
        &mut self,
        path: &[Step<'_>],
        what: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.report.error(|| self.outline.key(path), what, expected, remedy);
    }

    /// Notes a warning about the value at `path`.
    pub fn warning(
        &mut self,
        path: &[Step<'_>],
        what: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.report.warning(|| self.outline.value(path), what, expected, remedy);
    }

    /// Notes that `name` is none of the `known` ones; `kind` is what it should be one of.
    pub fn unknown<'k>(
        &mut self,
        path: &[Step<'_>],
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'k str> + Clone,
        or_else: &str,
    ) {
        // Guessing costs, and a hostile file is wrong in a million places.
        if self.report.is_full() {
            return self.report.leave_out();
        }
        let what = format!("unknown {kind} {}", quoted(name));
        let remedy = did_you_mean(name, known.clone(), or_else);
        self.error(path, what, one_of(known), remedy);
    }

    /// Passes a parsed value on; what it expected instead is an error about the value at `path`.
    pub fn value<T>(
        &mut self,
        path: &[Step<'_>],
        written: &str,
        parsed: Result<T, super::units::Expected>,
    ) -> Option<T> {
        parsed
            .map_err(|expected| {
                self.error(path, format!("found {}", quoted(written)), expected, "rewrite it");
            })
            .ok()
    }
}

/// All findings, or the value if none of them is an error.
///
/// # Errors
///
/// Every finding, when one of them is an error.
pub fn conclude<T>(report: Report, value: Option<T>) -> Result<(T, Vec<Finding>), Vec<Finding>> {
    let errors = report.has_errors();
    let findings = report.finish();
    match value {
        Some(value) if !errors => Ok((value, findings)),
        _ => Err(findings),
    }
}
