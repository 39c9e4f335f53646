//! Events: what reaches a process besides its files: messages, timers, keys, window changes.
//!
//! Invariant: a queue holds at most [`limits::EVENTS_MAX`] events; what does not fit is an errno
//! to its sender and counted here.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::{Errno, Pid, Tick, limits};

/// Something that happened to a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Another process of the machine sent these bytes.
    Message {
        /// Who sent it.
        from: Pid,
        /// What was sent.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A timer of the process ran out.
    Timer {
        /// When it was due.
        due: Tick,
    },
    /// The window of the controlling terminal has a new size.
    Resized {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// A key, for processes that asked for keys rather than characters.
    Key {
        /// The bytes a terminal would send for it.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
}

/// A process's events, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventQueue {
    events: VecDeque<Event>,
    /// Events that found the queue full.
    pub(crate) lost: u64,
}

impl EventQueue {
    /// # Errors
    ///
    /// `EAGAIN`: the queue is full.
    pub(crate) fn push(&mut self, event: Event) -> Result<(), Errno> {
        if self.events.len() >= limits::EVENTS_MAX {
            self.lost = self.lost.saturating_add(1);
            return Err(Errno::EAGAIN);
        }
        self.events.push_back(event);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
