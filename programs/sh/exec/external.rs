//! External commands: finding, spawning, becoming them.

use bstr::{BString, ByteSlice};

use super::super::error::{Eval, Halt};
use super::super::frame::{Frame, WaitFrame};
use super::super::shell::Shell;
use super::super::vars;
use crate::base::strings::Strings;
use crate::base::{Errno, Pid};
use crate::kernel::{SpawnSpec, Sys};

/// What runs a script without `#!`.
const SHELL: &str = "/bin/sh";

impl Shell {
    /// Runs the words as an external command, for the simple command on top.
    pub(in super::super) fn external(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        self.output.flush(sys)?;
        if self.is_last() {
            let errno = match self.become_command(0, sys) {
                Err(Halt::Fail(failure)) => {
                    self.complain(&failure.message);
                    failure.status
                }
                Err(halt) => return Err(halt),
                Ok(never) => match never {},
            };
            self.frames.pop();
            self.finish_command(errno);
            return Ok(());
        }
        self.reap(sys);
        let env = self.vars.environment();
        let result = self.find_command(0, sys).and_then(|path| self.spawn(path, env, sys));
        let child = match result {
            Ok(child) => child,
            Err(errno) => {
                let (status, message) = failure(errno);
                let name = self.words.at(0).to_vec();
                self.complain(&[&name[..], b": ", message.as_bytes()].concat());
                self.frames.pop();
                self.finish_command(status);
                return Ok(());
            }
        };
        let controlled = self.terminal.is_some();
        let group = controlled.then_some(child);
        let text = if controlled { self.words_text() } else { BString::default() };
        self.frames.pop();
        let (children, negated, tested) = (vec![(child, None)], false, self.tested);
        self.frames.push(Frame::Wait(Box::new(WaitFrame {
            children,
            group,
            negated,
            tested,
            text,
        })));
        Ok(())
    }

    fn words_text(&self) -> BString {
        let words: Vec<_> = self.words.iter().collect();
        bstr::join(" ", words).into()
    }

    fn spawn(&mut self, path: BString, env: Strings, sys: &mut Sys<'_>) -> Result<Pid, Errno> {
        let mut spec = SpawnSpec { path, args: self.words.strings(0), env, ..SpawnSpec::default() };
        if let Some(terminal) = self.terminal {
            spec.pgid = Some(Pid(0));
            spec.foreground = Some(terminal);
        }
        if self.options.interactive {
            spec.reset_signals = super::super::interactive::SIGNALS.to_vec();
        }
        match sys.os().spawn(&spec) {
            Err(Errno::ENOEXEC) => {
                self.as_script(&mut spec);
                sys.os().spawn(&spec)
            }
            other => other,
        }
    }

    /// A text file without `#!` is a script of the shell.
    fn as_script(&self, spec: &mut SpawnSpec) {
        let first = [b"sh".as_bstr(), spec.path.as_bstr()].into_iter();
        spec.args = first.chain(self.words.iter().skip(1)).collect();
        spec.path = SHELL.into();
    }

    /// Becomes the command that the words from `from` on make up.
    ///
    /// # Errors
    ///
    /// [`Halt::Yield`] when that was done; else why not, with its status.
    pub(in super::super) fn become_command(
        &mut self,
        from: usize,
        sys: &mut Sys<'_>,
    ) -> Eval<core::convert::Infallible> {
        self.output.flush(sys)?;
        let result = self.find_command(from, sys).and_then(|path| {
            let env = self.vars.environment();
            let args = self.words.strings(from);
            match sys.os().exec(&path, &args, &env) {
                Err(Errno::ENOEXEC) => {
                    let mut spec = SpawnSpec { path, args, env, ..SpawnSpec::default() };
                    self.words.remove_first(from);
                    self.as_script(&mut spec);
                    sys.os().exec(&spec.path, &spec.args, &spec.env)
                }
                other => other,
            }
        });
        match result {
            Ok(()) => Err(Halt::Yield),
            Err(errno) => {
                let (status, message) = failure(errno);
                let message = [self.words.at(from), b": ", message.as_bytes()].concat();
                Err(Halt::Fail(super::super::error::Failure { message, status }))
            }
        }
    }

    /// The path of the command named by a word.
    pub(in super::super) fn find_command(
        &mut self,
        word: usize,
        sys: &mut Sys<'_>,
    ) -> Result<BString, Errno> {
        let name = self.words.at(word);
        if name.contains(&b'/') {
            return Ok(name.into());
        }
        if name.is_empty() {
            return Err(Errno::ENOENT);
        }
        if let Some(path) = self.paths.get(name.as_bstr()) {
            if sys.fs().access(path, crate::fs::AccessMode::EXEC).is_ok() {
                return Ok(path.clone());
            }
            self.paths.remove(name.as_bstr());
        }
        let list = self.vars.get(vars::PATH).map(ToOwned::to_owned);
        let path = sys.shell().which_in(name, list.as_ref().map(|list| list.as_bstr()))?;
        self.paths.insert(name.into(), path.clone());
        Ok(path)
    }
}

/// The status and the words for a command that could not be run.
fn failure(errno: Errno) -> (u8, &'static str) {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => (127, "not found"),
        Errno::EAGAIN => (2, "Cannot fork"),
        other => (126, other.message()),
    }
}
