//! date: print the time.
//!
//! Follows: POSIX.1-2024 date; options and messages of GNU coreutils 9.1. Deviates: machines
//! live in UTC and their clocks cannot be set. Left out: `-d` but for `@SECONDS`, ISO dates and
//! `now`.

use bstr::BStr;

use crate::base::{Errno, Timestamp};
use crate::kernel::program::calendar::{self, Civil};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote, quote_if_needed};
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Date>("date");

const SPEC: Spec = Spec::new(
    "usage: date [-uR] [-I[WHAT]] [-d STRING | -r FILE] [+FORMAT]\n\
     Print the time as FORMAT says, in strftime's notation.\n\n  \
     -d, --date=STRING      another time: @SECONDS, now, or 2026-01-31[ 12:34[:56]]\n  \
     -I, --iso-8601[=WHAT]  ISO 8601: date, hours, minutes, seconds or ns\n  \
     -r, --reference=FILE   when FILE changed last\n  \
     -R, --rfc-email        RFC 5322\n  \
     -u, --utc              (machines live in UTC)",
    "d:I::r:Rs:u",
)
.long(&[
    ("date", b'd'),
    ("iso-8601", b'I'),
    ("reference", b'r'),
    ("rfc-2822", b'R'),
    ("rfc-email", b'R'),
    ("set", b's'),
    ("universal", b'u'),
    ("utc", b'u'),
]);

#[derive(Clone)]
struct Date;

impl Compute for Date {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        if options.has(b's') {
            return Err(out.fail(1, format_args!("cannot set date: {}", Errno::EPERM)));
        }
        let now = sys.os().clock();
        let at = if let Some(text) = options.value(b'd') {
            parse(text, now)
                .ok_or_else(|| out.fail(1, format_args!("invalid date {}", quote(text))))?
        } else if let Some(path) = options.value(b'r') {
            let stat = sys.fs().stat(path);
            let about = |errno| format!("{}: {errno}", quote_if_needed(path));
            stat.map_err(|errno| out.fail(1, about(errno)))?.mtime
        } else {
            now
        };
        let pattern = match options.operands.as_slice() {
            [] => usual(options, out)?.to_vec(),
            [format] if format.starts_with(b"+") => format[1..].to_vec(),
            [time] => {
                return Err(out.fail(1, format_args!("invalid date {}", quote(time))));
            }
            [_, extra, ..] => {
                return Err(out.misuse(1, format_args!("extra operand {}", quote(extra))));
            }
        };
        out.text(calendar::format(&pattern, at));
        out.text("\n");
        Ok(0)
    }
}

/// The format where none is given.
fn usual(options: &Options, out: &mut Out) -> Result<&'static [u8], End> {
    if options.has(b'R') {
        return Ok(b"%a, %d %b %Y %H:%M:%S %z");
    }
    if !options.has(b'I') {
        return Ok(b"%a %b %e %H:%M:%S %Z %Y");
    }
    Ok(match options.value(b'I').map(|what| -> &[u8] { what }) {
        None | Some(b"date") => b"%Y-%m-%d",
        Some(b"hours") => b"%Y-%m-%dT%H+00:00",
        Some(b"minutes") => b"%Y-%m-%dT%H:%M+00:00",
        Some(b"seconds") => b"%Y-%m-%dT%H:%M:%S+00:00",
        Some(b"ns") => b"%Y-%m-%dT%H:%M:%S,%N+00:00",
        Some(what) => {
            let what = BStr::new(what);
            return Err(out.misuse(1, format_args!("invalid argument '{what}' for '--iso-8601'")));
        }
    })
}

/// A time in words: `@SECONDS`, `now`, or an ISO date with or without a time.
fn parse(text: &BStr, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim_ascii();
    if text.is_empty() || text == b"now" {
        return Some(now);
    }
    if let Some(seconds) = text.strip_prefix(b"@") {
        let secs = core::str::from_utf8(seconds).ok()?.parse().ok()?;
        return Some(Timestamp { secs, nanos: 0 });
    }
    let text = text.strip_suffix(b"Z").unwrap_or(text);
    let (date, time) = match text.iter().position(|byte| *byte == b' ' || *byte == b'T') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b"00:00"[..]),
    };
    let mut date = date.split(|byte| *byte == b'-').map(number::<u32>);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.split(|byte| *byte == b':').map(number::<u32>);
    let (hour, minute) = (time.next()??, time.next()??);
    let second = time.next().unwrap_or(Some(0))?;
    let valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && date.next().is_none();
    let civil =
        Civil { year: year.into(), month, day, hour, minute, second, weekday: 0, yearday: 0 };
    let secs = civil.seconds();
    (valid && Civil::new(secs).day == day).then_some(Timestamp { secs, nanos: 0 })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn formats_times() {
        assert_eq!(run("date -d @0", ""), "Thu Jan  1 00:00:00 UTC 1970\n[exit 0]\n");
        assert_eq!(run("date -u -d '2024-02-29 12:34' +%s/%j", ""), "1709210040/060\n[exit 0]\n");
        assert_eq!(run("date -Rd @0", ""), "Thu, 01 Jan 1970 00:00:00 +0000\n[exit 0]\n");
        assert_eq!(run("date -Iseconds -d @0", ""), "1970-01-01T00:00:00+00:00\n[exit 0]\n");
        assert_eq!(run("date +%Y", ""), "2023\n[exit 0]\n");
    }

    #[test]
    fn refuses_what_is_no_time() {
        expect![[r#"
            [stderr]
            date: invalid date '2023-02-29'
            [exit 1]
        "#]]
        .assert_eq(&run("date -d 2023-02-29", ""));
        expect![[r#"
            [stderr]
            date: cannot set date: Operation not permitted
            [exit 1]
        "#]]
        .assert_eq(&run("date -s now", ""));
    }
}
