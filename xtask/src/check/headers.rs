//! Every Rust file begins by naming its idea.

use crate::finding::Finding;
use crate::tree::Tree;

/// Finds Rust files that do not begin with `//!` and a sentence.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mend = "begin the file with `//! NAME: what it is` (and `Invariant:`, `Follows:`, `Left out:` where they help)";
    let files = tree.rust();
    files
        .filter(|(_, source)| {
            let first = source.text.lines().next().unwrap_or_default();
            first.strip_prefix("//!").is_none_or(|idea| idea.trim().len() < 8)
        })
        .map(|(path, _)| Finding::new(path, 1, "no header that names the file's idea", mend))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn a_file_without_header_is_found() {
        let files = [
            ("src/a.rs", "//! Pipes: bounded byte queues.\n"),
            ("src/b.rs", "use std::fmt;\n//! late\n"),
            ("src/c.rs", ""),
            ("src/d.rs", "//!\n"),
        ];
        let told = told(super::check, &files);
        let lines: Vec<&str> = told.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(lines, ["src/b.rs:1:", "src/c.rs:1:", "src/d.rs:1:"]);
    }
}
