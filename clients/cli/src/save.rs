//! `hostscape save`: savegames written, checked, converted, looked into and compared.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use hostscape::base::Ticks;
use hostscape::kernel::Registry;
use hostscape::{Sim, programs, save};

use crate::failure::Failure;
use crate::source;
use crate::span::Span;

/// Works with savegames
#[derive(Args)]
pub struct Save {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Runs a world for a while and writes its savegame
    Export {
        /// World file or savegame, or a bundled world: demo, two_machines; left out, demo
        #[arg(value_name = "WORLD")]
        world: Option<PathBuf>,
        /// Simulated time to run before, such as 5s or 250ms
        #[arg(long, value_name = "SPAN", default_value = "0s")]
        at: Span,
        /// Write the compact form: one printable line
        #[arg(long)]
        compact: bool,
        /// File to write instead of standard output
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Checks that a savegame is whole and can be loaded
    Check {
        /// Savegame; left out, standard input
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Writes a savegame in the other form: readable to compact, compact to readable
    Convert {
        /// Savegame; left out, standard input
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Write the compact form, whatever the form of the savegame
        #[arg(long, conflicts_with = "text")]
        compact: bool,
        /// Write the readable form, whatever the form of the savegame
        #[arg(long)]
        text: bool,
        /// File to write instead of standard output
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Tells what is in a savegame
    Inspect {
        /// Savegame; left out, standard input
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Tells where two savegames differ; the status is 1 when they do
    Diff {
        /// The first savegame
        a: PathBuf,
        /// The second one
        b: PathBuf,
    },
}

impl Save {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self.action {
            Action::Export { world, at, compact, to } => {
                if let Some(to) = &to {
                    source::check_target(to)?;
                }
                let mut sim = source::begin(world.as_deref(), None)?;
                sim.advance(at.0);
                write(to.as_deref(), &text_of(&mut sim, compact))?;
            }
            Action::Check { file } => {
                let text = source::read_save(file.as_deref())?;
                let mut sim = source::load(&text, file.as_deref())?;
                let summary = summary(&mut sim);
                write(None, &format!("whole: {summary}\n"))?;
            }
            Action::Convert { file, compact, text, to } => {
                let save = source::read_save(file.as_deref())?;
                let was_compact = save.trim_ascii_start().starts_with("hostscape:");
                let compact = if compact || text { compact } else { !was_compact };
                let mut sim = source::load(&save, file.as_deref())?;
                write(to.as_deref(), &text_of(&mut sim, compact))?;
            }
            Action::Inspect { file } => {
                let text = source::read_save(file.as_deref())?;
                let mut sim = source::load(&text, file.as_deref())?;
                write(None, &inspect(&mut sim, text.len()))?;
            }
            Action::Diff { a, b } => return diff(&a, &b),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text_of(sim: &mut Sim, compact: bool) -> String {
    let mut text = if compact { sim.save_compact() } else { sim.save() };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn write(to: Option<&Path>, text: &str) -> Result<(), Failure> {
    if let Some(path) = to {
        return source::write_atomically(path, text.as_bytes());
    }
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::output(&error))
}

fn summary(sim: &mut Sim) -> String {
    let digest = sim.digest();
    format!(
        "tick {}, {} machines, {} links, digest {digest}",
        sim.now(),
        sim.machines().count(),
        sim.links().count()
    )
}

fn inspect(sim: &mut Sim, bytes: usize) -> String {
    let digest = sim.digest();
    let now = sim.now();
    let time = now.since(hostscape::base::Tick::ZERO);
    let mut text = format!(
        "size      {bytes} bytes\nseed      {}\ntime      {} (tick {now})\ndigest    {digest}\n\n",
        sim.seed(),
        clock(time)
    );
    text += &format!(
        "{:<16} {:<12} {:<9} {:>9}  addresses\n",
        "machine", "variant", "power", "processes"
    );
    for machine in sim.machines() {
        let addresses: Vec<String> = machine
            .interfaces()
            .iter()
            .skip(1)
            .flat_map(|interface| interface.addresses.iter().map(ToString::to_string))
            .collect();
        text += &format!(
            "{:<16} {:<12} {:<9} {:>9}  {}\n",
            machine.name(),
            machine.variant(),
            format!("{:?}", machine.power()).to_lowercase(),
            machine.processes().count(),
            addresses.join(" ")
        );
    }
    text
}

/// A span as hours, minutes and seconds.
pub fn clock(span: Ticks) -> String {
    let seconds = span.0 / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn diff(a: &Path, b: &Path) -> Result<ExitCode, Failure> {
    let (left, right) = (source::read_save(Some(a))?, source::read_save(Some(b))?);
    // Both are loaded first, so that what is wrong with one is told with its name.
    source::load(&left, Some(a))?;
    source::load(&right, Some(b))?;
    let mut registry = Registry::new();
    registry.add_all(programs::ALL);
    let differences = save::differences(&left, &right, &registry).map_err(Failure::new)?;
    let lines: String = differences.iter().map(|difference| format!("{difference}\n")).collect();
    write(None, &lines)?;
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}
