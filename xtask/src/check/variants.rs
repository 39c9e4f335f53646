//! Every folder of `os-variants/` is a variant.
//!
//! Left out: whether its RON means anything; the engine's own tests build and
//! boot each bundled variant.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::Tree;

const FOLDER: &str = "os-variants/";

/// Finds folders without a `variant.ron` and files that belong to no variant.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    for (path, _) in tree.below(FOLDER) {
        let inside = &path[FOLDER.len()..];
        match inside.split_once('/') {
            Some((name, rest)) => {
                names.insert(name);
                if rest != "variant.ron" && !rest.starts_with("root/") && !rest.ends_with(".md") {
                    let mend = "move it below root/ if machines shall have it";
                    findings.push(Finding::new(path, 1, "a file that no image contains", mend));
                }
            }
            None if inside.ends_with(".md") => {}
            None => findings.push(Finding::new(
                path,
                1,
                "a file outside of any variant",
                "move it into the folder of a variant",
            )),
        }
    }
    for name in names {
        let path = format!("{FOLDER}{name}/variant.ron");
        if tree.text(&path).is_none_or(|text| text.trim().is_empty()) {
            let mend = "write one; os-variants/base/variant.ron shows the fields";
            findings.push(Finding::new(
                &path,
                1,
                format!("variant `{name}` has no description"),
                mend,
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn a_variant_is_described() {
        let files = [
            ("os-variants/base/variant.ron", "()"),
            ("os-variants/base/root/etc/motd", ""),
            ("os-variants/base/notes", ""),
            ("os-variants/router/root/etc/motd", ""),
        ];
        let told = told(super::check, &files);
        let lines: Vec<&str> = told.lines().map(|line| line.split(';').next().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "os-variants/base/notes:1: a file that no image contains",
                "os-variants/router/variant.ron:1: variant `router` has no description",
            ]
        );
    }
}
