//! Keys as a terminal sends them: what a key press becomes for a guest.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The bytes that an xterm sends for a key; `application` is its cursor key mode (DECCKM).
pub fn encode(key: &KeyEvent, application: bool) -> Vec<u8> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let mut bytes = match key.code {
        KeyCode::Char(c) if control => control_code(c),
        KeyCode::Char(c) => c.encode_utf8(&mut [0; 4]).as_bytes().to_vec(),
        KeyCode::Enter => vec![b'\r'],
        KeyCode::Tab => vec![b'\t'],
        KeyCode::Backspace => vec![if control { 0x08 } else { 0x7f }],
        KeyCode::Esc => vec![0x1b],
        KeyCode::Null => vec![0],
        KeyCode::BackTab => b"\x1b[Z".to_vec(),
        code => return special(code, key.modifiers, application),
    };
    if key.modifiers.contains(KeyModifiers::ALT) && !bytes.is_empty() {
        bytes.insert(0, 0x1b);
    }
    bytes
}

fn control_code(c: char) -> Vec<u8> {
    match c.to_ascii_uppercase() {
        c @ '@'..='_' => vec![u8::try_from(c).unwrap_or_default() & 0x1f],
        ' ' | '2' => vec![0],
        // What old keyboards send with these digits, and what crossterm reports for the codes.
        '3' => vec![0x1b],
        '4' => vec![0x1c],
        '5' => vec![0x1d],
        '6' => vec![0x1e],
        '7' | '/' => vec![0x1f],
        '8' | '?' => vec![0x7f],
        c => c.encode_utf8(&mut [0; 4]).as_bytes().to_vec(),
    }
}

/// Keys that are sent as sequences.
fn special(code: KeyCode, modifiers: KeyModifiers, application: bool) -> Vec<u8> {
    // xterm's number for the modifiers; 1 is none.
    let modifier = 1
        + u8::from(modifiers.contains(KeyModifiers::SHIFT))
        + 2 * u8::from(modifiers.contains(KeyModifiers::ALT))
        + 4 * u8::from(modifiers.contains(KeyModifiers::CONTROL));
    let letter = match code {
        KeyCode::Up => 'A',
        KeyCode::Down => 'B',
        KeyCode::Right => 'C',
        KeyCode::Left => 'D',
        KeyCode::Home => 'H',
        KeyCode::End => 'F',
        KeyCode::F(number @ 1..=4) => char::from(b'P' + number - 1),
        _ => return numbered(code, modifier),
    };
    let introducer = if application || matches!(code, KeyCode::F(_)) { 'O' } else { '[' };
    match modifier {
        1 => format!("\x1b{introducer}{letter}"),
        modifier => format!("\x1b[1;{modifier}{letter}"),
    }
    .into_bytes()
}

fn numbered(code: KeyCode, modifier: u8) -> Vec<u8> {
    let number = match code {
        KeyCode::Insert => 2,
        KeyCode::Delete => 3,
        KeyCode::PageUp => 5,
        KeyCode::PageDown => 6,
        KeyCode::F(5) => 15,
        KeyCode::F(number @ 6..=10) => number + 11,
        KeyCode::F(number @ 11..=12) => number + 12,
        _ => return Vec::new(),
    };
    match modifier {
        1 => format!("\x1b[{number}~"),
        modifier => format!("\x1b[{number};{modifier}~"),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(code: KeyCode, modifiers: KeyModifiers) -> String {
        encode(&KeyEvent::new(code, modifiers), false).escape_ascii().to_string()
    }

    #[test]
    fn keys_are_sent_as_xterm_sends_them() {
        let none = KeyModifiers::NONE;
        assert_eq!(sent(KeyCode::Char('a'), none), "a");
        assert_eq!(sent(KeyCode::Char('é'), none), r"\xc3\xa9");
        assert_eq!(sent(KeyCode::Char('c'), KeyModifiers::CONTROL), r"\x03");
        assert_eq!(sent(KeyCode::Char('4'), KeyModifiers::CONTROL), r"\x1c");
        assert_eq!(sent(KeyCode::Char('b'), KeyModifiers::ALT), r"\x1bb");
        assert_eq!(sent(KeyCode::Backspace, none), r"\x7f");
        assert_eq!(sent(KeyCode::Up, none), r"\x1b[A");
        assert_eq!(sent(KeyCode::Up, KeyModifiers::CONTROL), r"\x1b[1;5A");
        assert_eq!(sent(KeyCode::F(1), none), r"\x1bOP");
        assert_eq!(sent(KeyCode::F(10), none), r"\x1b[21~");
        assert_eq!(sent(KeyCode::Delete, KeyModifiers::SHIFT), r"\x1b[3;2~");
        let up = KeyEvent::new(KeyCode::Up, none);
        assert_eq!(encode(&up, true), b"\x1bOA");
    }
}
