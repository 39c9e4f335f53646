//! `hostscape bench`: how fast the engine is on this computer.

use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use hostscape::base::{MachineId, Ticks};
use hostscape::kernel::ExecSpec;
use hostscape::net::LinkSpec;
use hostscape::{ExecHandle, Sim, Spawn};
use serde_json::json;

use crate::failure::Failure;

/// The seed of all worlds measured.
const SEED: u64 = 1;
/// Longest simulated time that a workload may take.
const PATIENCE: Ticks = Ticks::from_secs(3600);

/// Measures the engine on this computer
#[derive(Args)]
#[command(after_help = "\
Each figure is the best of three runs, but for those of large worlds, which run once.")]
pub struct Bench {
    /// What to measure; left out, everything but the world of 100,000 machines
    #[arg(value_name = "WHAT")]
    what: Vec<What>,
    /// Print JSON: a list of objects with bench, workload, value and unit
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// A second of worlds in which nothing happens
    Idle,
    /// The same with 100,000 machines
    IdleLarge,
    /// Boot of a machine to its login prompt
    Boot,
    /// Frames through a chain of routers
    Hops,
    /// Processes started and reaped
    Spawn,
    /// Bytes through a pipe
    Pipe,
    /// Iterations of a shell loop
    Loop,
    /// Savegames written and read
    Save,
    /// `hostscape exec -- true`, from start to exit
    Exec,
}

struct Figure {
    bench: &'static str,
    workload: String,
    value: f64,
    unit: &'static str,
}

impl Bench {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let all = What::value_variants().iter().filter(|what| **what != What::IdleLarge);
        let chosen: Vec<What> =
            if self.what.is_empty() { all.copied().collect() } else { self.what.clone() };
        let mut stdout = io::stdout().lock();
        let mut objects = Vec::new();
        if !self.json {
            let machine = format!(
                "{} {}, {} threads, seed {SEED}, hostscape {}",
                std::env::consts::OS,
                std::env::consts::ARCH,
                std::thread::available_parallelism().map_or(1, usize::from),
                env!("CARGO_PKG_VERSION")
            );
            line(&mut stdout, &machine)?;
        }
        for what in chosen {
            eprintln!("measuring {what:?} …");
            for figure in what.measure()? {
                if self.json {
                    objects.push(json!({
                        "bench": figure.bench,
                        "workload": figure.workload,
                        "value": figure.value,
                        "unit": figure.unit,
                    }));
                } else {
                    let Figure { bench, workload, value, unit } = figure;
                    line(&mut stdout, &format!("{bench:<6} {workload:<44} {value:>14.2} {unit}"))?;
                }
            }
        }
        if self.json {
            line(&mut stdout, &format!("{:#}", json!(objects)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(out: &mut impl Write, text: &str) -> Result<(), Failure> {
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

impl What {
    fn measure(self) -> Result<Vec<Figure>, Failure> {
        match self {
            Self::Idle => {
                let mut figures = idle(10)?;
                figures.extend(idle(1000)?);
                Ok(figures)
            }
            Self::IdleLarge => idle(100_000),
            Self::Boot => boot(),
            Self::Hops => hops(8),
            Self::Spawn => {
                let count = 2000;
                let script =
                    format!("i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i+1)); done");
                let took = best(|| in_shell(&script))?;
                Ok(vec![Figure {
                    bench: "spawn",
                    workload: format!("{count} times /bin/true in a shell loop"),
                    value: took.as_secs_f64() * 1e6 / f64::from(count),
                    unit: "µs each",
                }])
            }
            Self::Pipe => {
                let bytes = 200_000_000_u32;
                let script = format!("cat /dev/zero | head -c {bytes} | cat > /dev/null");
                let took = best(|| in_shell(&script))?;
                Ok(vec![Figure {
                    bench: "pipe",
                    workload: "cat /dev/zero | head -c 200000000 | cat".to_owned(),
                    value: f64::from(bytes) / took.as_secs_f64() / 1e6,
                    unit: "MB/s",
                }])
            }
            Self::Loop => {
                let count = 200_000_u32;
                let script = format!("i=0; while [ $i -lt {count} ]; do i=$((i+1)); done");
                let took = best(|| in_shell(&script))?;
                Ok(vec![Figure {
                    bench: "loop",
                    workload: "while [ $i -lt 200000 ]; do i=$((i+1)); done".to_owned(),
                    value: took.as_secs_f64() * 1e9 / f64::from(count),
                    unit: "ns each",
                }])
            }
            Self::Save => save(),
            Self::Exec => exec(),
        }
    }
}

/// The shortest of three runs.
fn best(mut run: impl FnMut() -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    let mut best = run()?;
    for _ in 0..2 {
        best = best.min(run()?);
    }
    // Divisions follow.
    Ok(best.max(Duration::from_nanos(1)))
}

fn machines(count: u32) -> Result<Sim, Failure> {
    let mut sim = Sim::new(SEED);
    for number in 1..=count {
        sim.spawn(Spawn::new(format!("m{number}"), "desktop")).map_err(Failure::new)?;
    }
    Ok(sim)
}

/// Lets machines boot until nothing happens any more.
fn settle(sim: &mut Sim) {
    let end = sim.now() + PATIENCE;
    while let Some(due) = sim.next_due()
        && due < end
    {
        sim.run_until(due + Ticks(1));
    }
    sim.notices();
}

fn idle(count: u32) -> Result<Vec<Figure>, Failure> {
    let before = resident();
    let mut sim = machines(count)?;
    let begin = Instant::now();
    settle(&mut sim);
    let booted = begin.elapsed();
    let memory = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    let took = best(|| {
        let begin = Instant::now();
        sim.advance(Ticks::from_secs(1));
        Ok(begin.elapsed())
    })?;
    let workload = |what: &str| format!("{count} machines, {what}");
    let mut figures = vec![
        Figure {
            bench: "idle",
            workload: workload("one simulated second"),
            value: took.as_secs_f64() * 1e6,
            unit: "µs",
        },
        Figure {
            bench: "idle",
            workload: workload("boot to login"),
            value: booted.as_secs_f64() * 1e6 / f64::from(count),
            unit: "µs each",
        },
    ];
    if let Some(memory) = memory.filter(|_| count >= 1000) {
        figures.push(Figure {
            bench: "idle",
            workload: workload("resident memory"),
            value: memory as f64 / f64::from(count),
            unit: "bytes each",
        });
    }
    Ok(figures)
}

/// Resident memory of this process in bytes, where it is known.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

fn boot() -> Result<Vec<Figure>, Failure> {
    let took = best(|| {
        let mut sim = machines(1)?;
        let begin = Instant::now();
        settle(&mut sim);
        Ok(begin.elapsed())
    })?;
    Ok(vec![Figure {
        bench: "boot",
        workload: "one desktop, power on to login".to_owned(),
        value: took.as_secs_f64() * 1e6,
        unit: "µs",
    }])
}

/// A host, routers in a row, a host. Network `n` joins node `n` and node `n + 1`.
fn chain(routers: u32) -> Result<(Sim, [MachineId; 2], String), Failure> {
    let mut sim = Sim::new(SEED);
    let mut ids = Vec::new();
    let last = routers + 1;
    for node in 0..=last {
        let variant = if node == 0 || node == last { "desktop" } else { "router" };
        let mut spawn = Spawn::new(format!("n{node}"), variant);
        if node > 0 {
            let left = node - 1;
            spawn = spawn.address(&format!("10.0.{left}.2/24"));
            for network in 0..left {
                spawn = spawn.route(&format!("10.0.{network}.0/24"), &format!("10.0.{left}.1"));
            }
        }
        if node < last {
            spawn = spawn.address(&format!("10.0.{node}.1/24"));
            spawn = spawn.gateway(&format!("10.0.{node}.2"));
        }
        ids.push(sim.spawn(spawn).map_err(Failure::new)?);
    }
    sim.chain(&ids, LinkSpec::default()).map_err(Failure::new)?;
    settle(&mut sim);
    let address = format!("10.0.{}.2", last - 1);
    Ok((sim, [ids[0], ids[ids.len() - 1]], address))
}

fn hops(routers: u32) -> Result<Vec<Figure>, Failure> {
    let bytes = 5_000_000;
    let mut hops = 0;
    let took = best(|| {
        let (mut sim, [from, to], address) = chain(routers)?;
        let frames = |sim: &Sim| -> u64 {
            let ports = sim.links().flat_map(|link| [link.counters(0), link.counters(1)]);
            ports.flatten().map(|counters| counters.frames).sum()
        };
        let before = frames(&sim);
        let listener = start(&mut sim, to, "nc -l -p 9 > /dev/null")?;
        sim.advance(Ticks(100));
        let begin = Instant::now();
        let script = format!("head -c {bytes} /dev/zero | nc -N {address} 9");
        let sender = start(&mut sim, from, &script)?;
        finish(&mut sim, &sender)?;
        let took = begin.elapsed();
        finish(&mut sim, &listener)?;
        hops = frames(&sim) - before;
        Ok(took)
    })?;
    Ok(vec![Figure {
        bench: "hops",
        workload: format!("{bytes} bytes by TCP through {routers} routers"),
        value: took.as_secs_f64() * 1e9 / hops.max(1) as f64,
        unit: "ns a frame and link",
    }])
}

/// Starts a shell command on a machine.
fn start(sim: &mut Sim, machine: MachineId, script: &str) -> Result<ExecHandle, Failure> {
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let spec = ExecSpec {
        args: ["sh", "-c", script].into_iter().collect(),
        env: [path, "HOME=/root"].into_iter().collect(),
        ..ExecSpec::default()
    };
    sim.exec(machine, &spec)
        .map_err(|error| Failure::new(format_args!("the shell was not started: {error}")))
}

/// Runs the world until a command has ended.
fn finish(sim: &mut Sim, command: &ExecHandle) -> Result<(), Failure> {
    let end = sim.now() + PATIENCE;
    loop {
        if let Some(status) = sim.exec_status(command) {
            let mut errors = Vec::new();
            // Its end is of no interest here.
            let _ = sim.exec_stderr(command, &mut errors, 10_000);
            return match status.shell_status() {
                0 => Ok(()),
                status => Err(Failure::new(format_args!(
                    "a workload ended with status {status}: {}",
                    String::from_utf8_lossy(&errors).trim_end()
                ))),
            };
        }
        match sim.next_due() {
            Some(due) if due < end => sim.run_until(due + Ticks(1)),
            _ => return Err(Failure::new("a workload does not end; please report this")),
        }
    }
}

/// How long a shell command takes on a machine of its own.
fn in_shell(script: &str) -> Result<Duration, Failure> {
    let mut sim = machines(1)?;
    settle(&mut sim);
    let begin = Instant::now();
    let command = start(&mut sim, MachineId(1), script)?;
    finish(&mut sim, &command)?;
    Ok(begin.elapsed())
}

fn save() -> Result<Vec<Figure>, Failure> {
    let mut sim = machines(100)?;
    settle(&mut sim);
    let mut figures = Vec::new();
    for (form, compact) in [("readable", false), ("compact", true)] {
        let mut text = String::new();
        let wrote = best(|| {
            let begin = Instant::now();
            text = if compact { sim.save_compact() } else { sim.save() };
            Ok(begin.elapsed())
        })?;
        let read = best(|| {
            let begin = Instant::now();
            Sim::load(&text).map_err(Failure::new)?;
            Ok(begin.elapsed())
        })?;
        let bytes = text.len() as f64;
        let mut add = |what: &str, value, unit| {
            let workload = format!("100 machines, {form}, {what}");
            figures.push(Figure { bench: "save", workload, value, unit });
        };
        add("size", bytes / 100.0, "bytes each");
        add("write", bytes / wrote.as_secs_f64() / 1e6, "MB/s");
        add("read", bytes / read.as_secs_f64() / 1e6, "MB/s");
    }
    Ok(figures)
}

fn exec() -> Result<Vec<Figure>, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format_args!("cannot find this program: {error}")))?;
    let took = best(|| {
        let begin = Instant::now();
        let status = Command::new(&program)
            .args(["exec", "--", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(|error| Failure::new(format_args!("cannot start this program: {error}")))?;
        if !status.success() {
            return Err(Failure::new("`hostscape exec -- true` failed"));
        }
        Ok(begin.elapsed())
    })?;
    Ok(vec![Figure {
        bench: "exec",
        workload: "hostscape exec -- true".to_owned(),
        value: took.as_secs_f64() * 1e3,
        unit: "ms",
    }])
}
