//! Packet formats: one file a protocol, each with its header as a plain struct, `parse`, `emit`
//! and a one-line `Display` in tcpdump's manner.

pub mod ethernet;

/// A packet that does not follow its format: too short, wrong version, wrong checksum. A receiver
/// can only count and drop it, so there is nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed packet")]
pub struct Malformed;

/// A frame in one line, as `tcpdump -e` would print it.
pub fn describe(frame: &[u8]) -> String {
    match ethernet::Header::parse(frame) {
        Err(Malformed) => format!("truncated frame, length {}", frame.len()),
        Ok((header, _)) => format!("{header}, length {}", frame.len()),
    }
}
