//! [`Jobs`]: commands that run beside the shell, or are stopped.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::Pid;
use crate::kernel::WaitStatus;

/// A command with its processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its number, from 1.
    pub number: u32,
    /// Its process group.
    pub group: Pid,
    /// Its processes with how they ended; the last one's status counts.
    pub children: Vec<(Pid, Option<WaitStatus>)>,
    /// What it runs.
    pub text: BString,
    /// Whether its end has been told.
    pub told: bool,
}

/// What a job does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Something of it runs.
    Running,
    /// Something of it is stopped.
    Stopped,
    /// It has ended.
    Done(WaitStatus),
}

impl Job {
    /// What it does.
    pub fn state(&self) -> JobState {
        let running = self.children.iter().any(|(_, status)| status.is_none());
        let stopped =
            self.children.iter().any(|(_, status)| matches!(status, Some(WaitStatus::Stopped(_))));
        match self.children.last() {
            _ if running => JobState::Running,
            _ if stopped => JobState::Stopped,
            Some((_, Some(status))) => JobState::Done(*status),
            _ => JobState::Done(WaitStatus::Exited(0)),
        }
    }

    /// The process whose status counts.
    pub fn leader(&self) -> Option<Pid> {
        self.children.last().map(|(pid, _)| *pid)
    }
}

/// All jobs, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Jobs {
    list: Vec<Job>,
}

impl Jobs {
    /// Adds a job; returns its number.
    pub fn add(
        &mut self,
        group: Pid,
        children: Vec<(Pid, Option<WaitStatus>)>,
        text: BString,
    ) -> u32 {
        let number = self.list.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        self.list.push(Job { number, group, children, text, told: false });
        number
    }

    /// Notes what became of a process.
    pub fn note(&mut self, pid: Pid, status: WaitStatus) {
        for job in &mut self.list {
            for (child, known) in &mut job.children {
                if *child == pid {
                    *known = if status == WaitStatus::Continued { None } else { Some(status) };
                    job.told = false;
                }
            }
        }
    }

    /// All jobs.
    pub fn iter(&self) -> impl Iterator<Item = &Job> {
        self.list.iter()
    }

    /// All jobs, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.list.iter_mut()
    }

    /// How many jobs there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Drops jobs.
    pub fn retain(&mut self, keep: impl FnMut(&Job) -> bool) {
        self.list.retain(keep);
    }

    /// The job a process belongs to.
    pub fn of(&self, pid: Pid) -> Option<&Job> {
        self.list.iter().find(|job| job.children.iter().any(|(child, _)| *child == pid))
    }

    /// The job that `%n`, `%%`, `%+`, `%-` or `%text` means.
    pub fn find(&self, spec: &[u8]) -> Option<&Job> {
        let spec = spec.strip_prefix(b"%").unwrap_or(spec);
        match spec {
            b"" | b"%" | b"+" => self.list.last(),
            b"-" => self.list.iter().rev().nth(1).or(self.list.last()),
            _ => {
                let number = core::str::from_utf8(spec).ok().and_then(|text| text.parse().ok());
                self.list.iter().find(|job| match number {
                    Some(number) => job.number == number,
                    None => match spec.strip_prefix(b"?") {
                        Some(part) => job.text.windows(part.len().max(1)).any(|w| w == part),
                        None => job.text.starts_with(spec),
                    },
                })
            }
        }
    }
}
