//! Findings: what is wrong in a designer's file, where, and how to mend it.
//!
//! Invariant: a finding is one line of printable text, whatever bytes the file held, and a
//! report holds a bounded number of them.

use core::fmt;

use crate::base::limits::FINDINGS_MAX;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but probably does not do what its author wants.
    Warning,
}

/// A place in a text, counted from 1 in lines and characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character within the line, from 1.
    pub column: u32,
}

impl Position {
    /// The beginning of a text, where a finding about the whole of it points.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The position of the byte at `offset`, which may lie inside a character.
    pub fn of_offset(text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        // Bytes that continue a UTF-8 character do not make a column of their own.
        let column = 1 + before[line_start..].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        Self { line: saturate(line), column: saturate(column) }
    }
}

/// Narrows a count that only a file far over the size limit could make too large.
fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// One thing that is wrong in a file.
///
/// `Display` prints `FILE:LINE:COLUMN: what, expected, remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file's name as its reader knows it.
    pub file: String,
    /// Where in the file.
    pub position: Position,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub what: String,
    /// What was expected instead.
    pub expected: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position: Position { line, column }, what, expected, remedy, .. } = self;
        write!(f, "{file}:{line}:{column}: {what}, {expected}, {remedy}")
    }
}

/// The findings about one file, gathered in any order.
#[derive(Clone, Debug)]
pub struct Report {
    file: String,
    findings: Vec<Finding>,
    left_out: usize,
    /// Whether one of them all, listed or left out, is an error.
    broken: bool,
}

impl Report {
    /// An empty report about the file of this name.
    pub fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), findings: Vec::new(), left_out: 0, broken: false }
    }

    /// Notes something that makes the file unusable. `position` is asked for only if there is
    /// still room, since finding a position costs a walk through the text.
    pub fn error(
        &mut self,
        position: impl FnOnce() -> Position,
        what: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.note(Severity::Error, position, [what.into(), expected.into(), remedy.into()]);
    }

    /// Notes something that is probably not what the author wants.
    pub fn warning(
        &mut self,
        position: impl FnOnce() -> Position,
        what: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.note(Severity::Warning, position, [what.into(), expected.into(), remedy.into()]);
    }

    fn note(
        &mut self,
        severity: Severity,
        position: impl FnOnce() -> Position,
        [what, expected, remedy]: [String; 3],
    ) {
        // Warnings must not crowd out the error that stops the reader.
        if self.is_full() && (self.broken || severity == Severity::Warning) {
            self.left_out += 1;
            return;
        }
        self.broken |= severity == Severity::Error;
        let file = self.file.clone();
        let [what, expected, remedy] = [what, expected, remedy].map(one_line);
        let position = position();
        self.findings.push(Finding { file, position, severity, what, expected, remedy });
    }

    /// Takes over findings that were made elsewhere, about other files perhaps.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.broken |= finding.severity == Severity::Error;
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding);
            } else {
                self.left_out += 1;
            }
        }
    }

    /// Whether no more findings are listed.
    pub fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    /// Counts an error that is not listed.
    pub fn leave_out(&mut self) {
        self.left_out += 1;
        self.broken = true;
    }

    /// Whether an error was noted.
    pub fn has_errors(&self) -> bool {
        self.broken
    }

    /// The findings, by place in the file.
    pub fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
        if self.left_out > 0 {
            let position = self.findings.last().map_or(Position::START, |last| last.position);
            self.findings.push(Finding {
                file: self.file,
                position,
                severity: Severity::Error,
                what: format!("{} more findings", self.left_out),
                expected: format!("at most {FINDINGS_MAX} are listed"),
                remedy: "mend these first".to_owned(),
            });
        }
        self.findings
    }
}

/// Names that a designer chose may hold anything, and a finding is one line.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(escaped).collect()
}

/// A designer's text in quotes: control characters escaped, long ones shortened.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

/// `expected one of a, b, c` with at most ten names.
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 10;
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => "expected none here".to_owned(),
        [only] => format!("expected {only}"),
        some if some.len() <= SHOWN => format!("expected one of {}", some.join(", ")),
        many => {
            format!("expected one of {} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN)
        }
    }
}

/// `write "NEAREST"` if a known name is near to `name`, otherwise `or_else`.
pub fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    or_else: &str,
) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => or_else.to_owned(),
    }
}

/// The known name that a typing slip may have turned into `name`.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs the product of the lengths, and a name this long is no slip.
    const COMPARED: usize = 64;
    /// How many known names are looked at.
    const CANDIDATES: usize = 10_000;
    if name.len() > COMPARED {
        return None;
    }
    let slips_max = 1 + name.chars().count() / 4;
    known
        .into_iter()
        .take(CANDIDATES)
        .filter(|candidate| candidate.len() <= COMPARED)
        .map(|candidate| (slips(name, candidate), candidate))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete, replace or swap with their neighbour to turn `a` into `b`
/// (optimal string alignment).
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(!from.eq_ignore_ascii_case(to));
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn prints_one_line() {
        let mut report = Report::new("a.ron");
        report.error(
            || Position { line: 3, column: 9 },
            format!("unknown variant {}", quoted("de\nsk")),
            one_of(["base", "desktop"]),
            did_you_mean("dekstop", ["base", "desktop"], "add it"),
        );
        expect![[
            r#"a.ron:3:9: unknown variant "de\nsk", expected one of base, desktop, did you mean "desktop"?"#
        ]]
        .assert_eq(&report.finish()[0].to_string());
    }

    #[test]
    fn counts_characters_not_bytes() {
        let text = "a\nüb";
        assert_eq!(Position::of_offset(text, 4), Position { line: 2, column: 2 });
        assert_eq!(Position::of_offset(text, 99), Position { line: 2, column: 3 });
        assert_eq!(Position::of_offset("", 0), Position::START);
    }

    #[test]
    fn is_bounded_and_keeps_an_error_among_warnings() {
        let mut report = Report::new("a.ron");
        for _ in 0..FINDINGS_MAX + 5 {
            report.warning(|| Position::START, "w", "e", "r");
        }
        report.error(|| Position::START, "broken", "e", "r");
        assert!(report.has_errors());
        let findings = report.finish();
        assert_eq!(findings.len(), FINDINGS_MAX + 2);
        assert_eq!(findings.last().unwrap().what, "5 more findings");
    }

    #[test]
    fn guesses_slips_but_not_wildly() {
        assert_eq!(nearest("adress", ["name", "address"]), Some("address"));
        assert_eq!(nearest("etho", ["eth0", "eth1"]), Some("eth0"));
        assert_eq!(nearest("zebra", ["name", "address"]), None);
        assert_eq!(nearest(&"x".repeat(1000), ["name"]), None);
    }
}
