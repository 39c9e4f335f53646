//! The beginning of a forked child, and the child that writes a here-document.

use super::super::error::{Eval, Halt};
use super::super::frame::Frame;
use super::super::shell::Shell;
use crate::base::{Fd, Pid};
use crate::fs::OpenFlags;
use crate::kernel::{Action, Signal, Stop, Sys};

impl Shell {
    pub(super) fn child_begins(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::Child(first)) = self.frames.pop() else { return Ok(()) };
        if let Some(group) = first.group {
            let group = if group == Pid(0) { sys.os().pid() } else { group };
            let _ = sys.os().setpgid(Pid(0), group);
        }
        for signal in &first.reset {
            let _ = sys.os().set_action(*signal, Action::Default);
        }
        if first.detached {
            for signal in [Signal::INT, Signal::QUIT] {
                let _ = sys.os().set_action(signal, Action::Ignore);
            }
            let _ = sys.io().close(Fd::STDIN);
            let _ = sys.fs().open("/dev/null", OpenFlags::RDONLY, 0);
        }
        for (from, to) in &first.dup {
            let _ = sys.io().dup2(*from, *to);
        }
        for fd in &first.close {
            if !first.dup.iter().any(|(_, to)| to == fd) {
                let _ = sys.io().close(*fd);
            }
        }
        Ok(())
    }

    pub(super) fn feed(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::Feed { fd, text }) = self.frames.last_mut() else { return Ok(()) };
        let fd = *fd;
        let done = match sys.io().write(fd, text) {
            Ok(count) => {
                text.drain(..count);
                text.is_empty()
            }
            Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
            Err(Stop::Fail(_)) => true,
        };
        if done {
            let _ = sys.io().close(fd);
            self.frames.pop();
        }
        Ok(())
    }
}
