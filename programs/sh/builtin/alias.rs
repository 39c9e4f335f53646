//! `alias`: lets names stand for text.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("alias", alias);

fn alias(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let show = |name: &[u8], text: &[u8]| [name, b"=", &super::quoted(text), b"\n"].concat();
    if shell.words.len() == 1 {
        let lines: Vec<_> = shell.aliases.iter().map(|(name, text)| show(name, text)).collect();
        shell.output.print(lines.concat());
    }
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    let mut status = 0;
    for word in words {
        match word.iter().position(|byte| *byte == b'=').filter(|at| *at > 0) {
            Some(at) => {
                shell.aliases.insert(word[..at].into(), word[at + 1..].into());
            }
            None => match shell.aliases.get(bstr::BStr::new(&word)) {
                Some(text) => shell.output.print(show(&word, text)),
                None => {
                    shell.complain(&[&word[..], b" not found"].concat());
                    status = 1;
                }
            },
        }
    }
    Ok(Outcome::Status(status))
}
