//! Checks of what was loaded: whether a filesystem's references and counts agree.
//!
//! A savegame may have been written by anybody. After [`Vfs::check`] no call can meet an entry
//! without an inode, a directory above itself or a file with impossible chunks.
//!
//! Only what a machine changed is looked at: its image was checked when that was loaded, so for
//! every inode it is enough to count the names that the changes added and took away.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use bstr::BStr;

use super::image::Image;
use super::inode::{GONE, Inode, InodeKind, ROOT_INO};
use super::mode::PERMISSIONS;
use super::mount::{Files, Mount, MountId, Node};
use super::path::legal_target;
use super::step::FilesRef;
use super::tree::{INO_MAX, Tree};
use super::vfs::Vfs;
use crate::base::Ino;
use crate::base::limits::{DIR_ENTRIES_MAX, LINK_MAX, MOUNTS_MAX, NAME_MAX};

/// What is wrong with a filesystem, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Damage {
    /// The filesystem.
    pub mount: MountId,
    /// The inode, or 0 if it is the filesystem as a whole.
    pub ino: Ino,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filesystem {}, inode {}: {}", self.mount.0, self.ino, self.what)
    }
}

/// What is wrong, before anybody said in which filesystem.
type Finding = (Ino, &'static str);

fn ensure(holds: bool, ino: Ino, what: &'static str) -> Result<(), Finding> {
    if holds { Ok(()) } else { Err((ino, what)) }
}

/// Checks an image that was loaded.
pub(super) fn image(image: &Image) -> Result<(), Damage> {
    let changed = image.iter().map(|(ino, inode)| (ino, Some(inode))).collect();
    let layer = Layer { below: None, changed, get: &|ino| image.get(ino), in_use: &|_| false };
    let at = |(ino, what)| Damage { mount: MountId::ROOT, ino, what };
    layer.check().map(|_| ()).map_err(at)
}

impl Vfs {
    /// Checks what was loaded, after [`relink`](Self::relink).
    ///
    /// # Errors
    ///
    /// The first damage found.
    pub fn check(&self) -> Result<(), Damage> {
        let damage = |mount: MountId| move |(ino, what)| Damage { mount, ino, what };
        self.check_tree(MountId::ROOT, &self.root).map_err(damage(MountId::ROOT))?;
        ensure(self.mounts.len() <= MOUNTS_MAX, GONE, "there are more mounts than may be")
            .map_err(damage(MountId::ROOT))?;
        let mut before = MountId::ROOT;
        for mount in &self.mounts {
            self.check_mount(mount, before).map_err(damage(mount.id))?;
            before = mount.id;
        }
        for (node, uses) in &self.uses {
            let known = match self.files(node.mount) {
                Ok(FilesRef::Tree(tree)) => tree.get(node.ino).is_some(),
                found => found.is_ok(),
            };
            ensure(known && *uses > 0, node.ino, "an inode is in use that does not exist")
                .map_err(damage(node.mount))?;
        }
        Ok(())
    }

    fn check_mount(&self, mount: &Mount, before: MountId) -> Result<(), Finding> {
        ensure(mount.id > before, GONE, "mounts are out of order")?;
        ensure(mount.id.0 < self.next_mount, GONE, "the mount's number is yet to be given out")?;
        ensure(mount.on.mount < mount.id, GONE, "mounted on a later mount")?;
        let on = match self.files(mount.on.mount) {
            Ok(FilesRef::Tree(tree)) => tree
                .get(mount.on.ino)
                .is_some_and(|inode| inode.directory().is_some() && inode.nlink > 0),
            found => found.is_ok(),
        };
        ensure(on, GONE, "mounted on something that is no directory")?;
        let same = self.mounts.iter().filter(|other| other.on == mount.on).count();
        ensure(same == 1, GONE, "mounted where something else is")?;
        match &mount.files {
            Files::Tree(tree) => self.check_tree(mount.id, tree),
            Files::Synthetic(_) => Ok(()),
        }
    }

    fn check_tree(&self, mount: MountId, tree: &Tree) -> Result<(), Finding> {
        let below = tree.image();
        ensure(below.is_some() || tree.image.is_none(), GONE, "the image was not found")?;
        let first_new = below.map_or(0, Image::inodes) + 1;
        ensure(
            (first_new..=INO_MAX).contains(&tree.next),
            GONE,
            "the next inode's number is out of range",
        )?;
        for (ino, changed) in &tree.changed {
            let range = if changed.is_some() { 1..tree.next } else { 2..first_new };
            ensure(range.contains(&ino.0), *ino, "the number is out of range")?;
        }
        let layer = Layer {
            below,
            changed: tree.changed.iter().map(|(ino, inode)| (*ino, inode.as_deref())).collect(),
            get: &|ino| tree.get(ino),
            in_use: &|ino| self.uses.contains_key(&Node { mount, ino }),
        };
        let (pages, inodes) = layer.check()?;
        ensure(pages == i128::from(tree.space.pages), GONE, "the count of pages is wrong")?;
        ensure(inodes == i128::from(tree.space.inodes), GONE, "the count of inodes is wrong")
    }
}

/// Changes over what is known to be sound, if anything.
struct Layer<'a> {
    below: Option<&'a Image>,
    changed: Vec<(Ino, Option<&'a Inode>)>,
    get: &'a dyn Fn(Ino) -> Option<&'a Inode>,
    in_use: &'a dyn Fn(Ino) -> bool,
}

/// What the changes did to the counts of inodes.
#[derive(Default)]
struct Counts {
    /// Names more or fewer than below.
    names: BTreeMap<Ino, i64>,
    /// Of directories, subdirectories more or fewer than below.
    subdirectories: BTreeMap<Ino, i64>,
    /// Directories that have a new entry.
    placed: BTreeSet<Ino>,
}

impl<'a> Layer<'a> {
    /// The pages and inodes that all make together.
    fn check(&self) -> Result<(i128, i128), Finding> {
        let root = (self.get)(ROOT_INO).ok_or((ROOT_INO, "there is no root directory"))?;
        let place = root.directory().ok_or((ROOT_INO, "the root is no directory"))?;
        ensure(
            place.parent == ROOT_INO && place.name.is_empty() && root.nlink > 0,
            ROOT_INO,
            "the root directory is somewhere else",
        )?;
        let mut counts = Counts::default();
        for (ino, inode) in &self.changed {
            if let Some(inode) = inode {
                self.attributes(*ino, inode)?;
            }
            self.count(*ino, *inode, &mut counts)?;
        }
        let changed = self.changed.iter().map(|(ino, _)| *ino);
        let touched: BTreeSet<Ino> = changed.chain(counts.names.keys().copied()).collect();
        for ino in touched {
            self.links(ino, &counts)?;
        }
        self.no_cycles()?;
        Ok(self.totals())
    }

    fn base(&self, ino: Ino) -> Option<&'a Inode> {
        self.below?.get(ino)
    }

    fn attributes(&self, ino: Ino, inode: &Inode) -> Result<(), Finding> {
        ensure(inode.mode & !PERMISSIONS == 0, ino, "the mode has impossible bits")?;
        let times = [inode.atime, inode.mtime, inode.ctime];
        let whole = times.iter().all(|time| time.nanos < 1_000_000_000);
        ensure(whole, ino, "a time has more nanoseconds than a second")?;
        match &inode.kind {
            InodeKind::File(data) => {
                ensure(data.is_sound(), ino, "a chunk of the file has an illegal size")?;
            }
            InodeKind::Symlink(target) => {
                ensure(legal_target(target).is_ok(), ino, "the link's target is no path")?;
            }
            InodeKind::Program(program) => {
                let short = program.program.len() <= NAME_MAX;
                ensure(short, ino, "the program's name is too long")?;
            }
            _ => {}
        }
        let directory = inode.directory().is_some();
        let same = self.base(ino).is_none_or(|base| base.directory().is_some() == directory);
        ensure(same, ino, "a directory of the image became something else, or the reverse")
    }

    /// Counts what an inode's entries change.
    fn count(&self, ino: Ino, inode: Option<&Inode>, counts: &mut Counts) -> Result<(), Finding> {
        let below = self.base(ino).and_then(Inode::directory);
        let Some(inode) = inode else {
            for child in below.into_iter().flat_map(|below| below.entries.values()) {
                *counts.names.entry(*child).or_default() -= 1;
            }
            return Ok(());
        };
        let Some(directory) = inode.directory() else { return Ok(()) };
        let mut len = below.map_or(0, |below| below.entries.len() as u64);
        for (name, to) in &directory.entries {
            ensure(is_legal(name), ino, "an entry's name is illegal")?;
            let was = below.and_then(|below| below.entries.get(name)).copied();
            if let Some(was) = was {
                ensure(was != *to, ino, "an entry differs from the image's in nothing")?;
                *counts.names.entry(was).or_default() -= 1;
                let directory = self.base(was).and_then(Inode::directory).is_some();
                *counts.subdirectories.entry(ino).or_default() -= i64::from(directory);
                len -= 1;
            }
            if *to == GONE {
                ensure(was.is_some(), ino, "an entry is gone that never was")?;
                continue;
            }
            let target = (self.get)(*to).ok_or((ino, "an entry leads to no inode"))?;
            *counts.names.entry(*to).or_default() += 1;
            len += 1;
            if let Some(child) = target.directory() {
                let placed = child.parent == ino && child.name == *name;
                ensure(placed, *to, "the directory believes itself elsewhere")?;
                ensure(counts.placed.insert(*to), *to, "the directory has two names")?;
                *counts.subdirectories.entry(ino).or_default() += 1;
            }
        }
        ensure(
            len == u64::from(directory.len) && len <= DIR_ENTRIES_MAX as u64,
            ino,
            "the count of entries is wrong",
        )
    }

    /// Checks an inode's link count against the names counted.
    fn links(&self, ino: Ino, counts: &Counts) -> Result<(), Finding> {
        let base = self.base(ino);
        let base_names = base.map_or(0, |base| match base.directory() {
            Some(_) => i64::from(ino != ROOT_INO),
            None => i64::from(base.nlink),
        });
        let names = base_names + counts.names.get(&ino).copied().unwrap_or(0);
        let Some(inode) = (self.get)(ino) else {
            return ensure(names == 0, ino, "a removed inode still has a name");
        };
        ensure(inode.nlink <= LINK_MAX, ino, "there are more links than may be")?;
        let removed = inode.nlink == 0;
        ensure(!removed || (self.in_use)(ino), ino, "an inode without names is not in use")?;
        let Some(directory) = inode.directory() else {
            return ensure(names == i64::from(inode.nlink), ino, "the link count is wrong");
        };
        let expected = i64::from(!removed && ino != ROOT_INO);
        ensure(names == expected, ino, "the directory has no name, or more than one")?;
        if removed {
            return ensure(directory.len == 0, ino, "a removed directory has entries");
        }
        let more = counts.subdirectories.get(&ino).copied().unwrap_or(0);
        let links = base.map_or(2, |base| i64::from(base.nlink)) + more;
        ensure(links == i64::from(inode.nlink), ino, "the link count is wrong")?;
        match base.and_then(Inode::directory) {
            Some(base) if !counts.placed.contains(&ino) => {
                let unmoved = (base.parent, &base.name) == (directory.parent, &directory.name);
                ensure(unmoved, ino, "the directory believes itself elsewhere")
            }
            _ => Ok(()),
        }
    }

    /// Checks that every changed directory hangs on the root. A circle has a changed directory
    /// in it, since there is none in what lies below.
    fn no_cycles(&self) -> Result<(), Finding> {
        let mut sound = BTreeSet::from([ROOT_INO]);
        for (start, inode) in &self.changed {
            if !inode.is_some_and(|inode| inode.directory().is_some() && inode.nlink > 0) {
                continue;
            }
            let (mut at, mut passed) = (*start, BTreeSet::new());
            while !sound.contains(&at) {
                ensure(passed.insert(at), at, "the directory is its own ancestor")?;
                let directory = (self.get)(at).and_then(Inode::directory);
                at = directory.ok_or((at, "a directory hangs on something else"))?.parent;
            }
            sound.extend(passed);
        }
        Ok(())
    }

    fn totals(&self) -> (i128, i128) {
        let pages = |inode: Option<&Inode>| inode.map_or(0, |inode| i128::from(inode.kind.pages()));
        let below = self.below.map_or((0, 0), |below| (below.pages(), below.inodes()));
        let mut totals = (i128::from(below.0), i128::from(below.1));
        for (ino, inode) in &self.changed {
            let base = self.base(*ino);
            totals.0 += pages(*inode) - pages(base);
            totals.1 += i128::from(inode.is_some()) - i128::from(base.is_some());
        }
        totals
    }
}

/// Whether a directory may have an entry of this name.
fn is_legal(name: &BStr) -> bool {
    !matches!(&**name, b"" | b"." | b"..")
        && name.len() <= NAME_MAX
        && !name.contains(&0)
        && !name.contains(&b'/')
}
