//! echo: write arguments to standard output.
//!
//! Follows: POSIX.1-2024 echo; `-n`, `-e` and `-E` as GNU coreutils.

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Echo>("echo");

const SPEC: Spec = Spec::operands_only(
    "usage: echo [-neE] [STRING]...\n\
     Write the STRINGs to standard output, separated by spaces.\n\n  \
     -n  no newline at the end\n  \
     -e  backslash escapes have a meaning\n  \
     -E  they have none (default)",
);

#[derive(Clone)]
struct Echo;

impl Compute for Echo {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<u8, End> {
        let (mut newline, mut escapes) = (true, false);
        let mut words = options.operands.as_slice();
        while let [first, rest @ ..] = words
            && let Some(letters) = first.strip_prefix(b"-")
            && !letters.is_empty()
            && letters.iter().all(|letter| b"neE".contains(letter))
        {
            for letter in letters {
                match letter {
                    b'n' => newline = false,
                    letter => escapes = *letter == b'e',
                }
            }
            words = rest;
        }
        let mut text = Vec::new();
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                text.push(b' ');
            }
            if !escapes {
                text.extend_from_slice(word);
            } else if unescape(word, &mut text) == Ended::ByEscape {
                out.text(text);
                return Ok(0);
            }
        }
        if newline {
            text.push(b'\n');
        }
        out.text(text);
        Ok(0)
    }
}

#[derive(PartialEq, Eq)]
enum Ended {
    Normally,
    /// `\c`: nothing more is written.
    ByEscape,
}

fn unescape(word: &[u8], text: &mut Vec<u8>) -> Ended {
    let mut rest = word;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let (b'\\', Some(escape)) = (*first, tail.first()) else {
            text.push(*first);
            continue;
        };
        rest = &tail[1..];
        let byte = match escape {
            b'a' => 0x07,
            b'b' => 0x08,
            b'c' => return Ended::ByEscape,
            b'e' => 0x1b,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' => b'\\',
            b'0'..=b'7' => {
                // GNU takes three digits after a leading zero, and three in all without one.
                let digits = if *escape == b'0' { rest } else { tail };
                let (value, length) = digits_of(digits, 8, 3);
                rest = &digits[length..];
                value
            }
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                let (value, length) = digits_of(rest, 16, 2);
                rest = &rest[length..];
                value
            }
            other => {
                text.push(b'\\');
                *other
            }
        };
        text.push(byte);
    }
    Ended::Normally
}

/// The number that up to `max` digits form, modulo 256, and how many digits there were.
fn digits_of(text: &[u8], radix: u32, max: usize) -> (u8, usize) {
    let digits = text.iter().take(max).map_while(|byte| char::from(*byte).to_digit(radix));
    let (value, length) =
        digits.fold((0, 0), |(value, length), digit| (value * radix + digit, length + 1));
    (u8::try_from(value & 0xff).unwrap_or_default(), length)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn writes_its_arguments() {
        expect![[r#"
            a b  c -n
            [exit 0]
        "#]]
        .assert_eq(&run("echo a b '' c -n", ""));
        assert_eq!(run("echo -n a", ""), "a\n[exit 0]\n");
        assert_eq!(run("echo -x -", ""), "-x -\n[exit 0]\n");
    }

    #[test]
    fn escapes_are_those_of_coreutils() {
        assert_eq!(
            run(r"echo -e 'a\tb\0101\x41\101\q\\' 'c\cd' e", ""),
            "a\tbAAA\\q\\ c\n[exit 0]\n"
        );
        assert_eq!(run(r"echo -eE 'a\tb'", ""), "a\\tb\n[exit 0]\n");
    }
}
