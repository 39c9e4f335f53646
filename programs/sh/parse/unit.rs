//! [`Builder`]: a unit under construction.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::super::code::{
    Arm, Assignment, Code, NameId, Node, NodeId, Op, Redirection, Shape, Span, Step, Unit, Word,
    WordId,
};

/// Adds entries to the arenas of a unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Builder {
    pub(super) unit: Unit,
}

/// Appends and returns where.
fn append<T>(arena: &mut Vec<T>, entries: impl IntoIterator<Item = T>) -> Span {
    let start = index(arena.len());
    arena.extend(entries);
    Span { start, end: index(arena.len()) }
}

/// Lengths fit since limits::SHELL_COMMAND_MAX bounds the source.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Builder {
    pub(super) fn finish(mut self, root: NodeId) -> Code {
        self.unit.root = root;
        Code::new(self.unit)
    }

    pub(super) fn node(&mut self, node: Node) -> NodeId {
        append(&mut self.unit.nodes, [node]).start
    }

    pub(super) fn text(&mut self, text: &[u8]) -> Span {
        append(&mut self.unit.text, text.iter().copied())
    }

    pub(super) fn steps(&mut self, steps: Vec<Step>) -> Span {
        append(&mut self.unit.steps, steps)
    }

    pub(super) fn links(&mut self, links: Vec<u32>) -> Span {
        append(&mut self.unit.links, links)
    }

    pub(super) fn arms(&mut self, arms: Vec<Arm>) -> Span {
        append(&mut self.unit.arms, arms)
    }

    pub(super) fn assignments(&mut self, assignments: Vec<Assignment>) -> Span {
        append(&mut self.unit.assignments, assignments)
    }

    pub(super) fn redirections(&mut self, redirections: Vec<Redirection>) -> Span {
        append(&mut self.unit.redirections, redirections)
    }

    pub(super) fn ops(&mut self, ops: Vec<Op>) -> Span {
        append(&mut self.unit.ops, ops)
    }

    /// The number of a name. A linear search would let a hostile unit of many names cost its
    /// square, so only the latest names are looked through; a name may then be there twice.
    pub(super) fn name(&mut self, name: &[u8]) -> NameId {
        let names = &mut self.unit.names;
        let known = names.iter().rev().take(64).position(|known| known == name);
        match known {
            Some(back) => index(names.len() - 1 - back),
            None => append(names, [BString::from(name)]).start,
        }
    }

    /// A word whose content comes later.
    pub(super) fn reserve_word(&mut self) -> WordId {
        let shape = Shape::Constant(Span::default());
        append(&mut self.unit.words, [Word { shape, assignment: false }]).start
    }

    /// Gives a reserved word its content.
    pub(super) fn set_word(&mut self, word: WordId, shape: Shape, assignment: bool) {
        self.unit.words[word as usize] = Word { shape, assignment };
    }
}
