//! Streams: how an embedder runs a command and talks to it.
//!
//! A stream is a pipe one end of which the embedder holds. It is part of the machine's state like
//! any other pipe, so a savegame taken in the middle of a command goes on in the middle.

use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Errno, Fd, Gid, Pid, Uid, limits};
use crate::fs::{AccessMode, Context, Follow, Node, OpenFlags, Vfs};

use super::cred::Credentials;
use super::file::{FdEntry, Object, PipeId};
use super::launch::SpawnSpec;
use super::machine::Machine;
use super::process::Process;
use super::program::Registry;
use super::signal::WaitStatus;
use super::terminals::TtyId;
use super::wait::WaitKey;

/// What an embedder's command is connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attach {
    /// Three byte streams, not terminals.
    #[default]
    Streams,
    /// A terminal, which becomes the command's controlling terminal.
    Tty(TtyId),
}

/// A command that an embedder runs on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecSpec {
    /// Arguments; the first is the command, found through `PATH` when it has no slash.
    pub args: Strings,
    /// Environment.
    pub env: Strings,
    /// Working directory; `/` when empty.
    pub cwd: BString,
    /// As which user.
    pub uid: Uid,
    /// As which group.
    pub gid: Gid,
    /// Supplementary groups.
    pub groups: Vec<Gid>,
    /// What its descriptors 0, 1 and 2 are.
    pub attach: Attach,
}

/// A command that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its process.
    pub pid: Pid,
    /// Its standard input, output and error, when it was attached to streams.
    pub streams: Option<[PipeId; 3]>,
}

/// What a machine keeps for its embedder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Streams {
    /// Pipes one end of which the embedder holds: true for the writing end.
    held: BTreeMap<PipeId, bool>,
    /// How watched processes ended, until the embedder asks.
    exits: BTreeMap<Pid, WaitStatus>,
}

impl Streams {
    pub(crate) fn record_exit(&mut self, pid: Pid, status: WaitStatus) {
        self.exits.insert(pid, status);
    }

    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }

    /// The pipes held, with whether it is the writing end.
    pub(crate) fn held(&self) -> impl Iterator<Item = (PipeId, bool)> {
        self.held.iter().map(|(pipe, writing)| (*pipe, *writing))
    }
}

impl Machine {
    /// Starts a command for the embedder. Its parent is the kernel, its end is a notice.
    ///
    /// # Errors
    ///
    /// `ENODEV`: the machine is not running. Those of `exec`: `ENOENT`, `EACCES`, `ENOEXEC` …
    pub fn exec_command(
        &mut self,
        registry: &Registry,
        spec: &ExecSpec,
    ) -> Result<Execution, Errno> {
        if !self.power.is_running() {
            return Err(Errno::ENODEV);
        }
        // A scaffold process stands in as the parent while the command is launched.
        let scaffold = self.scaffold(spec)?;
        let launched = self.launch_command(registry, scaffold, spec);
        self.dismantle(scaffold);
        launched
    }

    fn scaffold(&mut self, spec: &ExecSpec) -> Result<Pid, Errno> {
        let pid = self.processes.free_pid();
        let root = self.vfs.root();
        let credentials = Credentials::login(spec.uid, spec.gid, spec.groups.clone());
        self.vfs.retain(root);
        self.processes.insert(Process::bare(pid, credentials, root, self.now));
        self.processes.retire(pid);
        if !spec.cwd.is_empty() {
            let node = self.with_vfs(pid, |vfs, context| enter(vfs, context, &spec.cwd));
            match node {
                Ok(node) => self.set_cwd(pid, node),
                Err(errno) => {
                    self.dismantle(pid);
                    return Err(errno);
                }
            }
        }
        Ok(pid)
    }

    fn dismantle(&mut self, pid: Pid) {
        let Some(mut process) = self.processes.remove(pid) else { return };
        for entry in process.fds.take_if(|_| true) {
            self.release_file(entry.file);
        }
        self.vfs.release(process.cwd);
    }

    /// Makes a directory a process's working directory.
    pub(crate) fn set_cwd(&mut self, pid: Pid, node: Node) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        let old = core::mem::replace(&mut process.cwd, node);
        self.vfs.retain(node);
        self.vfs.release(old);
    }

    fn launch_command(
        &mut self,
        registry: &Registry,
        scaffold: Pid,
        spec: &ExecSpec,
    ) -> Result<Execution, Errno> {
        let name = spec.args.get(0).ok_or(Errno::ENOENT)?.to_owned();
        let path = self.search_path(scaffold, name.as_ref(), spec.env.value_of("PATH"))?;
        let streams = match spec.attach {
            Attach::Streams => Some(self.attach_streams(scaffold)?),
            Attach::Tty(tty) => {
                self.attach_tty(scaffold, tty)?;
                None
            }
        };
        let spawned = self.spawn(
            registry,
            scaffold,
            &SpawnSpec {
                path,
                args: spec.args.clone(),
                env: spec.env.clone(),
                pgid: Some(Pid(0)),
                ..SpawnSpec::default()
            },
        );
        let pid = match spawned {
            Ok(pid) => pid,
            Err(errno) => {
                for pipe in streams.into_iter().flatten() {
                    self.stream_close(pipe);
                }
                return Err(errno);
            }
        };
        self.processes.set_parent(pid, Pid(0));
        if let Some(process) = self.processes.get_mut(pid) {
            process.sid = pid;
            process.watched = true;
            if let Attach::Tty(tty) = spec.attach {
                process.tty = Some(tty);
            }
        }
        if let Attach::Tty(tty) = spec.attach
            && let Some(terminal) = self.terminals.get_mut(tty)
        {
            (terminal.session, terminal.foreground) = (Some(pid), Some(pid));
        }
        Ok(Execution { pid, streams })
    }

    fn attach_streams(&mut self, pid: Pid) -> Result<[PipeId; 3], Errno> {
        let stdin = self.pipes.create_sized(1, 1, limits::STREAM_CAPACITY);
        let stdout = self.pipes.create_sized(1, 1, limits::STREAM_CAPACITY);
        let stderr = self.pipes.create_sized(1, 1, limits::STREAM_CAPACITY);
        let ends = [
            (Fd::STDIN, Object::PipeReader(stdin), OpenFlags::RDONLY),
            (Fd::STDOUT, Object::PipeWriter(stdout), OpenFlags::WRONLY),
            (Fd::STDERR, Object::PipeWriter(stderr), OpenFlags::WRONLY),
        ];
        for (fd, object, flags) in ends {
            let file = self.files.insert(object, None, flags)?;
            self.set_fd(pid, fd, file)?;
        }
        self.streams.held.insert(stdin, true);
        self.streams.held.insert(stdout, false);
        self.streams.held.insert(stderr, false);
        Ok([stdin, stdout, stderr])
    }

    fn attach_tty(&mut self, pid: Pid, tty: TtyId) -> Result<(), Errno> {
        self.terminals.get(tty).ok_or(Errno::ENXIO)?;
        for fd in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
            let file = self.files.insert(Object::Tty(tty), None, OpenFlags::RDWR)?;
            self.set_fd(pid, fd, file)?;
        }
        Ok(())
    }

    fn set_fd(&mut self, pid: Pid, fd: Fd, file: super::file::FileId) -> Result<(), Errno> {
        let process = self.processes.get_mut(pid).ok_or(Errno::ESRCH)?;
        process.fds.set(fd, FdEntry { file, close_on_exec: false })?;
        Ok(())
    }

    /// Offers bytes to a stream's reader; returns how many were taken.
    ///
    /// # Errors
    ///
    /// `EPIPE`: nobody will read them. `EBADF`: not a stream the embedder writes to.
    pub fn stream_write(&mut self, stream: PipeId, bytes: &[u8]) -> Result<usize, Errno> {
        if self.streams.held.get(&stream) != Some(&true) {
            return Err(Errno::EBADF);
        }
        let pipe = self.pipes.get_mut(stream).ok_or(Errno::EPIPE)?;
        let room = pipe.room();
        let count = match pipe.write(&bytes[..bytes.len().min(room)]) {
            Ok(count) => count,
            Err(Errno::EAGAIN) => 0,
            Err(errno) => return Err(errno),
        };
        if count > 0 {
            self.processes.wake(WaitKey::PipeReadable(stream));
        }
        Ok(count)
    }

    /// Whether a process waits for bytes that the embedder has not written yet.
    pub fn stream_is_awaited(&self, stream: PipeId) -> bool {
        self.processes.is_awaited(WaitKey::PipeReadable(stream))
    }

    /// Takes up to `max` bytes that a command wrote to a stream. True: its end is reached.
    ///
    /// # Errors
    ///
    /// `EBADF`: not a stream the embedder reads from.
    pub fn stream_read(
        &mut self,
        stream: PipeId,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<bool, Errno> {
        if self.streams.held.get(&stream) != Some(&false) {
            return Err(Errno::EBADF);
        }
        let pipe = self.pipes.get_mut(stream).ok_or(Errno::EBADF)?;
        match pipe.read(into, max) {
            Ok(0) => Ok(pipe.writers == 0 && pipe.len() == 0),
            Ok(_) => {
                let ended = pipe.writers == 0 && pipe.len() == 0;
                self.processes.wake(WaitKey::PipeWritable(stream));
                Ok(ended)
            }
            Err(_) => Ok(false),
        }
    }

    /// Sets how many bytes a stream holds before its writer has to wait.
    pub fn stream_resize(&mut self, stream: PipeId, capacity: u32) {
        if self.streams.held.contains_key(&stream)
            && let Some(pipe) = self.pipes.get_mut(stream)
        {
            pipe.resize(capacity);
        }
    }

    /// Closes the embedder's end of a stream: end-of-file to a reader, `EPIPE` to a writer.
    pub fn stream_close(&mut self, stream: PipeId) {
        let Some(writing) = self.streams.held.remove(&stream) else { return };
        self.close_pipe_end(stream, writing);
    }

    /// How a command ended, once it has. It is forgotten when asked for.
    pub fn take_exit(&mut self, pid: Pid) -> Option<WaitStatus> {
        self.streams.exits.remove(&pid)
    }
}

/// The directory at `path`, if it may be entered (`chdir`).
pub(crate) fn enter(vfs: &Vfs, context: &Context<'_>, path: &[u8]) -> Result<Node, Errno> {
    let node = vfs.resolve(context, path, Follow::Yes)?;
    if !vfs.is_directory(context, node) {
        return Err(Errno::ENOTDIR);
    }
    vfs.access(context, node, AccessMode::EXEC)?;
    Ok(node)
}
