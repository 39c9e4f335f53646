//! Words everything else is written in: time, errno, ids, randomness, digests, limits.
//!
//! Imports nothing from the rest of the engine.

pub mod digest;
pub mod errno;
pub mod id;
pub mod limits;
pub mod prng;
pub mod queue;
pub mod strings;
pub mod time;

pub use errno::Errno;
pub use id::{Fd, Gid, Ino, LinkId, MachineId, Pid, Uid};
pub use time::{Tick, Ticks, Timestamp};
