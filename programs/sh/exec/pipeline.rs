//! Pipelines, subshells and commands in the background: what runs in children.

use bstr::BString;

use super::super::code::{Linked, Node};
use super::super::error::{Eval, Halt};
use super::super::frame::{At, ChildFrame, Frame, PipelineFrame, WaitFrame};
use super::super::shell::Shell;
use super::super::show;
use crate::base::{Fd, Pid, limits};
use crate::kernel::Sys;

impl Shell {
    /// Starts one stage of the pipeline on top, or waits for all of them.
    pub(super) fn pipeline(&mut self, code: &Linked, sys: &mut Sys<'_>) -> Eval<()> {
        let Some(Frame::Pipeline(pipeline)) = self.frames.last() else { return Ok(()) };
        let PipelineFrame { at, next, reader, .. } = **pipeline;
        let (stages, single, negated) = match code.nodes[at.node as usize] {
            Node::Pipeline { stages, negated } => (&code.links[stages.range()], None, negated),
            Node::Subshell(body) => (&[][..], Some(body), false),
            _ => return Ok(()),
        };
        if let Some(body) = single
            && next == 0
            && self.is_last()
        {
            // Nothing comes after the subshell, so this process may be it.
            self.frames.pop();
            self.traps.reset();
            return self.enter(code, At { node: body, ..at });
        }
        let count = if single.is_some() { 1 } else { stages.len() };
        if next as usize == count {
            return self.pipeline_started(code, at, negated);
        }
        let node = single.unwrap_or_else(|| stages[next as usize]);
        self.output.flush(sys)?;
        let last = next as usize + 1 == count;
        let pipe = if last {
            None
        } else {
            Some(sys.io().pipe().map_err(|_| Halt::error("Pipe call failed"))?)
        };
        let mut first = ChildFrame::default();
        for (from, to) in [(reader, Fd::STDIN), (pipe.map(|(_, writer)| writer), Fd::STDOUT)] {
            if let Some(from) = from.filter(|from| *from != to) {
                first.dup.push((from, to));
                first.close.push(from);
            }
        }
        first.close.extend(pipe.map(|(reader, _)| reader));
        self.join_group(&mut first);
        let tested = self.tested;
        self.tested |= negated;
        let child = self.fork(code, At { node, ..at }, first, sys);
        self.tested = tested;
        for fd in reader.into_iter().chain(pipe.map(|(_, writer)| writer)) {
            let _ = sys.io().close(fd);
        }
        let child = match child {
            Ok(child) => child,
            Err(halt) => {
                if let Some((reader, _)) = pipe {
                    let _ = sys.io().close(reader);
                }
                return Err(halt);
            }
        };
        if let Some(Frame::Pipeline(pipeline)) = self.frames.last_mut() {
            pipeline.next += 1;
            pipeline.reader = pipe.map(|(reader, _)| reader);
            pipeline.children.push(child);
        }
        self.lead_group(child, sys);
        Ok(())
    }

    /// Under job control, a foreground child goes to the group of the pipeline's first one.
    fn join_group(&self, first: &mut ChildFrame) {
        if self.terminal.is_none() {
            return;
        }
        if let Some(Frame::Pipeline(pipeline)) = self.frames.last() {
            first.group = Some(pipeline.children.first().copied().unwrap_or(Pid(0)));
            first.foreground = true;
        }
    }

    /// The parent's half of joining a group, for whichever comes first.
    fn lead_group(&mut self, child: Pid, sys: &mut Sys<'_>) {
        let Some(terminal) = self.terminal else { return };
        let Some(Frame::Pipeline(pipeline)) = self.frames.last() else { return };
        let group = pipeline.children.first().copied().unwrap_or(child);
        let _ = sys.os().setpgid(child, group);
        let _ = sys.term().set_foreground(terminal, group);
    }

    fn pipeline_started(&mut self, code: &Linked, at: At, negated: bool) -> Eval<()> {
        let Some(Frame::Pipeline(pipeline)) = self.frames.pop() else { return Ok(()) };
        let group = pipeline.children.first().copied().filter(|_| self.terminal.is_some());
        let text = if group.is_some() { show::command(code, at.node) } else { BString::default() };
        let children = pipeline.children.iter().map(|child| (*child, None)).collect();
        let tested = self.tested;
        self.frames.push(Frame::Wait(Box::new(WaitFrame {
            children,
            group,
            negated,
            tested,
            text,
        })));
        Ok(())
    }

    /// Makes a child that runs a node and exits.
    pub(super) fn fork(
        &mut self,
        code: &Linked,
        at: At,
        mut first: ChildFrame,
        sys: &mut Sys<'_>,
    ) -> Eval<Pid> {
        let traps = self.traps.clone();
        first.reset.extend(self.traps.reset());
        if self.options.interactive {
            first.reset.extend(super::super::interactive::SIGNALS);
        }
        let mut child = self.child(Vec::new(), first);
        self.traps = traps;
        let begin = child.frames.pop();
        let entered = child.enter(code, at);
        child.frames.extend(begin);
        entered?;
        sys.os().fork(child).map_err(|_| Halt::error("Cannot fork"))
    }

    /// Runs a node beside the shell.
    pub(super) fn background(&mut self, code: &Linked, at: At, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        self.reap(sys);
        if self.jobs.len() >= limits::SHELL_JOBS_MAX {
            return Err(Halt::error("too many jobs"));
        }
        let control = self.terminal.is_some() || self.options.monitor;
        let group = control.then_some(Pid(0));
        let first = ChildFrame { detached: !control, group, ..ChildFrame::default() };
        let child = self.fork(code, at, first, sys)?;
        if control {
            let _ = sys.os().setpgid(child, child);
        }
        let text = show::command(code, at.node);
        let number = self.jobs.add(child, vec![(child, None)], text);
        if self.options.interactive {
            self.output.complain(format!("[{number}] {child}\n"));
        }
        self.last_async = Some(child);
        self.status = 0;
        Ok(())
    }

    /// Whether nothing comes after the frame on top, so that this process may become it.
    pub(super) fn is_last(&self) -> bool {
        let (Some((_, below)), false) = (self.frames.split_last(), self.traps.any()) else {
            return false;
        };
        let last = below.iter().all(|frame| match frame {
            Frame::Undo(_) | Frame::Restore(_) | Frame::Call(_) => true,
            Frame::Source(source) => source.is_last(),
            _ => false,
        });
        last && (self.subshell || !below.is_empty()) && self.terminal.is_none()
    }
}
