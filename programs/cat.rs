//! cat: copy files to standard output.
//!
//! Follows: POSIX.1-2024 cat; options and messages of GNU coreutils 9.1.

use serde::{Deserialize, Serialize};

use crate::kernel::program::Program;
use crate::kernel::program::input::Files;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Bytes, End, byte_filter};

pub(super) const PROGRAM: Program = byte_filter::<Cat>("cat");

const SPEC: Spec = Spec::new(
    "usage: cat [-AbeEnstTuv] [FILE]...\n\
     Copy FILEs, or standard input, to standard output.\n\n  \
     -A, --show-all          as -vET\n  \
     -b, --number-nonblank   number lines that are not empty\n  \
     -e                      as -vE\n  \
     -E, --show-ends         show $ at the end of each line\n  \
     -n, --number            number all lines\n  \
     -s, --squeeze-blank     never more than one empty line\n  \
     -t                      as -vT\n  \
     -T, --show-tabs         show tabs as ^I\n  \
     -u                      (ignored)\n  \
     -v, --show-nonprinting  show control characters as ^X and M-X",
    "AbeEnstTuv",
)
.long(&[
    ("show-all", b'A'),
    ("number-nonblank", b'b'),
    ("show-ends", b'E'),
    ("number", b'n'),
    ("squeeze-blank", b's'),
    ("show-tabs", b'T'),
    ("show-nonprinting", b'v'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Cat {
    number: Number,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    nonprinting: bool,
    line: u64,
    /// How many newlines the text so far ends in, at most two; a file begins after one.
    newlines: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Number {
    None,
    All,
    NonBlank,
}

impl Bytes for Cat {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, _: &mut Out) -> Result<Self, End> {
        let any = |letters: &[u8]| letters.iter().any(|letter| options.has(*letter));
        Ok(Self {
            number: match (options.has(b'b'), options.has(b'n')) {
                (true, _) => Number::NonBlank,
                (false, true) => Number::All,
                (false, false) => Number::None,
            },
            squeeze: options.has(b's'),
            ends: any(b"AEe"),
            tabs: any(b"ATt"),
            nonprinting: any(b"Aetv"),
            line: 0,
            newlines: 1,
        })
    }

    fn files(options: &Options) -> Files {
        Files::new(&options.operands)
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Out) {
        let plain = self.number == Number::None
            && !(self.squeeze || self.ends || self.tabs || self.nonprinting);
        if plain {
            out.text(bytes);
        } else {
            let mut text = Vec::with_capacity(bytes.len() * 2);
            bytes.iter().for_each(|byte| self.byte(*byte, &mut text));
            out.text(text);
        }
    }
}

impl Cat {
    fn byte(&mut self, byte: u8, text: &mut Vec<u8>) {
        let blank = byte == b'\n' && self.newlines > 0;
        if blank && self.squeeze && self.newlines > 1 {
            return;
        }
        let numbered = match self.number {
            Number::None => false,
            Number::All => true,
            Number::NonBlank => !blank,
        };
        if self.newlines > 0 && numbered {
            self.line += 1;
            text.extend_from_slice(format!("{:6}\t", self.line).as_bytes());
        }
        if byte == b'\n' {
            self.newlines = (self.newlines + 1).min(2);
            if self.ends {
                text.push(b'$');
            }
            text.push(b'\n');
            return;
        }
        self.newlines = 0;
        match byte {
            b'\t' if self.tabs => text.extend_from_slice(b"^I"),
            b'\t' => text.push(b'\t'),
            _ if self.nonprinting => show(byte, text),
            _ => text.push(byte),
        }
    }
}

/// A byte in the notation of `cat -v`.
fn show(byte: u8, text: &mut Vec<u8>) {
    if byte >= 0x80 {
        text.extend_from_slice(b"M-");
    }
    match byte & 0x7f {
        control @ 0..0x20 => text.extend_from_slice(&[b'^', control + 0x40]),
        0x7f => text.extend_from_slice(b"^?"),
        plain => text.push(plain),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{Guest, run};

    #[test]
    fn copies_what_it_reads() {
        assert_eq!(run("cat", "é\n\0b"), "é\n\0b\n[exit 0]\n");
        assert_eq!(run("cat", ""), "[exit 0]\n");
    }

    #[test]
    fn numbers_lines() {
        expect![[r#"
                 1	é
                 2	
                 3	b
            [exit 0]
        "#]]
        .assert_eq(&run("cat -n", "é\n\nb"));
        expect![[r#"
                 1	é$

                 2	b
            [exit 0]
        "#]]
        .assert_eq(&run("cat -b", "é$\n\nb"));
    }

    #[test]
    fn shows_what_cannot_be_seen() {
        expect![[r#"
            a^I$
            $
            M-CM-)^A^?$
            [exit 0]
        "#]]
        .assert_eq(&run("cat -As", "a\t\n\n\n\né\x01\x7f\n"));
    }

    #[test]
    fn reports_files_it_cannot_read_and_goes_on() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "one\n");
        expect![[r#"
            one
            in
            [stderr]
            cat: nofile: No such file or directory
            cat: /tmp: Is a directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cat nofile /tmp/a /tmp -", "in\n"));
    }
}
