//! `fg`: brings a job to the foreground.

use super::{Builtin, Outcome};
use crate::kernel::{KillTarget, Signal, Sys};
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::frame::{Frame, WaitFrame};
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("fg", fg);

fn fg(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let Some(terminal) = shell.terminal else { return Err(Halt::error("no job control")) };
    let spec = shell.words.at(1).to_vec();
    let job = shell.jobs.find(&spec).cloned();
    let Some(job) = job else {
        return Err(Halt::error([b"No such job: ", &spec[..]].concat()));
    };
    shell.output.print([&job.text[..], b"\n"].concat());
    let _ = sys.term().set_foreground(terminal, job.group);
    let _ = sys.os().kill(KillTarget::Group(job.group), Some(Signal::CONT));
    shell.jobs.retain(|other| other.number != job.number);
    let ended = |status: &crate::kernel::WaitStatus| {
        matches!(
            status,
            crate::kernel::WaitStatus::Exited(_) | crate::kernel::WaitStatus::Signaled(_)
        )
    };
    let children = job.children.into_iter().map(|(pid, status)| (pid, status.filter(ended)));
    let frame = WaitFrame {
        children: children.collect(),
        group: Some(job.group),
        negated: false,
        tested: shell.tested,
        text: job.text,
    };
    shell.frames.pop();
    shell.frames.push(Frame::Wait(Box::new(frame)));
    Ok(Outcome::Frame)
}
