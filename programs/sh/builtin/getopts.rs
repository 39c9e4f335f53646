//! `getopts`: parses options of a script.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::parse::is_name;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::vars;

pub(super) const BUILTIN: Builtin = Builtin::new("getopts", getopts);

fn getopts(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    if shell.words.len() < 3 {
        return Err(Halt::error("Usage: getopts optstring var [arg]"));
    }
    let options = shell.words.at(1).to_vec();
    let name = shell.words.at(2).to_vec();
    if !is_name(&name) {
        return Err(Halt::about(&name, "bad variable name"));
    }
    let args: Vec<Vec<u8>> = if shell.words.len() > 3 {
        shell.words.iter().skip(3).map(|word| word.to_vec()).collect()
    } else {
        shell.params.fields().iter().map(|word| word.to_vec()).collect()
    };
    let at = shell.vars.get(vars::OPTIND).and_then(|value| super::count(value).ok()).unwrap_or(1);
    let at = at.max(1);
    let silent = options.first() == Some(&b':');
    let found = next(&options, &args, at, shell.getopts);
    let variable = shell.vars.intern(&name);
    let letter: &[u8] = match &found.what {
        What::End => b"?",
        What::Option(letter) | What::With(letter, _) => &[*letter],
        What::Unknown(_) => b"?",
        What::Missing(_) => {
            if silent {
                b":"
            } else {
                b"?"
            }
        }
    };
    shell.assign(variable, letter)?;
    match &found.what {
        What::With(_, argument) => shell.assign(vars::OPTARG, argument)?,
        What::Unknown(letter) | What::Missing(letter) if silent => {
            shell.assign(vars::OPTARG, &[*letter])?;
        }
        What::Unknown(letter) | What::Missing(letter) => {
            let unknown = matches!(found.what, What::Unknown(_));
            let shown = char::from(*letter);
            shell.output.complain(if unknown {
                format!("Illegal option -{shown}\n")
            } else {
                format!("No arg for -{shown} option\n")
            });
            let _ = shell.vars.unset(vars::OPTARG);
        }
        What::Option(_) => {
            let _ = shell.vars.unset(vars::OPTARG);
        }
        What::End => {}
    }
    shell.assign(vars::OPTIND, found.at.to_string().as_bytes())?;
    shell.getopts = found.within;
    Ok(Outcome::Status(u8::from(matches!(found.what, What::End))))
}

enum What {
    End,
    Option(u8),
    With(u8, Vec<u8>),
    Unknown(u8),
    Missing(u8),
}

struct Found {
    what: What,
    /// The next argument, from 1.
    at: u32,
    /// How many letters of that argument are used.
    within: u32,
}

fn next(options: &[u8], args: &[Vec<u8>], at: u32, within: u32) -> Found {
    let arg = args.get(at as usize - 1);
    let arg = match arg {
        Some(arg) if within > 0 && (within as usize) < arg.len() => arg,
        Some(arg) if arg == b"--" => return Found { what: What::End, at: at + 1, within: 0 },
        Some(arg) if arg.len() > 1 && arg[0] == b'-' => arg,
        _ => return Found { what: What::End, at, within: 0 },
    };
    let within = within.max(1) as usize;
    let letter = arg[within];
    let rest = &arg[within + 1..];
    // Past the letter: in this argument, or at the next.
    let (after, inner) =
        if rest.is_empty() { (at + 1, 0) } else { (at, u32::try_from(within + 1).unwrap_or(0)) };
    let place = options.iter().position(|option| *option == letter && letter != b':');
    let Some(place) = place else {
        return Found { what: What::Unknown(letter), at: after, within: inner };
    };
    if options.get(place + 1) != Some(&b':') {
        return Found { what: What::Option(letter), at: after, within: inner };
    }
    if !rest.is_empty() {
        return Found { what: What::With(letter, rest.to_vec()), at: at + 1, within: 0 };
    }
    match args.get(at as usize) {
        Some(argument) => {
            Found { what: What::With(letter, argument.clone()), at: at + 2, within: 0 }
        }
        None => Found { what: What::Missing(letter), at: at + 1, within: 0 },
    }
}
