//! Tests from outside, through the library's public face, in one binary.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests read their cases from disk and compare with real programs"
)]

mod arbitrary;
mod dash;
mod hostile;
mod sessions;
mod support;
