//! A Rust file seen by its words: code apart from comments and literals.
//!
//! Left out: macros and cfg other than `#[cfg(test)]`. It is a scanner, not a
//! parser; it serves checks that only ask which names appear in code.

use std::ops::Range;

/// What a byte of a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Code and the space between it.
    Code,
    /// `//` or `/* */`.
    Comment,
    /// A string, byte string or character.
    Literal,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The text as it is.
    pub text: String,
    /// The text with every comment and literal blanked; same length, ASCII only.
    pub code: String,
    kinds: Vec<Kind>,
    tests: Vec<Range<usize>>,
}

/// A path in code that leads from the root of the crate: `crate::a::b` or, by
/// enough `super::`, the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CratePath {
    /// Where it starts.
    pub offset: usize,
    /// The names after `crate::`.
    pub names: Vec<String>,
}

impl Source {
    /// Scans a text.
    pub fn new(text: &str) -> Source {
        let kinds = kinds(text.as_bytes());
        let code =
            text.bytes().zip(&kinds).map(|(byte, kind)| blank(byte, *kind)).collect::<String>();
        let tests = test_items(&code);
        Source { text: text.to_owned(), code, kinds, tests }
    }

    /// The line of an offset, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|b| **b == b'\n').count() + 1
    }

    /// What the byte at an offset belongs to.
    pub fn kind(&self, offset: usize) -> Kind {
        self.kinds.get(offset).copied().unwrap_or(Kind::Code)
    }

    /// Whether an offset lies in an item that only tests compile.
    pub fn in_tests(&self, offset: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&offset))
    }

    /// Number of lines outside of test items.
    pub fn lines_without_tests(&self) -> usize {
        let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        newlines.filter(|(offset, _)| !self.in_tests(*offset)).count()
    }

    /// Offsets at which a name stands in code as a whole word.
    pub fn uses(&self, name: &str) -> impl Iterator<Item = usize> {
        let code = self.code.as_bytes();
        self.code.match_indices(name).map(|(at, _)| at).filter(move |at| {
            let before = at.checked_sub(1).map(|i| code[i]);
            let after = code.get(at + name.len()).copied();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
    }

    /// Every path from the root of the crate, groups in braces taken apart.
    /// `module` is where the file stands, e.g. `["fs", "path"]`.
    pub fn crate_paths(&self, module: &[&str]) -> Vec<CratePath> {
        let mut paths = Vec::new();
        for offset in self.uses("crate") {
            // `pub(crate)` and `$crate` are no paths of this file.
            if self.code[offset..].starts_with("crate::") && !self.code[..offset].ends_with('$') {
                collect(&self.code, offset + "crate::".len(), &mut Vec::new(), &mut paths);
            }
        }
        for offset in self.uses("super") {
            if self.code[..offset].ends_with("::") {
                continue; // counted from the first `super` of the chain
            }
            let mut rest = offset;
            let mut up = 0;
            while self.code[rest..].starts_with("super::") {
                rest += "super::".len();
                up += 1;
            }
            // Inline modules stand deeper than their file, so a chain that would
            // leave the crate ends at its root.
            let mut prefix: Vec<String> = module
                .iter()
                .take(module.len().saturating_sub(up))
                .map(|s| (*s).to_owned())
                .collect();
            if up > 0 {
                collect(&self.code, rest, &mut prefix, &mut paths);
            }
        }
        paths.sort_by_key(|path| path.offset);
        paths
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn blank(byte: u8, kind: Kind) -> char {
    match kind {
        _ if byte == b'\n' => '\n',
        Kind::Code if byte.is_ascii() => char::from(byte),
        _ => ' ',
    }
}

/// Follows a use tree from `at` and notes each of its leaves.
fn collect(code: &str, at: usize, prefix: &mut Vec<String>, paths: &mut Vec<CratePath>) -> usize {
    let bytes = code.as_bytes();
    let depth = prefix.len();
    let mut at = skip_space(bytes, at);
    let start = at;
    loop {
        let word = bytes[at..].iter().take_while(|b| is_word(**b)).count();
        if word > 0 {
            prefix.push(code[at..at + word].to_owned());
            at = skip_space(bytes, at + word);
            if bytes[at..].starts_with(b"::") {
                at = skip_space(bytes, at + 2);
                continue;
            }
        } else if bytes.get(at) == Some(&b'{') && depth < 16 {
            at = skip_space(bytes, at + 1);
            while at < bytes.len() && bytes[at] != b'}' {
                let next = collect(code, at, prefix, paths);
                let comma = bytes[next..].iter().position(|b| matches!(b, b',' | b'}'));
                let Some(comma) = comma else { break };
                at = next + comma;
                if bytes[at] == b',' {
                    at = skip_space(bytes, at + 1);
                }
            }
            prefix.truncate(depth);
            return (at + 1).min(bytes.len());
        }
        paths.push(CratePath { offset: start, names: prefix.clone() });
        prefix.truncate(depth);
        return at;
    }
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Items that stand under `#[cfg(test)]`, from the attribute to their end.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    for (start, attribute) in code.match_indices("#[cfg(test)]") {
        let bytes = code.as_bytes();
        let mut depth = 0_usize;
        let mut end = bytes.len();
        for (at, byte) in bytes.iter().enumerate().skip(start + attribute.len()) {
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && *byte == b'}' {
                        end = at + 1;
                        break;
                    }
                }
                b';' if depth == 0 => {
                    end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        // The newline that ends the item's last line belongs to it.
        if bytes.get(end) == Some(&b'\n') {
            end += 1;
        }
        items.push(start..end);
    }
    items
}

/// What each byte belongs to.
fn kinds(text: &[u8]) -> Vec<Kind> {
    let mut kinds = vec![Kind::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let (kind, end) = token(text, at);
        kinds[at..end].fill(kind);
        at = end;
    }
    kinds
}

/// The kind and the end of what begins at `at`; always at least one byte long.
fn token(text: &[u8], at: usize) -> (Kind, usize) {
    let rest = &text[at..];
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        return (Kind::Comment, at + length);
    }
    if rest.starts_with(b"/*") {
        return (Kind::Comment, at + block_comment(rest));
    }
    let word = at > 0 && is_word(text[at - 1]);
    if !word && let Some(length) = string(rest) {
        return (Kind::Literal, at + length);
    }
    if rest[0] == b'"' {
        return (Kind::Literal, at + quoted(rest, 0));
    }
    if rest[0] == b'\''
        && let Some(length) = character(rest)
    {
        return (Kind::Literal, at + length);
    }
    (Kind::Code, at + 1)
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of a string with a prefix (`b"`, `c"`, `r"`, `br##"` …), if one begins here.
fn string(rest: &[u8]) -> Option<usize> {
    let prefix = rest.iter().take_while(|b| matches!(b, b'b' | b'c' | b'r')).count();
    let raw = rest[..prefix].contains(&b'r');
    let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
    if prefix == 0 || prefix > 2 || rest.get(prefix + hashes) != Some(&b'"') || (hashes > 0 && !raw)
    {
        return None;
    }
    if !raw {
        return Some(quoted(rest, prefix));
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let body = prefix + hashes + 1;
    let found = rest[body..].windows(end.len()).position(|w| w == end);
    Some(found.map_or(rest.len(), |length| body + length + end.len()))
}

/// The end of a string whose opening quote stands at `at`.
fn quoted(rest: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character, or nothing when the quote begins a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        let close = rest.iter().skip(3).position(|b| *b == b'\'')?;
        return Some(close + 4);
    }
    let first = std::str::from_utf8(&rest[1..rest.len().min(5)]);
    let text = first.or_else(|e| std::str::from_utf8(&rest[1..1 + e.valid_up_to()])).ok()?;
    let length = text.chars().next()?.len_utf8();
    (rest.get(1 + length) == Some(&b'\'')).then_some(length + 2)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Source};

    fn paths(text: &str, module: &[&str]) -> Vec<String> {
        Source::new(text).crate_paths(module).into_iter().map(|p| p.names.join("::")).collect()
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        let source = Source::new(
            "let a = \"ron::x\"; // ron::y\n/* ron /* x */ ron */ ron::z('\\'', 'r', r#\"ron\"#);\n",
        );
        assert_eq!(
            source.uses("ron").map(|at| &source.text[at..at + 6]).collect::<Vec<_>>(),
            ["ron::z"]
        );
        assert_eq!(source.kind(10), Kind::Literal);
        assert_eq!(source.kind(20), Kind::Comment);
    }

    #[test]
    fn lifetimes_are_code_and_characters_are_not() {
        let source = Source::new("fn f<'a>(x: &'a str) { g('é', 'a', b'\"', '\"') } // end");
        assert_eq!(source.uses("a").count(), 2);
        assert!(source.code.contains("str) { g("));
        assert!(!source.code.contains("end"));
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        let source = Source::new("f(br##\"a\"# bevy \"##, bevy);");
        assert_eq!(source.uses("bevy").count(), 1);
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(Source::new("iron::x; ron_x::y; ron::z").uses("ron").count(), 1);
    }

    #[test]
    fn use_trees_are_taken_apart() {
        assert_eq!(
            paths(
                "use crate::{fs::{Mode, path::{self, Walk}}, base::Errno,\n kernel};\nfn f() -> crate::net::Stack {}",
                &[]
            ),
            ["fs::Mode", "fs::path::self", "fs::path::Walk", "base::Errno", "kernel", "net::Stack"]
        );
    }

    #[test]
    fn super_is_followed_to_the_root() {
        assert_eq!(paths("use super::super::net::Stack;", &["fs", "path"]), ["net::Stack"]);
        assert_eq!(paths("use super::inode::Inode;", &["fs", "path"]), ["fs::inode::Inode"]);
    }

    #[test]
    fn visibility_is_no_path() {
        assert_eq!(
            paths("pub(crate) fn f() {} pub(in crate::fs) fn g() {} $crate::x", &[]),
            ["fs"]
        );
    }

    #[test]
    fn test_items_do_not_count() {
        let source = Source::new(
            "a\nb\n#[cfg(test)]\nmod tests {\n  fn f() { let x = [1]; }\n}\n#[cfg(test)]\nuse x::y;\nc\n",
        );
        assert_eq!(source.lines_without_tests(), 3);
    }

    #[test]
    fn broken_text_does_not_panic() {
        for text in [
            "'",
            "\"",
            "r#\"",
            "/*",
            "'\\",
            "b",
            "crate::",
            "crate::{",
            "use crate::{a",
            "#[cfg(test)]",
            "super::",
        ] {
            let source = Source::new(text);
            let _ = source.crate_paths(&["a"]);
            assert_eq!(source.code.len(), text.len());
        }
    }
}
