//! `exit`: ends the shell.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::frame::{Frame, Role};
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("exit", exit);

fn exit(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    // In a trap's action, the status is the one before it.
    let before = shell.frames.iter().rev().find_map(|frame| match frame {
        Frame::Source(source) => match source.role {
            Role::Trap { status } => Some(status),
            _ => None,
        },
        _ => None,
    });
    let status = match before {
        Some(status) if shell.words.len() == 1 => status,
        _ => super::status(shell)?,
    };
    shell.exit_with(status);
    Ok(Outcome::Status(status))
}
