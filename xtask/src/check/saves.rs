//! Old savegames are kept: the corpus is never empty once there is a save format.

use crate::finding::Finding;
use crate::tree::Tree;

/// Finds an empty corpus.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let kept = tree
        .below("savegames/")
        .any(|(path, file)| !path.ends_with(".md") && !file.bytes.is_empty());
    if !tree.has("src/save") || kept {
        return Vec::new();
    }
    let mend = "write one with `UPDATE_SAVEGAMES=1 cargo test --test savegames`";
    vec![Finding::new("savegames", 1, "no savegame is kept for this format", mend)]
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn the_corpus_is_not_empty() {
        let save = ("src/save/mod.rs", "//! Saves.\n");
        assert_eq!(told(super::check, &[]), "");
        assert!(
            told(super::check, &[save, ("savegames/README.md", "x")]).starts_with("savegames:1: ")
        );
        assert_eq!(told(super::check, &[save, ("savegames/v1.ron", "()")]), "");
    }
}
