//! `kill`: sends signals to processes and jobs.

use super::{Builtin, Outcome};
use crate::base::{Errno, Pid};
use crate::kernel::{KillTarget, Signal, Sys};
use crate::programs::sh::error::{Eval, Halt};
use crate::programs::sh::shell::Shell;

pub(super) const BUILTIN: Builtin = Builtin::new("kill", kill);

const USAGE: &str = "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\n\
                     kill -l [exitstatus]";

fn kill(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let words: Vec<Vec<u8>> = shell.words.iter().skip(1).map(|word| word.to_vec()).collect();
    let mut signal = Some(Signal::TERM);
    let mut rest = words.as_slice();
    match words.first().map(Vec::as_slice) {
        Some(b"-l") => return list(shell, &words[1..]),
        Some(b"-s") => {
            let name = words.get(1).ok_or_else(|| Halt::error("No arg for -s option"))?;
            signal = parse(name)?;
            rest = &words[2..];
        }
        Some(b"--") => rest = &words[1..],
        Some([b'-', name @ ..]) if !name.is_empty() => {
            signal = parse(name)?;
            rest = &words[1..];
        }
        _ => {}
    }
    if rest.first().is_some_and(|word| word == b"--") {
        rest = &rest[1..];
    }
    if rest.is_empty() {
        return Err(Halt::error(USAGE));
    }
    let mut status = 0;
    for word in rest {
        let target = target(shell, word)?;
        if let Err(errno) = sys.os().kill(target, signal) {
            let message = if errno == Errno::ESRCH { "No such process" } else { errno.message() };
            shell.complain(&[message.as_bytes(), b"\n"].concat());
            status = 1;
        }
    }
    // One of them may have been for this shell.
    shell.take_signals(sys);
    shell.yielding = true;
    Ok(Outcome::Status(status))
}

fn parse(name: &[u8]) -> Eval<Option<Signal>> {
    let text = core::str::from_utf8(name).unwrap_or_default();
    if text == "0" {
        return Ok(None);
    }
    let signal = match text.parse::<u8>() {
        Ok(number) => Signal::from_number(number),
        Err(_) => Signal::from_name(text),
    };
    let illegal = || Halt::error([b"invalid signal number or name: ", name].concat());
    signal.map(Some).ok_or_else(illegal)
}

fn target(shell: &Shell, word: &[u8]) -> Eval<KillTarget> {
    if word.starts_with(b"%") {
        let job = shell.jobs.find(word);
        let job = job.ok_or_else(|| Halt::error([b"No such job: ", word].concat()))?;
        let own_group = job.children.first().is_some_and(|(pid, _)| *pid == job.group);
        let leader = job.leader().unwrap_or_default();
        let grouped = own_group && shell.options.monitor;
        return Ok(if grouped { KillTarget::Group(job.group) } else { KillTarget::Pid(leader) });
    }
    let text = core::str::from_utf8(word).unwrap_or_default();
    let number = text.parse::<i64>().map_err(|_| super::illegal_number(word))?;
    let pid = Pid(u32::try_from(number.unsigned_abs()).map_err(|_| super::illegal_number(word))?);
    Ok(match number {
        -1 => KillTarget::All,
        0 => KillTarget::Group(Pid(0)),
        number if number < 0 => KillTarget::Group(pid),
        _ => KillTarget::Pid(pid),
    })
}

fn list(shell: &mut Shell, words: &[Vec<u8>]) -> Eval<Outcome> {
    if words.is_empty() {
        shell.output.print("0\n");
        for signal in Signal::ALL {
            shell.output.print(format!("{}\n", signal.name()));
        }
    }
    for word in words {
        let number = super::count(word)?;
        let number = if number > 128 { number - 128 } else { number };
        let signal = u8::try_from(number).ok().and_then(Signal::from_number);
        let illegal =
            || Halt::error([b"invalid signal number or exit status: ", &word[..]].concat());
        let signal = signal.ok_or_else(illegal)?;
        shell.output.print(format!("{}\n", signal.name()));
    }
    Ok(Outcome::Status(0))
}
