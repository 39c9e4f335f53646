//! Images: the immutable file tree that all machines of a variant share.
//!
//! Invariant: inode numbers run from 1 (the root directory) without gaps, in the order in which
//! the builder was told of them. The digest covers everything; equal digests are equal images.
//!
//! Why `Arc`: an image never changes once built, ten thousand machines point to one, and a save
//! names it by digest. [`Link`] is what a machine holds.
#![expect(clippy::disallowed_types, reason = "images are immutable and shared, see above")]

use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check;
use super::data::Data;
use super::inode::{self, Directory, Inode, InodeKind, Name, ROOT_INO};
use super::mode::PERMISSIONS;
use super::program::ProgramFile;
use crate::base::digest::Digest;
use crate::base::limits::{LINK_MAX, NAME_MAX, PATH_MAX};
use crate::base::{Errno, Gid, Ino, Timestamp, Uid};

/// An immutable file tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    inodes: Vec<Inode>,
    digest: Digest,
    pages: u64,
}

impl Image {
    fn new(inodes: Vec<Inode>) -> Self {
        let digest = Digest::of(&inodes);
        let pages = inodes.iter().map(|inode| inode.kind.pages()).sum();
        Self { inodes, digest, pages }
    }

    /// The image's fingerprint, by which saves refer to it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many inodes there are.
    pub fn inodes(&self) -> u64 {
        self.inodes.len() as u64
    }

    /// Bytes of disk the files take, in whole pages.
    pub fn disk_bytes(&self) -> u64 {
        self.pages * super::data::PAGE as u64
    }

    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    pub(super) fn get(&self, ino: Ino) -> Option<&Inode> {
        let index = usize::try_from(ino.0.checked_sub(1)?).ok()?;
        self.inodes.get(index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Ino, &Inode)> {
        (1..).map(Ino).zip(&self.inodes)
    }
}

impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inodes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Image {
    /// Refuses trees that no builder makes, so that a machine may trust its image.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let image = Self::new(Vec::deserialize(deserializer)?);
        check::image(&image).map_err(D::Error::custom)?;
        Ok(image)
    }
}

/// A machine's hold on its image: only the digest until the image was found after a load.
#[derive(Clone, Debug)]
pub(super) struct Link {
    digest: Digest,
    image: Option<Arc<Image>>,
}

impl Link {
    pub fn new(image: Arc<Image>) -> Self {
        Self { digest: image.digest, image: Some(image) }
    }

    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub fn image(&self) -> Option<&Image> {
        self.image.as_deref()
    }

    /// # Errors
    ///
    /// The digest of the image that was not found.
    pub fn relink(&mut self, find: &dyn Fn(Digest) -> Option<Arc<Image>>) -> Result<(), Digest> {
        let found = find(self.digest).filter(|image| image.digest == self.digest);
        self.image = Some(found.ok_or(self.digest)?);
        Ok(())
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digest.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { digest: Digest::deserialize(deserializer)?, image: None })
    }
}

/// Builds an image. Paths are absolute or relative to the root, and hold neither `.` nor `..`;
/// missing parents appear as directories of root with mode 755; what is told again replaces what
/// was there, but a directory keeps its entries.
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    inodes: Vec<Inode>,
    time: Timestamp,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageBuilder {
    /// An image with an empty root directory.
    pub fn new() -> Self {
        let root = Directory::new(ROOT_INO, Name::default());
        let mut builder = Self { inodes: Vec::new(), time: Timestamp::default() };
        builder.push(InodeKind::Directory(root), 0o755, Uid::ROOT, Gid::ROOT);
        builder
    }

    /// Sets the time that what is told from now on bears; the root directory too.
    pub fn time(&mut self, time: Timestamp) -> &mut Self {
        self.time = time;
        let root = &mut self.inodes[0];
        (root.atime, root.mtime, root.ctime) = (time, time, time);
        self
    }

    /// Adds a directory, or sets the owner and mode of one that is there.
    ///
    /// # Errors
    ///
    /// `ENOTDIR` if the path or its parent is another kind of file, `EINVAL` for `.`, `..` and
    /// NUL, `ENAMETOOLONG` beyond `NAME_MAX` and `PATH_MAX`, `EMLINK` beyond `LINK_MAX`.
    pub fn dir(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        uid: Uid,
        gid: Gid,
    ) -> Result<&mut Self, Errno> {
        let mut at = ROOT_INO;
        for name in names(path.as_ref())? {
            at = self.subdirectory(at, name)?;
        }
        let inode = self.get_mut(at);
        (inode.mode, inode.uid, inode.gid) = (mode & PERMISSIONS, uid, gid);
        Ok(self)
    }

    /// Adds a file with these bytes.
    ///
    /// # Errors
    ///
    /// As for [`dir`](Self::dir); `EISDIR` if the path is a directory.
    pub fn file(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        uid: Uid,
        gid: Gid,
        bytes: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Errno> {
        self.put(path.as_ref(), InodeKind::File(Data::new(bytes.as_ref())), mode, uid, gid)
    }

    /// Adds a program file that runs the implementation called `program`.
    ///
    /// # Errors
    ///
    /// As for [`file`](Self::file).
    pub fn program(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        uid: Uid,
        gid: Gid,
        program: &str,
    ) -> Result<&mut Self, Errno> {
        self.put(path.as_ref(), InodeKind::Program(ProgramFile::new(program)), mode, uid, gid)
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    ///
    /// As for [`file`](Self::file); `ENOENT` and `ENAMETOOLONG` for an illegal target.
    pub fn symlink(
        &mut self,
        path: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
        uid: Uid,
        gid: Gid,
    ) -> Result<&mut Self, Errno> {
        let target = super::path::legal_target(target.as_ref())?;
        self.put(path.as_ref(), InodeKind::Symlink(target.into()), 0o777, uid, gid)
    }

    /// Adds a device, fifo or socket.
    ///
    /// # Errors
    ///
    /// As for [`file`](Self::file); `EINVAL` for kinds that have methods of their own.
    pub fn device(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        uid: Uid,
        gid: Gid,
        kind: InodeKind,
    ) -> Result<&mut Self, Errno> {
        match kind {
            InodeKind::CharDevice { .. }
            | InodeKind::BlockDevice { .. }
            | InodeKind::Fifo
            | InodeKind::Socket => self.put(path.as_ref(), kind, mode, uid, gid),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The finished image.
    pub fn build(self) -> Arc<Image> {
        Arc::new(Image::new(self.inodes))
    }

    fn get_mut(&mut self, ino: Ino) -> &mut Inode {
        let index = usize::try_from(ino.0 - 1).expect("numbers below are indices of a Vec");
        &mut self.inodes[index]
    }

    fn entries(&mut self, dir: Ino) -> Result<&mut Directory, Errno> {
        self.get_mut(dir).directory_mut().ok_or(Errno::ENOTDIR)
    }

    fn push(&mut self, kind: InodeKind, mode: u16, uid: Uid, gid: Gid) -> Ino {
        let nlink = if matches!(kind, InodeKind::Directory(_)) { 2 } else { 1 };
        let (atime, mtime, ctime) = (self.time, self.time, self.time);
        let mode = mode & PERMISSIONS;
        self.inodes.push(Inode { kind, mode, uid, gid, nlink, atime, mtime, ctime });
        Ino(self.inodes.len() as u64)
    }

    fn link(&mut self, dir: Ino, name: &BStr, ino: Ino) -> Result<(), Errno> {
        let directory = self.entries(dir)?;
        directory.entries.insert(inode::name(name), ino);
        directory.len += 1;
        Ok(())
    }

    fn subdirectory(&mut self, dir: Ino, name: &BStr) -> Result<Ino, Errno> {
        if let Some(ino) = self.entries(dir)?.entries.get(name).copied() {
            self.entries(ino)?;
            return Ok(ino);
        }
        if self.get_mut(dir).nlink >= LINK_MAX {
            return Err(Errno::EMLINK);
        }
        let kind = InodeKind::Directory(Directory::new(dir, inode::name(name)));
        let ino = self.push(kind, 0o755, Uid::ROOT, Gid::ROOT);
        self.link(dir, name, ino)?;
        self.get_mut(dir).nlink += 1;
        Ok(ino)
    }

    fn put(
        &mut self,
        path: &[u8],
        kind: InodeKind,
        mode: u16,
        uid: Uid,
        gid: Gid,
    ) -> Result<&mut Self, Errno> {
        let mut parents = names(path)?;
        let name = parents.pop().ok_or(Errno::EISDIR)?;
        let mut dir = ROOT_INO;
        for parent in parents {
            dir = self.subdirectory(dir, parent)?;
        }
        let time = self.time;
        match self.entries(dir)?.entries.get(name).copied() {
            Some(ino) => {
                let inode = self.get_mut(ino);
                if inode.directory().is_some() {
                    return Err(Errno::EISDIR);
                }
                let mode = mode & PERMISSIONS;
                let (atime, mtime, ctime) = (time, time, time);
                *inode = Inode { kind, mode, uid, gid, nlink: 1, atime, mtime, ctime };
            }
            None => {
                let ino = self.push(kind, mode, uid, gid);
                self.link(dir, name, ino)?;
            }
        }
        Ok(self)
    }
}

/// A path's components.
fn names(path: &[u8]) -> Result<Vec<&BStr>, Errno> {
    if path.len() >= PATH_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    path.split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty())
        .map(|name| match name {
            b"." | b".." => Err(Errno::EINVAL),
            _ if name.contains(&0) => Err(Errno::EINVAL),
            _ if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
            _ => Ok(name.as_bstr()),
        })
        .collect()
}
