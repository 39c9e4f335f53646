//! `cargo xtask`: generated lists, checks of the tree, and CI, all in one place.
//!
//! Invariant: knows nothing of the engine as code. It reads the tree as text, so
//! that it still works when the engine does not compile because a list is stale.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod check;
mod ci;
mod dependencies;
mod finding;
mod generate;
mod source;
mod tidy;
mod tree;

const HELP: &str = "\
usage: cargo xtask COMMAND

  tidy             refresh the generated lists and the ratchet, then check the tree
  tidy --check     change nothing; fail when the tree is not tidy
  dependencies     compare the engine's dependencies with xtask/dependencies.txt
  dependencies --write
                   write that list anew
  ci               what a commit must pass: tidy, fmt, clippy and tests of the engine
  ci full          what the repository must pass: all of the workspace, docs, examples,
                   dependencies, the engine for wasm32
  ci [full] --without STEP
                   leave a step out (it was run before)
  help             this text";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let root = root();
    let result = match words.as_slice() {
        ["tidy"] => tidy::run(&root, tidy::Mode::Mend),
        ["tidy", "--check"] => tidy::run(&root, tidy::Mode::Check),
        ["dependencies"] => dependencies::run(&root, false),
        ["dependencies", "--write"] => dependencies::run(&root, true),
        ["ci", rest @ ..] => ci::run(&root, rest),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        [] => Err(format!("no command given\n\n{HELP}")),
        _ => Err(format!("unknown command `{}`\n\n{HELP}", words.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The repository: the folder above this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
