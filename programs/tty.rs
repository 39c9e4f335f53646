//! tty: print the name of the terminal on standard input.
//!
//! Follows: POSIX.1-2024 tty; options of GNU coreutils 9.1.

use crate::base::Fd;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Tty>("tty");

const SPEC: Spec = Spec::new(
    "usage: tty [-s]\n\
     Print the name of the terminal on standard input.\n\n  \
     -s, --silent, --quiet  only the exit status",
    "s",
)
.long(&[("quiet", b's'), ("silent", b's')])
.misuse(2);

#[derive(Clone)]
struct Tty;

impl Compute for Tty {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let name = sys.term().name(Fd::STDIN);
        if !options.has(b's') {
            match &name {
                Ok(name) => out.text(name),
                Err(_) => out.text("not a tty"),
            }
            out.text("\n");
        }
        Ok(u8::from(name.is_err()))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn streams_are_no_terminal() {
        assert_eq!(run("tty", ""), "not a tty\n[exit 1]\n");
        assert_eq!(run("tty -s", ""), "[exit 1]\n");
    }
}
