//! The bundled variants and worlds in a running simulation: they boot, and their networks carry.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use hostscape::base::{MachineId, Ticks};
use hostscape::kernel::TtyId;
use hostscape::variant::Catalogue;
use hostscape::world::file;
use hostscape::{Sim, Spawn, programs};

/// The console's text.
fn console(sim: &Sim, machine: MachineId) -> String {
    let screen = sim.screen(machine, TtyId::CONSOLE).expect("every machine has a console");
    screen.lines.join("\n").trim_end().to_owned()
}

/// Types a line at the console and lets some time pass.
fn type_line(sim: &mut Sim, machine: MachineId, line: &str, then: Ticks) {
    sim.type_text(machine, TtyId::CONSOLE, format!("{line}\n")).unwrap();
    sim.advance(then);
}

#[test]
fn bundled_variants_name_programs_that_exist() {
    let mut catalogue = Catalogue::bundled();
    catalogue.know_programs(programs::ALL.iter().map(|program| program.name));
    for name in Catalogue::bundled().names() {
        assert_eq!(catalogue.check(name), [], "{name}");
    }
}

#[test]
fn bundled_variants_boot_to_a_login() {
    for name in Catalogue::bundled().names() {
        let mut sim = Sim::new(1);
        let machine = sim.spawn(Spawn::new("box", name)).unwrap();
        sim.advance(Ticks::from_secs(5));
        let text = console(&sim, machine);
        assert!(text.ends_with("box login:"), "{name}: {text}");
        // The boot scripts are silent where nothing is wrong.
        assert!(!text.contains("rcS") && !text.contains("not found"), "{name}: {text}");
    }
}

#[test]
fn machines_of_the_demo_reach_each_other_by_name() {
    let catalogue = Catalogue::bundled();
    let (demo, _) = file::read("demo", file::DEMO, &catalogue).unwrap();
    let mut sim = Sim::from_world(&demo, catalogue).unwrap();
    sim.advance(Ticks::from_secs(5));
    let anna = MachineId(1);
    type_line(&mut sim, anna, "root", Ticks::from_secs(1));
    assert!(console(&sim, anna).contains("Welcome to anna."), "{}", console(&sim, anna));
    for name in ["bert", "carl", "gate", "shed"] {
        let command = format!("ping -c 1 {name} > /tmp/out && echo {name} answers");
        type_line(&mut sim, anna, &command, Ticks::from_secs(3));
        let answer = format!("\n{name} answers\n");
        assert!(console(&sim, anna).contains(&answer), "{}", console(&sim, anna));
    }
}

#[test]
fn the_two_machines_reach_each_other() {
    let catalogue = Catalogue::bundled();
    let (world, _) = file::read("two", file::TWO_MACHINES, &catalogue).unwrap();
    let mut sim = Sim::from_world(&world, catalogue).unwrap();
    sim.advance(Ticks::from_secs(5));
    type_line(&mut sim, MachineId(2), "user", Ticks::from_secs(1));
    type_line(&mut sim, MachineId(2), "ping -c 1 one && echo good", Ticks::from_secs(3));
    assert!(console(&sim, MachineId(2)).contains("\ngood\n"), "{}", console(&sim, MachineId(2)));
}
