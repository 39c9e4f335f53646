//! Notices: what a world tells its embedder.

use std::collections::VecDeque;

use bevy_ecs::resource::Resource;

use crate::base::limits::NOTICES_MAX;
use crate::base::{LinkId, MachineId, Tick};
use crate::kernel::Notice as MachineNotice;

/// Something that happened in a tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub tick: Tick,
    /// What.
    pub kind: NoticeKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// On a machine.
    Machine(MachineId, MachineNotice),
    /// A link came up or went down.
    Link(LinkId, bool),
}

/// Notices that wait for the embedder. They don't affect the world, so they are not saved.
#[derive(Resource, Debug, Default)]
pub(crate) struct Notices {
    queue: VecDeque<Notice>,
    lost: u64,
}

impl Notices {
    pub(crate) fn push(&mut self, tick: Tick, kind: NoticeKind) {
        if self.queue.len() >= NOTICES_MAX {
            self.queue.pop_front();
            self.lost += 1;
        }
        self.queue.push_back(Notice { tick, kind });
    }

    pub(crate) fn take(&mut self) -> Vec<Notice> {
        self.queue.drain(..).collect()
    }

    /// How many were dropped because nobody took them in time.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }
}
