//! Trees: a filesystem with storage, which is an image, if any, and a machine's changes to it.
//!
//! Invariant: `changed` overrides the image inode by inode; `None` marks an inode of the image
//! that is gone. Numbers of new inodes start after the image's and are never used twice.
//! An untouched tree holds a pointer and counters.

use core::ops::Bound;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bstr::{BStr, BString};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

use super::data::PAGE;
use super::image::{Image, Link};
use super::inode::{self, Directory, GONE, Inode, InodeKind, Name, ROOT_INO, directory_pages};
use crate::base::limits::DIR_ENTRIES_MAX;
use crate::base::{Errno, Ino, Timestamp};

/// One inode for so many bytes of disk (ext4), and never fewer than the least number.
const BYTES_PER_INODE: u64 = 16 * 1024;
const INODES_LEAST: u64 = 1024;

/// No inode has this number or a higher one.
pub(super) const INO_MAX: u64 = 1 << 62;

/// A filesystem with storage.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tree {
    pub(super) image: Option<Link>,
    pub(super) changed: BTreeMap<Ino, Option<Box<Inode>>>,
    /// The number of the next new inode.
    pub(super) next: u64,
    pub(super) space: Space,
}

/// How much there is, and how much of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Space {
    pub pages: u64,
    pub pages_max: u64,
    pub inodes: u64,
    pub inodes_max: u64,
}

impl Space {
    pub fn free(&self) -> u64 {
        self.pages_max.saturating_sub(self.pages)
    }
}

impl Tree {
    pub fn over(link: Link, disk_bytes: u64) -> Self {
        let (pages, inodes) = link.image().map_or((0, 0), |image| (image.pages(), image.inodes()));
        let space = Space {
            pages,
            pages_max: disk_bytes / PAGE as u64,
            inodes,
            inodes_max: (disk_bytes / BYTES_PER_INODE).max(INODES_LEAST),
        };
        Self { image: Some(link), changed: BTreeMap::new(), next: inodes + 1, space }
    }

    pub fn empty(bytes: u64, root: Inode) -> Self {
        let space = Space {
            pages: root.kind.pages(),
            pages_max: bytes / PAGE as u64,
            inodes: 1,
            inodes_max: (bytes / BYTES_PER_INODE).max(INODES_LEAST),
        };
        let changed = BTreeMap::from([(ROOT_INO, Some(Box::new(root)))]);
        Self { image: None, changed, next: ROOT_INO.0 + 1, space }
    }

    pub(super) fn image(&self) -> Option<&Image> {
        self.image.as_ref().and_then(Link::image)
    }

    pub fn get(&self, ino: Ino) -> Option<&Inode> {
        if !self.changed.is_empty()
            && let Some(changed) = self.changed.get(&ino)
        {
            return changed.as_deref();
        }
        self.image()?.get(ino)
    }

    /// The machine's own copy of an inode.
    pub fn get_mut(&mut self, ino: Ino) -> Option<&mut Inode> {
        match self.changed.entry(ino) {
            Entry::Occupied(own) => own.into_mut().as_deref_mut(),
            Entry::Vacant(none) => {
                let image = self.image.as_ref().and_then(Link::image)?;
                let copy = image.get(ino)?.copy_for_layer();
                none.insert(Some(Box::new(copy))).as_deref_mut()
            }
        }
    }

    /// The image's version of a directory that lies below the machine's.
    fn below(&self, dir: Ino) -> Option<&Directory> {
        self.image()?.get(dir)?.directory()
    }

    /// The inode that `name` stands for in a directory of this tree.
    pub fn child(&self, dir: Ino, directory: &Directory, name: &BStr) -> Option<Ino> {
        if let Some(ino) = directory.entries.get(name) {
            return (*ino != GONE).then_some(*ino);
        }
        // Finding an image's own directory again costs less than knowing whose it is.
        let below = self.below(dir)?;
        if core::ptr::eq(below, directory) {
            return None;
        }
        below.entries.get(name).copied()
    }

    /// The entries after `after`, in order.
    pub fn entries<'a>(
        &'a self,
        dir: Ino,
        directory: &'a Directory,
        after: Option<&BStr>,
    ) -> impl Iterator<Item = (&'a BStr, Ino)> {
        let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let below = self.below(dir).filter(|below| !core::ptr::eq(*below, directory));
        let mut above = directory.entries.range::<BStr, _>(range).peekable();
        let mut below = below
            .map(|below| below.entries.range::<BStr, _>(range))
            .into_iter()
            .flatten()
            .peekable();
        core::iter::from_fn(move || {
            loop {
                let next = match (above.peek(), below.peek()) {
                    (Some((a, _)), Some((b, _))) if a > b => below.next(),
                    (Some((a, _)), Some((b, _))) => {
                        if a == b {
                            below.next();
                        }
                        above.next()
                    }
                    (Some(_), None) => above.next(),
                    (None, _) => below.next(),
                }?;
                if *next.1 != GONE {
                    return Some((&**next.0, *next.1));
                }
            }
        })
    }

    /// # Errors
    ///
    /// `ENOSPC` if the directory may have no more entries, or no page is left for them.
    pub fn room_for_entry(&self, directory: &Directory) -> Result<(), Errno> {
        let more = directory_pages(directory.len + 1) - directory_pages(directory.len);
        if directory.len as usize >= DIR_ENTRIES_MAX || more > self.space.free() {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// Makes `name` stand for `ino`, whether or not it stood for something before.
    pub fn set_entry(&mut self, dir: Ino, name: Name, ino: Ino, now: Timestamp) {
        let below = self.below(dir).and_then(|below| below.entries.get(&name)).copied();
        let Some(inode) = self.get_mut(dir) else { return };
        inode.modified(now);
        let Some(directory) = inode.directory_mut() else { return };
        let new = match directory.entries.entry(name) {
            Entry::Occupied(mut own) => {
                let was = *own.get();
                if below == Some(ino) {
                    own.remove();
                } else {
                    own.insert(ino);
                }
                was == GONE
            }
            Entry::Vacant(none) => {
                if below != Some(ino) {
                    none.insert(ino);
                }
                below.is_none()
            }
        };
        let before = directory_pages(directory.len);
        directory.len += u32::from(new);
        let more = directory_pages(directory.len) - before;
        self.space.pages += more;
    }

    /// Removes `name`.
    pub fn remove_entry(&mut self, dir: Ino, name: &BStr, now: Timestamp) {
        let below = self.below(dir).is_some_and(|below| below.entries.contains_key(name));
        let Some(inode) = self.get_mut(dir) else { return };
        inode.modified(now);
        let Some(directory) = inode.directory_mut() else { return };
        if below {
            directory.entries.insert(inode::name(name), GONE);
        } else {
            directory.entries.remove(name);
        }
        let before = directory_pages(directory.len);
        directory.len = directory.len.saturating_sub(1);
        let less = before - directory_pages(directory.len);
        self.space.pages = self.space.pages.saturating_sub(less);
    }

    /// # Errors
    ///
    /// `ENOSPC` if a new inode of `pages` pages and an entry for it do not fit.
    pub fn room_for_inode(&self, directory: &Directory, pages: u64) -> Result<(), Errno> {
        let spent = self.space.inodes >= self.space.inodes_max || self.next >= INO_MAX;
        let more = directory_pages(directory.len + 1) - directory_pages(directory.len);
        if spent || pages + more > self.space.free() {
            return Err(Errno::ENOSPC);
        }
        self.room_for_entry(directory)
    }

    /// Takes up a new inode.
    pub fn add(&mut self, inode: Inode) -> Ino {
        let ino = Ino(self.next);
        self.next += 1;
        self.space.inodes += 1;
        self.space.pages += inode.kind.pages();
        self.changed.insert(ino, Some(Box::new(inode)));
        ino
    }

    /// Forgets an inode that has neither names nor users.
    pub fn free(&mut self, ino: Ino) {
        let Some(inode) = self.get(ino) else { return };
        self.space.pages = self.space.pages.saturating_sub(inode.kind.pages());
        self.space.inodes = self.space.inodes.saturating_sub(1);
        if self.image().is_some_and(|image| image.get(ino).is_some()) {
            self.changed.insert(ino, None);
        } else {
            self.changed.remove(&ino);
        }
    }

    /// The target of a symbolic link.
    pub fn target(&self, ino: Ino) -> Option<&BString> {
        match &self.get(ino)?.kind {
            InodeKind::Symlink(target) => Some(target),
            _ => None,
        }
    }
}

/// What differs from the image. An inode that was changed and changed back is no difference,
/// so that equal trees are saved alike.
impl Tree {
    pub(super) fn differences(&self) -> impl Iterator<Item = (&Ino, Option<&Inode>)> {
        let image = self.image();
        let differs = move |(ino, changed): &(&Ino, Option<&Inode>)| match changed {
            None => true,
            Some(changed) => !image
                .and_then(|image| image.get(**ino))
                .is_some_and(|below| changed.equals_below(below)),
        };
        self.changed.iter().map(|(ino, changed)| (ino, changed.as_deref())).filter(differs)
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        let same = (&self.image, self.next, self.space) == (&other.image, other.next, other.space);
        same && self.differences().eq(other.differences())
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tree = serializer.serialize_struct("Tree", 4)?;
        tree.serialize_field("image", &self.image)?;
        tree.serialize_field("changed", &Differences(self))?;
        tree.serialize_field("next", &self.next)?;
        tree.serialize_field("space", &self.space)?;
        tree.end()
    }
}

struct Differences<'a>(&'a Tree);

impl Serialize for Differences<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.differences().count()))?;
        for (ino, changed) in self.0.differences() {
            map.serialize_entry(ino, &changed)?;
        }
        map.end()
    }
}

impl Inode {
    /// Whether a machine's own copy of an image's inode still says the same.
    fn equals_below(&self, below: &Self) -> bool {
        let (Some(own), Some(directory)) = (self.directory(), below.directory()) else {
            return self == below;
        };
        let attributes = |inode: &Self| {
            let times = (inode.atime, inode.mtime, inode.ctime);
            (inode.mode, inode.uid, inode.gid, inode.nlink, times)
        };
        own.entries.is_empty()
            && (own.parent, &own.name) == (directory.parent, &directory.name)
            && attributes(self) == attributes(below)
    }

    /// The inode as a machine's layer begins with it: a directory has no differences yet.
    fn copy_for_layer(&self) -> Self {
        let kind = match &self.kind {
            InodeKind::Directory(directory) => InodeKind::Directory(Directory {
                parent: directory.parent,
                name: directory.name.clone(),
                len: directory.len,
                entries: BTreeMap::new(),
            }),
            kind => kind.clone(),
        };
        Self { kind, ..*self }
    }
}
