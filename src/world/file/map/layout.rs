//! Where everything lies on the picture, in whole pixels.
//!
//! Machines with one cable lie inside their network's frame, in rows. The others, and all that
//! forward, form the core: rows at the top, neighbours near each other, since they are taken
//! breadth first. Frames are packed below, ordered by where their routers are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::spec::{SegmentKind, WorldSpec};

/// Size of a machine.
pub const MACHINE: (i64, i64) = (130, 44);
/// Room around everything.
pub const MARGIN: i64 = 24;
/// Space between machines of a frame.
const GAP: i64 = 14;
/// Space between machines of the core, where cables and their labels run.
const CORE_GAP: (i64, i64) = (90, 70);
/// Height of a frame's heading.
pub const HEADING: i64 = 28;
/// Machines in a row of a frame.
const FRAME_COLUMNS: usize = 4;
/// Machines in a row of the core.
const CORE_COLUMNS: usize = 6;
/// Frames go to the next row beyond this width.
const WIDTH: i64 = 1240;

/// A rectangle: left, top, width, height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: i64,
    /// Top edge.
    pub y: i64,
    /// Width.
    pub w: i64,
    /// Height.
    pub h: i64,
}

impl Area {
    /// The middle.
    pub const fn middle(self) -> (i64, i64) {
        (self.x + self.w / 2, self.y + self.h / 2)
    }
}

/// The frame around a network's machines.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Index of the segment; `None` for the frame of machines without a cable.
    pub segment: Option<usize>,
    /// Where it lies.
    pub area: Area,
    members: Vec<usize>,
}

/// Where everything lies.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Machines by index.
    pub machines: Vec<Area>,
    /// Networks with a frame.
    pub frames: Vec<Frame>,
    /// The whole picture.
    pub size: (i64, i64),
}

impl Layout {
    /// Lays a world out.
    pub fn new(spec: &WorldSpec) -> Self {
        let mut segments_of = vec![BTreeSet::new(); spec.machines.len()];
        for (index, segment) in spec.segments.iter().enumerate() {
            for port in &segment.ports {
                if let Some(segments) = segments_of.get_mut(port.machine) {
                    segments.insert(index);
                }
            }
        }
        let is_core: Vec<bool> = spec
            .machines
            .iter()
            .zip(&segments_of)
            .map(|(machine, segments)| {
                segments.len() > 1 || machine.forwards && !segments.is_empty()
            })
            .collect();
        let mut layout =
            Self { machines: vec![Area::default(); spec.machines.len()], ..Self::default() };
        let bottom = layout.place_core(&core_order(spec, &is_core));
        layout.make_frames(spec, &is_core, &segments_of);
        layout.place_frames(spec, bottom);
        layout.measure();
        layout
    }

    /// The frame of a segment, if it has one.
    pub fn frame(&self, segment: usize) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.segment == Some(segment))
    }

    /// Places the core's rows and returns where they end.
    fn place_core(&mut self, order: &[usize]) -> i64 {
        let (step_x, step_y) = (MACHINE.0 + CORE_GAP.0, MACHINE.1 + CORE_GAP.1);
        for (position, machine) in order.iter().enumerate() {
            let (row, column) = (position / CORE_COLUMNS, position % CORE_COLUMNS);
            // Every other row is shifted, so that vertical cables do not hide behind machines.
            let shift = if row % 2 == 1 { step_x / 2 } else { 0 };
            self.machines[*machine] = Area {
                x: MARGIN + shift + step_x * whole(column),
                y: MARGIN + HEADING + step_y * whole(row),
                w: MACHINE.0,
                h: MACHINE.1,
            };
        }
        MARGIN + HEADING + step_y * whole(order.len().div_ceil(CORE_COLUMNS))
    }

    fn make_frames(&mut self, spec: &WorldSpec, is_core: &[bool], segments_of: &[BTreeSet<usize>]) {
        let mut members: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (index, segment) in spec.segments.iter().enumerate() {
            let has_leaf = segment.ports.iter().any(|port| !is_core[port.machine]);
            if segment.kind == SegmentKind::Lan || has_leaf {
                members.insert(Some(index), Vec::new());
            }
        }
        for (machine, segments) in segments_of.iter().enumerate() {
            if !is_core[machine] {
                members.entry(segments.first().copied()).or_default().push(machine);
            }
        }
        for (segment, members) in members {
            let columns = members.len().clamp(1, FRAME_COLUMNS);
            let rows = members.len().div_ceil(FRAME_COLUMNS);
            let w = GAP + (MACHINE.0 + GAP) * whole(columns.max(2));
            let h = HEADING + (MACHINE.1 + GAP) * whole(rows) + GAP;
            self.frames.push(Frame { segment, area: Area { x: 0, y: 0, w, h }, members });
        }
    }

    fn place_frames(&mut self, spec: &WorldSpec, top: i64) {
        let machines = &self.machines;
        self.frames.sort_by_key(|frame| {
            let segment = frame.segment.and_then(|index| spec.segments.get(index));
            let ports = segment.iter().flat_map(|segment| &segment.ports);
            let placed = ports.map(|port| machines[port.machine]).filter(|area| area.w > 0);
            let nearest = placed.map(|area| (-area.y, area.x)).min();
            // What no router reaches comes last.
            (nearest.is_none(), nearest.map(|(_, x)| x), frame.segment.is_none(), frame.segment)
        });
        let (mut x, mut y, mut row_height) = (MARGIN, top, 0);
        for frame in &mut self.frames {
            if x > MARGIN && x + frame.area.w > WIDTH {
                (x, y, row_height) = (MARGIN, y + row_height + CORE_GAP.1, 0);
            }
            (frame.area.x, frame.area.y) = (x, y);
            x += frame.area.w + GAP * 2;
            row_height = row_height.max(frame.area.h);
            for (position, machine) in frame.members.iter().enumerate() {
                let (row, column) = (position / FRAME_COLUMNS, position % FRAME_COLUMNS);
                self.machines[*machine] = Area {
                    x: frame.area.x + GAP + (MACHINE.0 + GAP) * whole(column),
                    y: frame.area.y + HEADING + (MACHINE.1 + GAP) * whole(row),
                    w: MACHINE.0,
                    h: MACHINE.1,
                };
            }
        }
    }

    fn measure(&mut self) {
        let areas = || self.machines.iter().chain(self.frames.iter().map(|frame| &frame.area));
        let right = areas().map(|area| area.x + area.w).max().unwrap_or(200);
        let bottom = areas().map(|area| area.y + area.h).max().unwrap_or(60);
        self.size = (right + MARGIN, bottom + MARGIN);
    }
}

/// The core's machines breadth first from the first one of each part.
fn core_order(spec: &WorldSpec, is_core: &[bool]) -> Vec<usize> {
    let mut neighbours: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); spec.machines.len()];
    for segment in &spec.segments {
        let core: BTreeSet<usize> =
            segment.ports.iter().map(|port| port.machine).filter(|m| is_core[*m]).collect();
        // Neighbours in the file's order: a line through them all is enough to keep them together.
        for (a, b) in core.iter().zip(core.iter().skip(1)) {
            neighbours[*a].insert(*b);
            neighbours[*b].insert(*a);
        }
    }
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for start in (0..spec.machines.len()).filter(|machine| is_core[*machine]) {
        let mut queue = VecDeque::new();
        if seen.insert(start) {
            queue.push_back(start);
        }
        while let Some(machine) = queue.pop_front() {
            order.push(machine);
            queue.extend(neighbours[machine].iter().filter(|next| seen.insert(**next)));
        }
    }
    order
}

/// Counts of machines fit easily.
fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::from(i32::MAX))
}
