//! Beginning a command: what frame its node becomes.

use super::super::code::{Linked, Node};
use super::super::error::Eval;
use super::super::fields::Fields;
use super::super::frame::{At, CaseFrame, ForFrame, Frame, Phase, PipelineFrame, SimpleFrame};
use super::super::shell::Shell;
use super::super::vars::Function;

impl Shell {
    /// Puts the frame of a node onto the stack.
    pub(super) fn enter(&mut self, code: &Linked, at: At) -> Eval<()> {
        if self.options.noexec && !self.options.interactive {
            return Ok(());
        }
        let frame = match code.nodes[at.node as usize] {
            Node::Empty => {
                self.status = 0;
                return Ok(());
            }
            Node::Simple(_) => {
                self.words.clear();
                self.expansion.status = None;
                Frame::Simple(SimpleFrame { at, phase: Phase::Words, next: 0, wrapped: false })
            }
            Node::Pipeline { stages, .. } if stages.len() == 1 => {
                let node = code.links[stages.start as usize];
                self.frames.push(Frame::Not { tested: self.tested });
                self.tested = true;
                // `!` stands before a command, and not before another pipeline.
                return self.enter_once(code, At { node, ..at });
            }
            Node::Pipeline { .. } | Node::Subshell(_) => {
                let (reader, children) = (None, Vec::new());
                Frame::Pipeline(Box::new(PipelineFrame { at, next: 0, reader, children }))
            }
            Node::AndOr(_) => Frame::AndOr { at, next: 0, tested: self.tested },
            Node::List(_) => Frame::List { at, next: 0 },
            Node::If { .. } => {
                let tested = core::mem::replace(&mut self.tested, true);
                Frame::If { at, next: 0, tested }
            }
            Node::Loop { .. } => {
                self.loops += 1;
                Frame::Loop { at, body: true, status: 0, tested: self.tested }
            }
            Node::For { .. } => {
                let (items, running) = (Fields::default(), false);
                Frame::For(Box::new(ForFrame { at, word: 0, items, next: 0, running }))
            }
            Node::Case { line, .. } => {
                self.line = line;
                Frame::Case(Box::new(CaseFrame { at, subject: None, arm: 0, pattern: 0 }))
            }
            Node::Function { name, body } => {
                let function = Function { code: at.code, body };
                self.vars.set_function(code.slot(name), Some(function));
                self.status = 0;
                return Ok(());
            }
            Node::Redirected { line, .. } => {
                self.line = line;
                self.frames.push(Frame::Undo(Box::default()));
                Frame::Redirected { at, next: 0 }
            }
        };
        self.frames.push(frame);
        Ok(())
    }

    /// As [`Self::enter`]; the parser lets no `!` follow a `!`, so this goes no deeper.
    fn enter_once(&mut self, code: &Linked, at: At) -> Eval<()> {
        match code.nodes[at.node as usize] {
            Node::Pipeline { .. } => {
                self.status = 0;
                Ok(())
            }
            _ => self.enter(code, at),
        }
    }
}
