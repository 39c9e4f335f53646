//! How fast the engine is. `cargo bench --bench engine [NAME]`; figures per element where a
//! throughput is given.

#![expect(
    clippy::disallowed_types,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark measures the real clock and may end in a panic"
)]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hostscape::Sim;
use hostscape::base::Ticks;

mod support;

/// One simulated second of a world in which nothing happens.
fn idle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("idle second");
    group.sample_size(10);
    for machines in [10, 1_000, 100_000] {
        let mut sim = support::idle(machines);
        group.bench_function(BenchmarkId::from_parameter(machines), |bencher| {
            bencher.iter(|| sim.advance(Ticks::from_secs(1)));
        });
    }
}

/// Packets forwarded through chains of routers, 1,000 and 10,000 machines.
fn hops(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hop");
    group.sample_size(10).throughput(Throughput::Elements(1));
    for (chains, per_tick, threads) in [(4, 1, 1), (4, 8, 1), (4, 8, 2), (40, 4, 1), (40, 4, 2)] {
        let mut sim = support::chains(chains, 250, per_tick);
        sim.threads(threads);
        sim.advance(Ticks::from_secs(3));
        let name = format!("{} machines, {per_tick} a tick, {threads} threads", chains * 250);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let (before, start) = (support::hops(&sim), Instant::now());
                while support::hops(&sim) - before < iterations {
                    sim.advance(Ticks(20));
                }
                let done = u128::from(support::hops(&sim) - before);
                let nanos = start.elapsed().as_nanos() * u128::from(iterations) / done;
                Duration::from_nanos(u64::try_from(nanos).unwrap())
            });
        });
    }
}

/// What one machine's processes do.
fn processes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("machine");
    group.sample_size(10);
    let mut sim = support::idle(1);
    group.throughput(Throughput::Elements(1000));
    group.bench_function("spawn, run true, reap", |bencher| {
        bencher.iter(|| support::run(&mut sim, &["spawner", "1000"]));
    });
    group.throughput(Throughput::Bytes(64 << 20));
    group.bench_function("pipe", |bencher| {
        let script = "head -c 67108864 /dev/zero | cat > /dev/null";
        bencher.iter(|| support::run(&mut sim, &["sh", "-c", script]));
    });
    group.throughput(Throughput::Elements(100_000));
    group.bench_function("shell loop", |bencher| {
        let script = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        bencher.iter(|| support::run(&mut sim, &["sh", "-c", script]));
    });
    group.throughput(Throughput::Elements(1000));
    group.bench_function("shell command", |bencher| {
        let script = "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done";
        bencher.iter(|| support::run(&mut sim, &["sh", "-c", script]));
    });
}

/// Saving and loading 1,000 booted machines, in both forms.
fn saves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("save");
    group.sample_size(10);
    let mut sim = support::idle(1_000);
    let (text, line) = (sim.save(), sim.save_compact());
    group.throughput(Throughput::Elements(1000));
    group.bench_function("write readable", |bencher| bencher.iter(|| sim.save()));
    group.bench_function("write compact", |bencher| bencher.iter(|| sim.save_compact()));
    for (name, savegame) in [("read readable", &text), ("read compact", &line)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Sim::load_with(savegame, support::programs()).unwrap());
        });
    }
    group.bench_function("boot to idle", |bencher| bencher.iter(|| support::idle(1_000)));
}

criterion_group!(engine, idle, hops, processes, saves);
criterion_main!(engine);
