//! What a client draws of a screen: rows of text, runs of equal style, the cursor.

use avt::{Pen, Terminal};

/// A screen as it looks at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenView {
    /// Width in cells.
    pub columns: u16,
    /// Height in cells.
    pub rows: u16,
    /// The cursor.
    pub cursor: Cursor,
    /// The text of every row, spaces at its end removed.
    pub lines: Vec<String>,
    /// Every row as runs of cells of one style, from the left; blank ends are left out.
    pub spans: Vec<Vec<Span>>,
    /// Whether cursor keys are to send their application codes (DECCKM).
    pub application_cursor_keys: bool,
}

/// The cursor, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Row from the top.
    pub row: u16,
    /// Column from the left.
    pub column: u16,
    /// Whether it is shown.
    pub visible: bool,
}

/// Neighbouring cells of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Column of the first cell.
    pub column: u16,
    /// What they show.
    pub text: String,
    /// How.
    pub style: Style,
}

/// A colour of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// From the palette: 0 to 7, their bright forms 8 to 15, then xterm's cube and greys.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a cell is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colour of the character; none: the default.
    pub foreground: Option<Color>,
    /// Colour behind it; none: the default.
    pub background: Option<Color>,
    /// Bold.
    pub bold: bool,
    /// Faint.
    pub faint: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Blinking.
    pub blink: bool,
    /// Colours exchanged.
    pub inverse: bool,
    /// Struck through.
    pub strikethrough: bool,
}

impl From<&Pen> for Style {
    fn from(pen: &Pen) -> Self {
        Self {
            foreground: pen.foreground().map(Color::from),
            background: pen.background().map(Color::from),
            bold: pen.is_bold(),
            faint: pen.is_faint(),
            italic: pen.is_italic(),
            underline: pen.is_underline(),
            blink: pen.is_blink(),
            inverse: pen.is_inverse(),
            strikethrough: pen.is_strikethrough(),
        }
    }
}

impl From<avt::Color> for Color {
    fn from(color: avt::Color) -> Self {
        match color {
            avt::Color::Indexed(index) => Self::Indexed(index),
            avt::Color::RGB(rgb) => Self::Rgb(rgb.r, rgb.g, rgb.b),
        }
    }
}

pub(super) fn of(terminal: &Terminal) -> ScreenView {
    let (columns, rows) = terminal.size();
    let cursor = terminal.cursor();
    let mut view = ScreenView {
        columns: narrow(columns),
        rows: narrow(rows),
        cursor: Cursor {
            row: narrow(cursor.row),
            // A cursor that waits to wrap is seen on the last column.
            column: narrow(cursor.col.min(columns.saturating_sub(1))),
            visible: cursor.visible,
        },
        application_cursor_keys: terminal.cursor_key_app_mode(),
        ..ScreenView::default()
    };
    for line in terminal.screen().visible_lines() {
        let mut text: String = line.chars().collect();
        text.truncate(text.trim_end_matches(' ').len());
        view.lines.push(text);
        view.spans.push(spans(line.cells()));
    }
    view
}

fn spans(cells: &[avt::Cell]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (column, cell) in cells.iter().enumerate() {
        if cell.width() == 0 {
            continue;
        }
        let style = Style::from(cell.pen());
        match spans.last_mut() {
            Some(span) if span.style == style => span.text.push(cell.char()),
            _ => spans.push(Span { column: narrow(column), text: cell.char().into(), style }),
        }
    }
    if let Some(last) = spans.last_mut()
        && last.style == Style::default()
    {
        last.text.truncate(last.text.trim_end_matches(' ').len());
        if last.text.is_empty() {
            spans.pop();
        }
    }
    spans
}

fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
