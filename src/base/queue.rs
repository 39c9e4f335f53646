//! [`ByteQueue`]: bytes in, bytes out, in order; the buffer of pipes, sockets and terminals.
//!
//! Invariant: equal contents are equal values, whatever was queued before: what has been read
//! leaves no trace in comparisons, digests and saves.

use serde::{Deserialize, Serialize};

/// A first-in first-out queue of bytes that moves whole slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "serde_bytes::ByteBuf", into = "serde_bytes::ByteBuf")]
pub struct ByteQueue {
    bytes: Vec<u8>,
    /// How many bytes at the front have been read already.
    start: usize,
}

impl ByteQueue {
    /// An empty queue, which owns no memory.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0 }
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Whether none wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The waiting bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        // Moving the rest forward is paid for by the bytes that were read before.
        if self.start > self.bytes.len() / 2 {
            self.compact();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves up to `max` bytes from the front to the end of `into`; returns how many.
    pub fn pop(&mut self, into: &mut Vec<u8>, max: usize) -> usize {
        let count = max.min(self.len());
        into.extend_from_slice(&self.bytes[self.start..self.start + count]);
        self.skip(count);
        count
    }

    /// Drops up to `count` bytes from the front.
    pub fn skip(&mut self, count: usize) {
        self.start += count.min(self.len());
        if self.start == self.bytes.len() {
            self.start = 0;
            self.bytes.clear();
            // A queue that once was full must not hold its memory for ever.
            if self.bytes.capacity() > KEEP {
                self.bytes = Vec::new();
            }
        }
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.skip(self.len());
    }

    fn compact(&mut self) {
        self.bytes.drain(..self.start);
        self.start = 0;
    }
}

/// The most memory an empty queue keeps, in bytes: a pipe's worth, since pipes fill again at once.
const KEEP: usize = 2 * 65_536;

impl PartialEq for ByteQueue {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for ByteQueue {}

impl From<serde_bytes::ByteBuf> for ByteQueue {
    fn from(bytes: serde_bytes::ByteBuf) -> Self {
        Self { bytes: bytes.into_vec(), start: 0 }
    }
}

impl From<ByteQueue> for serde_bytes::ByteBuf {
    fn from(queue: ByteQueue) -> Self {
        Self::from(queue.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_forgets_what_was_read() {
        let mut queue = ByteQueue::new();
        queue.push(b"hello ");
        queue.push(b"world");
        let mut out = Vec::new();
        assert_eq!(queue.pop(&mut out, 6), 6);
        assert_eq!(out, b"hello ");
        let mut fresh = ByteQueue::new();
        fresh.push(b"world");
        assert_eq!(queue, fresh);
        assert_eq!(postcard::to_allocvec(&queue), postcard::to_allocvec(&fresh));
        queue.push(b"!");
        queue.pop(&mut out, 100);
        assert_eq!(out, b"hello world!");
        assert!(queue.is_empty());
    }
}
