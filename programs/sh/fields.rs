//! [`Fields`]: a growing list of byte strings in two allocations.
//!
//! The words of a command are expanded into one; reused from command to command it costs no
//! allocation at all.

use bstr::{BStr, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;

/// A list of byte strings, stored end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<serde_bytes::ByteBuf>", into = "Vec<serde_bytes::ByteBuf>")]
pub struct Fields {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Fields {
    /// Forgets all strings, keeping the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Appends a string.
    pub fn push(&mut self, string: &[u8]) {
        self.bytes.extend_from_slice(string);
        // Expansion stops at limits::SHELL_MEMORY, far below 4 GiB.
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all strings together.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The string at `index`.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)? as usize;
        Some(&self.bytes[self.start(index)..end])
    }

    /// The string at `index`, empty when there is none.
    pub fn at(&self, index: usize) -> &[u8] {
        self.get(index).unwrap_or_default()
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    /// The strings in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &BStr> + Clone + ExactSizeIterator {
        (0..self.ends.len()).map(|index| self.at(index).as_bstr())
    }

    /// Drops the first `count` strings.
    pub fn remove_first(&mut self, count: usize) {
        let count = count.min(self.ends.len());
        let cut = self.start(count);
        self.bytes.drain(..cut);
        self.ends.drain(..count);
        let cut = u32::try_from(cut).unwrap_or(u32::MAX);
        self.ends.iter_mut().for_each(|end| *end -= cut);
    }

    /// Keeps the first `count` strings.
    pub fn truncate(&mut self, count: usize) {
        if count < self.ends.len() {
            self.bytes.truncate(self.start(count));
            self.ends.truncate(count);
        }
    }

    /// Replaces the strings from `from` on by themselves in byte order.
    pub fn sort_from(&mut self, from: usize) {
        let mut tail: Vec<Vec<u8>> =
            (from..self.len()).map(|index| self.at(index).to_vec()).collect();
        tail.sort_unstable();
        self.truncate(from);
        tail.iter().for_each(|string| self.push(string));
    }

    /// The strings from `from` on as an argument block.
    pub fn strings(&self, from: usize) -> Strings {
        self.iter().skip(from).collect()
    }
}

impl<S: AsRef<[u8]>> FromIterator<S> for Fields {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut fields = Self::default();
        strings.into_iter().for_each(|string| fields.push(string.as_ref()));
        fields
    }
}

impl From<Vec<serde_bytes::ByteBuf>> for Fields {
    fn from(strings: Vec<serde_bytes::ByteBuf>) -> Self {
        strings.into_iter().collect()
    }
}

impl From<Fields> for Vec<serde_bytes::ByteBuf> {
    fn from(fields: Fields) -> Self {
        fields.iter().map(|string| serde_bytes::ByteBuf::from(string.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_empty_strings_and_drops_from_both_ends() {
        let mut fields: Fields = ["", "a", "", "bc"].into_iter().collect();
        assert_eq!(fields.iter().collect::<Vec<_>>(), ["", "a", "", "bc"]);
        fields.remove_first(2);
        assert_eq!(fields.iter().collect::<Vec<_>>(), ["", "bc"]);
        fields.truncate(1);
        assert_eq!(fields.iter().collect::<Vec<_>>(), [""]);
        fields.remove_first(9);
        assert!(fields.is_empty() && fields.byte_len() == 0);
    }
}
