//! basename: the last component of paths.
//!
//! Follows: POSIX.1-2024 basename; options of GNU coreutils 9.1.

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, first_operand, once};
use crate::kernel::program::tree::base_name;
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Basename>("basename");

const SPEC: Spec = Spec::new(
    "usage: basename NAME [SUFFIX]\n   \
     or: basename -a [-s SUFFIX] NAME...\n\
     Print the last component of NAME, without SUFFIX.\n\n  \
     -a, --multiple       all operands are names\n  \
     -s, --suffix=SUFFIX  as -a, without SUFFIX\n  \
     -z, --zero           end lines with NUL",
    "as:z",
)
.long(&[("multiple", b'a'), ("suffix", b's'), ("zero", b'z')]);

#[derive(Clone)]
struct Basename;

impl Compute for Basename {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<u8, End> {
        first_operand(options, 1, out)?;
        let several = options.has(b'a') || options.has(b's');
        let (names, suffix) = match options.operands.as_slice() {
            names if several => (names, options.value(b's').map(|suffix| suffix.to_vec())),
            [name] => (core::slice::from_ref(name), None),
            [name, suffix] => (core::slice::from_ref(name), Some(suffix.to_vec())),
            [_, _, extra, ..] => {
                return Err(out.misuse(1, format_args!("extra operand {}", quote(extra))));
            }
            [] => return Ok(1),
        };
        for name in names {
            let base = base_name(name);
            let short = suffix.as_ref().and_then(|suffix| base.strip_suffix(suffix.as_slice()));
            out.text(short.filter(|short| !short.is_empty()).unwrap_or(base));
            out.text(if options.has(b'z') { "\0" } else { "\n" });
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn prints_last_components() {
        assert_eq!(run("basename /a/b.txt", ""), "b.txt\n[exit 0]\n");
        assert_eq!(run("basename b.txt .txt", ""), "b\n[exit 0]\n");
        assert_eq!(run("basename .txt .txt", ""), ".txt\n[exit 0]\n");
        assert_eq!(run("basename -s .c a.c /x/b.c /", ""), "a\nb\n/\n[exit 0]\n");
    }
}
