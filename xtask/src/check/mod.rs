//! The checks of the tree: each a function from the tree to what it found.
//!
//! A new check is a file in this folder and a line in `ALL`.

use crate::finding::Finding;
use crate::tree::Tree;

mod headers;
mod imports;
mod length;
mod limits;
mod manifest;
mod programs;
mod saves;
mod text;
mod variants;

pub use length::ratchet;

/// A check.
pub type Check = fn(&Tree) -> Vec<Finding>;

/// Every check with its name.
pub const ALL: &[(&str, Check)] = &[
    ("headers", headers::check),
    ("imports", imports::check),
    ("length", length::check),
    ("limits", limits::check),
    ("manifest", manifest::check),
    ("programs", programs::check),
    ("saves", saves::check),
    ("text", text::check),
    ("variants", variants::check),
];

/// Runs every check.
pub fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ALL.iter().flat_map(|(_, check)| check(tree)).collect();
    findings.sort();
    findings.dedup();
    findings
}

/// What the tests of the checks compare: one finding a line.
#[cfg(test)]
pub fn told(check: Check, files: &[(&str, &str)]) -> String {
    let findings = check(&Tree::of(files));
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}
