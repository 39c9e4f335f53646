//! [`Strings`]: a list of byte strings in one allocation, for argument vectors and environments.
//!
//! Invariant: every string is followed by one NUL and holds none, as in the block that `execve`
//! hands to a new program. Spawning a process copies two such blocks instead of forty strings.

use bstr::{BStr, ByteSlice};
use serde::{Deserialize, Serialize};

/// An immutable-by-habit list of byte strings, stored end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<serde_bytes::ByteBuf>", into = "Vec<serde_bytes::ByteBuf>")]
pub struct Strings {
    block: Vec<u8>,
}

impl Strings {
    /// No strings.
    pub const fn new() -> Self {
        Self { block: Vec::new() }
    }

    /// Appends a string; bytes from the first NUL on are dropped, since C strings end there.
    pub fn push(&mut self, string: impl AsRef<[u8]>) {
        let string = string.as_ref();
        let end = string.find_byte(0).unwrap_or(string.len());
        self.block.extend_from_slice(&string[..end]);
        self.block.push(0);
    }

    /// The strings in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &BStr> + Clone {
        let strings = self.block.strip_suffix(b"\0").map(|block| block.split(|byte| *byte == 0));
        strings.into_iter().flatten().map(BStr::new)
    }

    /// The string at `index`.
    pub fn get(&self, index: usize) -> Option<&BStr> {
        self.iter().nth(index)
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.block.iter().filter(|byte| **byte == 0).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.block.is_empty()
    }

    /// Size of the block in bytes, terminators counted: what `ARG_MAX` limits.
    pub fn byte_len(&self) -> usize {
        self.block.len()
    }

    /// The block as `/proc/PID/cmdline` and `environ` show it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.block
    }

    /// The value of `name` in a list of `NAME=value` strings; the first one counts.
    pub fn value_of(&self, name: impl AsRef<[u8]>) -> Option<&BStr> {
        let name = name.as_ref();
        self.iter().find_map(|entry| {
            let value = entry.strip_prefix(name)?.strip_prefix(b"=")?;
            Some(value.as_bstr())
        })
    }

    /// Sets `name` to `value` in a list of `NAME=value` strings, in place or at the end.
    pub fn set_value(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let mut entry = Vec::with_capacity(name.len() + value.len() + 1);
        entry.extend_from_slice(name);
        entry.push(b'=');
        entry.extend_from_slice(value);
        let mut found = false;
        let mut changed = Self::new();
        for old in self.iter() {
            let same = old.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="));
            match (same, found) {
                (true, false) => changed.push(&entry),
                (true, true) => {}
                (false, _) => changed.push(old),
            }
            found |= same;
        }
        if !found {
            changed.push(&entry);
        }
        *self = changed;
    }

    /// Removes `name` from a list of `NAME=value` strings.
    pub fn remove_value(&mut self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        *self = self
            .iter()
            .filter(|old| !old.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")))
            .collect();
    }
}

impl<S: AsRef<[u8]>> FromIterator<S> for Strings {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut list = Self::new();
        strings.into_iter().for_each(|string| list.push(string));
        list
    }
}

impl From<Vec<serde_bytes::ByteBuf>> for Strings {
    fn from(strings: Vec<serde_bytes::ByteBuf>) -> Self {
        strings.iter().collect()
    }
}

impl From<Strings> for Vec<serde_bytes::ByteBuf> {
    fn from(strings: Strings) -> Self {
        strings.iter().map(|string| serde_bytes::ByteBuf::from(string.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_empty_strings() {
        let list: Strings = ["", "a", ""].into_iter().collect();
        assert_eq!(list.iter().collect::<Vec<_>>(), ["", "a", ""]);
        assert_eq!(list.len(), 3);
        assert_eq!(Strings::new().iter().count(), 0);
    }

    #[test]
    fn sets_and_removes_values() {
        let mut env: Strings = ["A=1", "AB=2"].into_iter().collect();
        env.set_value("A", "3");
        env.set_value("C", "");
        assert_eq!(env.iter().collect::<Vec<_>>(), ["A=3", "AB=2", "C="]);
        env.remove_value("A");
        assert_eq!(env.value_of("A"), None);
        assert_eq!(env.value_of("AB").unwrap(), "2");
    }
}
