//! `type`: tells what names mean.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("type", type_);

fn type_(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let mut status = 0;
    for index in 1..shell.words.len() {
        status = super::describe(shell, index, true, sys).max(status);
    }
    Ok(Outcome::Status(status))
}
