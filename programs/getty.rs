//! getty: opens a terminal, asks for a name, and becomes login.
//!
//! Follows: BusyBox getty and util-linux agetty, in arguments and in `/etc/issue`. Left out:
//! modems, and everything a serial line would need.

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Fd, Gid, Uid};
use crate::fs::OpenFlags;
use crate::kernel::program::input::Input;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::{Program, Step, Stop, Sys, calendar};
use crate::kernel::tty::Termios;

pub(super) const PROGRAM: Program = tool::<Getty>("getty");

const SPEC: Spec = Spec::new(
    "usage: getty [-ahiln] [BAUD] TTY [TERM]\n\
     Open TTY, show /etc/issue, ask for a login name, and run login.\n\n  \
     -a USER   log USER in without asking\n  \
     -h, -L, -m, -w  (ignored)\n  \
     -i        do not show /etc/issue\n  \
     -l LOGIN  run LOGIN instead of /bin/login\n  \
     -n        do not ask for a name: login does",
    "a:hiLl:mnwH:I:t:f:J",
)
.long(&[("autologin", b'a'), ("noclear", b'J')]);

/// Bytes of `/etc/issue` that are shown, and of a name that are read.
const ISSUE_MAX: usize = 1 << 14;
const NAME_MAX: usize = 256;

#[derive(Clone, Serialize, Deserialize)]
struct Getty {
    tty: BString,
    term: Option<BString>,
    login: BString,
    stage: Stage,
    input: Input,
    issue: bool,
    ask: bool,
    auto: Option<BString>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Open,
    Prompt,
    Name,
    Login(Option<BString>),
}

impl Tool for Getty {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, _: &mut Sys<'_>) -> Result<Self, End> {
        let is_speed =
            |text: &&BString| text.iter().all(|byte| byte.is_ascii_digit() || *byte == b',');
        let mut words = options.operands.iter();
        let mut rest: Vec<BString> =
            words.by_ref().filter(|word| !is_speed(word)).cloned().collect();
        if rest.is_empty() {
            return Err(out.misuse(1, "not enough arguments"));
        }
        let tty = rest.remove(0);
        Ok(Self {
            tty: BString::from(tty.strip_prefix(b"/dev/").unwrap_or(&tty)),
            term: rest.into_iter().next(),
            login: options.value(b'l').map_or_else(|| "/bin/login".into(), BString::from),
            stage: Stage::Open,
            input: Input::default(),
            issue: !options.has(b'i'),
            ask: !options.has(b'n'),
            auto: options.value(b'a').map(BString::from),
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        match &self.stage {
            Stage::Open => {
                self.open(sys)?;
                self.stage = Stage::Prompt;
            }
            Stage::Prompt => {
                if self.issue {
                    out.text(self.issue_text(sys));
                }
                if let Some(user) = self.auto.clone() {
                    self.stage = Stage::Login(Some(user));
                } else if self.ask {
                    out.text(format!("{} login: ", sys.os().uname().nodename));
                    self.stage = Stage::Name;
                } else {
                    self.stage = Stage::Login(None);
                }
            }
            Stage::Name => {
                let Some(line) = self.input.line(sys)? else { return Ok(Step::Exit(0)) };
                let name = line.trim_ascii();
                if name.is_empty() || name.len() > NAME_MAX {
                    out.text("\n");
                    self.stage = Stage::Prompt;
                } else {
                    self.stage = Stage::Login(Some(name.into()));
                }
            }
            Stage::Login(name) => {
                out.flush(sys)?;
                let mut args = Strings::new();
                args.push("login");
                if self.auto.is_some() {
                    args.push("-f");
                }
                args.push("--");
                if let Some(name) = name {
                    args.push(name);
                }
                let mut env = sys.shell().env().clone();
                env.set_value(
                    "TERM",
                    self.term.as_ref().map_or(BStr::new("linux"), |term| term.as_bstr()),
                );
                let login = self.login.clone();
                let done = sys.os().exec(&login, &args, &env);
                return match done {
                    Ok(()) => Err(End::Replaced),
                    Err(errno) => {
                        Err(out.fail(1, format_args!("can't execute '{login}': {errno}")))
                    }
                };
            }
        }
        Ok(Step::Again)
    }
}

impl Getty {
    /// Makes the terminal standard input, output and error, and the controlling terminal.
    fn open(&self, sys: &mut Sys<'_>) -> Result<(), Stop> {
        // EPERM: it leads its session already.
        let _ = sys.os().setsid();
        let path = [b"/dev/", self.tty.as_slice()].concat();
        let fd = if self.tty == "-" {
            Fd::STDIN
        } else {
            sys.fs().open(&path, OpenFlags::RDWR | OpenFlags::NOCTTY, 0)?
        };
        for standard in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
            sys.io().dup2(fd, standard)?;
        }
        if fd > Fd::STDERR {
            sys.io().close(fd)?;
        }
        sys.term().set_controlling(Fd::STDIN)?;
        // Whoever had it before may have left it in any state, and with any owner.
        sys.term().set_attributes(Fd::STDIN, &Termios::default())?;
        if self.tty != "-" {
            let _ = sys.fs().chown(&path, Some(Uid::ROOT), Some(Gid(5)));
            let _ = sys.fs().chmod(&path, 0o620);
        }
        Ok(())
    }

    fn issue_text(&self, sys: &mut Sys<'_>) -> Vec<u8> {
        let issue = sys.fs().read_file("/etc/issue", ISSUE_MAX).unwrap_or_default();
        let uname = sys.os().uname();
        let clock = sys.os().clock();
        let mut text = Vec::new();
        let mut rest = issue.as_slice();
        while let [first, tail @ ..] = rest {
            rest = tail;
            let (b'\\', [escape, after @ ..]) = (*first, tail) else {
                text.push(*first);
                continue;
            };
            rest = after;
            match escape {
                b'n' => text.extend_from_slice(&uname.nodename),
                b'l' => text.extend_from_slice(&self.tty),
                b's' => text.extend_from_slice(&uname.sysname),
                b'r' => text.extend_from_slice(&uname.release),
                b'v' => text.extend_from_slice(&uname.version),
                b'm' => text.extend_from_slice(&uname.machine),
                b'd' => text.extend_from_slice(&calendar::format(b"%a %b %e %Y", clock)),
                b't' => text.extend_from_slice(&calendar::format(b"%T", clock)),
                b'\\' => text.push(b'\\'),
                other => text.extend_from_slice(&[b'\\', *other]),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn needs_a_terminal() {
        expect![[r#"
            [stderr]
            getty: not enough arguments
            Try 'getty --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&run("getty 38400", ""));
        expect![[r#"
            [stderr]
            getty: No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&run("getty 38400 nothing", ""));
    }
}
