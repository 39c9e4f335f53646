//! sort: sort lines.
//!
//! Follows: POSIX.1-2024 sort; options and messages of GNU coreutils 9.1, in the C locale.
//! Left out: `-g`, `-M`, `-R`, `-V` and merging of sorted files (`-m` sorts them).

use core::cmp::Ordering;

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::kernel::program::input::{Files, Piece, Wording};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote, quote_if_needed};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, number, tool};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Sort>("sort");

const SPEC: Spec = Spec::new(
    "usage: sort [-bcCdfhimnrsuz] [-k KEY]... [-t CHAR] [-o FILE] [FILE]...\n\
     Sort the lines of FILEs, or of standard input.\n\n  \
     -b, --ignore-leading-blanks  keys begin after blanks\n  \
     -c, --check          only say whether the lines are sorted\n  \
     -C                   as -c, by the exit status alone\n  \
     -d, --dictionary-order  only blanks, letters and digits count\n  \
     -f, --ignore-case    upper and lower case are one\n  \
     -h, --human-numeric-sort  by numbers such as 2K\n  \
     -i, --ignore-nonprinting\n  \
     -k, --key=KEY        by F[.C][OPTIONS][,F[.C][OPTIONS]], from 1\n  \
     -n, --numeric-sort   by numbers\n  \
     -o, --output=FILE    write to FILE\n  \
     -r, --reverse        backwards\n  \
     -s, --stable         equal lines stay in order\n  \
     -t, --field-separator=CHAR\n  \
     -u, --unique         of equal lines only the first\n  \
     -z, --zero-terminated  lines end in NUL",
    "bcCdfhik:mno:rst:uz",
)
.long(&[
    ("check", b'c'),
    ("dictionary-order", b'd'),
    ("field-separator", b't'),
    ("human-numeric-sort", b'h'),
    ("ignore-case", b'f'),
    ("ignore-leading-blanks", b'b'),
    ("ignore-nonprinting", b'i'),
    ("key", b'k'),
    ("merge", b'm'),
    ("numeric-sort", b'n'),
    ("output", b'o'),
    ("reverse", b'r'),
    ("stable", b's'),
    ("unique", b'u'),
    ("zero-terminated", b'z'),
])
.misuse(2);

#[derive(Clone, Serialize, Deserialize)]
struct Sort {
    files: Files,
    rules: Rules,
    check: Option<Check>,
    output: Option<BString>,
    lines: Vec<BString>,
    bytes: u64,
    /// Lines written; sorting is done once this is there.
    written: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Check {
    quiet: bool,
    line: u64,
}

/// How lines compare.
#[derive(Clone, Serialize, Deserialize)]
struct Rules {
    keys: Vec<Key>,
    separator: Option<u8>,
    delimiter: u8,
    stable: bool,
    unique: bool,
    /// For the last resort: whole lines, byte by byte.
    reverse: bool,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Key {
    /// Field and character where it begins, from 0.
    from: (u32, u32),
    /// Field and character where it ends; character 0 is the end of the field.
    to: Option<(u32, u32)>,
    blanks_from: bool,
    blanks_to: bool,
    order: Order,
}

#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Order {
    numeric: bool,
    human: bool,
    fold: bool,
    dictionary: bool,
    printing: bool,
    reverse: bool,
}

impl Tool for Sort {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        let separator = options.value(b't').map(|text| separator(text, out)).transpose()?;
        let global = Order {
            numeric: options.has(b'n'),
            human: options.has(b'h'),
            fold: options.has(b'f'),
            dictionary: options.has(b'd'),
            printing: options.has(b'i'),
            reverse: options.has(b'r'),
        };
        let mut keys = Vec::new();
        for text in options.values(b'k') {
            let mut key = parse_key(text).map_err(|what| {
                let kind = match what.starts_with("invalid number") {
                    true => "invalid count at start of",
                    false => "invalid field specification",
                };
                out.fail(2, format_args!("{what}: {kind} {}", quote(text)))
            })?;
            // A key without options of its own has the global ones.
            if key.order == Order::default() && !key.blanks_from && !key.blanks_to {
                key.order = global;
                key.blanks_from = options.has(b'b');
                key.blanks_to = options.has(b'b');
            }
            keys.push(key);
        }
        if keys.is_empty() && (global != Order::default() || options.has(b'b')) {
            keys.push(Key { blanks_from: options.has(b'b'), order: global, ..Key::default() });
        }
        let check = options.last_of(b"cC").map(|letter| Check { quiet: letter == b'C', line: 0 });
        if check.is_some()
            && let Some(extra) = options.operands.get(1)
        {
            let message = format!("extra operand {} not allowed with -c", quote(extra));
            return Err(out.fail(2, message));
        }
        Ok(Self {
            files: Files::new(&options.operands).wording(Wording::CannotRead, 2),
            rules: Rules {
                keys,
                separator,
                delimiter: if options.has(b'z') { 0 } else { b'\n' },
                stable: options.has(b's'),
                unique: options.has(b'u'),
                reverse: options.has(b'r'),
            },
            check,
            output: options.value(b'o').map(BString::from),
            lines: Vec::new(),
            bytes: 0,
            written: None,
        })
    }

    fn memory(&self) -> u64 {
        self.bytes
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        if self.written.is_some() {
            return self.write(out, sys);
        }
        let delimiter = self.rules.delimiter;
        let line = match self.files.delimited(delimiter, out, sys)? {
            Piece::Data(line) => BString::from(line.strip_suffix(&[delimiter]).unwrap_or(line)),
            Piece::End if out.status() > 0 => return Ok(Step::Exit(2)),
            Piece::End => return Ok(Step::Again),
            Piece::Done if out.status() > 0 => return Ok(Step::Exit(2)),
            Piece::Done => {
                self.sort(sys);
                return Ok(Step::Again);
            }
        };
        burn_bytes(line.len(), sys);
        if self.check.is_some() {
            return self.check_line(line, out);
        }
        self.bytes += line.len() as u64 + 32;
        if self.bytes > limits::PROCESS_MEMORY as u64 {
            return Err(out.fail(2, "memory exhausted"));
        }
        self.lines.push(line);
        Ok(Step::Again)
    }
}

impl Sort {
    fn sort(&mut self, sys: &mut Sys<'_>) {
        let rules = &self.rules;
        self.lines.sort_by(|a, b| rules.compare(a, b));
        if rules.unique {
            self.lines.dedup_by(|b, a| rules.compare_keys(a, b) == Ordering::Equal);
        }
        // Comparing costs about the bytes, as often as the logarithm of their number says.
        let depth = self.lines.len().checked_ilog2().unwrap_or(0) as usize;
        let bytes = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        burn_bytes(bytes.saturating_mul(depth), sys);
        self.written = Some(0);
    }

    fn write(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let at = usize::try_from(self.written.unwrap_or(0)).unwrap_or(usize::MAX);
        if let Some(path) = &self.output {
            let mut text = Vec::new();
            for line in &self.lines {
                text.extend_from_slice(line);
                text.push(self.rules.delimiter);
            }
            let written = sys.fs().write_file(path, &text, 0o666);
            written.map_err(|errno| {
                out.fail(2, format_args!("open failed: {}: {errno}", quote_if_needed(path)))
            })?;
            return Ok(Step::Exit(0));
        }
        let Some(line) = self.lines.get(at) else { return Ok(Step::Exit(out.status())) };
        out.text(line);
        out.text([self.rules.delimiter]);
        self.written = Some(at as u64 + 1);
        Ok(Step::Again)
    }

    fn check_line(&mut self, line: BString, out: &mut Out) -> Result<Step, End> {
        let Some(check) = &mut self.check else { return Ok(Step::Again) };
        check.line += 1;
        if let Some(last) = self.lines.last() {
            let order = self.rules.compare(last, &line);
            let unsorted = order == Ordering::Greater
                || self.rules.unique && self.rules.compare_keys(last, &line) == Ordering::Equal;
            if unsorted {
                if !check.quiet {
                    let name = quote_if_needed(self.files.name());
                    out.warn(format_args!("{name}:{}: disorder: {line}", check.line));
                }
                return Ok(Step::Exit(1));
            }
        }
        self.lines.clear();
        self.lines.push(line);
        Ok(Step::Again)
    }
}

impl Rules {
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        let order = self.compare_keys(a, b);
        if order != Ordering::Equal || self.stable || self.unique {
            return order;
        }
        if self.reverse { b.cmp(a) } else { a.cmp(b) }
    }

    fn compare_keys(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.keys.is_empty() {
            return if self.reverse { b.cmp(a) } else { a.cmp(b) };
        }
        for key in &self.keys {
            let order = key.order.compare(self.part(a, key), self.part(b, key));
            let order = if key.order.reverse { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// The part of a line that a key is about.
    fn part<'a>(&self, line: &'a [u8], key: &Key) -> &'a [u8] {
        let mut begin = self.field(line, key.from.0);
        if key.blanks_from {
            begin += blanks(&line[begin..]);
        }
        begin = (begin + key.from.1 as usize).min(line.len());
        let end = match key.to {
            None => line.len(),
            Some((field, 0)) => self.field_end(line, field),
            Some((field, character)) => {
                let mut end = self.field(line, field);
                if key.blanks_to {
                    end += blanks(&line[end..]);
                }
                (end + character as usize).min(line.len())
            }
        };
        &line[begin..end.max(begin)]
    }

    /// Where a field begins. Without a separator a field has the blanks before it.
    fn field(&self, line: &[u8], field: u32) -> usize {
        let mut at = 0;
        for _ in 0..field {
            match self.separator {
                Some(separator) => match line[at..].find_byte(separator) {
                    Some(found) => at += found + 1,
                    None => return line.len(),
                },
                None => {
                    at += blanks(&line[at..]);
                    at += line[at..].iter().take_while(|byte| !is_blank(**byte)).count();
                }
            }
            if at >= line.len() {
                return line.len();
            }
        }
        at
    }

    fn field_end(&self, line: &[u8], field: u32) -> usize {
        let begin = self.field(line, field);
        match self.separator {
            Some(separator) => {
                line[begin..].find_byte(separator).map_or(line.len(), |found| begin + found)
            }
            None => {
                let blanks = blanks(&line[begin..]);
                let rest = line[begin + blanks..].iter().take_while(|byte| !is_blank(**byte));
                begin + blanks + rest.count()
            }
        }
    }
}

impl Order {
    fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        if self.human {
            return magnitude(a).cmp(&magnitude(b)).then_with(|| compare_numbers(a, b));
        }
        if self.numeric {
            return compare_numbers(a, b);
        }
        if !(self.fold || self.dictionary || self.printing) {
            return a.cmp(b);
        }
        let counts = move |byte: &&u8| {
            !(self.dictionary && !(byte.is_ascii_alphanumeric() || is_blank(**byte))
                || self.printing && !(0x20..0x7f).contains(*byte))
        };
        let shown = move |byte: &u8| if self.fold { byte.to_ascii_uppercase() } else { *byte };
        a.iter().filter(counts).map(shown).cmp(b.iter().filter(counts).map(shown))
    }
}

/// Compares numbers of any length as text, so that no digit is lost.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (Number::of(a), Number::of(b));
    match (a.negative, b.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => a.magnitude(&b),
        (true, true) => b.magnitude(&a),
    }
}

struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl<'a> Number<'a> {
    fn of(text: &'a [u8]) -> Self {
        let text = &text[blanks(text)..];
        let (minus, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = |text: &'a [u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = text.split_at(digits(text));
        let fraction = rest.strip_prefix(b".").map_or(&rest[..0], |rest| &rest[..digits(rest)]);
        let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
        let whole = &whole[zeros..];
        let end = fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |at| at + 1);
        let fraction = &fraction[..end];
        let negative = minus && !(whole.is_empty() && fraction.is_empty());
        Self { negative, whole, fraction }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        let whole = self.whole.len().cmp(&other.whole.len()).then(self.whole.cmp(other.whole));
        whole.then(self.fraction.cmp(other.fraction))
    }
}

/// The sign and unit of `2K`; numbers of a greater unit are greater.
fn magnitude(text: &[u8]) -> i32 {
    let text = &text[blanks(text)..];
    let negative = text.starts_with(b"-");
    let unit = text.iter().find(|byte| !(byte.is_ascii_digit() || b"-.,".contains(byte)));
    let rank = match unit {
        Some(b'k' | b'K') => 1,
        Some(b'M') => 2,
        Some(b'G') => 3,
        Some(b'T') => 4,
        Some(b'P') => 5,
        Some(b'E') => 6,
        _ => 0,
    };
    if negative { -rank } else { rank }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_blank(**byte)).count()
}

fn separator(text: &BStr, out: &mut Out) -> Result<u8, End> {
    let bytes: &[u8] = text;
    match bytes {
        [one] => Ok(*one),
        [] => Err(out.fail(2, "empty tab")),
        [b'\\', b'0'] => Ok(0),
        _ => Err(out.fail(2, format_args!("multi-character tab {}", quote(text)))),
    }
}

/// `F[.C][OPTIONS][,F[.C][OPTIONS]]`, or what is wrong with it.
fn parse_key(text: &[u8]) -> Result<Key, &'static str> {
    let (from, to) = match text.split_once_str(",") {
        Some((from, to)) => (from, Some(to)),
        None => (text, None),
    };
    let mut key = Key::default();
    let (field, character, letters) = position(from).ok_or("invalid number at field start")?;
    key.from.0 = field.checked_sub(1).ok_or("field number is zero")?;
    key.from.1 = character.unwrap_or(1).checked_sub(1).ok_or("character offset is zero")?;
    letters.iter().try_for_each(|letter| key.option(*letter, true))?;
    if let Some(to) = to {
        let (field, character, letters) = position(to).ok_or("invalid number after ','")?;
        let field = field.checked_sub(1).ok_or("field number is zero")?;
        key.to = Some((field, character.unwrap_or(0)));
        letters.iter().try_for_each(|letter| key.option(*letter, false))?;
    }
    Ok(key)
}

fn position(text: &[u8]) -> Option<(u32, Option<u32>, &[u8])> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (field, rest) = text.split_at(digits(text));
    let field = number(field)?;
    match rest.strip_prefix(b".") {
        None => Some((field, None, rest)),
        Some(rest) => {
            let (character, rest) = rest.split_at(digits(rest));
            Some((field, Some(number(character)?), rest))
        }
    }
}

impl Key {
    fn option(&mut self, letter: u8, first: bool) -> Result<(), &'static str> {
        match letter {
            b'b' if first => self.blanks_from = true,
            b'b' => self.blanks_to = true,
            b'd' => self.order.dictionary = true,
            b'f' => self.order.fold = true,
            b'h' => self.order.human = true,
            b'i' => self.order.printing = true,
            b'n' => self.order.numeric = true,
            b'r' => self.order.reverse = true,
            _ => return Err("stray character in field spec"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{Guest, run};

    #[test]
    fn sorts_lines() {
        assert_eq!(run("sort", "b\nB\na"), "B\na\nb\n[exit 0]\n");
        assert_eq!(run("sort -r", "b\nB\na\n"), "b\na\nB\n[exit 0]\n");
        assert_eq!(
            run("sort -n", "10\n9\n-1\nx\n1.5\n1.25\n"),
            "-1\nx\n1.25\n1.5\n9\n10\n[exit 0]\n"
        );
        assert_eq!(run("sort -u", "b\na\nb\n"), "a\nb\n[exit 0]\n");
        assert_eq!(run("sort -f", "b\nA\na\nB\n"), "A\na\nB\nb\n[exit 0]\n");
        assert_eq!(run("sort -h", "2K\n1M\n100\n1K\n"), "100\n1K\n2K\n1M\n[exit 0]\n");
    }

    #[test]
    fn keys_choose_what_is_compared() {
        let text = "b 2 x\na 10 y\nc 1 z\n";
        assert_eq!(run("sort -k2n", text), "c 1 z\nb 2 x\na 10 y\n[exit 0]\n");
        assert_eq!(run("sort -k 2,2 -r", text), "b 2 x\na 10 y\nc 1 z\n[exit 0]\n");
        assert_eq!(run("sort -t: -k2.2", "a:xb\nb:ya\n"), "b:ya\na:xb\n[exit 0]\n");
        assert_eq!(run("sort -s -k1,1", "a 2\na 1\n"), "a 2\na 1\n[exit 0]\n");
    }

    #[test]
    fn checks_and_complains() {
        expect![[r#"
            [stderr]
            sort: -:2: disorder: a
            [exit 1]
        "#]]
        .assert_eq(&run("sort -c", "b\na\n"));
        expect![[r#"
            [stderr]
            sort: cannot read: no: No such file or directory
            [exit 2]
        "#]]
        .assert_eq(&run("sort no", ""));
        let mut guest = Guest::new();
        assert_eq!(guest.file("/tmp/a", "2\n1\n").run("sort -o /tmp/a /tmp/a", ""), "[exit 0]\n");
        assert_eq!(guest.run("cat /tmp/a", ""), "1\n2\n[exit 0]\n");
    }
}
