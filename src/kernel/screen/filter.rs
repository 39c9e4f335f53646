//! What a terminal makes of the bytes it receives, up to complete control functions: decoding,
//! C0 and C1 controls, escape sequences, and the questions a terminal answers.
//!
//! Invariant: what comes out is text, harmless C0 controls and complete sequences the emulator
//! knows, with numbers of at most four digits. So the emulator is between sequences at the end of
//! every write, and the half-received rest is kept here, as data.
//!
//! Follows: the state machine of ECMA-48 and DEC terminals as xterm implements it in UTF-8 mode.
//! Left out: operating system commands (window titles), device control strings, mouse reports;
//! they are received and dropped.

use core::fmt::Write;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

/// Longest control sequence that is looked at; longer ones are received and dropped.
const SEQUENCE_MAX: usize = 256;
/// Parameters of one sequence that count (xterm `NPARAM`).
const PARAMETERS_MAX: usize = 30;
/// Largest parameter; beyond every screen, and small enough for sixteen bits.
const NUMBER_MAX: u16 = 9999;

/// Where what the filter lets through goes.
pub(super) trait Sink {
    /// Text and short controls, in the emulator's language.
    fn text(&mut self, text: &str);
    /// A function whose cost is that of touching about `cells` cells.
    fn heavy(&mut self, text: &str, cells: Cells);
    /// A question to answer, asked at this point of the text.
    fn query(&mut self, query: Query);
}

/// How much of the screen a function touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// One row.
    Row,
    /// All rows.
    All,
}

/// What a terminal is asked by what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// DSR 5: are you well?
    Status,
    /// DSR 6: where is the cursor?
    Position,
    /// DECXCPR: where is the cursor, DEC's form.
    ExtendedPosition,
    /// DA, DECID: what are you?
    Primary,
    /// DA2: which version are you?
    Secondary,
    /// DECREQTPARM: line parameters, solicited (3) or not (2).
    Parameters(u8),
    /// How large is the text area (xterm window operation 18)?
    Size,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Ground,
    Escape,
    EscapeIntermediate,
    Control,
    /// A control sequence that is too long or malformed, dropped up to its final byte.
    ControlIgnored,
    /// An operating system command, ended by ST or BEL.
    Command,
    /// Another string, ended by ST.
    String,
}

/// The receiving half of a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Filter {
    state: State,
    /// The sequence received so far, without its introducer.
    sequence: String,
    /// The beginning of a UTF-8 sequence: at most three bytes.
    #[serde(with = "serde_bytes")]
    partial: Vec<u8>,
    /// Whether the last thing was a character, which REP may repeat.
    printed: bool,
}

impl Filter {
    /// Takes in `bytes`, passing on what is complete.
    pub(super) fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) {
        let mut rest = bytes;
        while !self.partial.is_empty() {
            let Some((next, tail)) = rest.split_first() else { return };
            self.complete(*next, sink);
            rest = tail;
        }
        for chunk in rest.utf8_chunks() {
            self.characters(chunk.valid(), sink);
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            // Only at the very end may an ill-formed sequence be one that is not yet whole.
            let last = invalid.as_ptr_range().end == rest.as_ptr_range().end;
            let unfinished = last
                && core::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if unfinished {
                self.partial.extend_from_slice(invalid);
            } else {
                self.character(char::REPLACEMENT_CHARACTER, sink);
            }
        }
    }

    /// Adds a byte to an unfinished UTF-8 sequence.
    fn complete(&mut self, byte: u8, sink: &mut impl Sink) {
        self.partial.push(byte);
        let taken = core::mem::take(&mut self.partial);
        match core::str::from_utf8(&taken) {
            Ok(text) => self.characters(text, sink),
            Err(error) if error.error_len().is_none() && taken.len() < 4 => self.partial = taken,
            Err(_) => {
                // The sequence before the byte was cut short; the byte begins anew. It cannot be
                // a continuation, or it would have been accepted or have ended the sequence.
                self.character(char::REPLACEMENT_CHARACTER, sink);
                match core::str::from_utf8(&[byte]) {
                    Ok(text) => self.characters(text, sink),
                    Err(error) if error.error_len().is_none() => self.partial.push(byte),
                    Err(_) => self.character(char::REPLACEMENT_CHARACTER, sink),
                }
            }
        }
    }

    fn characters(&mut self, text: &str, sink: &mut impl Sink) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.state == State::Ground {
                let plain = rest
                    .find(|c: char| c < ' ' || ('\u{7f}'..'\u{a0}').contains(&c))
                    .unwrap_or(rest.len());
                if plain > 0 {
                    self.printed = true;
                    print(&rest[..plain], sink);
                    rest = &rest[plain..];
                    continue;
                }
            }
            let mut characters = rest.chars();
            if let Some(character) = characters.next() {
                self.character(character, sink);
            }
            rest = characters.as_str();
        }
    }

    fn character(&mut self, c: char, sink: &mut impl Sink) {
        match c {
            '\u{1b}' => self.enter(State::Escape),
            '\u{18}' | '\u{1a}' => self.state = State::Ground,
            '\u{80}'..='\u{9f}' => self.c1(c, sink),
            _ => match self.state {
                State::Ground => self.ground(c, sink),
                State::Escape | State::EscapeIntermediate | State::Control if c < ' ' => {
                    self.ground(c, sink);
                }
                State::Escape => self.escape(c, sink),
                State::EscapeIntermediate => self.escape_intermediate(c, sink),
                State::Control => self.control(c, sink),
                State::ControlIgnored => match c {
                    '\0'..' ' => self.ground(c, sink),
                    '@'..='~' => self.state = State::Ground,
                    _ => {}
                },
                State::Command if c == '\u{7}' => self.state = State::Ground,
                State::Command | State::String => {}
            },
        }
    }

    /// A character outside sequences, or a control within one.
    fn ground(&mut self, c: char, sink: &mut impl Sink) {
        self.printed = c >= ' ' && c != '\u{7f}';
        match c {
            '\u{a}'..='\u{c}' => sink.heavy("\n", Cells::Row),
            '\u{8}' | '\t' | '\r' | '\u{e}' | '\u{f}' => sink.text(c.encode_utf8(&mut [0; 4])),
            ' '..='~' | '\u{a0}'.. => print(c.encode_utf8(&mut [0; 4]), sink),
            _ => {}
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.sequence.clear();
    }

    fn c1(&mut self, c: char, sink: &mut impl Sink) {
        match c {
            '\u{9b}' => self.enter(State::Control),
            '\u{9d}' => self.enter(State::Command),
            '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => self.enter(State::String),
            // Strings hold no other C1 controls than ST, which ends them as it ends nothing else.
            _ if matches!(self.state, State::Command | State::String) && c != '\u{9c}' => {}
            _ => {
                self.state = State::Ground;
                self.printed = false;
                match c {
                    '\u{84}' => sink.heavy("\u{1b}D", Cells::Row),
                    '\u{85}' => sink.heavy("\u{1b}E", Cells::Row),
                    '\u{88}' => sink.text("\u{1b}H"),
                    '\u{8d}' => sink.heavy("\u{1b}M", Cells::Row),
                    '\u{9a}' => sink.query(Query::Primary),
                    _ => {}
                }
            }
        }
    }

    fn escape(&mut self, c: char, sink: &mut impl Sink) {
        match c {
            ' '..='/' => {
                self.sequence.push(c);
                self.state = State::EscapeIntermediate;
            }
            '[' => self.enter(State::Control),
            ']' => self.enter(State::Command),
            'P' | 'X' | '^' | '_' => self.enter(State::String),
            '\u{7f}' => {}
            _ => {
                self.state = State::Ground;
                self.printed = false;
                match c {
                    '7' => sink.text("\u{1b}7"),
                    '8' => sink.text("\u{1b}8"),
                    'D' => sink.heavy("\u{1b}D", Cells::Row),
                    'E' => sink.heavy("\u{1b}E", Cells::Row),
                    'H' => sink.text("\u{1b}H"),
                    'M' => sink.heavy("\u{1b}M", Cells::Row),
                    'c' => sink.heavy("\u{1b}c", Cells::All),
                    'Z' => sink.query(Query::Primary),
                    _ => {}
                }
            }
        }
    }

    fn escape_intermediate(&mut self, c: char, sink: &mut impl Sink) {
        match c {
            ' '..='/' if self.sequence.len() < SEQUENCE_MAX => self.sequence.push(c),
            ' '..='/' | '\u{7f}' => {}
            _ => {
                self.state = State::Ground;
                self.printed = false;
                match (self.sequence.as_str(), c) {
                    ("(", '0') => sink.text("\u{1b}(0"),
                    ("(", '0'..='~') => sink.text("\u{1b}(B"),
                    (")", '0') => sink.text("\u{1b})0"),
                    (")", '0'..='~') => sink.text("\u{1b})B"),
                    // The alignment test also resets the margins and homes the cursor.
                    ("#", '8') => sink.heavy("\u{1b}[r\u{1b}#8\u{1b}[H", Cells::All),
                    _ => {}
                }
            }
        }
    }

    fn control(&mut self, c: char, sink: &mut impl Sink) {
        match c {
            '\u{7f}' => {}
            ' '..='?' => {
                let first = self.sequence.is_empty();
                let after_intermediate =
                    self.sequence.ends_with(|last| (' '..='/').contains(&last));
                let wrong = ('<'..='?').contains(&c) && !first
                    || c >= '0' && after_intermediate
                    || c == ':' && first;
                if wrong || self.sequence.len() >= SEQUENCE_MAX {
                    self.state = State::ControlIgnored;
                } else {
                    self.sequence.push(c);
                }
            }
            '@'..='~' => {
                self.state = State::Ground;
                // REP repeats a character just printed, and may itself be repeated.
                self.printed &= c == 'b';
                if self.printed || c != 'b' {
                    dispatch(&self.sequence, c, sink);
                }
            }
            _ => self.state = State::Ground,
        }
    }
}

/// Printable text.
fn print(text: &str, sink: &mut impl Sink) {
    if text.is_ascii() {
        sink.text(text);
        return;
    }
    // A cell of the emulator has room for one character, so accents that would join the one
    // before are dropped; they must not take a cell of their own.
    for run in text.split(|c: char| c.width() == Some(0)).filter(|run| !run.is_empty()) {
        sink.text(run);
    }
}

/// A complete control sequence: what stood between introducer and final byte, and that byte.
fn dispatch(sequence: &str, last: char, sink: &mut impl Sink) {
    let numbers_end = sequence.find(|c| (' '..='/').contains(&c)).unwrap_or(sequence.len());
    let (parameters, intermediates) = sequence.split_at(numbers_end);
    let private = parameters.chars().next().filter(|c| ('<'..='?').contains(c));
    let parameters = &parameters[usize::from(private.is_some())..];
    let first = number(parameters.split([';', ':']).next().unwrap_or_default());
    let known = match (private, intermediates, last) {
        (None, "", 'T') => !parameters.contains(';'),
        (None, "", '@'..='I' | 'J'..='M' | 'P' | 'S' | 'W'..='X' | 'Z' | '`'..='b') => true,
        (None, "", 'd'..='h' | 'l' | 'm' | 'r' | 's' | 'u') => true,
        (Some('?'), "", 'h' | 'l') => true,
        (None, "!", 'p') => true,
        _ => false,
    };
    if known {
        let text = rebuild(private, parameters, intermediates, last);
        match last {
            'J' | 'L' | 'M' | 'S' | 'T' | 'b' | 'h' | 'l' => sink.heavy(&text, Cells::All),
            '@' | 'K' | 'P' | 'X' => sink.heavy(&text, Cells::Row),
            _ => sink.text(&text),
        }
        return;
    }
    // Answers have several parameters: a question that has as many may be the echo of one.
    if parameters.contains(';') {
        return;
    }
    let query = match (private, intermediates, last, first) {
        (None, "", 'n', 5) => Query::Status,
        (None, "", 'n', 6) => Query::Position,
        (Some('?'), "", 'n', 6) => Query::ExtendedPosition,
        (None, "", 'c', 0) => Query::Primary,
        (Some('>'), "", 'c', 0) => Query::Secondary,
        (None, "", 'x', 0) => Query::Parameters(2),
        (None, "", 'x', 1) => Query::Parameters(3),
        (None, "", 't', 18) => Query::Size,
        _ => return,
    };
    sink.query(query);
}

/// The sequence in its plainest form, with bounded numbers.
fn rebuild(private: Option<char>, parameters: &str, intermediates: &str, last: char) -> String {
    let mut text = String::from("\u{1b}[");
    text.extend(private);
    for (index, group) in parameters.split(';').take(PARAMETERS_MAX).enumerate() {
        if index > 0 {
            text.push(';');
        }
        for (part, digits) in group.split(':').enumerate() {
            if part > 0 {
                text.push(':');
            }
            if !digits.is_empty() {
                // The emulator knows the alternate screen by its newer name only.
                let value = match (number(digits), private) {
                    (47, Some('?')) => 1047,
                    (value, _) => value,
                };
                // Writing to a string does not fail.
                let _ = write!(text, "{value}");
            }
        }
    }
    text.push_str(intermediates);
    text.push(last);
    text
}

fn number(digits: &str) -> u16 {
    digits.bytes().fold(0, |value: u16, digit| {
        let digit = u16::from(digit.wrapping_sub(b'0'));
        value.saturating_mul(10).saturating_add(digit).min(NUMBER_MAX)
    })
}
