//! Launching: from a path to a running process, by spawn, fork and exec.
//!
//! Follows: POSIX.1-2024 `posix_spawn`, `fork`, `exec`; Linux `binfmt_script` for `#!`.

use bstr::{BStr, BString, ByteSlice};

use crate::base::strings::Strings;
use crate::base::{Errno, Fd, Gid, Pid, Uid, limits};
use crate::fs::{AccessMode, Context, Follow, InodeKind, Kind, Vfs};

use super::machine::Machine;
use super::process::{Process, Signals};
use super::program::{Code, Main, Program, Registry};
use super::signal::{Action, Signal};

/// What a spawned process is to be (POSIX `posix_spawn`).
#[derive(Clone, Debug, Default)]
pub struct SpawnSpec {
    /// The file to run; no search through `PATH`.
    pub path: BString,
    /// Arguments, the name it is called by first.
    pub args: Strings,
    /// Environment.
    pub env: Strings,
    /// Descriptors: (in the child, of the parent), made in order as by `dup2`.
    pub fds: Vec<(Fd, Fd)>,
    /// Descriptors the child does not get.
    pub close: Vec<Fd>,
    /// The process group to be in; `Pid(0)` begins one of its own.
    pub pgid: Option<Pid>,
    /// Signals that are ignored here and have their default action in the child.
    pub reset_signals: Vec<Signal>,
    /// A terminal whose foreground group the child's group becomes.
    pub foreground: Option<Fd>,
}

/// An executable that was found and may be run.
pub(crate) struct Executable {
    program: Program,
    args: Strings,
    name: BString,
    set_uid: Option<Uid>,
    set_gid: Option<Gid>,
}

impl Machine {
    /// Finds what running `path` means; follows `#!` lines.
    ///
    /// # Errors
    ///
    /// Those of POSIX `exec`: `ENOENT`, `EACCES`, `ENOEXEC` (neither program nor script),
    /// `E2BIG`, `ELOOP` (scripts interpreted by scripts).
    pub(crate) fn find_executable(
        &mut self,
        registry: &Registry,
        pid: Pid,
        path: &BStr,
        args: &Strings,
        env: &Strings,
    ) -> Result<Executable, Errno> {
        let (mut path, mut args) = (path.to_owned(), args.clone());
        for _ in 0..=limits::INTERPRETERS_MAX {
            if args.byte_len() + env.byte_len() > limits::ARG_MAX {
                return Err(Errno::E2BIG);
            }
            match self.with_vfs(pid, |vfs, context| look(vfs, context, path.as_bstr()))? {
                Found::Program { program, set_uid, set_gid } => {
                    let program = registry.get(&program).ok_or(Errno::ENOEXEC)?;
                    let name = path.rsplit_str("/").next().unwrap_or(&path).into();
                    return Ok(Executable { program, args, name, set_uid, set_gid });
                }
                Found::Script { interpreter, argument } => {
                    let rest = args.iter().skip(1).map(ToOwned::to_owned);
                    let first = [interpreter.clone()].into_iter().chain(argument);
                    args = first.chain([path]).chain(rest).collect();
                    path = interpreter;
                }
            }
        }
        Err(Errno::ELOOP)
    }

    /// Starts a child of `parent`.
    ///
    /// # Errors
    ///
    /// Those of [`Self::find_executable`]; `EAGAIN`: too many processes; `EBADF`, `EPERM` for
    /// what the spec asks for.
    pub(crate) fn spawn(
        &mut self,
        registry: &Registry,
        parent: Pid,
        spec: &SpawnSpec,
    ) -> Result<Pid, Errno> {
        self.check_process_limit(parent)?;
        let executable =
            self.find_executable(registry, parent, spec.path.as_bstr(), &spec.args, &spec.env)?;
        let source = self.processes.get(parent).ok_or(Errno::ESRCH)?;
        let mut fds = source.fds.clone();
        for (child_fd, parent_fd) in &spec.fds {
            let file = fds.get(*parent_fd)?.file;
            let entry = super::file::FdEntry { file, close_on_exec: false };
            fds.set(*child_fd, entry)?;
        }
        for fd in &spec.close {
            let _ = fds.remove(*fd);
        }
        fds.take_if(|entry| entry.close_on_exec);
        let mut child = source.inherit();
        fds.iter().for_each(|(_, entry)| self.files.retain(entry.file));
        child.fds = fds;
        child.pid = self.processes.free_pid();
        child.ppid = parent;
        child.pgid = match spec.pgid {
            Some(Pid(0)) => child.pid,
            Some(group) => group,
            None => child.pgid,
        };
        child.started = self.now;
        for signal in &spec.reset_signals {
            child.signals.set_action(*signal, Action::Default);
        }
        child.become_program(executable, spec.env.clone());
        if let Some(fd) = spec.foreground
            && let Ok(tty) = self.tty_of(parent, fd)
            && let Some(terminal) = self.terminals.get_mut(tty)
        {
            terminal.foreground = Some(child.pgid);
        }
        let pid = child.pid;
        self.vfs.retain(child.cwd);
        self.processes.insert(child);
        Ok(pid)
    }

    /// Makes a copy of `parent` that goes on with another state of the same program.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: too many processes. `ENOMEM`: what the copy would hold is not there.
    pub(crate) fn fork<M: Main>(&mut self, parent: Pid, state: M) -> Result<Pid, Errno> {
        self.check_process_limit(parent)?;
        let source = self.processes.get(parent).ok_or(Errno::ESRCH)?;
        if self.processes.memory() + source.memory > self.hardware.memory_bytes {
            return Err(Errno::ENOMEM);
        }
        let Code::Linked { program, .. } = &source.code else { return Err(Errno::ESRCH) };
        let code = Code::with_state(*program, Box::new(state));
        let mut child = source.inherit();
        child.fds = source.fds.clone();
        child.args = source.args.clone();
        child.env = source.env.clone();
        child.name = source.name.clone();
        child.code = code;
        child.memory = source.memory;
        child.fds.iter().for_each(|(_, entry)| self.files.retain(entry.file));
        child.pid = self.processes.free_pid();
        child.ppid = parent;
        child.started = self.now;
        let pid = child.pid;
        self.vfs.retain(child.cwd);
        self.processes.insert(child);
        Ok(pid)
    }

    /// Replaces the program of a process; its step must return at once.
    ///
    /// # Errors
    ///
    /// Those of [`Self::find_executable`].
    pub(crate) fn exec(
        &mut self,
        registry: &Registry,
        pid: Pid,
        path: &BStr,
        args: &Strings,
        env: &Strings,
    ) -> Result<(), Errno> {
        let executable = self.find_executable(registry, pid, path, args, env)?;
        let process = self.processes.get_mut(pid).ok_or(Errno::ESRCH)?;
        let closed = process.fds.take_if(|entry| entry.close_on_exec);
        process.signals = process.signals.after_exec();
        process.become_program(executable, env.clone());
        process.replaced = true;
        process.executed = true;
        self.processes.set_memory(pid, 0);
        for entry in closed {
            self.release_file(entry.file);
        }
        Ok(())
    }

    fn check_process_limit(&mut self, parent: Pid) -> Result<(), Errno> {
        // Starting a process is the one thing that is dear everywhere.
        self.slice -= SPAWN_FUEL;
        let limit = (self.hardware.processes_max as usize).min(limits::PROCESSES_MAX);
        // The last ones are root's, so that a fork bomb can be ended from a console.
        let is_root = self.processes.get(parent).is_some_and(|p| p.credentials.is_root());
        let spare = if is_root { 0 } else { (limit / 16).min(8) };
        if self.processes.len() + spare >= limit { Err(Errno::EAGAIN) } else { Ok(()) }
    }
}

/// What a spawn, fork or exec costs.
const SPAWN_FUEL: i64 = 50;

impl Process {
    /// A child with what children inherit, and neither descriptors nor program yet.
    fn inherit(&self) -> Self {
        Self {
            pid: Pid(0),
            ppid: self.pid,
            pgid: self.pgid,
            sid: self.sid,
            tty: self.tty,
            cwd: self.cwd,
            umask: self.umask,
            signals: Signals {
                caught: self.signals.caught,
                ignored: self.signals.ignored,
                ..Signals::default()
            },
            ..Self::bare(self.pid, self.credentials.clone(), self.root, self.started)
        }
    }

    pub(crate) fn become_program(&mut self, executable: Executable, env: Strings) {
        self.code = Code::new(executable.program);
        self.args = executable.args;
        self.env = env;
        self.name = executable.name;
        self.signals = self.signals.after_exec();
        if let Some(uid) = executable.set_uid {
            self.credentials.access.uid = uid;
        }
        if let Some(gid) = executable.set_gid {
            self.credentials.access.gid = gid;
        }
        self.credentials.suid = self.credentials.euid();
        self.credentials.sgid = self.credentials.egid();
    }
}

enum Found {
    Program { program: String, set_uid: Option<Uid>, set_gid: Option<Gid> },
    Script { interpreter: BString, argument: Option<BString> },
}

fn look(vfs: &Vfs, context: &Context<'_>, path: &BStr) -> Result<Found, Errno> {
    let node = vfs.resolve(context, path, Follow::Yes)?;
    let stat = vfs.stat(context, node)?;
    if !matches!(vfs.kind(node)?, Kind::Inode(InodeKind::Program(_) | InodeKind::File(_))) {
        return Err(Errno::EACCES);
    }
    vfs.access(context, node, AccessMode::EXEC)?;
    if let Some(program) = vfs.program(node) {
        return Ok(Found::Program {
            program: program.program.clone(),
            set_uid: (stat.mode & 0o4000 != 0).then_some(stat.uid),
            set_gid: (stat.mode & 0o2000 != 0).then_some(stat.gid),
        });
    }
    let mut head = Vec::new();
    vfs.read_at(context, node, 0, &mut head, limits::SHEBANG_MAX)?;
    parse_shebang(&head).ok_or(Errno::ENOEXEC)
}

/// The interpreter and its one argument, as Linux reads them: everything after the first blank
/// is a single argument.
fn parse_shebang(head: &[u8]) -> Option<Found> {
    let line = head.strip_prefix(b"#!")?;
    let line = line.lines().next()?.trim_with(|c| c == ' ' || c == '\t');
    let (interpreter, argument) = match line.find_byteset(b" \t") {
        Some(end) => (&line[..end], Some(line[end..].trim_with(|c| c == ' ' || c == '\t'))),
        None => (line, None),
    };
    if interpreter.is_empty() {
        return None;
    }
    Some(Found::Script { interpreter: interpreter.into(), argument: argument.map(BString::from) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shebang(line: &str) -> Option<(String, Option<String>)> {
        match parse_shebang(line.as_bytes())? {
            Found::Script { interpreter, argument } => {
                Some((interpreter.to_string(), argument.map(|argument| argument.to_string())))
            }
            Found::Program { .. } => None,
        }
    }

    #[test]
    fn shebang_lines_split_as_in_linux() {
        assert_eq!(shebang("#!/bin/sh\nls"), Some(("/bin/sh".into(), None)));
        assert_eq!(shebang("#! /bin/sh -e x \n"), Some(("/bin/sh".into(), Some("-e x".into()))));
        assert_eq!(shebang("#!\n"), None);
        assert_eq!(shebang("echo"), None);
    }
}
