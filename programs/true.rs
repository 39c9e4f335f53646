//! true: do nothing, successfully.
//!
//! Follows: POSIX.1-2024 true. Deviates: options are ignored, `--help` too.

use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::kernel::program::{Main, Program, Step, Stop, Sys};

pub(super) const PROGRAM: Program =
    Program::new::<True>("true", "usage: true\nExit with status 0.");

#[derive(Clone, Serialize, Deserialize)]
struct True;

impl Main for True {
    fn start(_: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self)
    }

    fn step(&mut self, _: &mut Sys<'_>) -> Result<Step, Stop> {
        Ok(Step::Exit(0))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn exits_with_0() {
        assert_eq!(run("true", ""), "[exit 0]\n");
        assert_eq!(run("true --whatever", "x"), "[exit 0]\n");
    }
}
