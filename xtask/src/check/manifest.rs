//! What the engine depends on, it uses.

use crate::finding::Finding;
use crate::tree::Tree;

const MANIFEST: &str = "Cargo.toml";

/// Finds dependencies of the engine that none of its code names.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut inside = false;
    for (index, line) in tree.text(MANIFEST).unwrap_or_default().lines().enumerate() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
            continue;
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        if !inside || name.is_empty() || name.starts_with('#') {
            continue;
        }
        let word = name.replace('-', "_");
        if !tree.engine().any(|(_, source)| source.uses(&word).next().is_some()) {
            findings.push(Finding::new(
                MANIFEST,
                index + 1,
                format!("no code of the engine names the dependency `{name}`"),
                "remove it, or turn on the feature where it is needed instead",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn an_unused_dependency_is_found() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nron = \"0.12\"\nserde-big = { version = \"1\" }\nzip.workspace = true\n\n[dev-dependencies]\nz = \"1\"\n";
        let files = [
            ("Cargo.toml", manifest),
            (
                "src/a.rs",
                "//! A, no zip.\nuse ron::x;\n#[serde(with = \"serde_big\")]\nuse serde_big::y;\n",
            ),
        ];
        assert_eq!(
            told(super::check, &files),
            "Cargo.toml:6: no code of the engine names the dependency `zip`; remove it, or turn on the feature where it is needed instead\n"
        );
    }
}
