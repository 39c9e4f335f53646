//! [`Codes`]: the units a shell holds, each once, by number.

use serde::{Deserialize, Serialize};

use super::code::{Code, Linked};

/// A table of units; places of dropped ones are used again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Codes {
    units: Vec<Option<Linked>>,
    /// Units added since unused ones were last dropped.
    added: u32,
}

/// What takes the place of a unit that a damaged save lacks.
fn nothing() -> Linked {
    Linked::new(Code::new(super::code::Unit::nothing()), &mut |_| 0)
}

impl Codes {
    /// The unit of a number.
    pub fn get(&self, number: u32) -> Linked {
        self.units.get(number as usize).cloned().flatten().unwrap_or_else(nothing)
    }

    /// Adds a unit; returns its number.
    pub fn add(&mut self, linked: Linked) -> u32 {
        self.added += 1;
        let free = self.units.iter().position(Option::is_none);
        let place = free.unwrap_or(self.units.len());
        if free.is_some() {
            self.units[place] = Some(linked);
        } else {
            self.units.push(Some(linked));
        }
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Whether it is time to drop unused units: not so often that looking for them would count.
    pub fn is_full(&self) -> bool {
        self.added as usize > 16 + self.units.len() / 2
    }

    /// Drops all units but the `used` ones.
    pub fn keep(&mut self, used: &[u32]) {
        let mut keep = vec![false; self.units.len()];
        for number in used {
            if let Some(place) = keep.get_mut(*number as usize) {
                *place = true;
            }
        }
        for (unit, keep) in self.units.iter_mut().zip(keep) {
            if !keep {
                *unit = None;
            }
        }
        while self.units.last().is_some_and(Option::is_none) {
            self.units.pop();
        }
        self.added = 0;
    }
}
