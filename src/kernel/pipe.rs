//! Pipes: bounded byte queues between processes, anonymous or named.
//!
//! Follows: POSIX.1-2024 `pipe`, `write` (atomicity up to `PIPE_BUF`).
//! Invariant: a pipe lives as long as an end of it is open; `readers` and `writers` count open
//! files, not descriptors, and the embedder's end of a stream counts as one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::Errno;
use crate::base::limits;
use crate::base::queue::ByteQueue;

/// A pipe of one machine. Never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct PipeId(pub u64);

/// One pipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pipe {
    bytes: ByteQueue,
    capacity: u32,
    pub(crate) readers: u32,
    pub(crate) writers: u32,
    /// How often each end was opened: what a blocked `open` of a named pipe waits to see change.
    pub(crate) reader_opens: u32,
    pub(crate) writer_opens: u32,
}

impl Pipe {
    /// Bytes that can be read now.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn room(&self) -> usize {
        (self.capacity as usize).saturating_sub(self.bytes.len())
    }

    /// Sets the capacity, though never below what is in the pipe.
    pub(crate) fn resize(&mut self, capacity: u32) {
        let held = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.capacity = capacity.max(held);
    }

    /// Whether a read would not wait.
    pub(crate) fn is_readable(&self) -> bool {
        !self.bytes.is_empty() || self.writers == 0
    }

    /// Whether a write of one block would not wait.
    pub(crate) fn is_writable(&self) -> bool {
        self.room() >= limits::PIPE_BUF || self.readers == 0
    }

    /// Moves up to `max` bytes out; 0 is end-of-file.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: nothing there yet, and a writer is.
    pub(crate) fn read(&mut self, into: &mut Vec<u8>, max: usize) -> Result<usize, Errno> {
        if self.bytes.is_empty() && self.writers > 0 && max > 0 {
            return Err(Errno::EAGAIN);
        }
        Ok(self.bytes.pop(into, max))
    }

    /// Takes as many of `bytes` as fit; up to `PIPE_BUF` bytes go in whole or not at all.
    ///
    /// # Errors
    ///
    /// `EPIPE`: nobody can read. `EAGAIN`: no room.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        if self.readers == 0 {
            return Err(Errno::EPIPE);
        }
        let room = self.room();
        // A pipe smaller than PIPE_BUF can never take a whole block.
        let whole = bytes.len() <= limits::PIPE_BUF.min(self.capacity as usize);
        if bytes.len() > room && (whole || room == 0) {
            return Err(Errno::EAGAIN);
        }
        let count = bytes.len().min(room);
        self.bytes.push(&bytes[..count]);
        Ok(count)
    }
}

/// Every pipe of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PipeTable {
    pipes: BTreeMap<PipeId, Pipe>,
    next: u64,
}

impl PipeTable {
    /// Makes a pipe with these counts of open ends.
    pub(crate) fn create(&mut self, readers: u32, writers: u32) -> PipeId {
        // Past a number of pipes new ones are small, so that a guest cannot fill the host with
        // full pipes (Linux does the same past `pipe-user-pages-soft`).
        let capacity = if self.pipes.len() < limits::FULL_SIZE_PIPES {
            limits::PIPE_CAPACITY
        } else {
            limits::PIPE_BUF
        };
        self.create_sized(readers, writers, capacity)
    }

    /// Makes a pipe of a capacity in bytes.
    pub(crate) fn create_sized(&mut self, readers: u32, writers: u32, capacity: usize) -> PipeId {
        let id = PipeId(self.next);
        self.next += 1;
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        let bytes = ByteQueue::new();
        self.pipes.insert(
            id,
            Pipe { bytes, capacity, readers, writers, reader_opens: 0, writer_opens: 0 },
        );
        id
    }

    pub(crate) fn get(&self, id: PipeId) -> Option<&Pipe> {
        self.pipes.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: PipeId) -> Option<&mut Pipe> {
        self.pipes.get_mut(&id)
    }

    /// Forgets a pipe that nobody has open.
    pub(crate) fn remove_if_unused(&mut self, id: PipeId) -> bool {
        let unused = self.get(id).is_some_and(|pipe| pipe.readers == 0 && pipe.writers == 0);
        if unused {
            self.pipes.remove(&id);
        }
        unused
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PipeId, &Pipe)> {
        self.pipes.iter().map(|(id, pipe)| (*id, pipe))
    }

    /// Whether every id is older than the next to be given out and every pipe within its bound.
    pub(crate) fn is_sound(&self) -> bool {
        self.pipes.iter().all(|(id, pipe)| id.0 < self.next && pipe.len() <= pipe.capacity as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_writes_are_whole_or_not_at_all() {
        let mut table = PipeTable::default();
        let id = table.create(1, 1);
        let pipe = table.get_mut(id).unwrap();
        assert_eq!(
            pipe.write(&vec![b'x'; limits::PIPE_CAPACITY - 10]),
            Ok(limits::PIPE_CAPACITY - 10)
        );
        assert_eq!(pipe.write(b"twenty bytes of text"), Err(Errno::EAGAIN));
        assert_eq!(pipe.write(&[b'y'; 5000]), Ok(10));
        assert_eq!(pipe.write(b"z"), Err(Errno::EAGAIN));
    }

    #[test]
    fn ends_decide_between_waiting_and_end() {
        let mut table = PipeTable::default();
        let id = table.create(1, 1);
        let mut out = Vec::new();
        let pipe = table.get_mut(id).unwrap();
        assert_eq!(pipe.read(&mut out, 5), Err(Errno::EAGAIN));
        pipe.writers = 0;
        assert_eq!(pipe.read(&mut out, 5), Ok(0));
        pipe.readers = 0;
        assert_eq!(pipe.write(b"x"), Err(Errno::EPIPE));
        assert!(table.remove_if_unused(id));
    }
}
