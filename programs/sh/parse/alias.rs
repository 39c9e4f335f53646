//! Aliases: names of commands that stand for text, put in place of the name as it is read.
//!
//! Follows: POSIX.1-2024 XCU 2.3.1.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::Parser;
use super::level::SimpleLevel;
use super::token::Lexeme;

/// An alias whose text is being read, so that its own name in it is left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Expanding {
    name: BString,
    /// Where in the innermost input its text ends.
    end: u32,
    /// Whether the text ends with a blank, so that the word after it may be an alias too.
    blank: bool,
}

impl Parser {
    /// Whether a word is an alias to be replaced here.
    pub(super) fn is_alias(&mut self, level: &SimpleLevel, lexeme: &Lexeme) -> bool {
        if self.aliases.is_empty() {
            return false;
        }
        let Some(name) = &lexeme.plain else { return false };
        let at = self.input().position();
        // The word that follows the text of an alias with a blank at its end.
        let follows = self.expanding.iter().any(|alias| alias.blank && at > alias.end);
        self.expanding.retain(|alias| at <= alias.end);
        let here = level.words.is_empty() || follows;
        let busy = self.expanding.iter().any(|alias| alias.name == *name);
        here && !busy && self.aliases.contains_key(name)
    }

    /// Puts an alias's text in front of what is to be read.
    pub(super) fn expand_alias(&mut self, lexeme: &Lexeme) {
        let Some(name) = lexeme.plain.clone() else { return };
        let Some(text) = self.aliases.get(&name).cloned() else { return };
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let Some(input) = self.inputs.last_mut() else { return };
        let at = input.position();
        input.insert(&text);
        for outer in &mut self.expanding {
            outer.end = outer.end.saturating_add(length);
        }
        let blank = text.ends_with(b" ") || text.ends_with(b"\t");
        self.expanding.push(Expanding { name, end: at + length, blank });
    }
}
