//! `cargo xtask tidy`: mends what a program can mend, reports the rest.

use std::fs;
use std::path::Path;

use crate::tree::Tree;
use crate::{check, generate};

/// Whether files may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write generated files, then check.
    Mend,
    /// Only check, as CI does.
    Check,
}

/// Tidies the repository at `root`.
///
/// # Errors
/// A message with every finding, or with why the tree cannot be read or written.
pub fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let mut tree = Tree::read(root)?;
    if mode == Mode::Mend {
        let mut wanted = generate::all(&tree);
        wanted.extend(check::ratchet(&tree));
        for (path, text) in wanted {
            if tree.text(&path) != Some(&text) {
                fs::write(root.join(&path), &text).map_err(|e| format!("{path}: {e}"))?;
                println!("wrote {path}");
                tree.put(&path, &text);
            }
        }
    }
    let mut findings = generate::check(&tree);
    findings.extend(check::run(&tree));
    if findings.is_empty() {
        println!("tidy: {} checks, nothing found", check::ALL.len() + 1);
        return Ok(());
    }
    for finding in &findings {
        println!("{finding}");
    }
    let count = findings.len();
    Err(format!("{count} {} to mend", if count == 1 { "thing" } else { "things" }))
}
