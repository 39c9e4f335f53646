//! `set`: switches and positional parameters.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::options::Options;
use crate::programs::sh::params::Params;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::special("set", set);

fn set(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    if shell.words.len() == 1 {
        let list = super::listing(shell, b"", |var| var.value.is_some());
        shell.output.print(&list);
        return Ok(Outcome::Status(0));
    }
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    if let Some(params) = switch(shell, &words)? {
        shell.params = params;
    }
    Ok(Outcome::Status(0))
}

/// Sets switches; returns the positional parameters if the words set those.
pub(in crate::programs::sh) fn switch(
    shell: &mut Shell,
    words: &[Vec<u8>],
) -> Eval<Option<Params>> {
    let mut rest = words;
    while let [word, after @ ..] = rest {
        let (on, letters) = match word.as_slice() {
            b"--" => return Ok(Some(params(after))),
            b"-" => {
                shell.options.xtrace = false;
                shell.options.verbose = false;
                return Ok((!after.is_empty()).then(|| params(after)));
            }
            [b'-', letters @ ..] => (true, letters),
            [b'+', letters @ ..] if !letters.is_empty() => (false, letters),
            _ => return Ok(Some(params(rest))),
        };
        rest = after;
        for letter in letters {
            if *letter == b'o' {
                let Some((name, after)) = rest.split_first() else {
                    list(shell, on);
                    return Ok(None);
                };
                rest = after;
                let Some(place) = shell.options.by_name(name) else {
                    let sign = if on { b'-' } else { b'+' };
                    return Err(Halt::error(
                        [b"Illegal option ", &[sign, b'o', b' '][..], name].concat(),
                    ));
                };
                *place = on;
                continue;
            }
            let Some(place) = shell.options.by_letter(*letter) else {
                let sign = if on { b'-' } else { b'+' };
                return Err(Halt::error([b"Illegal option ", &[sign, *letter][..]].concat()));
            };
            *place = on;
        }
    }
    Ok(None)
}

fn params(words: &[Vec<u8>]) -> Params {
    words.iter().collect::<crate::programs::sh::fields::Fields>().into()
}

fn list(shell: &mut Shell, readable: bool) {
    let states: Vec<bool> = shell.options.each().into_iter().map(|state| *state).collect();
    if readable {
        shell.output.print("Current option settings\n");
    }
    for ((_, name), on) in Options::ALL.iter().zip(states) {
        let line = match (readable, on) {
            (true, true) => format!("{name:<16}on\n"),
            (true, false) => format!("{name:<16}off\n"),
            (false, true) => format!("set -o {name}\n"),
            (false, false) => format!("set +o {name}\n"),
        };
        shell.output.print(line);
    }
}
