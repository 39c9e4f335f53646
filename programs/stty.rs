//! stty: show and change the modes of the terminal on standard input.
//!
//! Follows: POSIX.1-2024 stty; words of GNU coreutils 9.1. Left out: speeds, control characters
//! but for showing them, and modes that a screen has no use for.

use crate::base::Fd;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Sys};
use crate::kernel::tty::termios::{
    VEOF, VERASE, VINTR, VKILL, VQUIT, VSTART, VSTOP, VSUSP, VWERASE,
};
use crate::kernel::tty::{InputFlags, LocalFlags, OutputFlags, Termios};

pub(super) const PROGRAM: Program = once::<Stty>("stty");

const SPEC: Spec = Spec::operands_only(
    "usage: stty [-a | SETTING...]\n\
     Show or change the modes of the terminal on standard input.\n\n  \
     -a         all of them\n  \
     size       rows and columns\n  \
     sane, raw, cooked, cols N, rows N\n  \
     [-]echo, [-]icanon, [-]isig, [-]iexten, [-]echoe, [-]echok, [-]echonl, [-]echoctl,\n  \
     [-]tostop, [-]noflsh, [-]icrnl, [-]inlcr, [-]igncr, [-]ixon, [-]opost, [-]onlcr",
);

#[derive(Clone)]
struct Stty;

/// A mode by name.
#[derive(Clone, Copy)]
enum Mode {
    Input(InputFlags),
    Output(OutputFlags),
    Local(LocalFlags),
}

const MODES: [(&str, Mode); 18] = [
    ("icrnl", Mode::Input(InputFlags::ICRNL)),
    ("inlcr", Mode::Input(InputFlags::INLCR)),
    ("igncr", Mode::Input(InputFlags::IGNCR)),
    ("ixon", Mode::Input(InputFlags::IXON)),
    ("ixany", Mode::Input(InputFlags::IXANY)),
    ("iutf8", Mode::Input(InputFlags::IUTF8)),
    ("opost", Mode::Output(OutputFlags::OPOST)),
    ("onlcr", Mode::Output(OutputFlags::ONLCR)),
    ("isig", Mode::Local(LocalFlags::ISIG)),
    ("icanon", Mode::Local(LocalFlags::ICANON)),
    ("iexten", Mode::Local(LocalFlags::IEXTEN)),
    ("echo", Mode::Local(LocalFlags::ECHO)),
    ("echoe", Mode::Local(LocalFlags::ECHOE)),
    ("echok", Mode::Local(LocalFlags::ECHOK)),
    ("echonl", Mode::Local(LocalFlags::ECHONL)),
    ("noflsh", Mode::Local(LocalFlags::NOFLSH)),
    ("tostop", Mode::Local(LocalFlags::TOSTOP)),
    ("echoctl", Mode::Local(LocalFlags::ECHOCTL)),
];

const CHARACTERS: [(&str, usize); 9] = [
    ("intr", VINTR),
    ("quit", VQUIT),
    ("erase", VERASE),
    ("kill", VKILL),
    ("eof", VEOF),
    ("start", VSTART),
    ("stop", VSTOP),
    ("susp", VSUSP),
    ("werase", VWERASE),
];

impl Compute for Stty {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let modes = sys.term().attributes(Fd::STDIN);
        let mut modes =
            modes.map_err(|errno| out.fail(1, format_args!("'standard input': {errno}")))?;
        let (mut columns, mut rows) = sys.term().size(Fd::STDIN)?;
        let mut words = options.operands.iter();
        if words.len() == 0 {
            show(&modes, false, out);
            return Ok(0);
        }
        while let Some(word) = words.next() {
            match word.as_slice() {
                b"-a" | b"--all" => {
                    out.text(format!(
                        "speed 38400 baud; rows {rows}; columns {columns}; line = 0;\n"
                    ));
                    show(&modes, true, out);
                }
                b"size" => out.text(format!("{rows} {columns}\n")),
                b"speed" => out.text("38400\n"),
                b"sane" | b"cooked" | b"-raw" => modes = Termios::default(),
                b"raw" | b"-cooked" => modes = modes.raw(),
                name @ (b"cols" | b"columns" | b"rows") => {
                    let value = words.next().and_then(number::<u16>).ok_or_else(|| {
                        out.misuse(1, format_args!("missing argument to {}", quote(name)))
                    })?;
                    *(if name == b"rows" { &mut rows } else { &mut columns }) = value;
                    sys.term().set_size(Fd::STDIN, columns, rows)?;
                }
                name => change(&mut modes, name).ok_or_else(|| {
                    out.misuse(1, format_args!("invalid argument {}", quote(name)))
                })?,
            }
        }
        sys.term().set_attributes(Fd::STDIN, &modes)?;
        Ok(0)
    }
}

fn change(modes: &mut Termios, word: &[u8]) -> Option<()> {
    let (name, on) = match word.strip_prefix(b"-") {
        Some(name) => (name, false),
        None => (word, true),
    };
    let (_, mode) = MODES.iter().find(|(known, _)| known.as_bytes() == name)?;
    match *mode {
        Mode::Input(flags) => modes.input.set(flags, on),
        Mode::Output(flags) => modes.output.set(flags, on),
        Mode::Local(flags) => modes.local.set(flags, on),
    }
    Some(())
}

fn is_on(modes: &Termios, mode: Mode) -> bool {
    match mode {
        Mode::Input(flags) => modes.input.contains(flags),
        Mode::Output(flags) => modes.output.contains(flags),
        Mode::Local(flags) => modes.local.contains(flags),
    }
}

/// Shows all modes, or those that are not as usual.
fn show(modes: &Termios, all: bool, out: &mut Out) {
    let usual = Termios::default();
    if all {
        let characters = CHARACTERS.iter().map(|(name, index)| {
            format!("{name} = {};", character(modes.control.get(*index).copied().unwrap_or(0)))
        });
        out.text(characters.collect::<Vec<_>>().join(" "));
        out.text("\n");
    } else {
        out.text("speed 38400 baud; line = 0;\n");
    }
    let words: Vec<String> = MODES
        .iter()
        .filter(|(_, mode)| all || is_on(modes, *mode) != is_on(&usual, *mode))
        .map(
            |(name, mode)| {
                if is_on(modes, *mode) { (*name).to_owned() } else { format!("-{name}") }
            },
        )
        .collect();
    if !words.is_empty() {
        out.text(words.join(" "));
        out.text("\n");
    }
}

/// A control character in caret notation.
fn character(byte: u8) -> String {
    match byte {
        0 => "<undef>".to_owned(),
        0x7f => "^?".to_owned(),
        1..0x20 => format!("^{}", char::from(byte + 0x40)),
        _ => char::from(byte).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn needs_a_terminal() {
        let refused =
            "[stderr]\nstty: 'standard input': Inappropriate ioctl for device\n[exit 1]\n";
        assert_eq!(run("stty -a", ""), refused);
    }
}
