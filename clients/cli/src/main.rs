//! The `hostscape` command: plays, runs, checks, saves and measures simulated networks.

mod bench;
mod check;
mod exec;
mod failure;
mod feeder;
mod map;
mod network;
mod play;
mod run;
mod save;
mod script;
mod size;
mod solo;
mod source;
mod span;
mod term;
mod transcript;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failure::Failure;

/// Simulates networks of Unix-like machines
///
/// Without a command, plays the bundled demo network in this terminal.
#[derive(Parser)]
#[command(
    name = "hostscape",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Play(play::Play),
    Run(run::Run),
    Exec(exec::Exec),
    Term(term::Term),
    Check(check::Check),
    Save(save::Save),
    Map(map::Map),
    Bench(bench::Bench),
}

/// Prints what the command line's error or `--help` says and ends.
fn leave(error: &clap::Error) -> ! {
    let is_exec = std::env::args_os().nth(1).is_some_and(|command| command == "exec");
    // Who can't be told can't be helped.
    let _ = error.print();
    let status = match error.exit_code() {
        // Status 2 of `exec` is the simulated command's.
        2 if is_exec => exec::STATUS_TROUBLE.into(),
        status => status,
    };
    std::process::exit(status)
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| leave(&error));
    let outcome = match arguments.command {
        None => play::Play::default().run(),
        Some(Command::Play(play)) => play.run(),
        Some(Command::Run(run)) => run.run(),
        Some(Command::Exec(exec)) => exec.run(),
        Some(Command::Term(term)) => term.run(),
        Some(Command::Check(check)) => check.run(),
        Some(Command::Save(save)) => save.run(),
        Some(Command::Map(map)) => map.run(),
        Some(Command::Bench(bench)) => bench.run(),
    };
    outcome.unwrap_or_else(Failure::report)
}
