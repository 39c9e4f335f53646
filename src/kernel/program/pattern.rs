//! [`Pattern`]: POSIX regular expressions on top of the `regex` crate, which runs in linear time
//! whatever a guest writes.
//!
//! Follows: POSIX.1-2024 §9 basic and extended expressions with GNU's `\+ \? \| \< \> \b \w \s`.
//! Deviates: no back-references; of several matches at one place the first alternative is taken,
//! not the longest. Left out: collating elements.

use bstr::{BString, ByteSlice};
use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// Bytes a compiled expression may take; GNU's message at the limit is the same.
const SIZE_MAX: usize = 1 << 20;
/// Nested groups an expression may have, so that no parser recurses deeply.
const NEST_MAX: u32 = 100;

/// How the text of an expression is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Syntax {
    /// Basic: `\(…\)`.
    Basic,
    /// Extended: `(…)`.
    Extended,
    /// Every character stands for itself.
    Fixed,
}

/// What must stand around a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whole {
    /// Anything.
    #[default]
    Any,
    /// No word character before or after it.
    Word,
    /// Nothing: it is the whole text.
    Text,
}

/// A regular expression. Saved as its text; compiled when first used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Pattern {
    translated: String,
    ignore_case: bool,
    /// A cache: follows from the rest.
    #[serde(skip)]
    compiled: Option<Regex>,
}

impl Pattern {
    /// The pattern that matches what any of `sources` matches.
    ///
    /// # Errors
    ///
    /// What is wrong, in glibc's words.
    pub fn new(
        sources: &[BString],
        syntax: Syntax,
        whole: Whole,
        ignore_case: bool,
    ) -> Result<Self, String> {
        let mut alternatives = Vec::new();
        for source in sources {
            alternatives.push(match syntax {
                Syntax::Fixed => escape_all(source),
                _ => Translator::new(source, syntax == Syntax::Extended).run()?,
            });
        }
        let joined = format!("(?:{})", alternatives.join("|"));
        let translated = match whole {
            Whole::Any => joined,
            Whole::Word => format!(r"(?-u:\b{{start-half}}){joined}(?-u:\b{{end-half}})"),
            Whole::Text => format!(r"\A{joined}\z"),
        };
        // A pattern without any source matches nothing.
        let translated = if sources.is_empty() { r"[^\s\S]".to_owned() } else { translated };
        let compiled = Some(compile(&translated, ignore_case)?);
        Ok(Self { translated, ignore_case, compiled })
    }

    /// Whether the pattern matches somewhere in `text`.
    pub fn is_match(&mut self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The first match that begins at `from` or later.
    pub fn find(&mut self, text: &[u8], from: usize) -> Option<core::ops::Range<usize>> {
        self.regex()?.find_at(text, from).map(|found| found.range())
    }

    fn regex(&mut self) -> Option<&Regex> {
        if self.compiled.is_none() {
            // It was compiled when it was made; only a forged savegame fails here.
            self.compiled = compile(&self.translated, self.ignore_case).ok();
        }
        self.compiled.as_ref()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.translated, self.ignore_case) == (&other.translated, other.ignore_case)
    }
}

impl Eq for Pattern {}

fn compile(translated: &str, ignore_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(translated)
        .case_insensitive(ignore_case)
        .dot_matches_new_line(false)
        .size_limit(SIZE_MAX)
        .dfa_size_limit(SIZE_MAX)
        .nest_limit(NEST_MAX)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "Regular expression too big".to_owned(),
            _ if translated.contains("{") => "Invalid content of \\{\\}".to_owned(),
            _ => "Regular expression too big".to_owned(),
        })
}

fn escape_all(text: &[u8]) -> String {
    let mut escaped = String::new();
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|character| escape(&mut escaped, character));
        for byte in chunk.invalid() {
            escaped.push_str(&format!(r"(?-u:\x{byte:02x})"));
        }
    }
    escaped
}

fn escape(out: &mut String, character: char) {
    if character.is_ascii() && !character.is_ascii_alphanumeric() {
        out.push_str(&format!(r"\x{:02x}", u32::from(character)));
    } else {
        out.push(character);
    }
}

/// Rewrites a POSIX expression for the `regex` crate.
struct Translator<'a> {
    source: &'a [u8],
    at: usize,
    extended: bool,
    out: String,
    /// Where the last repeatable thing begins in `out`.
    atom: Option<usize>,
    /// Where each open group begins.
    groups: Vec<usize>,
}

enum Token<'a> {
    Character(&'a [u8]),
    Any,
    Bracket,
    Open,
    Close,
    Or,
    Star,
    Plus,
    Question,
    Brace,
    Begin,
    End,
    Raw(&'static str),
}

impl<'a> Translator<'a> {
    fn new(source: &'a [u8], extended: bool) -> Self {
        Self { source, at: 0, extended, out: String::new(), atom: None, groups: Vec::new() }
    }

    fn run(mut self) -> Result<String, String> {
        while self.at < self.source.len() {
            // Whether an expression begins here, where `*` and, in basic ones, `^` differ.
            let first = self.out.is_empty() || self.out.ends_with("(?:") || self.out.ends_with('|');
            let first = first || self.out.ends_with(r"\A") && self.atom.is_none();
            let token = self.token(first)?;
            match token {
                Token::Character(bytes) => self.push_atom(&escape_all(bytes)),
                Token::Any => self.push_atom("."),
                Token::Bracket => {
                    let class = self.bracket()?;
                    self.push_atom(&class);
                }
                Token::Raw(text) => self.push_atom(text),
                Token::Begin => {
                    self.out.push_str(r"\A");
                    self.atom = None;
                }
                Token::End => {
                    self.out.push_str(r"\z");
                    self.atom = None;
                }
                Token::Open => {
                    if self.groups.len() >= NEST_MAX as usize {
                        return Err("Regular expression too big".into());
                    }
                    self.groups.push(self.out.len());
                    self.out.push_str("(?:");
                    self.atom = None;
                }
                Token::Close => match self.groups.pop() {
                    Some(start) => {
                        self.out.push(')');
                        self.atom = Some(start);
                    }
                    None if self.extended => self.push_atom(r"\)"),
                    None => return Err("Unmatched ) or \\)".into()),
                },
                Token::Or => {
                    self.out.push('|');
                    self.atom = None;
                }
                Token::Star if first => self.push_atom(r"\*"),
                Token::Plus if first => self.push_atom(r"\+"),
                Token::Question if first => self.push_atom(r"\?"),
                Token::Star => self.repeat("*"),
                Token::Plus => self.repeat("+"),
                Token::Question => self.repeat("?"),
                Token::Brace => self.brace(first)?,
            }
        }
        if self.groups.is_empty() { Ok(self.out) } else { Err("Unmatched ( or \\(".into()) }
    }

    fn token(&mut self, first: bool) -> Result<Token<'a>, String> {
        let rest = &self.source[self.at..];
        if let [b'\\', escaped @ ..] = rest {
            return self.escaped(escaped);
        }
        let (character, length) = bstr::decode_utf8(rest);
        let length = if character.is_some() { length } else { 1 };
        self.at += length;
        let next = &self.source[self.at..];
        Ok(match rest[0] {
            b'.' => Token::Any,
            b'[' => Token::Bracket,
            b'*' => Token::Star,
            b'(' if self.extended => Token::Open,
            b')' if self.extended => Token::Close,
            b'|' if self.extended => Token::Or,
            b'+' if self.extended => Token::Plus,
            b'?' if self.extended => Token::Question,
            b'{' if self.extended => Token::Brace,
            b'^' if self.extended || first => Token::Begin,
            b'$' if self.extended || next.is_empty() => Token::End,
            b'$' if next.starts_with(br"\)") || next.starts_with(br"\|") => Token::End,
            _ => Token::Character(&rest[..length]),
        })
    }

    fn escaped(&mut self, escaped: &'a [u8]) -> Result<Token<'a>, String> {
        let Some(first) = escaped.first() else { return Err("Trailing backslash".into()) };
        let (character, length) = bstr::decode_utf8(escaped);
        let length = if character.is_some() { length } else { 1 };
        self.at += 1 + length;
        Ok(match first {
            b'(' if !self.extended => Token::Open,
            b')' if !self.extended => Token::Close,
            b'|' if !self.extended => Token::Or,
            b'+' if !self.extended => Token::Plus,
            b'?' if !self.extended => Token::Question,
            b'{' if !self.extended => Token::Brace,
            b'1'..=b'9' => return Err("Invalid back reference".into()),
            b'<' => Token::Raw(r"(?-u:\b{start})"),
            b'>' => Token::Raw(r"(?-u:\b{end})"),
            b'b' => Token::Raw(r"(?-u:\b)"),
            b'B' => Token::Raw(r"(?-u:\B)"),
            b'w' => Token::Raw("[0-9A-Za-z_]"),
            b'W' => Token::Raw("[^0-9A-Za-z_]"),
            b's' => Token::Raw(r"[ \t\n\x0b\x0c\r]"),
            b'S' => Token::Raw(r"[^ \t\n\x0b\x0c\r]"),
            b'`' => Token::Begin,
            b'\'' => Token::End,
            _ => Token::Character(&escaped[..length]),
        })
    }

    fn push_atom(&mut self, text: &str) {
        self.atom = Some(self.out.len());
        // Without the group, a repetition would take the last character of several alone.
        self.out.push_str(text);
    }

    /// Repeats the last atom; doing so in a group keeps `a+?` from meaning "as few as possible".
    fn repeat(&mut self, operator: &str) {
        let Some(start) = self.atom else { return };
        // `a**` is `a*`; a chain of such must not nest without end.
        if self.out.ends_with(&format!("){operator}"))
            && self.out[start..].starts_with("(?:")
            && operator != "?"
        {
            let already = self.out.len() - operator.len();
            if self.out[start..already].ends_with(')') {
                return;
            }
        }
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        self.out.push_str(operator);
    }

    /// `{m,n}`, after its opening brace.
    fn brace(&mut self, first: bool) -> Result<(), String> {
        let rest = &self.source[self.at..];
        let closing: &[u8] = if self.extended { b"}" } else { br"\}" };
        let end = rest.find(closing);
        let valid = end.is_some_and(|end| {
            let inside = &rest[..end];
            inside.iter().all(|byte| byte.is_ascii_digit() || *byte == b',')
                && inside.iter().filter(|byte| **byte == b',').count() <= 1
                && !inside.is_empty()
        });
        let Some(end) = end.filter(|_| valid && !first) else {
            if self.extended {
                self.push_atom(r"\{");
                return Ok(());
            }
            return Err(if first {
                "Invalid preceding regular expression".into()
            } else if end.is_none() {
                "Unmatched { or \\{".into()
            } else {
                "Invalid content of \\{\\}".into()
            });
        };
        let inside = rest[..end].to_str_lossy().into_owned();
        self.at += end + closing.len();
        let bound = |text: &str| text.is_empty() || text.parse::<u32>().is_ok_and(|n| n <= 32_767);
        if !inside.split(',').all(bound) {
            return Err("Regular expression too big".into());
        }
        let inside = if inside.starts_with(',') { format!("0{inside}") } else { inside };
        self.repeat(&format!("{{{inside}}}"));
        Ok(())
    }

    /// A bracket expression, after its opening bracket.
    fn bracket(&mut self) -> Result<String, String> {
        let unmatched = || "Unmatched [, [^, [:, [., or [=".to_owned();
        let mut class = String::from("[");
        if self.source.get(self.at) == Some(&b'^') {
            class.push('^');
            self.at += 1;
        }
        let start = self.at;
        loop {
            let rest = &self.source[self.at..];
            match rest {
                [] => return Err(unmatched()),
                [b']', ..] if self.at > start => {
                    self.at += 1;
                    class.push(']');
                    return Ok(class);
                }
                [b'[', b':', ..] => {
                    let end = rest.find(":]").ok_or_else(unmatched)?;
                    let name = rest[2..end].to_str_lossy().into_owned();
                    const NAMES: [&str; 12] = [
                        "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print",
                        "punct", "space", "upper", "xdigit",
                    ];
                    if !NAMES.contains(&name.as_str()) {
                        return Err("Invalid character class name".into());
                    }
                    class.push_str(&format!("[:{name}:]"));
                    self.at += end + 2;
                }
                _ => self.range(&mut class)?,
            }
        }
    }

    /// A character or a range of a bracket expression.
    fn range(&mut self, class: &mut String) -> Result<(), String> {
        let low = self.bracket_character()?;
        let is_range =
            matches!(self.source.get(self.at..), Some([b'-', next, ..]) if *next != b']');
        escape_in_class(class, low);
        if is_range {
            self.at += 1;
            let high = self.bracket_character()?;
            if high < low {
                return Err("Invalid range end".into());
            }
            class.push('-');
            escape_in_class(class, high);
        }
        Ok(())
    }

    fn bracket_character(&mut self) -> Result<char, String> {
        let rest = &self.source[self.at..];
        // `[.x.]` and `[=x=]` stand for x, in a locale without collating elements.
        if let [b'[', kind @ (b'.' | b'='), ..] = rest {
            let end = rest[2..].find([*kind, b']']).filter(|end| *end > 0);
            let end = end.ok_or("Unmatched [, [^, [:, [., or [=")?;
            let character = rest[2..2 + end].chars().next().unwrap_or_default();
            self.at += end + 4;
            return Ok(character);
        }
        let (character, length) = bstr::decode_utf8(rest);
        self.at += length.max(1);
        Ok(character.unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

fn escape_in_class(class: &mut String, character: char) {
    if character.is_ascii_alphanumeric() {
        class.push(character);
    } else {
        class.push_str(&format!(r"\x{{{:x}}}", u32::from(character)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(source: &str, extended: bool, text: &str) -> Result<bool, String> {
        let syntax = if extended { Syntax::Extended } else { Syntax::Basic };
        let mut pattern = Pattern::new(&[source.into()], syntax, Whole::Any, false)?;
        Ok(pattern.is_match(text.as_bytes()))
    }

    #[test]
    fn basic_expressions_mean_what_posix_says() {
        // Each checked against GNU grep 3.8.
        for (source, text, expected) in [
            ("a.c", "abc", true),
            ("a\\.c", "abc", false),
            ("a*", "", true),
            ("*a", "*a", true),
            ("*a", "a", false),
            ("^*a", "*a", true),
            ("\\(*a\\)", "*a", true),
            ("a\\{2\\}", "aa", true),
            ("^a\\{2,3\\}$", "aaaa", false),
            ("a+", "a+", true),
            ("a+", "aa", false),
            ("a\\+b", "aab", true),
            ("a\\|b", "b", true),
            ("a^b$c", "a^b$c", true),
            ("(a)", "(a)", true),
            ("[]a]", "]", true),
            ("[^]a]", "]a", false),
            ("[a\\]", "\\", true),
            ("[[:digit:]-]", "-", true),
            ("[a-c]x", "bx", true),
            ("\\<b", "a b", true),
            ("\\<b", "ab", false),
            ("x\\{1,\\}", "x", true),
            ("é.", "éx", true),
            ("^a.b$", "aéb", true),
        ] {
            assert_eq!(matches(source, false, text), Ok(expected), "{source} on {text}");
        }
    }

    #[test]
    fn extended_expressions_mean_what_posix_says() {
        for (source, text, expected) in [
            ("a+?b", "b", true),
            ("^(a|bc)*$", "abca", true),
            ("a{2}", "aa", true),
            ("a{x", "a{x", true),
            ("a{,2}b", "b", true),
            ("a)", "a)", true),
            ("()", "", true),
            ("\\(a", "(a", true),
            ("^ab|cd$", "xcd", true),
            ("ab+", "ababb", true),
            ("^(ab)+$", "abab", true),
            ("a**", "b", true),
        ] {
            assert_eq!(matches(source, true, text), Ok(expected), "{source} on {text}");
        }
    }

    #[test]
    fn nonsense_is_refused_in_glibcs_words() {
        for (source, extended, expected) in [
            ("\\(a", false, "Unmatched ( or \\("),
            ("a\\)", false, "Unmatched ) or \\)"),
            ("[a", false, "Unmatched [, [^, [:, [., or [="),
            ("[[:foo:]]", false, "Invalid character class name"),
            ("[b-a]", false, "Invalid range end"),
            ("a\\", false, "Trailing backslash"),
            ("\\(a\\)\\1", false, "Invalid back reference"),
            ("((a{1000}){1000}){1000}", true, "Regular expression too big"),
        ] {
            assert_eq!(matches(source, extended, ""), Err(expected.to_owned()), "{source}");
        }
        assert!(matches(&"(".repeat(100_000), true, "").is_err());
        assert!(matches(&format!("a{}", "*".repeat(10_000)), true, "").is_ok());
    }
}
