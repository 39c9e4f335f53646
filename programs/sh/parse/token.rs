//! [`Token`]: what the grammar is made of.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::super::code::{NameId, RedirectKind, WordId};

/// A token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Token {
    /// The input has ended.
    End,
    Newline,
    Semicolon,
    Ampersand,
    And,
    Or,
    Pipe,
    LeftParen,
    RightParen,
    /// `;;`
    CaseEnd,
    Redirect {
        fd: u32,
        kind: RedirectKind,
        /// Whether a here-document loses its leading tabs.
        strip: bool,
    },
    Word(Lexeme),
}

/// A word as the grammar sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Lexeme {
    pub(super) word: WordId,
    /// Its text, when nothing in it is quoted or expanded.
    pub(super) plain: Option<BString>,
    /// The name, when it is `name=value` where an assignment may stand; the word is then the value.
    pub(super) assigned: Option<NameId>,
    /// Whether any of it is quoted.
    pub(super) quoted: bool,
}

/// Reserved words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Not,
    LeftBrace,
    RightBrace,
    Case,
    Do,
    Done,
    Elif,
    Else,
    Esac,
    Fi,
    For,
    If,
    In,
    Then,
    Until,
    While,
}

impl Keyword {
    /// The reserved word of this spelling.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"!" => Self::Not,
            b"{" => Self::LeftBrace,
            b"}" => Self::RightBrace,
            b"case" => Self::Case,
            b"do" => Self::Do,
            b"done" => Self::Done,
            b"elif" => Self::Elif,
            b"else" => Self::Else,
            b"esac" => Self::Esac,
            b"fi" => Self::Fi,
            b"for" => Self::For,
            b"if" => Self::If,
            b"in" => Self::In,
            b"then" => Self::Then,
            b"until" => Self::Until,
            b"while" => Self::While,
            _ => return None,
        })
    }

    /// Its spelling, as messages show it.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Not => "\"!\"",
            Self::LeftBrace => "\"{\"",
            Self::RightBrace => "\"}\"",
            Self::Case => "\"case\"",
            Self::Do => "\"do\"",
            Self::Done => "\"done\"",
            Self::Elif => "\"elif\"",
            Self::Else => "\"else\"",
            Self::Esac => "\"esac\"",
            Self::Fi => "\"fi\"",
            Self::For => "\"for\"",
            Self::If => "\"if\"",
            Self::In => "\"in\"",
            Self::Then => "\"then\"",
            Self::Until => "\"until\"",
            Self::While => "\"while\"",
        }
    }

    /// Whether it ends a list.
    pub(super) fn ends_list(self) -> bool {
        matches!(
            self,
            Self::Do
                | Self::Done
                | Self::Elif
                | Self::Else
                | Self::Esac
                | Self::Fi
                | Self::Then
                | Self::RightBrace
        )
    }
}

impl Token {
    /// The reserved word it is, where one may stand.
    pub(super) fn keyword(&self) -> Option<Keyword> {
        match self {
            Self::Word(Lexeme { plain: Some(text), .. }) => Keyword::of(text),
            _ => None,
        }
    }

    /// As messages show it; `keywords` tells whether a reserved word counts as one.
    pub(super) fn shown(&self, keywords: bool) -> &'static str {
        match self {
            Self::End => "end of file",
            Self::Newline => "newline",
            Self::Semicolon => "\";\"",
            Self::Ampersand => "\"&\"",
            Self::And => "\"&&\"",
            Self::Or => "\"||\"",
            Self::Pipe => "\"|\"",
            Self::LeftParen => "\"(\"",
            Self::RightParen => "\")\"",
            Self::CaseEnd => "\";;\"",
            Self::Redirect { .. } => "redirection",
            Self::Word(_) => match self.keyword() {
                Some(keyword) if keywords => keyword.shown(),
                _ => "word",
            },
        }
    }
}
