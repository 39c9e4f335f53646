//! `break`: leaves a loop.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::shell::Unwind;

pub(super) const BUILTIN: Builtin = Builtin::special("break", break_);

fn break_(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let count = match shell.words.get(1) {
        None => 1,
        Some(word) => match super::count(word)? {
            0 => return Err(super::illegal_number(word)),
            count => count,
        },
    };
    // Outside of any loop it does nothing, as in dash.
    let count = count.min(shell.loops);
    if count > 0 {
        shell.unwind = Some(Unwind::Break(count));
    }
    Ok(Outcome::Status(0))
}
