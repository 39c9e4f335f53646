//! The map as a picture in SVG.

use std::fmt::Write as _;

use super::super::spec::{Port, SegmentPlan, WorldSpec};
use super::layout::{Area, HEADING, Layout, MACHINE, MARGIN};

const STYLE: &str = "\
text { font: 13px sans-serif; fill: #1b2733; text-anchor: middle }
.title { font-size: 16px; font-weight: bold; text-anchor: start }
.small { font-size: 11px; fill: #4d5d6c }
.heading { text-anchor: start; font-weight: bold }
.frame { fill: #eef3f8; stroke: #9fb3c8 }
.host { fill: #ffffff; stroke: #486581 }
.router { fill: #d9f2e3; stroke: #2f7d4f }
.off { stroke-dasharray: 5 3; fill-opacity: 0.4 }
.cable { fill: none; stroke: #486581; stroke-width: 2 }
.down { stroke-dasharray: 3 5 }
";

/// The world as a picture.
pub fn svg(spec: &WorldSpec) -> String {
    let mut text = String::new();
    write(&mut text, spec, &Layout::new(spec)).expect("a string takes all that is written");
    text
}

fn write(text: &mut String, spec: &WorldSpec, layout: &Layout) -> std::fmt::Result {
    let (w, h) = layout.size;
    writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\">\n<style>\n{STYLE}</style>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>"
    )?;
    let title = escaped(&spec.name, 80);
    writeln!(text, "<text class=\"title\" x=\"{MARGIN}\" y=\"{MARGIN}\">{title}</text>")?;
    for frame in &layout.frames {
        write_frame(text, spec, frame.segment, frame.area)?;
    }
    for (index, segment) in spec.segments.iter().enumerate() {
        write_cables(text, layout, index, segment)?;
    }
    for (machine, area) in spec.machines.iter().zip(&layout.machines) {
        let Area { x, y, w, h } = *area;
        let role = if machine.forwards { "router" } else { "host" };
        let off = if machine.powered { "" } else { " off" };
        let round = if machine.forwards { 14 } else { 4 };
        writeln!(
            text,
            "<rect class=\"{role}{off}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" \
             rx=\"{round}\"><title>{} ({})</title></rect>",
            escaped(&machine.name, 64),
            escaped(&machine.variant, 64)
        )?;
        let (name, address) = (escaped(&machine.name, 16), super::address(machine));
        let middle = x + w / 2;
        writeln!(text, "<text x=\"{middle}\" y=\"{}\">{name}</text>", y + 19)?;
        writeln!(text, "<text class=\"small\" x=\"{middle}\" y=\"{}\">{address}</text>", y + 35)?;
    }
    writeln!(text, "</svg>")
}

fn write_frame(
    text: &mut String,
    spec: &WorldSpec,
    segment: Option<usize>,
    area: Area,
) -> std::fmt::Result {
    let Area { x, y, w, h } = area;
    let rect = format!("x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"8\"");
    writeln!(text, "<rect class=\"frame\" {rect}/>")?;
    let (name, note) = match segment.and_then(|index| spec.segments.get(index)) {
        None => ("without a cable".to_owned(), String::new()),
        Some(segment) => {
            let network = super::network(spec, segment).map(|network| network.to_string());
            let quality = super::quality(segment);
            let parts: Vec<String> = [network.unwrap_or_default(), quality]
                .into_iter()
                .filter(|p| !p.is_empty())
                .collect();
            (segment.name.clone(), parts.join(", "))
        }
    };
    let (left, line) = (x + 14, y + HEADING - 9);
    writeln!(
        text,
        "<text class=\"heading\" x=\"{left}\" y=\"{line}\">{} \
         <tspan class=\"small\">{}</tspan></text>",
        escaped(&name, 20),
        escaped(&note, 40)
    )
}

/// The cables that leave a frame, or the one between two machines of the core.
fn write_cables(
    text: &mut String,
    layout: &Layout,
    index: usize,
    segment: &SegmentPlan,
) -> std::fmt::Result {
    let down = if segment.link.up { "" } else { " down" };
    let area = |port: &Port| layout.machines.get(port.machine).copied().unwrap_or_default();
    if let Some(frame) = layout.frame(index) {
        for port in &segment.ports {
            let machine = area(port);
            if machine.y >= frame.area.y {
                continue; // It lies inside.
            }
            let (x1, y1) = (machine.middle().0, machine.y + machine.h);
            let (x2, y2) = (frame.area.middle().0, frame.area.y);
            writeln!(text, "<path class=\"cable{down}\" d=\"M{x1} {y1} L{x2} {y2}\"/>")?;
            write_label(
                text,
                (x1 * 2 + x2) / 3,
                (y1 * 2 + y2) / 3,
                &format!("eth{}", port.interface),
            )?;
        }
        return Ok(());
    }
    let [a, b] = segment.ports.as_slice() else { return Ok(()) };
    let (from, to) = (area(a), area(b));
    let ((x1, y1), (x2, y2)) = (from.middle(), to.middle());
    let (mut x, mut y) = ((x1 + x2) / 2, (y1 + y2) / 2);
    if y1 == y2 && (x2 - x1).abs() > MACHINE.0 * 2 {
        // Neighbours lie between: around them.
        let over = y1 - MACHINE.1 - 20;
        writeln!(text, "<path class=\"cable{down}\" d=\"M{x1} {y1} Q{x} {over} {x2} {y2}\"/>")?;
        y = (y1 + over) / 2;
    } else {
        writeln!(text, "<path class=\"cable{down}\" d=\"M{x1} {y1} L{x2} {y2}\"/>")?;
    }
    if x1 == x2 {
        x += 40;
    }
    write_label(text, x, y - 6, &super::quality(segment))
}

fn write_label(text: &mut String, x: i64, y: i64, label: &str) -> std::fmt::Result {
    if label.is_empty() {
        return Ok(());
    }
    writeln!(text, "<text class=\"small\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(label, 40))
}

/// Text for XML, at most so many characters.
fn escaped(text: &str, length: usize) -> String {
    let label = super::label(text, length);
    label.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
