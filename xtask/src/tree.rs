//! The repository as a value: every file's path, bytes and executable bit.
//!
//! Checks look at this value alone, so that their tests need no disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::source::Source;

/// Folders that hold no source: build output, version control, editors.
const SKIPPED: &[&str] = &["target", ".git", ".idea", ".vscode", "node_modules"];

/// One file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Content.
    pub bytes: Vec<u8>,
    /// Whether anyone may execute it.
    pub executable: bool,
    /// The content as Rust, for `.rs` files.
    pub rust: Option<Source>,
}

impl File {
    fn new(path: &str, bytes: Vec<u8>, executable: bool) -> File {
        let rust = path.ends_with(".rs").then(|| Source::new(&String::from_utf8_lossy(&bytes)));
        File { bytes, executable, rust }
    }

    /// The content as text, when it is text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// All files below the repository's root, by path with `/`.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    /// Reads the tree from disk.
    ///
    /// # Errors
    /// A message when a file or folder cannot be read or has a name that is not UTF-8.
    pub fn read(root: &Path) -> Result<Tree, String> {
        let mut tree = Tree::default();
        let mut folders = vec![(root.to_path_buf(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let entries =
                fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            for entry in entries {
                let entry = entry.map_err(|e| format!("{}: {e}", folder.display()))?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    return Err(format!(
                        "{}: name is not UTF-8; rename it",
                        entry.path().display()
                    ));
                };
                let path = format!("{prefix}{name}");
                let kind = entry.file_type().map_err(|e| format!("{path}: {e}"))?;
                if kind.is_dir() {
                    // Only at the top: a machine's files may well live in a folder named `target`.
                    if !(prefix.is_empty() && SKIPPED.contains(&name)) {
                        folders.push((entry.path(), format!("{path}/")));
                    }
                } else if kind.is_symlink() {
                    return Err(format!(
                        "{path}: symbolic links do not survive every checkout; \
                         for a machine's own link use `links` in its variant.ron"
                    ));
                } else {
                    let bytes = fs::read(entry.path()).map_err(|e| format!("{path}: {e}"))?;
                    let executable = is_executable(&entry.path(), &bytes);
                    tree.files.insert(path.clone(), File::new(&path, bytes, executable));
                }
            }
        }
        Ok(tree)
    }

    /// A tree out of paths and texts, for tests.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.put(path, text);
        }
        tree
    }

    /// Every file with its path, in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// Files whose path begins with `prefix`.
    pub fn below(&self, prefix: &str) -> impl Iterator<Item = (&str, &File)> {
        self.iter().filter(move |(path, _)| path.starts_with(prefix))
    }

    /// Rust files of the engine and its programs, with their parsed text.
    pub fn engine(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.rust().filter(|(path, _)| path.starts_with("src/") || path.starts_with("programs/"))
    }

    /// All Rust files, with their parsed text.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.iter().filter_map(|(path, file)| Some((path, file.rust.as_ref()?)))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.text()
    }

    /// Whether there is anything at or below this path.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.iter().any(|(p, _)| p.starts_with(&folder))
    }

    /// Replaces a file's content.
    pub fn put(&mut self, path: &str, text: &str) {
        let executable = self.files.get(path).is_some_and(|f| f.executable);
        self.files.insert(path.to_owned(), File::new(path, text.as_bytes().to_vec(), executable));
    }

    /// Names directly inside a folder: files with a suffix (given without it), and
    /// folders that contain `mod.rs`.
    pub fn modules(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (path, _) in self.below(folder) {
            let inside = &path[folder.len()..];
            if let Some(name) =
                inside.strip_suffix("/mod.rs").or_else(|| inside.strip_suffix(".rs"))
                && !name.contains('/')
                && name != "mod"
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

#[cfg(unix)]
fn is_executable(path: &Path, _bytes: &[u8]) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o111 != 0)
}

/// Where files have no modes, a script is known by its first line.
#[cfg(not(unix))]
fn is_executable(_path: &Path, bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!")
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn modules_are_files_and_folders_of_one_level() {
        let tree = Tree::of(&[
            ("programs/mod.rs", ""),
            ("programs/ls.rs", ""),
            ("programs/cat.rs", ""),
            ("programs/sh/mod.rs", ""),
            ("programs/sh/parse.rs", ""),
            ("programs/note.txt", ""),
        ]);
        assert_eq!(tree.modules("programs/"), ["cat", "ls", "sh"]);
    }
}
