//! `unset`: removes variables or functions.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::parse::is_name;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::vars;

pub(super) const BUILTIN: Builtin = Builtin::special("unset", unset);

fn unset(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    let mut functions = false;
    let mut names = words.as_slice();
    while let [word, rest @ ..] = names {
        match word.as_slice() {
            b"-f" => functions = true,
            b"-v" => functions = false,
            b"--" => {
                names = rest;
                break;
            }
            _ => break,
        }
        names = rest;
    }
    for name in names {
        if !is_name(name) {
            return Err(Halt::about(name, "bad variable name"));
        }
        let Some(slot) = shell.vars.find(name) else { continue };
        if functions {
            shell.vars.set_function(slot, None);
        } else {
            if slot == vars::PATH {
                shell.paths.clear();
            }
            shell.vars.unset(slot).map_err(|refusal| shell.refusal(slot, refusal))?;
        }
    }
    Ok(Outcome::Status(0))
}
