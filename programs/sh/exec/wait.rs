//! Waiting for children: the foreground's, and those `wait` asks for.

use super::super::error::{Eval, Halt};
use super::super::frame::{Frame, WaitFrame};
use super::super::shell::Shell;
use crate::base::Errno;
use crate::kernel::{Signal, Stop, Sys, WaitFlags, WaitStatus, WaitTarget};

impl Shell {
    pub(super) fn wait_foreground(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        let flags = WaitFlags { untraced: self.terminal.is_some(), ..WaitFlags::default() };
        loop {
            let Some(Frame::Wait(frame)) = self.frames.last_mut() else { return Ok(()) };
            if frame.children.iter().all(|(_, status)| status.is_some()) {
                break;
            }
            match sys.os().wait(WaitTarget::Any, flags) {
                Ok(Some((pid, status))) => {
                    match frame.children.iter_mut().find(|(child, _)| *child == pid) {
                        Some((_, known)) => *known = Some(status),
                        None => self.jobs.note(pid, status),
                    }
                }
                Err(Stop::Fail(Errno::ECHILD)) | Ok(None) => {
                    for (_, status) in &mut frame.children {
                        status.get_or_insert(WaitStatus::Exited(127));
                    }
                }
                Err(Stop::Fail(errno)) => return Err(errno.into()),
                Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
            }
        }
        let Some(Frame::Wait(frame)) = self.frames.pop() else { return Ok(()) };
        self.foreground_ended(*frame, sys);
        Ok(())
    }

    fn foreground_ended(&mut self, frame: WaitFrame, sys: &mut Sys<'_>) {
        if let (Some(terminal), Some(_)) = (self.terminal, frame.group) {
            let own = sys.os().pgid(crate::base::Pid(0));
            if let Ok(own) = own {
                let _ = sys.term().set_foreground(terminal, own);
            }
        }
        let last = frame.children.last().and_then(|(_, status)| *status);
        let last = last.unwrap_or(WaitStatus::Exited(0));
        let stopped = frame.children.iter().any(|(_, s)| matches!(s, Some(WaitStatus::Stopped(_))));
        if stopped && let Some(group) = frame.group {
            let number = self.jobs.add(group, frame.children, frame.text.clone());
            if let Some(job) = self.jobs.iter_mut().find(|job| job.number == number) {
                job.told = true;
            }
            self.output.complain(format!("\n[{number}] + Stopped {}\n", frame.text));
        } else if let WaitStatus::Signaled(signal) = last {
            if signal == Signal::INT && self.terminal.is_some() {
                self.output.complain("\n");
            }
            self.tell_signal(signal);
        }
        let status = last.shell_status();
        if frame.negated {
            self.status = u8::from(status == 0);
        } else {
            self.finish_command(status);
        }
    }

    /// Says what ended a command, unless that is no news.
    fn tell_signal(&mut self, signal: Signal) {
        if !matches!(signal, Signal::INT | Signal::PIPE) {
            self.output.complain(format!("{}\n", signal.message()));
        }
    }

    /// Notes children that have ended meanwhile, so that they do not pile up.
    pub(in super::super) fn reap(&mut self, sys: &mut Sys<'_>) {
        if self.jobs.is_empty() {
            return;
        }
        let flags =
            WaitFlags { no_hang: true, untraced: self.terminal.is_some(), continued: false };
        while let Ok(Some((pid, status))) = sys.os().wait(WaitTarget::Any, flags) {
            self.jobs.note(pid, status);
        }
        if !self.options.interactive {
            let last = self.last_async;
            let limit = 64;
            // Without a listing, only the latest ends are worth remembering, for `wait`.
            if self.jobs.len() > limit {
                let mut drop = self.jobs.len() - limit;
                self.jobs.retain(|job| {
                    let ended = matches!(job.state(), super::super::jobs::JobState::Done(_));
                    let goes = drop > 0 && ended && job.leader() != last;
                    drop -= usize::from(goes);
                    !goes
                });
            }
        }
    }

    pub(super) fn wait_for(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        if let Some(signal) = self.traps.peek() {
            // A trapped signal ends the wait at once; its action runs next.
            self.frames.pop();
            self.finish_command(128 + signal.number());
            return Ok(());
        }
        loop {
            let Some(Frame::WaitFor(frame)) = self.frames.last() else { return Ok(()) };
            let first = frame.pids.first().copied();
            let (all, pid) = (frame.all, first);
            let status = match pid {
                None => {
                    self.frames.pop();
                    self.finish_command(if all { 0 } else { self.status });
                    return Ok(());
                }
                Some(pid) => self.jobs.of(pid).and_then(|job| {
                    job.children.iter().find(|(child, _)| *child == pid).and_then(|(_, s)| *s)
                }),
            };
            if let Some(status) = status.filter(|s| !matches!(s, WaitStatus::Stopped(_))) {
                self.status = status.shell_status();
                if let (WaitStatus::Signaled(signal), false) = (status, all) {
                    self.tell_signal(signal);
                }
                let pid = pid.unwrap_or_default();
                if let Some(Frame::WaitFor(frame)) = self.frames.last_mut() {
                    frame.pids.remove(0);
                }
                self.jobs.retain(|job| job.leader() != Some(pid));
                continue;
            }
            match sys.os().wait(WaitTarget::Any, WaitFlags::default()) {
                Ok(Some((pid, status))) => self.jobs.note(pid, status),
                Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
                Ok(None) | Err(Stop::Fail(_)) => {
                    // Not a child any more.
                    self.jobs.note(pid.unwrap_or_default(), WaitStatus::Exited(127));
                    if self.jobs.of(pid.unwrap_or_default()).is_none()
                        && let Some(Frame::WaitFor(frame)) = self.frames.last_mut()
                    {
                        self.status = 127;
                        frame.pids.remove(0);
                    }
                }
            }
        }
    }
}
