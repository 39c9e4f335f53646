//! [`Params`]: the positional parameters.

use serde::{Deserialize, Serialize};

use super::fields::Fields;

/// `$1`, `$2` …; shifting only moves where they begin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Params {
    list: Fields,
    shifted: u32,
}

impl From<Fields> for Params {
    fn from(list: Fields) -> Self {
        Self { list, shifted: 0 }
    }
}

impl Params {
    /// The parameter of a number, from 1.
    pub fn get(&self, number: u32) -> Option<&[u8]> {
        let index = number.checked_sub(1)?.checked_add(self.shifted)?;
        self.list.get(index as usize)
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX).saturating_sub(self.shifted)
    }

    /// Drops the first `count`; false if there are fewer.
    pub fn shift(&mut self, count: u32) -> bool {
        let enough = count <= self.count();
        if enough {
            self.shifted += count;
        }
        enough
    }

    /// Appends all, with a separator between them.
    pub fn join(&self, separator: Option<u8>, into: &mut Vec<u8>) {
        for number in 1..=self.count() {
            if number > 1 {
                into.extend(separator);
            }
            into.extend_from_slice(self.get(number).unwrap_or_default());
        }
    }

    /// All of them.
    pub fn fields(&self) -> Fields {
        self.list.iter().skip(self.shifted as usize).collect()
    }
}
