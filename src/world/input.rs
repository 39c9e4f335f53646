//! Inputs: what the embedder does to a world, stamped with the tick in which it happens.
//!
//! Invariant: nothing else changes a world from outside. So a seed and a list of inputs are a
//! whole session, and inputs queued for later are part of a savegame.

use std::collections::BTreeMap;

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::base::limits::INPUTS_MAX;
use crate::base::{LinkId, MachineId, Tick};
use crate::kernel::MachineInput;
use crate::net::LinkSpec;

/// Something the embedder does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// To a machine: keys, power, the size of a terminal.
    Machine(MachineId, MachineInput),
    /// To a link: plugs it in or pulls it out.
    LinkUp(LinkId, bool),
    /// To a link: changes its properties, whether it is up included.
    LinkSpec(LinkId, LinkSpec),
}

/// Why an input was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// There is no machine of this id.
    #[error("there is no machine {0}")]
    NoMachine(MachineId),
    /// There is no link of this id.
    #[error("there is no link {0}")]
    NoLink(LinkId),
    /// The tick is over.
    #[error("tick {given} is over; the next one is {next}")]
    Past {
        /// The tick asked for.
        given: Tick,
        /// The earliest possible one.
        next: Tick,
    },
    /// The queue is full.
    #[error("{INPUTS_MAX} inputs are queued already; run the world before adding more")]
    Full,
}

/// Inputs that wait for their tick.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Inputs {
    queue: BTreeMap<Tick, Vec<Input>>,
    /// How many there are; counted again after a load.
    #[serde(skip)]
    count: usize,
}

impl Inputs {
    /// Queues an input behind those of the same tick.
    pub(crate) fn push(&mut self, at: Tick, input: Input) -> Result<(), InputError> {
        if self.count >= INPUTS_MAX {
            return Err(InputError::Full);
        }
        self.queue.entry(at).or_default().push(input);
        self.count += 1;
        Ok(())
    }

    /// Counts inputs anew, after a load or a removal.
    pub(crate) fn recount(&mut self) {
        self.count = self.queue.values().map(Vec::len).sum();
    }

    /// The next tick that has inputs.
    pub(crate) fn next(&self) -> Option<Tick> {
        self.queue.keys().next().copied()
    }

    /// Takes what is queued for `now`, and for earlier ticks should there be any.
    pub(crate) fn take(&mut self, now: Tick) -> Vec<Input> {
        let mut taken = Vec::new();
        while let Some(entry) = self.queue.first_entry()
            && *entry.key() <= now
        {
            taken.append(&mut entry.remove());
        }
        self.count -= taken.len();
        taken
    }

    /// Every queued input, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Tick, &Input)> {
        self.queue.iter().flat_map(|(at, inputs)| inputs.iter().map(|input| (*at, input)))
    }

    /// Drops what was meant for a machine that was removed.
    pub(crate) fn forget_machine(&mut self, machine: MachineId) {
        self.retain(|input| !matches!(input, Input::Machine(id, _) if *id == machine));
    }

    /// Drops what was meant for a link that was removed.
    pub(crate) fn forget_link(&mut self, link: LinkId) {
        self.retain(|input| match input {
            Input::LinkUp(id, _) | Input::LinkSpec(id, _) => *id != link,
            Input::Machine(..) => true,
        });
    }

    fn retain(&mut self, keep: impl Fn(&Input) -> bool) {
        self.queue.retain(|_, inputs| {
            inputs.retain(&keep);
            !inputs.is_empty()
        });
        self.recount();
    }
}
