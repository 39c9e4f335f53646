//! Waits: what a blocked process waits for.
//!
//! A process blocks with a [`Wait`]: keys, any of which ends it, and perhaps a tick. Whoever
//! changes the thing behind a key wakes the key; the process then runs its step again and finds
//! out for itself whether it can go on, so waking too often is harmless and waking too seldom is
//! the only mistake to make.

use serde::{Deserialize, Serialize};

use crate::base::{Pid, Tick};

use super::file::PipeId;
use super::terminals::TtyId;
use crate::net::SocketId;

/// Something that can change and is worth waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WaitKey {
    /// Bytes or end-of-file may have come to a pipe.
    PipeReadable(PipeId),
    /// A pipe may have room, or no reader any more.
    PipeWritable(PipeId),
    /// A named pipe was opened at its other end.
    PipeOpened(PipeId),
    /// A terminal may have input.
    TtyReadable(TtyId),
    /// A terminal may take output.
    TtyWritable(TtyId),
    /// A socket's readiness changed.
    Socket(SocketId),
    /// A child of this process changed state.
    Child(Pid),
    /// An event came to this process's queue.
    Event(Pid),
}

/// What a blocked process waits for. No key and no tick: a signal alone can end it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Any of these ends the wait.
    pub keys: Vec<WaitKey>,
    /// And so does this tick.
    pub until: Option<Tick>,
}

impl Wait {
    /// Until a signal comes.
    pub const FOREVER: Self = Self { keys: Vec::new(), until: None };

    /// Until `key` is woken.
    pub fn on(key: WaitKey) -> Self {
        Self { keys: vec![key], until: None }
    }

    /// Until a tick.
    pub const fn until(tick: Tick) -> Self {
        Self { keys: Vec::new(), until: Some(tick) }
    }
}
