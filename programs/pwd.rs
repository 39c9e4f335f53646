//! pwd: print the working directory.
//!
//! Follows: POSIX.1-2024 pwd; `-P` is the default, as in GNU coreutils.

use bstr::ByteSlice;

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Pwd>("pwd");

const SPEC: Spec = Spec::new(
    "usage: pwd [-LP]\n\
     Print the working directory.\n\n  \
     -L, --logical   take PWD from the environment, if it is right\n  \
     -P, --physical  without symbolic links (default)",
    "LP",
)
.long(&[("logical", b'L'), ("physical", b'P')]);

#[derive(Clone)]
struct Pwd;

impl Compute for Pwd {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        if !options.operands.is_empty() {
            out.warn("ignoring non-option arguments");
        }
        if options.last_of(b"LP") == Some(b'L')
            && let Some(logical) = sys.shell().getenv("PWD").map(|value| value.to_owned())
            && logical.starts_with(b"/")
            && !logical.split_str("/").any(|part| part == b"." || part == b"..")
            && let (Ok(there), Ok(here)) = (sys.fs().stat(&logical), sys.fs().stat("."))
            && (there.dev, there.ino) == (here.dev, here.ino)
        {
            out.text(&logical);
        } else {
            out.text(sys.fs().cwd()?);
        }
        out.text("\n");
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn prints_the_working_directory() {
        assert_eq!(run("pwd", ""), "/\n[exit 0]\n");
    }
}
