//! [`Traps`]: what `trap` set, and what has arrived.

use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::kernel::{Signal, SignalSet};

/// Actions by signal number; 0 is `EXIT`. An empty action ignores the signal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traps {
    actions: BTreeMap<u8, BString>,
    pending: SignalSet,
}

impl Traps {
    /// The action of a signal number.
    pub fn get(&self, number: u8) -> Option<&BString> {
        self.actions.get(&number)
    }

    /// Sets or removes an action.
    pub fn set(&mut self, number: u8, action: Option<BString>) {
        match action {
            Some(action) => self.actions.insert(number, action),
            None => self.actions.remove(&number),
        };
    }

    /// All actions by number.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &BString)> {
        self.actions.iter().map(|(number, action)| (*number, action))
    }

    /// Whether any action is there that something would run.
    pub fn any(&self) -> bool {
        self.actions.values().any(|action| !action.is_empty())
    }

    /// Notes a signal that arrived.
    pub fn arrive(&mut self, signal: Signal) {
        self.pending.insert(signal);
    }

    /// Whether a signal waits to be acted upon.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes the next signal that waits.
    pub fn take(&mut self) -> Option<Signal> {
        let signal = self.pending.iter().next()?;
        self.pending.remove(signal);
        Some(signal)
    }

    /// The next signal that waits.
    pub fn peek(&self) -> Option<Signal> {
        self.pending.iter().next()
    }

    /// Takes the action to run on exit.
    pub fn take_exit(&mut self) -> Option<BString> {
        self.actions.remove(&0)
    }

    /// What a child keeps: ignored signals. Returns those whose action it loses.
    pub fn reset(&mut self) -> Vec<Signal> {
        let lost = self.actions.iter().filter(|(_, action)| !action.is_empty());
        let lost = lost.filter_map(|(number, _)| Signal::from_number(*number)).collect();
        self.actions.retain(|number, action| *number != 0 && action.is_empty());
        self.pending = SignalSet::EMPTY;
        lost
    }
}

/// The number a trap condition names.
pub fn condition(name: &[u8]) -> Option<u8> {
    let text = core::str::from_utf8(name).ok()?;
    if let Ok(number) = text.parse::<u8>() {
        let known = number == 0 || Signal::from_number(number).is_some();
        return known.then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    if upper == "EXIT" {
        return Some(0);
    }
    if upper.starts_with("SIG") {
        return None;
    }
    Signal::from_name(&upper).map(Signal::number)
}

/// The name of a trap condition.
pub fn condition_name(number: u8) -> &'static str {
    Signal::from_number(number).map_or("EXIT", Signal::name)
}
