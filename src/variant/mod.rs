//! OS variants.

pub mod finding;
pub mod names;
pub mod outline;
pub mod read;
pub mod resolve;
pub mod schema;
pub mod template;
pub mod units;
