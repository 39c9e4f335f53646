//! [`Input`]: bytes that wait to be parsed.

use serde::{Deserialize, Serialize};

/// A buffer that is filled at its end and read from its beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Input {
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    at: u32,
    finished: bool,
}

impl Input {
    /// A whole text, with no more to come.
    pub(super) fn text(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, finished: true }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    pub(super) fn finished(&self) -> bool {
        self.finished
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at as usize..]
    }

    /// The byte `ahead` of the next.
    pub(super) fn get(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at as usize + ahead).copied()
    }

    pub(super) fn skip(&mut self, count: u32) {
        self.at += count;
    }

    /// Takes a byte back.
    pub(super) fn unskip(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// How far reading has come.
    pub(super) fn position(&self) -> u32 {
        self.at
    }

    /// Puts bytes in front of the next one.
    pub(super) fn insert(&mut self, bytes: &[u8]) {
        let at = self.at as usize;
        self.bytes.splice(at..at, bytes.iter().copied());
    }

    /// Overwrites the next byte.
    pub(super) fn replace(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.at as usize) {
            *place = byte;
        }
    }

    /// Drops what was read, when that is worth moving the rest.
    pub(super) fn compact(&mut self) {
        let at = self.at as usize;
        if at >= self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        } else if at > 4096 && at > self.bytes.len() / 2 {
            self.bytes.drain(..at);
            self.at = 0;
        }
    }
}
