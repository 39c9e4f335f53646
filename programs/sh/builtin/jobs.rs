//! `jobs`: lists commands that run in the background or are stopped.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::interactive::{describe, done};
use crate::programs::sh::jobs::JobState;
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("jobs", jobs);

fn jobs(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    shell.reap(sys);
    let pids = shell.words.at(1) == b"-p";
    let mut list = Vec::new();
    for job in shell.jobs.iter_mut() {
        if pids {
            list.extend_from_slice(format!("{}\n", job.group).as_bytes());
            continue;
        }
        let state = match job.state() {
            JobState::Running => "Running".to_string(),
            JobState::Stopped => "Stopped".to_string(),
            JobState::Done(status) => {
                job.told = true;
                done(status)
            }
        };
        list.extend_from_slice(&describe(job.number, &state, &job.text));
    }
    shell.output.print(&list);
    if !pids {
        shell.jobs.retain(|job| !matches!(job.state(), JobState::Done(_)));
    }
    Ok(Outcome::Status(0))
}
