//! Open files: what descriptors refer to, shared by every descriptor that was duplicated or
//! inherited from the same `open`.
//!
//! The trinity is POSIX's: an `FdTable` entry (with close-on-exec) names an [`OpenFile`] (with
//! offset and status flags), which names the object behind: an inode, a pipe, a terminal, a
//! socket. Invariant: `references` counts the descriptors of all processes (and, while a process
//! waits in `open`, that process); at zero the open file is closed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, limits};
use crate::fs::{Node, OpenFlags};
use crate::net::SocketId;

use super::terminals::TtyId;

pub use super::pipe::PipeId;

/// An open file of one machine. Never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct FileId(pub u64);

/// What is behind an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Object {
    /// A file or directory with storage, or one of `/proc`.
    Inode,
    /// `/dev/null`.
    Null,
    /// `/dev/zero`.
    Zero,
    /// `/dev/full`.
    Full,
    /// `/dev/random` and `/dev/urandom`.
    Random,
    /// The reading end of a pipe.
    PipeReader(PipeId),
    /// The writing end of a pipe.
    PipeWriter(PipeId),
    /// A terminal.
    Tty(TtyId),
    /// A socket.
    Socket(SocketId),
}

/// An open file description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFile {
    /// What is behind it.
    pub object: Object,
    /// The inode it was opened by; none for pipes and sockets without a name.
    pub node: Option<Node>,
    /// Access mode and status flags.
    pub flags: OpenFlags,
    /// Where the next read or write of an inode begins, in bytes.
    pub offset: u64,
    /// How many descriptors refer to it.
    pub references: u32,
}

/// Every open file of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileTable {
    files: BTreeMap<FileId, OpenFile>,
    next: u64,
}

impl FileTable {
    /// Adds an open file with one reference.
    ///
    /// # Errors
    ///
    /// `ENFILE`: the machine has too many.
    pub(crate) fn insert(
        &mut self,
        object: Object,
        node: Option<Node>,
        flags: OpenFlags,
    ) -> Result<FileId, Errno> {
        if self.files.len() >= limits::MACHINE_OPEN_FILES_MAX {
            return Err(Errno::ENFILE);
        }
        let id = FileId(self.next);
        self.next += 1;
        self.files.insert(id, OpenFile { object, node, flags, offset: 0, references: 1 });
        Ok(id)
    }

    pub(crate) fn get(&self, id: FileId) -> Option<&OpenFile> {
        self.files.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: FileId) -> Option<&mut OpenFile> {
        self.files.get_mut(&id)
    }

    /// Counts one more descriptor.
    pub(crate) fn retain(&mut self, id: FileId) {
        if let Some(file) = self.files.get_mut(&id) {
            file.references += 1;
        }
    }

    /// Counts one descriptor less; gives the open file when that was the last.
    pub(crate) fn release(&mut self, id: FileId) -> Option<OpenFile> {
        let file = self.files.get_mut(&id)?;
        file.references -= 1;
        if file.references > 0 {
            return None;
        }
        self.files.remove(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (FileId, &OpenFile)> {
        self.files.iter().map(|(id, file)| (*id, file))
    }

    /// Whether every id is older than the next to be given out.
    pub(crate) fn is_sound(&self) -> bool {
        self.files.keys().all(|id| id.0 < self.next)
    }
}

/// A descriptor's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdEntry {
    /// The open file.
    pub file: FileId,
    /// Whether `exec` closes it.
    pub close_on_exec: bool,
}

/// A process's descriptors; the lowest free number is given out first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FdTable {
    entries: Vec<Option<FdEntry>>,
}

impl FdTable {
    fn index(fd: Fd) -> usize {
        fd.0 as usize
    }

    /// # Errors
    ///
    /// `EBADF`: not open.
    pub(crate) fn get(&self, fd: Fd) -> Result<FdEntry, Errno> {
        self.entries.get(Self::index(fd)).copied().flatten().ok_or(Errno::EBADF)
    }

    /// # Errors
    ///
    /// `EBADF`: not open.
    pub(crate) fn get_mut(&mut self, fd: Fd) -> Result<&mut FdEntry, Errno> {
        self.entries.get_mut(Self::index(fd)).and_then(Option::as_mut).ok_or(Errno::EBADF)
    }

    /// The lowest free descriptor from `lowest` on.
    ///
    /// # Errors
    ///
    /// `EMFILE`: none below the limit. `EINVAL`: `lowest` is past it.
    pub(crate) fn lowest_free(&self, lowest: Fd) -> Result<Fd, Errno> {
        if lowest.0 >= limits::OPEN_FILES_MAX {
            return Err(Errno::EINVAL);
        }
        (lowest.0..limits::OPEN_FILES_MAX)
            .map(Fd)
            .find(|fd| self.get(*fd).is_err())
            .ok_or(Errno::EMFILE)
    }

    /// Sets an entry and gives the one it replaces.
    ///
    /// # Errors
    ///
    /// `EBADF`: past the limit.
    pub(crate) fn set(&mut self, fd: Fd, entry: FdEntry) -> Result<Option<FdEntry>, Errno> {
        if fd.0 >= limits::OPEN_FILES_MAX {
            return Err(Errno::EBADF);
        }
        let index = Self::index(fd);
        if index >= self.entries.len() {
            self.entries.resize(index + 1, None);
        }
        Ok(self.entries[index].replace(entry))
    }

    /// # Errors
    ///
    /// `EBADF`: not open.
    pub(crate) fn remove(&mut self, fd: Fd) -> Result<FdEntry, Errno> {
        let entry = self.entries.get_mut(Self::index(fd)).and_then(Option::take);
        while self.entries.last().is_some_and(Option::is_none) {
            self.entries.pop();
        }
        entry.ok_or(Errno::EBADF)
    }

    /// Open descriptors in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fd, FdEntry)> {
        (0..).map(Fd).zip(&self.entries).filter_map(|(fd, entry)| Some((fd, (*entry)?)))
    }

    /// Takes out every entry that `condition` holds for.
    pub(crate) fn take_if(&mut self, condition: impl Fn(FdEntry) -> bool) -> Vec<FdEntry> {
        let taken = self
            .entries
            .iter_mut()
            .filter_map(|slot| slot.take_if(|entry| condition(*entry)))
            .collect();
        while self.entries.last().is_some_and(Option::is_none) {
            self.entries.pop();
        }
        taken
    }

    /// Whether the table is within its bound and has no free entry at its end.
    pub(crate) fn is_sound(&self) -> bool {
        self.entries.len() <= limits::OPEN_FILES_MAX as usize
            && self.entries.last().is_none_or(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: u64) -> FdEntry {
        FdEntry { file: FileId(file), close_on_exec: false }
    }

    #[test]
    fn the_lowest_free_descriptor_comes_first() {
        let mut table = FdTable::default();
        for n in 0..3 {
            let fd = table.lowest_free(Fd(0)).unwrap();
            assert_eq!(fd, Fd(n));
            table.set(fd, entry(u64::from(n))).unwrap();
        }
        table.remove(Fd(1)).unwrap();
        assert_eq!(table.lowest_free(Fd(0)), Ok(Fd(1)));
        assert_eq!(table.lowest_free(Fd(10)), Ok(Fd(10)));
        assert_eq!(table.remove(Fd(1)), Err(Errno::EBADF));
        assert_eq!(table.lowest_free(Fd(limits::OPEN_FILES_MAX)), Err(Errno::EINVAL));
    }

    #[test]
    fn tables_with_the_same_entries_are_equal() {
        let mut table = FdTable::default();
        table.set(Fd(0), entry(0)).unwrap();
        let short = table.clone();
        table.set(Fd(30), entry(1)).unwrap();
        table.remove(Fd(30)).unwrap();
        assert_eq!(table, short);
    }
}
