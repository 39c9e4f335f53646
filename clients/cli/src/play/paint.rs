//! Painting: brings the real terminal from what it shows to what it is to show, row by row.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{
    Attribute, Color as RealColor, Print, SetAttribute, SetBackgroundColor, SetForegroundColor,
};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use hostscape::kernel::screen::{Color, Cursor, Span, Style};

/// What is to be shown: rows from the top, and the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Runs of styled text, by row.
    pub rows: Vec<Vec<Span>>,
    /// The cursor; none: hidden.
    pub cursor: Option<Cursor>,
}

impl Frame {
    /// A row of one style that fills `columns`.
    pub fn bar(text: &str, columns: u16, style: Style) -> Vec<Span> {
        let columns = usize::from(columns);
        let mut text: String = text.chars().take(columns).collect();
        let missing = columns.saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n(' ', missing));
        vec![Span { column: 0, text, style }]
    }

    /// A row of plain text.
    pub fn plain(text: &str) -> Vec<Span> {
        vec![Span { column: 0, text: text.to_owned(), style: Style::default() }]
    }
}

/// Remembers what the real terminal shows.
#[derive(Default)]
pub struct Painter {
    shown: Option<Frame>,
}

impl Painter {
    /// Forgets what is shown: the next frame is painted whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Shows a frame.
    pub fn paint(&mut self, frame: Frame, out: &mut impl Write) -> io::Result<()> {
        if self.shown.as_ref() == Some(&frame) {
            return Ok(());
        }
        queue!(out, BeginSynchronizedUpdate, Hide)?;
        if self.shown.is_none() {
            queue!(out, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
        }
        let shown = self.shown.take().unwrap_or_default();
        for (index, row) in frame.rows.iter().enumerate() {
            if shown.rows.get(index) != Some(row) {
                paint_row(u16::try_from(index).unwrap_or(u16::MAX), row, out)?;
            }
        }
        if let Some(cursor) = frame.cursor {
            queue!(out, MoveTo(cursor.column, cursor.row), Show)?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()?;
        self.shown = Some(frame);
        Ok(())
    }
}

fn paint_row(index: u16, row: &[Span], out: &mut impl Write) -> io::Result<()> {
    queue!(out, MoveTo(0, index), SetAttribute(Attribute::Reset), Clear(ClearType::UntilNewLine))?;
    for span in row {
        queue!(out, MoveTo(span.column, index), SetAttribute(Attribute::Reset))?;
        style(span.style, out)?;
        queue!(out, Print(&span.text))?;
    }
    queue!(out, SetAttribute(Attribute::Reset))
}

fn style(style: Style, out: &mut impl Write) -> io::Result<()> {
    let attributes = [
        (style.bold, Attribute::Bold),
        (style.faint, Attribute::Dim),
        (style.italic, Attribute::Italic),
        (style.underline, Attribute::Underlined),
        (style.blink, Attribute::SlowBlink),
        (style.inverse, Attribute::Reverse),
        (style.strikethrough, Attribute::CrossedOut),
    ];
    for (_, attribute) in attributes.into_iter().filter(|(set, _)| *set) {
        queue!(out, SetAttribute(attribute))?;
    }
    if let Some(color) = style.foreground {
        queue!(out, SetForegroundColor(real(color)))?;
    }
    if let Some(color) = style.background {
        queue!(out, SetBackgroundColor(real(color)))?;
    }
    Ok(())
}

fn real(color: Color) -> RealColor {
    match color {
        Color::Indexed(index) => RealColor::AnsiValue(index),
        Color::Rgb(r, g, b) => RealColor::Rgb { r, g, b },
    }
}
