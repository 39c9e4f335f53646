//! Program files: inodes that name an implementation, and the bytes a reader sees in their place.
//!
//! The bytes look like a statically linked 64-bit ELF executable: a header, one load segment, a
//! note with the implementation's name, then what could be machine code. They are computed from
//! the metadata on every read and held nowhere. Equal metadata gives equal bytes, so a copy made
//! with `cp` is recognised when it is run.
//!
//! Follows: System V ABI, ELF-64 object file format, as far as `file` and `readelf -h` look.

use serde::{Deserialize, Serialize};

use crate::base::limits::NAME_MAX;

/// ELF header, program header, and the note's fixed part.
const HEADER: usize = 64 + 56;
/// Where the note begins that holds the name.
const NOTE: usize = HEADER;
/// Where the code begins; the note with the longest name ends before.
const CODE: u64 = HEAD as u64;
/// Bytes of a head that [`ProgramFile::recognise`] can work with.
pub(super) const HEAD: usize = 512;
/// The owner of the note, as `readelf -n` would print it.
const OWNER: &[u8; 8] = b"program\0";

/// What a program file holds in place of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProgramFile {
    /// The implementation's name in the program registry.
    pub program: String,
}

impl ProgramFile {
    /// A file that runs the implementation called `program`.
    pub fn new(program: impl Into<String>) -> Self {
        Self { program: program.into() }
    }

    /// What everything a reader sees is computed from: all metadata, mixed.
    fn seed(&self) -> u64 {
        let name = self.program.as_bytes();
        name.chunks(8).fold(name.len() as u64, |seed, part| {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            code(seed, u64::from_le_bytes(word))
        })
    }

    /// The length of the bytes: some tens of kilobytes, in the steps a linker makes.
    pub fn size(&self) -> u64 {
        Self::size_of(self.seed())
    }

    fn size_of(seed: u64) -> u64 {
        14_000 + (seed % 8192) * 16
    }

    fn header(&self, size: u64) -> Vec<u8> {
        let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0];
        bytes.resize(16, 0);
        let half = |bytes: &mut Vec<u8>, value: u16| bytes.extend(value.to_le_bytes());
        let word = |bytes: &mut Vec<u8>, value: u32| bytes.extend(value.to_le_bytes());
        let long = |bytes: &mut Vec<u8>, value: u64| bytes.extend(value.to_le_bytes());
        half(&mut bytes, 2); // ET_EXEC
        half(&mut bytes, 62); // EM_X86_64
        word(&mut bytes, 1);
        long(&mut bytes, 0x40_0000 + CODE);
        long(&mut bytes, 64); // one program header follows
        long(&mut bytes, 0);
        word(&mut bytes, 0);
        for value in [64, 56, 1, 64, 0, 0] {
            half(&mut bytes, value);
        }
        word(&mut bytes, 1); // PT_LOAD
        word(&mut bytes, 5); // readable, executable
        for value in [0, 0x40_0000, 0x40_0000, size, size, 0x1000] {
            long(&mut bytes, value);
        }
        let name = self.program.as_bytes();
        let name = &name[..name.len().min(NAME_MAX)];
        word(&mut bytes, 8);
        word(&mut bytes, u32::try_from(name.len()).unwrap_or(0));
        word(&mut bytes, 1);
        bytes.extend(OWNER);
        bytes.extend(name);
        bytes.resize(HEAD, 0);
        bytes
    }

    /// Appends up to `max` bytes from `offset` to `out`; tells how many.
    pub fn read(&self, offset: u64, out: &mut Vec<u8>, max: usize) -> usize {
        let seed = self.seed();
        let size = Self::size_of(seed);
        let end = size.min(offset.saturating_add(max as u64));
        let mut at = offset;
        if at < end && at < CODE {
            let header = self.header(size);
            let stop = end.min(CODE);
            let range = usize::try_from(at).unwrap_or(0)..usize::try_from(stop).unwrap_or(0);
            out.extend_from_slice(&header[range]);
            at = stop;
        }
        while at < end {
            let block = code(seed, at / 8).to_le_bytes();
            let from = usize::try_from(at % 8).unwrap_or(0);
            let count = (8 - from).min(usize::try_from(end - at).unwrap_or(8));
            out.extend_from_slice(&block[from..from + count]);
            at += count as u64;
        }
        usize::try_from(end.saturating_sub(offset)).unwrap_or(0)
    }

    /// The program file whose bytes begin like `head`, if any. The caller still has to compare
    /// the rest: see [`ProgramFile::has_bytes`].
    pub fn recognise(head: &[u8]) -> Option<Self> {
        let note = head.get(NOTE..)?;
        let length = u32::from_le_bytes(note.get(4..8)?.try_into().ok()?);
        let length = usize::try_from(length).ok().filter(|length| *length <= NAME_MAX)?;
        let name = note.get(20..20 + length)?;
        let file = Self::new(core::str::from_utf8(name).ok()?);
        let header = file.header(file.size());
        (head.get(..header.len())? == header).then_some(file)
    }

    /// Whether `bytes` at `offset` are this program file's.
    pub fn has_bytes(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut own = Vec::with_capacity(bytes.len());
        self.read(offset, &mut own, bytes.len());
        own == bytes
    }
}

/// Eight bytes of "code" (splitmix64's output function, at any position).
fn code(seed: u64, block: u64) -> u64 {
    let mut z = seed.wrapping_add(block.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(program: &ProgramFile) -> Vec<u8> {
        let mut bytes = Vec::new();
        program.read(0, &mut bytes, usize::MAX);
        bytes
    }

    #[test]
    fn any_part_is_a_part_of_the_whole() {
        let program = ProgramFile::new("cat");
        let all = whole(&program);
        assert_eq!(all.len() as u64, program.size());
        for (offset, max) in [(0, 1), (3, 700), (505, 20), (511, 2), (13_001, 7), (0, 1 << 30)] {
            let mut part = Vec::new();
            let count = program.read(offset as u64, &mut part, max);
            assert_eq!(part, all[offset..all.len().min(offset + max)]);
            assert_eq!(count, part.len());
        }
        assert_eq!(program.read(program.size() + 1, &mut Vec::new(), 10), 0);
    }

    #[test]
    fn different_programs_differ_and_are_recognised() {
        let names = ["cat", "cau", "a-name-longer-than-eight", ""];
        let all: Vec<_> = names.iter().map(|name| whole(&ProgramFile::new(*name))).collect();
        for (name, bytes) in names.iter().zip(&all) {
            assert_eq!(ProgramFile::recognise(bytes), Some(ProgramFile::new(*name)));
            assert_eq!(all.iter().filter(|other| *other == bytes).count(), 1);
        }
        assert_eq!(ProgramFile::recognise(&all[0][..300]), None);
        assert_eq!(ProgramFile::recognise(b"#!/bin/sh\n"), None);
    }

    #[test]
    fn the_header_is_an_executable_of_this_size() {
        let program = ProgramFile::new("ls");
        let bytes = whole(&program);
        expect_test::expect![
            "7f454c460201010000000000000000000200 3e00 entry 0x400200 segment 74032 name ls"
        ]
        .assert_eq(&format!(
            "{} {} entry {:#x} segment {} name {}",
            hex(&bytes[..18]),
            hex(&bytes[18..20]),
            u64::from_le_bytes(bytes[24..32].try_into().unwrap()),
            u64::from_le_bytes(bytes[96..104].try_into().unwrap()),
            String::from_utf8_lossy(&bytes[NOTE + 20..NOTE + 22]),
        ));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
