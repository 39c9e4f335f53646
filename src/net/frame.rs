//! [`Frame`]: what travels on a link, real Ethernet bytes.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::proto::ethernet;

/// An Ethernet frame: destination, source, type, payload; no preamble and no check sequence.
///
/// The bytes are what a capture file holds. Nothing guarantees that they make sense.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Frame(#[serde(with = "serde_bytes")] pub Vec<u8>);

impl Frame {
    /// Bytes on the medium, header included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is not even a header.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The destination and source addresses, if the frame is long enough to have them.
    pub fn header(&self) -> Option<ethernet::Header> {
        ethernet::Header::parse(&self.0).ok().map(|(header, _)| header)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({})", super::proto::describe(&self.0))
    }
}
