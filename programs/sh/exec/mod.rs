//! Execution: takes the frame on top of the stack one instruction further, again and again.
//!
//! An instruction either does all it does or, when it has to wait, nothing that its repetition
//! would do twice. Each burns a unit of fuel; what it calls burns its own.

mod child;
mod compound;
mod enter;
mod external;
mod list;
mod pipeline;
mod redirect;
mod simple;
mod source;
mod substitute;
mod unwind;
mod wait;

pub use redirect::OWN_FDS;
pub use source::open_main;

use super::code::Linked;
use super::error::{Eval, Halt};
use super::expand::State;
use super::frame::{Frame, Phase, Role, SimpleFrame};
use super::shell::{Shell, Unwind};
use crate::kernel::{Step, Stop, Sys};

/// Instructions between looks at the fuel.
const STRIDE: u32 = 32;

impl Shell {
    /// Runs until the fuel is gone, something has to wait, or the shell is done.
    pub(super) fn run(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        self.take_signals(sys);
        loop {
            match self.stretch(sys) {
                Ok(Some(status)) => return Ok(Step::Exit(status)),
                Ok(None) => {}
                Err(Halt::Yield) => return Ok(Step::Again),
                Err(Halt::Block(wait)) => return Err(Stop::Block(wait)),
                Err(Halt::Fail(failure)) => self.raise(&failure),
            }
            if core::mem::take(&mut self.yielding) || sys.os().fuel_left() <= 0 {
                return match self.output.flush(sys) {
                    Err(Halt::Block(wait)) => Err(Stop::Block(wait)),
                    _ => Ok(Step::Again),
                };
            }
        }
    }

    /// A few instructions of one unit; the exit status when there is nothing left to run.
    fn stretch(&mut self, sys: &mut Sys<'_>) -> Eval<Option<u8>> {
        if self.unwind.is_some() {
            self.unwind_frame(sys)?;
            return Ok(None);
        }
        let Some(top) = self.frames.last() else { return self.end(sys) };
        // A signal that comes while an action runs waits until that is done: one that signals
        // itself would pile actions up.
        if self.traps.is_pending() && self.is_between_commands() && !self.is_in_trap() {
            self.run_trap(sys)?;
            return Ok(None);
        }
        let Some(number) = top.code() else {
            sys.os().burn(1);
            self.other_instruction(sys)?;
            return Ok(None);
        };
        let code = self.codes.get(number);
        let mut count = 0;
        let fuel = sys.os().fuel_left();
        let result = loop {
            count += 1;
            let result = self.instruction(&code, sys);
            let same = self.frames.last().and_then(Frame::code) == Some(number);
            let spent = count == STRIDE || i64::from(count) >= fuel;
            if result.is_err() || spent || !same || self.unwind.is_some() || self.yielding {
                break result;
            }
        };
        sys.os().burn(count);
        result.map(|()| None)
    }

    /// Whether a trap's action is running.
    fn is_in_trap(&self) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::Source(source) => matches!(source.role, Role::Trap { .. }),
            _ => false,
        })
    }

    /// Whether the top frame is where a trap's action may run.
    fn is_between_commands(&self) -> bool {
        match self.frames.last() {
            Some(Frame::Simple(SimpleFrame { phase: Phase::Words, next: 0, .. })) => {
                self.expansion.state == State::Idle
            }
            Some(Frame::For(each)) => each.running,
            // An action that is over ends before the next one begins.
            Some(Frame::Source(source)) if matches!(source.role, Role::Trap { .. }) => {
                !source.parser.exhausted()
            }
            Some(
                Frame::List { .. }
                | Frame::AndOr { .. }
                | Frame::If { .. }
                | Frame::Loop { .. }
                | Frame::Source(_)
                | Frame::Call(_)
                | Frame::Not { .. },
            ) => true,
            _ => false,
        }
    }

    /// One instruction of a frame that refers to code.
    fn instruction(&mut self, code: &Linked, sys: &mut Sys<'_>) -> Eval<()> {
        match self.frames.last_mut() {
            Some(Frame::Simple(simple)) => {
                let simple = *simple;
                self.simple(code, simple, sys)
            }
            Some(Frame::List { at, next }) => {
                let at = *at;
                let step = *next;
                *next += 1;
                self.list(code, at, step, sys)
            }
            Some(Frame::AndOr { at, next, tested }) => {
                let (at, next, tested) = (*at, *next, *tested);
                self.and_or(code, at, next, tested, sys)
            }
            Some(Frame::If { at, next, tested }) => {
                let (at, next, tested) = (*at, *next, *tested);
                self.if_part(code, at, next, tested, sys)
            }
            Some(Frame::Loop { at, body, status, tested }) => {
                let (at, body, status, tested) = (*at, *body, *status, *tested);
                self.loop_part(code, at, body, status, tested, sys)
            }
            Some(Frame::For(_)) => self.for_part(code, sys),
            Some(Frame::Case(_)) => self.case_part(code, sys),
            Some(Frame::Redirected { at, next }) => {
                let (at, next) = (*at, *next);
                self.redirected(code, at, next, sys)
            }
            Some(Frame::Pipeline(_)) => self.pipeline(code, sys),
            _ => Ok(()),
        }
    }

    /// One instruction of a frame that refers to no code.
    fn other_instruction(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        match self.frames.last() {
            Some(Frame::Source(_)) => self.source(sys),
            Some(Frame::Not { .. }) => {
                let Some(Frame::Not { tested }) = self.frames.pop() else { return Ok(()) };
                self.tested = tested;
                self.status = u8::from(self.status == 0);
                Ok(())
            }
            Some(Frame::Undo(_)) => self.undo(sys),
            Some(Frame::Restore(_)) => {
                self.restore();
                Ok(())
            }
            Some(Frame::Call(_)) => {
                self.leave_call();
                self.finish_command(self.status);
                Ok(())
            }
            Some(Frame::Substitute(_)) => self.substitute(sys),
            Some(Frame::Wait(_)) => self.wait_foreground(sys),
            Some(Frame::Child(_)) => self.child_begins(sys),
            Some(Frame::Feed { .. }) => self.feed(sys),
            Some(Frame::Read(_)) => self.read_line(sys),
            Some(Frame::WaitFor(_)) => self.wait_for(sys),
            _ => Ok(()),
        }
    }

    /// The stack is empty: runs the trap on exit, then says how to exit.
    fn end(&mut self, sys: &mut Sys<'_>) -> Eval<Option<u8>> {
        let status = *self.exiting.get_or_insert(self.status);
        if let Some(action) = self.traps.take_exit()
            && !action.is_empty()
        {
            self.status = status;
            self.tested = false;
            self.push_text(&action, Role::Trap { status });
            return Ok(None);
        }
        self.output.flush(sys)?;
        Ok(Some(status))
    }

    /// Leaves everything, to exit with a status.
    pub(super) fn exit_with(&mut self, status: u8) {
        self.status = status;
        self.exiting = Some(status);
        self.unwind = Some(Unwind::Exit);
    }
}
