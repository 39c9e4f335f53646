//! kill: send signals to processes.
//!
//! Follows: POSIX.1-2024 kill; lists and messages of procps-ng 4.0.

use bstr::{BStr, BString, ByteSlice};

use crate::base::{Errno, Pid};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Sys};
use crate::kernel::{KillTarget, Signal};

pub(super) const PROGRAM: Program = once::<Kill>("kill");

const SPEC: Spec = Spec::operands_only(
    "usage: kill [-SIGNAL | -s SIGNAL | -n NUMBER] PID...\n   \
     or: kill -l [NUMBER]...\n\
     Send a signal, TERM unless told otherwise, to processes.\n\n  \
     -s, --signal=SIGNAL  by name or number; 0 only looks whether it could be sent\n  \
     -l, --list           list signals\n\n\
     A negative PID is a process group; -1 is every process there is.",
);

#[derive(Clone)]
struct Kill;

impl Compute for Kill {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let mut operands = options.operands.as_slice();
        let mut signal = Some(Signal::TERM);
        if let [first, rest @ ..] = operands {
            if first == "-l" || first == "--list" || first == "-L" || first == "--table" {
                return list(rest, out);
            }
            if first == "-s" || first == "-n" || first == "--signal" {
                let [name, rest @ ..] = rest else {
                    return Err(usage(out));
                };
                signal = parse(name.as_bstr(), out)?;
                operands = rest;
            } else if let Some(name) = first.strip_prefix(b"--signal=") {
                signal = parse(name.as_bstr(), out)?;
                operands = rest;
            } else if first != "--" && first.len() > 1 && first.starts_with(b"-") {
                let name = first[1..].strip_prefix(b"s").filter(|name| !name.is_empty());
                let whole = first[1..].as_bstr();
                signal = match (Signal::from_name(&whole.to_str_lossy()), name) {
                    (None, Some(name)) if name[0].is_ascii_uppercase() => {
                        parse(name.as_bstr(), out)?
                    }
                    _ => parse(whole, out)?,
                };
                operands = rest;
            }
        }
        if let [first, rest @ ..] = operands
            && first == "--"
        {
            operands = rest;
        }
        if operands.is_empty() {
            return Err(usage(out));
        }
        for operand in operands {
            let Some(target) = target(operand) else {
                out.complain(format_args!("failed to parse argument: '{operand}'"));
                continue;
            };
            if let Err(errno) = sys.os().kill(target, signal) {
                report(operand, errno, out);
            }
        }
        Ok(out.status())
    }
}

fn report(operand: &BString, errno: Errno, out: &mut Out) {
    let shown = format!("({operand}): {errno}");
    out.complain(shown);
}

fn usage(out: &mut Out) -> End {
    out.error("usage: kill [-SIGNAL] PID...\n");
    End::Exit(1)
}

/// A signal by name or number; `None` is signal 0.
fn parse(text: &BStr, out: &mut Out) -> Result<Option<Signal>, End> {
    if text == "0" {
        return Ok(None);
    }
    let known = match number::<u8>(text) {
        Some(number) => Signal::from_number(number),
        None => Signal::from_name(&text.to_str_lossy()),
    };
    known.map(Some).ok_or_else(|| out.fail(1, format_args!("unknown signal name {text}")))
}

fn target(text: &BString) -> Option<KillTarget> {
    match text.strip_prefix(b"-") {
        Some(b"1") => Some(KillTarget::All),
        Some(group) => number(group).map(|group| KillTarget::Group(Pid(group))),
        None if text == "0" => Some(KillTarget::Group(Pid(0))),
        None => number(text).map(|pid| KillTarget::Pid(Pid(pid))),
    }
}

fn list(operands: &[BString], out: &mut Out) -> Result<u8, End> {
    if operands.is_empty() {
        let lines: Vec<Vec<&str>> = Signal::ALL
            .chunks(16)
            .map(|row| row.iter().map(|signal| signal.name()).collect())
            .collect();
        for line in lines {
            out.text(line.join(" "));
            out.text("\n");
        }
        return Ok(0);
    }
    for operand in operands {
        // A status of a process that a signal ended is 128 more than the signal.
        let named = match number::<u32>(operand) {
            Some(status) => u8::try_from(status & 0x7f)
                .ok()
                .and_then(Signal::from_number)
                .map(|signal| signal.name().to_owned()),
            None => {
                Signal::from_name(&operand.to_str_lossy()).map(|signal| signal.number().to_string())
            }
        };
        match named {
            Some(name) => out.text(format!("{name}\n")),
            None => out.complain(format_args!("unknown signal name {operand}")),
        }
    }
    Ok(out.status())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn lists_signals() {
        expect![[r#"
            HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT
            CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS
            [exit 0]
        "#]]
        .assert_eq(&run("kill -l", ""));
        assert_eq!(run("kill -l 9 137 TERM", ""), "KILL\nKILL\n15\n[exit 0]\n");
    }

    #[test]
    fn complains_about_what_it_cannot_kill() {
        expect![[r#"
            [stderr]
            kill: (4000): No such process
            [exit 1]
        "#]]
        .assert_eq(&run("kill -TERM 4000", ""));
        expect![[r#"
            [stderr]
            kill: unknown signal name FOO
            [exit 1]
        "#]]
        .assert_eq(&run("kill -FOO 1", ""));
    }
}
