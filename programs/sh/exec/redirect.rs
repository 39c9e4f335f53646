//! Redirections: making them in the shell itself, and undoing them.
//!
//! What a descriptor was is kept at one from 10 on, closed by `exec`, until the command is over.

use super::super::code::{Linked, Node, RedirectKind, Redirection, Span};
use super::super::error::{Eval, Failure, Halt};
use super::super::expand::Mode;
use super::super::frame::{At, ChildFrame, Frame};
use super::super::shell::Shell;
use crate::base::{Errno, Fd, limits};
use crate::fs::{FileType, OpenFlags};
use crate::kernel::{Stop, Sys};

/// The lowest descriptor that the shell keeps its own at.
pub const OWN_FDS: Fd = Fd(10);

impl Shell {
    /// Redirections before a compound command, then the command.
    pub(super) fn redirected(
        &mut self,
        code: &Linked,
        at: At,
        next: u32,
        sys: &mut Sys<'_>,
    ) -> Eval<()> {
        let Node::Redirected { body, redirections, line } = code.nodes[at.node as usize] else {
            return Ok(());
        };
        self.line = line;
        match self.redirect_all(code, redirections, next, sys)? {
            Redirecting::Suspended => {}
            Redirecting::Failed(failure) => {
                self.complain(&failure.message);
                self.status = failure.status;
                self.frames.pop();
            }
            Redirecting::Done => {
                self.frames.pop();
                self.enter(code, At { node: body, ..at })?;
            }
        }
        Ok(())
    }

    /// Makes redirections from the one numbered `next` on.
    pub(super) fn redirect_all(
        &mut self,
        code: &Linked,
        redirections: Span,
        next: u32,
        sys: &mut Sys<'_>,
    ) -> Eval<Redirecting> {
        let all = &code.redirections[redirections.range()];
        for (index, redirection) in (next..).zip(all.iter().skip(next as usize)) {
            match self.frames.last_mut() {
                Some(Frame::Redirected { next, .. }) => *next = index,
                Some(Frame::Simple(simple)) => simple.next = index,
                _ => {}
            }
            if !self.expand_single(code, redirection.word, Mode::Single, sys)? {
                return Ok(Redirecting::Suspended);
            }
            match self.redirect(*redirection, sys) {
                Ok(()) => {}
                Err(Halt::Fail(failure)) => {
                    self.expansion.reset();
                    return Ok(Redirecting::Failed(failure));
                }
                Err(halt) => return Err(halt),
            }
            self.expansion.reset();
        }
        Ok(Redirecting::Done)
    }

    /// Makes one redirection, whose operand is in the expansion's buffer.
    fn redirect(&mut self, redirection: Redirection, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        let fd = Fd(redirection.fd);
        self.save(fd, sys);
        let operand = self.expansion.text().to_vec();
        let opened = match redirection.kind {
            RedirectKind::Duplicate => return duplicate(fd, &operand, sys),
            RedirectKind::Document => self.document(&operand, sys)?,
            kind => self.open_file(kind, &operand, sys)?,
        };
        if opened != fd {
            let result = sys.io().dup2(opened, fd);
            let _ = sys.io().close(opened);
            result.map_err(|errno| Halt::about(fd.to_string().as_bytes(), errno.message()))?;
        }
        Ok(())
    }

    /// Keeps what a descriptor is, unless that was done already.
    fn save(&mut self, fd: Fd, sys: &mut Sys<'_>) {
        let undo = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Undo(undo) => Some(undo),
            _ => None,
        });
        if let Some(undo) = undo
            && !undo.saved.iter().any(|(saved, _)| *saved == fd)
        {
            undo.saved.push((fd, sys.io().dup_from(fd, OWN_FDS, true).ok()));
        }
    }

    fn open_file(&mut self, kind: RedirectKind, path: &[u8], sys: &mut Sys<'_>) -> Eval<Fd> {
        let create = OpenFlags::WRONLY | OpenFlags::CREAT;
        let flags = match kind {
            RedirectKind::Read => OpenFlags::RDONLY,
            RedirectKind::ReadWrite => OpenFlags::RDWR | OpenFlags::CREAT,
            RedirectKind::Append => create | OpenFlags::APPEND,
            RedirectKind::Write if self.options.noclobber => match sys.fs().stat(path) {
                Ok(stat) if stat.kind == FileType::Regular => {
                    return Err(cannot(kind, path, Errno::EEXIST));
                }
                Ok(_) => create,
                Err(_) => create | OpenFlags::EXCL,
            },
            _ => create | OpenFlags::TRUNC,
        };
        match sys.fs().open(path, flags, 0o666) {
            Ok(fd) => Ok(fd),
            Err(Stop::Block(wait)) => Err(Halt::Block(wait)),
            Err(Stop::Fail(errno)) => Err(cannot(kind, path, errno)),
        }
    }

    /// A descriptor from which a here-document can be read.
    fn document(&mut self, text: &[u8], sys: &mut Sys<'_>) -> Eval<Fd> {
        let (reader, writer) = sys.io().pipe().map_err(|_| Halt::error("Pipe call failed"))?;
        if text.len() <= limits::PIPE_CAPACITY {
            if !text.is_empty() {
                let _ = sys.io().write(writer, text);
            }
        } else {
            // More than the pipe holds: a child writes it while the command reads.
            let first = ChildFrame { close: vec![reader], ..ChildFrame::default() };
            let feed = Frame::Feed { fd: writer, text: text.into() };
            let mut child = self.child(vec![feed], first);
            child.traps.reset();
            if sys.os().fork(child).is_err() {
                let _ = sys.io().close(reader);
                let _ = sys.io().close(writer);
                return Err(Halt::error("Cannot fork"));
            }
        }
        let _ = sys.io().close(writer);
        Ok(reader)
    }

    /// Gives descriptors back what they were.
    pub(super) fn undo(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        let _ = self.output.take_failure();
        let Some(Frame::Undo(undo)) = self.frames.pop() else { return Ok(()) };
        for (fd, kept) in undo.saved.into_iter().rev() {
            match kept {
                Some(kept) => {
                    let _ = sys.io().dup2(kept, fd);
                    let _ = sys.io().close(kept);
                }
                None => {
                    let _ = sys.io().close(fd);
                }
            }
        }
        Ok(())
    }

    /// Makes the redirections of the command on top last (`exec`).
    pub(in super::super) fn keep_redirections(&mut self, sys: &mut Sys<'_>) {
        let below = self.frames.iter_mut().rev().nth(1);
        if let Some(Frame::Undo(undo)) = below {
            for (_, kept) in undo.saved.drain(..) {
                if let Some(kept) = kept {
                    let _ = sys.io().close(kept);
                }
            }
        }
    }
}

/// How making redirections went.
pub(super) enum Redirecting {
    /// A command substitution runs first.
    Suspended,
    /// One could not be made.
    Failed(Failure),
    /// All are made.
    Done,
}

fn duplicate(fd: Fd, operand: &[u8], sys: &mut Sys<'_>) -> Eval<()> {
    if operand == b"-" {
        let _ = sys.io().close(fd);
        return Ok(());
    }
    let number = core::str::from_utf8(operand).ok().and_then(|text| text.parse::<u32>().ok());
    let Some(number) = number else { return Err(Halt::error("Syntax error: Bad fd number")) };
    sys.io().dup2(Fd(number), fd).map(drop).map_err(|errno| Halt::about(operand, errno.message()))
}

/// The error of a file that cannot be opened, in dash's words.
fn cannot(kind: RedirectKind, path: &[u8], errno: Errno) -> Halt {
    let reads = kind == RedirectKind::Read;
    let verb: &[u8] = if reads { b"cannot open " } else { b"cannot create " };
    let reason = match errno {
        Errno::ENOENT | Errno::ENOTDIR if reads => "No such file",
        Errno::ENOENT | Errno::ENOTDIR => "Directory nonexistent",
        other => other.message(),
    };
    Halt::about(&[verb, path].concat(), reason)
}
