//! `pwd`: prints the working directory.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::vars;

pub(super) const BUILTIN: Builtin = Builtin::new("pwd", pwd);

fn pwd(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let physical = shell.words.iter().skip(1).rfind(|word| word.starts_with(b"-"));
    let physical = physical.is_some_and(|word| word == "-P");
    let kept = shell.vars.get(vars::PWD).filter(|_| !physical).map(ToOwned::to_owned);
    let path = match kept {
        Some(path) => path,
        None => sys.fs().cwd()?,
    };
    shell.output.print(&path);
    shell.output.print(b"\n");
    Ok(Outcome::Status(0))
}
