//! The outline of a RON text: where each of its values begins.
//!
//! serde forgets positions, and ron has no spanned values, so a check of meaning ("this address
//! lies outside its LAN") could not say where. This walks the text a second time, after ron has
//! accepted it, and remembers only places: a value is then found by its path, such as
//! `machines[2].interfaces[0].address`.
//!
//! Invariant: any text gives an outline, in time and memory proportional to it and without
//! recursion; a path that is not there gives the place of the nearest value around it.

use super::finding::Position;
use crate::base::limits::{FINDINGS_MAX, OUTLINE_NODES_MAX};

/// One step on the way to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The field of this name of a struct.
    Field(&'a str),
    /// The element of this number of a list or tuple.
    Index(usize),
    /// The entry with this string as its key of a map.
    Key(&'a str),
}

/// Nodes are numbered from 0, the root; 0 as a link means "none", since nothing leads to the root.
type NodeId = u32;

#[derive(Clone, Debug, Default)]
struct Node {
    start: u32,
    /// The key's place in the text; empty for elements of a list.
    key_start: u32,
    key_end: u32,
    first: NodeId,
    last: NodeId,
    next: NodeId,
    /// Whether this is `Some(…)`, through which a path goes as if it were not there.
    some: bool,
}

/// Where the values of a text begin.
#[derive(Clone, Debug)]
pub struct Outline<'t> {
    text: &'t str,
    nodes: Vec<Node>,
}

impl<'t> Outline<'t> {
    /// Walks through `text`.
    pub fn new(text: &'t str) -> Self {
        let mut builder = Builder { nodes: vec![Node::default()], ..Builder::default() };
        let tokens = Tokens { text: text.as_bytes(), at: 0 };
        for token in tokens {
            if !builder.add(token, text.as_bytes()) {
                break;
            }
        }
        builder.finish_value();
        Self { text, nodes: builder.nodes }
    }

    /// Where the value at `path` begins.
    pub fn value(&self, path: &[Step<'_>]) -> Position {
        self.position(self.find(path).start)
    }

    /// Where the key or field name of the value at `path` begins.
    pub fn key(&self, path: &[Step<'_>]) -> Position {
        let node = self.find(path);
        self.position(if node.key_end > node.key_start { node.key_start } else { node.start })
    }

    /// The text from the value at `path` on.
    pub fn text(&self, path: &[Step<'_>]) -> &'t str {
        self.text.get(self.find(path).start as usize..).unwrap_or_default()
    }

    /// The places of keys that were written before in the same map, and the keys themselves; not
    /// more than a report holds, since each place costs a walk through the text.
    pub fn repeated_keys(&self) -> Vec<(Position, String)> {
        let mut found = Vec::new();
        for node in &self.nodes {
            let mut keys: Vec<(String, u32)> = self
                .children(node)
                .filter(|child| child.key_end > child.key_start)
                .filter_map(|child| Some((self.string_key(child)?, child.key_start)))
                .collect();
            keys.sort();
            let again = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0);
            found.extend(again.map(|pair| (pair[1].1, pair[1].0.clone())));
        }
        found.sort();
        found.truncate(FINDINGS_MAX);
        found.into_iter().map(|(at, key)| (self.position(at), key)).collect()
    }

    fn position(&self, offset: u32) -> Position {
        Position::of_offset(self.text, offset as usize)
    }

    fn children<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        let node_at = |id: NodeId| (id != 0).then(|| &self.nodes[id as usize]);
        core::iter::successors(node_at(node.first), move |child| node_at(child.next))
    }

    /// Whether the value at `path` was written.
    pub fn has(&self, path: &[Step<'_>]) -> bool {
        self.walk(path).1 == path.len()
    }

    /// The deepest node on `path` that exists.
    fn find(&self, path: &[Step<'_>]) -> &Node {
        self.walk(path).0
    }

    /// The deepest node on `path` that exists, and how many steps lead there.
    fn walk(&self, path: &[Step<'_>]) -> (&Node, usize) {
        // The root holds the text's one value.
        let root = &self.nodes[0];
        let mut node = self.children(root).next().unwrap_or(root);
        for (walked, step) in path.iter().enumerate() {
            while node.some
                && let Some(inner) = self.children(node).next()
            {
                node = inner;
            }
            let child = match *step {
                Step::Index(index) => self.children(node).nth(index),
                Step::Field(name) => self.children(node).find(|child| {
                    let key = self.raw_key(child);
                    key.strip_prefix("r#").unwrap_or(key) == name
                }),
                // The last one counts, as it does for ron.
                Step::Key(name) => self
                    .children(node)
                    .filter(|child| self.string_key(child).is_some_and(|key| key == name))
                    .last(),
            };
            match child {
                Some(child) => node = child,
                None => return (node, walked),
            }
        }
        (node, path.len())
    }

    fn raw_key(&self, node: &Node) -> &'t str {
        self.text.get(node.key_start as usize..node.key_end as usize).unwrap_or("")
    }

    /// The key as the string it denotes, if it is one.
    fn string_key(&self, node: &Node) -> Option<String> {
        let raw = self.raw_key(node);
        match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Some(plain.to_owned()),
            _ if raw.starts_with(['"', 'r']) => ron::from_str(raw).ok(),
            _ => None,
        }
    }
}

/// A piece of text that matters to the outline.
#[derive(Clone, Copy, Debug)]
enum Token {
    Open(u32),
    Close,
    Colon,
    Comma,
    /// A string, number or word, with its end.
    Scalar(u32, u32),
}

/// Cuts a text into tokens, skipping white space and comments.
struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let byte = *self.text.get(self.at)?;
            let start = self.at;
            match byte {
                b'/' if self.text[start..].starts_with(b"//") => self.skip_line(),
                b'/' if self.text[start..].starts_with(b"/*") => self.skip_block_comment(),
                // `#![enable(…)]` is an attribute, up to the end of its line in practice.
                b'#' if self.text[start..].starts_with(b"#!") => self.skip_through(b")]"),
                b'(' | b'[' | b'{' => {
                    self.at += 1;
                    return Some(Token::Open(offset(start)));
                }
                b')' | b']' | b'}' => {
                    self.at += 1;
                    return Some(Token::Close);
                }
                b':' => {
                    self.at += 1;
                    return Some(Token::Colon);
                }
                b',' => {
                    self.at += 1;
                    return Some(Token::Comma);
                }
                b'"' => {
                    self.skip_string(b'"');
                    return Some(Token::Scalar(offset(start), offset(self.at)));
                }
                b'\'' => {
                    self.skip_string(b'\'');
                    return Some(Token::Scalar(offset(start), offset(self.at)));
                }
                byte if is_word(byte) => {
                    self.skip_word();
                    return Some(Token::Scalar(offset(start), offset(self.at)));
                }
                _ => self.at += 1,
            }
        }
    }
}

impl Tokens<'_> {
    fn skip_through(&mut self, end: &[u8]) {
        use bstr::ByteSlice;
        let found = self.text[self.at..].find(end);
        self.at = found.map_or(self.text.len(), |found| self.at + found + end.len());
    }

    fn skip_line(&mut self) {
        self.skip_through(b"\n");
    }

    /// Block comments nest in RON.
    fn skip_block_comment(&mut self) {
        let mut depth = 0u32;
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            if rest.starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
    }

    fn skip_string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match *byte {
                b'\\' => self.at += 1,
                byte if byte == quote => break,
                _ => {}
            }
        }
        self.at = self.at.min(self.text.len());
    }

    /// A word or number, or a raw or byte string, which begin like one: `r"…"`, `br#"…"#`.
    fn skip_word(&mut self) {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| is_word(*byte)) {
            self.at += 1;
        }
        let (word, rest) = (&self.text[start..self.at], &self.text[self.at..]);
        let fences = rest.iter().take_while(|byte| **byte == b'#').count();
        match word {
            b"r" | b"br" if rest.get(fences) == Some(&b'"') => {
                self.at += fences + 1;
                let end: Vec<u8> = [b'"'].into_iter().chain(vec![b'#'; fences]).collect();
                self.skip_through(&end);
            }
            b"b" if rest.first() == Some(&b'"') => self.skip_string(b'"'),
            // A raw identifier: `r#type`.
            b"r" if fences == 1 => {
                self.at += 1;
                while self.text.get(self.at).is_some_and(|byte| is_word(*byte)) {
                    self.at += 1;
                }
            }
            _ => {}
        }
    }
}

/// Whether a byte may be part of a word or number; bytes over 0x7f belong to letters.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.') || byte >= 0x80
}

/// Offsets fit, since the readers refuse files near this size long before.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Puts tokens together to a tree.
#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    /// The open brackets' nodes, innermost last; under them all lies the root.
    open: Vec<NodeId>,
    /// The key that the next value belongs to.
    key: Option<(u32, u32)>,
    /// A scalar that may yet turn out to be a key or the name of a struct.
    scalar: Option<(u32, u32)>,
}

impl Builder {
    /// Takes one token; false once the outline is as large as it may be.
    fn add(&mut self, token: Token, text: &[u8]) -> bool {
        match token {
            Token::Scalar(start, end) => {
                self.finish_value();
                self.scalar = Some((start, end));
            }
            Token::Colon => self.key = self.scalar.take(),
            Token::Comma => {
                self.finish_value();
                self.key = None;
            }
            Token::Open(at) => {
                let name = self.scalar.take();
                let some =
                    name.is_some_and(|(start, end)| &text[start as usize..end as usize] == b"Some");
                let id = self.push(name.map_or(at, |(start, _)| start), some);
                self.open.push(id);
            }
            Token::Close => {
                self.finish_value();
                self.key = None;
                self.open.pop();
            }
        }
        self.nodes.len() < OUTLINE_NODES_MAX
    }

    fn finish_value(&mut self) {
        if let Some((start, _)) = self.scalar.take() {
            self.push(start, false);
        }
    }

    fn push(&mut self, start: u32, some: bool) -> NodeId {
        let id = offset(self.nodes.len());
        let (key_start, key_end) = self.key.take().unwrap_or_default();
        self.nodes.push(Node { start, key_start, key_end, some, ..Node::default() });
        let parent = self.open.last().map_or(0, |id| *id as usize);
        match self.nodes[parent].last {
            0 => self.nodes[parent].first = id,
            before => self.nodes[before as usize].next = id,
        }
        self.nodes[parent].last = id;
        id
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    const TEXT: &str = "#![enable(implicit_some)]
// A comment with (brackets: [
Demo(
    name: \"d,e:m)o\", /* nested /* , */ ( */
    machines: [
        (name: r#\"pc \"1\"\"#, files: {\"/a\\u{62}\": (text: 'x'), \"/z\": (mode: 0o644)}),
        (r#name: \"pc2\", gateway: Some(\"10.0.0.1\"), place: At(1, -2)),
    ],
)";

    /// The text from the place of a path on.
    fn at(path: &[Step<'_>]) -> String {
        let Position { line, column } = Outline::new(TEXT).value(path);
        let line = TEXT.lines().nth(line as usize - 1).unwrap();
        line.chars().skip(column as usize - 1).take(8).collect()
    }

    #[test]
    fn finds_values_by_path() {
        use Step::{Field, Index, Key};
        let machine = |n| [Field("machines"), Index(n)];
        assert_eq!(at(&[]), "Demo(");
        assert_eq!(at(&[Field("name")]), "\"d,e:m)o");
        assert_eq!(at(&[machine(0).as_slice(), &[Field("name")]].concat()), "r#\"pc \"1");
        let files = [machine(0).as_slice(), &[Field("files")]].concat();
        assert_eq!(at(&[&files[..], &[Key("/ab"), Field("text")]].concat()), "'x'), \"/");
        assert_eq!(at(&[&files[..], &[Key("/z"), Field("mode")]].concat()), "0o644)})");
        assert_eq!(at(&[machine(1).as_slice(), &[Field("name")]].concat()), "\"pc2\", g");
        assert_eq!(at(&[machine(1).as_slice(), &[Field("gateway")]].concat()), "Some(\"10");
        assert_eq!(at(&[machine(1).as_slice(), &[Field("place"), Index(1)]].concat()), "-2)),");
    }

    #[test]
    fn finds_the_nearest_value_around_a_missing_one() {
        use Step::{Field, Index};
        assert_eq!(at(&[Field("machines"), Index(1), Field("mtu"), Index(3)]), "(r#name:");
        assert_eq!(at(&[Field("nothing")]), "Demo(");
    }

    #[test]
    fn tells_repeated_keys() {
        let text = "(a: {\"x\": 1, \"y\": 2,\n \"x\": 3}, b: {\"x\": 1})";
        let repeated = Outline::new(text).repeated_keys();
        assert_eq!(repeated, [(Position { line: 2, column: 2 }, "x".to_owned())]);
    }

    proptest! {
        #[test]
        fn takes_any_text(text in "\\PC*", noise in any::<Vec<u8>>()) {
            let noise = String::from_utf8_lossy(&noise);
            for text in [text.as_str(), &noise, &format!("[(a:{text}{noise}")] {
                let outline = Outline::new(text);
                outline.value(&[Step::Index(0), Step::Field("a"), Step::Key("b")]);
                outline.repeated_keys();
            }
        }

        #[test]
        fn takes_any_heap_of_brackets(text in "[]\\[(){}:,\"r#'/*!a\\\\\n]{0,200}") {
            Outline::new(&text).repeated_keys();
        }
    }
}
