//! [`Vars`]: variables and functions by number.
//!
//! Every name a shell has met has a slot; parsed code is linked to slots once, so that using a
//! variable is an index and no search. Slots are never removed.

use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::builtin;
use super::code::NodeId;
use crate::base::limits;
use crate::base::strings::Strings;

/// Number of a name in a shell.
pub type Slot = u32;

/// Names every shell has at fixed slots.
pub const FIXED: &[&str] = &[
    "IFS", "PATH", "LINENO", "OPTIND", "HOME", "PWD", "OLDPWD", "PS1", "PS2", "PS4", "PPID",
    "OPTARG", "ENV",
];
/// Slot of `IFS`.
pub const IFS: Slot = 0;
/// Slot of `PATH`.
pub const PATH: Slot = 1;
/// Slot of `LINENO`.
pub const LINENO: Slot = 2;
/// Slot of `OPTIND`.
pub const OPTIND: Slot = 3;
/// Slot of `HOME`.
pub const HOME: Slot = 4;
/// Slot of `PWD`.
pub const PWD: Slot = 5;
/// Slot of `OLDPWD`.
pub const OLDPWD: Slot = 6;
/// Slot of `PS1`.
pub const PS1: Slot = 7;
/// Slot of `PS2`.
pub const PS2: Slot = 8;
/// Slot of `PS4`.
pub const PS4: Slot = 9;
/// Slot of `PPID`.
pub const PPID: Slot = 10;
/// Slot of `OPTARG`.
pub const OPTARG: Slot = 11;

/// A name with what it stands for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    name: BString,
    var: Var,
    function: Option<Function>,
    #[serde(skip)]
    builtin: Option<u8>,
}

/// A variable; without a value it may still be exported or read-only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Var {
    /// The value, if set.
    pub value: Option<BString>,
    /// Whether commands get it in their environment.
    pub exported: bool,
    /// Whether it may not change.
    pub readonly: bool,
}

/// Where a function's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The unit.
    pub code: u32,
    /// The node in it.
    pub body: NodeId,
}

/// Why a variable does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is read-only.
    ReadOnly,
    /// There is no room.
    Space,
}

/// All names of a shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Entry>", into = "Vec<Entry>")]
pub struct Vars {
    entries: Vec<Entry>,
    index: BTreeMap<BString, Slot>,
    bytes: usize,
    separators: Separators,
}

/// What `IFS` holds, as sets of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Separators {
    white: [u64; 4],
    other: [u64; 4],
    /// What `"$*"` puts between parameters.
    pub first: Option<u8>,
}

impl Separators {
    fn new(ifs: Option<&[u8]>) -> Self {
        let ifs = ifs.unwrap_or(b" \t\n");
        let mut separators = Self { first: ifs.first().copied(), ..Self::default() };
        for &byte in ifs {
            let white = matches!(byte, b' ' | b'\t' | b'\n');
            let set = if white { &mut separators.white } else { &mut separators.other };
            set[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        separators
    }

    /// Whether the byte separates fields and runs of it count once.
    pub fn is_white(&self, byte: u8) -> bool {
        self.white[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
    }

    /// Whether the byte ends a field by itself.
    pub fn is_other(&self, byte: u8) -> bool {
        self.other[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
    }
}

impl Default for Vars {
    fn default() -> Self {
        let mut vars = Self {
            entries: Vec::new(),
            index: BTreeMap::new(),
            bytes: 0,
            separators: Separators::new(None),
        };
        FIXED.iter().for_each(|name| {
            vars.intern(name.as_bytes());
        });
        vars
    }
}

impl From<Vec<Entry>> for Vars {
    fn from(mut entries: Vec<Entry>) -> Self {
        // A damaged save may lack the fixed names; then they come first.
        if !FIXED.iter().zip(&entries).all(|(name, entry)| entry.name == *name)
            || entries.len() < FIXED.len()
        {
            return Self::default();
        }
        let mut vars = Self {
            entries: Vec::new(),
            index: BTreeMap::new(),
            bytes: 0,
            separators: Separators::new(None),
        };
        for (slot, entry) in (0..).zip(&mut entries) {
            vars.index.insert(entry.name.clone(), slot);
            vars.bytes += cost(entry.name.len()) + entry.var.value.as_ref().map_or(0, |v| v.len());
            entry.builtin = builtin::find(&entry.name);
        }
        vars.entries = entries;
        vars.separators = Separators::new(vars.get(IFS).map(|ifs| ifs.as_bytes()));
        vars
    }
}

impl From<Vars> for Vec<Entry> {
    fn from(vars: Vars) -> Self {
        vars.entries
    }
}

/// What a name costs beside its value.
const fn cost(length: usize) -> usize {
    2 * length + 128
}

impl Vars {
    /// Bytes that all values hold.
    pub fn byte_len(&self) -> usize {
        self.bytes
    }

    /// The slot of a name, new if need be.
    pub fn intern(&mut self, name: &[u8]) -> Slot {
        if let Some(slot) = self.find(name) {
            return slot;
        }
        let slot = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let builtin = builtin::find(name);
        self.entries.push(Entry { name: name.into(), builtin, ..Entry::default() });
        self.index.insert(name.into(), slot);
        self.bytes += cost(name.len());
        slot
    }

    /// The slot of a name that has been met.
    pub fn find(&self, name: &[u8]) -> Option<Slot> {
        self.index.get(name.as_bstr()).copied()
    }

    fn entry(&mut self, slot: Slot) -> &mut Entry {
        &mut self.entries[slot as usize]
    }

    /// The name at a slot.
    pub fn name(&self, slot: Slot) -> &BStr {
        self.entries[slot as usize].name.as_bstr()
    }

    /// The value at a slot.
    pub fn get(&self, slot: Slot) -> Option<&BStr> {
        self.entries[slot as usize].var.value.as_ref().map(|value| value.as_bstr())
    }

    /// The value of a name.
    pub fn value_of(&self, name: &[u8]) -> Option<&BStr> {
        self.get(self.find(name)?)
    }

    /// The variable at a slot.
    pub fn var(&self, slot: Slot) -> &Var {
        &self.entries[slot as usize].var
    }

    /// Replaces a variable whole: the end of a temporary assignment.
    pub fn restore(&mut self, slot: Slot, var: Var) {
        self.bytes += var.value.as_ref().map_or(0, |value| value.len());
        let old = core::mem::replace(&mut self.entry(slot).var, var);
        self.bytes -= old.value.map_or(0, |value| value.len());
        self.changed(slot);
    }

    /// Sets a value.
    ///
    /// # Errors
    ///
    /// That the variable is read-only, or that variables take too much room.
    pub fn set(&mut self, slot: Slot, value: &[u8]) -> Result<(), Refusal> {
        let var = &mut self.entries[slot as usize].var;
        if var.readonly {
            return Err(Refusal::ReadOnly);
        }
        let old = var.value.as_ref().map_or(0, |value| value.len());
        self.bytes = self.bytes - old + value.len();
        if self.bytes > limits::SHELL_MEMORY {
            self.bytes = self.bytes - value.len() + old;
            return Err(Refusal::Space);
        }
        match &mut var.value {
            Some(place) => {
                place.clear();
                place.extend_from_slice(value);
            }
            none => *none = Some(value.into()),
        }
        self.changed(slot);
        Ok(())
    }

    fn changed(&mut self, slot: Slot) {
        if slot == IFS {
            self.separators = Separators::new(self.get(IFS).map(|ifs| ifs.as_bytes()));
        }
    }

    /// Unsets a variable, its attributes too.
    ///
    /// # Errors
    ///
    /// That it is read-only.
    pub fn unset(&mut self, slot: Slot) -> Result<(), Refusal> {
        if self.var(slot).readonly {
            return Err(Refusal::ReadOnly);
        }
        self.restore(slot, Var::default());
        Ok(())
    }

    /// Marks a variable as exported or not.
    pub fn set_exported(&mut self, slot: Slot, exported: bool) {
        self.entry(slot).var.exported = exported;
    }

    /// Makes a variable read-only.
    pub fn set_readonly(&mut self, slot: Slot) {
        self.entry(slot).var.readonly = true;
    }

    /// The function of this name.
    pub fn function(&self, slot: Slot) -> Option<Function> {
        self.entries[slot as usize].function
    }

    /// Defines or removes a function.
    pub fn set_function(&mut self, slot: Slot, function: Option<Function>) {
        self.entry(slot).function = function;
    }

    /// The builtin of this name, as an index into the table.
    pub fn builtin(&self, slot: Slot) -> Option<u8> {
        self.entries[slot as usize].builtin
    }

    /// What separates fields.
    pub fn separators(&self) -> &Separators {
        &self.separators
    }

    /// All functions.
    pub fn functions(&self) -> impl Iterator<Item = Function> {
        self.entries.iter().filter_map(|entry| entry.function)
    }

    /// Variables in the order of their names.
    pub fn sorted(&self) -> impl Iterator<Item = (&BStr, &Var)> {
        self.index.iter().map(|(name, slot)| (name.as_bstr(), self.var(*slot)))
    }

    /// The environment of a command.
    pub fn environment(&self) -> Strings {
        let mut strings = Strings::new();
        let mut line = Vec::new();
        for (name, var) in self.sorted() {
            if let (true, Some(value)) = (var.exported, &var.value) {
                line.clear();
                line.extend_from_slice(name);
                line.push(b'=');
                line.extend_from_slice(value);
                strings.push(&line);
            }
        }
        strings
    }
}
