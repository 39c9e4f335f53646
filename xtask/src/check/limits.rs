//! Every limit is kept by some code.

use crate::finding::Finding;
use crate::tree::Tree;

const LIMITS: &str = "src/base/limits.rs";

/// Finds constants of `base::limits` that no code names.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let limits = tree.rust().find(|(path, _)| *path == LIMITS);
    let Some((_, limits)) = limits else { return findings };
    for offset in limits.uses("const") {
        let name: String = limits.code[offset + "const".len()..]
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        // `const fn` is no limit.
        if name.is_empty() || name == "fn" {
            continue;
        }
        let kept = tree.engine().any(|(path, source)| {
            source.uses(&name).any(|at| path != LIMITS && !source.in_tests(at))
        }) || limits.uses(&name).count() > 1;
        if !kept {
            findings.push(Finding::new(
                LIMITS,
                limits.line(offset),
                format!("nothing keeps the limit {name}"),
                "use it where the thing it bounds grows, or delete it",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn a_limit_that_nothing_keeps_is_found() {
        let files = [
            (
                "src/base/limits.rs",
                "//! Limits.\npub const A: u32 = 1;\npub const B: u32 = 2;\npub const C: u32 = B;\n",
            ),
            ("src/fs/mod.rs", "//! Files: A.\n#[cfg(test)]\nfn t() { A }\nfn f() { limits::C }\n"),
        ];
        assert_eq!(
            told(super::check, &files),
            "src/base/limits.rs:2: nothing keeps the limit A; use it where the thing it bounds grows, or delete it\n"
        );
    }
}
