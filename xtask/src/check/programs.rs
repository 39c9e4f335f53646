//! Every program says how it is used and is tested.

use crate::finding::Finding;
use crate::tree::Tree;

const FOLDER: &str = "programs/";

/// Finds programs without a usage text, without tests or without a name in the header.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.modules(FOLDER) {
        let folder = format!("{FOLDER}{name}/");
        let single = format!("{FOLDER}{name}.rs");
        let main =
            if tree.text(&single).is_some() { single.clone() } else { format!("{folder}mod.rs") };
        let Some(text) = tree.text(&main) else { continue };
        // `true.rs` may be called `true_.rs`; a dash in a name is an underscore in its file.
        let command = name.trim_end_matches('_').replace('_', "-");
        if !(text.contains(&format!("usage: {command}"))
            || text.contains(&format!("usage: {name}")))
        {
            findings.push(Finding::new(
                &main,
                1,
                format!("no usage text for `{command}`"),
                format!("give Program::new a text that begins `usage: {command}`"),
            ));
        }
        let named = [&command, &name].iter().any(|name| {
            // `test, [: …` names two.
            text.strip_prefix("//! ")
                .and_then(|header| header.strip_prefix(name.as_str()))
                .is_some_and(|rest| rest.starts_with([':', ',']))
        });
        if !named {
            let mend = format!("begin with `//! {command}: what it does`");
            findings.push(Finding::new(&main, 1, "the header does not name the program", mend));
        }
        let tested = tree.rust().any(|(path, source)| {
            (path == single || path.starts_with(&folder)) && source.code.contains("#[test]")
        });
        if !tested {
            findings.push(Finding::new(
                &main,
                text.lines().count(),
                format!("`{command}` has no tests"),
                "add `mod tests` at the end of the file; programs/hello.rs shows how",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn a_program_has_header_usage_and_tests() {
        let good = "//! cat: copy.\nconst U: &str = \"usage: cat [-n]\";\n#[test]\nfn t() {}\n";
        let files = [
            ("programs/mod.rs", "//! Generated."),
            ("programs/cat.rs", good),
            ("programs/ls.rs", "//! Lists.\n"),
            ("programs/true_.rs", "//! true: nothing.\n// usage: true\n#[test]\n"),
            ("programs/sh/mod.rs", "//! sh: the shell.\n// usage: sh\n"),
            ("programs/sh/lex.rs", "//! Words.\n#[test]\nfn t() {}\n"),
        ];
        let told = told(super::check, &files);
        let lines: Vec<&str> = told.lines().map(|line| line.split(';').next().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "programs/ls.rs:1: no usage text for `ls`",
                "programs/ls.rs:1: the header does not name the program",
                "programs/ls.rs:1: `ls` has no tests",
            ]
        );
    }
}
