//! Worlds of machines whose only programs are made for the purpose: what the façade promises.

#![expect(clippy::disallowed_types, reason = "what `prop_oneof!` expands to")]

use proptest::prelude::{ProptestConfig, any, prop, prop_oneof};
use proptest::strategy::{Just, Strategy};
use proptest::{prop_assert, proptest};
use serde::{Deserialize, Serialize};

use super::*;
use crate::base::strings::Strings;
use crate::base::{Fd, Pid};
use crate::kernel::{Attach, ExecSpec, Main, PowerState, SpawnSpec, Step, Stop, Sys, WaitStatus};
use crate::variant::Files;
use crate::world::notice::NoticeKind;

/// Is process 1: starts a helper, then wakes at random times, spends random fuel and prints luck.
#[derive(Clone, Serialize, Deserialize)]
struct Beat {
    next: Option<Tick>,
    line: Vec<u8>,
    beats: u32,
}

impl Main for Beat {
    fn start(_: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop> {
        let spec = SpawnSpec {
            path: "/bin/copy".into(),
            args: ["copy"].into_iter().collect(),
            ..SpawnSpec::default()
        };
        sys.os().spawn(&spec)?;
        Ok(Self { next: None, line: Vec::new(), beats: 0 })
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        while !self.line.is_empty() {
            let written = sys.io().write(Fd::STDOUT, &self.line)?;
            self.line.drain(..written);
        }
        if let Some(next) = self.next {
            sys.os().sleep_until(next)?;
        }
        let mut luck = [0; 4];
        sys.os().random(&mut luck);
        self.next = Some(sys.os().now() + Ticks(1 + u64::from(luck[0])));
        sys.os().burn(u32::from(luck[1]) * 100);
        self.beats += 1;
        self.line = format!("{} {luck:02x?}\n", self.beats).into_bytes();
        Ok(Step::Again)
    }
}

/// Copies standard input to standard output.
#[derive(Clone, Serialize, Deserialize)]
struct Copy(Vec<u8>);

impl Main for Copy {
    fn start(_: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        Ok(Self(Vec::new()))
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        while !self.0.is_empty() {
            let written = sys.io().write(Fd::STDOUT, &self.0)?;
            self.0.drain(..written);
        }
        match sys.io().read(Fd::STDIN, &mut self.0, 65_536)? {
            0 => Ok(Step::Exit(3)),
            _ => Ok(Step::Again),
        }
    }
}

fn programs() -> Registry {
    let mut programs = Registry::new();
    programs.add(Program::new::<Beat>("beat", ""));
    programs.add(Program::new::<Copy>("copy", ""));
    programs
}

const VARIANT: &str = r#"(
    description: "Test",
    programs: {"/bin": ["copy", "beat"]},
    files: {"/sbin/init": (symlink: "/bin/beat"), "/dev/tty1": (device: (4, 1))},
    interfaces: {"eth0": (), "eth1": ()},
)"#;

const TTY: TtyId = TtyId::CONSOLE;

fn world(seed: u64, machines: usize) -> Sim {
    let mut sim = Sim::with_programs(seed, programs());
    let files = Files::from([("variant.ron".to_owned(), VARIANT.into())]);
    sim.variants_mut().add("test", "test", files);
    let ids: Vec<MachineId> =
        (0..machines).map(|n| sim.spawn(Spawn::new(format!("m{n}"), "test")).unwrap()).collect();
    sim.chain(&ids, LinkSpec::default()).unwrap();
    sim
}

fn load(savegame: &str) -> Result<Sim, LoadError> {
    Sim::load_with(savegame, programs())
}

fn shown(sim: &Sim, machine: u32) -> String {
    format!("{:?}", sim.screen(MachineId(machine), TTY).unwrap())
}

#[test]
fn machines_boot_and_beat() {
    let mut sim = world(1, 2);
    sim.advance(Ticks::from_secs(3));
    assert_eq!(sim.machine(MachineId(1)).unwrap().power(), PowerState::Running);
    assert!(shown(&sim, 1).contains("5 ["), "{}", shown(&sim, 1));
    assert_ne!(shown(&sim, 1), shown(&sim, 2), "each has its own luck");
    let booted = sim.notices().into_iter().filter(|notice| {
        matches!(
            notice.kind,
            NoticeKind::Machine(_, crate::kernel::Notice::Power(PowerState::Running))
        )
    });
    assert_eq!(booted.count(), 2);
}

#[test]
fn advancing_is_ticking() {
    let (mut ticked, mut advanced) = (world(2, 3), world(2, 3));
    for _ in 0..2000 {
        ticked.tick();
    }
    advanced.advance(Ticks(777));
    advanced.run_until(Tick(2000));
    assert_eq!(ticked.digest(), advanced.digest());
    assert_eq!(ticked.save(), advanced.save());
}

#[test]
fn any_number_of_threads_gives_the_same_world() {
    let run = |threads| {
        let mut sim = world(3, 40);
        sim.threads(threads);
        sim.advance(Ticks::from_secs(3));
        sim.save_compact()
    };
    let alone = run(1);
    assert_eq!(run(2), alone);
    assert_eq!(run(4), alone);
}

#[test]
fn a_world_goes_on_from_either_form_at_any_tick() {
    let mut sim = world(4, 3);
    for id in 1..=3 {
        let keys = |text: &str| {
            let bytes = text.as_bytes().to_vec();
            Input::Machine(MachineId(id), MachineInput::Keys { tty: TTY, bytes })
        };
        for at in [900, 1100, 1500] {
            sim.input_at(Tick(at), keys("hello\rworld")).unwrap();
        }
    }
    let whole = {
        let mut other = load(&sim.save()).unwrap();
        other.run_until(Tick(3000));
        other.digest()
    };
    for step in [0, 1, 399, 1, 349, 1, 100, 48, 1, 1, 50, 149, 400] {
        sim.advance(Ticks(step));
        let (text, line) = (sim.save(), sim.save_compact());
        let (mut from_text, mut from_line) = (load(&text).unwrap(), load(&line).unwrap());
        assert_eq!(from_text.save(), text);
        assert_eq!(from_text.save_compact(), line);
        assert_eq!(from_line.save(), text);
        assert_eq!(from_line.save_compact(), line);
        from_line.run_until(Tick(3000));
        assert_eq!(from_line.digest(), whole);
        from_text.tick();
        sim = from_text;
    }
    sim.run_until(Tick(3000));
    assert_eq!(sim.digest(), whole);
}

#[test]
fn a_stranger_in_the_world_changes_nobody() {
    let (mut without, mut with) = (world(5, 3), world(5, 3));
    with.spawn(Spawn::new("stranger", "test")).unwrap();
    for _ in 0..4 {
        without.advance(Ticks(500));
        with.advance(Ticks(500));
        for id in (1..=3).map(MachineId) {
            assert_eq!(without.machine_digest(id), with.machine_digest(id));
        }
        assert_ne!(without.digest(), with.digest());
    }
}

#[test]
fn digests_follow_every_touch() {
    let mut sim = world(6, 1);
    sim.advance(Ticks::from_secs(2));
    let before = sim.digest();
    assert_eq!(sim.digest(), before);
    let id = MachineId(1);
    sim.write_file(id, "/x", 0o644, b"x").unwrap();
    let written = sim.digest();
    assert_ne!(written, before);
    assert_eq!(sim.read_file(id, "/x").unwrap(), b"x");
    assert_eq!(sim.digest(), written, "looking is not touching");
    assert_eq!(load(&sim.save()).unwrap().digest(), written);
}

#[test]
fn commands_talk_through_streams_and_tell_how_they_ended() {
    let mut sim = world(7, 1);
    let id = MachineId(1);
    let spec = ExecSpec {
        args: ["/bin/copy"].into_iter().collect(),
        attach: Attach::Streams,
        ..ExecSpec::default()
    };
    assert_eq!(sim.exec(id, &spec), Err(ExecError::Refused(crate::base::Errno::ENODEV)));
    sim.advance(Ticks::from_secs(2));
    let command = sim.exec(id, &spec).unwrap();
    assert_eq!(sim.exec_write(&command, b"through").unwrap(), 7);
    // The command goes on in a loaded world.
    let mut sim = load(&sim.save_compact()).unwrap();
    sim.advance(Ticks(50));
    let mut out = Vec::new();
    assert!(!sim.exec_stdout(&command, &mut out, 100).unwrap());
    assert_eq!(out, b"through");
    assert_eq!(sim.exec_status(&command), None);
    sim.exec_close(&command);
    sim.advance(Ticks(50));
    assert!(sim.exec_stdout(&command, &mut out, 100).unwrap());
    assert_eq!(sim.exec_status(&command), Some(WaitStatus::Exited(3)));
    assert!(sim.machine(id).unwrap().processes().all(|process| process.pid != command.pid));
    assert_ne!(command.pid, Pid::INIT);
}

#[test]
fn impossible_inputs_are_refused() {
    let mut sim = world(8, 2);
    sim.advance(Ticks(10));
    let on = |id| Input::Machine(MachineId(id), MachineInput::PowerOn);
    let past = InputError::Past { given: Tick(9), next: Tick(10) };
    assert_eq!(sim.input_at(Tick(9), on(1)), Err(past));
    assert_eq!(sim.input(on(3)), Err(InputError::NoMachine(MachineId(3))));
    let link = Input::LinkUp(LinkId(2), true);
    assert_eq!(sim.input(link), Err(InputError::NoLink(LinkId(2))));
    let bad = sim.spawn(Spawn::new("m", "no such variant")).unwrap_err();
    assert!(bad.to_string().contains("no such variant"), "{bad}");
    let bad = sim.spawn(Spawn::new("m", "test").address("10.0.0.1/40")).unwrap_err();
    assert!(bad.to_string().contains("10.0.0.1/40"), "{bad}");
}

#[test]
fn wiring_is_checked_and_told_to_interfaces() {
    let mut sim = world(9, 3);
    let [a, b, c] = [1, 2, 3].map(MachineId);
    assert_eq!(sim.path(a, c), Some(vec![a, b, c]));
    assert_eq!(sim.connect(b, a, LinkSpec::default()), Err(LinkError::NoFreeInterface(b)));
    let carrier =
        |sim: &Sim, id| sim.machine(id).unwrap().interfaces().iter().filter(|i| i.carrier).count();
    assert_eq!((carrier(&sim, a), carrier(&sim, b)), (2, 3), "loopback counted");
    sim.input(Input::LinkUp(LinkId(1), false)).unwrap();
    sim.tick();
    assert_eq!((carrier(&sim, a), carrier(&sim, b)), (1, 2));
    assert_eq!(sim.path(a, c), None);
    sim.disconnect(LinkId(1));
    let lan = sim.lan(&[a, c], LinkSpec::default()).unwrap();
    assert_eq!(sim.path(a, b), Some(vec![a, c, b]));
    assert!(sim.despawn(c) && !sim.despawn(c));
    assert!(sim.link(lan).is_none() && sim.links().count() == 0);
    let mut again = load(&sim.save()).unwrap();
    assert_eq!(again.digest(), sim.digest());
}

#[test]
fn a_game_keeps_a_world_inside_its_own() {
    #[derive(bevy_ecs::component::Component)]
    struct Rack(u32);

    let mut game = World::new();
    plugin::install(&mut game, 1, programs());
    let expected = {
        let mut sim = world(1, 2);
        sim.advance(Ticks(1500));
        sim.digest()
    };
    Sim::within(&mut game, |sim| {
        let inside = world(1, 2);
        *sim = inside;
    });
    let entity = game.resource::<machines::Index>().entity(MachineId(2)).unwrap();
    game.entity_mut(entity).insert(Rack(7));
    for _ in 0..1500 {
        game.run_schedule(Simulate);
    }
    assert_eq!(Sim::within(&mut game, Sim::digest), expected);
    assert_eq!(game.get::<Rack>(entity).unwrap().0, 7);
}

#[test]
fn savegames_can_be_looked_at() {
    let mut sim = world(11, 2);
    sim.advance(Ticks::from_secs(1));
    let before = sim.save();
    let seen = save::inspect(&sim.save_compact()).unwrap();
    assert_eq!((seen.tick, seen.seed, seen.compact), (Some(Tick(1000)), Some(11), true));
    assert_eq!(seen.digest, sim.digest());
    let names: Vec<&str> = seen.machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["m0", "m1"]);
    assert_eq!(seen.machines[0].processes, 2);
    assert_eq!(save::check(&before, programs()), []);
    assert_ne!(save::check(&before, Registry::new()), []);
    let compact = sim.save_compact();
    assert_eq!(save::differences(&before, &compact, &programs()), Ok(Vec::new()));
    sim.write_file(MachineId(2), "/x", 0o644, b"new").unwrap();
    sim.advance(Ticks(1));
    let found = save::differences(&before, &sim.save_compact(), &programs()).unwrap();
    let paths: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(paths[0], "world.tick: 1000 -> 1001");
    assert!(paths[1..].iter().all(|path| path.starts_with("machine 2.vfs")), "{paths:#?}");
}

#[test]
fn a_save_that_needs_an_unknown_program_says_so() {
    let mut sim = world(10, 1);
    sim.advance(Ticks::from_secs(1));
    let error = Sim::load_with(&sim.save(), Registry::new()).unwrap_err();
    assert!(matches!(error, LoadError::Missing { .. }));
    assert!(error.to_string().contains("beat"), "{error}");
}

/// The savegame of a small busy world, made once.
fn savegame() -> &'static str {
    static SAVEGAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SAVEGAME.get_or_init(|| {
        let mut sim = world(12, 2);
        sim.advance(Ticks(1200));
        let keys = MachineInput::Keys { tty: TTY, bytes: b"abc".to_vec() };
        sim.input_at(Tick(1300), Input::Machine(MachineId(2), keys)).unwrap();
        sim.save()
    })
}

/// Numbers, names and brackets of a text: what may be replaced by something else.
fn tokens(text: &str) -> Vec<core::ops::Range<usize>> {
    let mut tokens: Vec<core::ops::Range<usize>> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        match tokens.last_mut() {
            Some(last) if last.end == at && word(byte) && word(text.as_bytes()[at - 1]) => {
                last.end += 1;
            }
            _ if word(byte) => tokens.push(at..at + 1),
            _ => {}
        }
    }
    tokens
}

fn replacement() -> impl Strategy<Value = String> {
    let numbers = prop_oneof![
        Just("0".to_owned()),
        Just("1".to_owned()),
        Just("-1".to_owned()),
        Just(u64::MAX.to_string()),
        Just(u32::MAX.to_string()),
        Just(i64::MAX.to_string()),
        any::<u16>().prop_map(|number| number.to_string()),
    ];
    const WORDS: &[&str] =
        &["None", "Some(1)", "[]", "()", "{}", "true", "false", "\"x\"", "Ready", "Ended"];
    prop_oneof![3 => numbers, 1 => prop::sample::select(WORDS).prop_map(str::to_owned)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Someone changes one word of a savegame and puts all digests right again. It is refused, or
    /// it is a world like any other.
    #[test]
    fn a_forged_savegame_is_refused_or_runs(
        place in any::<prop::sample::Index>(),
        word in replacement(),
    ) {
        let original = save::container(savegame()).unwrap();
        let total: usize = original.records.iter().map(save::Record::len).sum();
        let target = place.index(total);
        let mut seen = 0;
        let edit = |text: &mut String| {
            let start = seen;
            seen += text.len();
            if (start..start + text.len()).contains(&target) {
                let tokens = tokens(text);
                if let Some(token) = tokens.iter().find(|token| token.end > target - start) {
                    text.replace_range(token.clone(), &word);
                }
            }
        };
        let forged = save::forge(savegame(), None, edit);
        let told = load(&forged).err();
        let again = save::forge(&forged, told.as_ref(), |_| {});
        if let Ok(mut sim) = load(&again) {
            let tick = sim.now();
            sim.advance(Ticks(300));
            prop_assert!(sim.now() > tick || tick == Tick::NEVER);
            sim.save();
        }
    }
}
