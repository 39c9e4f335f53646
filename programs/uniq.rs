//! uniq: leave out lines that repeat the one before.
//!
//! Follows: POSIX.1-2024 uniq; options of GNU coreutils 9.1. Left out: `--group`, `-D`.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::kernel::program::Program;
use crate::kernel::program::input::Files;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Lines, line_filter, number};

pub(super) const PROGRAM: Program = line_filter::<Uniq>("uniq");

const SPEC: Spec = Spec::new(
    "usage: uniq [-cdiu] [-f N] [-s N] [-w N] [INPUT]\n\
     Leave out lines that repeat the one before.\n\n  \
     -c, --count          how often each came, before it\n  \
     -d, --repeated       only lines that came more than once\n  \
     -f, --skip-fields=N  compare after N fields\n  \
     -i, --ignore-case    upper and lower case are one\n  \
     -s, --skip-chars=N   compare after N characters\n  \
     -u, --unique         only lines that came once\n  \
     -w, --check-chars=N  compare N characters at most",
    "cdf:is:uw:",
)
.long(&[
    ("check-chars", b'w'),
    ("count", b'c'),
    ("ignore-case", b'i'),
    ("repeated", b'd'),
    ("skip-chars", b's'),
    ("skip-fields", b'f'),
    ("unique", b'u'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Uniq {
    count: bool,
    repeated: bool,
    unique: bool,
    fold: bool,
    fields: u64,
    characters: u64,
    compared: Option<u64>,
    /// The line that is being counted, and how often it came.
    line: Option<(BString, u64)>,
}

impl Lines for Uniq {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out) -> Result<Self, End> {
        if let Some(extra) = options.operands.get(1) {
            return Err(out.misuse(1, format_args!("extra operand {}", quote(extra))));
        }
        let mut count = |letter, what: &str| match options.value(letter) {
            None => Ok(None),
            Some(text) => number::<u64>(text)
                .map(Some)
                .ok_or_else(|| out.fail(1, format_args!("{text}: invalid number of {what}"))),
        };
        Ok(Self {
            fields: count(b'f', "fields to skip")?.unwrap_or(0),
            characters: count(b's', "bytes to skip")?.unwrap_or(0),
            compared: count(b'w', "bytes to compare")?,
            count: options.has(b'c'),
            repeated: options.has(b'd'),
            unique: options.has(b'u'),
            fold: options.has(b'i'),
            line: None,
        })
    }

    fn files(options: &Options) -> Files {
        Files::new(&options.operands)
    }

    fn line(&mut self, line: &[u8], out: &mut Out) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if let Some((last, _)) = &self.line {
            let (a, b) = (self.key(last), self.key(line));
            if if self.fold { a.eq_ignore_ascii_case(b) } else { a == b } {
                if let Some((_, times)) = &mut self.line {
                    *times += 1;
                }
                return;
            }
        }
        self.print(out);
        self.line = Some((line.into(), 1));
    }

    fn end(&mut self, out: &mut Out) -> u8 {
        self.print(out);
        out.status()
    }
}

impl Uniq {
    /// The part of a line that is compared.
    fn key<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
        let mut rest = line;
        for _ in 0..self.fields {
            let blanks = rest.iter().take_while(|byte| blank(byte)).count();
            let word = rest[blanks..].iter().take_while(|byte| !blank(byte)).count();
            rest = &rest[blanks + word..];
            if rest.is_empty() {
                break;
            }
        }
        let at =
            |count: u64, text: &[u8]| usize::try_from(count).unwrap_or(usize::MAX).min(text.len());
        rest = &rest[at(self.characters, rest)..];
        self.compared.map_or(rest, |count| &rest[..at(count, rest)])
    }

    fn print(&mut self, out: &mut Out) {
        let Some((line, times)) = self.line.take() else { return };
        if (self.repeated && times == 1) || (self.unique && times > 1) {
            return;
        }
        if self.count {
            out.text(format!("{times:7} "));
        }
        out.text(line.as_bytes());
        out.text("\n");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn leaves_out_repetitions() {
        let text = "a\na\nb\nA\na";
        assert_eq!(run("uniq", text), "a\nb\nA\na\n[exit 0]\n");
        assert_eq!(run("uniq -c", text), "      2 a\n      1 b\n      1 A\n      1 a\n[exit 0]\n");
        assert_eq!(run("uniq -d", text), "a\n[exit 0]\n");
        assert_eq!(run("uniq -iu", text), "b\n[exit 0]\n");
        assert_eq!(run("uniq -f1", "1 x\n2 x\n3 y\n"), "1 x\n3 y\n[exit 0]\n");
    }
}
