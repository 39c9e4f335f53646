//! Plain text habits: no stray spaces or conflict marks, a newline at the end, reasons beside open ends.

use crate::finding::Finding;
use crate::source::Kind;
use crate::tree::{File, Tree};

/// Endings of files that people write by hand.
const WRITTEN: &[&str] = &[".rs", ".toml", ".md", ".sh", ".ron", ".yml", ".session"];
/// Recorded or given content, which is as it is.
const RECORDED: &[&str] = &["savegames/", "os-variants/", "tests/dash/"];

/// Finds spaces at the end of lines, missing last newlines and open ends without a reason.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in tree.iter() {
        let written = WRITTEN.iter().any(|end| path.ends_with(end));
        if !written || RECORDED.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let Some(text) = file.text() else {
            findings.push(Finding::new(path, 1, "not UTF-8", "save it as UTF-8"));
            continue;
        };
        lines(path, file, text, &mut findings);
        if !text.is_empty() && !text.ends_with('\n') {
            let last = text.lines().count();
            findings.push(Finding::new(path, last, "no newline at the end of the file", "add one"));
        }
    }
    findings
}

fn lines(path: &str, file: &File, text: &str, findings: &mut Vec<Finding>) {
    let mut start = 0;
    for (index, line) in text.split('\n').enumerate() {
        let end = start + line.len();
        // Space inside a string is content: a prompt ends in one.
        let content = path.ends_with(".session")
            || file
                .rust
                .as_ref()
                .is_some_and(|source| source.kind(end.saturating_sub(1)) == Kind::Literal);
        if line.ends_with([' ', '\t', '\r']) && !content {
            findings.push(Finding::new(
                path,
                index + 1,
                "space at the end of the line",
                "remove it",
            ));
        }
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            let mend = "finish the merge: keep what belongs, delete the marks";
            findings.push(Finding::new(path, index + 1, "a conflict mark", mend));
        }
        let fixme = line.find("FIXME").filter(|at| {
            file.rust.as_ref().is_none_or(|source| source.kind(start + at) == Kind::Comment)
        });
        if let Some(at) = fixme
            && !path.ends_with(".md")
            && !line[at..].starts_with("FIXME: ")
        {
            let mend = "write `FIXME: what is wrong and why it stays`";
            findings.push(Finding::new(path, index + 1, "FIXME without a reason", mend));
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn stray_space_is_found_but_not_in_strings() {
        let files = [
            ("src/a.rs", "//! A header. \nconst P: &str = \"# \n\";\nfn f() {}\t\n"),
            ("os-variants/base/root/etc/motd", "hello \n"),
            ("notes.md", "a\nb"),
        ];
        assert_eq!(
            told(super::check, &files),
            "notes.md:2: no newline at the end of the file; add one\n\
             src/a.rs:1: space at the end of the line; remove it\n\
             src/a.rs:4: space at the end of the line; remove it\n"
        );
    }

    #[test]
    fn a_merge_is_finished() {
        let text = "//! A header.\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n";
        let told = told(super::check, &[("src/a.rs", text)]);
        assert_eq!(told.lines().count(), 2, "{told}");
    }

    #[test]
    fn a_fixme_says_why() {
        let bare = "//! A header.\n// FIXME later\n// FIXME: loses bytes, see the test\n";
        let told = told(super::check, &[("src/a.rs", bare)]);
        assert!(told.starts_with("src/a.rs:2: "), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}
