//! Simple commands: words, redirections, assignments, and what is run.
//!
//! Follows: POSIX.1-2024 XCU 2.9.1, in dash's order: words are expanded first, then redirections
//! are made, then assignments.

use super::super::builtin::{self, Outcome};
use super::super::code::{Linked, Node, Simple};
use super::super::error::{Eval, Halt};
use super::super::expand::Mode;
use super::super::frame::{At, CallFrame, Frame, Phase, SimpleFrame};
use super::super::shell::{Running, Shell, Unwind};
use super::super::vars::{Function, Slot};
use super::redirect::Redirecting;
use crate::base::Fd;
use crate::kernel::Sys;

/// Output of builtins is gathered up to this size.
const GATHER: usize = 4096;

/// What a command's name stands for.
enum Target {
    Nothing,
    Special(u8),
    Function(Function),
    Builtin(u8),
    External,
}

impl Shell {
    pub(super) fn simple(
        &mut self,
        code: &Linked,
        frame: SimpleFrame,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let Node::Simple(simple) = code.nodes[frame.at.node as usize] else { return Ok(()) };
        let mut phase = frame.phase;
        let mut next = frame.next;
        loop {
            let (done, then) = match phase {
                Phase::Words => (self.simple_words(code, &simple, next, sys)?, Phase::Redirections),
                Phase::Redirections if simple.redirections.is_empty() => (true, Phase::Assignments),
                Phase::Redirections => {
                    (self.simple_redirections(code, &simple, next, sys)?, Phase::Assignments)
                }
                Phase::Assignments if simple.assignments.is_empty() => (true, Phase::Run),
                Phase::Assignments => {
                    (self.simple_assignments(code, &simple, next, sys)?, Phase::Run)
                }
                Phase::Run => return self.simple_run(code, frame.at, &simple, sys),
                Phase::Flush(status) => return self.simple_flush(status, sys),
            };
            if !done {
                return Ok(());
            }
            (phase, next) = (then, 0);
            if let Some(Frame::Simple(frame)) = self.frames.last_mut() {
                (frame.phase, frame.next) = (phase, next);
            }
        }
    }

    fn simple_words(
        &mut self,
        code: &Linked,
        simple: &Simple,
        next: u32,
        sys: &mut Sys<'_>,
    ) -> Eval<bool> {
        self.line = simple.line;
        let words = &code.links[simple.words.range()];
        for (index, word) in (next..).zip(words.iter().skip(next as usize)) {
            if let Some(text) = code.constant(*word) {
                self.words.push(text);
                continue;
            }
            if let Some(Frame::Simple(frame)) = self.frames.last_mut() {
                frame.next = index;
            }
            let done = if code.words[*word as usize].assignment && self.declares(code, simple) {
                let done = self.expand_single(code, *word, Mode::Single, sys)?;
                if done {
                    self.words.push(self.expansion.text());
                    self.expansion.reset();
                }
                done
            } else {
                self.expand_fields(code, *word, sys)?
            };
            if !done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the command takes assignments as arguments, which are not split.
    fn declares(&self, code: &Linked, simple: &Simple) -> bool {
        simple.name.is_some_and(|name| self.vars.builtin(code.slot(name)).is_some())
    }

    fn simple_redirections(
        &mut self,
        code: &Linked,
        simple: &Simple,
        next: u32,
        sys: &mut Sys<'_>,
    ) -> Eval<bool> {
        if let Some(Frame::Simple(frame)) = self.frames.last_mut()
            && !frame.wrapped
        {
            frame.wrapped = true;
            self.insert_below(Frame::Undo(Box::default()));
        }
        match self.redirect_all(code, simple.redirections, next, sys)? {
            Redirecting::Suspended => Ok(false),
            Redirecting::Done => Ok(true),
            Redirecting::Failed(failure) => {
                self.complain(&failure.message);
                let special = matches!(self.target(code, simple), Target::Special(_));
                if special {
                    self.status = failure.status;
                    self.unwind = Some(Unwind::Error);
                } else {
                    self.frames.pop();
                    self.finish_command(failure.status);
                }
                Ok(false)
            }
        }
    }

    fn insert_below(&mut self, frame: Frame) {
        let top = self.frames.len().saturating_sub(1);
        self.frames.insert(top, frame);
    }

    fn simple_assignments(
        &mut self,
        code: &Linked,
        simple: &Simple,
        next: u32,
        sys: &mut Sys<'_>,
    ) -> Eval<bool> {
        let lasting = matches!(self.target(code, simple), Target::Nothing | Target::Special(_));
        let all = &code.assignments[simple.assignments.range()];
        if !lasting && next == 0 && !matches!(self.below(), Some(Frame::Restore(_))) {
            self.insert_below(Frame::Restore(Box::default()));
            if let Some(Frame::Simple(frame)) = self.frames.last_mut() {
                frame.wrapped = true;
            }
        }
        for (index, assignment) in (next..).zip(all.iter().skip(next as usize)) {
            if let Some(Frame::Simple(frame)) = self.frames.last_mut() {
                frame.next = index;
            }
            if !self.expand_single(code, assignment.word, Mode::Single, sys)? {
                return Ok(false);
            }
            let slot = code.slot(assignment.name);
            if !lasting {
                self.keep_old(slot);
            }
            let expansion = core::mem::take(&mut self.expansion);
            let result = self.assign(slot, expansion.text());
            self.expansion = expansion;
            self.expansion.reset();
            result?;
            if !lasting {
                self.vars.set_exported(slot, true);
            }
        }
        Ok(true)
    }

    fn below(&self) -> Option<&Frame> {
        self.frames.iter().rev().nth(1)
    }

    /// Notes a variable's value for after the command.
    fn keep_old(&mut self, slot: Slot) {
        let var = self.vars.var(slot).clone();
        if let Some(Frame::Restore(frame)) = self.frames.iter_mut().rev().nth(1)
            && !frame.saved.iter().any(|(known, _)| *known == slot)
        {
            frame.saved.push((slot, var));
        }
    }

    fn target(&self, code: &Linked, simple: &Simple) -> Target {
        let Some(name) = self.words.get(0) else { return Target::Nothing };
        let slot = match simple.name {
            Some(name) => Some(code.slot(name)),
            None => self.vars.find(name),
        };
        let builtin = match slot {
            Some(slot) => self.vars.builtin(slot),
            None => builtin::find(name),
        };
        match (builtin, slot.and_then(|slot| self.vars.function(slot))) {
            (Some(index), _) if builtin::is_special(index) => Target::Special(index),
            (_, Some(function)) => Target::Function(function),
            (Some(index), None) => Target::Builtin(index),
            (None, None) => Target::External,
        }
    }

    fn simple_run(
        &mut self,
        code: &Linked,
        at: At,
        simple: &Simple,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        if self.options.xtrace {
            self.trace(code, simple);
        }
        match self.target(code, simple) {
            Target::Nothing => {
                self.frames.pop();
                let status = self.expansion.status.unwrap_or(0);
                self.finish_command(status);
                Ok(())
            }
            Target::Special(index) => self.run_builtin(index, true, sys),
            Target::Builtin(index) => self.run_builtin(index, false, sys),
            Target::Function(function) => self.call(code, at, function),
            Target::External => self.external(sys),
        }
    }

    /// Runs a builtin on the words, for the simple command on top.
    pub(in super::super) fn run_builtin(
        &mut self,
        index: u8,
        special: bool,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        self.running = Some(Running { index, special });
        let outcome = match builtin::run(index, self, sys) {
            Err(Halt::Fail(failure)) => return Err(Halt::Fail(failure)),
            other => {
                self.running = None;
                other?
            }
        };
        let Outcome::Status(status) = outcome else { return Ok(()) };
        let Some(Frame::Simple(frame)) = self.frames.last_mut() else { return Ok(()) };
        if !self.output.is_empty() && (frame.wrapped || self.output.len() > GATHER) {
            frame.phase = Phase::Flush(status);
            return Ok(());
        }
        self.frames.pop();
        self.finish_command(status);
        Ok(())
    }

    fn simple_flush(&mut self, status: u8, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        let failed = self.output.take_failure().is_some();
        if failed {
            let name = self.words.at(0).to_vec();
            self.complain(&[&name[..], b": ", &name, b": I/O error"].concat());
        }
        self.frames.pop();
        self.finish_command(if failed { 1 } else { status });
        Ok(())
    }

    fn call(&mut self, code: &Linked, at: At, function: Function) -> Eval<()> {
        self.deeper()?;
        self.words.remove_first(1);
        let params = core::mem::take(&mut self.words).into();
        let params = core::mem::replace(&mut self.params, params);
        self.frames.pop();
        let loops = core::mem::take(&mut self.loops);
        self.frames.push(Frame::Call(Box::new(CallFrame { params, loops, locals: Vec::new() })));
        let at_body = At { code: function.code, node: function.body };
        if function.code == at.code {
            return self.enter(code, at_body);
        }
        let code = self.codes.get(function.code);
        self.enter(&code, at_body)
    }

    /// `set -x`: shows what is about to run.
    fn trace(&mut self, code: &Linked, simple: &Simple) {
        let mut line = self.vars.get(super::super::vars::PS4).map_or(&b""[..], |p| p).to_vec();
        let mut first = true;
        let mut add = |part: &[&[u8]]| {
            if !core::mem::take(&mut first) {
                line.push(b' ');
            }
            part.iter().for_each(|bytes| line.extend_from_slice(bytes));
        };
        for assignment in &code.assignments[simple.assignments.range()] {
            let slot = code.slot(assignment.name);
            let value = self.vars.get(slot).map_or(&b""[..], |value| value);
            add(&[self.vars.name(slot), b"=", value]);
        }
        for word in self.words.iter() {
            add(&[word]);
        }
        line.push(b'\n');
        // Where standard error went before the command's own redirections.
        let kept = self.frames.iter().rev().skip(1).take(2).find_map(|frame| match frame {
            Frame::Undo(undo) => undo.saved.iter().find(|(fd, _)| *fd == Fd::STDERR)?.1,
            _ => None,
        });
        self.output.write(kept.unwrap_or(Fd::STDERR), &line);
    }
}
