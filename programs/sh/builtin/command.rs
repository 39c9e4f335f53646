//! `command`: runs a command that is no function, or tells what it is.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::shell::Running;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("command", command);

fn command(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    // Whatever follows may wait, and have this run again: then from the same words.
    shell.output.flush(sys)?;
    let words = shell.words.clone();
    let result = strip(shell, sys);
    if matches!(result, Err(Halt::Block(_))) {
        shell.words = words;
    }
    result
}

fn strip(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    while shell.words.at(0) == b"command" {
        let mut first = 1;
        while let Some(option) = shell.words.get(first) {
            match option {
                b"-v" | b"-V" => return Ok(tell(shell, first, sys)),
                b"--" => {
                    first += 1;
                    break;
                }
                b"-p" => first += 1,
                _ => break,
            }
        }
        shell.words.remove_first(first);
    }
    if shell.words.is_empty() {
        return Ok(Outcome::Status(0));
    }
    match super::find(shell.words.at(0)) {
        // Its errors don't end the shell, even if it is a special one.
        Some(index) => {
            shell.running = Some(Running { index, special: false });
            super::run(index, shell, sys)
        }
        None => {
            shell.running = None;
            shell.external(sys)?;
            Ok(Outcome::Frame)
        }
    }
}

fn tell(shell: &mut Shell, option: usize, sys: &mut Sys<'_>) -> Outcome {
    let long = shell.words.at(option) == b"-V";
    // Only the first name counts, as in dash.
    Outcome::Status(super::describe(shell, option + 1, long, sys))
}
