//! Lists and and-or lists.

use super::super::code::{Joint, Linked, Node};
use super::super::error::Eval;
use super::super::frame::{At, Frame};
use super::super::shell::Shell;
use crate::kernel::Sys;

impl Shell {
    pub(super) fn list(&mut self, code: &Linked, at: At, next: u32, sys: &mut Sys<'_>) -> Eval<()> {
        let Node::List(steps) = code.nodes[at.node as usize] else { return Ok(()) };
        let Some(step) = code.steps[steps.range()].get(next as usize) else {
            self.frames.pop();
            return Ok(());
        };
        let at = At { node: step.node, ..at };
        if step.joint == Joint::Background {
            // A wait in there has the whole instruction run again.
            if let Some(Frame::List { next, .. }) = self.frames.last_mut() {
                *next -= 1;
            }
            self.background(code, at, sys)?;
            if let Some(Frame::List { next, .. }) = self.frames.last_mut() {
                *next += 1;
            }
            return Ok(());
        }
        if next + 1 == steps.len() {
            self.frames.pop();
        }
        self.enter(code, at)
    }

    pub(super) fn and_or(
        &mut self,
        code: &Linked,
        at: At,
        next: u32,
        tested: bool,
        _sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let Node::AndOr(steps) = code.nodes[at.node as usize] else { return Ok(()) };
        let all = &code.steps[steps.range()];
        let mut next = next;
        // Skips what the status so far rules out.
        while next > 0
            && let Some(step) = all.get(next as usize)
            && (step.joint == Joint::And) != (self.status == 0)
        {
            next += 1;
        }
        let Some(step) = all.get(next as usize) else {
            self.frames.pop();
            self.tested = tested;
            return Ok(());
        };
        let last = next + 1 == steps.len();
        if last {
            self.frames.pop();
            self.tested = tested;
        } else {
            if let Some(Frame::AndOr { next: place, .. }) = self.frames.last_mut() {
                *place = next + 1;
            }
            self.tested = true;
        }
        self.enter(code, At { node: step.node, ..at })
    }
}
