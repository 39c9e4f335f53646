//! false: do nothing, unsuccessfully.
//!
//! Follows: POSIX.1-2024 false. Deviates: options are ignored, `--help` too.

use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::kernel::program::{Main, Program, Step, Stop, Sys};

pub(super) const PROGRAM: Program =
    Program::new::<False>("false", "usage: false\nExit with status 1.");

#[derive(Clone, Serialize, Deserialize)]
struct False;

impl Main for False {
    fn start(_: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self)
    }

    fn step(&mut self, _: &mut Sys<'_>) -> Result<Step, Stop> {
        Ok(Step::Exit(1))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn exits_with_1() {
        assert_eq!(run("false", ""), "[exit 1]\n");
        assert_eq!(run("false --whatever", "x"), "[exit 1]\n");
    }
}
