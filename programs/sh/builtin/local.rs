//! `local`: makes variables of a function its own.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::frame::Frame;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("local", local);

fn local(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    for word in &words {
        let (name, value) = super::name_and_value(word)?;
        let slot = shell.vars.intern(name);
        let old = shell.vars.var(slot).clone();
        let call = shell.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Call(call) => Some(call),
            _ => None,
        });
        let Some(call) = call else { return Err(Halt::error("not in a function")) };
        if !call.locals.iter().any(|(known, _)| *known == slot) {
            call.locals.push((slot, old));
        }
        if let Some(value) = value {
            shell.assign(slot, value)?;
        }
    }
    Ok(Outcome::Status(0))
}
