//! Here-documents: text that begins after the line which names its delimiter.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::super::code::WordId;
use super::level::Level;
use super::word::{Mode, WordLevel};
use super::{Parser, Pause};

/// A here-document whose text is still to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    /// The word that becomes its text.
    pub(super) word: WordId,
    pub(super) delimiter: BString,
    /// Whether the delimiter was quoted, so that nothing is expanded.
    pub(super) quoted: bool,
    /// Whether leading tabs go (`<<-`).
    pub(super) strip: bool,
}

impl Parser {
    /// Opens the first waiting here-document, after a newline or at the end of another.
    pub(super) fn next_document(&mut self) -> Result<(), Pause> {
        if self.documents.is_empty() {
            return Ok(());
        }
        let document = self.documents.remove(0);
        self.push(Level::Word(Box::new(WordLevel::document(document))))
    }

    /// At the beginning of a line: whether the here-document ends with it. Takes the line if so.
    pub(super) fn document_ends(&mut self, word: &mut WordLevel) -> Result<bool, Pause> {
        let Some(Mode::Document(document)) = word.modes.last() else { return Ok(false) };
        while document.strip && self.peek()? == Some(b'\t') {
            self.skip(1);
        }
        let input = self.input();
        let rest = input.rest();
        let delimiter = document.delimiter.as_slice();
        let ends = match rest.strip_prefix(delimiter) {
            Some([b'\n', ..]) => true,
            Some([]) if input.finished() => true,
            Some([]) => return Err(Pause::More),
            Some(_) => false,
            None if delimiter.starts_with(rest) && !input.finished() => return Err(Pause::More),
            None => false,
        };
        if ends {
            let newline = rest.len() > delimiter.len();
            self.line += u32::from(newline);
            let length = delimiter.len() + usize::from(newline);
            self.skip(u32::try_from(length).unwrap_or(u32::MAX));
        }
        Ok(ends)
    }
}
