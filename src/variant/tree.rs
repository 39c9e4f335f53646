//! The tree of an image before it is built: what lies at each path.
//!
//! Invariant: paths are absolute and in their shortest form; a path's parents are directories
//! of the tree.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::limits::{IMAGE_INODES_MAX, VARIANT_BYTES_MAX};
use crate::base::{Gid, Uid};

/// What an inode of the image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A directory.
    Directory,
    /// A regular file with these bytes.
    File(Vec<u8>),
    /// A symbolic link to this.
    Symlink(String),
    /// A program file of the implementation of this name.
    Program(String),
    /// A character device.
    Device {
        /// Which driver.
        major: u32,
        /// Which of the driver's devices.
        minor: u32,
    },
}

/// One inode of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Permission bits.
    pub mode: u16,
    /// The owner.
    pub uid: Uid,
    /// The group.
    pub gid: Gid,
    /// What it is.
    pub content: Content,
}

impl Entry {
    /// An inode of root's.
    pub const fn new(mode: u16, content: Content) -> Self {
        Self { mode, uid: Uid::ROOT, gid: Gid::ROOT, content }
    }
}

/// All inodes of an image by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
    /// Bytes that were ever put into files.
    bytes: usize,
}

/// Why an inode cannot be put at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What lies at this path would have to be a directory, or an empty one.
    InTheWay(String),
    /// The tree holds as much as an image may.
    Full,
}

impl Tree {
    /// Puts an inode at `path`, in the place of what was there, and makes missing parents.
    ///
    /// # Errors
    ///
    /// What refuses it.
    pub fn put(&mut self, path: &str, entry: Entry) -> Result<(), Refusal> {
        if let Content::File(bytes) = &entry.content {
            self.bytes = self.bytes.saturating_add(bytes.len());
        }
        if self.entries.len() >= IMAGE_INODES_MAX || self.bytes > VARIANT_BYTES_MAX {
            return Err(Refusal::Full);
        }
        for (end, _) in path.match_indices('/').skip(1) {
            let parent = self.entries.entry(path[..end].to_owned());
            let parent = parent.or_insert_with(|| Entry::new(0o755, Content::Directory));
            if parent.content != Content::Directory {
                return Err(Refusal::InTheWay(path[..end].to_owned()));
            }
        }
        if entry.content != Content::Directory && self.has_below(path) {
            return Err(Refusal::InTheWay(path.to_owned()));
        }
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }

    /// Takes away `path` and what is below it; whether there was something.
    pub fn remove(&mut self, path: &str) -> bool {
        let below = format!("{path}/");
        let before = self.entries.len();
        self.entries.retain(|name, _| name != path && !name.starts_with(&below));
        self.entries.len() < before
    }

    /// The inode at `path`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The inode at `path`, to be changed.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Entry> {
        self.entries.get_mut(path)
    }

    /// All inodes by path; parents come before what is in them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// The inodes below `path`.
    pub fn below(&self, path: &str) -> impl Iterator<Item = (&str, &Entry)> {
        let below = format!("{path}/");
        let from = self.entries.range(below.clone()..);
        from.take_while(move |(path, _)| path.starts_with(&below)).map(|(p, e)| (p.as_str(), e))
    }

    fn has_below(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    /// One line per inode: mode, owner, group, size or device, path and what it leads to.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        for (path, entry) in &self.entries {
            let Entry { mode, uid, gid, content } = entry;
            let (kind, size, arrow) = match content {
                Content::Directory => ('d', String::new(), String::new()),
                Content::File(bytes) => ('-', bytes.len().to_string(), String::new()),
                Content::Symlink(target) => ('l', String::new(), format!(" -> {target}")),
                Content::Program(name) if path.rsplit('/').next() == Some(name) => {
                    ('*', String::new(), String::new())
                }
                Content::Program(name) => ('*', String::new(), format!(" = {name}")),
                Content::Device { major, minor } => {
                    ('c', format!("{major}, {minor}"), String::new())
                }
            };
            let bits = permissions(*mode);
            let line = writeln!(text, "{kind}{bits} {uid:>4} {gid:>4} {size:>6} {path}{arrow}");
            line.expect("a string takes all that is written");
        }
        text
    }
}

/// Permission bits as `ls -l` shows them.
fn permissions(mode: u16) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (false, false) => '-',
            (false, true) => 'x',
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn makes_parents_and_keeps_order() {
        let mut tree = Tree::default();
        tree.put("/a/b/c", Entry::new(0o644, Content::File(b"x".to_vec()))).unwrap();
        tree.put("/a-b", Entry::new(0o4755, Content::Program("su".to_owned()))).unwrap();
        tree.put("/tmp", Entry::new(0o1777, Content::Directory)).unwrap();
        tree.put("/a/null", Entry::new(0o666, Content::Device { major: 1, minor: 3 })).unwrap();
        expect![[r#"
            drwxr-xr-x    0    0        /a
            *rwsr-xr-x    0    0        /a-b = su
            drwxr-xr-x    0    0        /a/b
            -rw-r--r--    0    0      1 /a/b/c
            crw-rw-rw-    0    0   1, 3 /a/null
            drwxrwxrwt    0    0        /tmp
        "#]]
        .assert_eq(&tree.listing());
    }

    #[test]
    fn is_bounded() {
        let mut tree = Tree::default();
        let half = || Entry::new(0o644, Content::File(vec![0; VARIANT_BYTES_MAX / 2]));
        assert_eq!(tree.put("/a", half()), Ok(()));
        assert_eq!(tree.put("/b", half()), Ok(()));
        assert_eq!(tree.put("/c", Entry::new(0o644, Content::File(vec![0]))), Err(Refusal::Full));
    }

    #[test]
    fn refuses_files_as_directories_and_back() {
        let file = || Entry::new(0o644, Content::File(Vec::new()));
        let mut tree = Tree::default();
        tree.put("/a", file()).unwrap();
        assert_eq!(tree.put("/a/b", file()), Err(Refusal::InTheWay("/a".to_owned())));
        tree.put("/c/d", file()).unwrap();
        assert_eq!(tree.put("/c", file()), Err(Refusal::InTheWay("/c".to_owned())));
        assert!(tree.remove("/c"));
        assert!(!tree.remove("/c"));
        assert_eq!(tree.put("/c", file()), Ok(()));
    }
}
