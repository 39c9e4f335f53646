//! `eval`: runs its arguments as a command.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::frame::Role;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("eval", eval);

fn eval(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let words: Vec<_> = shell.words.iter().skip(1).collect();
    let text = bstr::join(" ", words);
    shell.deeper()?;
    shell.frames.pop();
    shell.push_text(&text, Role::Eval);
    Ok(Outcome::Frame)
}
