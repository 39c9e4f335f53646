//! Leaving frames early: `break`, `return`, `exit`, errors.

use super::super::error::Eval;
use super::super::frame::{Frame, Origin, Role};
use super::super::shell::{Shell, Unwind};
use crate::kernel::Sys;

impl Shell {
    /// Leaves the frame on top, or stops leaving there.
    pub(super) fn unwind_frame(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(unwind) = self.unwind else { return Ok(()) };
        match self.frames.last_mut() {
            None => {
                if self.exiting.is_none() || unwind != Unwind::Exit {
                    self.exiting = Some(self.status);
                }
                self.unwind = None;
            }
            Some(Frame::Undo(_)) => self.undo(sys)?,
            Some(Frame::Restore(_)) => self.restore(),
            Some(Frame::Call(_)) => {
                self.leave_call();
                if unwind == Unwind::Return {
                    self.unwind = None;
                    self.finish_command(self.status);
                }
            }
            Some(Frame::Loop { .. } | Frame::For(_)) => self.unwind_loop(unwind),
            Some(
                Frame::If { tested, .. } | Frame::AndOr { tested, .. } | Frame::Not { tested },
            ) => {
                self.tested = *tested;
                self.frames.pop();
            }
            Some(Frame::Substitute(frame)) => {
                if let Some(reader) = frame.reader.take() {
                    let _ = sys.io().close(reader);
                }
                self.frames.pop();
            }
            Some(Frame::Pipeline(pipeline)) => {
                if let Some(reader) = pipeline.reader.take() {
                    let _ = sys.io().close(reader);
                }
                self.frames.pop();
            }
            Some(Frame::Source(_)) => self.unwind_source(unwind, sys),
            Some(_) => {
                self.frames.pop();
            }
        }
        Ok(())
    }

    fn unwind_loop(&mut self, unwind: Unwind) {
        let running = !matches!(self.frames.last(), Some(Frame::For(each)) if !each.running);
        match unwind {
            Unwind::Continue(1) if running => {
                self.unwind = None;
                if let Some(Frame::Loop { body, .. }) = self.frames.last_mut() {
                    *body = true;
                }
                return;
            }
            Unwind::Break(1) if running => self.unwind = None,
            Unwind::Break(count) if running => self.unwind = Some(Unwind::Break(count - 1)),
            Unwind::Continue(count) if running => self.unwind = Some(Unwind::Continue(count - 1)),
            _ => {}
        }
        self.leave_loop();
    }

    fn unwind_source(&mut self, unwind: Unwind, sys: &mut Sys<'_>) {
        let Some(Frame::Source(mut source)) = self.frames.pop() else { return };
        match (&source.role, unwind) {
            (Role::Main, Unwind::Error) if source.input == Origin::Terminal => {
                source.parser.reset();
                source.prompted = false;
                self.unwind = None;
                self.exiting = None;
                self.tested = false;
                (self.loops, self.calls) = (0, 0);
                self.expansion.reset();
                self.frames.push(Frame::Source(source));
            }
            (Role::File, Unwind::Return) => {
                self.calls = self.calls.saturating_sub(1);
                self.close_source(&source, sys);
                self.unwind = None;
                self.finish_command(self.status);
            }
            (Role::Trap { .. }, Unwind::Return) => {
                self.calls = self.calls.saturating_sub(1);
                self.unwind = None;
            }
            (role, _) => {
                if *role != Role::Main {
                    self.calls = self.calls.saturating_sub(1);
                }
                self.close_source(&source, sys);
            }
        }
    }

    /// Gives variables back the values they had before a command.
    pub(super) fn restore(&mut self) {
        if let Some(Frame::Restore(frame)) = self.frames.pop() {
            for (slot, var) in frame.saved.into_iter().rev() {
                self.put_back(slot, var);
            }
        }
    }

    /// Leaves a function.
    pub(super) fn leave_call(&mut self) {
        if let Some(Frame::Call(call)) = self.frames.pop() {
            self.params = call.params;
            self.loops = call.loops;
            self.calls = self.calls.saturating_sub(1);
            for (slot, var) in call.locals.into_iter().rev() {
                self.put_back(slot, var);
            }
        }
    }

    fn put_back(&mut self, slot: super::super::vars::Slot, var: super::super::vars::Var) {
        if slot == super::super::vars::PATH {
            self.paths.clear();
        }
        self.vars.restore(slot, var);
    }
}
