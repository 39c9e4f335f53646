//! `exit`: ends the shell.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("exit", exit);

fn exit(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let status = super::status(shell)?;
    shell.exit_with(status);
    Ok(Outcome::Status(status))
}
