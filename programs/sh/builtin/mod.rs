//! Builtins: the utilities that are part of the shell, one file each.
//!
//! A builtin works on the shell's words, its own name first. What may wait or runs commands
//! leaves a frame in place of the simple command's.

mod alias;
mod bg;
mod bracket;
mod break_;
mod cd;
mod colon;
mod command;
mod continue_;
mod dot;
mod echo;
mod eval;
mod exec;
mod exit;
mod export;
mod false_;
mod fg;
mod getopts;
mod hash;
mod jobs;
mod kill;
mod local;
mod printf;
mod pwd;
mod read;
mod readonly;
mod return_;
mod set;
mod shift;
mod test;
mod times;
mod trap;
mod true_;
mod type_;
mod umask;
mod unalias;
mod unset;
mod wait;

pub(in crate::programs::sh) use set::switch;

use super::error::{Eval, Halt};
use super::parse::is_name;
use super::shell::Shell;
use super::vars::Var;
use crate::kernel::Sys;

/// A utility of the shell itself.
pub struct Builtin {
    name: &'static str,
    special: bool,
    run: fn(&mut Shell, &mut Sys<'_>) -> Eval<Outcome>,
}

/// What running a builtin came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Status(u8),
    /// Frames in place of the simple command's do the rest.
    Frame,
}

impl Builtin {
    const fn new(name: &'static str, run: fn(&mut Shell, &mut Sys<'_>) -> Eval<Outcome>) -> Self {
        Self { name, special: false, run }
    }

    const fn special(
        name: &'static str,
        run: fn(&mut Shell, &mut Sys<'_>) -> Eval<Outcome>,
    ) -> Self {
        Self { name, special: true, run }
    }
}

/// All builtins, sorted by name.
const ALL: &[Builtin] = &[
    dot::BUILTIN,
    colon::BUILTIN,
    bracket::BUILTIN,
    alias::BUILTIN,
    bg::BUILTIN,
    break_::BUILTIN,
    cd::BUILTIN,
    command::BUILTIN,
    continue_::BUILTIN,
    echo::BUILTIN,
    eval::BUILTIN,
    exec::BUILTIN,
    exit::BUILTIN,
    export::BUILTIN,
    false_::BUILTIN,
    fg::BUILTIN,
    getopts::BUILTIN,
    hash::BUILTIN,
    jobs::BUILTIN,
    kill::BUILTIN,
    local::BUILTIN,
    printf::BUILTIN,
    pwd::BUILTIN,
    read::BUILTIN,
    readonly::BUILTIN,
    return_::BUILTIN,
    set::BUILTIN,
    shift::BUILTIN,
    test::BUILTIN,
    times::BUILTIN,
    trap::BUILTIN,
    true_::BUILTIN,
    type_::BUILTIN,
    umask::BUILTIN,
    unalias::BUILTIN,
    unset::BUILTIN,
    wait::BUILTIN,
];

/// The place of a builtin in the table.
pub fn find(name: &[u8]) -> Option<u8> {
    let place = ALL.binary_search_by(|builtin| builtin.name.as_bytes().cmp(name)).ok()?;
    u8::try_from(place).ok()
}

/// The name of a builtin.
pub fn name(index: u8) -> &'static str {
    ALL.get(usize::from(index)).map_or("", |builtin| builtin.name)
}

/// Whether a builtin is one of POSIX's special ones.
pub fn is_special(index: u8) -> bool {
    ALL.get(usize::from(index)).is_some_and(|builtin| builtin.special)
}

/// Runs a builtin on the shell's words.
///
/// # Errors
///
/// A wait, or the builtin's error.
pub fn run(index: u8, shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    match ALL.get(usize::from(index)) {
        Some(builtin) => (builtin.run)(shell, sys),
        None => Ok(Outcome::Status(127)),
    }
}

fn illegal(what: &[u8], word: &[u8]) -> Halt {
    Halt::error([what, word].concat())
}

fn illegal_number(word: &[u8]) -> Halt {
    illegal(b"Illegal number: ", word)
}

/// A word as a number that is not negative.
fn count(word: &[u8]) -> Eval<u32> {
    let text = core::str::from_utf8(word).unwrap_or_default();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(illegal_number(word));
    }
    text.parse::<u32>()
        .ok()
        .filter(|n| i32::try_from(*n).is_ok())
        .ok_or_else(|| illegal_number(word))
}

/// The status that `exit` and `return` are given, or the last one.
fn status(shell: &Shell) -> Eval<u8> {
    match shell.words.get(1) {
        None => Ok(shell.status),
        Some(word) => Ok(u8::try_from(count(word)? & 0xff).unwrap_or_default()),
    }
}

/// `name` or `name=value`.
fn name_and_value(word: &[u8]) -> Eval<(&[u8], Option<&[u8]>)> {
    let (name, value) = match word.iter().position(|byte| *byte == b'=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    if is_name(name) { Ok((name, value)) } else { Err(Halt::about(name, "bad variable name")) }
}

/// A value in quotes, so that it can be read in again.
fn quoted(value: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in value {
        if *byte == b'\'' {
            quoted.extend_from_slice(b"'\"'\"'");
        } else {
            quoted.push(*byte);
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Variables as commands that would set them.
fn listing(shell: &Shell, before: &[u8], wanted: fn(&Var) -> bool) -> Vec<u8> {
    let mut list = Vec::new();
    for (name, var) in shell.vars.sorted().filter(|(_, var)| wanted(var)) {
        list.extend_from_slice(before);
        list.extend_from_slice(name);
        if let Some(value) = &var.value {
            list.push(b'=');
            list.extend_from_slice(&quoted(value));
        }
        list.push(b'\n');
    }
    list
}

/// Replaces the escapes of `echo` and of `printf %b`; whether `\c` said to stop.
fn unescape(text: &[u8], zero_octal: bool, into: &mut Vec<u8>) -> bool {
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            into.push(byte);
            continue;
        }
        let Some(escape) = bytes.next() else {
            into.push(b'\\');
            break;
        };
        match escape {
            b'a' => into.push(7),
            b'b' => into.push(8),
            b'c' if zero_octal => return true,
            b'f' => into.push(12),
            b'n' => into.push(b'\n'),
            b'r' => into.push(b'\r'),
            b't' => into.push(b'\t'),
            b'v' => into.push(11),
            b'\\' => into.push(b'\\'),
            b'0'..=b'7' if !zero_octal || escape == b'0' => {
                let mut value = if zero_octal { 0 } else { u32::from(escape - b'0') };
                let most = if zero_octal { 3 } else { 2 };
                for _ in 0..most {
                    let Some(digit) = bytes.next_if(|byte| matches!(byte, b'0'..=b'7')) else {
                        break;
                    };
                    value = value * 8 + u32::from(digit - b'0');
                }
                into.push(u8::try_from(value & 0xff).unwrap_or_default());
            }
            other => into.extend_from_slice(&[b'\\', other]),
        }
    }
    false
}

/// Words that are part of the grammar.
const KEYWORDS: &[&[u8]] = &[
    b"!", b"{", b"}", b"case", b"do", b"done", b"elif", b"else", b"esac", b"fi", b"for", b"if",
    b"in", b"then", b"until", b"while",
];

/// Says what a word would run; 127 if nothing.
fn describe(shell: &mut Shell, index: usize, long: bool, sys: &mut Sys<'_>) -> u8 {
    let name = shell.words.at(index).to_vec();
    let function = shell.vars.find(&name).and_then(|slot| shell.vars.function(slot));
    let (short, text): (Vec<u8>, Vec<u8>) = if KEYWORDS.contains(&name.as_slice()) {
        (name.clone(), b" is a shell keyword".to_vec())
    } else if let Some(special) = find(&name).filter(|index| is_special(*index)) {
        let _ = special;
        (name.clone(), b" is a special shell builtin".to_vec())
    } else if function.is_some() {
        (name.clone(), b" is a shell function".to_vec())
    } else if find(&name).is_some() {
        (name.clone(), b" is a shell builtin".to_vec())
    } else if let Ok(path) = shell.find_command(index, sys)
        && sys.fs().access(&path, crate::fs::AccessMode::EXEC).is_ok()
    {
        (path.to_vec(), [b" is ", &path[..]].concat())
    } else {
        if long {
            shell.output.print([&name[..], b": not found\n"].concat());
        }
        return 127;
    };
    let line = if long { [&name[..], &text, b"\n"].concat() } else { [&short[..], b"\n"].concat() };
    shell.output.print(line);
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(find(b"cd").map(name), Some("cd"));
        assert_eq!(find(b"ls"), None);
    }

    #[test]
    fn special_ones_are_those_the_parser_knows() {
        let special: Vec<&[u8]> =
            ALL.iter().filter(|b| b.special).map(|b| b.name.as_bytes()).collect();
        let mut known = super::super::parse::SPECIAL.to_vec();
        known.sort_unstable();
        assert_eq!(special, known);
    }
}
