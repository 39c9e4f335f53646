//! Processes, signals, time, luck, identity, events, power.
//!
//! Follows: POSIX.1-2024 `fork`, `exec`, `posix_spawn`, `wait`, `kill`, `setpgid`, `setuid`.

use bstr::{BStr, BString};

use crate::base::strings::Strings;
use crate::base::{Errno, Gid, Pid, Tick, Timestamp, Uid};
use crate::kernel::boot::Shutdown;
use crate::kernel::cred::Credentials;
use crate::kernel::event::Event;
use crate::kernel::exit::{WaitFlags, WaitTarget};
use crate::kernel::launch::SpawnSpec;
use crate::kernel::log::LogLine;
use crate::kernel::notice::Notice;
use crate::kernel::program::{Main, Stop};
use crate::kernel::raise::KillTarget;
use crate::kernel::signal::{Action, Signal, WaitStatus};
use crate::kernel::wait::{Wait, WaitKey};

use super::Sys;

/// The face for processes and the machine; see [`Sys::os`].
pub struct Os<'s, 'a>(pub(super) &'s mut Sys<'a>);

/// What becomes of a machine that is told to go down (`reboot(2)`).
pub type PowerRequest = Shutdown;

/// What a system says it is (POSIX `uname`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uname {
    /// Name of the operating system.
    pub sysname: BString,
    /// The host name.
    pub nodename: BString,
    /// Release of the kernel.
    pub release: BString,
    /// Version of the kernel.
    pub version: BString,
    /// Hardware type.
    pub machine: BString,
}

impl Os<'_, '_> {
    /// The present tick.
    pub fn now(&self) -> Tick {
        self.0.machine.now
    }

    /// What the clock shows.
    pub fn clock(&self) -> Timestamp {
        self.0.machine.clock()
    }

    /// The tick the machine was powered on in.
    pub fn powered_on(&self) -> Tick {
        self.0.machine.power.since()
    }

    /// This process.
    pub fn pid(&self) -> Pid {
        self.0.pid
    }

    /// Its parent; 0 for one that the kernel or the embedder started.
    pub fn ppid(&self) -> Pid {
        self.0.process().map_or(Pid(0), |process| process.ppid)
    }

    /// The process group of `pid`, or of this process for `Pid(0)`.
    ///
    /// # Errors
    ///
    /// `ESRCH`: no such process.
    pub fn pgid(&self, pid: Pid) -> Result<Pid, Errno> {
        self.other(pid).map(|process| process.pgid)
    }

    /// The session of `pid`, or of this process for `Pid(0)`.
    ///
    /// # Errors
    ///
    /// `ESRCH`: no such process.
    pub fn sid(&self, pid: Pid) -> Result<Pid, Errno> {
        self.other(pid).map(|process| process.sid)
    }

    fn other(&self, pid: Pid) -> Result<&crate::kernel::process::Process, Errno> {
        let pid = if pid == Pid(0) { self.0.pid } else { pid };
        self.0.machine.processes.get(pid).ok_or(Errno::ESRCH)
    }

    /// Puts a process (this one or a child; 0 is this one) into a group (0: one of its own).
    ///
    /// # Errors
    ///
    /// `ESRCH`: neither this process nor a child. `EACCES`: a child that has replaced its
    /// program. `EPERM`: a session leader, or a group of another session.
    pub fn setpgid(&mut self, pid: Pid, pgid: Pid) -> Result<(), Errno> {
        let pid = if pid == Pid(0) { self.0.pid } else { pid };
        let pgid = if pgid == Pid(0) { pid } else { pgid };
        let session = self.0.process()?.sid;
        let target = self.0.machine.processes.get(pid).ok_or(Errno::ESRCH)?;
        if pid != self.0.pid {
            if target.ppid != self.0.pid {
                return Err(Errno::ESRCH);
            }
            if target.executed {
                return Err(Errno::EACCES);
            }
        }
        let joins = pgid == pid
            || self.0.machine.processes.iter().any(|p| p.pgid == pgid && p.sid == session);
        if target.sid == pid || target.sid != session || !joins {
            return Err(Errno::EPERM);
        }
        if let Some(target) = self.0.machine.processes.get_mut(pid) {
            target.pgid = pgid;
        }
        Ok(())
    }

    /// Begins a session without a terminal.
    ///
    /// # Errors
    ///
    /// `EPERM`: the process leads a group already.
    pub fn setsid(&mut self) -> Result<Pid, Errno> {
        let pid = self.0.pid;
        if self.0.machine.processes.iter().any(|p| p.pgid == pid) {
            return Err(Errno::EPERM);
        }
        let process = self.0.process_mut()?;
        (process.sid, process.pgid, process.tty) = (pid, pid, None);
        Ok(pid)
    }

    /// Who this process is.
    ///
    /// # Errors
    ///
    /// None while the process lives.
    pub fn credentials(&self) -> Result<&Credentials, Errno> {
        self.0.process().map(|process| &process.credentials)
    }

    /// Becomes a user for good, as login does: ids and groups.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser.
    pub fn set_credentials(&mut self, uid: Uid, gid: Gid, groups: Vec<Gid>) -> Result<(), Errno> {
        self.0.require_root()?;
        self.0.process_mut()?.credentials = Credentials::login(uid, gid, groups);
        Ok(())
    }

    /// Sets the user (POSIX `setuid`).
    ///
    /// # Errors
    ///
    /// `EPERM`: neither the superuser nor one of the process's own users.
    pub fn setuid(&mut self, uid: Uid) -> Result<(), Errno> {
        self.0.process_mut()?.credentials.set_uid(uid)
    }

    /// Sets the group (POSIX `setgid`).
    ///
    /// # Errors
    ///
    /// `EPERM`: neither the superuser nor one of the process's own groups.
    pub fn setgid(&mut self, gid: Gid) -> Result<(), Errno> {
        self.0.process_mut()?.credentials.set_gid(gid)
    }

    /// Starts another program as a child.
    ///
    /// # Errors
    ///
    /// As `exec`: `ENOENT`, `EACCES`, `ENOEXEC`, `E2BIG`, `ELOOP`; `EAGAIN`: too many processes.
    pub fn spawn(&mut self, spec: &SpawnSpec) -> Result<Pid, Errno> {
        if self.0.is_doomed() {
            return Err(Errno::EINTR);
        }
        self.0.machine.spawn(self.0.registry, self.0.pid, spec)
    }

    /// Makes a child that goes on with `child` as its state, which is one of this program.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: too many processes. `ENOMEM`: what the copy would hold is not there.
    pub fn fork<M: Main>(&mut self, child: M) -> Result<Pid, Errno> {
        if self.0.is_doomed() {
            return Err(Errno::EINTR);
        }
        self.0.machine.fork(self.0.pid, child)
    }

    /// Replaces this process's program. After success the step should return at once: its state
    /// is dropped.
    ///
    /// # Errors
    ///
    /// `ENOENT`, `EACCES`, `ENOEXEC`, `E2BIG`, `ELOOP`.
    pub fn exec(
        &mut self,
        path: impl AsRef<[u8]>,
        args: &Strings,
        env: &Strings,
    ) -> Result<(), Errno> {
        let path = BStr::new(path.as_ref());
        self.0.machine.exec(self.0.registry, self.0.pid, path, args, env)
    }

    /// Waits for a child to end (or stop, or go on, if asked for). None: nothing to report, and
    /// it was not to wait.
    ///
    /// # Errors
    ///
    /// `ECHILD`: no such child. Blocks unless [`WaitFlags::no_hang`].
    pub fn wait(
        &mut self,
        target: WaitTarget,
        flags: WaitFlags,
    ) -> Result<Option<(Pid, WaitStatus)>, Stop> {
        match self.0.machine.wait_for(self.0.pid, target, flags) {
            Ok(report) => Ok(Some(report)),
            Err(Errno::EAGAIN) if flags.no_hang => Ok(None),
            Err(Errno::EAGAIN) => Err(Stop::Block(Wait::on(WaitKey::Child(self.0.pid)))),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Sends a signal; none only checks whether it could be sent.
    ///
    /// # Errors
    ///
    /// `ESRCH`: nobody there. `EPERM`: nobody that may be signalled.
    pub fn kill(&mut self, target: KillTarget, signal: Option<Signal>) -> Result<(), Errno> {
        self.0.machine.kill(self.0.pid, target, signal)
    }

    /// Sets what happens on a signal.
    ///
    /// # Errors
    ///
    /// `EINVAL`: SIGKILL or SIGSTOP.
    pub fn set_action(&mut self, signal: Signal, action: Action) -> Result<(), Errno> {
        if signal.is_final() {
            return Err(Errno::EINVAL);
        }
        self.0.process_mut()?.signals.set_action(signal, action);
        Ok(())
    }

    /// What happens on a signal.
    pub fn action(&self, signal: Signal) -> Action {
        self.0.process().map_or(Action::Default, |process| process.signals.action(signal))
    }

    /// Takes the next signal that arrived and is caught. A program that catches signals asks at
    /// the beginning of every step, since their arrival makes a blocked step run again.
    pub fn take_signal(&mut self) -> Option<Signal> {
        let signals = &mut self.0.process_mut().ok()?.signals;
        let signal = signals.pending.and(signals.caught).iter().next()?;
        signals.pending.remove(signal);
        Some(signal)
    }

    /// Waits until a tick.
    ///
    /// # Errors
    ///
    /// None: it blocks while the tick is to come.
    pub fn sleep_until(&mut self, tick: Tick) -> Result<(), Stop> {
        if self.0.machine.now >= tick { Ok(()) } else { Err(Stop::Block(Wait::until(tick))) }
    }

    /// Waits until a signal comes that is caught, or ends the process.
    pub fn pause(&self) -> Stop {
        Stop::Block(Wait::FOREVER)
    }

    /// Fills `bytes` with random ones from the machine's stream.
    pub fn random(&mut self, bytes: &mut [u8]) {
        self.0.burn_bytes(bytes.len() * 16);
        self.0.machine.prng.fill(bytes);
    }

    /// What the system says it is.
    pub fn uname(&self) -> Uname {
        use crate::kernel::boot::{ARCHITECTURE, KERNEL_NAME, KERNEL_RELEASE, KERNEL_VERSION};
        Uname {
            sysname: KERNEL_NAME.into(),
            nodename: self.0.machine.hostname.clone(),
            release: KERNEL_RELEASE.into(),
            version: KERNEL_VERSION.into(),
            machine: ARCHITECTURE.into(),
        }
    }

    /// Sets the host name.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `EINVAL`: longer than 64 bytes.
    pub fn set_hostname(&mut self, name: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.0.require_root()?;
        if name.as_ref().len() > 64 {
            return Err(Errno::EINVAL);
        }
        self.0.machine.hostname = name.as_ref().into();
        Ok(())
    }

    /// Ends every process and turns the machine off, or halts or restarts it.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser.
    pub fn power(&mut self, request: PowerRequest) -> Result<(), Errno> {
        self.0.require_root()?;
        self.0.machine.power.request(request);
        Ok(())
    }

    /// Tells the embedder that a user logged in on this process's terminal.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser.
    pub fn announce_login(&mut self, user: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.0.require_root()?;
        let tty = self.0.process()?.tty.map(|tty| tty.to_string().into()).unwrap_or_default();
        self.0.machine.notify(Notice::LoggedIn { user: user.as_ref().into(), tty });
        Ok(())
    }

    /// Writes a line into the kernel's log, as a write to `/dev/kmsg` does.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser.
    pub fn log(&mut self, text: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.0.require_root()?;
        self.0.machine.log(text.as_ref());
        Ok(())
    }

    /// The kernel's log, oldest line first.
    pub fn log_lines(&self) -> impl Iterator<Item = &LogLine> {
        self.0.machine.log.lines()
    }

    /// Takes the next event.
    ///
    /// # Errors
    ///
    /// None: it blocks while there is none.
    pub fn next_event(&mut self) -> Result<Event, Stop> {
        let key = WaitKey::Event(self.0.pid);
        self.0.process_mut()?.events.pop().ok_or(Stop::Block(Wait::on(key)))
    }

    /// Sends bytes to another process's event queue.
    ///
    /// # Errors
    ///
    /// `ESRCH`: no such process. `EPERM`: another user's. `EMSGSIZE`: over 4096 bytes.
    /// `EAGAIN`: its queue is full.
    pub fn send(&mut self, pid: Pid, bytes: &[u8]) -> Result<(), Errno> {
        if bytes.len() > 4096 {
            return Err(Errno::EMSGSIZE);
        }
        self.0.machine.kill(self.0.pid, KillTarget::Pid(pid), None)?;
        let from = self.0.pid;
        let target = self.0.machine.processes.get_mut(pid).ok_or(Errno::ESRCH)?;
        if !target.is_alive() {
            return Err(Errno::ESRCH);
        }
        target.events.push(Event::Message { from, bytes: bytes.to_vec() })?;
        self.0.machine.processes.wake(WaitKey::Event(pid));
        Ok(())
    }

    /// Declares how many bytes the program's state is about to hold, for one that asks before it
    /// grows; what [`Main::memory`] says after the step counts from then on.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: more than the process may have, or the machine has.
    pub fn hold_memory(&mut self, bytes: u64) -> Result<(), Errno> {
        let held = self.0.process()?.memory;
        if bytes > held {
            let total = self.0.machine.processes.memory();
            let limit = self.0.machine.hardware.memory_bytes;
            let own = crate::base::limits::PROCESS_MEMORY as u64;
            if bytes > own || total.saturating_add(bytes - held) > limit {
                return Err(Errno::ENOMEM);
            }
        }
        self.0.machine.processes.set_memory(self.0.pid, bytes);
        Ok(())
    }

    /// Pays for work done inside a step.
    pub fn burn(&mut self, fuel: u32) {
        self.0.burn(i64::from(fuel));
    }

    /// What is left of this turn's fuel. At zero or below a step should return
    /// [`Step::Again`](crate::kernel::program::Step::Again).
    pub fn fuel_left(&self) -> i64 {
        self.0.machine.slice
    }
}
