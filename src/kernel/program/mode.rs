//! File modes as people write them: `drwxr-xr-x`, `u+x,go=`, `0755`.
//!
//! Follows: POSIX.1-2024 `ls -l` and `chmod` symbolic modes.

use bstr::ByteSlice;

use crate::fs::FileType;

/// The ten characters that `ls -l` begins with.
pub fn letters(kind: FileType, mode: u16) -> String {
    let mut text = String::with_capacity(10);
    text.push(kind_letter(kind));
    for (shift, special, set, unset) in
        [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
    {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => set,
            (false, true) => unset,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// The letter of a file's kind in `ls -l`.
pub const fn kind_letter(kind: FileType) -> char {
    match kind {
        FileType::Regular => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::Fifo => 'p',
        FileType::CharDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Socket => 's',
    }
}

/// What `stat` and `rm -i` call a file.
pub const fn kind_words(kind: FileType, size: u64) -> &'static str {
    match kind {
        FileType::Regular if size == 0 => "regular empty file",
        FileType::Regular => "regular file",
        FileType::Directory => "directory",
        FileType::Symlink => "symbolic link",
        FileType::Fifo => "fifo",
        FileType::CharDevice => "character special file",
        FileType::BlockDevice => "block special file",
        FileType::Socket => "socket",
    }
}

/// The mode that `text` makes of `old`, or `None` if `text` is no mode. Clauses that name nobody
/// (`+x`) leave the bits of `umask` alone.
pub fn change(text: &[u8], old: u16, directory: bool, umask: u16) -> Option<u16> {
    if !text.is_empty() && text.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
        let number = u16::from_str_radix(text.to_str().ok()?, 8).ok()?;
        // GNU keeps a directory's set-id bits unless they are spelled out.
        let kept = if directory && text.len() <= 4 { old & 0o6000 } else { 0 };
        return (number <= 0o7777).then_some(number | kept);
    }
    let mut mode = old;
    for clause in text.split_str(",") {
        mode = change_clause(clause, mode, directory, umask)?;
    }
    Some(mode)
}

fn change_clause(clause: &[u8], old: u16, directory: bool, umask: u16) -> Option<u16> {
    let names = clause.iter().take_while(|byte| b"ugoa".contains(byte)).count();
    let (who, mut rest) = clause.split_at(names);
    let mut mask = who.iter().fold(0, |mask, who| {
        mask | match who {
            b'u' => 0o4700,
            b'g' => 0o2070,
            b'o' => 0o1007,
            _ => 0o7777,
        }
    });
    let spared = if who.is_empty() { umask } else { 0 };
    if who.is_empty() {
        mask = 0o7777;
    }
    let mut mode = old;
    if rest.is_empty() {
        return None;
    }
    while let [operator @ (b'+' | b'-' | b'='), tail @ ..] = rest {
        let length = tail.iter().take_while(|byte| !b"+-=".contains(byte)).count();
        let mut bits = 0;
        for letter in &tail[..length] {
            bits |= match letter {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                b'X' if directory || mode & 0o111 != 0 => 0o111,
                b'X' => 0,
                b's' => 0o6000,
                b't' => 0o1000,
                b'u' => (mode >> 6 & 7) * 0o111,
                b'g' => (mode >> 3 & 7) * 0o111,
                b'o' => (mode & 7) * 0o111,
                _ => return None,
            };
        }
        let bits = bits & mask & !spared;
        mode = match operator {
            b'+' => mode | bits,
            b'-' => mode & !bits,
            _ => {
                let kept = if directory { 0o6000 & !bits } else { 0 };
                (mode & !(mask & !kept)) | bits
            }
        };
        rest = &tail[length..];
    }
    rest.is_empty().then_some(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_spelled_as_ls_spells_them() {
        assert_eq!(letters(FileType::Directory, 0o755), "drwxr-xr-x");
        assert_eq!(letters(FileType::Regular, 0o4755), "-rwsr-xr-x");
        assert_eq!(letters(FileType::Directory, 0o1777), "drwxrwxrwt");
        assert_eq!(letters(FileType::Regular, 0o7000), "---S--S--T");
    }

    #[test]
    fn changes_are_those_of_chmod() {
        for (text, old, expected) in [
            ("755", 0o644, Some(0o755)),
            ("u+x", 0o644, Some(0o744)),
            ("+x", 0o644, Some(0o755)),
            ("+w", 0o444, Some(0o644)),
            ("go=", 0o777, Some(0o700)),
            ("a-w,u+s", 0o777, Some(0o4555)),
            ("g=u", 0o740, Some(0o770)),
            ("u=rw+x", 0o000, Some(0o700)),
            ("+t", 0o777, Some(0o1777)),
            ("z+x", 0o644, None),
            ("u", 0o644, None),
            ("", 0o644, None),
            ("9", 0o644, None),
            ("77777", 0o644, None),
        ] {
            assert_eq!(change(text.as_bytes(), old, false, 0o022), expected, "{text}");
        }
        assert_eq!(change(b"+X", 0o644, true, 0), Some(0o755));
        assert_eq!(change(b"+X", 0o644, false, 0), Some(0o644));
    }
}
