//! Differences between two savegames, as paths into their values.

use std::collections::BTreeMap;

use super::record::{Body, Record};
use crate::base::limits::SAVE_NESTING_MAX;

/// One place where two savegames differ. `Display` prints `PATH: LEFT -> RIGHT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, such as `machine 1.power` or `links[2].spec.delay`.
    pub path: String,
    /// What the first savegame has there; `None` if nothing.
    pub left: Option<String>,
    /// What the second one has there; `None` if nothing.
    pub right: Option<String>,
}

impl core::fmt::Display for Difference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "(nothing)".to_owned());
        write!(f, "{}: {} -> {}", self.path, show(&self.left), show(&self.right))
    }
}

/// Longest value that is shown whole.
const SHOWN_MAX: usize = 60;

/// The differences between two lists of records in the readable encoding.
pub(super) fn records(left: &[Record], right: &[Record]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut pairs: BTreeMap<_, [Option<&Record>; 2]> = BTreeMap::new();
    for (side, records) in [left, right].into_iter().enumerate() {
        for record in records {
            pairs.entry(record.key).or_default()[side] = Some(record);
        }
    }
    for (key, [left, right]) in pairs {
        let (left, right) = (left.and_then(tree), right.and_then(tree));
        compare(&key.to_string(), left.as_ref(), right.as_ref(), &mut found);
    }
    found
}

fn tree(record: &Record) -> Option<Tree<'_>> {
    match &record.body {
        Body::Text { text, .. } => Some(parse(text)),
        Body::Binary(_) => None,
    }
}

/// A value of RON as far as its shape goes.
#[derive(Debug, PartialEq)]
enum Tree<'t> {
    /// What has no parts: the text as it stands.
    Leaf(&'t str),
    /// A bracket: its name, the kind of bracket, and its parts, keyed where they have a key.
    Group(&'t str, u8, Vec<(Option<&'t str>, Tree<'t>)>),
}

fn compare(
    path: &str,
    left: Option<&Tree<'_>>,
    right: Option<&Tree<'_>>,
    found: &mut Vec<Difference>,
) {
    if left == right {
        return;
    }
    let (Some(Tree::Group(name, bracket, a)), Some(Tree::Group(other, closing, b))) = (left, right)
    else {
        return found.push(Difference {
            path: path.to_owned(),
            left: left.map(show),
            right: right.map(show),
        });
    };
    if name != other || bracket != closing {
        let (left, right) = (left.map(show), right.map(show));
        return found.push(Difference { path: path.to_owned(), left, right });
    }
    let mut parts: BTreeMap<(usize, &str), [Option<&Tree<'_>>; 2]> = BTreeMap::new();
    for (side, list) in [a, b].into_iter().enumerate() {
        for (index, (key, part)) in list.iter().enumerate() {
            // Parts with a key match by key alone, the others by their number.
            let place = key.map_or((index + 1, ""), |key| (0, key));
            parts.entry(place).or_default()[side] = Some(part);
        }
    }
    for ((number, key), [left, right]) in parts {
        let deeper = match (number, bracket) {
            (0, b'{') => format!("{path}[{key}]"),
            (0, _) => format!("{path}.{key}"),
            // The parentheses around the one value of a variant or record say nothing.
            (1, b'(') if a.len() == 1 && b.len() == 1 => path.to_owned(),
            (number, _) => format!("{path}[{}]", number - 1),
        };
        compare(&deeper, left, right, found);
    }
}

fn show(tree: &Tree<'_>) -> String {
    let (text, suffix) = match tree {
        Tree::Leaf(text) => (*text, ""),
        Tree::Group(name, b'(', _) => (*name, "(…)"),
        Tree::Group(name, b'[', _) => (*name, "[…]"),
        Tree::Group(name, ..) => (*name, "{…}"),
    };
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…{suffix}", &text[..end]),
        None => format!("{text}{suffix}"),
    }
}

/// Parses RON that was read successfully before; what is odd becomes a leaf.
fn parse(text: &str) -> Tree<'_> {
    Parser { text, at: 0 }.value(SAVE_NESTING_MAX)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if self.peek().is_ascii_whitespace() {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Tree<'t> {
        self.space();
        let start = self.at;
        self.word();
        let name = &self.text[start..self.at];
        let bracket = self.peek();
        if depth == 0 || !matches!(bracket, b'(' | b'[' | b'{') {
            return Tree::Leaf(name);
        }
        self.at += 1;
        let mut parts = Vec::new();
        loop {
            self.space();
            if matches!(self.peek(), b')' | b']' | b'}' | 0) {
                self.at = (self.at + 1).min(self.text.len());
                return Tree::Group(name, bracket, parts);
            }
            let begin = self.at;
            let first = self.value(depth - 1);
            let written = self.text[begin..self.at].trim_end();
            self.space();
            if self.peek() == b':' {
                self.at += 1;
                parts.push((Some(written), self.value(depth - 1)));
            } else {
                parts.push((None, first));
            }
            self.space();
            if self.peek() == b',' {
                self.at += 1;
            } else if self.at == begin {
                // No progress: not RON after all.
                self.at = self.text.len();
            }
        }
    }

    /// Passes a string, a number, a name: everything up to a bracket, comma, colon or space.
    fn word(&mut self) {
        let stops = |byte: u8| byte.is_ascii_whitespace() || b"()[]{},:".contains(&byte);
        while self.at < self.text.len() && !stops(self.peek()) {
            match self.peek() {
                quote @ (b'"' | b'\'') => self.quoted(quote),
                b'r' if self.raw_string() => {}
                _ => self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8),
            }
        }
    }

    fn quoted(&mut self, quote: u8) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while self.at < bytes.len() && bytes[self.at] != quote {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(bytes.len());
        // An escape at the very end may have led beyond it or into a character.
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// Passes `r"…"` and `r#"…"#` if one begins here.
    fn raw_string(&mut self) -> bool {
        let rest = &self.text[self.at + 1..];
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        if rest.as_bytes().get(hashes) != Some(&b'"') {
            return false;
        }
        let end = format!("\"{}", "#".repeat(hashes));
        let inside = &rest[hashes + 1..];
        let len = inside.find(&end).map_or(inside.len(), |at| at + end.len());
        self.at += 1 + hashes + 1 + len;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    fn check(left: &str, right: &str, expected: &expect_test::Expect) {
        let mut found = Vec::new();
        compare("world", Some(&parse(left)), Some(&parse(right)), &mut found);
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn tells_paths() {
        let left =
            r#"(a: 1, b: [1, 2, Run(x: "a,b", y: Some(4))], c: {"k": (1), 5: off}, s: r"(")"#;
        let right = r#"(a: 1, b: [1, 3, Run(x: "a,c", y: Some(5)), 9], c: {5: on}, s: r"(")"#;
        check(
            left,
            right,
            &expect_test::expect![[r#"
                world.b[1]: 2 -> 3
                world.b[2].x: "a,b" -> "a,c"
                world.b[2].y: 4 -> 5
                world.b[3]: (nothing) -> 9
                world.c["k"]: (…) -> (nothing)
                world.c[5]: off -> on"#]],
        );
        check(left, left, &expect_test::expect![""]);
        check("Off", "On(3)", &expect_test::expect!["world: Off -> On(…)"]);
    }

    proptest! {
        #[test]
        fn any_text_has_some_shape(text in "[\\PC\"'()\\[\\]{},:r#/\\\\ \n]{0,60}") {
            parse(&text);
        }
    }
}
