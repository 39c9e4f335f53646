//! `hostscape run`: a world without anybody at its terminals, as fast as possible.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use hostscape::Sim;
use hostscape::base::{MachineId, Tick, Ticks};
use hostscape::kernel::TtyId;

use crate::failure::Failure;
use crate::script;
use crate::source;
use crate::span::Span;
use crate::transcript;

/// How much of a world is run between two looks at what its terminals received.
const PACE: Ticks = Ticks::from_millis(100);

/// Runs a world headless and prints what its terminals received
#[derive(Args)]
#[command(after_help = "\
With --digest, prints the chain of digests instead: `tick digest`, one a line. The same world, seed
and inputs give the same chain, with any number of threads.

Inputs are lines of a file, each with a time, a machine and what to do:

  # at     machine  what
  2s       alpha    type tty1 \"root\\n\"
  2.5s     alpha    type tty1 \"ping -c 3 beta\\n\"
  10s      r1       power off          (or: on, button)
  12s      link 3   down               (or: up; links are counted from 1 in the world file)
  15s      alpha    resize tty1 100x30

Example: hostscape run demo.world.ron --for 1m --digest --every 1s --threads 4")]
pub struct Run {
    /// World file or savegame, or a bundled world: demo, two_machines
    #[arg(value_name = "WORLD|SAVE")]
    world: PathBuf,
    /// Simulated time to run
    #[arg(long = "for", allow_negative_numbers = true, value_name = "SPAN", default_value = "10s")]
    span: Span,
    /// File with inputs, stamped with times
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Threads that step machines
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    threads: usize,
    /// Seed of all luck, instead of the world file's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Print digests instead of transcripts
    #[arg(long)]
    digest: bool,
    /// Simulated time between two digests
    #[arg(long, value_name = "SPAN", default_value = "100ms", requires = "digest")]
    every: Span,
    /// Write a savegame at the end: readable, or compact if the name ends in .compact
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

impl Run {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        if self.threads == 0 || self.threads > 1024 {
            return Err(wrong("--threads: expected 1 to 1024, such as the number of cores"));
        }
        if self.every.0 == Ticks::ZERO {
            return Err(wrong("--every: expected at least 1ms"));
        }
        if let Some(path) = &self.save {
            source::check_target(path)?;
        }
        let mut sim = source::begin(Some(&self.world), self.seed)?;
        sim.threads(self.threads);
        if let Some(path) = &self.input {
            script::queue(&mut sim, path)?;
        }
        let end = sim.now() + self.span.0;
        if self.digest {
            print_digests(&mut sim, end, self.every.0)?;
        } else {
            print_transcripts(&mut sim, end)?;
        }
        if let Some(path) = &self.save {
            let compact = path.extension().is_some_and(|extension| extension == "compact");
            let text = if compact { sim.save_compact() + "\n" } else { sim.save() };
            source::write_atomically(path, text.as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A wrong option, with the status that other wrong options have.
fn wrong(message: &str) -> Failure {
    Failure::with_status(2, message)
}

fn print_digests(sim: &mut Sim, end: Tick, every: Ticks) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    loop {
        let (tick, digest) = (sim.now(), sim.digest());
        writeln!(stdout, "{tick} {digest}").map_err(|error| Failure::output(&error))?;
        if tick >= end {
            return stdout.flush().map_err(|error| Failure::output(&error));
        }
        sim.run_until((tick + every).min(end));
    }
}

fn print_transcripts(sim: &mut Sim, end: Tick) -> Result<(), Failure> {
    let terminals: Vec<(MachineId, TtyId)> = sim
        .machines()
        .flat_map(|machine| machine.ttys().map(move |tty| (machine.id(), tty)).collect::<Vec<_>>())
        .collect();
    terminals.iter().for_each(|(machine, tty)| sim.record_tty(*machine, *tty, true));
    let mut records: BTreeMap<(MachineId, TtyId), Vec<u8>> = BTreeMap::new();
    while sim.now() < end {
        // Ticks in which nothing happens are passed over.
        let next = sim.next_due().map_or(end, |due| (due + PACE).min(end));
        sim.run_until(next);
        for (machine, tty) in &terminals {
            let record = sim.take_tty_record(*machine, *tty);
            if !record.is_empty() {
                records.entry((*machine, *tty)).or_default().extend(record);
            }
        }
    }
    terminals.iter().for_each(|(machine, tty)| sim.record_tty(*machine, *tty, false));
    let mut stdout = io::stdout().lock();
    for ((machine, tty), record) in &records {
        let name = sim.machine(*machine).map(|machine| machine.name().to_owned());
        let text = transcript::of(record);
        write!(stdout, "=== {} {tty} ===\n{text}", name.unwrap_or_default())
            .map_err(|error| Failure::output(&error))?;
    }
    stdout.flush().map_err(|error| Failure::output(&error))
}
