//! Digests: fingerprints of state and of content.
//!
//! Invariant: the algorithm (BLAKE3, first 16 bytes, over postcard's encoding) never changes;
//! the test holds its first outputs. Equal digests are taken to mean equal content, so the
//! function must resist guests who look for collisions: that is why it is not a fast checksum.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A 128-bit fingerprint. `Display` prints 32 hex digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest of plain bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.bytes(bytes);
        hasher.finish()
    }

    /// The digest of a value's postcard encoding.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        let mut hasher = Hasher::default();
        hasher.value(value);
        hasher.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Collects what a digest is taken over.
#[derive(Clone, Default)]
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// Adds bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds a value's postcard encoding.
    ///
    /// # Panics
    ///
    /// If the value's `Serialize` fails, which is a bug in that type.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        let sink = Sink { hasher: &mut self.0, buffer: [0; BUFFER], used: 0 };
        postcard::serialize_with_flavor(value, sink)
            .expect("state is plain data, which postcard can always write");
    }

    /// The digest of all that was added.
    pub fn finish(&self) -> Digest {
        let full = self.0.finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&full.as_bytes()[..16]);
        Digest(short)
    }
}

/// BLAKE3 is fast on runs of bytes and slow on single ones, and postcard writes single ones.
const BUFFER: usize = 4096;

struct Sink<'a> {
    hasher: &'a mut blake3::Hasher,
    buffer: [u8; BUFFER],
    used: usize,
}

impl Sink<'_> {
    fn flush(&mut self) {
        self.hasher.update(&self.buffer[..self.used]);
        self.used = 0;
    }
}

impl postcard::ser_flavors::Flavor for Sink<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if self.used == BUFFER {
            self.flush();
        }
        self.buffer[self.used] = byte;
        self.used += 1;
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if bytes.len() > BUFFER - self.used {
            self.flush();
        }
        if bytes.len() > BUFFER {
            self.hasher.update(bytes);
        } else {
            self.buffer[self.used..self.used + bytes.len()].copy_from_slice(bytes);
            self.used += bytes.len();
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<()> {
        self.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_algorithm_never_changes() {
        expect!["af1349b9f5f9a1a6a0404dea36dcc949"].assert_eq(&Digest::of_bytes(b"").to_string());
        expect!["ab231223a60d211505b0eb9211f45cf2"]
            .assert_eq(&Digest::of(&(7u32, "seven", vec![1u8, 2, 3])).to_string());
    }

    #[test]
    fn values_longer_than_the_buffer_hash_as_their_encoding() {
        let value: Vec<(u8, Vec<u8>)> =
            (0..40).map(|n| (n, vec![n; 300 * usize::from(n)])).collect();
        let encoded = postcard::to_allocvec(&value).unwrap();
        assert_eq!(Digest::of(&value), Digest::of_bytes(&encoded));
    }
}
