//! One machine's kernel: processes, signals, open files, pipes, terminals, power, and [`Sys`],
//! the way programs reach all of it.
//!
//! The kernel knows no program, no other machine and no ECS. [`Machine`] is the whole of one
//! emulated computer; [`Machine::step`] does what is due in a tick.

pub mod boot;
pub mod cred;
pub mod event;
pub mod exit;
mod fifo;
pub mod file;
pub mod input;
pub mod launch;
pub mod log;
pub mod machine;
pub mod notice;
mod objects;
mod pipe;
mod process;
mod procfs;
mod proctext;
pub mod program;
pub mod raise;
mod relink;
mod run;
pub mod screen;
pub mod signal;
pub mod spec;
pub mod stream;
pub mod sys;
mod table;
pub mod terminals;
pub mod tty;
pub mod view;
pub mod wait;

#[cfg(test)]
mod tests;

pub use boot::{PowerState, Shutdown};
pub use cred::Credentials;
pub use event::Event;
pub use exit::{WaitFlags, WaitTarget};
pub use file::PipeId;
pub use input::MachineInput;
pub use launch::SpawnSpec;
pub use machine::{Machine, Outbox};
pub use notice::Notice;
pub use program::{Main, Program, Registry, StateError, Step, Stop};
pub use raise::KillTarget;
pub use relink::RelinkError;
pub use signal::{Action, Signal, SignalSet, WaitStatus};
pub use spec::{Hardware, MachineSpec, SpecFile};
pub use stream::{Attach, ExecSpec, Execution};
pub use sys::Sys;
pub use terminals::TtyId;
pub use wait::{Wait, WaitKey};
