//! Stable identities: small numbers given out in order, never reused within their table's rules.
//!
//! Invariant: an id says nothing about where its object lives in memory, so order by id is the
//! same in every run and after every load.

use core::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A machine of a world. Given out from 1 in the order of spawning, never reused.
    MachineId(u32)
}
id! {
    /// A link of a world. Given out from 1 in the order of connecting, never reused.
    LinkId(u32)
}
id! {
    /// A process of a machine (POSIX `pid_t`). Init is 1; 0 means "no process".
    Pid(u32)
}
id! {
    /// A user of a machine (POSIX `uid_t`). Root is 0.
    Uid(u32)
}
id! {
    /// A group of a machine (POSIX `gid_t`).
    Gid(u32)
}
id! {
    /// An inode number of one filesystem (POSIX `ino_t`).
    Ino(u64)
}
id! {
    /// A file descriptor: an index into one process's table.
    Fd(u32)
}

impl Pid {
    /// The first process of a machine.
    pub const INIT: Self = Self(1);
}

impl Uid {
    /// The superuser.
    pub const ROOT: Self = Self(0);
}

impl Gid {
    /// The superuser's group.
    pub const ROOT: Self = Self(0);
}

impl Fd {
    /// Standard input.
    pub const STDIN: Self = Self(0);
    /// Standard output.
    pub const STDOUT: Self = Self(1);
    /// Standard error.
    pub const STDERR: Self = Self(2);
}
