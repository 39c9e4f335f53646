//! wc: count lines, words and bytes.
//!
//! Follows: POSIX.1-2024 wc; column widths and messages of GNU coreutils 9.1.

use serde::{Deserialize, Serialize};

use crate::base::Fd;
use crate::fs::FileType;
use crate::kernel::program::input::{Files, Piece};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote_if_needed};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, tool};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Wc>("wc");

const SPEC: Spec = Spec::new(
    "usage: wc [-clLmw] [FILE]...\n\
     Count lines, words and bytes of FILEs, or of standard input.\n\n  \
     -c, --bytes            bytes\n  \
     -l, --lines            newlines\n  \
     -L, --max-line-length  columns of the longest line\n  \
     -m, --chars            characters\n  \
     -w, --words            words",
    "clLmw",
)
.long(&[
    ("bytes", b'c'),
    ("chars", b'm'),
    ("lines", b'l'),
    ("max-line-length", b'L'),
    ("words", b'w'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Wc {
    files: Files,
    named: bool,
    shown: Vec<u8>,
    width: u32,
    counts: Counts,
    total: Counts,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    longest: u64,
    column: u64,
    in_word: bool,
}

impl Tool for Wc {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, _: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let mut shown: Vec<u8> =
            b"lwmcL".iter().copied().filter(|letter| options.has(*letter)).collect();
        if shown.is_empty() {
            shown = b"lwc".to_vec();
        }
        let files = Files::new(&options.operands);
        let width = if files.count() == 1 && shown.len() == 1 { 1 } else { width(options, sys) };
        let named = !options.operands.is_empty();
        let (counts, total) = (Counts::default(), Counts::default());
        Ok(Self { files, named, shown, width, counts, total })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let length = match self.files.chunk(out, sys)? {
            Piece::Data(bytes) => {
                // Everything but lines and bytes looks at each byte.
                let simple = self.shown.iter().all(|letter| b"lc".contains(letter));
                self.counts.add(bytes, simple);
                bytes.len()
            }
            Piece::End => {
                let counts = core::mem::take(&mut self.counts).finished();
                self.total.join(&counts);
                let name = self.named.then(|| quote_if_needed(self.files.name()));
                self.print(&counts, name.as_deref(), out);
                0
            }
            Piece::Done => {
                if self.files.count() > 1 {
                    let total = self.total;
                    self.print(&total, Some("total"), out);
                }
                return Ok(Step::Exit(out.status()));
            }
        };
        burn_bytes(length, sys);
        Ok(Step::Again)
    }
}

impl Wc {
    fn print(&self, counts: &Counts, name: Option<&str>, out: &mut Out) {
        let width = self.width as usize;
        let columns = self.shown.iter().map(|letter| match letter {
            b'l' => counts.lines,
            b'w' => counts.words,
            b'm' => counts.chars,
            b'c' => counts.bytes,
            _ => counts.longest,
        });
        let columns: Vec<String> = columns.map(|count| format!("{count:width$}")).collect();
        out.text(columns.join(" "));
        if let Some(name) = name {
            out.text(format!(" {name}"));
        }
        out.text("\n");
    }
}

impl Counts {
    fn add(&mut self, bytes: &[u8], simple: bool) {
        self.bytes += bytes.len() as u64;
        if simple {
            self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            return;
        }
        for byte in bytes {
            let (printable, space) = match byte {
                b'\n' => {
                    self.lines += 1;
                    self.end_line();
                    (false, true)
                }
                b'\r' | 0x0c => {
                    self.end_line();
                    (false, true)
                }
                b'\t' => {
                    self.column += 8 - self.column % 8;
                    (false, true)
                }
                b' ' => {
                    self.column += 1;
                    (false, true)
                }
                0x0b => (false, true),
                0x21..0x7f | 0xc0..=0xff => {
                    self.column += 1;
                    (true, false)
                }
                // Later bytes of a character belong to the word that its first byte began.
                _ => (false, false),
            };
            if !(0x80..0xc0).contains(byte) {
                self.chars += 1;
            }
            if space {
                self.in_word = false;
            } else if printable && !self.in_word {
                self.in_word = true;
                self.words += 1;
            }
        }
    }

    fn end_line(&mut self) {
        self.longest = self.longest.max(self.column);
        self.column = 0;
    }

    fn finished(mut self) -> Self {
        self.end_line();
        self
    }

    fn join(&mut self, other: &Self) {
        self.lines += other.lines;
        self.words += other.words;
        self.chars += other.chars;
        self.bytes += other.bytes;
        self.longest = self.longest.max(other.longest);
    }
}

/// The width of a column: that of the sum of the sizes, which no count exceeds; 7 where a size
/// is not known beforehand.
fn width(options: &Options, sys: &mut Sys<'_>) -> u32 {
    let mut sum: u64 = 0;
    let mut least = 1;
    let stdin = [bstr::BString::from("-")];
    let operands = if options.operands.is_empty() { &stdin } else { &options.operands[..] };
    for operand in operands {
        let stat = if operand == "-" { sys.fs().fstat(Fd::STDIN) } else { sys.fs().stat(operand) };
        match stat {
            Ok(stat) if stat.kind == FileType::Regular => sum = sum.saturating_add(stat.size),
            Ok(_) => least = 7,
            Err(_) => {}
        }
    }
    sum.checked_ilog10().map_or(1, |digits| digits + 1).max(least)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{Guest, run};

    #[test]
    fn counts_standard_input() {
        assert_eq!(run("wc", "a b\nc\n"), "      2       3       6\n[exit 0]\n");
        assert_eq!(run("wc -l", "a b\nc"), "1\n[exit 0]\n");
        assert_eq!(run("wc -mcL", "é\tx\nab"), "      6       7       9\n[exit 0]\n");
    }

    #[test]
    fn columns_are_as_wide_as_the_sizes_need() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "one two\n").file("/tmp/b", "three\nfour\n");
        expect![[r#"
             1  2  8 /tmp/a
             2  2 11 /tmp/b
             3  4 19 total
            [exit 0]
        "#]]
        .assert_eq(&guest.run("wc /tmp/a /tmp/b", ""));
        expect![[r#"
            1 /tmp/a
            1 total
            [stderr]
            wc: no: No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("wc -l /tmp/a no", ""));
    }
}
