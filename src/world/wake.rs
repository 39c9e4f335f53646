//! The wake set: which machines have something to do by themselves, and when.
//!
//! It is a cache of [`Machine::due`](crate::kernel::Machine::due) that a load rebuilds. An entry
//! may be out of date: a machine is known for a tick no later than the one it is due in, and when
//! that tick comes and the machine is not due, it is entered again. So an entry is never searched
//! for, and a machine whose timer keeps moving away costs one entry.

use bevy_ecs::resource::Resource;

use super::machines::Body;
use super::wheel::Wheel;
use crate::base::{MachineId, Tick, Ticks};

/// Machines by the tick in which they must be looked at.
#[derive(Resource, Debug, Default)]
pub(crate) struct WakeSet {
    wheel: Wheel<MachineId>,
}

impl WakeSet {
    /// Makes sure that a machine is looked at no later than it is due, and not before `earliest`.
    pub(crate) fn enter(&mut self, id: MachineId, body: &mut Body, earliest: Tick) {
        let Some(due) = body.machine().due() else { return };
        let due = due.max(earliest);
        if due < body.wake {
            body.later = body.wake;
            body.wake = due;
            self.wheel.push(earliest, due, id);
        }
    }

    /// The next tick in which some machine must be looked at.
    pub(crate) fn next(&self) -> Option<Tick> {
        self.wheel.next()
    }

    /// Moves the machines to look at now into `woken`, which is empty, ascending and once each.
    pub(crate) fn take(&mut self, now: Tick, woken: &mut Vec<MachineId>) {
        self.wheel.take(now, woken);
        if !woken.is_sorted_by(|a, b| a < b) {
            woken.sort_unstable();
            woken.dedup();
        }
    }
}

/// Notes that a machine was looked at in `now`: the entry for this tick is gone, and the next tick
/// is the earliest for a new one.
pub(crate) fn seen(wakes: &mut WakeSet, id: MachineId, body: &mut Body, now: Tick) {
    if body.wake <= now {
        // A busy machine with a far timer would enter that timer again and again otherwise.
        body.wake = core::mem::replace(&mut body.later, Tick::NEVER);
        if body.wake <= now {
            body.wake = Tick::NEVER;
        }
    }
    wakes.enter(id, body, now + Ticks(1));
}
