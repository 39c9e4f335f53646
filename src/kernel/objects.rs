//! Reading, writing, opening and closing what descriptors lead to, whatever is behind them.
//!
//! Everything here answers at once; `EAGAIN` stands for "would wait", and [`Machine::wait_of`]
//! says for what.

use bstr::{BStr, ByteSlice};

use crate::base::{Errno, Fd, Pid};
use crate::fs::{AccessMode, FileType, Follow, InodeKind, Kind, Node, OpenFlags, Stat};

use super::file::{FdEntry, FileId, Object, OpenFile, PipeId};
use super::machine::Machine;
use super::program::Stop;
use super::signal::Signal;
use super::terminals::TtyId;
use super::wait::{Wait, WaitKey};

/// Linux's major number of memory devices: null, zero, full, random.
const MEMORY_MAJOR: u32 = 1;
/// Virtual terminals.
const TTY_MAJOR: u32 = 4;
/// `/dev/tty` and `/dev/console`.
const CONSOLE_MAJOR: u32 = 5;

impl Machine {
    /// The open file behind a descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`: not open.
    pub(crate) fn file_of(&self, pid: Pid, fd: Fd) -> Result<(FileId, &OpenFile), Errno> {
        let process = self.processes.get(pid).ok_or(Errno::ESRCH)?;
        let id = process.fds.get(fd)?.file;
        self.files.get(id).map(|file| (id, file)).ok_or(Errno::EBADF)
    }

    /// The terminal behind a descriptor.
    ///
    /// # Errors
    ///
    /// `EBADF`; `ENOTTY`: something else.
    pub(crate) fn tty_of(&self, pid: Pid, fd: Fd) -> Result<TtyId, Errno> {
        match self.file_of(pid, fd)?.1.object {
            Object::Tty(tty) => Ok(tty),
            _ => Err(Errno::ENOTTY),
        }
    }

    /// Gives a process the lowest free descriptor for an open file; closes that on failure.
    pub(crate) fn add_fd(
        &mut self,
        pid: Pid,
        file: FileId,
        lowest: Fd,
        close_on_exec: bool,
    ) -> Result<Fd, Errno> {
        let process = self.processes.get_mut(pid).ok_or(Errno::ESRCH)?;
        let placed = process.fds.lowest_free(lowest).and_then(|fd| {
            process.fds.set(fd, FdEntry { file, close_on_exec })?;
            Ok(fd)
        });
        if placed.is_err() {
            self.release_file(file);
        }
        placed
    }

    /// Opens a path.
    pub(crate) fn open(
        &mut self,
        pid: Pid,
        path: &BStr,
        flags: OpenFlags,
        mode: u16,
    ) -> Result<Fd, Stop> {
        // The table is looked at first, so that a failure creates no file.
        let process = self.processes.get(pid).ok_or(Errno::ESRCH)?;
        process.fds.lowest_free(Fd(0))?;
        if let Some(file) = process.opening {
            return self.finish_fifo(pid, file, flags);
        }
        let node = self.with_vfs(pid, |vfs, context| vfs.open(context, path, flags, mode))?;
        let object = match self.vfs.kind(node)? {
            Kind::Inode(InodeKind::CharDevice { major, minor }) => {
                self.device(pid, *major, *minor)?
            }
            Kind::Inode(InodeKind::BlockDevice { .. } | InodeKind::Socket) => {
                return Err(Errno::ENXIO.into());
            }
            Kind::Inode(InodeKind::Fifo) => return self.begin_fifo(pid, node, flags),
            _ => Object::Inode,
        };
        let file = self.files.insert(object, Some(node), flags)?;
        self.vfs.retain(node);
        if let Object::Tty(tty) = object
            && !flags.contains(OpenFlags::NOCTTY)
        {
            self.acquire_tty(pid, tty);
        }
        Ok(self.add_fd(pid, file, Fd(0), flags.contains(OpenFlags::CLOEXEC))?)
    }

    fn device(&self, pid: Pid, major: u32, minor: u32) -> Result<Object, Errno> {
        match (major, minor) {
            (MEMORY_MAJOR, 3) => Ok(Object::Null),
            (MEMORY_MAJOR, 5) => Ok(Object::Zero),
            (MEMORY_MAJOR, 7) => Ok(Object::Full),
            (MEMORY_MAJOR, 8 | 9) => Ok(Object::Random),
            (TTY_MAJOR, 0) | (CONSOLE_MAJOR, 1) => Ok(Object::Tty(TtyId::CONSOLE)),
            (TTY_MAJOR, minor) => {
                let tty = TtyId(minor);
                self.terminals.get(tty).map(|_| Object::Tty(tty)).ok_or(Errno::ENXIO)
            }
            (CONSOLE_MAJOR, 0) => {
                let tty = self.processes.get(pid).and_then(|process| process.tty);
                tty.map(Object::Tty).ok_or(Errno::ENXIO)
            }
            _ => Err(Errno::ENXIO),
        }
    }

    /// A session leader without a terminal gets the first one it opens, as in Linux.
    fn acquire_tty(&mut self, pid: Pid, tty: TtyId) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        let Some(terminal) = self.terminals.get_mut(tty) else { return };
        if process.sid == pid && process.tty.is_none() && terminal.session.is_none() {
            process.tty = Some(tty);
            (terminal.session, terminal.foreground) = (Some(process.sid), Some(process.pgid));
        }
    }

    /// First half of opening a named pipe: this end is open, and waits for the other.
    fn begin_fifo(&mut self, pid: Pid, node: Node, flags: OpenFlags) -> Result<Fd, Stop> {
        let known = self.fifos.get(node).filter(|pipe| self.pipes.get(*pipe).is_some());
        let pipe = known.unwrap_or_else(|| self.pipes.create(0, 0));
        self.fifos.insert(node, pipe);
        let writes = flags.writable();
        let readers = self.pipes.get(pipe).map_or(0, |pipe| pipe.readers);
        if writes && !flags.readable() && readers == 0 && flags.contains(OpenFlags::NONBLOCK) {
            self.drop_unused_pipe(pipe);
            return Err(Errno::ENXIO.into());
        }
        let object = if writes { Object::PipeWriter(pipe) } else { Object::PipeReader(pipe) };
        let file = self.files.insert(object, Some(node), flags)?;
        self.vfs.retain(node);
        if let Some(pipe) = self.pipes.get_mut(pipe) {
            if writes {
                pipe.writers += 1;
                pipe.writer_opens = pipe.writer_opens.wrapping_add(1);
            } else {
                pipe.readers += 1;
                pipe.reader_opens = pipe.reader_opens.wrapping_add(1);
            }
        }
        // What the other side's count was is kept where nothing else needs room: the offset.
        let other = self
            .pipes
            .get(pipe)
            .map_or(0, |pipe| if writes { pipe.reader_opens } else { pipe.writer_opens });
        if let Some(file) = self.files.get_mut(file) {
            file.offset = u64::from(other);
        }
        self.processes.wake(WaitKey::PipeOpened(pipe));
        if let Some(process) = self.processes.get_mut(pid) {
            process.opening = Some(file);
        }
        self.finish_fifo(pid, file, flags)
    }

    /// Second half: done as soon as the other end is open, or was for a moment.
    fn finish_fifo(&mut self, pid: Pid, file: FileId, flags: OpenFlags) -> Result<Fd, Stop> {
        let open_file = self.files.get(file).ok_or(Errno::EBADF)?;
        let (object, seen) = (open_file.object, open_file.offset);
        let (pipe, present, opens) = match object {
            Object::PipeReader(id) => {
                let pipe = self.pipes.get(id).ok_or(Errno::EBADF)?;
                (id, pipe.writers > 0, pipe.writer_opens)
            }
            Object::PipeWriter(id) => {
                let pipe = self.pipes.get(id).ok_or(Errno::EBADF)?;
                (id, pipe.readers > 0, pipe.reader_opens)
            }
            _ => return Err(Errno::EBADF.into()),
        };
        let met = present || u64::from(opens) != seen;
        if !met && !flags.contains(OpenFlags::NONBLOCK) && !flags.contains(OpenFlags::RDWR) {
            return Err(Stop::Block(Wait::on(WaitKey::PipeOpened(pipe))));
        }
        if let Some(process) = self.processes.get_mut(pid) {
            process.opening = None;
        }
        if let Some(file) = self.files.get_mut(file) {
            file.offset = 0;
        }
        Ok(self.add_fd(pid, file, Fd(0), flags.contains(OpenFlags::CLOEXEC))?)
    }

    /// Counts one descriptor less; closes what was the last.
    pub(crate) fn release_file(&mut self, id: FileId) {
        let Some(file) = self.files.release(id) else { return };
        match file.object {
            Object::PipeReader(pipe) => self.close_pipe_end(pipe, false),
            Object::PipeWriter(pipe) => self.close_pipe_end(pipe, true),
            Object::Socket(socket) => {
                self.with_net(|stack, environment| stack.close(socket, environment));
            }
            Object::Inode
            | Object::Null
            | Object::Zero
            | Object::Full
            | Object::Random
            | Object::Tty(_) => {}
        }
        if let Some(node) = file.node {
            self.vfs.release(node);
        }
    }

    pub(crate) fn close_pipe_end(&mut self, id: PipeId, writing: bool) {
        let Some(pipe) = self.pipes.get_mut(id) else { return };
        if writing {
            pipe.writers = pipe.writers.saturating_sub(1);
            self.processes.wake(WaitKey::PipeReadable(id));
        } else {
            pipe.readers = pipe.readers.saturating_sub(1);
            self.processes.wake(WaitKey::PipeWritable(id));
        }
        self.drop_unused_pipe(id);
    }

    fn drop_unused_pipe(&mut self, id: PipeId) {
        if self.pipes.remove_if_unused(id) {
            self.fifos.remove(id);
        }
    }

    /// Reads into the end of `into`; 0 is end-of-file.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: would wait. `EBADF`, `EISDIR`, `EIO` as POSIX `read`.
    pub(crate) fn read_fd(
        &mut self,
        pid: Pid,
        fd: Fd,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, Errno> {
        let (id, file) = self.file_of(pid, fd)?;
        if !file.flags.readable() {
            return Err(Errno::EBADF);
        }
        let (object, node, offset) = (file.object, file.node, file.offset);
        match object {
            Object::Inode => {
                let node = node.ok_or(Errno::EBADF)?;
                let count = self.read_node(pid, node, offset, into, max)?;
                if let Some(file) = self.files.get_mut(id) {
                    file.offset += count as u64;
                }
                Ok(count)
            }
            Object::Null => Ok(0),
            Object::Zero | Object::Full => {
                let count = max.min(DEVICE_READ_MAX);
                into.resize(into.len() + count, 0);
                Ok(count)
            }
            Object::Random => {
                let start = into.len();
                into.resize(start + max.min(DEVICE_READ_MAX), 0);
                self.prng.fill(&mut into[start..]);
                Ok(into.len() - start)
            }
            Object::PipeReader(pipe) => {
                let count = self.pipes.get_mut(pipe).ok_or(Errno::EBADF)?.read(into, max)?;
                if count > 0 {
                    self.processes.wake(WaitKey::PipeWritable(pipe));
                }
                Ok(count)
            }
            Object::PipeWriter(_) => Err(Errno::EBADF),
            Object::Tty(tty) => self.read_tty(pid, tty, into, max),
            Object::Socket(socket) => {
                self.with_net(|stack, environment| stack.recv(socket, into, max, environment))
            }
        }
    }

    /// Writes what fits now.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: would wait. `EPIPE` (with SIGPIPE), `EBADF`, `ENOSPC`, `EFBIG` as POSIX `write`.
    pub(crate) fn write_fd(&mut self, pid: Pid, fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
        let (id, file) = self.file_of(pid, fd)?;
        if !file.flags.writable() {
            return Err(Errno::EBADF);
        }
        let (object, node, flags, offset) = (file.object, file.node, file.flags, file.offset);
        let written = match object {
            Object::Inode => {
                let node = node.ok_or(Errno::EBADF)?;
                return self.write_inode(pid, id, node, flags, offset, bytes);
            }
            Object::Null | Object::Zero | Object::Random => Ok(bytes.len()),
            Object::Full => Err(Errno::ENOSPC),
            Object::PipeWriter(pipe) => {
                let written = self.pipes.get_mut(pipe).ok_or(Errno::EBADF)?.write(bytes);
                if written.is_ok() {
                    self.processes.wake(WaitKey::PipeReadable(pipe));
                }
                written
            }
            Object::PipeReader(_) => Err(Errno::EBADF),
            Object::Tty(tty) => self.write_tty(pid, tty, bytes),
            Object::Socket(socket) => {
                self.with_net(|stack, environment| stack.send(socket, bytes, environment))
            }
        };
        if written == Err(Errno::EPIPE) {
            self.raise(pid, Signal::PIPE);
        }
        written
    }

    fn write_inode(
        &mut self,
        pid: Pid,
        id: FileId,
        node: Node,
        flags: OpenFlags,
        offset: u64,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        if matches!(self.vfs.kind(node)?, Kind::Synthetic(_)) {
            return self.write_proc(pid, node, bytes);
        }
        let (count, end) = self.with_vfs(pid, |vfs, context| {
            let offset = if flags.contains(OpenFlags::APPEND) {
                vfs.stat(context, node)?.size
            } else {
                offset
            };
            let count = vfs.write_at(context, node, offset, bytes)?;
            Ok::<_, Errno>((count, offset + count as u64))
        })?;
        if let Some(file) = self.files.get_mut(id) {
            file.offset = end;
        }
        Ok(count)
    }

    /// What `fstat` tells of a descriptor whose object has no inode.
    pub(crate) fn stat_nameless(&self, pid: Pid, fd: Fd) -> Result<Stat, Errno> {
        let (id, file) = self.file_of(pid, fd)?;
        let credentials = &self.processes.get(pid).ok_or(Errno::ESRCH)?.credentials;
        let (kind, rdev) = match file.object {
            Object::PipeReader(_) | Object::PipeWriter(_) => (FileType::Fifo, (0, 0)),
            Object::Socket(_) => (FileType::Socket, (0, 0)),
            Object::Tty(tty) => (FileType::CharDevice, (TTY_MAJOR, tty.0)),
            _ => (FileType::CharDevice, (MEMORY_MAJOR, 0)),
        };
        Ok(Stat {
            ino: crate::base::Ino(id.0),
            kind,
            mode: 0o600,
            nlink: 1,
            uid: credentials.euid(),
            gid: credentials.egid(),
            rdev,
            ..Stat::default()
        })
    }

    /// Whether a descriptor can be read, written, and whether its other end is gone.
    pub(crate) fn readiness(&self, pid: Pid, fd: Fd) -> Result<(bool, bool, bool), Errno> {
        let (_, file) = self.file_of(pid, fd)?;
        Ok(match file.object {
            Object::PipeReader(pipe) => {
                let pipe = self.pipes.get(pipe).ok_or(Errno::EBADF)?;
                (pipe.is_readable(), false, pipe.writers == 0)
            }
            Object::PipeWriter(pipe) => {
                let pipe = self.pipes.get(pipe).ok_or(Errno::EBADF)?;
                (false, pipe.is_writable(), pipe.readers == 0)
            }
            Object::Tty(tty) => {
                let terminal = self.terminals.get(tty).ok_or(Errno::ENXIO)?;
                (terminal.readable(), terminal.writable(), false)
            }
            Object::Socket(socket) => {
                let ready = self.net.readiness(socket);
                (ready.readable, ready.writable, ready.hangup)
            }
            _ => (true, true, false),
        })
    }

    /// What to wait for when a read (or write) of a descriptor would wait.
    pub(crate) fn wait_of(&self, pid: Pid, fd: Fd, writing: bool) -> Result<WaitKey, Errno> {
        Ok(match self.file_of(pid, fd)?.1.object {
            Object::PipeReader(pipe) => WaitKey::PipeReadable(pipe),
            Object::PipeWriter(pipe) => WaitKey::PipeWritable(pipe),
            Object::Tty(tty) if writing => WaitKey::TtyWritable(tty),
            Object::Tty(tty) => WaitKey::TtyReadable(tty),
            Object::Socket(socket) => WaitKey::Socket(socket),
            _ => return Err(Errno::EAGAIN),
        })
    }

    /// The file a name without a slash means in `path`, a list of directories.
    ///
    /// # Errors
    ///
    /// `ENOENT`: none. `EACCES`: found, but none may be executed.
    pub(crate) fn search_path(
        &mut self,
        pid: Pid,
        name: &BStr,
        path: Option<&BStr>,
    ) -> Result<bstr::BString, Errno> {
        if name.contains(&b'/') {
            return Ok(name.to_owned());
        }
        if name.is_empty() {
            return Err(Errno::ENOENT);
        }
        let mut failure = Errno::ENOENT;
        for directory in path.unwrap_or(DEFAULT_PATH.into()).split_str(":") {
            let mut candidate = bstr::BString::from(directory);
            if !candidate.is_empty() {
                candidate.push(b'/');
            }
            candidate.extend_from_slice(name);
            let found = self.with_vfs(pid, |vfs, context| {
                let node = vfs.resolve(context, &candidate, Follow::Yes)?;
                if vfs.is_directory(context, node) {
                    return Err(Errno::EACCES);
                }
                vfs.access(context, node, AccessMode::EXEC)
            });
            match found {
                Ok(()) => return Ok(candidate),
                Err(Errno::EACCES) => failure = Errno::EACCES,
                Err(_) => {}
            }
        }
        Err(failure)
    }
}

/// Where commands are looked for when the environment does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Most bytes one read of an endless device gives.
const DEVICE_READ_MAX: usize = 1024 * 1024;
