//! Where the player sits: a terminal of a machine.

use hostscape::Sim;
use hostscape::base::MachineId;
use hostscape::kernel::TtyId;

/// A terminal of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The machine.
    pub machine: MachineId,
    /// Its terminal.
    pub tty: TtyId,
}

impl Place {
    /// The first terminal of the first machine.
    pub fn first(sim: &Sim) -> Option<Self> {
        sim.machines().next().map(|machine| Self { machine: machine.id(), tty: TtyId::CONSOLE })
    }

    /// The same place in another world, if it is there.
    pub fn kept(self, sim: &Sim) -> Option<Self> {
        sim.machine(self.machine)?.tty(self.tty).map(|_| self)
    }

    /// The next terminal of the machine, the first one after the last.
    pub fn next_tty(self, sim: &Sim) -> Self {
        let Some(machine) = sim.machine(self.machine) else { return self };
        let next = machine.ttys().find(|tty| *tty > self.tty).or_else(|| machine.ttys().next());
        Self { tty: next.unwrap_or(self.tty), ..self }
    }

    /// The terminal with a digit for its number.
    pub fn tty(self, sim: &Sim, digit: char) -> Option<Self> {
        let tty = TtyId(digit.to_digit(10)?);
        sim.machine(self.machine)?.tty(tty).map(|_| Self { tty, ..self })
    }

    /// The next or previous machine's first terminal, round and round.
    pub fn neighbour(self, sim: &Sim, forward: bool) -> Self {
        let ids: Vec<MachineId> = sim.machines().map(|machine| machine.id()).collect();
        let Some(here) = ids.iter().position(|id| *id == self.machine) else { return self };
        let step = if forward { 1 } else { ids.len() - 1 };
        Self { machine: ids[(here + step) % ids.len()], tty: TtyId::CONSOLE }
    }
}
