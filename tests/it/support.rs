//! What the tests share: running one command on a machine of its own, and worlds
//! whose machines are called by name.

use std::io::Write as _;
use std::time::Duration;

use hostscape::base::strings::Strings;
use hostscape::base::{MachineId, Ticks};
use hostscape::kernel::{ExecSpec, MachineInput, PowerState, TtyId, WaitStatus};
use hostscape::variant::Catalogue;
use hostscape::world::file;
use hostscape::world::input::Input;
use hostscape::world::links::Port;
use hostscape::{ExecHandle, Sim, Spawn};

/// What a shell would have in its environment.
const ENVIRONMENT: &[(&str, &str)] =
    &[("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root")];
/// A desktop whose disk is full before a test runs out of patience.
const SMALL: &str = r#"(extends: "desktop", hardware: (disk: "24 MiB", memory: "64 MiB"))"#;
/// How long a boot may take.
const BOOT_MAX: Ticks = Ticks(20_000);

/// Says something that is seen even when the test passes.
pub fn announce(text: &str) {
    // Not `eprintln!`, which the test harness keeps to itself.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What came out of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit status as a shell tells it; nothing when it did not end in time.
    pub status: Option<i32>,
}

/// A command to be run on a desktop of its own.
pub struct Command<'a> {
    args: &'a [&'a str],
    files: Vec<(&'a str, &'a [u8])>,
    stdin: &'a [u8],
    cwd: &'a str,
    ticks: u64,
}

impl<'a> Command<'a> {
    /// A command with its arguments.
    pub fn new(args: &'a [&'a str]) -> Self {
        Self { args, files: Vec::new(), stdin: b"", cwd: "/tmp", ticks: 60_000 }
    }

    /// A file that is there before it starts.
    pub fn file(mut self, path: &'a str, bytes: &'a [u8]) -> Self {
        self.files.push((path, bytes));
        self
    }

    /// What it reads.
    pub fn stdin(mut self, stdin: &'a [u8]) -> Self {
        self.stdin = stdin;
        self
    }

    /// Where it is started.
    pub fn cwd(mut self, cwd: &'a str) -> Self {
        self.cwd = cwd;
        self
    }

    /// How long it may take.
    pub fn ticks(mut self, ticks: u64) -> Self {
        self.ticks = ticks;
        self
    }

    /// Boots the machine and runs the command to its end.
    pub fn run(&self) -> Ran {
        let mut lab = Lab::single();
        let machine = lab.machine("box").unwrap();
        for (path, bytes) in &self.files {
            lab.sim.write_file(machine, path, 0o644, bytes).unwrap();
        }
        lab.run_with("box", self.args, self.stdin, self.cwd, self.ticks)
    }
}

/// A world whose machines are called by name.
pub struct Lab {
    /// The world.
    pub sim: Sim,
}

impl Lab {
    /// One running desktop, `box`.
    pub fn single() -> Self {
        let mut lab = Self::empty();
        lab.add("box");
        lab.boot();
        lab
    }

    /// Two running desktops without a link, `attacker` and `neighbour`.
    pub fn pair() -> Self {
        let mut lab = Self::empty();
        lab.add("attacker");
        lab.add("neighbour");
        lab.boot();
        lab
    }

    fn empty() -> Self {
        let mut sim = Sim::new(1);
        let files = [("variant.ron".to_owned(), SMALL.to_owned().into())].into();
        sim.variants_mut().add("small", "small", files);
        Self { sim }
    }

    /// The machine of a name.
    pub fn machine(&self, name: &str) -> Result<MachineId, String> {
        self.sim.find(name).ok_or_else(|| {
            let names: Vec<String> = self.sim.machines().map(|m| m.name().to_owned()).collect();
            format!("there is no machine `{name}`; there are {}", names.join(", "))
        })
    }

    fn boot(&mut self) {
        let end = self.sim.now() + BOOT_MAX;
        while self.sim.machines().any(|machine| machine.power() != PowerState::Running) {
            assert!(self.sim.now() < end, "a machine does not boot");
            self.advance(Ticks(1));
        }
        // Init has started; let it come to rest.
        self.advance(Ticks(1000));
    }

    /// Lets time pass.
    pub fn advance(&mut self, span: Ticks) {
        self.sim.advance(span);
    }

    /// Starts a command that is never asked how it ended.
    pub fn start(&mut self, name: &str, args: &[&str], cwd: &str) -> ExecHandle {
        let machine = self.machine(name).unwrap();
        let mut env = Strings::new();
        for (name, value) in ENVIRONMENT {
            env.set_value(name, value);
        }
        let args: Strings = args.iter().collect();
        let spec = ExecSpec { args, env, cwd: cwd.into(), ..ExecSpec::default() };
        self.sim.exec(machine, &spec).unwrap()
    }

    /// Runs a command to its end, or for so many ticks.
    pub fn run(&mut self, name: &str, args: &[&str], ticks: u64) -> Ran {
        self.run_with(name, args, b"", "/tmp", ticks)
    }

    fn run_with(&mut self, name: &str, args: &[&str], stdin: &[u8], cwd: &str, ticks: u64) -> Ran {
        let command = self.start(name, args, cwd);
        let end = self.sim.now() + Ticks(ticks);
        let mut ran = Ran::default();
        let mut written = 0;
        let mut ended = (false, false);
        while !(ended.0 && ended.1 && ran.status.is_some()) && self.sim.now() < end {
            if written < stdin.len() {
                // An error means that nobody reads; then there is no more to say.
                let taken = self.sim.exec_write(&command, &stdin[written..]);
                written += taken.unwrap_or(stdin.len() - written);
            }
            if written == stdin.len() {
                self.sim.exec_close(&command);
            }
            let next = self.sim.next_due().unwrap_or(end).max(self.sim.now() + Ticks(1));
            self.sim.run_until(next.min(end));
            if !ended.0 {
                ended.0 = self.sim.exec_stdout(&command, &mut ran.stdout, usize::MAX).unwrap();
            }
            if !ended.1 {
                ended.1 = self.sim.exec_stderr(&command, &mut ran.stderr, usize::MAX).unwrap();
            }
            if ran.status.is_none() {
                ran.status = self.sim.exec_status(&command).map(status);
            }
        }
        ran
    }

    /// Runs so many ticks, one by one; returns the most computing that one of them took.
    pub fn advance_measured(&mut self, ticks: u64) -> Duration {
        let mut longest = Duration::ZERO;
        for _ in 0..ticks {
            let start = computed();
            self.sim.tick();
            longest = longest.max(computed().saturating_sub(start));
        }
        longest
    }

    /// Whether a command that was started is still there.
    pub fn runs(&mut self, command: &ExecHandle) -> bool {
        self.sim.exec_status(command).is_none()
    }

    fn add(&mut self, name: &str) {
        self.sim.spawn(Spawn::new(name, "small")).unwrap();
    }
}

/// How long this thread has computed. The time on the wall says nothing of the work, since
/// other programs may have the processor; where only that is known, nothing is measured.
fn computed() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// The status as a shell tells it.
fn status(status: WaitStatus) -> i32 {
    i32::from(status.shell_status())
}

/// What sessions do.
impl Lab {
    /// A world by the name of a bundled one, or by a path in the repository.
    pub fn world(name: &str) -> Result<Self, String> {
        let text = match name {
            "demo" => file::DEMO.to_owned(),
            path => std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        };
        let variants = Catalogue::bundled();
        let (world, _) = file::read(name, text, &variants).map_err(|findings| {
            findings.iter().map(|finding| format!("{finding}\n")).collect::<String>()
        })?;
        let sim = Sim::from_world(&world, variants).map_err(|error| error.to_string())?;
        Ok(Self { sim })
    }

    /// Types on a terminal.
    pub fn keys(&mut self, name: &str, tty: u32, bytes: &[u8]) -> Result<(), String> {
        let machine = self.machine(name)?;
        let keys = MachineInput::Keys { tty: TtyId(tty), bytes: bytes.to_vec() };
        self.sim.input(Input::Machine(machine, keys)).map_err(|error| error.to_string())
    }

    /// Pulls or plugs a machine's power.
    pub fn power(&mut self, name: &str, on: bool) -> Result<(), String> {
        let machine = self.machine(name)?;
        let input = if on { MachineInput::PowerOn } else { MachineInput::PowerOff };
        self.sim.input(Input::Machine(machine, input)).map_err(|error| error.to_string())
    }

    /// Pulls or plugs what joins two machines directly.
    pub fn link(&mut self, one: &str, other: &str, up: bool) -> Result<(), String> {
        let ends = [self.machine(one)?, self.machine(other)?];
        let joins = |ports: &[Port]| ends.iter().all(|end| ports.iter().any(|p| p.machine == *end));
        let link = self.sim.links().find(|link| joins(link.ports())).map(|link| link.id());
        let link = link.ok_or_else(|| format!("nothing joins {one} and {other}"))?;
        self.sim.input(Input::LinkUp(link, up)).map_err(|error| error.to_string())
    }

    /// Saves, forgets the world and loads it, through both forms.
    pub fn reload(&mut self) -> Result<(), String> {
        let digest = self.sim.digest();
        for compact in [false, true] {
            let savegame = if compact { self.sim.save_compact() } else { self.sim.save() };
            self.sim = Sim::load(&savegame).map_err(|error| error.to_string())?;
        }
        if self.sim.digest() == digest {
            Ok(())
        } else {
            Err("the loaded world differs".to_owned())
        }
    }

    /// The row of a screen's cursor.
    pub fn cursor(&self, name: &str, tty: u32) -> Result<usize, String> {
        let screen = self.sim.screen(self.machine(name)?, TtyId(tty));
        screen
            .map(|screen| usize::from(screen.cursor.row))
            .ok_or_else(|| format!("{name} has no tty{tty}"))
    }

    /// The lines of a screen down to the last that is not empty.
    pub fn screen(&self, name: &str, tty: u32) -> Result<Vec<String>, String> {
        let machine = self.machine(name)?;
        let screen = self
            .sim
            .screen(machine, TtyId(tty))
            .ok_or_else(|| format!("{name} has no tty{tty}"))?;
        let mut lines = screen.lines;
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        Ok(lines)
    }
}
