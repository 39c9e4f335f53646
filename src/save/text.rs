//! The readable form: RON that people and their tools can read, with a comment before each record.
//!
//! ```text
//! // Hostscape savegame
//! (
//! format: 1,
//! engine: "0.1.0",
//! digest: "0f3a…",
//! records: [
//! // machine 1, 5123 bytes, 77ce…
//! Machine((
//!   …
//! )),
//! ],
//! )
//! ```
//!
//! The comments are what the reader goes by: length and digest of the value between the outer
//! parentheses. So the format is known before anything is parsed, damage in one record leaves the
//! others readable, and a value is parsed straight into its type.

use std::fmt::Write;

use serde::Serialize;

use super::error::{Finding, LoadError, Place};
use super::record::{Body, Container, Header, Key, Record, options, parse_digest, small};
use crate::base::digest::Digest;

/// The first line.
pub(super) const MAGIC: &str = "// Hostscape savegame";

/// Writes records after a header.
pub(super) struct Writer {
    text: String,
    pretty: ron::ser::PrettyConfig,
}

impl Writer {
    pub(super) fn new(header: &Header) -> Self {
        let text = format!(
            "{MAGIC}\n(\nformat: {},\nengine: {:?},\ndigest: \"{}\",\nrecords: [\n",
            header.format, header.engine, header.digest
        );
        // The line ending is ours on every platform: equal worlds are equal strings.
        let pretty = ron::ser::PrettyConfig::new()
            .new_line("\n")
            .indentor("  ")
            .struct_names(false)
            .compact_arrays(true);
        Self { text, pretty }
    }

    pub(super) fn record<T: Serialize + ?Sized>(&mut self, key: Key, value: &T) {
        let body = options()
            .to_string_pretty(value, self.pretty.clone())
            .expect("state is plain data of bounded depth, which RON can always write");
        self.encoded(key, &body);
    }

    /// Adds a record whose value is RON already.
    pub(super) fn encoded(&mut self, key: Key, body: &str) {
        let digest = Digest::of_bytes(body.as_bytes());
        writeln!(self.text, "// {key}, {} bytes, {digest}", body.len())
            .expect("a String takes everything");
        for part in [key.kind(), "(", body, "),\n"] {
            self.text.push_str(part);
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("],\n)\n");
        self.text
    }
}

/// Takes a savegame apart without parsing any value.
pub(super) fn read(text: &str) -> Result<Container, LoadError> {
    let mut lines = Lines { text, at: 0, line: 1 };
    let header = read_header(&mut lines)?.known()?;
    let mut container = Container { header, records: Vec::new(), findings: Vec::new() };
    loop {
        let place = lines.place();
        match lines.next() {
            Some("],") => break,
            Some(line) => match parse_frame(line) {
                Some(frame) => read_record(&mut lines, &frame, place, &mut container),
                None => {
                    let what = "expected a line `// RECORD, N bytes, DIGEST` or the end `],`";
                    container.findings.push(Finding { place, what: what.to_owned() });
                    lines.skip_to_frame();
                }
            },
            None => {
                let what = "the text ends early: the closing `],` is missing".to_owned();
                container.findings.push(Finding { place, what });
                return Ok(container);
            }
        }
    }
    let place = lines.place();
    if lines.rest() != ")\n" && lines.rest() != ")" {
        let what = "expected `)` and nothing after it".to_owned();
        container.findings.push(Finding { place, what });
    }
    Ok(container)
}

/// The text by lines, with the place kept.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl<'t> Lines<'t> {
    fn place(&self) -> Place {
        Place::Line(self.line, 1)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Takes `text` as a prefix of what is left.
    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.advance(prefix.len());
        }
        found
    }

    fn advance(&mut self, bytes: usize) {
        let passed = &self.text[self.at..self.at + bytes];
        self.line = self.line.saturating_add(small(passed.matches('\n').count()));
        self.at += bytes;
    }

    /// Goes on at the next line that could begin a record or end the list.
    fn skip_to_frame(&mut self) {
        loop {
            let rest = self.rest();
            let line = rest.lines().next().unwrap_or("");
            if rest.is_empty() || line == "]," || parse_frame(line).is_some() {
                return;
            }
            self.next();
        }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let (line, taken) = match rest.find('\n') {
            Some(end) => (&rest[..end], end + 1),
            None if rest.is_empty() => return None,
            None => (rest, rest.len()),
        };
        self.advance(taken);
        Some(line)
    }
}

fn read_header(lines: &mut Lines<'_>) -> Result<Header, LoadError> {
    if lines.next() != Some(MAGIC) {
        return Err(LoadError::NotASave);
    }
    let damaged = |place: Place, what: &str| LoadError::Damaged {
        first: Finding { place, what: what.to_owned() },
        whole: "nothing".to_owned(),
    };
    let place = lines.place();
    if lines.next() != Some("(") {
        return Err(damaged(place, "expected `(` on a line of its own"));
    }
    let mut field = |name: &str| {
        let place = lines.place();
        let line = lines.next().unwrap_or("");
        let value = line.strip_prefix(name).and_then(|line| line.strip_prefix(": "));
        let value = value.and_then(|value| value.strip_suffix(','));
        value
            .map(|value| (place, value))
            .ok_or_else(|| damaged(place, &format!("expected `{name}: …,` in the header")))
    };
    let (place, format) = field("format")?;
    let format = format.parse().map_err(|_| damaged(place, "the format is not a number"))?;
    let (_, engine) = field("engine")?;
    let header =
        Header { format, engine: engine.trim_matches('"').to_owned(), digest: Digest::default() };
    // A newer format may have another header: what follows is not looked at before this.
    let header = header.known()?;
    let (place, digest) = field("digest")?;
    let digest = parse_digest(digest.trim_matches('"'))
        .ok_or_else(|| damaged(place, "the digest is not 32 hex digits"))?;
    let place = lines.place();
    if lines.next() != Some("records: [") {
        return Err(damaged(place, "expected `records: [`"));
    }
    Ok(Header { digest, ..header })
}

struct Frame {
    key: Key,
    len: usize,
    digest: Digest,
}

fn parse_frame(line: &str) -> Option<Frame> {
    let mut parts = line.strip_prefix("// ")?.split(", ");
    let key = Key::parse(parts.next()?)?;
    let len = parts.next()?.strip_suffix(" bytes")?.parse().ok()?;
    let digest = parse_digest(parts.next()?)?;
    parts.next().is_none().then_some(Frame { key, len, digest })
}

/// Reads the record whose frame line was just passed; what is wrong goes to the findings.
fn read_record(lines: &mut Lines<'_>, frame: &Frame, place: Place, container: &mut Container) {
    let mut wrong = |place: Place, what: String| container.findings.push(Finding { place, what });
    let key = frame.key;
    if !lines.eat(key.kind()) || !lines.eat("(") {
        wrong(lines.place(), format!("expected `{}(` after the line of {key}", key.kind()));
        return lines.skip_to_frame();
    }
    let line = lines.line;
    let column = small(key.kind().len()) + 2;
    let body = lines.rest().get(..frame.len);
    let closed = body.is_some_and(|_| lines.rest()[frame.len..].starts_with("),\n"));
    let Some(body) = body.filter(|_| closed) else {
        wrong(place, format!("{key} does not have the {} bytes it should have", frame.len));
        return lines.skip_to_frame();
    };
    lines.advance(body.len() + "),\n".len());
    if Digest::of_bytes(body.as_bytes()) != frame.digest {
        return wrong(place, format!("{key} was changed: its digest does not match"));
    }
    if container.records.last().is_some_and(|last| last.key >= key) {
        return wrong(place, format!("{key} is out of order or there twice"));
    }
    let body = Body::Text { text: body.to_owned(), line, column };
    container.records.push(Record { key, digest: frame.digest, body, place });
}
