//! A machine: one emulated computer, an island.
//!
//! Invariant: stepping a machine reads and writes this value, the registry and the tick alone;
//! what leaves it goes into its [`Outbox`].

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::prng::{Owner, Prng};
use crate::base::{MachineId, Pid, Tick, Timestamp};
use crate::fs::{Context, Vfs};
use crate::net::{Environment, Frame, InterfaceId, Stack};

use super::boot::Power;
use super::file::FileTable;
use super::log::KernelLog;
use super::notice::Notice;
use super::pipe::PipeTable;
use super::procfs::ProcTree;
use super::spec::Hardware;
use super::stream::Streams;
use super::table::ProcessTable;
use super::terminals::Terminals;
use super::wait::WaitKey;

/// Largest packet on Ethernet, in bytes.
const ETHERNET_MTU: u32 = 1500;

/// What a machine sends out in a tick.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Frames for the links at its interfaces, in the order of sending.
    pub frames: Vec<(InterfaceId, Frame)>,
    /// What the embedder is told, in order.
    pub notices: Vec<Notice>,
}

impl Outbox {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.notices.is_empty()
    }
}

/// One emulated computer with its filesystem, processes, terminals and network stack.
#[derive(Debug, Serialize, Deserialize)]
pub struct Machine {
    pub(crate) id: MachineId,
    pub(crate) name: String,
    pub(crate) variant: String,
    pub(crate) hardware: Hardware,
    pub(crate) epoch: Timestamp,
    pub(crate) power: Power,
    /// The tick it was last stepped in.
    pub(crate) now: Tick,
    /// What is left of its fuel at `now`; negative is debt.
    pub(crate) fuel: i64,
    pub(crate) prng: Prng,
    pub(crate) hostname: BString,
    pub(crate) vfs: Vfs,
    pub(crate) processes: ProcessTable,
    pub(crate) files: FileTable,
    pub(crate) pipes: PipeTable,
    pub(crate) fifos: super::fifo::Fifos,
    pub(crate) terminals: Terminals,
    pub(crate) net: Stack,
    pub(crate) streams: Streams,
    pub(crate) log: KernelLog,
    /// Frames that arrived and wait for the next step.
    pub(crate) inbox: Vec<(InterfaceId, Frame)>,
    /// Fuel left in the running process's slice.
    #[serde(skip)]
    pub(crate) slice: i64,
    #[serde(skip)]
    pub(crate) outbox: Outbox,
    /// Sockets whose readiness changed: empty between calls.
    #[serde(skip)]
    pub(crate) ready_sockets: Vec<crate::net::SocketId>,
}

impl Machine {
    /// A machine, powered off.
    pub fn new(spec: super::spec::MachineSpec, now: Tick) -> Self {
        let mut machine = Self {
            prng: Prng::new(spec.world_seed, Owner::Machine(spec.id.0)),
            id: spec.id,
            hostname: BString::from(spec.name.as_str()),
            name: spec.name,
            variant: spec.variant,
            epoch: spec.epoch,
            power: Power::OFF,
            now,
            fuel: 0,
            vfs: Vfs::new(spec.image, spec.hardware.disk_bytes),
            processes: ProcessTable::default(),
            files: FileTable::default(),
            pipes: PipeTable::default(),
            fifos: super::fifo::Fifos::default(),
            terminals: Terminals::new(spec.hardware.ttys),
            net: Stack::new(),
            streams: Streams::default(),
            log: KernelLog::default(),
            inbox: Vec::new(),
            slice: 0,
            outbox: Outbox::default(),
            ready_sockets: Vec::new(),
            hardware: spec.hardware,
        };
        for mac in &spec.interfaces {
            machine.net.add_interface(*mac, ETHERNET_MTU);
        }
        for file in &spec.files {
            machine.install_file(file);
        }
        machine
    }

    /// Its id.
    pub fn id(&self) -> MachineId {
        self.id
    }

    /// Its name in the world; the hostname is the guest's affair.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The variant it was made from.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Its hardware.
    pub fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    /// What the guest's clock shows.
    pub fn clock(&self) -> Timestamp {
        self.epoch.plus_millis(self.now.0)
    }

    /// Hands over a frame that a link brings; it is received in the next step.
    pub fn deliver(&mut self, interface: InterfaceId, frame: Frame) {
        if self.power.has_network() {
            self.inbox.push((interface, frame));
        }
    }

    /// The next tick in which there is something to do; none while everything waits for the
    /// outside.
    pub fn due(&self) -> Option<Tick> {
        // Power, keys and carriers may have made it say something between steps.
        if !self.inbox.is_empty() || !self.outbox.is_empty() {
            return Some(self.now);
        }
        let running = self.processes.has_ready().then(|| self.fuel_due());
        [running, self.processes.next_timer(), self.net.due(), self.power.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Calls into the network stack, sends what it sends and wakes whom it readies.
    pub(crate) fn with_net<R>(
        &mut self,
        call: impl FnOnce(&mut Stack, &mut Environment<'_>) -> R,
    ) -> R {
        let mut environment = Environment {
            now: self.now,
            prng: &mut self.prng,
            out: &mut self.outbox.frames,
            ready: &mut self.ready_sockets,
        };
        let result = call(&mut self.net, &mut environment);
        while let Some(socket) = self.ready_sockets.pop() {
            self.processes.wake(WaitKey::Socket(socket));
        }
        result
    }

    /// Calls into the filesystem as a process; as root at `/` when there is no such process.
    pub(crate) fn with_vfs<R>(
        &mut self,
        pid: Pid,
        call: impl FnOnce(&mut Vfs, &Context<'_>) -> R,
    ) -> R {
        let now = self.clock();
        let synthetic = ProcTree {
            pid,
            now: self.now,
            powered_on: self.power.since(),
            processes: &self.processes,
            files: &self.files,
            net: &self.net,
            hardware: &self.hardware,
            hostname: &self.hostname,
        };
        let kernel = crate::fs::Access::ROOT;
        let context = match self.processes.get(pid) {
            Some(process) => Context {
                access: &process.credentials.access,
                root: process.root,
                cwd: process.cwd,
                umask: process.umask,
                now,
                synthetic: &synthetic,
            },
            None => Context {
                access: &kernel,
                root: self.vfs.root(),
                cwd: self.vfs.root(),
                umask: 0,
                now,
                synthetic: &synthetic,
            },
        };
        call(&mut self.vfs, &context)
    }

    /// Writes a line into the kernel's log.
    pub(crate) fn log(&mut self, text: impl Into<BString>) {
        self.log.push(self.power.since(), self.now, text.into());
    }

    pub(crate) fn notify(&mut self, notice: Notice) {
        self.outbox.notices.push(notice);
    }
}
