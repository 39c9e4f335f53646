//! After a load: finding images and programs again, and checking that a machine holds together.
//!
//! A savegame is hostile until this has been through it: every reference must lead somewhere and
//! every count must be what it counts, or a later step would meet what it believes impossible.

#![expect(clippy::disallowed_types, reason = "finds the shared images again")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::digest::Digest;
use crate::base::{MachineId, Pid};
use crate::fs::Image;

use super::file::{FileId, Object, PipeId};
use super::machine::Machine;
use super::process::RunState;
use super::program::{Registry, StateError};
use super::wait::WaitKey;

/// Why a loaded machine cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelinkError {
    /// Its image is missing.
    #[error("machine {machine}: its image {digest} is not in the savegame")]
    Image {
        /// Which machine.
        machine: MachineId,
        /// Which image.
        digest: Digest,
    },
    /// One of its processes cannot go on.
    #[error("machine {machine}, process {pid}: {error}")]
    Process {
        /// Which machine.
        machine: MachineId,
        /// Which process.
        pid: Pid,
        /// Why.
        error: StateError,
    },
    /// Its parts contradict one another.
    #[error("machine {machine}: {what}")]
    Damaged {
        /// Which machine.
        machine: MachineId,
        /// What does not fit.
        what: String,
    },
}

impl Machine {
    /// Makes a loaded machine able to run.
    ///
    /// # Errors
    ///
    /// As [`RelinkError`] says; the machine is of no use then.
    pub fn relink(
        &mut self,
        registry: &Registry,
        find_image: &dyn Fn(Digest) -> Option<Arc<Image>>,
    ) -> Result<(), RelinkError> {
        let machine = self.id;
        self.vfs.relink(find_image).map_err(|digest| RelinkError::Image { machine, digest })?;
        let pids: Vec<Pid> = self.processes.iter().map(|process| process.pid).collect();
        let sound = self.processes.relink();
        for pid in pids {
            let Some(process) = self.processes.get_mut(pid) else { continue };
            let linked = process.code.relink(registry);
            linked.map_err(|error| RelinkError::Process { machine, pid, error })?;
        }
        let damaged = |what: String| RelinkError::Damaged { machine, what };
        if !sound {
            return Err(damaged("its process table contradicts itself".to_owned()));
        }
        self.vfs.check().map_err(|damage| damaged(format!("its filesystem: {damage}")))?;
        self.net.check().map_err(|what| damaged(format!("its network: {what}")))?;
        self.check_files().map_err(|what| damaged(what.to_owned()))?;
        self.check_processes().map_err(|what| damaged(what.to_owned()))
    }

    /// Counts every reference to open files and pipes anew.
    fn check_files(&self) -> Result<(), &'static str> {
        let mut references: BTreeMap<FileId, u32> = BTreeMap::new();
        for process in self.processes.iter() {
            if !process.fds.is_sound() {
                return Err("a descriptor table is malformed");
            }
            let open = process.fds.iter().map(|(_, entry)| entry.file).chain(process.opening);
            open.for_each(|file| *references.entry(file).or_default() += 1);
        }
        let counted = self.files.iter().map(|(id, file)| (id, file.references));
        if !self.files.is_sound() || !references.into_iter().eq(counted) {
            return Err("open files are not counted as they are used");
        }
        let mut ends: BTreeMap<PipeId, (u32, u32)> = BTreeMap::new();
        for (_, file) in self.files.iter() {
            match file.object {
                Object::PipeReader(pipe) => ends.entry(pipe).or_default().0 += 1,
                Object::PipeWriter(pipe) => ends.entry(pipe).or_default().1 += 1,
                Object::Tty(tty) if self.terminals.get(tty).is_none() => {
                    return Err("an open file leads to a terminal that is not there");
                }
                Object::Socket(socket) if self.net.socket_kind(socket).is_err() => {
                    return Err("an open file leads to a socket that is not there");
                }
                _ => {}
            }
        }
        for (pipe, writing) in self.streams.held() {
            let (readers, writers) = ends.entry(pipe).or_default();
            *(if writing { writers } else { readers }) += 1;
        }
        let counted = self.pipes.iter().map(|(id, pipe)| (id, (pipe.readers, pipe.writers)));
        if !self.pipes.is_sound() || !ends.into_iter().eq(counted) {
            return Err("pipes are not counted as they are used");
        }
        Ok(())
    }

    fn check_processes(&self) -> Result<(), &'static str> {
        for process in self.processes.iter() {
            let ended = matches!(process.code, super::program::Code::Ended);
            if ended == process.is_alive() {
                return Err("a process is neither alive nor dead");
            }
            if let RunState::Blocked(wait) = &process.state
                && wait.keys.len() > MOST_KEYS
            {
                return Err("a process waits for too much");
            }
            if let RunState::Blocked(wait) = &process.state
                && wait.keys.iter().any(|key| matches!(key, WaitKey::Child(pid) | WaitKey::Event(pid) if *pid != process.pid))
            {
                return Err("a process waits in another's place");
            }
        }
        if !self.log.is_sound() {
            return Err("the kernel's log is not counted as it is held");
        }
        Ok(())
    }
}

/// A poll of every descriptor, both ways, and the two queues.
const MOST_KEYS: usize = 2 * crate::base::limits::OPEN_FILES_MAX as usize + 2;
