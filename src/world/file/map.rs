//! The map of a planned world, as Graphviz text and as a picture.
//!
//! Both are pure functions of the plan: the same world gives the same bytes.

mod dot;
mod layout;
mod svg;

pub use dot::dot;
pub use svg::svg;

use super::spec::{MachinePlan, SegmentPlan, WorldSpec};
use crate::base::prng::Ratio;
use crate::net::Prefix;

/// A designer's text without control characters, at most `length` characters long.
fn label(text: &str, length: usize) -> String {
    let mut label: String =
        text.chars().take(length).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if label.len() < text.len() {
        label.push_str("...");
    }
    label
}

/// A machine's second line: its first address.
fn address(machine: &MachinePlan) -> String {
    let address = machine.interfaces.iter().find_map(|interface| interface.address);
    address.map(|address| address.address().to_string()).unwrap_or_default()
}

/// The network that a segment's first address is in.
fn network(spec: &WorldSpec, segment: &SegmentPlan) -> Option<Prefix> {
    let address = segment.ports.iter().find_map(|port| spec.interface(*port)?.address);
    address.map(Prefix::network)
}

/// What a segment does to frames, where it is not the usual.
fn quality(segment: &SegmentPlan) -> String {
    let link = &segment.link;
    let mut parts = Vec::new();
    if link.delay.0 > 1 {
        parts.push(link.delay.to_string());
    }
    if let Some(rate) = link.bandwidth {
        parts.push(match rate {
            rate if rate % 1_000_000 == 0 => format!("{} Mbit/s", rate / 1_000_000),
            rate if rate % 1_000 == 0 => format!("{} kbit/s", rate / 1_000),
            rate => format!("{rate} bit/s"),
        });
    }
    if link.loss != Ratio::ZERO {
        let millionths = link.loss.parts_per_million;
        let percent = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        parts.push(format!("{percent}% lost"));
    }
    if !link.up {
        parts.push("down".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests;
