//! The engine's dependencies, compared with a committed list.
//!
//! A new crate is thereby a visible line in a review. Names only: versions are
//! in Cargo.lock.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const LIST: &str = "xtask/dependencies.txt";
/// The two targets the list is made for, so that it is the same wherever it is made.
const TARGETS: &[&str] = &["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"];
/// Crates that would let the real computer's randomness, clock or scheduler in.
const FORBIDDEN: &[(&str, &str)] = &[
    ("rand", "use base::prng"),
    ("getrandom", "use base::prng"),
    ("tokio", "programs are step functions; the engine has no runtime"),
    ("async-std", "programs are step functions; the engine has no runtime"),
    ("chrono", "use base::time"),
    ("time", "use base::time"),
];

/// Compares the list with what cargo resolves, or writes it.
///
/// # Errors
/// A message with each difference, or with what cargo says when it fails.
pub fn run(root: &Path, write: bool) -> Result<(), String> {
    let present = resolve(root)?;
    if write {
        fs::write(root.join(LIST), render(&present)).map_err(|e| format!("{LIST}: {e}"))?;
        println!("wrote {LIST}: {} crates", present.len());
    }
    let listed = fs::read_to_string(root.join(LIST)).unwrap_or_default();
    let differences = compare(&present, &listed);
    if differences.is_empty() {
        println!("dependencies: {} crates, as listed", present.len());
        return Ok(());
    }
    for difference in &differences {
        println!("{difference}");
    }
    Err(format!("the engine's dependencies differ from {LIST}"))
}

fn render(names: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "# Crates the engine is built from, in any normal build for Linux or wasm32.\n\
         # A new line is a decision. Written by `cargo xtask dependencies --write`.\n",
    );
    for name in names {
        text.push_str(name);
        text.push('\n');
    }
    text
}

fn compare(present: &BTreeSet<String>, list: &str) -> Vec<String> {
    let listed: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let mut differences = Vec::new();
    for name in present {
        if let Some((_, instead)) = FORBIDDEN.iter().find(|(forbidden, _)| forbidden == name) {
            differences.push(format!("{LIST}:1: `{name}` makes runs differ; {instead}"));
        } else if !listed.contains(name.as_str()) {
            differences.push(format!(
                "{LIST}:1: `{name}` is new (see `cargo tree -p hostscape -i {name}`); \
                 if it is wanted, run `cargo xtask dependencies --write`"
            ));
        }
    }
    for (index, name) in list.lines().enumerate() {
        if !name.starts_with('#') && !present.contains(name) {
            let line = index + 1;
            differences.push(format!(
                "{LIST}:{line}: `{name}` is no longer used; run `cargo xtask dependencies --write`"
            ));
        }
    }
    differences
}

/// Names of all crates in the engine's normal dependency trees.
fn resolve(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for target in TARGETS {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root).args([
            "tree",
            "--package",
            "hostscape",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ]);
        cargo.args(["--no-dedupe", "--format", "{p}", "--target", target]);
        let output = cargo.output().map_err(|e| format!("cargo tree: {e}"))?;
        if !output.status.success() {
            return Err(format!("cargo tree failed:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let first_words = text.lines().filter_map(|line| line.split(' ').next());
        names.extend(
            first_words.filter(|name| !name.is_empty() && *name != "hostscape").map(str::to_owned),
        );
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{compare, render};

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_written_is_what_is_compared() {
        let present = names(&["ron", "serde"]);
        assert_eq!(compare(&present, &render(&present)), Vec::<String>::new());
    }

    #[test]
    fn new_gone_and_forbidden_crates_are_told() {
        let differences =
            compare(&names(&["getrandom", "ron", "serde"]), "# list\nserde\nzip\ngetrandom\n");
        assert_eq!(differences.len(), 3, "{differences:?}");
        assert!(differences[0].contains("`getrandom` makes runs differ"));
        assert!(differences[1].contains("`ron` is new"));
        assert!(differences[2].starts_with("xtask/dependencies.txt:3: `zip` is no longer used"));
    }
}
