//! Power: from off to a running init and back.
//!
//! The states: `Off` → `Firmware` (the BIOS says what it finds) → `Kernel` (the log begins) →
//! `Running` (init is process 1 and does the rest) → `Off`, `Halted`, or `Firmware` again on a
//! reboot. A machine that cannot go on says so on its console and stays in `Failed` until its
//! power is turned off.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Fd, Pid, Tick, Ticks, Timestamp};
use crate::fs::{Access, Context, NoSynthetic, SyntheticTree, TmpfsOptions, Vfs};

use super::cred::Credentials;
use super::file::{FdEntry, Object};
use super::machine::Machine;
use super::notice::Notice;
use super::process::Process;
use super::program::Registry;
use super::signal::{Signal, WaitStatus};
use super::spec::SpecFile;
use super::terminals::{TTY_FLAGS, TtyId};

/// What `uname -s` prints.
pub const KERNEL_NAME: &str = "Linux";
/// What `uname -r` prints.
pub const KERNEL_RELEASE: &str = "6.1.0-hostscape";
/// What `uname -v` prints.
pub const KERNEL_VERSION: &str = "#1 SMP Hostscape";
/// What `uname -m` prints.
pub const ARCHITECTURE: &str = "x86_64";

/// A machine's power state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PowerState {
    /// No power.
    Off,
    /// The firmware looks for something to boot.
    Firmware,
    /// The kernel starts.
    Kernel,
    /// Init runs.
    Running,
    /// Everything has ended, the power is still on.
    Halted,
    /// The machine could not go on.
    Failed,
}

/// How a machine goes down (`reboot(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shutdown {
    /// Power off.
    Off,
    /// Start again.
    Reboot,
    /// Stop with the power on.
    Halt,
}

/// Where a machine is between off and running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Power {
    state: PowerState,
    /// The tick it was turned on in.
    since: Tick,
    /// When the next state begins by itself.
    next: Option<Tick>,
    request: Option<Shutdown>,
}

/// How long the firmware takes to find the disk.
const FIRMWARE_TIME: Ticks = Ticks::from_millis(400);
/// How long the kernel takes before it starts init.
const KERNEL_TIME: Ticks = Ticks::from_millis(350);
/// How long a machine that restarts stays dark.
const REBOOT_TIME: Ticks = Ticks::from_millis(500);

impl Power {
    pub(crate) const OFF: Self =
        Self { state: PowerState::Off, since: Tick::ZERO, next: None, request: None };

    pub(crate) fn since(&self) -> Tick {
        self.since
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state == PowerState::Running
    }

    /// Whether the network stack is alive: it is the kernel's, not init's.
    pub(crate) fn has_network(&self) -> bool {
        self.is_running()
    }

    pub(crate) fn due(&self) -> Option<Tick> {
        if self.request.is_some() { Some(Tick::ZERO) } else { self.next }
    }

    pub(crate) fn request(&mut self, request: Shutdown) {
        self.request = Some(request);
    }

    /// Whether processes may still run.
    pub(crate) fn is_going_down(&self) -> bool {
        self.request.is_some()
    }
}

impl Machine {
    /// The power state.
    pub fn power(&self) -> PowerState {
        self.power.state
    }

    /// Turns the power on; a machine that is on is left as it is.
    pub fn power_on(&mut self, now: Tick) {
        if self.power.state == PowerState::Off {
            self.power.next = Some(now);
        }
    }

    /// Cuts the power: what was in memory is gone.
    pub fn power_off(&mut self) {
        if self.power.state != PowerState::Off {
            self.lose_memory();
            self.enter(PowerState::Off);
        }
        self.power.next = None;
    }

    /// Presses the power button: a running system is told, as by SIGPWR to init; one that is not
    /// running is switched.
    pub fn press_power_button(&mut self, now: Tick) {
        match self.power.state {
            PowerState::Off => self.power_on(now),
            PowerState::Running => self.raise(Pid::INIT, Signal::PWR),
            _ => self.power_off(),
        }
    }

    fn enter(&mut self, state: PowerState) {
        self.power.state = state;
        self.notify(Notice::Power(state));
    }

    /// Does what the power state asks for now.
    pub(crate) fn advance_power(&mut self, registry: &Registry) {
        if let Some(request) = self.power.request.take() {
            self.go_down(request);
        }
        if self.power.next.is_some_and(|next| next <= self.now) {
            self.power.next = None;
            match self.power.state {
                PowerState::Off => self.start_firmware(),
                PowerState::Firmware => self.start_kernel(),
                PowerState::Kernel => self.start_init(registry),
                PowerState::Running | PowerState::Halted | PowerState::Failed => {}
            }
        }
    }

    fn start_firmware(&mut self) {
        self.power.since = self.now;
        self.enter(PowerState::Firmware);
        let memory = self.hardware.memory_bytes / 1024;
        let disk = self.hardware.disk_bytes / (1024 * 1024);
        self.print_console(&format!(
            "\x1bc\x1b[1mHostscape BIOS\x1b[0m 1.0\nMachine: {} ({})\nMemory:  {memory} KB OK\n\
             Disk 0:  {disk} MB\n",
            self.name, self.variant
        ));
        for (index, interface) in self.net.interfaces().iter().enumerate().skip(1) {
            let line = format!("Network: eth{} {}\n", index - 1, interface.mac);
            print(&mut self.terminals, &line);
        }
        self.print_console("\nBooting from disk 0 ...\n");
        self.power.next = Some(self.now + FIRMWARE_TIME);
    }

    fn start_kernel(&mut self) {
        self.enter(PowerState::Kernel);
        let memory = self.hardware.memory_bytes / 1024;
        self.kernel_message(format!(
            "{KERNEL_NAME} version {KERNEL_RELEASE} ({ARCHITECTURE}) {KERNEL_VERSION}"
        ));
        self.kernel_message("Command line: root=/dev/sda1 console=tty1");
        self.kernel_message(format!("Memory: {memory}K available"));
        let interfaces = self.net.interfaces().iter().enumerate().skip(1);
        let lines: Vec<String> =
            interfaces.map(|(index, it)| format!("eth{}: {}", index - 1, it.mac)).collect();
        lines.into_iter().for_each(|line| self.kernel_message(line));
        mount_standard(&mut self.vfs, self.epoch.plus_millis(self.now.0));
        self.kernel_message("VFS: Mounted root (hostfs filesystem)");
        self.power.next = Some(self.now + KERNEL_TIME);
    }

    fn start_init(&mut self, registry: &Registry) {
        for path in ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"] {
            let args: Strings = [path].into_iter().collect();
            let env: Strings = ["HOME=/", "TERM=linux"].into_iter().collect();
            let found = self.find_executable(registry, Pid(0), path.into(), &args, &env);
            let Ok(executable) = found else { continue };
            let pid = self.processes.free_pid();
            let mut init = Process::bare(pid, Credentials::root(), self.vfs.root(), self.now);
            init.become_program(executable, env);
            for fd in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
                let Ok(file) = self.files.insert(Object::Tty(TtyId::CONSOLE), None, TTY_FLAGS)
                else {
                    continue;
                };
                // The table is empty and three is within its bound.
                let _ = init.fds.set(fd, FdEntry { file, close_on_exec: false });
            }
            self.vfs.retain(init.cwd);
            self.processes.insert(init);
            self.kernel_message(format!("Run {path} as init process"));
            self.enter(PowerState::Running);
            return;
        }
        self.panic("No working init found.");
    }

    /// Init is gone: nothing can go on.
    pub(crate) fn panic_without_init(&mut self, status: WaitStatus) {
        if self.power.is_going_down() || !self.power.is_running() {
            return;
        }
        let code = match status {
            WaitStatus::Exited(code) => u32::from(code) << 8,
            WaitStatus::Signaled(signal) | WaitStatus::Stopped(signal) => {
                u32::from(signal.number())
            }
            WaitStatus::Continued => 0,
        };
        self.panic(&format!("Attempted to kill init! exitcode=0x{code:08x}"));
    }

    fn panic(&mut self, why: &str) {
        self.kernel_message(format!("Kernel panic - not syncing: {why}"));
        let message = format!("---[ end Kernel panic - not syncing: {why} ]---");
        self.kernel_message(message);
        self.lose_memory();
        self.enter(PowerState::Failed);
    }

    fn go_down(&mut self, request: Shutdown) {
        let (message, state) = match request {
            Shutdown::Off => ("reboot: Power down", PowerState::Off),
            Shutdown::Reboot => ("reboot: Restarting system", PowerState::Off),
            Shutdown::Halt => ("reboot: System halted", PowerState::Halted),
        };
        self.kernel_message(message);
        self.lose_memory();
        self.enter(state);
        self.power.next = (request == Shutdown::Reboot).then(|| self.now + REBOOT_TIME);
    }

    /// Forgets everything but the disk, the hardware and what the screens show.
    fn lose_memory(&mut self) {
        for process in self.processes.iter() {
            self.vfs.release(process.cwd);
        }
        for (_, file) in self.files.iter() {
            if let Some(node) = file.node {
                self.vfs.release(node);
            }
        }
        self.fail_watched();
        self.processes.clear();
        self.files = Default::default();
        self.pipes = Default::default();
        self.fifos = Default::default();
        self.streams.clear();
        self.inbox.clear();
        self.log = Default::default();
        self.reset_network();
        self.hostname = BString::from(self.name.as_str());
        self.terminals.lose_sessions();
        unmount_standard(&mut self.vfs);
    }

    /// A stack with the same hardware, of which the kernel knows nothing yet.
    fn reset_network(&mut self) {
        let old = core::mem::take(&mut self.net);
        for interface in old.interfaces().iter().skip(1) {
            let id = self.net.add_interface(interface.mac, interface.mtu);
            let carrier = interface.carrier;
            // The interface was added just now.
            let _ = self.with_net(|stack, environment| stack.set_carrier(id, carrier, environment));
        }
    }

    /// Commands that an embedder waits for end with the power.
    fn fail_watched(&mut self) {
        let watched: Vec<Pid> = (self.processes.iter())
            .filter(|process| process.watched && process.is_alive())
            .map(|process| process.pid)
            .collect();
        for pid in watched {
            let status = WaitStatus::Signaled(Signal::KILL);
            self.streams.record_exit(pid, status);
            self.notify(Notice::Exited { pid, status });
        }
    }

    /// Logs a line and shows it on the console.
    fn kernel_message(&mut self, text: impl Into<BString>) {
        self.log(text);
        let line = self.log.lines().last().map(|line| format!("{line}\n"));
        self.print_console(&line.unwrap_or_default());
    }

    fn print_console(&mut self, text: &str) {
        print(&mut self.terminals, text);
    }

    /// Writes a file before the machine first boots; directories above it are made.
    pub(crate) fn install_file(&mut self, file: &SpecFile) {
        self.with_vfs(Pid(0), |vfs, context| {
            let mut above = BString::from("");
            let mut parts = file.path.split(|byte| *byte == b'/').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_some() && !part.is_empty() {
                    above.push(b'/');
                    above.extend_from_slice(part);
                    // It is there already, as a rule.
                    let _ = vfs.mkdir(context, &above, 0o755);
                }
            }
            let flags = crate::fs::OpenFlags::WRONLY
                | crate::fs::OpenFlags::CREAT
                | crate::fs::OpenFlags::TRUNC;
            let Ok(node) = vfs.open(context, &file.path, flags, file.mode) else { return };
            let mut done = 0;
            while done < file.bytes.len() {
                match vfs.write_at(context, node, done as u64, &file.bytes[done..]) {
                    Ok(count) if count > 0 => done += count,
                    _ => break,
                }
            }
            // Changing the owner takes setuid away, so the mode comes last.
            let _ = vfs.chown(context, node, Some(file.uid), Some(file.gid));
            let _ = vfs.chmod(context, node, file.mode);
        });
    }
}

fn print(terminals: &mut super::terminals::Terminals, text: &str) {
    if let Some(console) = terminals.get_mut(TtyId::CONSOLE) {
        // Nobody types yet, and a kernel does not wait for its console.
        let _ = console.write(text.as_bytes());
    }
}

/// Which synthetic tree `/proc` is.
pub(crate) const PROC: SyntheticTree = SyntheticTree(0);

/// Size of `/run` in bytes.
const RUN_BYTES: u64 = 16 * 1024 * 1024;

/// Mounts what every machine has; an image without the directories goes without.
fn mount_standard(vfs: &mut Vfs, now: Timestamp) {
    let access = Access::ROOT;
    let context = kernel_context(vfs, &access, now);
    let run =
        TmpfsOptions { source: "tmpfs".into(), bytes: RUN_BYTES, mode: 0o755, read_only: false };
    let _ = vfs.mount_synthetic(&context, b"/proc", "proc", PROC);
    let _ = vfs.mount_tmpfs(&context, b"/run", run);
}

fn unmount_standard(vfs: &mut Vfs) {
    let access = Access::ROOT;
    let context = kernel_context(vfs, &access, Timestamp::default());
    for path in ["/run", "/proc"] {
        let _ = vfs.unmount(&context, path.as_bytes());
    }
}

fn kernel_context<'a>(vfs: &Vfs, access: &'a Access, now: Timestamp) -> Context<'a> {
    Context { access, root: vfs.root(), cwd: vfs.root(), umask: 0, now, synthetic: &NoSynthetic }
}
