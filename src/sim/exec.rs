//! Commands that the embedder runs on a machine, and the streams it talks to them through.

use serde::{Deserialize, Serialize};

use super::Sim;
use crate::base::{Errno, MachineId, Pid};
use crate::kernel::{ExecSpec, Execution, Machine, PipeId, TtyId, WaitStatus};
use crate::world::{Programs, machines, plugin};

/// A command that was started. It stays good across a save and a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecHandle {
    /// The machine it runs on.
    pub machine: MachineId,
    /// Its process.
    pub pid: Pid,
    streams: Option<[PipeId; 3]>,
}

/// Why a command was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// There is no machine of this id.
    #[error("there is no machine {0}")]
    NoMachine(MachineId),
    /// The machine refused, as `exec` does: `ENOENT`, `EACCES`, `ENOEXEC`; `ENODEV` when it is
    /// not running.
    #[error("{0}")]
    Refused(Errno),
}

impl Sim {
    /// Starts a command on a running machine.
    ///
    /// # Errors
    ///
    /// As [`ExecError`] says.
    pub fn exec(&mut self, machine: MachineId, spec: &ExecSpec) -> Result<ExecHandle, ExecError> {
        let registry = self.world.resource::<Programs>().0.clone();
        let started = self
            .touch(machine, |machine| machine.exec_command(&registry, spec))
            .ok_or(ExecError::NoMachine(machine))?;
        let Execution { pid, streams } = started.map_err(ExecError::Refused)?;
        Ok(ExecHandle { machine, pid, streams })
    }

    /// Offers bytes to a command's standard input; returns how many were taken. Run the world to
    /// have it take more.
    ///
    /// # Errors
    ///
    /// `EPIPE`: nobody will read them. `EBADF`: it was closed, or is a terminal.
    pub fn exec_write(&mut self, command: &ExecHandle, bytes: &[u8]) -> Result<usize, Errno> {
        let [stdin, _, _] = command.streams.ok_or(Errno::EBADF)?;
        self.touch(command.machine, |machine| machine.stream_write(stdin, bytes))
            .unwrap_or(Err(Errno::EPIPE))
    }

    /// Ends a command's standard input.
    pub fn exec_close(&mut self, command: &ExecHandle) {
        if let Some([stdin, _, _]) = command.streams {
            self.touch(command.machine, |machine| machine.stream_close(stdin));
        }
    }

    /// Takes up to `max` bytes from a command's standard output. True: its end is reached.
    ///
    /// # Errors
    ///
    /// `EBADF`: it is a terminal.
    pub fn exec_stdout(
        &mut self,
        command: &ExecHandle,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<bool, Errno> {
        let [_, stdout, _] = command.streams.ok_or(Errno::EBADF)?;
        self.exec_read(command.machine, stdout, into, max)
    }

    /// Takes up to `max` bytes from a command's standard error. True: its end is reached.
    ///
    /// # Errors
    ///
    /// `EBADF`: it is a terminal.
    pub fn exec_stderr(
        &mut self,
        command: &ExecHandle,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<bool, Errno> {
        let [_, _, stderr] = command.streams.ok_or(Errno::EBADF)?;
        self.exec_read(command.machine, stderr, into, max)
    }

    fn exec_read(
        &mut self,
        machine: MachineId,
        stream: PipeId,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<bool, Errno> {
        self.touch(machine, |machine| machine.stream_read(stream, into, max))
            .unwrap_or(Err(Errno::EBADF))
    }

    /// How a command ended, once it has. Asking again gives nothing.
    pub fn exec_status(&mut self, command: &ExecHandle) -> Option<WaitStatus> {
        self.touch(command.machine, |machine| machine.take_exit(command.pid))?
    }

    /// Connects the embedder to a terminal: every byte written to it from now on is kept for
    /// [`take_tty_output`](Self::take_tty_output), and writers wait for it to be taken.
    pub fn attach_tty(&mut self, machine: MachineId, tty: TtyId) {
        self.touch(machine, |machine| machine.attach_tty_output(tty));
    }

    /// Takes up to `max` bytes written to an attached terminal; returns how many.
    pub fn take_tty_output(
        &mut self,
        machine: MachineId,
        tty: TtyId,
        into: &mut Vec<u8>,
        max: usize,
    ) -> usize {
        self.touch(machine, |machine| machine.take_tty_output(tty, into, max)).unwrap_or(0)
    }

    /// Begins or ends recording what is written to a terminal. Unlike attaching to it this changes
    /// nothing in the world, and is in no savegame.
    pub fn record_tty(&mut self, machine: MachineId, tty: TtyId, on: bool) {
        if let Some(body) = machines::get_mut(&mut self.world, machine) {
            body.peek().record_tty(tty, on);
        }
    }

    /// Takes what was recorded of a terminal since this was last called.
    pub fn take_tty_record(&mut self, machine: MachineId, tty: TtyId) -> Vec<u8> {
        machines::get_mut(&mut self.world, machine)
            .map(|body| body.peek().take_tty_record(tty))
            .unwrap_or_default()
    }

    /// Types on a terminal at once; returns how many bytes its queue took. Unlike an input it
    /// tells what was dropped, so that a sender can wait.
    pub fn type_keys(&mut self, machine: MachineId, tty: TtyId, bytes: &[u8]) -> usize {
        self.touch(machine, |machine| machine.type_keys(tty, bytes)).unwrap_or(0)
    }

    /// Does something to a machine between ticks.
    pub(super) fn touch<R>(
        &mut self,
        id: MachineId,
        act: impl FnOnce(&mut Machine) -> R,
    ) -> Option<R> {
        let result = act(machines::get_mut(&mut self.world, id)?.touch());
        plugin::rouse(&mut self.world, id);
        Some(result)
    }
}
