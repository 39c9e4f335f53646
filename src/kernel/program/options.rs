//! [`Options`]: an argument list taken apart as `getopt_long` does, with its error texts.
//!
//! Follows: POSIX.1-2024 §12.2 Utility Syntax Guidelines; GNU getopt's permutation, long options,
//! abbreviations and messages. `--help` is an option of every program that uses this.

use bstr::{BStr, BString, ByteSlice};

use crate::base::strings::Strings;

/// What a program accepts.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The text of `--help`, beginning with `usage: NAME`.
    pub usage: &'static str,
    /// Short options in getopt's notation: `a` is a flag, `b:` needs a value, `c::` may have one
    /// attached. A leading `+` stops at the first operand.
    pub short: &'static str,
    /// Long options and the letter each stands for, whose notation in `short` says whether it has
    /// a value.
    pub long: &'static [(&'static str, u8)],
    /// The exit status of wrong usage.
    pub misuse: u8,
    /// Whether arguments are taken apart at all; if not, only a lone `--help` is.
    pub getopt: bool,
}

impl Spec {
    /// A program with short options alone.
    pub const fn new(usage: &'static str, short: &'static str) -> Self {
        Self { usage, short, long: &[], misuse: 1, getopt: true }
    }

    /// A program that takes its arguments apart itself.
    pub const fn operands_only(usage: &'static str) -> Self {
        Self { usage, short: "", long: &[], misuse: 1, getopt: false }
    }

    /// Adds long options.
    #[must_use]
    pub const fn long(mut self, long: &'static [(&'static str, u8)]) -> Self {
        self.long = long;
        self
    }

    /// Sets the exit status of wrong usage.
    #[must_use]
    pub const fn misuse(mut self, status: u8) -> Self {
        self.misuse = status;
        self
    }

    fn argument(&self, letter: u8) -> Option<Argument> {
        let short = self.short.trim_start_matches('+').as_bytes();
        let at = short.find_byte(letter).filter(|_| letter != b':')?;
        Some(match short.get(at + 1..).unwrap_or_default() {
            [b':', b':', ..] => Argument::Optional,
            [b':', ..] => Argument::Required,
            _ => Argument::None,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Required,
    Optional,
}

/// What a command line said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Options in order, each with its value if it has one.
    pub given: Vec<(u8, Option<BString>)>,
    /// Everything else.
    pub operands: Vec<BString>,
}

/// Why a command line gives no [`Options`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `--help` was asked for.
    Help,
    /// The message to print, without the program's name.
    Misuse(String),
}

impl Options {
    /// Takes `args`, program name first, apart.
    ///
    /// # Errors
    ///
    /// [`Refusal`] for `--help` and for what `spec` does not accept.
    pub fn parse(spec: &Spec, args: &Strings) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut rest = args.iter().skip(1);
        if !spec.getopt {
            let help = rest.clone().eq(["--help"]);
            options.operands.extend(rest.map(BString::from));
            return if help { Err(Refusal::Help) } else { Ok(options) };
        }
        while let Some(arg) = rest.next() {
            if arg == "--" {
                options.operands.extend(rest.by_ref().map(BString::from));
            } else if let Some(long) = arg.strip_prefix(b"--") {
                options.take_long(spec, long.as_bstr(), &mut rest)?;
            } else if arg.len() > 1 && arg.starts_with(b"-") {
                options.take_short(spec, &arg[1..], &mut rest)?;
            } else {
                options.operands.push(arg.into());
                if spec.short.starts_with('+') {
                    options.operands.extend(rest.by_ref().map(BString::from));
                }
            }
        }
        Ok(options)
    }

    /// Whether an option was given.
    pub fn has(&self, letter: u8) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The value that was given last.
    pub fn value(&self, letter: u8) -> Option<&BStr> {
        self.values(letter).next_back()
    }

    /// Every value of an option, in order.
    pub fn values(&self, letter: u8) -> impl DoubleEndedIterator<Item = &BStr> {
        self.given
            .iter()
            .filter(move |(given, _)| *given == letter)
            .filter_map(|(_, value)| value.as_ref().map(BStr::new))
    }

    /// Which of several options that override each other was given last.
    pub fn last_of(&self, letters: &[u8]) -> Option<u8> {
        self.given.iter().rev().map(|(given, _)| *given).find(|given| letters.contains(given))
    }

    fn take_short<'a>(
        &mut self,
        spec: &Spec,
        letters: &[u8],
        rest: &mut impl Iterator<Item = &'a BStr>,
    ) -> Result<(), Refusal> {
        let mut letters = letters;
        while let [letter, tail @ ..] = letters {
            letters = tail;
            let value = match spec.argument(*letter) {
                None => {
                    let shown = BStr::new(core::slice::from_ref(letter));
                    return Err(Refusal::Misuse(format!("invalid option -- '{shown}'")));
                }
                Some(Argument::None) => None,
                Some(_) if !tail.is_empty() => Some(BString::from(tail)),
                Some(Argument::Optional) => None,
                Some(Argument::Required) => match rest.next() {
                    Some(value) => Some(value.into()),
                    None => {
                        let shown = BStr::new(core::slice::from_ref(letter));
                        let message = format!("option requires an argument -- '{shown}'");
                        return Err(Refusal::Misuse(message));
                    }
                },
            };
            if spec.argument(*letter) != Some(Argument::None) {
                letters = &[];
            }
            self.given.push((*letter, value));
        }
        Ok(())
    }

    fn take_long<'a>(
        &mut self,
        spec: &Spec,
        long: &BStr,
        rest: &mut impl Iterator<Item = &'a BStr>,
    ) -> Result<(), Refusal> {
        let (name, value) = match long.split_once_str("=") {
            Some((name, value)) => (name.as_bstr(), Some(BString::from(value))),
            None => (long, None),
        };
        let (full, letter) = find_long(spec, name, long)?;
        let value = match (spec.argument(letter), value) {
            (Some(Argument::None) | None, Some(_)) => {
                let message = format!("option '--{full}' doesn't allow an argument");
                return Err(Refusal::Misuse(message));
            }
            (Some(Argument::Required), None) => match rest.next() {
                Some(value) => Some(value.into()),
                None => {
                    let message = format!("option '--{full}' requires an argument");
                    return Err(Refusal::Misuse(message));
                }
            },
            (_, value) => value,
        };
        self.given.push((letter, value));
        Ok(())
    }
}

/// The long option that `name` is, or is the only abbreviation of.
fn find_long(spec: &Spec, name: &BStr, whole: &BStr) -> Result<(&'static str, u8), Refusal> {
    if let Some(exact) = spec.long.iter().find(|(full, _)| name == *full) {
        return Ok(*exact);
    }
    if name == "help" {
        return Err(Refusal::Help);
    }
    let fits = |full: &str| !name.is_empty() && full.as_bytes().starts_with(name);
    let mut candidates = spec.long.iter().filter(|(full, _)| fits(full));
    let Some(first) = candidates.next() else {
        return Err(if fits("help") {
            Refusal::Help
        } else {
            Refusal::Misuse(format!("unrecognized option '--{whole}'"))
        });
    };
    if candidates.all(|(_, letter)| *letter == first.1) {
        return Ok(*first);
    }
    let mut message = format!("option '--{whole}' is ambiguous; possibilities:");
    for (full, _) in spec.long.iter().filter(|(full, _)| fits(full)) {
        message.push_str(&format!(" '--{full}'"));
    }
    Err(Refusal::Misuse(message))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const SPEC: Spec = Spec::new("usage: x", "ab:c::").long(&[
        ("all", b'a'),
        ("bytes", b'b'),
        ("color", b'c'),
        ("bypass", b'a'),
    ]);

    fn parse(line: &str) -> String {
        let args: Strings = line.split(' ').collect();
        match Options::parse(&SPEC, &args) {
            Ok(options) => {
                let given = options.given.iter().map(|(letter, value)| match value {
                    Some(value) => format!("{}={value} ", char::from(*letter)),
                    None => format!("{} ", char::from(*letter)),
                });
                let given: String = given.collect();
                let operands: Vec<String> =
                    options.operands.iter().map(BString::to_string).collect();
                format!("{given}| {}\n", operands.join(" "))
            }
            Err(Refusal::Help) => "help\n".into(),
            Err(Refusal::Misuse(message)) => format!("{message}\n"),
        }
    }

    #[test]
    fn lines_are_taken_apart_as_getopt_does() {
        let lines = [
            "x -a file -b5 -- -z",
            "x -ab 5 -cred -c x",
            "x --all --bytes=5 --bytes 6 --color --color=y --co",
            "x - -a",
        ];
        let parsed: String = lines.into_iter().map(parse).collect();
        expect![[r#"
            a b=5 | file -z
            a b=5 c=red c | x
            a b=5 b=6 c c=y c | 
            a | -
        "#]]
        .assert_eq(&parsed);
    }

    #[test]
    fn errors_are_worded_as_glibc_words_them() {
        let lines = [
            "x -z",
            "x -b",
            "x --foo",
            "x --foo=1",
            "x --all=1",
            "x --bytes",
            "x --by",
            "x --help",
            "x --he",
        ];
        let parsed: String = lines.into_iter().map(parse).collect();
        expect![[r#"
            invalid option -- 'z'
            option requires an argument -- 'b'
            unrecognized option '--foo'
            unrecognized option '--foo=1'
            option '--all' doesn't allow an argument
            option '--bytes' requires an argument
            option '--by' is ambiguous; possibilities: '--bytes' '--bypass'
            help
            help
        "#]]
        .assert_eq(&parsed);
    }
}
