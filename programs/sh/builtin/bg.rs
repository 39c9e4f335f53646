//! `bg`: lets a stopped job go on in the background.

use super::{Builtin, Outcome};
use crate::kernel::{KillTarget, Signal, Sys};
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("bg", bg);

fn bg(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    if shell.terminal.is_none() {
        return Err(Halt::error("no job control"));
    }
    let spec = shell.words.at(1).to_vec();
    let number = shell.jobs.find(&spec).map(|job| job.number);
    let job = shell.jobs.iter_mut().find(|job| Some(job.number) == number);
    let Some(job) = job else {
        return Err(Halt::error([b"No such job: ", &spec[..]].concat()));
    };
    for (_, status) in &mut job.children {
        if matches!(status, Some(crate::kernel::WaitStatus::Stopped(_))) {
            *status = None;
        }
    }
    let line = [format!("[{}] ", job.number).as_bytes(), &job.text, b"\n"].concat();
    let group = job.group;
    shell.output.print(line);
    let _ = sys.os().kill(KillTarget::Group(group), Some(Signal::CONT));
    Ok(Outcome::Status(0))
}
