//! clear: clear the terminal.
//!
//! Follows: ncurses clear, for a terminal of type linux or xterm.

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Clear>("clear");

const SPEC: Spec = Spec::new(
    "usage: clear [-x]\n\
     Clear the terminal.\n\n  \
     -x  keep what scrolled off",
    "xT:",
);

#[derive(Clone)]
struct Clear;

impl Compute for Clear {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<u8, End> {
        out.text(if options.has(b'x') { "\x1b[H\x1b[J" } else { "\x1b[H\x1b[J\x1b[3J" });
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn sends_the_sequence() {
        assert_eq!(run("clear", ""), "\x1b[H\x1b[J\x1b[3J\n[exit 0]\n");
    }
}
