//! Views: what there is in a world, for those who look at it.

use super::Sim;
use crate::base::{Errno, LinkId, MachineId};
use crate::fs::{DirEntry, Stat};
use crate::kernel::Machine;
use crate::net::link::LinkCounters;
use crate::net::{Interface, LinkSpec};
use crate::world::flight::Flight;
use crate::world::links::{Cable, Links, Port};
use crate::world::machines;

/// Largest file that [`Sim::read_file`] gives.
const READ_FILE_MAX: usize = 64 << 20;

/// A machine, to be looked at: all that [`Machine`] tells without changing.
#[derive(Clone, Copy, Debug)]
pub struct MachineView<'a> {
    machine: &'a Machine,
}

impl MachineView<'_> {
    /// Its interfaces, loopback first.
    pub fn interfaces(&self) -> &[Interface] {
        self.machine.network().interfaces()
    }
}

impl core::ops::Deref for MachineView<'_> {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        self.machine
    }
}

/// A link, to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct LinkView<'a> {
    cable: &'a Cable,
}

impl LinkView<'_> {
    /// Its id.
    pub fn id(&self) -> LinkId {
        self.cable.link.id
    }

    /// Its properties.
    pub fn spec(&self) -> LinkSpec {
        self.cable.link.spec
    }

    /// What is plugged into it; two for a cable.
    pub fn ports(&self) -> &[Port] {
        &self.cable.ports
    }

    /// What went in at one of its ports.
    pub fn counters(&self, port: u32) -> Option<LinkCounters> {
        self.cable.link.counters(port)
    }
}

impl Sim {
    /// The machines, in the order of their ids.
    pub fn machines(&self) -> impl Iterator<Item = MachineView<'_>> {
        machines::iter(&self.world).map(|(_, body)| MachineView { machine: body.machine() })
    }

    /// A machine.
    pub fn machine(&self, id: MachineId) -> Option<MachineView<'_>> {
        machines::get(&self.world, id).map(|body| MachineView { machine: body.machine() })
    }

    /// The first machine of this name.
    pub fn find(&self, name: &str) -> Option<MachineId> {
        self.machines().find(|machine| machine.name() == name).map(|machine| machine.id())
    }

    /// The links, in the order of their ids.
    pub fn links(&self) -> impl Iterator<Item = LinkView<'_>> {
        self.world.resource::<Links>().iter().map(|cable| LinkView { cable })
    }

    /// A link.
    pub fn link(&self, id: LinkId) -> Option<LinkView<'_>> {
        self.world.resource::<Links>().get(id).map(|cable| LinkView { cable })
    }

    /// How many frames are on their way over links.
    pub fn frames_in_flight(&self) -> usize {
        self.world.resource::<Flight>().len()
    }

    /// The content of a file, as root sees it; at most 64 MiB.
    ///
    /// # Errors
    ///
    /// Those of a path; `EFBIG`: it is longer. `ENODEV`: there is no such machine.
    pub fn read_file(
        &mut self,
        machine: MachineId,
        path: impl AsRef<[u8]>,
    ) -> Result<Vec<u8>, Errno> {
        self.look(machine, |machine| machine.read_file(path.as_ref(), READ_FILE_MAX))
    }

    /// What is known of a file, as root sees it.
    ///
    /// # Errors
    ///
    /// Those of a path. `ENODEV`: there is no such machine.
    pub fn stat(&mut self, machine: MachineId, path: impl AsRef<[u8]>) -> Result<Stat, Errno> {
        self.look(machine, |machine| machine.stat(path.as_ref()))
    }

    /// The entries of a directory, as root sees them.
    ///
    /// # Errors
    ///
    /// Those of a path; `ENOTDIR`. `ENODEV`: there is no such machine.
    pub fn read_dir(
        &mut self,
        machine: MachineId,
        path: impl AsRef<[u8]>,
    ) -> Result<Vec<DirEntry>, Errno> {
        self.look(machine, |machine| machine.read_dir(path.as_ref()))
    }

    /// Makes a file's whole content `bytes`, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `open` and `write`. `ENODEV`: there is no such machine.
    pub fn write_file(
        &mut self,
        machine: MachineId,
        path: impl AsRef<[u8]>,
        mode: u16,
        bytes: &[u8],
    ) -> Result<(), Errno> {
        self.touch(machine, |machine| machine.write_file(path.as_ref(), mode, bytes))
            .unwrap_or(Err(Errno::ENODEV))
    }

    /// Makes a directory, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `mkdir`. `ENODEV`: there is no such machine.
    pub fn make_dir(
        &mut self,
        machine: MachineId,
        path: impl AsRef<[u8]>,
        mode: u16,
    ) -> Result<(), Errno> {
        self.touch(machine, |machine| machine.make_dir(path.as_ref(), mode))
            .unwrap_or(Err(Errno::ENODEV))
    }

    /// Makes a symbolic link, as root.
    ///
    /// # Errors
    ///
    /// As POSIX `symlink`. `ENODEV`: there is no such machine.
    pub fn make_symlink(
        &mut self,
        machine: MachineId,
        target: &[u8],
        path: impl AsRef<[u8]>,
    ) -> Result<(), Errno> {
        self.touch(machine, |machine| machine.make_symlink(target, path.as_ref()))
            .unwrap_or(Err(Errno::ENODEV))
    }

    fn look<R>(
        &mut self,
        machine: MachineId,
        look: impl FnOnce(&mut Machine) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let body = machines::get_mut(&mut self.world, machine).ok_or(Errno::ENODEV)?;
        look(body.peek())
    }
}
