//! Patterns: `*`, `?`, bracket expressions and backslash escapes, matched against bytes.
//!
//! A pattern is compiled to elements; positions reached are kept as a bit set and moved on by
//! whole words for each byte, so that a match costs (length of text) × (elements / 64) whatever the
//! pattern is: no pattern makes it explode.
//! Follows: POSIX.1-2024 XCU 2.14, in the C locale: a character is a byte. `^` negates as `!` does.

use crate::base::limits;

/// A compiled pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    elements: Vec<Element>,
    stars: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Byte(u8),
    Any,
    Star,
    Set(Box<[u64; 4]>),
    /// Matches nothing: what stands for a pattern beyond the limit.
    Never,
}

impl Element {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::Any => true,
            Self::Set(set) => set[usize::from(byte / 64)] >> (byte % 64) & 1 == 1,
            Self::Star | Self::Never => false,
        }
    }
}

impl Pattern {
    /// Compiles a pattern. One with more than [`limits::SHELL_PATTERN_MAX`] elements, among them a
    /// `*`, matches nothing.
    pub fn new(source: &[u8]) -> Self {
        let mut pattern = Self::default();
        let mut at = 0;
        while let Some(&byte) = source.get(at) {
            at += 1;
            let element = match byte {
                b'*' => Element::Star,
                b'?' => Element::Any,
                b'\\' => {
                    let escaped = source.get(at).copied();
                    at += usize::from(escaped.is_some());
                    Element::Byte(escaped.unwrap_or(b'\\'))
                }
                b'[' => match bracket(&source[at..]) {
                    Some((set, length)) => {
                        at += length;
                        Element::Set(Box::new(set))
                    }
                    None => Element::Byte(b'['),
                },
                _ => Element::Byte(byte),
            };
            let star = element == Element::Star;
            pattern.stars |= star;
            if !(star && pattern.elements.last() == Some(&Element::Star)) {
                pattern.elements.push(element);
            }
        }
        if pattern.stars && pattern.elements.len() > limits::SHELL_PATTERN_MAX {
            pattern.elements = vec![Element::Never];
        }
        pattern
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        if !self.stars {
            return self.elements.len() == text.len() && self.fixed(text);
        }
        if self.elements.len() == 1 {
            return true;
        }
        let mut whole = false;
        Positions::new(self, false).run(text.iter().copied(), |length| {
            whole = length == text.len();
            true
        });
        whole
    }

    /// Length of the shortest or the longest prefix that matches.
    pub fn prefix(&self, text: &[u8], longest: bool) -> Option<usize> {
        if !self.stars {
            let length = self.elements.len();
            return (length <= text.len() && self.fixed(&text[..length])).then_some(length);
        }
        if longest && self.elements.last() == Some(&Element::Star) && self.elements.len() == 1 {
            return Some(text.len());
        }
        let mut found = None;
        Positions::new(self, false).run(text.iter().copied(), |length| {
            found = Some(length);
            longest
        });
        found
    }

    /// Length of the shortest or the longest suffix that matches.
    pub fn suffix(&self, text: &[u8], longest: bool) -> Option<usize> {
        if !self.stars {
            let length = self.elements.len();
            let start = text.len().checked_sub(length)?;
            return self.fixed(&text[start..]).then_some(length);
        }
        let mut found = None;
        Positions::new(self, true).run(text.iter().rev().copied(), |length| {
            found = Some(length);
            longest
        });
        found
    }

    /// Whether a pattern without `*` matches a text of its own length.
    fn fixed(&self, text: &[u8]) -> bool {
        self.elements.iter().zip(text).all(|(element, byte)| element.takes(*byte))
    }
}

/// The set of elements before which the matcher may stand, one bit each.
struct Positions<'a> {
    pattern: &'a Pattern,
    reversed: bool,
    words: usize,
    now: Vec<u64>,
    stars: Vec<u64>,
    /// For each byte, the elements that take it; built when the byte is first seen.
    masks: Vec<Option<Box<[u64]>>>,
}

impl<'a> Positions<'a> {
    fn new(pattern: &'a Pattern, reversed: bool) -> Self {
        let words = pattern.elements.len() / 64 + 1;
        let mut positions = Self {
            pattern,
            reversed,
            words,
            now: vec![0; words],
            stars: vec![0; words],
            masks: vec![None; 256],
        };
        for index in 0..pattern.elements.len() {
            if *positions.element(index) == Element::Star {
                positions.stars[index / 64] |= 1 << (index % 64);
            }
        }
        positions.now[0] = 1;
        positions.close();
        positions
    }

    fn element(&self, index: usize) -> &Element {
        let elements = &self.pattern.elements;
        if self.reversed { &elements[elements.len() - 1 - index] } else { &elements[index] }
    }

    /// A position before a `*` is also one after it; the compiler left no two stars together.
    fn close(&mut self) {
        let mut carry = 0;
        for (now, stars) in self.now.iter_mut().zip(&self.stars) {
            let at_star = *now & stars;
            *now |= at_star << 1 | carry;
            carry = at_star >> 63;
        }
    }

    fn accepts(&self) -> bool {
        let end = self.pattern.elements.len();
        self.now[end / 64] >> (end % 64) & 1 == 1
    }

    fn mask(&self, byte: u8) -> Box<[u64]> {
        let mut mask = vec![0; self.words];
        for index in 0..self.pattern.elements.len() {
            if self.element(index).takes(byte) {
                mask[index / 64] |= 1 << (index % 64);
            }
        }
        mask.into_boxed_slice()
    }

    /// Takes bytes; tells `accept` each length at which the pattern matches, until it says stop.
    fn run(mut self, text: impl Iterator<Item = u8>, mut accept: impl FnMut(usize) -> bool) {
        if self.accepts() && !accept(0) {
            return;
        }
        for (before, byte) in text.enumerate() {
            let slot = usize::from(byte);
            let mask = match self.masks[slot].take() {
                Some(mask) => mask,
                None => self.mask(byte),
            };
            let mut carry = 0;
            let mut alive = 0;
            for word in 0..self.words {
                let moved = self.now[word] & mask[word];
                self.now[word] = moved << 1 | carry | self.now[word] & self.stars[word];
                carry = moved >> 63;
                alive |= self.now[word];
            }
            self.masks[slot] = Some(mask);
            if alive == 0 {
                return;
            }
            self.close();
            if self.accepts() && !accept(before + 1) {
                return;
            }
        }
    }
}

/// Parses a bracket expression after its `[`: the set, and how many bytes it took.
fn bracket(source: &[u8]) -> Option<([u64; 4], usize)> {
    let mut set = [0u64; 4];
    let mut at = 0;
    let negated = matches!(source.first(), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    loop {
        let byte = *source.get(at)?;
        if byte == b']' && at > first {
            break;
        }
        if byte == b'[' && source.get(at + 1) == Some(&b':') {
            let name_at = at + 2;
            let length = source[name_at..].windows(2).position(|two| two == b":]");
            if let Some(length) = length {
                let class = class(&source[name_at..name_at + length])?;
                (0..=255).filter(class).for_each(|byte| add(&mut set, byte));
                at = name_at + length + 2;
                continue;
            }
        }
        let (low, next) = member(source, at)?;
        at = next;
        let range = source.get(at) == Some(&b'-') && source.get(at + 1).is_some_and(|b| *b != b']');
        if range {
            let (high, next) = member(source, at + 1)?;
            at = next;
            (low..=high).for_each(|byte| add(&mut set, byte));
        } else {
            add(&mut set, low);
        }
    }
    if negated {
        set = set.map(|word| !word);
    }
    Some((set, at + 1))
}

/// One member of a bracket expression: a byte, escaped or written `[.x.]` or `[=x=]` or not.
fn member(source: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *source.get(at)?;
    match (byte, source.get(at + 1)) {
        (b'\\', Some(escaped)) => Some((*escaped, at + 2)),
        (b'[', Some(mark @ (b'.' | b'='))) => {
            let name = *source.get(at + 2)?;
            let closed = source.get(at + 3) == Some(mark) && source.get(at + 4) == Some(&b']');
            if closed { Some((name, at + 5)) } else { Some((byte, at + 1)) }
        }
        _ => Some((byte, at + 1)),
    }
}

fn add(set: &mut [u64; 4], byte: u8) {
    set[usize::from(byte / 64)] |= 1 << (byte % 64);
}

fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

/// Appends `text` to a pattern so that it matches only itself.
pub fn escape(text: &[u8], pattern: &mut Vec<u8>) {
    for &byte in text {
        if is_special(byte) {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
}

/// Whether a byte may mean more than itself in a pattern.
pub const fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b']' | b'!' | b'^' | b'-' | b'\\')
}

/// Removes the backslashes of a pattern.
pub fn unescape(pattern: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.iter();
    while let Some(&byte) = bytes.next() {
        let plain = if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte };
        text.push(plain);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern.as_bytes()).matches(text.as_bytes())
    }

    #[test]
    fn whole_texts() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("a*c", "abbc"),
            ("*.tar.*", "x.tar.gz"),
            ("[a-c]?", "bz"),
            ("[!a-c]", "d"),
            ("[]x]", "]"),
            ("[[:digit:]_]*", "_7"),
            ("\\*", "*"),
            ("[a", "[a"),
            ("[\\]]", "]"),
            ("a[.-.]b", "a-b"),
            ("[[.-.]]", "-"),
        ] {
            let bracket_dot = pattern == "a[.-.]b";
            assert_eq!(matches(pattern, text), !bracket_dot, "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a*c", "ab"), ("[a-c]", "d"), ("\\*", "x"), ("?", ""), ("*a", "ab")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn prefixes_and_suffixes() {
        let path = b"/usr/local/bin";
        let slash = Pattern::new(b"*/");
        assert_eq!(slash.prefix(path, true), Some(11));
        assert_eq!(slash.prefix(path, false), Some(1));
        let tail = Pattern::new(b"/*");
        assert_eq!(tail.suffix(path, false), Some(4));
        assert_eq!(tail.suffix(path, true), Some(14));
        assert_eq!(Pattern::new(b"bin").suffix(path, true), Some(3));
        assert_eq!(Pattern::new(b"usr").prefix(path, true), None);
    }

    #[test]
    fn nothing_explodes() {
        let pattern = "*a".repeat(400) + "b";
        assert!(!matches(&pattern, &"a".repeat(100_000)));
    }

    /// The plain definition, which is exponential but obviously right.
    fn model(pattern: &[Element], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((Element::Star, rest)) => (0..=text.len()).any(|n| model(rest, &text[n..])),
            Some((element, rest)) => text
                .split_first()
                .is_some_and(|(byte, tail)| element.takes(*byte) && model(rest, tail)),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab?*]{0,7}", text in "[ab]{0,9}") {
            let compiled = Pattern::new(pattern.as_bytes());
            assert_eq!(compiled.matches(text.as_bytes()), model(&compiled.elements, text.as_bytes()));
            let lengths: Vec<usize> = (0..=text.len())
                .filter(|n| model(&compiled.elements, &text.as_bytes()[..*n])).collect();
            assert_eq!(compiled.prefix(text.as_bytes(), false), lengths.first().copied());
            assert_eq!(compiled.prefix(text.as_bytes(), true), lengths.last().copied());
        }

        #[test]
        fn never_panics(pattern in prop::collection::vec(any::<u8>(), 0..40), text in prop::collection::vec(any::<u8>(), 0..40)) {
            let compiled = Pattern::new(&pattern);
            compiled.matches(&text);
            compiled.suffix(&text, true);
        }

        #[test]
        fn escaped_text_matches_itself(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut pattern = Vec::new();
            escape(&text, &mut pattern);
            assert!(Pattern::new(&pattern).matches(&text));
            assert_eq!(unescape(&pattern), text);
        }
    }
}
