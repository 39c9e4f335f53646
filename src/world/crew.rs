//! The crew: threads that step machines side by side.
//!
//! Invariant: how many threads there are changes nothing but the time it takes. Each machine is
//! an island; what leaves the machines is gathered in the order of their ids.

use bevy_ecs::resource::Resource;
use bevy_tasks::{TaskPool, TaskPoolBuilder};

use super::flight::InFlight;
use super::phases::{Job, Yield};
use crate::base::Tick;
use crate::kernel::{Machine, Registry};

/// Stack of a thread: as much as a main thread has, so that threads change nothing.
const STACK_BYTES: usize = 8 << 20;

/// Work worth handing to another thread, in about hundreds of nanoseconds.
const WORTHWHILE: usize = 256;
/// What a machine that woke by itself counts for: it probably runs processes.
const WOKEN_WEIGHT: usize = 64;

/// The threads; none when one is enough.
#[derive(Resource, Debug, Default)]
pub(crate) struct Crew {
    pool: Option<TaskPool>,
    threads: usize,
}

impl Crew {
    /// `threads` threads, the caller's counted. On platforms without threads there is only that.
    pub(crate) fn new(threads: usize) -> Self {
        let alone = threads <= 1 || cfg!(target_arch = "wasm32");
        let pool = (!alone).then(|| {
            let name = "hostscape".to_owned();
            let builder = TaskPoolBuilder::new().num_threads(threads - 1);
            builder.stack_size(STACK_BYTES).thread_name(name).build()
        });
        Self { pool, threads: threads.max(1) }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// The pool, if it would help with these jobs.
    pub(crate) fn worth(&self, jobs: &[Job]) -> Option<&TaskPool> {
        let pool = self.pool.as_ref()?;
        let weight = |job: &Job| job.arrivals.len() + if job.woken { WOKEN_WEIGHT } else { 0 };
        let heavy = jobs.len() > 1 && jobs.iter().map(weight).sum::<usize>() >= WORTHWHILE;
        heavy.then_some(pool)
    }
}

/// One thread's share: machines taken out of the world and what arrived for them.
struct Share<'a> {
    jobs: &'a [Job],
    machines: &'a mut [Option<Box<Machine>>],
    arrivals: &'a mut [InFlight],
}

/// Steps machines on the pool; what they gave comes back in the order of the jobs.
pub(crate) fn step_together(
    pool: &TaskPool,
    threads: usize,
    registry: &Registry,
    now: Tick,
    jobs: &[Job],
    machines: &mut [Option<Box<Machine>>],
    arrivals: &mut [InFlight],
) -> Vec<Yield> {
    let shares = divide(jobs, machines, arrivals, threads * 4);
    pool.scope(|scope| {
        for share in shares {
            scope.spawn(async move { share.step(registry, now) });
        }
    })
}

/// Cuts the work into runs of jobs of about the same number.
fn divide<'a>(
    mut jobs: &'a [Job],
    mut machines: &'a mut [Option<Box<Machine>>],
    mut arrivals: &'a mut [InFlight],
    parts: usize,
) -> Vec<Share<'a>> {
    let each = jobs.len().div_ceil(parts.max(1)).max(1);
    let mut shares = Vec::with_capacity(parts);
    let mut taken = 0;
    while !jobs.is_empty() {
        let (run, rest) = jobs.split_at(each.min(jobs.len()));
        let end = run.iter().map(|job| job.arrivals.end).max().unwrap_or(taken).max(taken);
        let (mine, others) = machines.split_at_mut(run.len());
        let (landed, later) = arrivals.split_at_mut(end - taken);
        shares.push(Share { jobs: run, machines: mine, arrivals: landed });
        (jobs, machines, arrivals, taken) = (rest, others, later, end);
    }
    shares
}

impl Share<'_> {
    fn step(self, registry: &Registry, now: Tick) -> Yield {
        let mut gathered = Yield::default();
        let mut arrivals = self.arrivals.iter_mut();
        for (job, machine) in self.jobs.iter().zip(self.machines) {
            // Arrivals stand in the order of the jobs, those of one job end to end.
            let landed = arrivals.by_ref().take(job.arrivals.len());
            if let Some(machine) = machine {
                gathered.step(machine, landed, registry, now);
            } else {
                landed.for_each(drop);
            }
        }
        gathered
    }
}
