//! The phases of a tick: input → deliver → wake → step → route → notify.
//!
//! They are systems of one schedule, chained; the schedule refuses to be built if two systems
//! touched the same data without an order between them.

use core::ops::Range;

use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::{
    IntoScheduleConfigs, LogLevel, Schedule, ScheduleBuildSettings, ScheduleLabel,
    SingleThreadedExecutor,
};
use bevy_ecs::system::{Res, ResMut};

use super::crew::{Crew, step_together};
use super::flight::{Flight, InFlight};
use super::input::{Input, Inputs};
use super::links::{Links, Port};
use super::machines::{Body, Machines};
use super::notice::{NoticeKind, Notices};
use super::wake::{WakeSet, seen};
use super::{Clock, Programs};
use crate::base::{LinkId, MachineId, Tick, Ticks};
use crate::kernel::{Machine, MachineInput, Notice, Outbox, Registry};
use crate::net::{Frame, LinkSpec};

/// The label of the schedule that runs one tick.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Simulate;

/// The schedule of one tick.
pub(crate) fn schedule() -> Schedule {
    let mut schedule = Schedule::new(Simulate);
    schedule
        .set_executor(SingleThreadedExecutor::new())
        .set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            ..ScheduleBuildSettings::default()
        })
        .add_systems((input, deliver, wake, step, route, notify).chain());
    schedule
}

/// What one machine has to do in this tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) machine: MachineId,
    /// Which of the arrivals are its own.
    pub(crate) arrivals: Range<usize>,
    /// Whether it has something to do by itself.
    pub(crate) woken: bool,
}

/// The work of one tick; empty between ticks, its buffers are used again.
#[derive(Resource, Debug, Default)]
pub(crate) struct Work {
    arrivals: Vec<InFlight>,
    woken: Vec<MachineId>,
    /// Ascending by machine.
    jobs: Vec<Job>,
    yields: Vec<Yield>,
    spare: Yield,
}

/// What stepped machines gave, in their order.
#[derive(Debug, Default)]
pub(crate) struct Yield {
    outbox: Outbox,
    frames: Vec<(Port, Frame)>,
    notices: Vec<(MachineId, Notice)>,
}

impl Yield {
    /// Hands a machine what arrived for it, and steps it if it then has something to do.
    pub(crate) fn step<'a>(
        &mut self,
        machine: &mut Machine,
        landed: impl Iterator<Item = &'a mut InFlight>,
        registry: &Registry,
        now: Tick,
    ) {
        for packet in landed {
            machine.deliver(packet.interface, core::mem::take(&mut packet.frame));
        }
        // A machine that is off drops frames and must not even notice the time.
        if machine.due().is_none_or(|due| due > now) {
            return;
        }
        machine.step(registry, now, &mut self.outbox);
        let id = machine.id();
        let sent = self.outbox.frames.drain(..);
        self.frames.extend(sent.map(|(interface, frame)| (Port { machine: id, interface }, frame)));
        self.notices.extend(self.outbox.notices.drain(..).map(|notice| (id, notice)));
    }
}

fn input(
    clock: Res<'_, Clock>,
    mut inputs: ResMut<'_, Inputs>,
    mut machines: Machines<'_, '_>,
    mut links: ResMut<'_, Links>,
    mut flight: ResMut<'_, Flight>,
    mut wakes: ResMut<'_, WakeSet>,
    mut notices: ResMut<'_, Notices>,
) {
    let now = clock.tick;
    if inputs.next().is_none_or(|next| next > now) {
        return;
    }
    for input in inputs.take(now) {
        let (link, spec) = match input {
            Input::Machine(id, input) => {
                affect(&mut machines, &mut wakes, id, input, now);
                continue;
            }
            Input::LinkUp(id, up) => {
                let Some(cable) = links.get(id) else { continue };
                (id, LinkSpec { up, ..cable.link.spec })
            }
            Input::LinkSpec(id, spec) => (id, spec),
        };
        let was_up = links.get(link).is_some_and(|cable| cable.link.spec.up);
        let Some(cable) = links.set_spec(link, spec) else { continue };
        if cable.link.spec.up == was_up {
            continue;
        }
        for port in &cable.ports {
            let input = carrier(*port, spec.up);
            affect(&mut machines, &mut wakes, port.machine, input, now);
        }
        cut(&mut flight, link, spec.up);
        notices.push(now, NoticeKind::Link(link, spec.up));
    }
}

/// What a machine is told when the link at one of its interfaces changes.
pub(crate) fn carrier(port: Port, up: bool) -> MachineInput {
    MachineInput::Carrier(port.interface, up)
}

fn cut(flight: &mut Flight, link: LinkId, up: bool) {
    if !up {
        flight.lose(link);
    }
}

fn affect(
    machines: &mut Machines<'_, '_>,
    wakes: &mut WakeSet,
    id: MachineId,
    input: MachineInput,
    now: Tick,
) {
    let Some(body) = machines.get_mut(id) else { return };
    body.touch().input(input, now);
    wakes.enter(id, body, now);
}

fn deliver(
    clock: Res<'_, Clock>,
    mut flight: ResMut<'_, Flight>,
    mut links: ResMut<'_, Links>,
    mut work: ResMut<'_, Work>,
) {
    if flight.next() == Some(clock.tick) {
        flight.land(clock.tick, &mut work.arrivals);
        work.arrivals.iter().for_each(|packet| links.landed(packet.link));
    }
}

fn wake(clock: Res<'_, Clock>, mut wakes: ResMut<'_, WakeSet>, mut work: ResMut<'_, Work>) {
    let work = &mut *work;
    if wakes.next() == Some(clock.tick) {
        wakes.take(clock.tick, &mut work.woken);
    }
    plan(&work.arrivals, &work.woken, &mut work.jobs);
    work.woken.clear();
}

/// Merges what arrived and who woke, both ascending by machine, into jobs.
fn plan(arrivals: &[InFlight], woken: &[MachineId], jobs: &mut Vec<Job>) {
    let mut woken = woken.iter().copied().peekable();
    let mut start = 0;
    for run in arrivals.chunk_by(|a, b| a.machine == b.machine) {
        let machine = run[0].machine;
        while let Some(earlier) = woken.next_if(|id| *id < machine) {
            jobs.push(Job { machine: earlier, arrivals: start..start, woken: true });
        }
        let woken = woken.next_if_eq(&machine).is_some();
        jobs.push(Job { machine, arrivals: start..start + run.len(), woken });
        start += run.len();
    }
    jobs.extend(woken.map(|machine| Job { machine, arrivals: start..start, woken: true }));
}

fn step(
    clock: Res<'_, Clock>,
    programs: Res<'_, Programs>,
    crew: Res<'_, Crew>,
    mut machines: Machines<'_, '_>,
    mut wakes: ResMut<'_, WakeSet>,
    mut work: ResMut<'_, Work>,
) {
    let (now, registry, work) = (clock.tick, &programs.0, &mut *work);
    let Work { arrivals, jobs, yields, spare, .. } = work;
    if let Some(pool) = crew.worth(jobs) {
        let lend = |job: &Job| machines.get_mut(job.machine).map(Body::lend);
        let mut out: Vec<_> = jobs.iter().map(lend).collect();
        *yields = step_together(pool, crew.threads(), registry, now, jobs, &mut out, arrivals);
        for (job, machine) in jobs.iter().zip(out) {
            if let (Some(body), Some(machine)) = (machines.get_mut(job.machine), machine) {
                body.give_back(machine);
                seen(&mut wakes, job.machine, body, now);
            }
        }
    } else {
        let mut gathered = core::mem::take(spare);
        for job in jobs.iter() {
            let Some(body) = machines.get_mut(job.machine) else { continue };
            let landed = arrivals[job.arrivals.clone()].iter_mut();
            gathered.step(body.touch(), landed, registry, now);
            seen(&mut wakes, job.machine, body, now);
        }
        yields.push(gathered);
    }
    arrivals.clear();
    jobs.clear();
}

fn route(
    clock: Res<'_, Clock>,
    mut work: ResMut<'_, Work>,
    mut links: ResMut<'_, Links>,
    mut flight: ResMut<'_, Flight>,
) {
    for gathered in &mut work.yields {
        for (port, frame) in gathered.frames.drain(..) {
            links.transmit(clock.tick, port, frame, &mut flight);
        }
    }
}

fn notify(
    mut clock: ResMut<'_, Clock>,
    mut work: ResMut<'_, Work>,
    mut notices: ResMut<'_, Notices>,
) {
    let work = &mut *work;
    for gathered in &mut work.yields {
        for (machine, notice) in gathered.notices.drain(..) {
            notices.push(clock.tick, NoticeKind::Machine(machine, notice));
        }
    }
    // The buffers of one are enough for the common case of one thread.
    work.spare = work.yields.pop().unwrap_or_default();
    work.yields.clear();
    clock.tick += Ticks(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::LinkId;
    use crate::net::InterfaceId;

    fn arrival(machine: u32) -> InFlight {
        InFlight {
            machine: MachineId(machine),
            link: LinkId(1),
            interface: InterfaceId(1),
            frame: Frame::default(),
        }
    }

    #[test]
    fn jobs_are_the_union_of_arrivals_and_woken_in_order() {
        let mut jobs = Vec::new();
        plan(&[2, 2, 5].map(arrival), &[1, 2, 3, 9].map(MachineId), &mut jobs);
        let told: Vec<_> =
            jobs.iter().map(|job| (job.machine.0, job.arrivals.clone(), job.woken)).collect();
        let expected =
            [(1, 0..0, true), (2, 0..2, true), (3, 2..2, true), (5, 2..3, false), (9, 3..3, true)];
        assert_eq!(told, expected);
    }
}
