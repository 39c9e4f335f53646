//! One machine by itself, stepped without a world around it.

use bstr::ByteSlice;
use hostscape::base::{Gid, MachineId, Tick, Ticks, Timestamp, Uid};
use hostscape::kernel::{Machine, MachineSpec, Outbox, PowerState, Registry, SpecFile, TtyId};
use hostscape::programs;
use hostscape::variant::{Catalogue, Facts};

use crate::failure::Failure;

/// How long a machine may take to boot, in simulated time.
const BOOT_MAX: Ticks = Ticks::from_secs(60);

/// What init does on a machine that runs one command: no logins.
const INITTAB: &[u8] = b"::sysinit:/etc/init.d/rcS\n";

/// A machine and the tick it is in.
pub struct Solo {
    /// The machine.
    pub machine: Machine,
    /// The programs it can run.
    pub registry: Registry,
    /// The tick that was stepped last.
    pub now: Tick,
    /// What became of the machine after it ran: switched off, halted, restarted.
    pub went_down: Option<&'static str>,
    outbox: Outbox,
}

impl Solo {
    /// A machine of a bundled variant, with room for so many more bytes on its disk; off.
    pub fn new(variant: &str, room: u64) -> Result<Self, Failure> {
        let catalogue = Catalogue::bundled();
        if !catalogue.contains(variant) {
            let known: Vec<&str> = catalogue.names().collect();
            let message = format_args!(
                "there is no variant {variant:?}; give --os one of: {}",
                known.join(", ")
            );
            return Err(Failure::new(message));
        }
        let built = catalogue.variant(variant).map_err(Failure::new)?;
        let mut files = built.files(&Facts::default());
        files.push(SpecFile {
            path: "/etc/inittab".into(),
            mode: 0o600,
            uid: Uid::ROOT,
            gid: Gid::ROOT,
            bytes: INITTAB.into(),
        });
        let mut hardware = built.hardware.clone();
        hardware.disk_bytes = hardware.disk_bytes.saturating_add(room);
        let spec = MachineSpec {
            id: MachineId(1),
            name: built.hostname.clone(),
            world_seed: 1,
            epoch: Timestamp { secs: 1_767_225_600, nanos: 0 },
            variant: variant.to_owned(),
            image: built.image.clone(),
            hardware,
            interfaces: Vec::new(),
            files,
        };
        let mut registry = Registry::default();
        registry.add_all(programs::ALL);
        let machine = Machine::new(spec, Tick::ZERO);
        Ok(Self { machine, registry, now: Tick::ZERO, went_down: None, outbox: Outbox::default() })
    }

    /// Turns the power on and runs until everything has started.
    pub fn boot(&mut self) -> Result<(), Failure> {
        self.machine.power_on(self.now);
        while let Some(due) = self.due()
            && due <= Tick::ZERO + BOOT_MAX
        {
            self.step(due);
        }
        if self.machine.power() == PowerState::Running {
            return Ok(());
        }
        let screen = self.machine.screen(TtyId::CONSOLE).unwrap_or_default();
        let last = screen.lines.iter().rev().find(|line| !line.is_empty());
        let last = last.map_or("nothing", String::as_str);
        Err(Failure::new(format_args!(
            "a machine of variant {} does not boot; its console says: {last}",
            self.machine.variant()
        )))
    }

    /// The next tick with something to do.
    pub fn due(&self) -> Option<Tick> {
        let next = self.now + Ticks(1);
        self.machine.due().map(|due| due.max(next))
    }

    /// Does what is due in a tick. Frames go nowhere: nothing is plugged in.
    pub fn step(&mut self, now: Tick) {
        self.now = now;
        let ran = self.machine.power() == PowerState::Running;
        self.machine.step(&self.registry, now, &mut self.outbox);
        self.went_down = match self.machine.power() {
            PowerState::Off if ran => Some("switched off"),
            PowerState::Halted if ran => Some("halted"),
            PowerState::Firmware | PowerState::Kernel if ran => Some("restarted"),
            _ => self.went_down,
        };
        self.outbox.frames.clear();
        for notice in self.outbox.notices.drain(..) {
            if let hostscape::kernel::Notice::Crashed { pid, program, message } = notice {
                let program = program.as_bytes().as_bstr().to_string();
                eprintln!("hostscape: {program} (process {pid}) has a bug: {message}");
            }
        }
    }
}
