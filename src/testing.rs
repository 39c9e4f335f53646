//! Helpers for tests: [`run`] and [`Guest`] run a program on a bare machine, meanly.
//!
//! Mean is: standard input comes a byte at a time, standard output and error have room for three
//! bytes, fuel lasts for one call, and the machine is saved and loaded after every step,
//! alternately through both forms. A program that passes here blocks and saves everywhere
//! correctly. After each run nothing may be left: no process, open file, pipe or socket.

#![expect(clippy::disallowed_types, reason = "a base image is immutable content behind an Arc")]

use std::sync::Arc;

use bstr::ByteSlice;
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Errno, Gid, MachineId, Tick, Ticks, Timestamp, Uid};
use crate::fs::{Image, ImageBuilder, InodeKind};
use crate::kernel::program::{Main, Program, Registry, Step, Stop, Sys};
use crate::kernel::{
    ExecSpec, Execution, Hardware, Machine, MachineSpec, Outbox, PowerState, SpecFile, TtyId, Wait,
    WaitFlags, WaitKey, WaitStatus, WaitTarget,
};
use crate::net::Mac;

/// Runs a command line on a machine of its own and shows what it said; see [`Guest::run`].
pub fn run(line: &str, stdin: &str) -> String {
    Guest::new().run(line, stdin)
}

/// Takes the place of init: reaps for ever.
#[derive(Clone, Serialize, Deserialize)]
struct Reaper;

impl Main for Reaper {
    fn start(_: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self)
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        match sys.os().wait(WaitTarget::Any, WaitFlags::default()) {
            Ok(_) => Ok(Step::Again),
            // Orphans may come later.
            Err(Stop::Fail(Errno::ECHILD)) => {
                Err(Stop::Block(Wait::on(WaitKey::Child(sys.os().pid()))))
            }
            Err(stop) => Err(stop),
        }
    }
}

/// A bare machine with every program and hardly any file.
pub struct Guest {
    machine: Machine,
    registry: Registry,
    image: Arc<Image>,
    now: Tick,
    user: u32,
    steps: u64,
    mean: bool,
}

impl Default for Guest {
    fn default() -> Self {
        Self::new()
    }
}

/// Ticks after which a command counts as hung: three hours.
const PATIENCE: Ticks = Ticks::from_secs(10_000);

impl Guest {
    /// A machine that has booted, at 2023-11-14 22:13:20 UTC and a bit.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// As [`Guest::new`], with further programs in `/bin`.
    pub fn with(programs: &[Program]) -> Self {
        let mut guest = Self::build(programs, "test-init", &[]);
        while guest.machine.power() != PowerState::Running || guest.machine.due().is_some() {
            guest.step();
        }
        guest.be_mean();
        guest
    }

    /// A machine that is being started by the real init, with these files over the image.
    pub fn booting(files: &[(&str, &str)]) -> Self {
        let mut guest = Self::build(&[], "init", files);
        guest.be_mean();
        guest
    }

    fn build(programs: &[Program], init: &str, files: &[(&str, &str)]) -> Self {
        let mut registry = Registry::new();
        registry.add_all(crate::programs::ALL);
        registry.add_all(programs);
        registry.add(Program::new::<Reaper>("test-init", ""));
        let image = image(&registry, init);
        let spec = MachineSpec {
            id: MachineId(1),
            name: "guest".into(),
            world_seed: 1,
            epoch: Timestamp { secs: 1_700_000_000, nanos: 0 },
            variant: "test".into(),
            image: image.clone(),
            hardware: Hardware { fuel_per_tick: 10_000, ..Hardware::default() },
            interfaces: vec![Mac([0x52, 0x54, 0, 0, 0, 1])],
            files: files
                .iter()
                .map(|(path, text)| SpecFile {
                    path: (*path).into(),
                    mode: 0o644,
                    uid: Uid::ROOT,
                    gid: Gid::ROOT,
                    bytes: text.as_bytes().to_vec(),
                })
                .collect(),
        };
        let mut machine = Machine::new(spec, Tick::ZERO);
        machine.power_on(Tick::ZERO);
        Self { machine, registry, image, now: Tick::ZERO, user: 0, steps: 0, mean: false }
    }

    /// From here on a process gets hardly more than one call at a time, and is saved after it.
    fn be_mean(&mut self) {
        self.machine.hardware.fuel_per_tick = 1;
        self.mean = true;
    }

    /// The machine, to look at.
    pub fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// Writes a file; its directory must be there.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn file(&mut self, path: &str, content: impl AsRef<[u8]>) -> &mut Self {
        self.machine
            .write_file(path.as_bytes(), 0o644, content.as_ref())
            .expect("a test's files can be written");
        self
    }

    /// Types on the first terminal, then lets time pass until the screen stays as it is for a
    /// simulated minute, and shows it without what is empty.
    pub fn type_keys(&mut self, keys: &str) -> String {
        self.machine.type_keys(TtyId(1), keys.as_bytes());
        let end = self.now + Ticks::from_secs(60);
        while let Some(due) = self.machine.due()
            && due <= end
        {
            self.step();
        }
        self.now = end;
        let lines = self.machine.screen(TtyId(1)).map(|screen| screen.lines).unwrap_or_default();
        let lines = lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty());
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// Later commands run as this user and group.
    pub fn user(&mut self, id: u32) -> &mut Self {
        self.user = id;
        self
    }

    /// Runs a command line, split at spaces and single quotes, and shows its standard output,
    /// then `[stderr]` and its standard error if there is any, then `[exit N]` or `[signal NAME]`.
    ///
    /// # Panics
    ///
    /// If the command hangs, leaves something behind, or a save does not load.
    pub fn run(&mut self, line: &str, stdin: &str) -> String {
        self.run_bytes(line, stdin.as_bytes())
    }

    /// As [`Guest::run`], with any bytes as standard input.
    ///
    /// # Panics
    ///
    /// As [`Guest::run`].
    pub fn run_bytes(&mut self, line: &str, stdin: &[u8]) -> String {
        let before = self.possessions();
        let spec = ExecSpec {
            args: words(line).into_iter().collect(),
            env: ["PATH=/bin:/sbin", "HOME=/root"].into_iter().collect(),
            uid: Uid(self.user),
            gid: Gid(self.user),
            ..ExecSpec::default()
        };
        let execution = match self.machine.exec_command(&self.registry, &spec) {
            Ok(execution) => execution,
            Err(errno) => return format!("[exec: {errno}]\n"),
        };
        let [output, error] = self.talk(execution, stdin);
        let status = self.machine.take_exit(execution.pid);
        while self.possessions() != before && self.machine.due().is_some() {
            self.step();
        }
        assert_eq!(self.possessions(), before, "`{line}` left something behind");
        let mut shown = output.to_str_lossy().into_owned();
        end_line(&mut shown);
        if !error.is_empty() {
            shown.push_str("[stderr]\n");
            shown.push_str(&error.to_str_lossy());
            end_line(&mut shown);
        }
        match status {
            Some(WaitStatus::Exited(status)) => shown.push_str(&format!("[exit {status}]\n")),
            Some(WaitStatus::Signaled(signal)) => {
                shown.push_str(&format!("[signal {}]\n", signal.name()));
            }
            status => shown.push_str(&format!("[{status:?}]\n")),
        }
        shown
    }

    /// Feeds a command and collects what it writes until it is done.
    fn talk(&mut self, execution: Execution, stdin: &[u8]) -> [Vec<u8>; 2] {
        let [input, output, error] = execution.streams.expect("the command was given streams");
        for stream in [output, error] {
            self.machine.stream_resize(stream, 3);
        }
        let begun = self.now;
        let mut rest = stdin;
        let mut written = [Vec::new(), Vec::new()];
        if rest.is_empty() {
            self.machine.stream_close(input);
        }
        let mut open = [true, true];
        while open != [false, false] {
            assert!(self.now - begun < PATIENCE, "the command hangs");
            match self.machine.due() {
                Some(_) => self.step(),
                None => self.now += Ticks(1),
            }
            if let [first, later @ ..] = rest {
                // A program may end without having read everything.
                let fed = self.machine.stream_write(input, core::slice::from_ref(first));
                rest = if fed == Ok(1) || fed.is_err() { later } else { rest };
                if rest.is_empty() {
                    self.machine.stream_close(input);
                }
            }
            for (index, stream) in [output, error].into_iter().enumerate() {
                if open[index] {
                    let ended = self.machine.stream_read(stream, &mut written[index], 3);
                    open[index] = ended != Ok(true);
                }
            }
        }
        while self.machine.processes().any(|process| process.pid == execution.pid)
            && self.machine.due().is_some()
        {
            self.step();
        }
        for stream in [input, output, error] {
            self.machine.stream_close(stream);
        }
        written
    }

    fn step(&mut self) {
        self.now = self.machine.due().unwrap_or(self.now).max(self.now + Ticks(1));
        let mut outbox = Outbox::default();
        self.machine.step(&self.registry, self.now, &mut outbox);
        self.steps += 1;
        if self.mean {
            self.save_and_load();
        }
    }

    fn save_and_load(&mut self) {
        let mut loaded: Machine = if self.steps.is_multiple_of(8) {
            let text = ron::to_string(&self.machine).expect("a machine can be written");
            ron::from_str(&text).expect("what was written can be read")
        } else {
            let bytes = postcard::to_allocvec(&self.machine).expect("a machine can be written");
            postcard::from_bytes(&bytes).expect("what was written can be read")
        };
        let image = self.image.clone();
        let find = |digest| (digest == image.digest()).then(|| image.clone());
        loaded.relink(&self.registry, &find).expect("a saved machine is whole");
        self.machine = loaded;
    }

    /// How many processes, open files (sockets among them) and pipes there are.
    fn possessions(&self) -> [usize; 3] {
        [
            self.machine.processes().count(),
            self.machine.files.iter().count(),
            self.machine.pipes.iter().count(),
        ]
    }
}

fn image(registry: &Registry, init: &str) -> Arc<Image> {
    let mut builder = ImageBuilder::new();
    let (root, group) = (Uid::ROOT, Gid::ROOT);
    fn add(result: Result<&mut ImageBuilder, Errno>) {
        result.expect("the image's paths are well formed");
    }
    for (path, mode) in [
        ("/proc", 0o555),
        ("/run", 0o755),
        ("/root", 0o700),
        ("/etc", 0o755),
        ("/home/alice", 0o755),
        ("/tmp", 0o1777),
    ] {
        add(builder.dir(path, mode, root, group));
    }
    for (path, content) in [
        (
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n",
        ),
        ("/etc/shadow", "root::19000::::::\nalice::19000::::::\n"),
        ("/etc/group", "root:x:0:\ntty:x:5:alice\nalice:x:1000:\n"),
        ("/etc/hosts", "127.0.0.1\tlocalhost\n"),
    ] {
        add(builder.file(path, 0o644, root, group, content.as_bytes()));
    }
    for program in registry.iter() {
        let path = format!("/bin/{}", program.name);
        add(builder.program(&path, 0o755, root, group, program.name));
    }
    add(builder.program("/sbin/init", 0o755, root, group, init));
    for (path, minor) in [("/dev/null", 3), ("/dev/zero", 5), ("/dev/full", 7)] {
        let kind = InodeKind::CharDevice { major: 1, minor };
        add(builder.device(path, 0o666, root, group, kind));
    }
    for (path, major, minor) in [("/dev/console", 5, 1), ("/dev/tty", 5, 0), ("/dev/tty1", 4, 1)] {
        let kind = InodeKind::CharDevice { major, minor };
        add(builder.device(path, 0o600, root, group, kind));
    }
    builder.build()
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Words of a command line; single quotes hold a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
