//! OS variants: what a machine is made of and what lies on its disk, from a designer's files.
//!
//! A variant is a folder with a `variant.ron` ([`schema`]) and files below `root/`. The
//! [`Catalogue`] knows the bundled ones and those an embedder adds, merges a variant over what it
//! extends, and builds its [`Image`](crate::fs::Image) once. [`check_variant`] lists what is wrong
//! with one, as [`Finding`]s.
//!
//! ```
//! use hostscape::variant::{Catalogue, Files};
//!
//! let mut catalogue = Catalogue::bundled();
//! let ron = "(extends: \"desktop\", hostname: \"kiosk\", hardware: (ttys: 1))";
//! catalogue.add("kiosk", "kiosk", Files::from([("variant.ron".to_owned(), ron.into())]));
//! assert_eq!(catalogue.variant("kiosk").unwrap().hardware.ttys, 1);
//! ```

mod accounts;
mod bundled;
mod catalogue;
mod check;
pub mod finding;
mod layout;
mod machine;
pub mod names;
pub mod outline;
pub mod read;
mod resolve;
pub mod schema;
pub mod template;
mod tree;
pub mod units;

pub use catalogue::{Catalogue, Variant, VariantError, WeakSpot, check_variant, sysctl_forwards};
pub use finding::{Finding, Position, Report, Severity};
pub use machine::{Facts, Interface, Values};
pub use resolve::{Files, SourceFile};
pub use tree::{Content, Entry};
