//! Inputs written in a file: a time, a machine or link, and what to do to it, one a line.

use std::path::Path;

use hostscape::Sim;
use hostscape::base::{LinkId, MachineId, Tick};
use hostscape::kernel::{MachineInput, TtyId};
use hostscape::world::input::Input;

use crate::failure::Failure;
use crate::size::Size;
use crate::source;
use crate::span::Span;

/// Queues the inputs of a file. Times count from the beginning of the simulation.
pub fn queue(sim: &mut Sim, path: &Path) -> Result<(), Failure> {
    let name = path.display();
    let bytes = source::read(path)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(format_args!("{name}: not UTF-8; write bytes as \\xHH")))?;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let queued = parse(sim, trimmed)
            .and_then(|(at, input)| sim.input_at(at, input).map_err(|error| error.to_string()));
        queued.map_err(|error| Failure::new(format_args!("{name}:{}: {error}", index + 1)))?;
    }
    Ok(())
}

fn parse(sim: &Sim, line: &str) -> Result<(Tick, Input), String> {
    let (at, rest) = word(line);
    let span: Span = at.parse().map_err(|error| format!("time {at:?}: {error}"))?;
    let (target, rest) = word(rest);
    let at = Tick::ZERO + span.0;
    if target == "link" {
        let (number, what) = word(rest);
        let link = number
            .parse()
            .map_err(|_| format!("link {number:?}: expected its number, counted from 1"))?;
        let up = match what.trim() {
            "up" => true,
            "down" => false,
            other => return Err(format!("{other:?}: expected up or down")),
        };
        return Ok((at, Input::LinkUp(LinkId(link), up)));
    }
    let machine = find(sim, target)?;
    Ok((at, Input::Machine(machine, action(rest)?)))
}

fn find(sim: &Sim, name: &str) -> Result<MachineId, String> {
    sim.find(name).ok_or_else(|| {
        let known: Vec<String> =
            sim.machines().map(|machine| machine.name().to_owned()).take(20).collect();
        format!("there is no machine {name:?}; name one of: {}", known.join(", "))
    })
}

fn action(text: &str) -> Result<MachineInput, String> {
    let (verb, rest) = word(text);
    match verb {
        "type" => {
            let (tty, keys) = word(rest);
            Ok(MachineInput::Keys { tty: terminal(tty)?, bytes: unquote(keys.trim())? })
        }
        "resize" => {
            let (tty, size) = word(rest);
            let Size { columns, rows } = size.trim().parse()?;
            Ok(MachineInput::Resize { tty: terminal(tty)?, columns, rows })
        }
        "power" => match rest.trim() {
            "on" => Ok(MachineInput::PowerOn),
            "off" => Ok(MachineInput::PowerOff),
            "button" => Ok(MachineInput::PowerButton),
            other => Err(format!("power {other:?}: expected on, off or button")),
        },
        other => Err(format!("{other:?}: expected type, resize or power")),
    }
}

fn terminal(name: &str) -> Result<TtyId, String> {
    name.strip_prefix("tty")
        .and_then(|number| number.parse().ok())
        .map(TtyId)
        .ok_or_else(|| format!("terminal {name:?}: expected tty1, tty2 …"))
}

/// A text in double quotes with the escapes `\n` (the Enter key), `\t`, `\e`, `\\`, `\"`, `\xHH`.
fn unquote(text: &str) -> Result<Vec<u8>, String> {
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .ok_or("keys: expected a text in double quotes, such as \"ls\\n\"")?;
    let mut bytes = Vec::new();
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        match characters.next() {
            Some('n' | 'r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some('e') => bytes.push(0x1b),
            Some(c @ ('\\' | '"')) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Some('x') => {
                let digits: String = characters.by_ref().take(2).collect();
                let byte = u8::from_str_radix(&digits, 16)
                    .map_err(|_| format!("\\x{digits}: expected two hexadecimal digits"))?;
                bytes.push(byte);
            }
            other => {
                let other = other.map(String::from).unwrap_or_default();
                return Err(format!("\\{other}: expected \\n, \\t, \\e, \\\\, \\\" or \\xHH"));
            }
        }
    }
    Ok(bytes)
}

/// The first word of a line, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unquoted() {
        assert_eq!(
            unquote(r#""ls -l\n\x03\e[A\"\\é""#).unwrap(),
            "ls -l\r\x03\x1b[A\"\\é".as_bytes()
        );
        for wrong in ["ls", "\"ls", r#""\q""#, r#""\xg0""#, r#""\""#] {
            assert!(unquote(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn actions_are_read() {
        assert_eq!(action("power button"), Ok(MachineInput::PowerButton));
        assert_eq!(
            action("resize tty2 100x30"),
            Ok(MachineInput::Resize { tty: TtyId(2), columns: 100, rows: 30 })
        );
        assert!(action("explode").unwrap_err().contains("expected type"));
        assert!(action("type console \"x\"").unwrap_err().contains("tty1"));
    }
}
