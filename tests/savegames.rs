//! The corpus: one savegame of every format that was ever released. Each loads for ever.
//!
//! `UPDATE_SAVEGAMES=1 cargo test --test savegames` writes the files of the newest format anew,
//! which is right only as long as that format is unreleased.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails the test")]

use hostscape::Sim;
use hostscape::base::{MachineId, Ticks};
use hostscape::kernel::{MachineInput, TtyId};
use hostscape::save::{FORMAT, inspect};
use hostscape::variant::Catalogue;
use hostscape::world::file;
use hostscape::world::input::Input;

/// The demo network with someone logged in and a ping under way.
fn demo() -> Sim {
    let catalogue = Catalogue::bundled();
    let (spec, _) = file::read("demo.world.ron", file::DEMO, &catalogue).unwrap();
    let mut sim = Sim::from_world(&spec, catalogue).unwrap();
    sim.advance(Ticks(4_000));
    for line in ["root\r", "cd /tmp; x=1; while :; do ping -c 3 carl | cat; done\r"] {
        let bytes = line.as_bytes().to_vec();
        let keys = MachineInput::Keys { tty: TtyId::CONSOLE, bytes };
        sim.input(Input::Machine(MachineId(1), keys)).unwrap();
        sim.advance(Ticks(1_003));
    }
    sim
}

fn folder() -> String {
    format!("{}/savegames", env!("CARGO_MANIFEST_DIR"))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the corpus is files")]
fn every_format_loads_and_goes_on() {
    if std::env::var("UPDATE_SAVEGAMES").is_ok() {
        let mut sim = demo();
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(format!("{}/{FORMAT}-demo.ron", folder()), sim.save()).unwrap();
        std::fs::write(format!("{}/{FORMAT}-demo.txt", folder()), sim.save_compact()).unwrap();
    }
    for format in 1..=FORMAT {
        let read = |kind: &str| {
            let path = format!("{}/{format}-demo.{kind}", folder());
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        let (text, line) = (read("ron"), read("txt"));
        assert_eq!(inspect(&text).unwrap().format, format);
        let (mut one, mut other) = (Sim::load(&text).unwrap(), Sim::load(&line).unwrap());
        assert_eq!(one.digest(), other.digest(), "format {format}");
        if format == FORMAT {
            assert_eq!(one.save(), text, "save, load, save is the identity");
            assert_eq!(one.save_compact(), line.trim_end());
        }
        let before = one.digest();
        one.advance(Ticks(2_000));
        other.advance(Ticks(2_000));
        assert_ne!(one.digest(), before, "something goes on");
        assert_eq!(one.digest(), other.digest());
    }
}
