//! The map as Graphviz text: machines are boxes, LANs ellipses, cables edges.

use std::fmt::Write as _;

use super::super::spec::{SegmentKind, WorldSpec};

/// The world in the DOT language.
pub fn dot(spec: &WorldSpec) -> String {
    let mut text = String::new();
    write(&mut text, spec).expect("a string takes all that is written");
    text
}

fn write(text: &mut String, spec: &WorldSpec) -> std::fmt::Result {
    writeln!(text, "graph {} {{", quoted(&[&spec.name]))?;
    writeln!(text, "    node [fontname=\"sans-serif\"];")?;
    for (index, machine) in spec.machines.iter().enumerate() {
        let name = quoted(&[&machine.name, &super::address(machine)]);
        let style = match (machine.forwards, machine.powered) {
            (true, true) => "rounded",
            (true, false) => "rounded,dashed",
            (false, true) => "solid",
            (false, false) => "dashed",
        };
        writeln!(text, "    m{index} [shape=box, style=\"{style}\", label={name}];")?;
    }
    for (index, segment) in spec.segments.iter().enumerate() {
        let quality = super::quality(segment);
        if let (SegmentKind::Link, [a, b]) = (segment.kind, segment.ports.as_slice()) {
            let label = quoted(&[&quality]);
            let ends =
                format!("taillabel=\"eth{}\", headlabel=\"eth{}\"", a.interface, b.interface);
            writeln!(text, "    m{} -- m{} [label={label}, {ends}];", a.machine, b.machine)?;
            continue;
        }
        let network = super::network(spec, segment).map(|network| network.to_string());
        let name = quoted(&[&segment.name, &network.unwrap_or_default(), &quality]);
        writeln!(text, "    s{index} [shape=ellipse, label={name}];")?;
        for port in &segment.ports {
            writeln!(text, "    m{} -- s{index} [label=\"eth{}\"];", port.machine, port.interface)?;
        }
    }
    writeln!(text, "}}")
}

/// Lines as a DOT string; empty ones are left out.
fn quoted(lines: &[&str]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| super::label(line, 64).replace('\\', "\\\\").replace('"', "\\\""))
        .collect();
    format!("\"{}\"", lines.join("\\n"))
}
