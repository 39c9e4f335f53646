//! What a terminal received, as plain text to read or to compare.

/// Removes control sequences and carriage returns, and lets backspaces erase.
pub fn of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => match characters.next() {
                Some('[') => {
                    // Parameters and intermediates, then one final byte.
                    while characters.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
                }
                Some(']' | 'P' | 'X' | '^' | '_') => {
                    while let Some(c) = characters.next()
                        && c != '\u{7}'
                    {
                        if c == '\u{1b}' {
                            characters.next();
                            break;
                        }
                    }
                }
                Some(' '..='/') => {
                    characters.next();
                }
                // A reset clears the screen, not the record of it.
                _ => {}
            },
            '\u{8}' => {
                if !plain.ends_with('\n') {
                    plain.pop();
                }
            }
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    if !plain.is_empty() && !plain.ends_with('\n') {
        plain.push('\n');
    }
    plain
}

#[cfg(test)]
mod tests {
    #[test]
    fn sequences_vanish_and_backspaces_erase() {
        let received = b"\x1bc\x1b[1mA\x1b[0m\r\nab\x08 \x08c\x1b]0;t\x07d\x1b(B\x1b]x\x1b\\e";
        assert_eq!(super::of(received), "A\nacde\n");
        assert_eq!(super::of(b""), "");
        assert_eq!(super::of(b"\x1b["), "");
    }
}
