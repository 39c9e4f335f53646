//! The kernel with programs made for the purpose: what calls promise, through `Sys` alone.

#![expect(clippy::disallowed_types, reason = "the image of a test machine is shared as any other")]

use serde::{Deserialize, Serialize};

use super::*;
use crate::base::strings::Strings;
use crate::base::{Errno, Fd, Gid, MachineId, Pid, Tick, Ticks, Timestamp, Uid};
use crate::fs::{ImageBuilder, OpenFlags};

/// Reaps for ever, as init does.
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

/// Copies standard input to standard output.
#[derive(Clone, Serialize, Deserialize)]
struct Copy(Vec<u8>);

impl Main for Copy {
    fn start(_: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self(Vec::new()))
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        while !self.0.is_empty() {
            let written = sys.io().write(Fd::STDOUT, &self.0)?;
            self.0.drain(..written);
        }
        match sys.io().read(Fd::STDIN, &mut self.0, 65_536)? {
            0 => Ok(Step::Exit(0)),
            _ => Ok(Step::Again),
        }
    }
}

/// Runs `copy` between two pipes and writes what comes out, then its status.
#[derive(Clone, Serialize, Deserialize)]
struct Through {
    child: Pid,
    to: Option<Fd>,
    from: Fd,
    text: Vec<u8>,
    got: Vec<u8>,
    ended: bool,
}

impl Main for Through {
    fn start(args: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop> {
        let (child_in, to) = sys.io().pipe()?;
        let (from, child_out) = sys.io().pipe()?;
        let spec = SpawnSpec {
            path: "/bin/copy".into(),
            args: ["copy"].into_iter().collect(),
            fds: vec![(Fd::STDIN, child_in), (Fd::STDOUT, child_out)],
            close: vec![child_in, to, from, child_out],
            ..SpawnSpec::default()
        };
        let child = sys.os().spawn(&spec)?;
        sys.io().close(child_in)?;
        sys.io().close(child_out)?;
        let text = args.get(1).map(|text| text.to_vec()).unwrap_or_default();
        Ok(Self { child, to: Some(to), from, text, got: Vec::new(), ended: false })
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        if let Some(to) = self.to {
            if self.text.is_empty() {
                sys.io().close(to)?;
                self.to = None;
                return Ok(Step::Again);
            }
            let written = sys.io().write(to, &self.text)?;
            self.text.drain(..written);
            return Ok(Step::Again);
        }
        if !self.ended {
            self.ended = sys.io().read(self.from, &mut self.got, 3)? == 0;
            return Ok(Step::Again);
        }
        if !self.got.is_empty() {
            let written = sys.io().write(Fd::STDOUT, &self.got)?;
            self.got.drain(..written);
            return Ok(Step::Again);
        }
        let report = sys.os().wait(WaitTarget::Pid(self.child), WaitFlags::default())?;
        Ok(Step::Exit(report.map_or(99, |(_, status)| status.shell_status())))
    }
}

/// Forks: the child sleeps and exits 7, the parent waits for it.
#[derive(Clone, Serialize, Deserialize)]
enum Forks {
    Begin,
    Parent(Pid),
    Child(Tick),
}

impl Main for Forks {
    fn start(_: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self::Begin)
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        match self {
            Self::Begin => {
                let until = sys.os().now() + Ticks(50);
                *self = Self::Parent(sys.os().fork(Self::Child(until))?);
                Ok(Step::Again)
            }
            Self::Child(until) => {
                sys.os().sleep_until(*until)?;
                Ok(Step::Exit(7))
            }
            Self::Parent(child) => {
                let report = sys.os().wait(WaitTarget::Pid(*child), WaitFlags::default())?;
                Ok(Step::Exit(report.map_or(99, |(_, status)| status.shell_status())))
            }
        }
    }
}

/// Does what its argument says.
#[derive(Clone, Serialize, Deserialize)]
struct Probe(String);

impl Main for Probe {
    fn start(args: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self(args.get(1).map(ToString::to_string).unwrap_or_default()))
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        match self.0.as_str() {
            "panic" => panic!("a bug in the program"),
            "term" => {
                let pid = sys.os().pid();
                sys.os().kill(KillTarget::Pid(pid), Some(Signal::TERM))?;
                Ok(Step::Again)
            }
            "catch" => {
                if sys.os().take_signal() == Some(Signal::TERM) {
                    return Ok(Step::Exit(15));
                }
                sys.os().set_action(Signal::TERM, Action::Catch)?;
                Err(sys.os().pause())
            }
            "spin" => {
                sys.os().burn(5000);
                Ok(Step::Again)
            }
            "bomb" => match sys.os().fork(self.clone()) {
                Ok(_) => Ok(Step::Again),
                Err(Errno::EAGAIN) => Err(sys.os().pause()),
                Err(errno) => Err(errno.into()),
            },
            "exec" => {
                let args = ["copy"].into_iter().collect();
                sys.os().exec("/bin/copy", &args, &Strings::new())?;
                Ok(Step::Again)
            }
            "badfd" => {
                sys.io().write(Fd(9), b"x")?;
                Ok(Step::Again)
            }
            "uid" => {
                let who = sys.os().credentials()?.euid().0;
                Ok(Step::Exit(u8::try_from(who).unwrap_or(255)))
            }
            "fds" => {
                let file = sys.fs().open("/tmp/f", OpenFlags::RDWR | OpenFlags::CREAT, 0o644)?;
                let other = sys.io().dup(file)?;
                sys.io().write(file, b"hello")?;
                let mut text = Vec::new();
                sys.io().seek(other, sys::SeekFrom::Start(1))?;
                sys.io().read(file, &mut text, 10)?;
                sys.fs().unlink("/tmp/f")?;
                let size = sys.fs().fstat(other)?.size;
                Ok(Step::Exit(u8::from(text == b"ello" && size == 5)))
            }
            _ => Ok(Step::Exit(0)),
        }
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add_all(&[
        Program::new::<Reaper>("reaper", ""),
        Program::new::<Copy>("copy", ""),
        Program::new::<Through>("through", ""),
        Program::new::<Forks>("forks", ""),
        Program::new::<Probe>("probe", ""),
    ]);
    registry
}

fn image() -> std::sync::Arc<crate::fs::Image> {
    let (uid, gid) = (Uid::ROOT, Gid::ROOT);
    let mut image = ImageBuilder::new();
    image.program("/sbin/init", 0o755, uid, gid, "reaper").unwrap();
    for name in ["copy", "through", "forks", "probe"] {
        image.program(format!("/bin/{name}"), 0o755, uid, gid, name).unwrap();
    }
    image.program("/bin/setuid", 0o4755, Uid(42), gid, "probe").unwrap();
    image.program("/bin/private", 0o700, uid, gid, "probe").unwrap();
    image.file("/bin/script", 0o755, uid, gid, b"#!/bin/probe uid\n").unwrap();
    image.file("/bin/noexec", 0o644, uid, gid, b"#!/bin/probe uid\n").unwrap();
    image.file("/bin/loop", 0o755, uid, gid, b"#!/bin/loop\n").unwrap();
    image.dir("/proc", 0o555, uid, gid).unwrap();
    image.dir("/run", 0o755, uid, gid).unwrap();
    image.dir("/tmp", 0o1777, uid, gid).unwrap();
    image.build()
}

fn spec() -> MachineSpec {
    MachineSpec {
        id: MachineId(1),
        name: "m".into(),
        world_seed: 1,
        epoch: Timestamp { secs: 1_700_000_000, nanos: 0 },
        variant: "test".into(),
        image: image(),
        hardware: Hardware { processes_max: 64, ..Hardware::default() },
        interfaces: Vec::new(),
        files: Vec::new(),
    }
}

struct Bench {
    machine: Machine,
    registry: Registry,
    now: Tick,
    notices: Vec<Notice>,
    /// Save and load after every tick.
    mean: bool,
}

impl Bench {
    fn boot() -> Self {
        let mut machine = Machine::new(spec(), Tick::ZERO);
        machine.power_on(Tick::ZERO);
        let (now, notices) = (Tick::ZERO, Vec::new());
        let mut bench = Self { machine, registry: registry(), now, notices, mean: false };
        bench.run(2000);
        assert_eq!(bench.machine.power(), PowerState::Running);
        bench
    }

    /// Steps while something is due within `ticks`.
    fn run(&mut self, ticks: u64) {
        let end = self.now + Ticks(ticks);
        while let Some(due) = self.machine.due() {
            self.now = due.max(self.now + Ticks(1));
            if self.now > end {
                break;
            }
            let mut outbox = Outbox::default();
            self.machine.step(&self.registry, self.now, &mut outbox);
            self.notices.append(&mut outbox.notices);
            if self.mean {
                self.save_and_load();
            }
        }
        self.now = end;
    }

    fn save_and_load(&mut self) {
        let digest = self.machine.digest();
        let bytes = postcard::to_allocvec(&self.machine).unwrap();
        let text = ron::to_string(&self.machine).unwrap();
        let mut compact: Machine = postcard::from_bytes(&bytes).unwrap();
        let mut readable: Machine = ron::from_str(&text).unwrap();
        let image = image();
        for machine in [&mut compact, &mut readable] {
            let find = |digest| (digest == image.digest()).then(|| image.clone());
            machine.relink(&self.registry, &find).unwrap();
            assert_eq!(machine.digest(), digest);
        }
        self.machine = compact;
    }

    fn exec(&mut self, args: &[&str], uid: u32) -> Result<Execution, Errno> {
        let spec = ExecSpec {
            args: args.iter().collect(),
            env: ["PATH=/bin"].into_iter().collect(),
            uid: Uid(uid),
            gid: Gid(uid),
            ..ExecSpec::default()
        };
        self.machine.exec_command(&self.registry, &spec)
    }

    fn status(&mut self, args: &[&str]) -> Option<WaitStatus> {
        let execution = self.exec(args, 0).unwrap();
        self.machine.stream_close(execution.streams.unwrap()[0]);
        self.run(1000);
        self.machine.take_exit(execution.pid)
    }

    fn output(&mut self, args: &[&str], stdin: &[u8]) -> (Vec<u8>, Option<WaitStatus>) {
        let execution = self.exec(args, 0).unwrap();
        let [stdin_stream, stdout, _] = execution.streams.unwrap();
        assert_eq!(self.machine.stream_write(stdin_stream, stdin), Ok(stdin.len()));
        self.machine.stream_close(stdin_stream);
        self.run(1000);
        let mut text = Vec::new();
        self.machine.stream_read(stdout, &mut text, usize::MAX).unwrap();
        (text, self.machine.take_exit(execution.pid))
    }

    /// Nothing is left but init once every command has ended.
    fn assert_no_leak(&self) {
        assert_eq!(self.machine.processes().count(), 1);
        assert_eq!(self.machine.files.iter().count(), 3);
    }
}

#[test]
fn a_command_between_pipes_gets_and_gives_every_byte() {
    let mut bench = Bench::boot();
    let (text, status) = bench.output(&["through", "some text"], b"");
    assert_eq!(text, b"some text");
    assert_eq!(status, Some(WaitStatus::Exited(0)));
    bench.assert_no_leak();
}

#[test]
fn saving_and_loading_after_every_tick_changes_nothing() {
    let mut bench = Bench::boot();
    bench.mean = true;
    let (text, status) = bench.output(&["through", "some text"], b"");
    assert_eq!(text, b"some text");
    assert_eq!(status, Some(WaitStatus::Exited(0)));
    assert_eq!(bench.status(&["forks"]), Some(WaitStatus::Exited(7)));
}

#[test]
fn a_parent_learns_its_childs_status() {
    let mut bench = Bench::boot();
    assert_eq!(bench.status(&["forks"]), Some(WaitStatus::Exited(7)));
    bench.assert_no_leak();
}

#[test]
fn exec_keeps_descriptors_and_replaces_the_program() {
    let mut bench = Bench::boot();
    let (text, status) = bench.output(&["probe", "exec"], b"through exec");
    assert_eq!((text.as_slice(), status), (&b"through exec"[..], Some(WaitStatus::Exited(0))));
}

#[test]
fn signals_end_processes_unless_caught() {
    let mut bench = Bench::boot();
    assert_eq!(bench.status(&["probe", "term"]), Some(WaitStatus::Signaled(Signal::TERM)));
    let execution = bench.exec(&["probe", "catch"], 0).unwrap();
    bench.run(10);
    bench.machine.raise(execution.pid, Signal::TERM);
    bench.run(10);
    assert_eq!(bench.machine.take_exit(execution.pid), Some(WaitStatus::Exited(15)));
    bench.assert_no_leak();
}

#[test]
fn a_panic_ends_its_process_alone() {
    let mut bench = Bench::boot();
    assert_eq!(bench.status(&["probe", "panic"]), Some(WaitStatus::Signaled(Signal::ABRT)));
    assert!(bench.notices.iter().any(|notice| matches!(notice, Notice::Crashed { .. })));
    assert_eq!(bench.status(&["probe"]), Some(WaitStatus::Exited(0)));
}

#[test]
fn failures_that_nobody_handles_end_with_status_one_and_a_message() {
    let mut bench = Bench::boot();
    let execution = bench.exec(&["probe", "badfd"], 0).unwrap();
    bench.run(100);
    let mut text = Vec::new();
    bench.machine.stream_read(execution.streams.unwrap()[2], &mut text, 100).unwrap();
    assert_eq!(text, b"probe: Bad file descriptor\n");
    assert_eq!(bench.machine.take_exit(execution.pid), Some(WaitStatus::Exited(1)));
}

#[test]
fn exec_checks_permission_kind_and_interpreter() {
    let mut bench = Bench::boot();
    assert_eq!(bench.exec(&["nothing"], 0), Err(Errno::ENOENT));
    assert_eq!(bench.exec(&["private"], 5), Err(Errno::EACCES));
    assert_eq!(bench.exec(&["noexec"], 0), Err(Errno::EACCES));
    assert_eq!(bench.exec(&["/bin"], 0), Err(Errno::EACCES));
    assert_eq!(bench.exec(&["loop"], 0), Err(Errno::ELOOP));
    assert_eq!(bench.status(&["script"]), Some(WaitStatus::Exited(0)));
    let execution = bench.exec(&["setuid", "uid"], 5).unwrap();
    bench.run(10);
    assert_eq!(bench.machine.take_exit(execution.pid), Some(WaitStatus::Exited(42)));
    bench.assert_no_leak();
}

#[test]
fn duplicated_descriptors_share_an_offset_and_outlive_the_name() {
    let mut bench = Bench::boot();
    assert_eq!(bench.status(&["probe", "fds"]), Some(WaitStatus::Exited(1)));
    bench.assert_no_leak();
}

#[test]
fn a_busy_process_spends_no_more_than_the_fuel_and_others_run_beside_it() {
    let mut bench = Bench::boot();
    bench.exec(&["probe", "spin"], 0).unwrap();
    bench.run(100);
    let spent = bench.machine.processes().last().unwrap().fuel_used;
    let allowed = 100 * u64::from(bench.machine.hardware().fuel_per_tick);
    assert!(spent > allowed / 2 && spent <= allowed + 20_000, "{spent} of {allowed}");
    assert_eq!(bench.status(&["forks"]), Some(WaitStatus::Exited(7)));
}

#[test]
fn a_fork_bomb_stops_at_the_process_limit_and_leaves_root_some() {
    let mut bench = Bench::boot();
    bench.exec(&["probe", "bomb"], 5).unwrap();
    bench.run(100);
    let count = bench.machine.processes().count();
    assert!((50..64).contains(&count), "{count}");
    assert_eq!(bench.status(&["probe"]), Some(WaitStatus::Exited(0)));
}

#[test]
fn power_comes_and_goes() {
    let mut bench = Bench::boot();
    bench.exec(&["probe", "catch"], 0).unwrap();
    bench.run(10);
    bench.machine.power_off();
    assert_eq!(bench.machine.power(), PowerState::Off);
    assert_eq!(bench.machine.processes().count(), 0);
    // Its embedder has yet to be told.
    bench.run(1);
    assert_eq!(bench.machine.due(), None);
    bench.machine.power_on(bench.now);
    bench.run(2000);
    assert_eq!(bench.machine.power(), PowerState::Running);
    bench.assert_no_leak();
}

#[test]
fn an_idle_machine_is_never_due() {
    let bench = Bench::boot();
    assert_eq!(bench.machine.due(), None);
}

#[test]
fn damaged_machines_are_refused() {
    let mut bench = Bench::boot();
    bench.exec(&["through", "x"], 0).unwrap();
    bench.run(1);
    let text = ron::to_string(&bench.machine).unwrap();
    let image = image();
    let load = |text: &str| {
        let mut machine: Machine = ron::from_str(text).unwrap();
        machine.relink(&registry(), &|_| Some(image.clone()))
    };
    assert_eq!(load(&text), Ok(()));
    for (what, with) in [
        ("references:1", "references:9"),
        ("readers:1", "readers:3"),
        ("program:\"reaper\"", "program:\"absent\""),
    ] {
        assert!(text.contains(what), "{what}");
        assert!(load(&text.replacen(what, with, 1)).is_err(), "{what}");
    }
}
