//! Named pipes: which pipe an inode of kind FIFO leads to while somebody has it open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fs::Node;

use super::file::PipeId;

/// The pipes behind open FIFO inodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fifos {
    pipes: BTreeMap<Node, PipeId>,
}

impl Fifos {
    pub(crate) fn get(&self, node: Node) -> Option<PipeId> {
        self.pipes.get(&node).copied()
    }

    pub(crate) fn insert(&mut self, node: Node, pipe: PipeId) {
        self.pipes.insert(node, pipe);
    }

    /// Forgets a pipe that is gone.
    pub(crate) fn remove(&mut self, pipe: PipeId) {
        self.pipes.retain(|_, other| *other != pipe);
    }
}
