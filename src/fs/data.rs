//! Data: a file's bytes in chunks that copies share until one of them is written.
//!
//! A file up to one chunk long is one allocation of exactly its size; a longer one is a map of
//! chunks. A chunk that is absent is a hole and reads as zeros, as does the end of a chunk that
//! nobody wrote yet. Growing a chunk leaves slack behind its bytes, so that appending costs the
//! same for every byte.
//!
//! Invariant: a chunk ends at the file's end or at a multiple of a page, so equal content with
//! equal holes has one form; slack holds zeros, is never saved and never compared.
//!
//! Why `Arc`: the bytes behind it are immutable while shared. A write looks whether it owns the
//! allocation alone and copies it if not, so sharing is never observable.
#![expect(clippy::disallowed_types, reason = "immutable file content is shared, see above")]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error as _;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::limits::{FILE_SIZE_MAX, READ_MAX};

/// Bytes of a chunk, the unit of copying.
pub(super) const CHUNK: usize = 64 * 1024;
/// Bytes of a page, the unit of disk space.
pub(super) const PAGE: usize = 4096;

/// The bytes of a regular file.
#[derive(Clone, Default)]
pub struct Data {
    len: u64,
    chunks: Chunks,
}

#[derive(Clone)]
enum Chunks {
    /// For files up to `CHUNK`.
    One(Chunk),
    /// For longer ones.
    Many(Box<Many>),
}

/// The chunks of a long file.
#[derive(Clone, Default)]
struct Many {
    /// How many pages the chunks take, so that `stat` needs not count.
    pages: u64,
    /// By number, holes left out.
    chunks: BTreeMap<u32, Chunk>,
}

impl Default for Chunks {
    fn default() -> Self {
        Self::One(Chunk::default())
    }
}

/// Up to `CHUNK` bytes. Empty is a hole.
#[derive(Clone, Default)]
struct Chunk {
    /// How many bytes of the allocation count; zeros follow.
    held: u32,
    bytes: Option<Arc<[u8]>>,
}

/// Where a byte is: chunk number and offset in it.
fn locate(offset: u64) -> (u32, usize) {
    let number = u32::try_from(offset / CHUNK as u64).unwrap_or(u32::MAX);
    (number, usize::try_from(offset % CHUNK as u64).expect("a remainder below CHUNK"))
}

/// How many of a chunk's bytes lie before the end of a file of `len` bytes.
fn extent(number: u32, len: u64) -> usize {
    let start = u64::from(number) * CHUNK as u64;
    usize::try_from(len.saturating_sub(start).min(CHUNK as u64)).expect("at most CHUNK")
}

impl Chunk {
    fn from_bytes(bytes: &[u8]) -> Self {
        debug_assert!(bytes.len() <= CHUNK);
        let held = u32::try_from(bytes.len()).expect("a chunk is short");
        Self { held, bytes: (held > 0).then(|| Arc::from(bytes)) }
    }

    fn held(&self) -> usize {
        self.held as usize
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.as_deref().map_or(&[], |bytes| &bytes[..self.held()])
    }

    fn pages(&self) -> u64 {
        self.held().div_ceil(PAGE) as u64
    }

    /// Makes `held` at least `held` bytes, the new ones zero, in an allocation of our own.
    fn own(&mut self, held: usize) -> &mut [u8] {
        let held = held.max(self.held());
        let fits = self.bytes.as_mut().and_then(Arc::get_mut).is_some_and(|own| own.len() >= held);
        if !fits {
            let before = self.as_slice();
            // The first bytes of a file get exactly their size; growth is by half.
            let room = if before.is_empty() || held == before.len() {
                held
            } else {
                (held + held / 2).min(CHUNK)
            };
            let mut grown = Vec::with_capacity(room);
            grown.extend_from_slice(before);
            grown.resize(room, 0);
            self.bytes = Some(Arc::from(grown));
        }
        self.held = u32::try_from(held).expect("a chunk is short");
        let own = self.bytes.as_mut().and_then(Arc::get_mut).expect("made our own above");
        &mut own[..held]
    }

    /// Writes within the chunk, in an allocation of our own.
    fn write(&mut self, at: usize, bytes: &[u8], held: usize) {
        if at == 0 && bytes.len() >= self.held() && bytes.len() == held {
            // Nothing of the old content stays, so there is nothing to copy.
            let mut own = self.bytes.as_mut().and_then(Arc::get_mut);
            if own.as_ref().is_none_or(|own| own.len() < held) {
                *self = Self::from_bytes(bytes);
                return;
            }
            if let Some(own) = own.as_mut() {
                own[..held].copy_from_slice(bytes);
            }
            self.held = u32::try_from(held).expect("a chunk is short");
            return;
        }
        self.own(held)[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Forgets all bytes from `held` on.
    fn cut(&mut self, held: usize) {
        if held >= self.held() {
            return;
        }
        match self.bytes.as_mut().and_then(Arc::get_mut) {
            // Slack must hold zeros; a big rest is given back.
            Some(own) if held * 2 > own.len() => {
                own[held..].fill(0);
                self.held = u32::try_from(held).expect("a chunk is short");
            }
            _ => *self = Self::from_bytes(&self.as_slice()[..held]),
        }
    }
}

impl Data {
    /// A file of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let mut data = Self::default();
        let (written, _) = data.write(0, bytes, u64::MAX);
        debug_assert_eq!(written, bytes.len());
        data
    }

    /// The file's length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn chunks(&self) -> impl Iterator<Item = (u32, &Chunk)> {
        let (one, many) = match &self.chunks {
            Chunks::One(chunk) => (Some((0, chunk)), None),
            Chunks::Many(many) => (None, Some(&many.chunks)),
        };
        let many = many.into_iter().flatten().map(|(number, chunk)| (*number, chunk));
        one.into_iter().chain(many).filter(|(_, chunk)| chunk.held > 0)
    }

    fn chunk(&self, number: u32) -> Option<&Chunk> {
        match &self.chunks {
            Chunks::One(chunk) => (number == 0).then_some(chunk),
            Chunks::Many(many) => many.chunks.get(&number),
        }
    }

    /// Lets `change` make a chunk that holds bytes afterwards.
    fn with_chunk(&mut self, number: u32, change: impl FnOnce(&mut Chunk)) {
        match &mut self.chunks {
            Chunks::One(chunk) => change(chunk),
            Chunks::Many(many) => {
                let chunk = many.chunks.entry(number).or_default();
                let before = chunk.pages();
                change(chunk);
                many.pages += chunk.pages() - before;
            }
        }
    }

    /// Gives the chunks the form that the length asks for.
    fn reform(&mut self) {
        match &mut self.chunks {
            Chunks::One(chunk) if self.len > CHUNK as u64 => {
                let first = core::mem::take(chunk);
                let pages = first.pages();
                let first = (first.held > 0).then_some((0, first));
                let chunks = first.into_iter().collect();
                self.chunks = Chunks::Many(Box::new(Many { pages, chunks }));
            }
            Chunks::Many(many) if self.len <= CHUNK as u64 => {
                self.chunks = Chunks::One(many.chunks.remove(&0).unwrap_or_default());
            }
            _ => {}
        }
    }

    /// How many pages of the disk the bytes take; holes take none.
    pub(super) fn pages(&self) -> u64 {
        match &self.chunks {
            Chunks::One(chunk) => chunk.pages(),
            Chunks::Many(many) => many.pages,
        }
    }

    /// Appends up to `max` bytes from `offset` to `out`; tells how many. One call reads no more
    /// than `READ_MAX`, since a hole of terabytes costs its maker nothing.
    pub fn read(&self, offset: u64, out: &mut Vec<u8>, max: usize) -> usize {
        let available = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let total = max.min(available).min(READ_MAX);
        out.reserve(total);
        let mut done = 0;
        while done < total {
            let (number, at) = locate(offset + done as u64);
            let count = (CHUNK - at).min(total - done);
            let held = self.chunk(number).map_or(&[][..], Chunk::as_slice);
            let held = held.get(at..).map_or(&[][..], |rest| &rest[..rest.len().min(count)]);
            out.extend_from_slice(held);
            out.resize(out.len() + count - held.len(), 0);
            done += count;
        }
        total
    }

    /// Writes at `offset`, taking at most `free` new pages; tells how many bytes were written
    /// and how many pages were taken.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8], free: u64) -> (usize, u64) {
        let room = usize::try_from(FILE_SIZE_MAX.saturating_sub(offset)).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(room)];
        let (mut done, mut taken) = (0, 0);
        while done < bytes.len() {
            let start = offset + done as u64;
            let (number, at) = locate(start);
            let before = self.chunk(number).map_or(0, Chunk::pages);
            let pages = before.saturating_add(free - taken).min((CHUNK / PAGE) as u64);
            let limit = usize::try_from(pages).expect("at most the pages of a chunk") * PAGE;
            let count = CHUNK.min(limit).saturating_sub(at).min(bytes.len() - done);
            if count == 0 {
                break;
            }
            let end = start + count as u64;
            if end > self.len {
                self.grow(end);
            }
            // A chunk holds whole pages except at the file's end.
            let held = (at + count).next_multiple_of(PAGE).min(extent(number, self.len));
            self.with_chunk(number, |chunk| {
                chunk.write(at, &bytes[done..done + count], held.max(chunk.held()));
                taken += chunk.pages() - before;
            });
            done += count;
        }
        (done, taken)
    }

    /// Lengthens the file by a hole.
    fn grow(&mut self, len: u64) {
        let (last, _) = locate(self.len);
        let held = self.chunk(last).map_or(0, Chunk::held);
        self.len = len;
        if !held.is_multiple_of(PAGE) {
            // The last page is now inside the file, as far as the file goes.
            let whole = held.next_multiple_of(PAGE).min(extent(last, len));
            self.with_chunk(last, |chunk| {
                chunk.own(whole);
            });
        }
        self.reform();
    }

    /// Cuts the file to `len` or lengthens it by a hole.
    pub(super) fn resize(&mut self, len: u64) {
        if len >= self.len {
            if len > self.len {
                self.grow(len);
            }
            return;
        }
        self.len = len;
        let (last, at) = locate(len);
        match &mut self.chunks {
            Chunks::One(chunk) => chunk.cut(at),
            Chunks::Many(many) => {
                let beyond = many.chunks.split_off(&last);
                many.pages -= beyond.values().map(Chunk::pages).sum::<u64>();
                let chunk = beyond.into_iter().next().filter(|(number, _)| *number == last);
                if let Some((_, mut chunk)) = chunk {
                    chunk.cut(at);
                    if chunk.held > 0 {
                        many.pages += chunk.pages();
                        many.chunks.insert(last, chunk);
                    }
                }
            }
        }
        self.reform();
    }

    /// Whether the invariants hold.
    pub(super) fn is_sound(&self) -> bool {
        let formed = match &self.chunks {
            Chunks::One(_) => self.len <= CHUNK as u64,
            Chunks::Many(many) => {
                let pages = many.chunks.values().map(Chunk::pages).sum::<u64>();
                self.len > CHUNK as u64
                    && pages == many.pages
                    && many.chunks.values().all(|chunk| chunk.held > 0)
            }
        };
        formed
            && self.len <= FILE_SIZE_MAX
            && self.chunks().all(|(number, chunk)| {
                let extent = extent(number, self.len);
                chunk.held() == extent || chunk.held() < extent && chunk.held().is_multiple_of(PAGE)
            })
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): ((u32, &Chunk), (u32, &Chunk))| {
            let shared = match (&a.1.bytes, &b.1.bytes) {
                (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                _ => false,
            };
            a.0 == b.0 && a.1.held == b.1.held && (shared || a.1.as_slice() == b.1.as_slice())
        };
        self.len == other.len
            && self.chunks().count() == other.chunks().count()
            && self.chunks().zip(other.chunks()).all(same)
    }
}

impl Eq for Data {}

impl core::fmt::Debug for Data {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Data({} bytes)", self.len)
    }
}

/// The chunks as they are saved.
struct Saved<'a>(&'a Data);

impl Serialize for Saved<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let chunks = self.0.chunks();
        let count = self.0.chunks().count();
        let mut list = serializer.serialize_seq(Some(count))?;
        for (number, chunk) in chunks {
            let bytes = serde_bytes::Bytes::new(chunk.as_slice());
            list.serialize_element(&(number, bytes))?;
        }
        list.end()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_struct("Data", 2)?;
        data.serialize_field("len", &self.len)?;
        data.serialize_field("chunks", &Saved(self))?;
        data.end()
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Data")]
        struct Loaded {
            len: u64,
            chunks: Vec<(u32, serde_bytes::ByteBuf)>,
        }
        let loaded = Loaded::deserialize(deserializer)?;
        let mut data = Self::default();
        if loaded.len > FILE_SIZE_MAX {
            return Err(D::Error::custom("a file is longer than any may be"));
        }
        data.resize(loaded.len);
        let mut next = 0;
        for (number, bytes) in loaded.chunks {
            let legal = number >= next
                && !bytes.is_empty()
                && bytes.len() <= extent(number, data.len)
                && (bytes.len() == extent(number, data.len) || bytes.len().is_multiple_of(PAGE));
            if !legal {
                return Err(D::Error::custom("a chunk of a file has an illegal number or size"));
            }
            next = number + 1;
            data.with_chunk(number, |chunk| *chunk = Chunk::from_bytes(&bytes));
        }
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop};
    use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    fn allocation(data: &Data, number: u32) -> *const u8 {
        data.chunk(number).unwrap().bytes.as_ref().unwrap().as_ptr()
    }

    #[test]
    fn changing_a_byte_copies_one_chunk() {
        let original = Data::new(&vec![1; 4 * CHUNK]);
        let mut copy = original.clone();
        copy.write(2 * CHUNK as u64 + 5, b"x", 0);
        for number in 0..4 {
            let shared = allocation(&original, number) == allocation(&copy, number);
            assert_eq!(shared, number != 2, "chunk {number}");
        }
        assert_eq!(original, Data::new(&vec![1; 4 * CHUNK]));
        // What nobody shares is changed where it is.
        let own = allocation(&copy, 2);
        copy.write(2 * CHUNK as u64 + 6, b"y", 0);
        assert_eq!(allocation(&copy, 2), own);
    }

    #[test]
    fn a_small_file_is_one_allocation_of_its_size() {
        let data = Data::new(b"hello");
        assert_eq!(data.chunk(0).unwrap().bytes.as_ref().unwrap().len(), 5);
        assert!(size_of::<Data>() <= 40);
    }

    /// The same file as plain bytes, and which pages are no holes.
    #[derive(Clone, Debug, Default)]
    struct Model {
        bytes: Vec<u8>,
        /// For each chunk, where its holding ends.
        held: BTreeMap<usize, usize>,
    }

    impl Model {
        fn resize(&mut self, len: usize) {
            self.bytes.resize(len, 0);
            for (number, held) in &mut self.held {
                *held = (*held).min(len.saturating_sub(number * CHUNK));
            }
        }

        fn write(&mut self, offset: usize, bytes: &[u8]) {
            let end = offset + bytes.len();
            self.bytes.resize(self.bytes.len().max(end), 0);
            self.bytes[offset..end].copy_from_slice(bytes);
            for number in offset / CHUNK..=(end - 1) / CHUNK {
                let held = self.held.entry(number).or_default();
                *held = (*held).max((end - number * CHUNK).min(CHUNK));
            }
        }

        fn pages(&self) -> u64 {
            self.held.values().map(|held| held.div_ceil(PAGE) as u64).sum()
        }
    }

    #[derive(Clone, Debug)]
    enum Change {
        Write(usize, Vec<u8>),
        Resize(usize),
        Share,
    }

    fn change() -> impl Strategy<Value = Change> {
        let offset = prop_oneof![0..300_000usize, 0..10usize, 65_500..65_600usize];
        let run = (any::<u8>(), prop_oneof![1..50usize, 1..140_000usize])
            .prop_map(|(byte, count)| vec![byte; count]);
        prop_oneof![
            3 => (offset.clone(), run).prop_map(|(offset, bytes)| Change::Write(offset, bytes)),
            2 => offset.prop_map(Change::Resize),
            1 => prop::strategy::Just(Change::Share),
        ]
    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(128))]
        #[test]
        fn data_behaves_as_plain_bytes(changes in prop::collection::vec(change(), 1..12)) {
            let (mut data, mut model) = (Data::default(), Model::default());
            let mut shared = Vec::new();
            for change in changes {
                match change {
                    Change::Write(offset, bytes) => {
                        let before = data.pages();
                        let (written, taken) = data.write(offset as u64, &bytes, u64::MAX);
                        prop_assert_eq!(written, bytes.len());
                        prop_assert_eq!(data.pages(), before + taken);
                        model.write(offset, &bytes);
                    }
                    Change::Resize(len) => {
                        data.resize(len as u64);
                        model.resize(len);
                    }
                    Change::Share => shared.push((data.clone(), model.clone())),
                }
                prop_assert!(data.is_sound());
                prop_assert_eq!(data.pages(), model.pages());
                let loaded: Data =
                    postcard::from_bytes(&postcard::to_allocvec(&data).unwrap()).unwrap();
                prop_assert!(loaded == data && loaded.is_sound());
                prop_assert_eq!(loaded.pages(), data.pages());
            }
            shared.push((data, model));
            for (data, model) in shared {
                let mut bytes = Vec::new();
                data.read(0, &mut bytes, usize::MAX);
                prop_assert!(bytes == model.bytes);
                bytes.clear();
                data.read(65_000, &mut bytes, 1000);
                let end = model.bytes.len().min(66_000);
                prop_assert!(bytes == model.bytes[65_000.min(end)..end]);
            }
        }

        #[test]
        fn a_write_takes_no_more_pages_than_there_are(
            len in 0..100_000u64, offset in 0..200_000u64, count in 1..150_000usize, free in 0..40u64,
        ) {
            let mut data = Data::default();
            data.resize(len);
            let (written, taken) = data.write(offset, &vec![9; count], free);
            prop_assert!(taken <= free && written <= count && data.is_sound());
            prop_assert_eq!(data.pages(), taken);
            prop_assert!(written == count || taken == free || written == 0);
            if written == 0 {
                prop_assert_eq!(data.len(), len);
            }
        }
    }
}
