//! `[`: `test`, with a bracket at the end.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("[", bracket);

fn bracket(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let last = shell.words.len() - 1;
    if last == 0 || shell.words.at(last) != b"]" {
        return Err(Halt::error("missing ]"));
    }
    super::test::evaluate(shell, 1..last, sys)
}
