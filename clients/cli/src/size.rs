//! A terminal's size as people write it: `80x24`.

use std::str::FromStr;

use hostscape::base::limits::{SCREEN_COLUMNS, SCREEN_ROWS};

/// Columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(['x', 'X']);
        let numbers = parts.and_then(|(columns, rows)| {
            Some(Self { columns: columns.parse().ok()?, rows: rows.parse().ok()? })
        });
        numbers
            .filter(|size| SCREEN_COLUMNS.contains(&size.columns))
            .filter(|size| SCREEN_ROWS.contains(&size.rows))
            .ok_or_else(|| {
                format!(
                    "expected COLUMNSxROWS, such as 80x24, with {} to {} columns and {} to {} rows",
                    SCREEN_COLUMNS.start(),
                    SCREEN_COLUMNS.end(),
                    SCREEN_ROWS.start(),
                    SCREEN_ROWS.end()
                )
            })
    }
}
