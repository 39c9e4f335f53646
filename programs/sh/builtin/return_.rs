//! `return`: leaves a function or a file.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::shell::Unwind;

pub(super) const BUILTIN: Builtin = Builtin::special("return", return_);

fn return_(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let status = super::status(shell)?;
    shell.unwind = Some(Unwind::Return);
    Ok(Outcome::Status(status))
}
