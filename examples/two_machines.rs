//! Two machines, a cable and a ping: the README's example.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use hostscape::base::Ticks;
use hostscape::kernel::TtyId;
use hostscape::net::LinkSpec;
use hostscape::{Sim, Spawn};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The same seed and the same inputs always give the same world.
    let mut sim = Sim::new(2026);
    let anna = sim.spawn(Spawn::new("anna", "desktop").address("10.0.0.1/24"))?;
    let bert = sim.spawn(Spawn::new("bert", "desktop").address("10.0.0.2/24"))?;
    sim.connect(anna, bert, LinkSpec::default())?;

    // Let them boot, then log in at a terminal and ping across the cable.
    let tty = TtyId::CONSOLE;
    sim.advance(Ticks::from_secs(10));
    sim.type_text(anna, tty, "root\n")?;
    sim.advance(Ticks::from_secs(1));
    sim.type_text(anna, tty, "ping -c 3 10.0.0.2\n")?;

    // A savegame holds everything, the running ping and its packets in flight included.
    sim.advance(Ticks::from_millis(1500));
    let savegame = sim.save_compact();
    let mut loaded = Sim::load(&savegame)?;

    // Both worlds go on alike.
    sim.advance(Ticks::from_secs(5));
    loaded.advance(Ticks::from_secs(5));
    assert_eq!(sim.digest(), loaded.digest());

    let screen = loaded.screen(anna, tty).ok_or("anna has no tty1")?;
    let shown = screen.lines.join("\n");
    println!("{}", shown.trim_end());
    assert!(shown.contains("3 received"));
    Ok(())
}
