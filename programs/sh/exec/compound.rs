//! `if`, loops and `case`.

use super::super::code::{Linked, Node};
use super::super::error::{Eval, Halt};
use super::super::expand::Mode;
use super::super::fields::Fields;
use super::super::frame::{At, ForFrame, Frame};
use super::super::pattern::Pattern;
use super::super::shell::Shell;
use crate::base::limits;
use crate::kernel::Sys;

impl Shell {
    pub(super) fn if_part(
        &mut self,
        code: &Linked,
        at: At,
        next: u32,
        tested: bool,
        _sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let Node::If { arms, otherwise } = code.nodes[at.node as usize] else { return Ok(()) };
        let arms = &code.links[arms.range()];
        if next > 0 && self.status == 0 {
            // The condition before `next` held.
            let node = arms[next as usize];
            self.frames.pop();
            self.tested = tested;
            return self.enter(code, At { node, ..at });
        }
        let condition = if next == 0 { 0 } else { next + 1 };
        if let Some(node) = arms.get(condition as usize) {
            if let Some(Frame::If { next, .. }) = self.frames.last_mut() {
                *next = condition + 1;
            }
            return self.enter(code, At { node: *node, ..at });
        }
        self.frames.pop();
        self.tested = tested;
        match otherwise {
            Some(node) => self.enter(code, At { node, ..at }),
            None => {
                self.status = 0;
                Ok(())
            }
        }
    }

    pub(super) fn loop_part(
        &mut self,
        code: &Linked,
        at: At,
        body: bool,
        status: u8,
        tested: bool,
        _sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let Node::Loop { until, condition, body: inner } = code.nodes[at.node as usize] else {
            return Ok(());
        };
        let Some(Frame::Loop { body: in_body, status: last, .. }) = self.frames.last_mut() else {
            return Ok(());
        };
        if body {
            // The body, if it has run at all, has left its status.
            *in_body = false;
            *last = self.status;
            self.tested = true;
            return self.enter(code, At { node: condition, ..at });
        }
        self.tested = tested;
        if (self.status == 0) == until {
            self.leave_loop();
            self.status = status;
            return Ok(());
        }
        *in_body = true;
        self.enter(code, At { node: inner, ..at })
    }

    /// Drops the loop on top.
    pub(super) fn leave_loop(&mut self) {
        match self.frames.pop() {
            Some(Frame::Loop { tested, .. }) => {
                self.tested = tested;
                self.loops = self.loops.saturating_sub(1);
            }
            Some(Frame::For(each)) if each.running => {
                self.loops = self.loops.saturating_sub(1);
            }
            _ => {}
        }
    }

    pub(super) fn for_part(&mut self, code: &Linked, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::For(each)) = self.frames.last() else { return Ok(()) };
        let ForFrame { at, running, .. } = **each;
        let Node::For { name, body, .. } = code.nodes[at.node as usize] else { return Ok(()) };
        if !running && !self.for_items(code, at, sys)? {
            return Ok(());
        }
        let Some(Frame::For(each)) = self.frames.last_mut() else { return Ok(()) };
        let Some(item) = each.items.get(each.next as usize) else {
            self.leave_loop();
            return Ok(());
        };
        each.next += 1;
        let item = item.to_vec();
        self.assign(code.slot(name), &item)?;
        self.enter(code, At { node: body, ..at })
    }

    /// Expands the words after `in`; false while a command substitution runs.
    fn for_items(&mut self, code: &Linked, at: At, sys: &mut Sys<'_>) -> Eval<bool> {
        let Node::For { words, line, .. } = code.nodes[at.node as usize] else {
            return Ok(false);
        };
        self.line = line;
        let items = match words {
            None => self.params.fields(),
            Some(words) => {
                let words = &code.links[words.range()];
                loop {
                    let Some(Frame::For(each)) = self.frames.last() else { return Ok(false) };
                    let next = each.word;
                    let Some(word) = words.get(next as usize) else { break };
                    if next == 0 && self.expansion.state == super::State::Idle {
                        self.words.clear();
                    }
                    if !self.expand_fields(code, *word, sys)? {
                        return Ok(false);
                    }
                    if let Some(Frame::For(each)) = self.frames.last_mut() {
                        each.word += 1;
                    }
                }
                if words.is_empty() { Fields::default() } else { core::mem::take(&mut self.words) }
            }
        };
        if items.is_empty() {
            self.status = 0;
        }
        if let Some(Frame::For(each)) = self.frames.last_mut() {
            each.items = items;
            each.running = true;
            self.loops += 1;
        }
        Ok(true)
    }

    pub(super) fn case_part(&mut self, code: &Linked, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::Case(case)) = self.frames.last() else { return Ok(()) };
        let (at, arm, pattern) = (case.at, case.arm, case.pattern);
        let Node::Case { word, arms, .. } = code.nodes[at.node as usize] else { return Ok(()) };
        if case.subject.is_none() {
            self.expansion.status = None;
            if !self.expand_single(code, word, Mode::Single, sys)? {
                return Ok(());
            }
            let subject = self.expansion.text().into();
            self.expansion.reset();
            if let Some(Frame::Case(case)) = self.frames.last_mut() {
                case.subject = Some(subject);
            }
            return Ok(());
        }
        let Some(clause) = code.arms[arms.range()].get(arm as usize) else {
            self.frames.pop();
            self.status = 0;
            return Ok(());
        };
        let patterns = &code.links[clause.patterns.range()];
        let Some(word) = patterns.get(pattern as usize) else {
            if let Some(Frame::Case(case)) = self.frames.last_mut() {
                (case.arm, case.pattern) = (arm + 1, 0);
            }
            return Ok(());
        };
        if !self.case_matches(code, *word, sys)? {
            return Ok(());
        }
        self.frames.pop();
        self.enter(code, At { node: clause.body, ..at })
    }

    /// Whether the next pattern matches. Goes past it if not; false too while a command
    /// substitution runs.
    fn case_matches(&mut self, code: &Linked, word: u32, sys: &mut Sys<'_>) -> Eval<bool> {
        let constant = code.constant(word);
        let matches = if let Some(text) = constant {
            let Some(Frame::Case(case)) = self.frames.last() else { return Ok(false) };
            case.subject.as_ref().is_some_and(|subject| *subject == text)
        } else {
            if !self.expand_single(code, word, Mode::Pattern, sys)? {
                return Ok(false);
            }
            let compiled = Pattern::new(self.expansion.text());
            self.expansion.reset();
            let Some(Frame::Case(case)) = self.frames.last() else { return Ok(false) };
            let subject = case.subject.as_deref().map_or(&[][..], |subject| subject);
            if subject.len() > limits::SHELL_VALUE_MAX {
                return Err(Halt::error("Out of space"));
            }
            sys.os().burn(u32::try_from(subject.len() / 64).unwrap_or(u32::MAX));
            compiled.matches(subject)
        };
        if let (false, Some(Frame::Case(case))) = (matches, self.frames.last_mut()) {
            case.pattern += 1;
        }
        Ok(matches)
    }
}
