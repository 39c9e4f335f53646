//! Programs: what a program is to the kernel, and the list of those a world knows.
//!
//! A program is a value of type [`Program`]: a name, a usage text and the functions that start,
//! save and load its state. Its state is any type that implements [`Main`]. The kernel steps a
//! process by calling [`Main::step`] until it exits.
//!
//! A typical sequence is: `start` is called once and gives the state; `step` is called and
//! returns [`Step::Again`] when it ran out of fuel or likes to be called again; or it returns
//! [`Stop::Block`] through `?` because a call could not go on, and is called again *from its
//! beginning* when that may have changed; at last it returns [`Step::Exit`].
//!
//! Invariant: after a block a step runs again from its start. So whatever a call achieved is
//! recorded in `self` before the next call is made.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::Errno;
use crate::base::strings::Strings;

pub use super::sys::Sys;
use super::wait::Wait;

pub mod calendar;
mod code;
pub mod crypt;
pub mod input;
pub mod mode;
pub mod options;
pub mod out;
pub mod pattern;
pub mod shapes;
pub mod tree;
pub mod users;

pub(crate) use code::Code;
pub use code::StateError;

/// What a step that was not stopped did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to do: call again.
    Again,
    /// The process ends with this exit status.
    Exit(u8),
}

/// Why a step did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A call failed. Left unhandled, it ends the process with `NAME: MESSAGE` and status 1.
    Fail(Errno),
    /// A call has to wait; the step runs again, from its start, when the wait may be over.
    Block(Wait),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Fail(errno)
    }
}

/// A program's state and behaviour. See the [module](self) for the rules.
pub trait Main: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Makes the state of a new process. `args` begins with the name it was called by.
    ///
    /// # Errors
    ///
    /// A failure ends the process with `NAME: MESSAGE` and status 1. A block has `start` run
    /// again from its beginning.
    fn start(args: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop>;

    /// Runs until something blocks, fuel runs out, or the process is done.
    ///
    /// # Errors
    ///
    /// As [`Stop`] says.
    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop>;

    /// How many bytes the state holds, as far as they can grow with what the guest feeds it.
    /// Asked after every step: what a machine's processes hold together is bounded by its memory,
    /// and who grows beyond that is killed. Zero, the default, is for states of a bounded size.
    fn memory(&self) -> u64 {
        0
    }
}

/// A program: what an executable file of the simulation refers to by name.
#[derive(Clone, Copy)]
pub struct Program {
    /// The name it is registered and found under, such as `"cat"`.
    pub name: &'static str,
    /// The text that `--help` prints.
    pub usage: &'static str,
    pub(crate) start: code::Start,
    pub(crate) load: code::Load,
}

impl Program {
    /// A program whose processes have the state `M`.
    pub const fn new<M: Main>(name: &'static str, usage: &'static str) -> Self {
        Self { name, usage, start: code::start::<M>, load: code::load::<M> }
    }
}

impl core::fmt::Debug for Program {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Program({})", self.name)
    }
}

/// Every program that files of a world may refer to, by name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    programs: BTreeMap<&'static str, Program>,
}

impl Registry {
    /// A registry without programs.
    pub const fn new() -> Self {
        Self { programs: BTreeMap::new() }
    }

    /// Adds a program; one of the same name is replaced.
    pub fn add(&mut self, program: Program) {
        self.programs.insert(program.name, program);
    }

    /// Adds several programs.
    pub fn add_all(&mut self, programs: &[Program]) {
        programs.iter().for_each(|program| self.add(*program));
    }

    /// The program of this name.
    pub fn get(&self, name: &str) -> Option<Program> {
        self.programs.get(name).copied()
    }

    /// All programs, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Program> {
        self.programs.values()
    }
}
