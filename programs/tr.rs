//! tr: translate, squeeze or delete characters.
//!
//! Follows: POSIX.1-2024 tr; messages of GNU coreutils 9.1. Deviates: characters are bytes, as
//! there. Left out: equivalence classes of more than one character.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::kernel::program::Program;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Bytes, End, byte_filter, number};

pub(super) const PROGRAM: Program = byte_filter::<Tr>("tr");

const SPEC: Spec = Spec::new(
    "usage: tr [-cCdst] SET1 [SET2]\n\
     Translate, squeeze or delete characters of standard input. A SET is of characters,\n\
     escapes such as \\n, ranges a-z, classes [:alpha:] and repetitions [x*10].\n\n  \
     -c, -C, --complement   all but SET1\n  \
     -d, --delete           delete SET1\n  \
     -s, --squeeze-repeats  repeated characters of the last SET once\n  \
     -t, --truncate-set1    cut SET1 to the length of SET2",
    "+cCdst",
)
.long(&[
    ("complement", b'c'),
    ("delete", b'd'),
    ("squeeze-repeats", b's'),
    ("truncate-set1", b't'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Tr {
    /// What each byte becomes.
    #[serde(with = "serde_bytes")]
    table: Vec<u8>,
    /// Which bytes are deleted, and which squeezed.
    deleted: Vec<bool>,
    squeezed: Vec<bool>,
    last: Option<u8>,
}

impl Bytes for Tr {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out) -> Result<Self, End> {
        let (delete, squeeze) = (options.has(b'd'), options.has(b's'));
        let (first, second) = match options.operands.as_slice() {
            [] => return Err(out.misuse(1, "missing operand")),
            [only] if delete != squeeze => (only, None),
            [only] => {
                out.warn(format_args!("missing operand after {}", quote(only)));
                let why = match delete {
                    true => "Two strings must be given when both deleting and squeezing repeats.\n",
                    false => "Two strings must be given when translating.\n",
                };
                out.error(why);
                out.error("Try 'tr --help' for more information.\n");
                return Err(End::Exit(1));
            }
            [_, second] if delete && !squeeze => {
                out.warn(format_args!("extra operand {}", quote(second)));
                out.error(
                    "Only one string may be given when deleting without squeezing repeats.\n",
                );
                out.error("Try 'tr --help' for more information.\n");
                return Err(End::Exit(1));
            }
            [first, second] => (first, Some(second)),
            [_, _, extra, ..] => {
                return Err(out.misuse(1, format_args!("extra operand {}", quote(extra))));
            }
        };
        let mut set1 = set(first, None).map_err(|why| out.fail(1, why))?;
        if options.has(b'c') || options.has(b'C') {
            let members = members(&set1);
            set1 = (0..=255).filter(|byte| !members[usize::from(*byte)]).collect();
        }
        let set2 = second.map(|text| set(text, Some(set1.len()))).transpose();
        let set2 = set2.map_err(|why| out.fail(1, why))?;
        let mut table: Vec<u8> = (0..=255).collect();
        if !delete && let Some(set2) = &set2 {
            let Some(last) = set2.last() else {
                return Err(out.fail(1, "when not truncating set1, string2 must be non-empty"));
            };
            for (index, byte) in set1.iter().enumerate() {
                match set2.get(index) {
                    Some(to) => table[usize::from(*byte)] = *to,
                    None if options.has(b't') => {}
                    None => table[usize::from(*byte)] = *last,
                }
            }
        }
        let none = || vec![false; 256];
        let squeezed = if squeeze { members(set2.as_ref().unwrap_or(&set1)) } else { none() };
        let deleted = if delete { members(&set1) } else { none() };
        Ok(Self { table, deleted, squeezed, last: None })
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Out) {
        let mut text = Vec::with_capacity(bytes.len());
        for byte in bytes {
            if self.deleted[usize::from(*byte)] {
                continue;
            }
            let byte = self.table[usize::from(*byte)];
            if self.squeezed[usize::from(byte)] && self.last == Some(byte) {
                continue;
            }
            self.last = Some(byte);
            text.push(byte);
        }
        out.text(text);
    }
}

fn members(set: &[u8]) -> Vec<bool> {
    let mut members = vec![false; 256];
    set.iter().for_each(|byte| members[usize::from(*byte)] = true);
    members
}

/// The characters of a set in order. `length` is that of the other set, for `[x*]`.
fn set(text: &BString, length: Option<usize>) -> Result<Vec<u8>, String> {
    let mut set = Vec::new();
    let mut rest: &[u8] = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b"[:")
            && let Some(end) = after.find(":]")
        {
            let name = after[..end].to_str_lossy().into_owned();
            let test = class(&name).ok_or_else(|| format!("invalid character class '{name}'"))?;
            set.extend((0..=255).filter(test));
            rest = &after[end + 2..];
            continue;
        }
        if let [b'[', b'=', byte, b'=', b']', after @ ..] = rest {
            set.push(*byte);
            rest = after;
            continue;
        }
        if length.is_some()
            && let Some((byte, count, after)) = repetition(rest)
        {
            let fill = length.unwrap_or(0).saturating_sub(set.len());
            // No set has use for more than there are characters.
            let count = if count == 0 { fill } else { count.min(fill.max(256)) };
            set.extend(core::iter::repeat_n(byte, count));
            rest = after;
            continue;
        }
        let (low, after) = character(rest);
        rest = after;
        if let [b'-', tail @ ..] = rest
            && !tail.is_empty()
        {
            let (high, after) = character(tail);
            if high < low {
                let range = format!("{}-{}", char::from(low), char::from(high));
                return Err(format!(
                    "range-endpoints of '{range}' are in reverse collating sequence order"
                ));
            }
            set.extend(low..=high);
            rest = after;
        } else {
            set.push(low);
        }
    }
    Ok(set)
}

/// `[x*N]`; a count of 0, or none, is as many as it takes.
fn repetition(text: &[u8]) -> Option<(u8, usize, &[u8])> {
    let (byte, rest) = character(text.strip_prefix(b"[")?);
    let rest = rest.strip_prefix(b"*")?;
    let end = rest.find_byte(b']')?;
    let count = match &rest[..end] {
        b"" => 0,
        digits if digits.starts_with(b"0") => {
            usize::from_str_radix(digits.to_str().ok()?, 8).ok()?
        }
        digits => number(digits)?,
    };
    Some((byte, count, &rest[end + 1..]))
}

/// The first character, escapes understood, and what comes after it.
fn character(text: &[u8]) -> (u8, &[u8]) {
    let (b'\\', [escape, after @ ..]) = (text[0], &text[1..]) else { return (text[0], &text[1..]) };
    let byte = match escape {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'0'..=b'7' => {
            let digits = &text[1..];
            let length =
                digits.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            let value = digits[..length]
                .iter()
                .fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            return (value.to_le_bytes()[0], &digits[length..]);
        }
        other => *other,
    };
    (byte, after)
}

fn class(name: &str) -> Option<fn(&u8) -> bool> {
    Some(match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| (0x20..0x7f).contains(byte),
        "punct" => u8::is_ascii_punctuation,
        "space" => |byte| matches!(byte, b' ' | 0x09..=0x0d),
        "upper" => u8::is_ascii_uppercase,
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn translates_squeezes_and_deletes() {
        assert_eq!(run("tr a-z A-Z", "abc é\n"), "ABC é\n[exit 0]\n");
        assert_eq!(run("tr [:lower:] [:upper:]", "abc\n"), "ABC\n[exit 0]\n");
        assert_eq!(run("tr -d '\\n'", "a\nb\n"), "ab\n[exit 0]\n");
        assert_eq!(run("tr -s ' '", "a   b\n"), "a b\n[exit 0]\n");
        assert_eq!(run("tr -cd 0-9", "a1b2\n"), "12\n[exit 0]\n");
        assert_eq!(run("tr abc x", "abcd\n"), "xxxd\n[exit 0]\n");
        assert_eq!(run("tr 1-5 'a[b*3]c'", "12345\n"), "abbbc\n[exit 0]\n");
        assert_eq!(run("tr -sc a-z '\\n'", "ab  cd\n"), "ab\ncd\n[exit 0]\n");
    }

    #[test]
    fn refuses_nonsense() {
        expect![[r#"
            [stderr]
            tr: range-endpoints of 'z-a' are in reverse collating sequence order
            [exit 1]
        "#]]
        .assert_eq(&run("tr z-a x", ""));
    }
}
