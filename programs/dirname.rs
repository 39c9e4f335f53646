//! dirname: paths without their last component.
//!
//! Follows: POSIX.1-2024 dirname; options of GNU coreutils 9.1.

use bstr::ByteSlice;

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, first_operand, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Dirname>("dirname");

const SPEC: Spec = Spec::new(
    "usage: dirname [-z] NAME...\n\
     Print NAMEs without their last component.\n\n  \
     -z, --zero  end lines with NUL",
    "z",
)
.long(&[("zero", b'z')]);

#[derive(Clone)]
struct Dirname;

impl Compute for Dirname {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<u8, End> {
        first_operand(options, 1, out)?;
        for name in &options.operands {
            let trimmed = name.trim_end_with(|c| c == '/');
            let parent = match trimmed.rfind_byte(b'/') {
                Some(slash) => match trimmed[..slash].trim_end_with(|c| c == '/') {
                    b"" => b"/",
                    parent => parent,
                },
                None if trimmed.is_empty() && !name.is_empty() => b"/",
                None => b".",
            };
            out.text(parent);
            out.text(if options.has(b'z') { "\0" } else { "\n" });
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn prints_parents() {
        assert_eq!(run("dirname /a/b a /a a//b/ / ''", ""), "/a\n.\n/\na\n/\n.\n[exit 0]\n");
    }
}
