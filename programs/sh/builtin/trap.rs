//! `trap`: sets what happens on signals and on exit.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::kernel::{Action, Signal};
use crate::programs::sh::error::Eval;
use crate::programs::sh::interactive::SIGNALS;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::traps::{condition, condition_name};

pub(super) const BUILTIN: Builtin = Builtin::special("trap", trap);

fn trap(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    let words = if words.first().is_some_and(|word| word == b"--") { &words[1..] } else { &words };
    let Some((action, names)) = words.split_first() else {
        let mut list = Vec::new();
        for (number, action) in shell.traps.iter() {
            list.extend_from_slice(b"trap -- ");
            list.extend_from_slice(&super::quoted(action));
            list.extend_from_slice(format!(" {}\n", condition_name(number)).as_bytes());
        }
        shell.output.print(&list);
        return Ok(Outcome::Status(0));
    };
    // A first operand that is a number resets all.
    let reset = action == b"-"
        || (names.is_empty() || action.iter().all(u8::is_ascii_digit))
            && condition(action).is_some();
    let names = if reset && action != b"-" { words } else { names };
    let mut status = 0;
    for name in names {
        let Some(number) = condition(name) else {
            shell.complain(&[b"bad trap: ", &name[..]].concat());
            status = 1;
            continue;
        };
        let new = (!reset).then(|| action.as_slice().into());
        if let Some(signal) = Signal::from_number(number) {
            let how = match (reset, action.is_empty()) {
                (true, _) if shell.options.interactive && SIGNALS[1..].contains(&signal) => {
                    Action::Ignore
                }
                (true, _) if shell.options.interactive && signal == Signal::INT => Action::Catch,
                (true, _) => Action::Default,
                (false, true) => Action::Ignore,
                (false, false) => Action::Catch,
            };
            let _ = sys.os().set_action(signal, how);
        }
        shell.traps.set(number, new);
    }
    Ok(Outcome::Status(status))
}
