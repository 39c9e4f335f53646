//! `cargo xtask ci`: every step a change must pass, named and timed.
//!
//! The same steps run at home and in CI; `.ci/run` only installs what a bare
//! machine lacks and calls this.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(String),
    /// Could not be run here; says why.
    Skipped(String),
}

/// One step.
struct Step {
    name: &'static str,
    /// Whether it is part of the small size.
    quick: bool,
    run: fn(&Path) -> Outcome,
}

const STEPS: &[Step] = &[
    Step { name: "tidy", quick: true, run: |root| cargo(root, "xtask tidy --check") },
    Step { name: "dependencies", quick: false, run: |root| cargo(root, "xtask dependencies") },
    Step { name: "fmt", quick: true, run: |root| cargo(root, "fmt --all --check") },
    Step {
        name: "clippy-engine",
        quick: true,
        run: |root| cargo(root, "clippy --all-targets -- -D warnings"),
    },
    Step {
        name: "clippy",
        quick: false,
        run: |root| cargo(root, "clippy --workspace --all-targets -- -D warnings"),
    },
    Step { name: "test", quick: true, run: |root| cargo(root, "test") },
    Step { name: "test-xtask", quick: false, run: |root| cargo(root, "test --package xtask") },
    Step { name: "docs", quick: false, run: docs },
    Step { name: "examples", quick: false, run: examples },
    Step { name: "wasm", quick: false, run: wasm },
    Step { name: "deny", quick: false, run: deny },
];

/// Runs the steps of a size.
///
/// # Errors
/// A message with the steps that failed, or with what is wrong with the arguments.
pub fn run(root: &Path, words: &[&str]) -> Result<(), String> {
    let steps = choose(words)?;
    let mut report = Vec::new();
    for step in steps {
        println!("\n=== {} ===", step.name);
        let start = Instant::now();
        let outcome = (step.run)(root);
        let time = start.elapsed();
        if let Outcome::Skipped(why) = &outcome {
            println!("SKIPPED {}: {why}", step.name);
        }
        report.push((step.name, outcome, time));
    }
    println!("\n{}", table(&report));
    let failed: Vec<&str> = report
        .iter()
        .filter(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)))
        .map(|(name, _, _)| *name)
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

/// The steps that the arguments ask for.
fn choose(words: &[&str]) -> Result<Vec<&'static Step>, String> {
    let mut full = false;
    let mut without = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "quick" => full = false,
            "full" => full = true,
            "--without" => {
                let name = words.next().ok_or("--without needs the name of a step")?;
                if !STEPS.iter().any(|step| step.name == *name) {
                    let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
                    return Err(format!(
                        "no step is called `{name}`; there are {}",
                        names.join(", ")
                    ));
                }
                without.push(*name);
            }
            other => {
                return Err(format!(
                    "unknown argument `{other}`; write `quick`, `full` or `--without STEP`"
                ));
            }
        }
    }
    // The small size's clippy is part of the large one's.
    let wanted = |step: &&Step| if full { step.name != "clippy-engine" } else { step.quick };
    Ok(STEPS.iter().filter(wanted).filter(|step| !without.contains(&step.name)).collect())
}

fn table(report: &[(&str, Outcome, Duration)]) -> String {
    let mut text = String::new();
    for (name, outcome, time) in report {
        let said = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(why) => format!("FAILED: {why}"),
            Outcome::Skipped(why) => format!("SKIPPED: {why}"),
        };
        text.push_str(&format!(
            "{name:14} {:>4}.{:01} s  {said}\n",
            time.as_secs(),
            time.subsec_millis() / 100
        ));
    }
    text
}

/// Runs cargo with words separated by spaces.
fn cargo(root: &Path, words: &str) -> Outcome {
    command(root, "cargo", words, &[])
}

fn command(root: &Path, program: &str, words: &str, environment: &[(&str, &str)]) -> Outcome {
    let mut words = words.split(' ').collect::<Vec<_>>();
    let mut program: Vec<&str> = program.split(' ').collect();
    program.append(&mut words);
    println!("$ {}", program.join(" "));
    let mut command = Command::new(program[0]);
    command.current_dir(root).args(&program[1..]).envs(environment.iter().copied());
    // Set by the cargo that runs this program, it would tie a `cargo +toolchain` to it.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    match command.status() {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(status) => Outcome::Failed(format!("`{}` ended with {status}", program.join(" "))),
        Err(error) => Outcome::Failed(format!("`{}`: {error}", program.join(" "))),
    }
}

fn docs(root: &Path) -> Outcome {
    command(root, "cargo", "doc --workspace --no-deps", &[("RUSTDOCFLAGS", "-D warnings")])
}

/// Builds every example of the engine, then runs each: they end by themselves and
/// check what they show.
fn examples(root: &Path) -> Outcome {
    let mut names = Vec::new();
    let folder = std::fs::read_dir(root.join("examples")).into_iter().flatten().flatten();
    for entry in folder {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".rs") {
            names.push(name.to_owned());
        }
    }
    names.sort();
    for name in names {
        let outcome = cargo(root, &format!("run --quiet --example {name}"));
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    Outcome::Passed
}

/// Builds the engine for wasm32, in a folder of its own and without optimising:
/// the question is whether it compiles.
fn wasm(root: &Path) -> Outcome {
    let output = Command::new("sh")
        .arg("xtask/setup-wasm.sh")
        .current_dir(root)
        .env_remove("RUSTUP_TOOLCHAIN")
        .stderr(Stdio::inherit())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            return Outcome::Skipped(format!("no sh to prepare the target with: {error}"));
        }
    };
    if !output.status.success() {
        let why = "no compiler for wasm32-unknown-unknown here (see the lines above)";
        return Outcome::Skipped(why.to_owned());
    }
    let cargo =
        String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or("cargo").to_owned();
    command(
        root,
        &cargo,
        "build --lib --target wasm32-unknown-unknown --target-dir target/wasm \
         --config profile.dev.opt-level=0 --config profile.dev.package.\"*\".opt-level=0",
        &[],
    )
}

/// Licences and sources of dependencies, where cargo-deny is installed.
fn deny(root: &Path) -> Outcome {
    let found = Command::new("cargo")
        .args(["deny", "--version"])
        .output()
        .is_ok_and(|o| o.status.success());
    if !found {
        return Outcome::Skipped(
            "cargo-deny is not installed (cargo install cargo-deny)".to_owned(),
        );
    }
    // Advisories need the network and change by themselves; they are not a property of a commit.
    cargo(root, "deny check bans licenses sources")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, choose, table};

    fn names(words: &[&str]) -> Vec<&'static str> {
        choose(words).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn quick_is_the_default_and_full_contains_the_rest() {
        assert_eq!(names(&[]), ["tidy", "fmt", "clippy-engine", "test"]);
        assert!(names(&["full"]).contains(&"wasm"));
        assert!(!names(&["full", "--without", "test"]).contains(&"test"));
    }

    #[test]
    fn wrong_arguments_say_what_is_right() {
        let error = choose(&["--without", "tests"]).err().unwrap();
        assert!(error.starts_with("no step is called `tests`; there are tidy, "), "{error}");
        assert!(choose(&["fast"]).is_err());
        assert!(choose(&["--without"]).is_err());
    }

    #[test]
    fn the_table_shows_what_was_not_run() {
        let report = [
            ("fmt", Outcome::Passed, Duration::from_millis(1250)),
            ("wasm", Outcome::Skipped("no rustup".to_owned()), Duration::ZERO),
        ];
        assert_eq!(
            table(&report),
            "fmt               1.2 s  passed\nwasm              0.0 s  SKIPPED: no rustup\n"
        );
    }
}
