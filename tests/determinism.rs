//! One world, one history: whatever runs it, however often it is saved and loaded on the way.
//!
//! The world is the bundled demo network with a lossy line, pings across it, a file sent over TCP,
//! pipelines and sleeping scripts. Its history is a chain of digests over 20,000 ticks.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails the test")]

use hostscape::base::digest::Digest;
use hostscape::base::prng::{Owner, Prng, Ratio};
use hostscape::base::{MachineId, Tick, Ticks};
use hostscape::kernel::ExecSpec;
use hostscape::net::LinkSpec;
use hostscape::variant::Catalogue;
use hostscape::world::file;
use hostscape::world::input::Input;
use hostscape::{Sim, Spawn};

/// When the scripts begin: the machines have booted.
const BEGIN: Tick = Tick(2_000);
const END: Tick = Tick(22_000);
const EVERY: Ticks = Ticks(100);

/// What runs on which machine of the demo.
const SCRIPTS: &[(&str, &str)] = &[
    ("anna", "while :; do ping -c 2 -i 0.2 10.0.2.10; sleep 0.3; done | grep -v statistics"),
    ("anna", "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i | cat | wc -c; sleep 0.04; done"),
    ("bert", "while :; do sleep 0.1; echo x >> /tmp/log; wc -l < /tmp/log; done"),
    ("bert", "sleep 1; while :; do cat /bin/sh; sleep 0.7; done | nc 10.0.2.10 7"),
    ("carl", "while :; do nc -l -p 7 | wc -c; done"),
    (
        "carl",
        "f() { for w in a b c; do echo $w$(date +%s); done; }; while :; do f; sleep 0.5; done",
    ),
];

/// The demo at the tick in which its scripts begin.
fn world() -> Sim {
    let catalogue = Catalogue::bundled();
    let (spec, _) = file::read("demo.world.ron", file::DEMO, &catalogue).unwrap();
    let mut sim = Sim::from_world(&spec, catalogue).unwrap();
    let line = sim.links().find(|link| link.spec().bandwidth.is_some()).unwrap();
    let lossy = LinkSpec { loss: Ratio::percent(5), jitter: Ticks(7), ..line.spec() };
    let id = line.id();
    sim.input(Input::LinkSpec(id, lossy)).unwrap();
    // Someone pulls the plug and puts it in again.
    sim.input_at(Tick(9_000), Input::LinkUp(id, false)).unwrap();
    sim.input_at(Tick(9_800), Input::LinkUp(id, true)).unwrap();
    sim.run_until(BEGIN);
    for (name, script) in SCRIPTS {
        let machine = sim.find(name).unwrap();
        let spec = ExecSpec {
            args: ["sh", "-c", script].into_iter().collect(),
            env: ["PATH=/bin:/usr/bin:/sbin"].into_iter().collect(),
            ..ExecSpec::default()
        };
        sim.exec(machine, &spec).unwrap();
    }
    sim
}

/// The digests from `BEGIN` to `END`, with `between` called before each stretch.
fn chain(sim: &mut Sim, mut between: impl FnMut(&mut Sim)) -> Vec<Digest> {
    let mut digests = vec![sim.digest()];
    while sim.now() < END {
        let next = sim.now() + EVERY;
        between(sim);
        sim.run_until(next);
        digests.push(sim.digest());
    }
    digests
}

fn assert_same(one: &[Digest], other: &[Digest], what: &str) {
    let apart = one.iter().zip(other).position(|(one, other)| one != other);
    assert_eq!(apart.map(|at| BEGIN.0 + at as u64 * EVERY.0), None, "{what}: worlds part");
    assert_eq!(one.len(), other.len());
}

#[test]
fn a_world_has_one_history() {
    let mut sim = world();
    let plain = chain(&mut sim, |_| {});
    assert!(plain.windows(2).all(|pair| pair[0] != pair[1]), "something happens all the time");
    let forwarded: u64 = sim.machines().map(|machine| machine.network().counters().forwarded).sum();
    assert!(forwarded > 200, "{forwarded} packets were forwarded");
    let lost: u64 = sim
        .links()
        .flat_map(|link| (0..2).filter_map(move |port| link.counters(port)))
        .map(|counters| counters.lost)
        .sum();
    assert!(lost > 3, "{lost} packets were lost");

    assert_same(&plain, &chain(&mut world(), |_| {}), "run again");
    for threads in [2, 4] {
        let mut sim = world();
        sim.threads(threads);
        assert_same(&plain, &chain(&mut sim, |_| {}), "with threads");
    }
    let mut luck = Prng::new(7, Owner::Machine(0));
    let mut saves = 0;
    let reloaded = chain(&mut world(), |sim| {
        // One save somewhere within each stretch: 200 of them, alternating between the forms.
        sim.advance(Ticks(luck.below(EVERY.0)));
        saves += 1;
        let savegame = if saves % 2 == 0 { sim.save() } else { sim.save_compact() };
        *sim = Sim::load(&savegame).unwrap();
        let again = if saves % 2 == 0 { sim.save() } else { sim.save_compact() };
        assert_eq!(again, savegame, "save, load, save is the identity");
    });
    assert_eq!(saves, 200);
    assert_same(&plain, &reloaded, "saved and loaded");
}

#[test]
fn a_stranger_changes_nobody() {
    let (mut without, mut with) = (world(), world());
    let ids: Vec<MachineId> = without.machines().map(|machine| machine.id()).collect();
    with.spawn(Spawn::new("stranger", "desktop")).unwrap();
    for end in [3_000, 7_000, 12_000] {
        without.run_until(Tick(end));
        with.run_until(Tick(end));
        for id in &ids {
            assert_eq!(without.machine_digest(*id), with.machine_digest(*id), "machine {id}");
        }
        assert_ne!(without.digest(), with.digest());
    }
}
