//! uptime: how long the machine has been running.
//!
//! Follows: procps-ng 4.0 uptime. Deviates: there is no utmp, so users are counted by the
//! terminals on which somebody leads a session.

use std::collections::BTreeSet;

use bstr::ByteSlice;

use crate::kernel::program::calendar;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Uptime>("uptime");

const SPEC: Spec = Spec::new(
    "usage: uptime [-ps]\n\
     Print how long the machine has been running.\n\n  \
     -p, --pretty  in words\n  \
     -s, --since   since when",
    "ps",
)
.long(&[("pretty", b'p'), ("since", b's')]);

/// Bytes of a `/proc` file that are read.
const FILE_MAX: usize = 1 << 12;

#[derive(Clone)]
struct Uptime;

impl Compute for Uptime {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let text = sys.fs().read_file("/proc/uptime", FILE_MAX)?;
        let seconds: u64 = text.split(|byte| *byte == b'.').next().and_then(number).unwrap_or(0);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let mut clock = sys.os().clock();
        if options.has(b's') {
            clock.secs -= i64::try_from(seconds).unwrap_or(i64::MAX);
            out.text(calendar::format(b"%F %T\n", clock));
            return Ok(0);
        }
        if options.has(b'p') {
            let parts = [(days, "day"), (hours, "hour"), (minutes, "minute")];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
                .collect();
            let parts = if parts.is_empty() { "0 minutes".to_owned() } else { parts.join(", ") };
            out.text(format!("up {parts}\n"));
            return Ok(0);
        }
        let loads = sys.fs().read_file("/proc/loadavg", FILE_MAX)?;
        let loads: Vec<String> = loads
            .split(|byte| *byte == b' ')
            .take(3)
            .map(|load| load.to_str_lossy().into_owned())
            .collect();
        let since = match (days, hours) {
            (0, 0) => format!("{minutes} min"),
            (0, _) => format!("{hours:2}:{minutes:02}"),
            (1, _) => format!("1 day, {hours:2}:{minutes:02}"),
            _ => format!("{days} days, {hours:2}:{minutes:02}"),
        };
        let users = users(sys);
        let word = if users == 1 { "user" } else { "users" };
        out.text(calendar::format(b" %T ", clock));
        out.text(format!("up {since}, {users:2} {word},  load average: {}\n", loads.join(", ")));
        Ok(0)
    }
}

/// How many terminals somebody is logged in on.
fn users(sys: &mut Sys<'_>) -> usize {
    let mut terminals = BTreeSet::new();
    for entry in sys.fs().read_dir("/proc").unwrap_or_default() {
        let path = [b"/proc/", entry.name.as_slice(), b"/stat"].concat();
        let Ok(stat) = sys.fs().read_file(path, FILE_MAX) else { continue };
        let Some(close) = stat.rfind_byte(b')') else { continue };
        let comm =
            stat.find_byte(b'(').and_then(|open| stat.get(open + 1..close)).unwrap_or_default();
        let mut fields =
            stat[close + 1..].split(|byte| *byte == b' ').filter(|field| !field.is_empty());
        let Some(tty) = fields.nth(4).and_then(number::<u32>) else { continue };
        if tty != 0 && comm != b"getty" && comm != b"login" {
            terminals.insert(tty);
        }
    }
    terminals.len()
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn tells_how_long() {
        let text = run("uptime", "");
        assert!(text.contains(" up 0 min,  0 users,  load average: 0.00, 0.00, 0.00"), "{text}");
        assert_eq!(run("uptime -p", ""), "up 0 minutes\n[exit 0]\n");
    }
}
