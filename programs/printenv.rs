//! printenv: print the environment, or values of it.
//!
//! Follows: GNU coreutils 9.1 printenv.

use bstr::BString;

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Printenv>("printenv");

const SPEC: Spec = Spec::new(
    "usage: printenv [-0] [NAME]...\n\
     Print the values of NAMEs, or the whole environment.\n\n  \
     -0, --null  end lines with NUL",
    "0",
)
.long(&[("null", b'0')])
.misuse(2);

#[derive(Clone)]
struct Printenv;

impl Compute for Printenv {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let end = if options.has(b'0') { "\0" } else { "\n" };
        if options.operands.is_empty() {
            for entry in sys.shell().env().iter() {
                out.text(entry);
                out.text(end);
            }
        }
        for name in &options.operands {
            match sys.shell().getenv(name).map(BString::from) {
                Some(value) => {
                    out.text(value);
                    out.text(end);
                }
                None => out.fail_with(1),
            }
        }
        Ok(out.status())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn prints_values() {
        assert_eq!(run("printenv HOME NONE", ""), "/root\n[exit 1]\n");
        assert_eq!(run("printenv", ""), "PATH=/bin:/sbin\nHOME=/root\n[exit 0]\n");
    }
}
