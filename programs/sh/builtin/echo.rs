//! `echo`: prints its arguments.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("echo", echo);

fn echo(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let mut first = 1;
    let mut newline = true;
    if shell.words.at(1) == b"-n" {
        (first, newline) = (2, false);
    }
    for index in first..shell.words.len() {
        let word = shell.words.at(index);
        if index > first {
            shell.output.print(b" ");
        }
        if word.contains(&b'\\') {
            let mut text = Vec::new();
            let stopped = super::unescape(word, true, &mut text);
            shell.output.print(&text);
            if stopped {
                return Ok(Outcome::Status(0));
            }
        } else {
            shell.output.print(word);
        }
    }
    if newline {
        shell.output.print(b"\n");
    }
    Ok(Outcome::Status(0))
}
