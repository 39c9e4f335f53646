//! Files stay short: a limit, and a ratchet for those that are over it already.
//!
//! Invariant: the numbers in `xtask/ratchet.txt` only go down, and a file leaves
//! the list when it is under the limit. Functions are clippy's (`too_many_lines`).

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::generate;
use crate::tree::Tree;

/// Lines of a file, tests not counted.
const LINES_MAX: usize = 500;
/// Where the offenders are listed.
const RATCHET: &str = "xtask/ratchet.txt";

/// Finds files that are longer than the limit or than the ratchet lets them be.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let listed = listed(tree, &mut findings);
    for (path, lines) in measured(tree) {
        match listed.get(path) {
            None if lines > LINES_MAX => findings.push(Finding::new(
                path,
                LINES_MAX,
                format!("{lines} lines without tests, {LINES_MAX} are the limit"),
                "split it by state (enum variant → file) or by verb, not into utils",
            )),
            Some((_, most)) if lines > *most => findings.push(Finding::new(
                path,
                *most,
                format!("{lines} lines without tests, {most} when it was last measured"),
                "it is over the limit already and may only shrink: put the addition in a file of its own",
            )),
            _ => {}
        }
    }
    let now = measured(tree);
    for (path, (line, most)) in &listed {
        let lines = now.get(path.as_str()).copied().unwrap_or(0);
        if lines < *most {
            findings.push(Finding::new(
                RATCHET,
                *line,
                format!("{path} has {lines} lines now, not {most}"),
                "run `cargo xtask tidy` to lower the ratchet",
            ));
        }
    }
    findings
}

/// The ratchet with every number lowered to what is measured.
pub fn ratchet(tree: &Tree) -> Option<(String, String)> {
    let listed = listed(tree, &mut Vec::new());
    let old = tree.text(RATCHET)?;
    let now = measured(tree);
    let mut text: String = old
        .lines()
        .take_while(|line| line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    for (path, (_, most)) in &listed {
        let lines = now.get(path.as_str()).copied().unwrap_or(0).min(*most);
        if lines > LINES_MAX {
            text.push_str(&format!("{path} {lines}\n"));
        }
    }
    Some((RATCHET.to_owned(), text))
}

/// Lines of every file that the limit is for.
fn measured(tree: &Tree) -> BTreeMap<&str, usize> {
    tree.rust()
        .filter(|(path, source)| {
            let test = path.ends_with("/tests.rs")
                || path.contains("tests/")
                || path.starts_with("benches/");
            !test && !source.text.starts_with(generate::HEADER)
        })
        .map(|(path, source)| (path, source.lines_without_tests()))
        .collect()
}

/// Path → (line in the list, lines allowed).
fn listed(tree: &Tree, findings: &mut Vec<Finding>) -> BTreeMap<String, (usize, usize)> {
    let mut listed = BTreeMap::new();
    for (index, line) in tree.text(RATCHET).unwrap_or_default().lines().enumerate() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let entry = line.rsplit_once(' ').and_then(|(path, most)| Some((path, most.parse().ok()?)));
        if let Some((path, most)) = entry {
            listed.insert(path.to_owned(), (index + 1, most));
        } else {
            let mend = "write `PATH LINES`";
            findings.push(Finding::new(RATCHET, index + 1, format!("cannot read `{line}`"), mend));
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use crate::check::told;
    use crate::tree::Tree;

    fn lines(count: usize) -> String {
        format!("//! A header.\n{}", "fn f() {}\n".repeat(count - 1))
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let long = lines(501);
        let fine = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(500), "\n".repeat(900));
        let told = told(super::check, &[("src/a.rs", &long), ("src/b.rs", &fine)]);
        assert!(told.starts_with("src/a.rs:500: 501 lines"), "{told}");
        assert_eq!(told.lines().count(), 1);
    }

    #[test]
    fn the_ratchet_only_goes_down() {
        let list = "# Offenders.\nsrc/a.rs 600\nsrc/b.rs 700\nsrc/c.rs 510\nsrc/gone.rs 900\n";
        let (a, b, c) = (lines(601), lines(650), lines(20));
        let files =
            [("src/a.rs", a.as_str()), ("src/b.rs", &b), ("src/c.rs", &c), (super::RATCHET, list)];
        let told = told(super::check, &files);
        let found: Vec<&str> = told.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(
            found,
            [
                "src/a.rs:600:",
                "xtask/ratchet.txt:3:",
                "xtask/ratchet.txt:4:",
                "xtask/ratchet.txt:5:"
            ]
        );
        let mended = super::ratchet(&Tree::of(&files)).unwrap().1;
        assert_eq!(mended, "# Offenders.\nsrc/a.rs 600\nsrc/b.rs 650\n");
    }
}
