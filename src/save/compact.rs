//! The compact form: one printable line for a browser's storage or a chat message.
//!
//! ```text
//! hostscape:FORMAT:ENGINE:DIGEST:BASE64
//! ```
//!
//! DIGEST is over the bytes that BASE64 stands for: the world's digest, then blocks of
//! `raw length, packed length, LZ4 block`, both lengths 32 bits little-endian. A block holds whole
//! records (key, length, digest, postcard), so that damage to it leaves those of the others whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Serialize;

use super::error::{Finding, LoadError, Place};
use super::record::{Body, Container, Header, Key, Record, parse_digest};
use crate::base::digest::Digest;
use crate::base::limits::SAVE_BYTES_MAX;

/// What the line begins with.
pub(super) const MAGIC: &str = "hostscape:";

/// A block is closed once it has this many bytes before packing.
const BLOCK: usize = 1 << 16;

/// LZ4 can't pack tighter than one byte for 255: whatever claims to is not LZ4.
const LZ4_RATIO_MAX: usize = 255;

/// Writes records after a header.
pub(super) struct Writer {
    header: Header,
    packed: Vec<u8>,
    raw: Vec<u8>,
}

impl Writer {
    pub(super) fn new(header: Header) -> Self {
        let packed = header.digest.0.to_vec();
        Self { header, packed, raw: Vec::with_capacity(BLOCK) }
    }

    /// Adds a record and gives its digest.
    pub(super) fn record<T: Serialize + ?Sized>(&mut self, key: Key, value: &T) -> Digest {
        let body = postcard::to_allocvec(value)
            .expect("state is plain data, which postcard can always write");
        let digest = Digest::of_bytes(&body);
        let frame = postcard::to_allocvec(&(key, body.len() as u64, digest))
            .expect("a small tuple can always be written");
        self.raw.extend_from_slice(&frame);
        self.raw.extend_from_slice(&body);
        if self.raw.len() >= BLOCK {
            self.pack();
        }
        digest
    }

    fn pack(&mut self) {
        if self.raw.is_empty() {
            return;
        }
        let packed = lz4_flex::block::compress(&self.raw);
        for length in [self.raw.len(), packed.len()] {
            let length = u32::try_from(length).expect("a record is smaller than 4 GiB");
            self.packed.extend_from_slice(&length.to_le_bytes());
        }
        self.packed.extend_from_slice(&packed);
        self.raw.clear();
    }

    pub(super) fn finish(mut self) -> String {
        self.pack();
        let Header { format, engine, .. } = &self.header;
        let digest = Digest::of_bytes(&self.packed);
        let mut line = format!("{MAGIC}{format}:{engine}:{digest}:");
        STANDARD_NO_PAD.encode_string(&self.packed, &mut line);
        line
    }

    /// Replaces the digest of the world, which is known only after the records were written.
    pub(super) fn set_digest(&mut self, digest: Digest) {
        self.packed[..16].copy_from_slice(&digest.0);
        self.header.digest = digest;
    }
}

/// Takes a savegame apart without parsing any value.
pub(super) fn read(line: &str) -> Result<Container, LoadError> {
    let mut fields = line.strip_prefix(MAGIC).ok_or(LoadError::NotASave)?.splitn(4, ':');
    let mut field = || fields.next().unwrap_or("");
    let damaged = |offset: usize, what: &str| LoadError::Damaged {
        first: Finding { place: Place::Byte(offset as u64), what: what.to_owned() },
        whole: "nothing".to_owned(),
    };
    let format = field();
    let format = format
        .parse()
        .map_err(|_| damaged(MAGIC.len(), "the format after `hostscape:` is not a number"))?;
    let header = Header { format, engine: field().to_owned(), digest: Digest::default() };
    // A newer format may be laid out otherwise: what follows is not looked at before this.
    let mut header = header.known()?;
    let (digest, base64) = (field(), field());
    let start = line.len() - base64.len();
    let Some(digest) = parse_digest(digest) else {
        return Err(damaged(start.saturating_sub(33), "the digest is not 32 hex digits"));
    };
    let mut findings = Vec::new();
    let packed = decode(base64, start, &mut findings);
    if findings.is_empty() && Digest::of_bytes(&packed) != digest {
        let what = "the line was changed: its digest does not match".to_owned();
        findings.push(Finding { place: Place::Byte(start as u64), what });
    }
    let Some((world, blocks)) = packed.split_first_chunk::<16>() else {
        return Err(damaged(start, "the line ends before the first record"));
    };
    header.digest = Digest(*world);
    let mut container = Container { header, records: Vec::new(), findings };
    read_blocks(blocks, start, &mut container)?;
    Ok(container)
}

/// Decodes up to the first character that is not base64, or that can't be the last one.
fn decode(base64: &str, start: usize, findings: &mut Vec<Finding>) -> Vec<u8> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let good = base64.bytes().take_while(|byte| is_base64(byte)).count();
    if good < base64.len() {
        let place = Place::Byte((start + good) as u64);
        let what = "this character can't stand in a savegame".to_owned();
        findings.push(Finding { place, what });
    }
    if let Ok(bytes) = STANDARD_NO_PAD.decode(&base64[..good]) {
        return bytes;
    }
    let place = Place::Byte((start + good) as u64);
    findings.push(Finding { place, what: "the line was cut here".to_owned() });
    STANDARD_NO_PAD.decode(&base64[..good / 4 * 4]).unwrap_or_default()
}

/// Unpacks block after block into records.
fn read_blocks(
    mut blocks: &[u8],
    start: usize,
    container: &mut Container,
) -> Result<(), LoadError> {
    let total = blocks.len() + 16;
    let mut unpacked_bytes = 0;
    let mut raw = Vec::new();
    while !blocks.is_empty() {
        // Three bytes are four characters.
        let place = Place::Byte((start + (total - blocks.len()) / 3 * 4) as u64);
        let mut wrong = |what: &str| {
            container.findings.push(Finding { place, what: what.to_owned() });
        };
        let Some((lengths, rest)) = blocks.split_first_chunk::<8>() else {
            wrong("the line ends within the head of a block");
            break;
        };
        let [a, b, c, d, e, f, g, h] = lengths.map(usize::from);
        let raw_len = a | b << 8 | c << 16 | d << 24;
        let packed_len = e | f << 8 | g << 16 | h << 24;
        let Some(packed) = rest.get(..packed_len) else {
            wrong("the line ends within a block");
            break;
        };
        blocks = &rest[packed_len..];
        unpacked_bytes = usize::saturating_add(unpacked_bytes, raw_len);
        if raw_len > packed_len.saturating_mul(LZ4_RATIO_MAX) {
            wrong("the head of a block is damaged");
        } else if unpacked_bytes > SAVE_BYTES_MAX {
            let what = "its records take too many bytes once unpacked".to_owned();
            return Err(LoadError::TooBig { what, limit: SAVE_BYTES_MAX as u64 });
        } else {
            raw.clear();
            raw.resize(raw_len, 0);
            match lz4_flex::block::decompress_into(packed, &mut raw) {
                Ok(len) if len == raw_len => split(&raw, place, container),
                _ => wrong("a block is damaged"),
            }
        }
    }
    Ok(())
}

/// Cuts an unpacked block into records.
fn split(raw: &[u8], place: Place, container: &mut Container) {
    let mut rest = raw;
    while !rest.is_empty() {
        let mut wrong = |what: String| container.findings.push(Finding { place, what });
        let Ok(((key, len, digest), body)) = postcard::take_from_bytes::<(Key, u64, Digest)>(rest)
        else {
            return wrong("the head of a record is damaged".to_owned());
        };
        let Some(bytes) = usize::try_from(len).ok().and_then(|len| body.get(..len)) else {
            return wrong(format!("{key} does not have the {len} bytes it should have"));
        };
        rest = &body[bytes.len()..];
        if Digest::of_bytes(bytes) != digest {
            // Its length may be wrong too: what follows in this block can't be trusted.
            return wrong(format!("{key} was changed: its digest does not match"));
        }
        if container.records.last().is_some_and(|last| last.key >= key) {
            return wrong(format!("{key} is out of order or there twice"));
        }
        let body = Body::Binary(bytes.to_vec());
        container.records.push(Record { key, digest, body, place });
    }
}
