//! yes: write a line again and again.
//!
//! Follows: GNU coreutils 9.1 yes.

use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Tool, burn_bytes, tool};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Yes>("yes");

const SPEC: Spec = Spec::operands_only(
    "usage: yes [STRING]...\n\
     Write the STRINGs, or y, again and again until killed.",
);

#[derive(Clone, Serialize, Deserialize)]
struct Yes {
    #[serde(with = "serde_bytes")]
    line: Vec<u8>,
}

impl Tool for Yes {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, _: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        let mut line = bstr::join(" ", &options.operands);
        if line.is_empty() {
            line.push(b'y');
        }
        line.push(b'\n');
        Ok(Self { line })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        // As many lines as one write takes.
        let count = (limits::PROGRAM_OUTPUT / 8 / self.line.len()).max(1);
        out.text(self.line.repeat(count));
        burn_bytes(self.line.len() * count, sys);
        Ok(Step::Again)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn explains_itself() {
        assert!(run("yes --help", "").starts_with("usage: yes"));
    }
}
