//! Hostscape: many emulated, networked, Unix-like machines in one deterministic simulation.
//!
//! A [`Sim`] owns a world of machines. Each machine has a filesystem with users and permissions,
//! processes, terminals and an IP stack; all of it is simulated, nothing touches the real
//! computer. You call [`Sim::tick`] or [`Sim::advance`], type on terminals, plug cables, and read
//! screens, notices and files. The same seed and the same inputs give the same world on every
//! platform and any number of threads, and [`Sim::save`] puts all of it into one string, programs
//! half-way through a loop and packets in flight included.
//!
//! ```
//! use hostscape::base::Ticks;
//! use hostscape::kernel::TtyId;
//! use hostscape::{Sim, Spawn};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut sim = Sim::new(7);
//! let pc = sim.spawn(Spawn::new("pc", "desktop"))?;
//! sim.advance(Ticks::from_secs(5));
//! sim.type_text(pc, TtyId::CONSOLE, "root\n")?;
//! sim.advance(Ticks::from_secs(1));
//! sim.type_text(pc, TtyId::CONSOLE, "echo $((6 * 7)) | tr 4 x\n")?;
//! sim.advance(Ticks::from_secs(1));
//! let screen = sim.screen(pc, TtyId::CONSOLE).ok_or("no such terminal")?;
//! assert!(screen.lines.iter().any(|line| line == "x2"));
//! # Ok(())
//! # }
//! ```
//!
//! # Where what is
//!
//! | module | what | who needs it |
//! |---|---|---|
//! | [`sim`] | the façade: spawn, connect, advance, type, watch, save, load | every embedder |
//! | [`base`] | ticks, errno, ids, digests, limits | everybody |
//! | [`kernel`] | one machine: processes, signals, terminals, power; [`kernel::Sys`] and [`kernel::Main`] | who writes programs |
//! | [`programs`] | the programs that come with the engine, the shell among them | to read and to copy |
//! | [`fs`] | inodes, images, permissions, mounts | views of files |
//! | [`net`] | frames, links, routes, sockets | links and packets |
//! | [`variant`] | OS variants: what a machine is made from | tools for designers |
//! | [`world`] | the ECS world, phases, inputs, notices, world files | who embeds the systems in a bevy `World` |
//! | [`save`] | savegames: check, inspect, compare | tools |
//!
//! Own programs are added with [`Sim::add_program`] or, several at a time, by a [`Module`]. The
//! invariants that all of this rests on are in `ARCHITECTURE.md`.

pub mod base;
pub mod fs;
pub mod kernel;
pub mod net;
pub mod save;
pub mod sim;
pub mod variant;
pub mod world;

#[path = "../programs/mod.rs"]
pub mod programs;

#[doc(hidden)]
pub mod testing;

pub use sim::{ExecError, ExecHandle, LinkView, MachineView, Module, Sim, Spawn, SpawnError};

/// The README's example, tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
