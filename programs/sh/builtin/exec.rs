//! `exec`: becomes another program, or keeps redirections.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("exec", exec);

fn exec(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let first = if shell.words.at(1) == b"--" { 2 } else { 1 };
    if shell.words.len() == first {
        shell.keep_redirections(sys);
        return Ok(Outcome::Status(0));
    }
    if shell.options.interactive {
        for signal in crate::programs::sh::interactive::SIGNALS {
            let _ = sys.os().set_action(signal, crate::kernel::Action::Default);
        }
    }
    match shell.become_command(first, sys)? {}
}
