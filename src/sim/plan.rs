//! Worlds made of world files.

use super::{Sim, SpawnError};
use crate::base::MachineId;
use crate::net::InterfaceId;
use crate::variant::Catalogue;
use crate::world::file::{MachinePlan, WorldSpec};
use crate::world::links::Port;
use crate::world::{Clock, Variants};

impl Sim {
    /// The world of a world file.
    ///
    /// # Errors
    ///
    /// As [`SpawnError`] says.
    pub fn from_world(spec: &WorldSpec, variants: Catalogue) -> Result<Self, SpawnError> {
        let mut sim = Self::new(spec.seed);
        sim.world.resource_mut::<Variants>().0 = variants;
        sim.world.resource_mut::<Clock>().epoch = spec.epoch;
        let machines: Vec<MachineId> =
            spec.machines.iter().map(|plan| sim.make_planned(plan)).collect::<Result<_, _>>()?;
        for segment in &spec.segments {
            let ports: Vec<Port> = segment
                .ports
                .iter()
                .map(|port| Port {
                    machine: machines[port.machine],
                    interface: InterfaceId(u32::from(port.interface) + 1),
                })
                .collect();
            sim.connect_ports(&ports, segment.link)?;
        }
        Ok(sim)
    }

    fn make_planned(&mut self, plan: &MachinePlan) -> Result<MachineId, SpawnError> {
        let variant = self.world.resource::<Variants>().0.variant(&plan.variant)?;
        let files = plan.files.to_vec();
        self.make(&plan.name, &variant, plan.interfaces.len(), files, plan.powered)
    }
}
