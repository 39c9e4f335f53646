//! `unalias`: removes aliases.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("unalias", unalias);

fn unalias(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    if shell.words.at(1) == b"-a" {
        shell.aliases.clear();
        return Ok(Outcome::Status(0));
    }
    let mut status = 0;
    for index in 1..shell.words.len() {
        let name = shell.words.at(index).to_vec();
        if shell.aliases.remove(bstr::BStr::new(&name)).is_none() {
            shell.complain(&[&name[..], b" not found"].concat());
            status = 1;
        }
    }
    Ok(Outcome::Status(status))
}
