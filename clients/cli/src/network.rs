//! A network as something to draw: machines and LANs as nodes, plugs and cables as edges.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Machines and LANs.
    pub nodes: Vec<Node>,
    /// What joins them.
    pub edges: Vec<Edge>,
}

/// A machine, or a link with more than two ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What else there is to say: variant, addresses, state.
    pub notes: Vec<String>,
    /// Whether it is a LAN.
    pub lan: bool,
}

/// A cable, or a plug in a LAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Indices of the nodes it joins.
    pub ends: [usize; 2],
    /// Interfaces at its ends; empty at a LAN.
    pub interfaces: [String; 2],
    /// Delay and the like.
    pub note: String,
    /// Whether frames pass.
    pub up: bool,
}

/// Size of a node's box and room around it, in pixels.
const BOX: (usize, usize) = (170, 46);
const GAP: (usize, usize) = (40, 70);
/// Height of a line of text, in pixels.
const LINE: usize = 14;

impl Network {
    /// As indented text with lines that join a node to those behind it; one line a node.
    pub fn to_text(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut seen = vec![false; self.nodes.len()];
        for root in self.by_degree() {
            if !seen[root] {
                seen[root] = true;
                lines.push(self.nodes[root].label());
                self.branches(root, &mut seen, &mut lines);
            }
        }
        lines
    }

    /// Everything behind `root`, depth first, without recursion: a chain may be long.
    fn branches(&self, root: usize, seen: &mut [bool], lines: &mut Vec<String>) {
        let mut stack = vec![(root, self.edges_of(root), String::new())];
        while let Some((node, edges, indent)) = stack.last_mut() {
            let node = *node;
            let Some(edge) = edges.pop_front() else {
                stack.pop();
                continue;
            };
            let (here, there) = self.ends_from(edge, node);
            let other = self.edges[edge].ends[there];
            let last = edges.is_empty();
            let (joint, below) = if last { ("└─", "   ") } else { ("├─", "│  ") };
            let mut line = format!("{indent}{joint}");
            let edge = &self.edges[edge];
            let _ = write!(line, "{}", edge.seen_from(here, there));
            if seen[other] {
                // The way back to where this branch came from is not news; a ring is.
                if stack.len() < 2 || stack[stack.len() - 2].0 != other {
                    line.push_str(&format!("{} (above)", self.nodes[other].name));
                    lines.push(line);
                }
                continue;
            }
            seen[other] = true;
            line.push_str(&self.nodes[other].label());
            let indent = format!("{indent}{below}");
            lines.push(line);
            let back = |edge: &usize| {
                let ends = self.edges[*edge].ends;
                !(ends.contains(&node) && ends.contains(&other))
            };
            let onward = self.edges_of(other).into_iter().filter(back).collect();
            stack.push((other, onward, indent));
        }
    }

    /// As a graph for Graphviz.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("graph network {\n  node [fontname=\"sans-serif\"];\n");
        for (index, node) in self.nodes.iter().enumerate() {
            let shape = if node.lan { "ellipse" } else { "box" };
            let label: Vec<String> =
                [&node.name].into_iter().chain(&node.notes).map(|line| dot_escape(line)).collect();
            let _ = writeln!(dot, "  n{index} [shape={shape}, label=\"{}\"];", label.join("\\n"));
        }
        for edge in &self.edges {
            let [a, b] = edge.ends;
            let style = if edge.up { "solid" } else { "dashed" };
            let _ = writeln!(
                dot,
                "  n{a} -- n{b} [label=\"{}\", taillabel=\"{}\", headlabel=\"{}\", style={style}];",
                dot_escape(&edge.note),
                dot_escape(&edge.interfaces[0]),
                dot_escape(&edge.interfaces[1]),
            );
        }
        dot.push_str("}\n");
        dot
    }

    /// As a picture.
    pub fn to_svg(&self) -> String {
        let places = self.places();
        let width = places.iter().map(|(x, _)| x + BOX.0 + GAP.0).max().unwrap_or(GAP.0 * 2);
        let height = places.iter().map(|(_, y)| y + BOX.1 + GAP.1).max().unwrap_or(GAP.1 * 2);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        for edge in &self.edges {
            let [(x1, y1), (x2, y2)] = edge.ends.map(|end| middle(places[end]));
            let dash = if edge.up { "" } else { " stroke-dasharray=\"4 4\"" };
            let _ = writeln!(
                svg,
                "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#888\"{dash}/>"
            );
            let (x, y) = ((x1 + x2) / 2, (y1 + y2) / 2);
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" fill=\"#666\">{}</text>",
                xml_escape(&edge.caption())
            );
        }
        for (node, (x, y)) in self.nodes.iter().zip(&places) {
            let (fill, radius) = if node.lan { ("#eef", BOX.1 / 2) } else { ("#f7f7f0", 4) };
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"{radius}\" \
                 fill=\"{fill}\" stroke=\"#444\"/>",
                BOX.0, BOX.1
            );
            let lines = [&node.name].into_iter().chain(&node.notes).take(3);
            for (index, line) in lines.enumerate() {
                let weight = if index == 0 { " font-weight=\"bold\"" } else { "" };
                let _ = writeln!(
                    svg,
                    "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\"{weight}>{}</text>",
                    x + BOX.0 / 2,
                    y + LINE * (index + 1),
                    xml_escape(line)
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Where nodes go: rows by distance from the best connected one, so that neighbours are near.
    fn places(&self) -> Vec<(usize, usize)> {
        let mut places = vec![None; self.nodes.len()];
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        let mut first_row = 0;
        for root in self.by_degree() {
            if places[root].is_some() {
                continue;
            }
            let mut queue = VecDeque::from([(root, first_row)]);
            places[root] = Some((0, first_row));
            let mut last_row = first_row;
            while let Some((node, row)) = queue.pop_front() {
                let column = taken.entry(row).or_default();
                places[node] = Some((*column, row));
                *column += 1;
                last_row = last_row.max(row);
                for edge in self.edges_of(node) {
                    let (_, there) = self.ends_from(edge, node);
                    let other = self.edges[edge].ends[there];
                    if places[other].is_none() {
                        places[other] = Some((0, row + 1));
                        queue.push_back((other, row + 1));
                    }
                }
            }
            first_row = last_row + 1;
        }
        let widest = taken.values().copied().max().unwrap_or(1);
        let step = (BOX.0 + GAP.0, BOX.1 + GAP.1);
        let pixel = |(column, row): (usize, usize)| {
            let free = (widest - taken.get(&row).copied().unwrap_or(1)) * step.0 / 2;
            (GAP.0 / 2 + free + column * step.0, GAP.1 / 2 + row * step.1)
        };
        places.into_iter().map(|place| pixel(place.unwrap_or_default())).collect()
    }

    /// Indices of nodes, the best connected first, then in their order.
    fn by_degree(&self) -> Vec<usize> {
        let mut degrees = vec![0_usize; self.nodes.len()];
        self.edges.iter().flat_map(|edge| edge.ends).for_each(|end| degrees[end] += 1);
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|node| std::cmp::Reverse(degrees[*node]));
        order
    }

    fn edges_of(&self, node: usize) -> VecDeque<usize> {
        (0..self.edges.len()).filter(|edge| self.edges[*edge].ends.contains(&node)).collect()
    }

    /// Which end of an edge is at `node`, and which is not.
    fn ends_from(&self, edge: usize, node: usize) -> (usize, usize) {
        if self.edges[edge].ends[0] == node { (0, 1) } else { (1, 0) }
    }
}

impl Node {
    fn label(&self) -> String {
        match (self.lan, self.notes.is_empty()) {
            (true, _) => format!("({})", self.name),
            (false, true) => self.name.clone(),
            (false, false) => format!("{}  {}", self.name, self.notes.join(" · ")),
        }
    }
}

impl Edge {
    fn seen_from(&self, here: usize, there: usize) -> String {
        let cut = if self.up { "" } else { " DOWN" };
        let parts = [&self.interfaces[here], &self.note, &self.interfaces[there]];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        format!("{}{cut}─ ", parts.join("─"))
    }

    fn caption(&self) -> String {
        let parts = [&self.interfaces[0], &self.note, &self.interfaces[1]];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    }
}

fn middle((x, y): (usize, usize)) -> (usize, usize) {
    (x + BOX.0 / 2, y + BOX.1 / 2)
}

fn dot_escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn xml_escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no way to write other control characters.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Edge, Network, Node};

    fn network() -> Network {
        let node = |name: &str, note: &str, lan| Node {
            name: name.into(),
            notes: [note.to_owned()].into_iter().filter(|note| !note.is_empty()).collect(),
            lan,
        };
        let edge = |a, b, one: &str, two: &str, note: &str, up| Edge {
            ends: [a, b],
            interfaces: [one.into(), two.into()],
            note: note.into(),
            up,
        };
        Network {
            nodes: vec![
                node("alpha", "10.0.1.2/24", false),
                node("beta", "<off>", false),
                node("office", "", true),
                node("r1", "", false),
                node("r2", "", false),
                node("lonely", "", false),
            ],
            edges: vec![
                edge(0, 2, "eth0", "", "1 ms", true),
                edge(1, 2, "eth0", "", "1 ms", true),
                edge(3, 2, "eth0", "", "1 ms", true),
                edge(3, 4, "eth1", "eth0", "20 ms", false),
            ],
        }
    }

    #[test]
    fn text_is_a_tree() {
        expect![[r#"
            (office)
            ├─1 ms─eth0─ alpha  10.0.1.2/24
            ├─1 ms─eth0─ beta  <off>
            └─1 ms─eth0─ r1
               └─eth1─20 ms─eth0 DOWN─ r2
            lonely"#]]
        .assert_eq(&network().to_text().join("\n"));
    }

    #[test]
    fn rings_are_shown_once() {
        let node = |name: &str| Node { name: name.into(), notes: Vec::new(), lan: false };
        let edge = |a, b| Edge { ends: [a, b], ..network().edges[0].clone() };
        let ring = Network {
            nodes: vec![node("a"), node("b"), node("c")],
            edges: vec![edge(0, 1), edge(1, 2), edge(2, 0)],
        };
        let text = ring.to_text();
        assert_eq!(text.iter().filter(|line| line.contains("above")).count(), 2, "{text:?}");
        assert!(text.len() <= 5);
    }

    #[test]
    fn dot_and_svg_are_well_formed() {
        let dot = network().to_dot();
        assert_eq!(dot.matches(" -- ").count(), 4);
        assert!(dot.contains(
            "n3 -- n4 [label=\"20 ms\", taillabel=\"eth1\", headlabel=\"eth0\", style=dashed];"
        ));
        let svg = network().to_svg();
        assert_eq!(svg.matches("<rect").count(), 7);
        assert_eq!(svg.matches("<line").count(), 4);
        assert!(svg.contains("&lt;off&gt;"));
        assert!(Network::default().to_svg().ends_with("</svg>\n"));
    }
}
