//! Packets in flight: what links carry until it arrives.

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use super::wheel::Wheel;
use crate::base::{LinkId, MachineId, Tick};
use crate::net::{Frame, InterfaceId};

/// A frame on its way to one interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InFlight {
    /// The receiving machine.
    pub(crate) machine: MachineId,
    /// The link that carries it.
    pub(crate) link: LinkId,
    /// The receiving interface.
    pub(crate) interface: InterfaceId,
    /// What is carried.
    pub(crate) frame: Frame,
}

/// A frame in flight, with its time, as a savegame has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flying {
    pub(crate) arrival: Tick,
    pub(crate) packet: InFlight,
}

/// Everything in flight.
///
/// Invariant: packets are delivered by (arrival, receiving machine, link, order of sending). The
/// order of sending needs no number of its own: it is the order in which packets were filed.
#[derive(Resource, Debug, Default)]
pub(crate) struct Flight {
    wheel: Wheel<InFlight>,
}

fn order(packet: &InFlight) -> u64 {
    u64::from(packet.machine.0) << 32 | u64::from(packet.link.0)
}

impl Flight {
    pub(crate) fn send(&mut self, now: Tick, arrival: Tick, packet: InFlight) {
        self.wheel.push(now, arrival, packet);
    }

    /// The next tick in which something arrives.
    pub(crate) fn next(&self) -> Option<Tick> {
        self.wheel.next()
    }

    /// Moves what arrives now into `arrivals`, which is empty, in the order of delivery.
    pub(crate) fn land(&mut self, now: Tick, arrivals: &mut Vec<InFlight>) {
        self.wheel.take(now, arrivals);
        // Senders are visited in order, so with simple wiring packets are in order already.
        if !arrivals.is_sorted_by_key(order) {
            arrivals.sort_by_key(order);
        }
    }

    /// Loses what is under way on a link that was cut.
    pub(crate) fn lose(&mut self, link: LinkId) {
        self.wheel.retain(|packet| packet.link != link);
    }

    /// Loses what is under way to a machine that was removed.
    pub(crate) fn forget(&mut self, machine: MachineId) {
        self.wheel.retain(|packet| packet.machine != machine);
    }

    pub(crate) fn len(&self) -> usize {
        self.wheel.len()
    }

    /// Everything in the order of delivery.
    pub(crate) fn iter(&self) -> Vec<(Tick, &InFlight)> {
        let mut all: Vec<_> = self.wheel.iter().collect();
        all.sort_by_key(|(arrival, packet)| (*arrival, order(packet)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_land_by_machine_link_and_order_of_sending() {
        let mut flight = Flight::default();
        let sent = [(2, 1), (1, 2), (1, 1), (2, 1), (1, 2)];
        for (byte, (machine, link)) in (0_u8..).zip(sent) {
            let packet = InFlight {
                machine: MachineId(machine),
                link: LinkId(link),
                interface: InterfaceId(1),
                frame: Frame(vec![byte]),
            };
            flight.send(Tick(3), Tick(5), packet);
        }
        let listed: Vec<u8> = flight.iter().iter().map(|(_, packet)| packet.frame.0[0]).collect();
        assert_eq!(flight.next(), Some(Tick(5)));
        let mut arrivals = Vec::new();
        flight.land(Tick(5), &mut arrivals);
        let landed: Vec<u8> = arrivals.iter().map(|packet| packet.frame.0[0]).collect();
        assert_eq!(landed, [2, 1, 4, 0, 3]);
        assert_eq!(listed, landed);
        assert_eq!((flight.len(), flight.next()), (0, None));
    }
}
