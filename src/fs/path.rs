//! Path walks: from a path to the inode it names, one component at a time.
//!
//! The walk keeps its own stack of what is left to walk (a symbolic link puts its target before
//! the rest of the path), so its depth is bounded by the number of links followed, not by the
//! host's stack.
//!
//! Follows: POSIX.1-2024 §4.16 pathname resolution; where that leaves a choice, Linux.

use std::borrow::Cow;

use bstr::ByteSlice;

use super::mode::{AccessMode, FileType};
use super::mount::Node;
use super::step::View;
use super::vfs::{Context, Vfs};
use crate::base::Errno;
use crate::base::limits::{NAME_MAX, PATH_MAX, SYMLINKS_MAX};

/// Whether a symbolic link as the last component is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Go where it leads.
    Yes,
    /// The link itself is meant. (A trailing slash still follows it.)
    No,
}

/// The last component of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last<'a> {
    /// A name to look up in the directory the walk has come to.
    Name(Cow<'a, [u8]>),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// There was no component: the path is `/`.
    Root,
}

/// Bytes still to be walked.
struct Piece<'a> {
    text: Cow<'a, [u8]>,
    at: usize,
}

impl<'a> Piece<'a> {
    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    /// Takes the next component.
    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        let rest = self.rest();
        let start = rest.iter().position(|byte| *byte != b'/')?;
        let length = rest[start..].find_byte(b'/').unwrap_or(rest.len() - start);
        let start = self.at + start;
        self.at = start + length;
        Some(match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[start..self.at]),
            Cow::Owned(text) => Cow::Owned(text[start..self.at].to_vec()),
        })
    }
}

/// A walk on its way.
pub(super) struct Walk<'a> {
    vfs: &'a Vfs,
    context: &'a Context<'a>,
    /// The directory the next component is looked up in.
    pub here: Node,
    /// What is known of `here`, which the step that led there had to look at anyway.
    view: View<'a>,
    /// Whether a slash follows the last component, which must then be a directory.
    pub slash: bool,
    links: u32,
    piece: Piece<'a>,
    rest: Vec<Piece<'a>>,
}

impl<'a> Walk<'a> {
    /// # Errors
    ///
    /// `ENOENT` for an empty path, `ENAMETOOLONG` for a long one, `EINVAL` for one with a NUL,
    /// which no C program can name.
    pub fn new(vfs: &'a Vfs, context: &'a Context<'a>, path: &'a [u8]) -> Result<Self, Errno> {
        legal_target(path)?;
        let here = if path.starts_with(b"/") { context.root } else { context.cwd };
        let view = vfs.look(context, here)?;
        let piece = Piece { text: Cow::Borrowed(path), at: 0 };
        Ok(Self { vfs, context, here, view, slash: false, links: 0, piece, rest: Vec::new() })
    }

    /// Walks to the directory that holds the last component, and tells what that is.
    ///
    /// # Errors
    ///
    /// `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`, `ENAMETOOLONG` as POSIX says of any path.
    pub fn parent(&mut self) -> Result<Last<'a>, Errno> {
        loop {
            let name = loop {
                if let Some(name) = self.piece.next() {
                    break name;
                }
                match self.rest.pop() {
                    Some(piece) => self.piece = piece,
                    None => return Ok(Last::Root),
                }
            };
            if name.len() > NAME_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            let directory = self.view.guard();
            if !directory.directory {
                return Err(Errno::ENOTDIR);
            }
            directory.check(self.context.access, AccessMode::EXEC)?;
            let rest = self.piece.rest();
            if self.rest.is_empty() && rest.iter().all(|byte| *byte == b'/') {
                self.slash |= !rest.is_empty();
                return Ok(match &*name {
                    b"." => Last::Dot,
                    b".." => Last::DotDot,
                    _ => Last::Name(name),
                });
            }
            match &*name {
                b"." => {}
                b".." => self.up()?,
                name => {
                    let (child, view) = self.child(name)?;
                    match view.file_type() {
                        FileType::Directory => (self.here, self.view) = (child, view),
                        FileType::Symlink => self.follow(child)?,
                        _ => return Err(Errno::ENOTDIR),
                    }
                }
            }
        }
    }

    /// What a name in the directory stands for.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such name.
    pub fn child(&self, name: &[u8]) -> Result<(Node, View<'a>), Errno> {
        let name = name.as_bstr();
        let View::Tree(tree, inode) = self.view else {
            let child = self.vfs.lookup(self.context, self.here, name)?;
            return Ok((child, self.vfs.look(self.context, child)?));
        };
        let directory = inode.directory().ok_or(Errno::ENOTDIR)?;
        let ino = tree.child(self.here.ino, directory, name).ok_or(Errno::ENOENT)?;
        let below = Node { mount: self.here.mount, ino };
        let child = self.vfs.top(below);
        if child == below {
            return Ok((child, View::Tree(tree, tree.get(ino).ok_or(Errno::ENOENT)?)));
        }
        Ok((child, self.vfs.look(self.context, child)?))
    }

    fn go(&mut self, node: Node) -> Result<(), Errno> {
        self.view = self.vfs.look(self.context, node)?;
        self.here = node;
        Ok(())
    }

    /// Goes to the directory above, but never above the caller's root.
    pub fn up(&mut self) -> Result<(), Errno> {
        self.go(self.vfs.parent(self.context, self.here)?)
    }

    /// Puts a symbolic link's target before what is left of the path.
    pub fn follow(&mut self, link: Node) -> Result<(), Errno> {
        self.links += 1;
        if self.links > SYMLINKS_MAX {
            return Err(Errno::ELOOP);
        }
        if let Some(node) = self.vfs.jump(self.context, link) {
            return self.go(node);
        }
        let target = self.vfs.target(self.context, link)?;
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        if target.starts_with(b"/") {
            self.go(self.context.root)?;
        }
        let before = core::mem::replace(&mut self.piece, Piece { text: target, at: 0 });
        if before.rest().iter().any(|byte| *byte != b'/') {
            self.rest.push(before);
        }
        Ok(())
    }

    /// Walks to the end.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    pub fn end(mut self, follow: Follow) -> Result<Node, Errno> {
        loop {
            let name = match self.parent()? {
                Last::Root | Last::Dot => return Ok(self.here),
                Last::DotDot => {
                    self.up()?;
                    return Ok(self.here);
                }
                Last::Name(name) => name,
            };
            let (child, view) = self.child(&name)?;
            if !self.slash && follow == Follow::No {
                return Ok(child);
            }
            match view.file_type() {
                FileType::Symlink => self.follow(child)?,
                FileType::Directory => return Ok(child),
                _ if self.slash => return Err(Errno::ENOTDIR),
                _ => return Ok(child),
            }
        }
    }
}

/// Checks bytes that are to be a symbolic link's target, or a path.
///
/// # Errors
///
/// `ENOENT` if empty, `ENAMETOOLONG` from `PATH_MAX` on, `EINVAL` with a NUL.
pub(super) fn legal_target(target: &[u8]) -> Result<&[u8], Errno> {
    if target.is_empty() {
        return Err(Errno::ENOENT);
    }
    if target.len() >= PATH_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    if target.find_byte(0).is_some() {
        return Err(Errno::EINVAL);
    }
    Ok(target)
}
