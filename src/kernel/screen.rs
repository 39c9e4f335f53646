//! The screen of a terminal, kept as data: a text that draws it, and what is half received.
//!
//! An emulator's state is a hundred kilobytes; a shell's prompt is one line. So what is kept is a
//! *script*: text and control functions that draw the screen from nothing. What is written is
//! appended. When the script has grown past a limit, the emulator is built, fed with it, asked to
//! dump itself as a shorter script, and dropped. Looking at the screen builds an emulator too.
//!
//! Invariant: a screen depends on its script alone, never on an emulator that was kept, so a
//! loaded screen behaves as the saved one. The script is bounded by a few dozen bytes a cell.

mod filter;
mod view;

use avt::parser::Function;
use serde::{Deserialize, Serialize};

use crate::base::limits::{SCREEN_COLUMNS, SCREEN_ROWS};
use filter::{Cells, Filter, Query, Sink};
pub use view::{Color, Cursor, ScreenView, Span, Style};

/// A script shorter than this is never compacted: compacting costs a hundred microseconds.
const SCRIPT_MIN: usize = 2048;

/// Bytes taken in between two looks at the script's length.
const FEED_MAX: usize = 4096;

/// A terminal's screen as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    columns: u16,
    rows: u16,
    /// Draws the screen from nothing.
    script: String,
    /// How long the script was when it was last compacted.
    compacted: u32,
    /// Whether cursor addresses may be relative to the margins (DECOM was ever set).
    origin: bool,
    filter: Filter,
}

/// What writing to a screen led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenReport {
    /// What the terminal sends back, as if typed: answers to the questions it was asked.
    pub replies: Vec<u8>,
    /// What the writer owes for the emulator's work.
    pub fuel: u32,
}

impl Screen {
    /// An empty screen; the size is brought within the limits.
    pub fn new(columns: u16, rows: u16) -> Self {
        let (columns, rows) = clamp(columns, rows);
        Self {
            columns,
            rows,
            script: String::new(),
            compacted: 0,
            origin: false,
            filter: Filter::default(),
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        clamp(self.columns, self.rows)
    }

    /// Shows `bytes`, which may end within a character or a sequence.
    pub fn write(&mut self, bytes: &[u8]) -> ScreenReport {
        let mut filter = core::mem::take(&mut self.filter);
        let mut writing = Writing { screen: self, emulator: None, report: ScreenReport::default() };
        // In pieces, so that the script is compacted while it grows.
        for piece in bytes.chunks(FEED_MAX) {
            writing.owe(piece.len().div_ceil(4));
            filter.feed(piece, &mut writing);
        }
        let report = writing.report;
        self.filter = filter;
        report
    }

    /// Gives the screen another size, within the limits; wrapped lines flow anew.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let (columns, rows) = clamp(columns, rows);
        if (columns, rows) == self.size() {
            return;
        }
        let mut emulator = self.emulator();
        emulator.terminal.resize(usize::from(columns), usize::from(rows));
        (self.columns, self.rows) = (columns, rows);
        self.keep(&emulator);
    }

    /// What is to be seen.
    pub fn view(&self) -> ScreenView {
        self.emulator().view()
    }

    /// Bytes this screen takes when saved, about.
    pub fn byte_len(&self) -> usize {
        self.script.len()
    }

    fn emulator(&self) -> Emulator {
        let (columns, rows) = self.size();
        let mut emulator = Emulator::new(columns, rows);
        emulator.draw(&self.script);
        emulator
    }

    fn keep(&mut self, emulator: &Emulator) {
        self.script = emulator.terminal.dump();
        self.compacted = u32::try_from(self.script.len()).unwrap_or(u32::MAX);
    }

    fn cells(&self) -> u32 {
        u32::from(self.columns) * u32::from(self.rows)
    }

    /// Past this length the script is compacted: so rarely that the cost of dumping and drawing
    /// a screen is spread over as many bytes written.
    fn script_max(&self) -> usize {
        let dump = usize::try_from(self.compacted).unwrap_or(usize::MAX);
        let cells = usize::try_from(self.cells()).unwrap_or(usize::MAX);
        dump.saturating_add(dump.max(cells).max(SCRIPT_MIN))
    }
}

/// A write in progress.
struct Writing<'a> {
    screen: &'a mut Screen,
    /// Built for the first question, and the length of script it has drawn.
    emulator: Option<(Emulator, usize)>,
    report: ScreenReport,
}

impl Writing<'_> {
    fn owe(&mut self, fuel: usize) {
        let fuel = u32::try_from(fuel).unwrap_or(u32::MAX);
        self.report.fuel = self.report.fuel.saturating_add(fuel);
    }

    fn compact(&mut self) {
        let emulator = self.caught_up();
        self.screen.keep(&emulator);
        self.owe(self.screen.script.len());
    }

    /// The emulator after all that was written.
    fn caught_up(&mut self) -> Emulator {
        let (mut emulator, drawn) = self.emulator.take().unwrap_or_else(|| {
            let (columns, rows) = self.screen.size();
            (Emulator::new(columns, rows), 0)
        });
        emulator.draw(&self.screen.script[drawn..]);
        self.owe((self.screen.script.len() - drawn) / 2);
        emulator
    }

    fn position(&mut self) -> (usize, usize) {
        let emulator = self.caught_up();
        let (columns, _) = self.screen.size();
        let cursor = emulator.terminal.cursor();
        let mut row = cursor.row;
        if self.screen.origin {
            // Only a move shows where the origin is; an emulator of its own makes it.
            let mut probe = self.screen.emulator();
            probe.draw("\u{1b}[H");
            self.owe(self.screen.script.len() / 2);
            row = row.saturating_sub(probe.terminal.cursor().row);
        }
        self.emulator = Some((emulator, self.screen.script.len()));
        (row + 1, cursor.col.min(usize::from(columns) - 1) + 1)
    }
}

impl Sink for Writing<'_> {
    fn text(&mut self, text: &str) {
        self.owe(1);
        self.screen.script.push_str(text);
        if self.screen.script.len() > self.screen.script_max() {
            self.compact();
        }
    }

    fn heavy(&mut self, text: &str, cells: Cells) {
        let cells = match cells {
            Cells::Row => u32::from(self.screen.columns),
            Cells::All => self.screen.cells(),
        };
        self.report.fuel = self.report.fuel.saturating_add(cells / 16);
        if text == "\u{1b}c" {
            self.screen.origin = false;
        } else if let Some(modes) =
            text.strip_prefix("\u{1b}[?").and_then(|modes| modes.strip_suffix('h'))
        {
            self.screen.origin |= modes.split(';').any(|mode| mode == "6");
        }
        self.text(text);
    }

    fn query(&mut self, query: Query) {
        let reply = match query {
            Query::Status => "\u{1b}[0n".to_owned(),
            Query::Position => {
                let (row, column) = self.position();
                format!("\u{1b}[{row};{column}R")
            }
            Query::ExtendedPosition => {
                let (row, column) = self.position();
                format!("\u{1b}[?{row};{column}R")
            }
            // A VT100 with advanced video, as xterm calls itself when told to be one.
            Query::Primary => "\u{1b}[?1;2c".to_owned(),
            Query::Secondary => "\u{1b}[>0;354;0c".to_owned(),
            Query::Parameters(kind) => format!("\u{1b}[{kind};1;1;128;128;1;0x"),
            Query::Size => {
                let (columns, rows) = self.screen.size();
                format!("\u{1b}[8;{rows};{columns}t")
            }
        };
        self.owe(reply.len());
        self.report.replies.extend_from_slice(reply.as_bytes());
    }
}

/// The emulator, built when needed.
struct Emulator {
    terminal: avt::Terminal,
    parser: avt::Parser,
    cells: u16,
    rows: u16,
    /// First and last row that scroll.
    margins: (u16, u16),
}

impl Emulator {
    fn new(columns: u16, rows: u16) -> Self {
        let terminal = avt::Terminal::new(usize::from(columns), usize::from(rows))
            .expect("a clamped size is positive");
        let cells = u32::from(columns) * u32::from(rows);
        Self {
            terminal,
            parser: avt::Parser::new(),
            cells: u16::try_from(cells).unwrap_or(u16::MAX),
            rows,
            margins: (0, rows - 1),
        }
    }

    /// Draws a script, which ends between sequences.
    fn draw(&mut self, script: &str) {
        for character in script.chars() {
            let Some(function) = self.parser.feed(character) else { continue };
            match function {
                // More than a screenful of one character looks like a screenful.
                Function::Rep(count) => {
                    self.terminal.execute(Function::Rep(count.min(self.cells)));
                }
                // Lines are inserted and deleted between the margins only; the emulator does it
                // above them too.
                Function::Il(_) | Function::Dl(_) if self.is_outside_margins() => {}
                function => {
                    self.follow_margins(&function);
                    self.terminal.execute(function);
                }
            }
        }
    }

    fn is_outside_margins(&self) -> bool {
        let (top, bottom) = self.margins;
        !(usize::from(top)..=usize::from(bottom)).contains(&self.terminal.cursor().row)
    }

    fn follow_margins(&mut self, function: &Function) {
        match *function {
            Function::Decstbm(top, bottom) => {
                let top = top.max(1) - 1;
                let bottom = if bottom == 0 { self.rows } else { bottom } - 1;
                if top < bottom && bottom < self.rows {
                    self.margins = (top, bottom);
                }
            }
            Function::Ris | Function::Decstr => self.margins = (0, self.rows - 1),
            _ => {}
        }
    }

    fn view(&self) -> ScreenView {
        view::of(&self.terminal)
    }
}

fn clamp(columns: u16, rows: u16) -> (u16, u16) {
    (
        columns.clamp(*SCREEN_COLUMNS.start(), *SCREEN_COLUMNS.end()),
        rows.clamp(*SCREEN_ROWS.start(), *SCREEN_ROWS.end()),
    )
}

#[cfg(test)]
mod tests;
