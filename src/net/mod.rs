//! Networking words that designs are written in.

pub mod link;
pub mod prefix;

pub use prefix::Prefix;
