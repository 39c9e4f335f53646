//! `readonly`: marks variables as not to be changed.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("readonly", readonly);

fn readonly(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    let words = match words.first().map(Vec::as_slice) {
        None | Some(b"-p") => {
            let list = super::listing(shell, b"readonly ", |var| var.readonly);
            shell.output.print(&list);
            return Ok(Outcome::Status(0));
        }
        Some(b"--") => &words[1..],
        Some(_) => &words[..],
    };
    for word in words {
        let (name, value) = super::name_and_value(word)?;
        let slot = shell.vars.intern(name);
        if let Some(value) = value {
            shell.assign(slot, value)?;
        }
        shell.vars.set_readonly(slot);
    }
    Ok(Outcome::Status(0))
}
