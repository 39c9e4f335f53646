//! Command substitution: a child whose output becomes text.

use super::super::code::{Linked, NodeId};
use super::super::error::{Eval, Halt};
use super::super::frame::{At, ChildFrame, Frame, SubstituteFrame};
use super::super::shell::Shell;
use crate::base::{Fd, limits};
use crate::kernel::{Stop, Sys, WaitFlags, WaitStatus, WaitTarget};

/// How much is read at once.
const CHUNK: usize = 65_536;

impl Shell {
    /// Starts the child; its output is read by the frame this leaves on the stack.
    pub(in super::super) fn begin_substitution(
        &mut self,
        code: &Linked,
        node: NodeId,
        quoted: bool,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        self.output.flush(sys)?;
        let number = self.frames.last().and_then(Frame::code).unwrap_or_default();
        let (reader, writer) = sys.io().pipe().map_err(|_| Halt::error("Pipe call failed"))?;
        let mut first = ChildFrame { close: vec![reader], ..ChildFrame::default() };
        if writer != Fd::STDOUT {
            first.dup.push((writer, Fd::STDOUT));
            first.close.push(writer);
        }
        let tested = core::mem::replace(&mut self.tested, false);
        let child = self.fork(code, At { code: number, node }, first, sys);
        self.tested = tested;
        let _ = sys.io().close(writer);
        let child = child.inspect_err(|_| {
            let _ = sys.io().close(reader);
        })?;
        let output = bstr::BString::default();
        let frame = SubstituteFrame { reader: Some(reader), child, output, quoted };
        self.frames.push(Frame::Substitute(Box::new(frame)));
        Ok(())
    }

    pub(super) fn substitute(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::Substitute(frame)) = self.frames.last_mut() else { return Ok(()) };
        while let Some(reader) = frame.reader {
            let more = match sys.io().read(reader, &mut frame.output, CHUNK) {
                Ok(count) => count > 0,
                Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
                Err(Stop::Fail(_)) => false,
            };
            if frame.output.len() > limits::SHELL_VALUE_MAX {
                return Err(Halt::error("Out of space"));
            }
            if !more {
                let _ = sys.io().close(reader);
                frame.reader = None;
            }
        }
        let status = match sys.os().wait(WaitTarget::Pid(frame.child), WaitFlags::default()) {
            Ok(Some((_, status))) => status,
            Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
            Ok(None) | Err(Stop::Fail(_)) => WaitStatus::Exited(127),
        };
        let Some(Frame::Substitute(frame)) = self.frames.pop() else { return Ok(()) };
        self.expansion.status = Some(status.shell_status());
        let mut output = frame.output;
        if output.contains(&0) {
            output.retain(|byte| *byte != 0);
        }
        let kept = output.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
        self.append_output(&output[..kept], frame.quoted, sys)
    }
}
