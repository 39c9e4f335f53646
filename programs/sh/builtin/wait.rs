//! `wait`: waits for commands in the background.

use super::{Builtin, Outcome};
use crate::base::Pid;
use crate::kernel::Sys;
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::frame::{Frame, WaitForFrame};
use crate::programs::sh::jobs::JobState;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("wait", wait);

fn wait(shell: &mut Shell, _: &mut Sys<'_>) -> Eval<Outcome> {
    let mut pids = Vec::new();
    let all = shell.words.len() == 1;
    if all {
        let jobs = shell.jobs.iter().filter(|job| job.state() != JobState::Stopped);
        pids.extend(jobs.filter_map(|job| job.leader()));
    }
    for word in shell.words.iter().skip(1) {
        let pid = if word.starts_with(b"%") {
            let job = shell.jobs.find(word);
            let job = job.ok_or_else(|| Halt::error([&b"No such job: "[..], word].concat()))?;
            job.leader().unwrap_or_default()
        } else {
            Pid(super::count(word)?)
        };
        pids.push(pid);
    }
    if !all && pids.iter().all(|pid| shell.jobs.of(*pid).is_none()) {
        return Ok(Outcome::Status(127));
    }
    shell.frames.pop();
    shell.status = 0;
    shell.frames.push(Frame::WaitFor(Box::new(WaitForFrame { pids, all })));
    Ok(Outcome::Frame)
}
