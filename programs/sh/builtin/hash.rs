//! `hash`: shows or forgets where commands were found.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("hash", hash);

fn hash(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    if shell.words.at(1) == b"-r" {
        shell.paths.clear();
        return Ok(Outcome::Status(0));
    }
    if shell.words.len() == 1 {
        for path in shell.paths.values() {
            shell.output.print(path);
            shell.output.print(b"\n");
        }
    }
    let mut status = 0;
    for index in 1..shell.words.len() {
        let known = super::find(shell.words.at(index)).is_some();
        if !known && shell.find_command(index, sys).is_err() {
            let name = shell.words.at(index).to_vec();
            shell.complain(&[&name[..], b": not found"].concat());
            status = 1;
        }
    }
    Ok(Outcome::Status(status))
}
