//! `umask`: shows or sets the mask of new files' permissions.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("umask", umask);

fn umask(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let symbolic = shell.words.at(1) == b"-S";
    let old = sys.fs().umask(0);
    sys.fs().umask(old);
    let Some(word) = shell.words.get(if symbolic { 2 } else { 1 }) else {
        let shown = if symbolic { show(old) } else { format!("{old:04o}\n") };
        shell.output.print(shown);
        return Ok(Outcome::Status(0));
    };
    let octal = word.first().is_some_and(u8::is_ascii_digit);
    let mask = if octal {
        let text = core::str::from_utf8(word).unwrap_or_default();
        u16::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777)
    } else {
        change(!old & 0o777, word).map(|mode| !mode & 0o777)
    };
    let Some(mask) = mask else { return Err(super::illegal(b"Illegal mode: ", word)) };
    sys.fs().umask(mask);
    Ok(Outcome::Status(0))
}

fn show(mask: u16) -> String {
    let class = |shift: u16| {
        let bits = !mask >> shift;
        let letters = [(4, 'r'), (2, 'w'), (1, 'x')].into_iter();
        letters.filter(|(bit, _)| bits & bit != 0).map(|(_, letter)| letter).collect::<String>()
    };
    format!("u={},g={},o={}\n", class(6), class(3), class(0))
}

/// Changes permissions as a symbolic mode says.
fn change(mut mode: u16, text: &[u8]) -> Option<u16> {
    for clause in text.split(|byte| *byte == b',') {
        let sign = clause.iter().position(|byte| matches!(byte, b'+' | b'-' | b'='))?;
        let mut classes = 0u16;
        for who in &clause[..sign] {
            classes |= match who {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                b'a' => 0o777,
                _ => return None,
            };
        }
        if classes == 0 {
            classes = 0o777;
        }
        let mut bits = 0u16;
        for what in &clause[sign + 1..] {
            bits |= match what {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                _ => return None,
            };
        }
        match clause[sign] {
            b'+' => mode |= bits & classes,
            b'-' => mode &= !(bits & classes),
            _ => mode = mode & !classes | bits & classes,
        }
    }
    Some(mode)
}
