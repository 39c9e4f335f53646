//! cut: parts of lines.
//!
//! Follows: POSIX.1-2024 cut; options and messages of GNU coreutils 9.1. Deviates: characters
//! are bytes, as there.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::kernel::program::Program;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Lines, line_filter, number};

pub(super) const PROGRAM: Program = line_filter::<Cut>("cut");

const SPEC: Spec = Spec::new(
    "usage: cut -b LIST | -c LIST | -f LIST [-d CHAR] [-s] [FILE]...\n\
     Print parts of lines. A LIST is of ranges N, N-M, N- or -M, from 1.\n\n  \
     -b, --bytes=LIST       bytes\n  \
     -c, --characters=LIST  characters\n      \
     --complement       all but those\n  \
     -d, --delimiter=CHAR   what separates fields (tab)\n  \
     -f, --fields=LIST      fields\n  \
     -n                     (ignored)\n      \
     --output-delimiter=STRING\n  \
     -s, --only-delimited   no lines without delimiter",
    "b:c:d:f:ns\x01\x02:",
)
.long(&[
    ("bytes", b'b'),
    ("characters", b'c'),
    ("complement", 1),
    ("delimiter", b'd'),
    ("fields", b'f'),
    ("only-delimited", b's'),
    ("output-delimiter", 2),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Cut {
    fields: bool,
    /// Ranges from 1, in order, none touching the next.
    ranges: Vec<(u64, u64)>,
    complement: bool,
    delimiter: u8,
    joined: Option<BString>,
    only_delimited: bool,
}

impl Lines for Cut {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out) -> Result<Self, End> {
        let lists: Vec<u8> = b"bcf".iter().copied().filter(|letter| options.has(*letter)).collect();
        let letter = match lists.as_slice() {
            [letter] => *letter,
            [] => {
                return Err(
                    out.misuse(1, "you must specify a list of bytes, characters, or fields")
                );
            }
            _ => return Err(out.misuse(1, "only one list may be specified")),
        };
        let fields = letter == b'f';
        if !fields && options.has(b'd') {
            let message = "an input delimiter may be specified only when operating on fields";
            return Err(out.misuse(1, message));
        }
        let delimiter = match options.value(b'd').map(|text| text.to_vec()).as_deref() {
            None => b'\t',
            Some([]) => 0,
            Some([one]) => *one,
            Some(_) => return Err(out.misuse(1, "the delimiter must be a single character")),
        };
        let text = options.value(letter).unwrap_or_default();
        let ranges = ranges(text).map_err(|message| out.misuse(1, message))?;
        Ok(Self {
            fields,
            ranges,
            complement: options.has(1),
            delimiter,
            joined: options.value(2).map(BString::from),
            only_delimited: options.has(b's'),
        })
    }

    fn line(&mut self, line: &[u8], out: &mut Out) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let mut text = Vec::with_capacity(line.len() + 1);
        if self.fields {
            if line.find_byte(self.delimiter).is_none() {
                if self.only_delimited {
                    return;
                }
                text.extend_from_slice(line);
            } else {
                let mut first = true;
                for (index, field) in line.split(|byte| *byte == self.delimiter).enumerate() {
                    if self.is_wanted(index as u64 + 1) {
                        if !first {
                            match &self.joined {
                                Some(joined) => text.extend_from_slice(joined),
                                None => text.push(self.delimiter),
                            }
                        }
                        first = false;
                        text.extend_from_slice(field);
                    }
                }
            }
        } else {
            let mut last = None;
            for (index, byte) in line.iter().enumerate() {
                if self.is_wanted(index as u64 + 1) {
                    if let (Some(joined), Some(last)) = (&self.joined, last)
                        && last + 1 != index
                    {
                        text.extend_from_slice(joined);
                    }
                    last = Some(index);
                    text.push(*byte);
                }
            }
        }
        text.push(b'\n');
        out.text(text);
    }
}

impl Cut {
    fn is_wanted(&self, number: u64) -> bool {
        let after = self.ranges.partition_point(|(_, last)| *last < number);
        let inside = self.ranges.get(after).is_some_and(|(first, _)| *first <= number);
        inside != self.complement
    }
}

/// Ranges in order and joined, or what is wrong with the list.
fn ranges(list: &[u8]) -> Result<Vec<(u64, u64)>, String> {
    let mut ranges = Vec::new();
    for text in list.split(|byte| *byte == b',' || *byte == b' ') {
        let range = match text.split_once_str("-") {
            None => number(text).map(|number| (number, number)),
            Some((b"", b"")) => return Err("invalid range with no endpoint: -".to_owned()),
            Some((b"", last)) => number(last).map(|last| (1, last)),
            Some((first, b"")) => number(first).map(|first| (first, u64::MAX)),
            Some((first, last)) => number(first).zip(number(last)),
        };
        match range {
            Some((0, _) | (_, 0)) => {
                return Err("fields are numbered from 1".to_owned());
            }
            Some((first, last)) if first > last => {
                return Err("invalid decreasing range".to_owned());
            }
            Some(range) => ranges.push(range),
            None => return Err(format!("invalid field value '{}'", bstr::BStr::new(text))),
        }
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if before.1 >= first.saturating_sub(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn cuts_fields_and_bytes() {
        assert_eq!(run("cut -d: -f1,3-", "a:b:c:d\nx\n"), "a:c:d\nx\n[exit 0]\n");
        assert_eq!(run("cut -s -d: -f2", "a:b\nx\n"), "b\n[exit 0]\n");
        assert_eq!(run("cut -c2-3,5", "abcdef\nx"), "bce\n\n[exit 0]\n");
        assert_eq!(run("cut --complement -b -2", "abcd\n"), "cd\n[exit 0]\n");
        assert_eq!(run("cut -f 2,1 --output-delimiter=--", "a\tb\tc\n"), "a--b\n[exit 0]\n");
    }

    #[test]
    fn refuses_nonsense() {
        expect![[r#"
            [stderr]
            cut: fields are numbered from 1
            Try 'cut --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&run("cut -f 0", ""));
        expect![[r#"
            [stderr]
            cut: you must specify a list of bytes, characters, or fields
            Try 'cut --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&run("cut", ""));
    }
}
