//! `hostscape map`: a network as text, as a picture, or for Graphviz.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use hostscape::Sim;
use hostscape::net::{InterfaceName, LinkSpec};
use hostscape::world::file::{SegmentKind, WorldSpec};

use crate::failure::Failure;
use crate::network::{Edge, Network, Node};
use crate::source::{self, Source};

/// Draws the map of a network
#[derive(Args)]
#[command(after_help = "\
Examples:
  hostscape map demo.world.ron
  hostscape map --svg demo.world.ron > demo.svg
  hostscape map --dot demo.world.ron | dot -Tpng > demo.png")]
pub struct Map {
    /// World file or savegame; left out, the bundled demo network
    #[arg(value_name = "WORLD")]
    world: Option<PathBuf>,
    /// Print an SVG picture instead of text
    #[arg(long, conflicts_with = "dot")]
    svg: bool,
    /// Print a graph for Graphviz instead of text
    #[arg(long)]
    dot: bool,
}

impl Map {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let network = match source::open(self.world.as_deref())? {
            Source::World(spec, _) => of_world(&spec),
            Source::Save(text) => of_sim(&source::load(&text, self.world.as_deref())?),
        };
        let text = if self.svg {
            network.to_svg()
        } else if self.dot {
            network.to_dot()
        } else {
            network.to_text().iter().flat_map(|line| [line.as_str(), "\n"]).collect()
        };
        io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::output(&error))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The network of a world that has not begun.
fn of_world(spec: &WorldSpec) -> Network {
    let mut network = Network::default();
    for machine in &spec.machines {
        let mut notes = vec![machine.variant.clone()];
        let addresses =
            machine.interfaces.iter().filter_map(|interface| interface.address.as_ref());
        notes.extend(addresses.map(ToString::to_string));
        network.nodes.push(Node { name: machine.name.clone(), notes, lan: false });
    }
    for segment in &spec.segments {
        let ends: Vec<(usize, String)> = segment
            .ports
            .iter()
            .map(|port| (port.machine, format!("eth{}", port.interface)))
            .collect();
        let name = (segment.kind == SegmentKind::Lan).then(|| segment.name.clone());
        network.join(name, &ends, &segment.link);
    }
    network
}

/// The network of a running world.
pub fn of_sim(sim: &Sim) -> Network {
    let mut network = Network::default();
    let mut ids = Vec::new();
    for machine in sim.machines() {
        let state = format!("{:?}", machine.power()).to_lowercase();
        let mut notes = vec![machine.variant().to_owned(), state];
        let own = machine.interfaces().iter().skip(1);
        notes.extend(own.flat_map(|interface| &interface.addresses).map(ToString::to_string));
        ids.push(machine.id());
        network.nodes.push(Node { name: machine.name().to_owned(), notes, lan: false });
    }
    for link in sim.links() {
        let ends: Vec<(usize, String)> = link
            .ports()
            .iter()
            .filter_map(|port| {
                let machine = ids.iter().position(|id| *id == port.machine)?;
                Some((machine, InterfaceName(port.interface).to_string()))
            })
            .collect();
        let name = (ends.len() != 2).then(|| format!("LAN {}", link.id()));
        network.join(name, &ends, &link.spec());
    }
    network
}

impl Network {
    /// Adds a link: a cable, or with a name a LAN.
    fn join(&mut self, name: Option<String>, ends: &[(usize, String)], spec: &LinkSpec) {
        let note = describe(spec);
        match (name, ends) {
            (None, [(one, first), (other, second)]) => self.edges.push(Edge {
                ends: [*one, *other],
                interfaces: [first.clone(), second.clone()],
                note,
                up: spec.up,
            }),
            (name, ends) => {
                let lan = self.nodes.len();
                let name = name.unwrap_or_else(|| "LAN".to_owned());
                self.nodes.push(Node { name, notes: vec![note], lan: true });
                for (machine, interface) in ends {
                    self.edges.push(Edge {
                        ends: [*machine, lan],
                        interfaces: [interface.clone(), String::new()],
                        note: String::new(),
                        up: spec.up,
                    });
                }
            }
        }
    }
}

fn describe(spec: &LinkSpec) -> String {
    let mut note = spec.delay.to_string();
    if spec.jitter.0 > 0 {
        note += &format!(" ± {}", spec.jitter);
    }
    if spec.loss.parts_per_million > 0 {
        let ppm = spec.loss.parts_per_million;
        note += &format!(", {}.{:04} % lost", ppm / 10_000, ppm % 10_000);
    }
    if let Some(bandwidth) = spec.bandwidth {
        note += &match bandwidth {
            bits if bits >= 1_000_000 => format!(", {} Mbit/s", bits / 1_000_000),
            bits if bits >= 1000 => format!(", {} kbit/s", bits / 1000),
            bits => format!(", {bits} bit/s"),
        };
    }
    note
}
