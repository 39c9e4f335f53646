//! A program of the game's own: a door that opens for the right word. It can do
//! what the engine's programs can, and is saved and loaded like them.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use hostscape::base::Ticks;
use hostscape::base::strings::Strings;
use hostscape::kernel::program::input::Input;
use hostscape::kernel::program::out::Out;
use hostscape::kernel::{Main, Program, Step, Stop, Sys, TtyId};
use hostscape::{Sim, Spawn};
use serde::{Deserialize, Serialize};

/// The program, as files and savegames know it.
const DOOR: Program =
    Program::new::<Door>("door", "usage: door\nAsk for the word until it is right.");

/// An OS variant that has it, beside all that a desktop has.
const VARIANT: &str = r#"(
    extends: "desktop",
    description: "A desktop with a door",
    programs: { "/usr/bin": ["door"] },
)"#;

/// Its whole state: plain data, so that a game can be saved while somebody stands at the door.
#[derive(Clone, Serialize, Deserialize)]
struct Door {
    out: Out,
    input: Input,
    tries: u32,
    open: bool,
}

impl Main for Door {
    fn start(_args: &Strings, _sys: &mut Sys<'_>) -> Result<Self, Stop> {
        let mut out = Out::new("door");
        out.text("The word? ");
        Ok(Self { out, input: Input::default(), tries: 0, open: false })
    }

    /// A step that has to wait runs again from its start, so it goes: flush, read, compute,
    /// queue. Whatever was achieved is in `self` before the next call can make it wait.
    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        self.out.flush(sys)?;
        if self.open {
            return Ok(Step::Exit(0));
        }
        let Some(line) = self.input.line(sys)? else { return Ok(Step::Exit(1)) };
        self.open = line.trim_ascii() == b"sesame";
        self.tries += 1;
        if self.open {
            self.out.text(format!("The door opens, after {} tries.\n", self.tries));
        } else {
            self.out.text("Nothing happens. The word? ");
        }
        Ok(Step::Again)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sim = Sim::new(7);
    sim.add_program(DOOR);
    let files = [("variant.ron".to_owned(), VARIANT.to_owned().into())].into();
    sim.variants_mut().add("house", "house", files);
    let house = sim.spawn(Spawn::new("house", "house"))?;

    let tty = TtyId::CONSOLE;
    sim.advance(Ticks::from_secs(10));
    for line in ["root\n", "door\n", "abracadabra\n"] {
        sim.type_text(house, tty, line)?;
        sim.advance(Ticks::from_secs(1));
    }

    // Saved while the program waits for a word. Who loads says which programs there are.
    let savegame = sim.save();
    let mut sim = Sim::load_with(&savegame, sim.registry_mut().clone())?;
    sim.type_text(house, tty, "sesame\n")?;
    sim.advance(Ticks::from_secs(1));

    let screen = sim.screen(house, tty).ok_or("the house has no tty1")?;
    let shown = screen.lines.join("\n");
    println!("{}", shown.trim_end());
    assert!(shown.contains("The door opens, after 2 tries."));
    Ok(())
}
