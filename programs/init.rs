//! init: the first process. Starts what `/etc/inittab` says, restarts it, reaps orphans, and
//! takes the machine down.
//!
//! Follows: BusyBox init: the format `TERMINAL:LEVELS:ACTION:COMMAND` (levels are ignored), its
//! actions, and its signals: USR1 halts, USR2 powers off, TERM reboots, INT is Ctrl-Alt-Del, HUP
//! reads the file again. Left out: `askfirst` (it is `respawn`) and `restart`.
//!
//! A machine's life as init sees it: the `sysinit` commands run one after the other, then the
//! `wait` commands, then the `once` commands are started, and from then on init keeps the
//! `respawn` commands alive. A command that ends too soon is restarted later and later. When the
//! machine goes down, the `shutdown` commands run, everything gets TERM, then KILL, and the kernel
//! does the rest.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Errno, Fd, Pid, Tick, Ticks};
use crate::fs::OpenFlags;
use crate::kernel::program::out::Out;
use crate::kernel::program::{Main, Program, Step, Stop, Sys};
use crate::kernel::sys::PowerRequest;
use crate::kernel::{Action, KillTarget, Signal, SpawnSpec, Wait, WaitFlags, WaitTarget};

pub(super) const PROGRAM: Program = Program::new::<Init>(
    "init",
    "usage: init\n\
     Start the machine's programs as /etc/inittab says. Started by the kernel, as process 1.",
);

/// Bytes of `/etc/inittab` that are read.
const TABLE_MAX: usize = 1 << 16;
/// What runs where there is no `/etc/inittab`.
const DEFAULT_TABLE: &[u8] = b"::sysinit:/etc/init.d/rcS\n\
    tty1::respawn:/sbin/getty 38400 tty1\n\
    ::ctrlaltdel:/sbin/reboot\n";
/// A command that ended sooner was of no use.
const USEFUL: Ticks = Ticks::from_secs(2);
/// By how much each useless run in a row puts the next one off, and the most it does.
const BACK_OFF: Ticks = Ticks::from_secs(1);
const BACK_OFFS_MAX: u64 = 30;
/// How long processes may take to end themselves when asked to.
const GRACE: Ticks = Ticks::from_secs(2);
const SIGNALS: [Signal; 5] = [Signal::HUP, Signal::INT, Signal::TERM, Signal::USR1, Signal::USR2];

#[derive(Clone, Serialize, Deserialize)]
struct Init {
    out: Out,
    entries: Vec<Entry>,
    phase: Phase,
}

/// A line of the table.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    tty: BString,
    action: When,
    command: BString,
    pid: Option<Pid>,
    started: Tick,
    /// Useless runs in a row.
    useless: u64,
    /// Ran, and is not to run again.
    done: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum When {
    SysInit,
    Wait,
    Once,
    Respawn,
    CtrlAltDel,
    Shutdown,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// Running the commands that come first, one after the other.
    Starting(When),
    Running,
    /// Running the `shutdown` commands.
    Leaving(Goal),
    /// Everything was asked to end, and has until then.
    Asked(Goal, Tick),
    /// Everything was killed.
    Killed(Goal),
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Goal {
    Off,
    Reboot,
    Halt,
}

impl Main for Init {
    fn start(_: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop> {
        let mut out = Out::new("init");
        if sys.os().pid() != Pid::INIT {
            out.warn("must be run as PID 1");
            return Ok(Self { out, entries: Vec::new(), phase: Phase::Gone });
        }
        for signal in SIGNALS {
            sys.os().set_action(signal, Action::Catch)?;
        }
        let entries = read_table(sys);
        Ok(Self { out, entries, phase: Phase::Starting(When::SysInit) })
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        if sys.os().pid() != Pid::INIT {
            self.out.flush(sys)?;
            return Ok(Step::Exit(1));
        }
        // A console nobody reads must not keep the machine from running.
        let _ = self.out.flush(sys);
        while let Some(signal) = sys.os().take_signal() {
            self.act(signal, sys);
        }
        while self.reap(sys)? {}
        self.advance(sys)
    }
}

impl Init {
    fn act(&mut self, signal: Signal, sys: &mut Sys<'_>) {
        let leaving = !matches!(self.phase, Phase::Starting(_) | Phase::Running);
        let goal = match signal {
            Signal::USR1 => Goal::Halt,
            Signal::USR2 => Goal::Off,
            Signal::TERM => Goal::Reboot,
            Signal::HUP => return self.reload(sys),
            _ => {
                let keys =
                    |entry: &&mut Entry| entry.action == When::CtrlAltDel && entry.pid.is_none();
                self.entries.iter_mut().filter(keys).for_each(|entry| entry.start(sys));
                return;
            }
        };
        if !leaving {
            self.say("\nThe system is going down NOW!\n");
            self.phase = Phase::Leaving(goal);
        }
    }

    /// Takes over the table as it is now; what it no longer names ends by itself.
    fn reload(&mut self, sys: &mut Sys<'_>) {
        let old = core::mem::replace(&mut self.entries, read_table(sys));
        for entry in old {
            let same = |new: &&mut Entry| {
                new.pid.is_none()
                    && (&new.tty, new.action, &new.command)
                        == (&entry.tty, entry.action, &entry.command)
            };
            if let Some(new) = self.entries.iter_mut().find(same) {
                *new = entry;
            }
        }
        // Nothing of the beginning is done again.
        for entry in &mut self.entries {
            let first = matches!(entry.action, When::SysInit | When::Wait | When::Once);
            entry.done |= first && self.phase == Phase::Running;
        }
    }

    /// Reaps a child that ended; false when none has.
    fn reap(&mut self, sys: &mut Sys<'_>) -> Result<bool, Stop> {
        let flags = WaitFlags { no_hang: true, ..WaitFlags::default() };
        let pid = match sys.os().wait(WaitTarget::Any, flags) {
            Ok(Some((pid, _))) => pid,
            Ok(None) | Err(Stop::Fail(Errno::ECHILD)) => return Ok(false),
            Err(stop) => return Err(stop),
        };
        let now = sys.os().now();
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.pid == Some(pid)) {
            entry.pid = None;
            entry.done = entry.action != When::Respawn && entry.action != When::CtrlAltDel;
            let useless = now - entry.started < USEFUL;
            entry.useless = if useless { (entry.useless + 1).min(BACK_OFFS_MAX) } else { 0 };
        }
        Ok(true)
    }

    fn advance(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        match self.phase {
            Phase::Starting(when) => {
                if self.run_in_order(when, sys) {
                    return Err(wait_for_child(None, sys));
                }
                self.phase = match when {
                    When::SysInit => Phase::Starting(When::Wait),
                    _ => Phase::Running,
                };
                Ok(Step::Again)
            }
            Phase::Running => Err(self.keep_alive(sys)),
            Phase::Leaving(goal) => {
                if self.run_in_order(When::Shutdown, sys) {
                    return Err(wait_for_child(None, sys));
                }
                self.say("Sent SIGTERM to all processes\n");
                self.kill_all(Signal::TERM, sys);
                self.phase = Phase::Asked(goal, sys.os().now() + GRACE);
                Ok(Step::Again)
            }
            Phase::Asked(goal, until) => {
                if self.has_children(sys) && sys.os().now() < until {
                    return Err(wait_for_child(Some(until), sys));
                }
                self.say("Sent SIGKILL to all processes\n");
                self.kill_all(Signal::KILL, sys);
                self.phase = Phase::Killed(goal);
                Ok(Step::Again)
            }
            Phase::Killed(goal) => {
                let (what, request) = match goal {
                    Goal::Off => ("poweroff", PowerRequest::Off),
                    Goal::Reboot => ("reboot", PowerRequest::Reboot),
                    Goal::Halt => ("halt", PowerRequest::Halt),
                };
                self.say(&format!("Requesting system {what}\n"));
                // Best effort, as above: the machine goes down whoever listens.
                let _ = self.out.flush(sys);
                self.phase = Phase::Gone;
                sys.os().power(request)?;
                Ok(Step::Again)
            }
            Phase::Gone => Err(sys.os().pause()),
        }
    }

    /// Starts the next of the commands that run one after the other. False: all are through.
    fn run_in_order(&mut self, when: When, sys: &mut Sys<'_>) -> bool {
        for entry in self.entries.iter_mut().filter(|entry| entry.action == when && !entry.done) {
            if entry.pid.is_none() {
                entry.start(sys);
            }
            if entry.pid.is_some() {
                return true;
            }
            entry.done = true;
        }
        false
    }

    /// Starts what should be running and is not; gives what to wait for.
    fn keep_alive(&mut self, sys: &mut Sys<'_>) -> Stop {
        let now = sys.os().now();
        let mut next = None;
        for entry in &mut self.entries {
            if entry.pid.is_some() || entry.done {
                continue;
            }
            match entry.action {
                When::Once => {
                    entry.start(sys);
                    entry.done = entry.pid.is_none();
                }
                When::Respawn => {
                    let pause = Ticks(BACK_OFF.0 * entry.useless);
                    let due = entry.started + pause;
                    if due <= now || entry.useless == 0 {
                        entry.start(sys);
                    }
                    if entry.pid.is_none() {
                        let due = entry.started + Ticks(BACK_OFF.0 * entry.useless.max(1));
                        next = Some(next.map_or(due, |next: Tick| next.min(due)));
                    }
                }
                _ => {}
            }
        }
        wait_for_child(next, sys)
    }

    fn kill_all(&mut self, signal: Signal, sys: &mut Sys<'_>) {
        // ESRCH: there is nobody but init.
        let _ = sys.os().kill(KillTarget::All, Some(signal));
        // A stopped process cannot act on TERM.
        let _ = sys.os().kill(KillTarget::All, Some(Signal::CONT));
    }

    fn has_children(&self, sys: &mut Sys<'_>) -> bool {
        let flags = WaitFlags { no_hang: true, ..WaitFlags::default() };
        !matches!(sys.os().wait(WaitTarget::Any, flags), Err(Stop::Fail(Errno::ECHILD)))
    }

    fn say(&mut self, text: &str) {
        self.out.text(text);
    }
}

impl Entry {
    /// Starts the command. On failure it counts as one that ended at once.
    fn start(&mut self, sys: &mut Sys<'_>) {
        self.started = sys.os().now();
        match self.spawn(sys) {
            Ok(pid) => self.pid = Some(pid),
            Err(errno) => {
                self.useless = (self.useless + 1).min(BACK_OFFS_MAX);
                // As root init may always write to the log.
                let _ = sys.os().log(format!("init: can't run '{}': {errno}", self.command));
            }
        }
    }

    fn spawn(&self, sys: &mut Sys<'_>) -> Result<Pid, Errno> {
        let command = self.command.strip_prefix(b"-").unwrap_or(&self.command);
        let special = command.iter().any(|byte| b"~`!$^&*()=|\\{}[];\"'<>?".contains(byte));
        let (path, mut args): (BString, Strings) = if special {
            let script = [b"exec ", command].concat();
            ("/bin/sh".into(), ["sh".as_bytes(), b"-c", &script].into_iter().collect())
        } else {
            let words = command.split(|byte| byte.is_ascii_whitespace());
            let words: Strings = words.filter(|word| !word.is_empty()).collect();
            (words.get(0).ok_or(Errno::ENOENT)?.into(), words)
        };
        if self.command.starts_with(b"-") && !special {
            // A login shell knows itself by the dash before its name.
            let name = [b"-", path.rsplit(|byte| *byte == b'/').next().unwrap_or(b"")].concat();
            let rest: Vec<BString> = args.iter().skip(1).map(BString::from).collect();
            args = core::iter::once(name.into()).chain(rest).collect();
        }
        let mut env = Strings::new();
        for value in [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/",
            "SHELL=/bin/sh",
            "USER=root",
            "TERM=linux",
        ] {
            env.push(value);
        }
        let mut spec =
            SpawnSpec { path, args, env, reset_signals: SIGNALS.to_vec(), ..SpawnSpec::default() };
        let mut tty = None;
        if !self.tty.is_empty() {
            let path = [b"/dev/", self.tty.as_slice()].concat();
            let opened = sys.fs().open(path, OpenFlags::RDWR | OpenFlags::NOCTTY, 0);
            let fd = opened.map_err(|stop| match stop {
                Stop::Fail(errno) => errno,
                Stop::Block(_) => Errno::EAGAIN,
            })?;
            spec.fds = [Fd::STDIN, Fd::STDOUT, Fd::STDERR].map(|to| (to, fd)).to_vec();
            spec.close = vec![fd];
            tty = Some(fd);
        }
        let pid = sys.os().spawn(&spec);
        if let Some(fd) = tty {
            // It was only opened for the child.
            let _ = sys.io().close(fd);
        }
        pid
    }
}

/// Waits until a child ends, a signal comes, or `until`.
fn wait_for_child(until: Option<Tick>, sys: &mut Sys<'_>) -> Stop {
    let mut stop = match sys.os().wait(WaitTarget::Any, WaitFlags::default()) {
        Err(Stop::Block(wait)) => Stop::Block(wait),
        // No child at all. One that just ended is impossible, since all were reaped.
        _ => Stop::Block(Wait::FOREVER),
    };
    if let Stop::Block(wait) = &mut stop {
        wait.until = until;
    }
    stop
}

fn read_table(sys: &mut Sys<'_>) -> Vec<Entry> {
    let table = sys.fs().read_file("/etc/inittab", TABLE_MAX);
    let table = table.unwrap_or_else(|_| DEFAULT_TABLE.to_vec());
    table.lines().filter_map(parse_line).collect()
}

/// A line of the table; `None` for comments and for what makes no sense.
fn parse_line(line: &[u8]) -> Option<Entry> {
    let line = line.trim_ascii();
    if line.starts_with(b"#") {
        return None;
    }
    let mut fields = line.splitn(4, |byte| *byte == b':');
    let tty = BString::from(fields.next()?);
    let action = match fields.nth(1)? {
        b"sysinit" => When::SysInit,
        b"wait" => When::Wait,
        b"once" => When::Once,
        b"respawn" | b"askfirst" => When::Respawn,
        b"ctrlaltdel" => When::CtrlAltDel,
        b"shutdown" => When::Shutdown,
        _ => return None,
    };
    let command = BString::from(fields.next()?.trim_ascii());
    let entry =
        Entry { tty, action, command, pid: None, started: Tick::ZERO, useless: 0, done: false };
    (!entry.command.is_empty()).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::{When, parse_line};
    use crate::kernel::PowerState;
    use crate::testing::{Guest, run};

    #[test]
    fn is_process_one_or_nothing() {
        assert_eq!(run("init", ""), "[stderr]\ninit: must be run as PID 1\n[exit 1]\n");
    }

    #[test]
    fn keeps_a_login_prompt_alive_and_takes_the_machine_down() {
        let mut guest = Guest::booting(&[
            ("/etc/inittab", "::once:/bin/echo once\ntty1::respawn:/bin/getty 38400 tty1\n"),
            ("/etc/issue", "Test \\l\n\n"),
            ("/etc/passwd", "root:x:0:0:root:/root:/bin/id\nhalt:x:0:0::/:/bin/poweroff\n"),
            ("/etc/shadow", "root::::::::\nhalt::::::::\n"),
        ]);
        let screen = guest.type_keys("");
        assert!(screen.ends_with("once\nTest tty1\nguest login:\n"), "{screen}");
        let screen = guest.type_keys("root\n");
        let session =
            "guest login: root\nuid=0(root) gid=0(root) groups=0(root)\nTest tty1\nguest login:\n";
        assert!(screen.ends_with(session), "{screen}");
        guest.type_keys("halt\n");
        assert_eq!(guest.machine().power(), PowerState::Off);
    }

    #[test]
    fn lines_are_those_of_busybox() {
        let entry = parse_line(b"tty1::respawn:/sbin/getty 38400 tty1").unwrap();
        assert_eq!(
            (entry.tty.as_slice(), entry.command.as_slice()),
            (&b"tty1"[..], &b"/sbin/getty 38400 tty1"[..])
        );
        assert!(entry.action == When::Respawn);
        assert!(
            parse_line(b"::sysinit:/etc/init.d/rcS a:b").unwrap().command == "/etc/init.d/rcS a:b"
        );
        assert!(parse_line(b"# ::once:x").is_none());
        assert!(parse_line(b"::never:x").is_none());
        assert!(parse_line(b"").is_none());
    }
}
