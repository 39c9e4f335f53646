//! `shift`: drops positional parameters.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("shift", shift);

fn shift(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let count = match shell.words.get(1) {
        None => 1,
        Some(word) => super::count(word)?,
    };
    if !shell.params.shift(count) {
        return Err(Halt::error("can't shift that many"));
    }
    Ok(Outcome::Status(0))
}
