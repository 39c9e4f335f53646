//! Replay: a seed and a list of inputs are a whole session. Played again, on any
//! number of threads, they give the same digest at every moment.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use hostscape::base::digest::Digest;
use hostscape::base::{Tick, Ticks};
use hostscape::kernel::{MachineInput, TtyId};
use hostscape::sim::Sim;
use hostscape::variant::Catalogue;
use hostscape::world::file;
use hostscape::world::input::Input;

/// What happens: in which tick, on which machine, what is typed.
const INPUTS: &[(u64, &str, &str)] = &[
    (10_000, "anna", "root\n"),
    (10_000, "carl", "root\n"),
    (11_000, "anna", "ping -c 5 10.0.2.10\n"),
    (12_500, "carl", "ls -l / | sort | head -n 3\n"),
    (13_000, "anna", "echo typed while ping runs\n"),
];

/// Plays the session; returns a digest for every second of it.
fn play(threads: usize) -> Result<Vec<Digest>, Box<dyn std::error::Error>> {
    let variants = Catalogue::bundled();
    let (world, _) =
        file::read("demo.world.ron", file::DEMO, &variants).map_err(|f| f[0].to_string())?;
    let mut sim = Sim::from_world(&world, variants)?;
    sim.threads(threads);
    for (tick, machine, text) in INPUTS {
        let machine = sim.find(machine).ok_or("no such machine")?;
        let bytes = text.replace('\n', "\r").into_bytes();
        let keys = MachineInput::Keys { tty: TtyId::CONSOLE, bytes };
        sim.input_at(Tick(*tick), Input::Machine(machine, keys))?;
    }
    let mut digests = Vec::new();
    for _ in 0..20 {
        sim.advance(Ticks::from_secs(1));
        digests.push(sim.digest());
    }
    Ok(digests)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let first = play(1)?;
    let again = play(1)?;
    let threaded = play(4)?;
    for (second, digest) in first.iter().enumerate() {
        println!("{:2} s  {digest}", second + 1);
    }
    assert_eq!(first, again);
    assert_eq!(first, threaded);
    println!("played three times, once on four threads: all the same");
    Ok(())
}
