//! Sessions: what a player sees, as transcripts over several machines and ticks.
//!
//! Every `tests/sessions/*.session` is played, and what it shows is compared with
//! what it says. `UPDATE_EXPECT=1 cargo test` writes the files anew; read the diff.
//! One line is one thing done:
//!
//! ```text
//! # a comment
//! world demo                 the world: a bundled name, or a path in the repository
//! at desk1 tty1              where the following lines happen
//! wait "login:" 5s           go on until the screen shows it, at most so long (10s)
//! prompt                     go on until the cursor stands behind a shell's prompt
//! type root                  type a line and press enter
//! keys ^C                    press keys: ^X is control, \xNN a byte, all else itself
//! advance 500ms              let time pass
//! power gw1 off              pull the plug; `on` puts it back
//! link desk1 lan-a down      pull a cable; `up` puts it back
//! reload                     save, forget the world, load
//! screen                     show the screen: the lines after it, each behind `| `
//! ```

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hostscape::base::Ticks;

use crate::support::Lab;

/// How long a `wait` waits when it does not say.
const PATIENCE: Ticks = Ticks(10_000);

#[test]
fn sessions_show_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension() == Some(OsStr::new("session")))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no sessions in tests/sessions");
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let played = play(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
        expect_test::expect_file![&path].assert_eq(&played);
    }
}

/// Plays a session and returns it as it should be written.
fn play(text: &str) -> Result<String, String> {
    let mut played = String::new();
    let mut stage = None;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('|') {
            continue; // shown anew by the `screen` before it
        }
        played.push_str(line);
        played.push('\n');
        let place = |error: String| format!("{}: {error}", index + 1);
        if let Some(shown) = act(&mut stage, line).map_err(place)? {
            played.push_str(&shown);
        }
    }
    Ok(played)
}

/// A world, and where in it the lines happen.
struct Stage {
    lab: Lab,
    machine: String,
    tty: u32,
}

/// Does one line; returns what it shows.
fn act(stage: &mut Option<Stage>, line: &str) -> Result<Option<String>, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if word.is_empty() || word.starts_with('#') {
        return Ok(None);
    }
    if word == "world" {
        *stage = Some(Stage { lab: Lab::world(rest)?, machine: String::new(), tty: 1 });
        return Ok(None);
    }
    let stage = stage.as_mut().ok_or("begin with `world NAME`")?;
    let words: Vec<&str> = rest.split(' ').collect();
    match (word, words.as_slice()) {
        ("at", [machine, tty]) => {
            stage.machine = (*machine).to_owned();
            let number = tty.strip_prefix("tty").and_then(|n| n.parse().ok());
            stage.tty = number.ok_or_else(|| format!("`{tty}` is no tty; write tty1"))?;
        }
        ("type", _) => stage.lab.keys(&stage.machine, stage.tty, format!("{rest}\r").as_bytes())?,
        ("keys", _) => stage.lab.keys(&stage.machine, stage.tty, &keys(rest)?)?,
        ("advance", [span]) => stage.lab.advance(ticks(span)?),
        ("wait", _) => {
            let (wanted, patience) = waited(rest)?;
            let shown = |lines: &[String], _: usize| lines.iter().any(|l| l.contains(wanted));
            stage.wait(wanted, patience, shown)?;
        }
        ("prompt", [""]) => {
            let shown = |lines: &[String], cursor: usize| {
                lines.get(cursor).is_some_and(|line| line.ends_with(['#', '$']))
            };
            stage.wait("# or $", PATIENCE, shown)?;
        }
        ("power", [machine, state]) => stage.lab.power(machine, *state == "on")?,
        ("link", [a, b, state]) => stage.lab.link(a, b, *state == "up")?,
        ("reload", [""]) => stage.lab.reload()?,
        ("screen", [""]) => {
            let mut shown = String::new();
            for line in stage.lab.screen(&stage.machine, stage.tty)? {
                let _ = writeln!(shown, "{}", format!("| {line}").trim_end());
            }
            return Ok(Some(shown));
        }
        _ => {
            return Err(format!("cannot do `{line}`; tests/it/sessions.rs lists what can be done"));
        }
    }
    Ok(None)
}

impl Stage {
    /// Goes on until the screen, given with the row of its cursor, is as wanted.
    fn wait(
        &mut self,
        wanted: &str,
        patience: Ticks,
        shown: impl Fn(&[String], usize) -> bool,
    ) -> Result<(), String> {
        for _ in 0..=patience.0 / 10 {
            let cursor = self.lab.cursor(&self.machine, self.tty)?;
            if shown(&self.lab.screen(&self.machine, self.tty)?, cursor) {
                return Ok(());
            }
            self.lab.advance(Ticks(10));
        }
        let screen = self.lab.screen(&self.machine, self.tty)?.join("\n");
        Err(format!("no `{wanted}` within {} ms; the screen shows\n{screen}", patience.0))
    }
}

/// `"TEXT" SPAN`, the span perhaps left out.
fn waited(rest: &str) -> Result<(&str, Ticks), String> {
    let body = rest.strip_prefix('"').ok_or("write wait \"TEXT\"")?;
    let (wanted, span) = body.rsplit_once('"').ok_or("the text has no closing quote")?;
    let patience = if span.is_empty() { PATIENCE } else { ticks(span.trim())? };
    Ok((wanted, patience))
}

fn ticks(span: &str) -> Result<Ticks, String> {
    let bad = || format!("`{span}` is no span; write 500ms or 2s");
    let (digits, unit) = match span.strip_suffix("ms") {
        Some(digits) => (digits, 1),
        None => (span.strip_suffix('s').ok_or_else(bad)?, 1000),
    };
    digits.parse::<u64>().map(|count| Ticks(count * unit)).map_err(|_| bad())
}

fn keys(text: &str) -> Result<Vec<u8>, String> {
    let mut keys = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'^' => keys.push(bytes.next().ok_or("nothing after ^")?.to_ascii_uppercase() ^ 0x40),
            b'\\' => {
                let digits: Vec<u8> = bytes.by_ref().skip(1).take(2).collect();
                let digits = std::str::from_utf8(&digits).map_err(|e| e.to_string())?;
                keys.push(u8::from_str_radix(digits, 16).map_err(|e| format!("\\x{digits}: {e}"))?);
            }
            _ => keys.push(byte),
        }
    }
    Ok(keys)
}

#[test]
fn keys_are_spelled_out() {
    assert_eq!(keys("a^C\\x1b[A").unwrap(), b"a\x03\x1b[A");
    assert!(keys("\\xzz").is_err());
    assert!(act(&mut None, "type x").is_err());
}
