//! The `hostscape` command: plays, runs, checks, saves and measures simulated networks.

mod exec;
mod failure;
mod feeder;
mod size;
mod solo;
mod term;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failure::Failure;

/// Simulates networks of Unix-like machines.
///
/// Without a command, plays the bundled demo network in this terminal.
#[derive(Parser)]
#[command(name = "hostscape", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Exec(exec::Exec),
    Term(term::Term),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Exec(exec)) => exec.run(),
        Some(Command::Term(term)) => term.run(),
        None => Ok(ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(Failure::report)
}
