//! The interactive shell: prompts, job control's set-up and reports.

use bstr::ByteSlice;

use super::expand::Mode;
use super::frame::Frame;
use super::jobs::JobState;
use super::parse;
use super::shell::Shell;
use super::vars;
use crate::base::{Fd, Pid};
use crate::kernel::{Action, Signal, Sys, WaitStatus};

/// Signals an interactive shell handles itself and its commands do not.
pub const SIGNALS: [Signal; 6] =
    [Signal::INT, Signal::QUIT, Signal::TERM, Signal::TSTP, Signal::TTIN, Signal::TTOU];

impl Shell {
    /// Becomes interactive: signals, process group, terminal.
    pub(super) fn begin_interactive(&mut self, sys: &mut Sys<'_>) {
        let _ = sys.os().set_action(Signal::INT, Action::Catch);
        for signal in &SIGNALS[1..] {
            let _ = sys.os().set_action(*signal, Action::Ignore);
        }
        if !sys.io().is_tty(Fd::STDIN) || sys.term().foreground(Fd::STDIN).is_err() {
            return;
        }
        let Ok(terminal) = sys.io().dup_from(Fd::STDIN, super::exec::OWN_FDS, true) else { return };
        let _ = sys.os().setpgid(Pid(0), Pid(0));
        if let Ok(own) = sys.os().pgid(Pid(0)) {
            let _ = sys.term().set_foreground(terminal, own);
        }
        self.terminal = Some(terminal);
        self.options.monitor = true;
    }

    /// Prints a prompt.
    pub(super) fn prompt(&mut self, second: bool, sys: &mut Sys<'_>) {
        let slot = if second { vars::PS2 } else { vars::PS1 };
        let Some(text) = self.vars.get(slot).map(|text| text.to_vec()) else { return };
        let text = self.escapes(&text, sys);
        let expanded = self.expand_prompt(&text, sys).unwrap_or(text);
        self.output.complain(&expanded);
    }

    /// Expands parameters in a prompt; none when it is no proper text.
    fn expand_prompt(&mut self, text: &[u8], sys: &mut Sys<'_>) -> Option<Vec<u8>> {
        if !text.contains(&b'$') && !text.contains(&b'`') {
            return Some(text.to_vec());
        }
        let code = parse::quoted_text(text)?;
        // A prompt is printed between commands, where nothing could wait for a child.
        let waits = code.ops.iter().any(|op| matches!(op, super::code::Op::Command { .. }));
        if waits {
            return None;
        }
        let number = self.add_code(code);
        let linked = self.codes.get(number);
        self.expansion.reset();
        let done = self.expand_single(&linked, 0, Mode::Single, sys);
        let expanded = self.expansion.text().to_vec();
        self.expansion.reset();
        matches!(done, Ok(true)).then_some(expanded)
    }

    /// Replaces `\u`, `\h`, `\w` and their like.
    fn escapes(&self, text: &[u8], sys: &mut Sys<'_>) -> Vec<u8> {
        if !text.contains(&b'\\') {
            return text.to_vec();
        }
        let mut shown = Vec::new();
        let mut bytes = text.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                shown.push(byte);
                continue;
            }
            match bytes.next() {
                Some(b'u') => shown.extend_from_slice(&self.user(sys)),
                Some(b'h') => {
                    let name = sys.os().uname().nodename;
                    let short = name.split_str(".").next().unwrap_or_default();
                    shown.extend_from_slice(short);
                }
                Some(b'H') => shown.extend_from_slice(&sys.os().uname().nodename),
                Some(b'w') => shown.extend_from_slice(&self.short_directory()),
                Some(b'W') => {
                    let directory = self.short_directory();
                    let last = directory.rsplit_str("/").next().filter(|name| !name.is_empty());
                    shown.extend_from_slice(last.unwrap_or(b"/"));
                }
                Some(b'$') => {
                    let root = sys.os().credentials().is_ok_and(|who| who.is_root());
                    shown.extend_from_slice(if root { b"#" } else { b"\\$" });
                }
                Some(b'n') => shown.push(b'\n'),
                Some(b'r') => shown.push(b'\r'),
                Some(b'a') => shown.push(7),
                Some(b'e') => shown.push(27),
                Some(b's') => shown.extend_from_slice(&self.name),
                // Around what takes no room on the screen, for line editors.
                Some(b'[' | b']') => {}
                Some(other) => shown.extend_from_slice(&[b'\\', other]),
                None => shown.push(b'\\'),
            }
        }
        shown
    }

    fn user(&self, sys: &mut Sys<'_>) -> Vec<u8> {
        let uid = sys.os().credentials().map(|who| who.euid().0).unwrap_or_default();
        let passwd = sys.fs().read_file("/etc/passwd", 1 << 20).unwrap_or_default();
        let name = passwd.lines().find_map(|line| {
            let mut fields = line.split_str(":");
            let name = fields.next()?;
            (fields.nth(1)? == uid.to_string().as_bytes()).then(|| name.to_vec())
        });
        name.unwrap_or_else(|| uid.to_string().into_bytes())
    }

    /// The working directory, with `~` for the home directory.
    fn short_directory(&self) -> Vec<u8> {
        let directory = self.vars.get(vars::PWD).map_or(&b"/"[..], |path| path);
        if let Some(home) = self.vars.get(vars::HOME)
            && home.len() > 1
            && let Some(rest) = directory.strip_prefix(home.as_bytes())
            && (rest.is_empty() || rest.starts_with(b"/"))
        {
            return [b"~", rest].concat();
        }
        directory.to_vec()
    }

    /// Tells of jobs that have ended, and forgets them.
    pub(super) fn tell_jobs(&mut self) {
        let mut told = Vec::new();
        for job in self.jobs.iter_mut() {
            if let (JobState::Done(status), false) = (job.state(), job.told) {
                job.told = true;
                told.extend_from_slice(&describe(job.number, &done(status), &job.text));
            }
        }
        if self.frames.iter().all(|frame| !matches!(frame, Frame::WaitFor(_))) {
            self.jobs.retain(|job| !(job.told && matches!(job.state(), JobState::Done(_))));
        }
        self.output.complain(&told);
    }
}

/// A job's line in listings.
pub fn describe(number: u32, state: &str, text: &[u8]) -> Vec<u8> {
    let mut line = format!("[{number}] + {state:<27}").into_bytes();
    line.extend_from_slice(text);
    line.push(b'\n');
    line
}

/// How a job ended, in words.
pub fn done(status: WaitStatus) -> String {
    match status {
        WaitStatus::Exited(0) => "Done".into(),
        WaitStatus::Exited(status) => format!("Done({status})"),
        WaitStatus::Signaled(signal) => signal.message().into(),
        WaitStatus::Stopped(_) => "Stopped".into(),
        WaitStatus::Continued => "Running".into(),
    }
}
