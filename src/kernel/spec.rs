//! What a machine is made from.

#![expect(clippy::disallowed_types, reason = "a base image is immutable content behind an Arc")]

use std::sync::Arc;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::{Gid, MachineId, Timestamp, Uid};
use crate::fs::Image;
use crate::net::Mac;

/// A machine's hardware; guests meet its bounds as `ENOSPC`, `ENOMEM` and `EAGAIN`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardware {
    /// Fuel per tick: the speed of its CPU.
    pub fuel_per_tick: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Size of the root disk in bytes.
    pub disk_bytes: u64,
    /// Most processes at a time.
    pub processes_max: u32,
    /// Virtual terminals, `/dev/tty1` onwards.
    pub ttys: u32,
}

impl Default for Hardware {
    fn default() -> Self {
        Self {
            fuel_per_tick: 10_000,
            memory_bytes: 256 * 1024 * 1024,
            disk_bytes: 64 * 1024 * 1024,
            processes_max: 1024,
            ttys: 2,
        }
    }
}

/// A file that a machine has besides its image, written before it first boots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecFile {
    /// Where; directories above it are made.
    pub path: BString,
    /// Permission bits.
    pub mode: u16,
    /// Its owner.
    pub uid: Uid,
    /// Its group.
    pub gid: Gid,
    /// Its content.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// What a machine is made from.
#[derive(Clone, Debug)]
pub struct MachineSpec {
    /// Its id, given out by the world.
    pub id: MachineId,
    /// Its name in the world and first hostname.
    pub name: String,
    /// The world's seed, from which its luck derives.
    pub world_seed: u64,
    /// The clock's value at tick 0.
    pub epoch: Timestamp,
    /// The variant's name.
    pub variant: String,
    /// The variant's image.
    pub image: Arc<Image>,
    /// The variant's hardware.
    pub hardware: Hardware,
    /// Hardware addresses of its Ethernet interfaces: `eth0` onwards.
    pub interfaces: Vec<Mac>,
    /// Files over the image.
    pub files: Vec<SpecFile>,
}
