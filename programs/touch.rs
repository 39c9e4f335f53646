//! touch: set the times of files, which are made where there are none.
//!
//! Follows: POSIX.1-2024 touch; messages of GNU coreutils 9.1. Deviates: `-d` takes `@SECONDS`
//! alone, `-t` what POSIX says.

use bstr::BStr;

use crate::base::{Errno, Timestamp};
use crate::fs::{OpenFlags, SetTime};
use crate::kernel::program::calendar::Civil;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Stop, Sys};

pub(super) const PROGRAM: Program = once::<Touch>("touch");

const SPEC: Spec = Spec::new(
    "usage: touch [-acm] [-d @SECONDS | -r FILE | -t [[CC]YY]MMDDhhmm[.ss]] FILE...\n\
     Set the times of FILEs to now.\n\n  \
     -a              only the time of access\n  \
     -c, --no-create do not make files\n  \
     -d, --date=@SECONDS\n  \
     -m              only the time of change\n  \
     -r, --reference=FILE  to the times of FILE\n  \
     -t TIME         to TIME",
    "acd:mr:t:",
)
.long(&[("date", b'd'), ("no-create", b'c'), ("reference", b'r')]);

#[derive(Clone)]
struct Touch;

impl Compute for Touch {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        if options.operands.is_empty() {
            return Err(out.misuse(1, "missing file operand"));
        }
        let (mut atime, mut mtime) = times(options, out, sys)?;
        match (options.has(b'a'), options.has(b'm')) {
            (true, false) => mtime = SetTime::Keep,
            (false, true) => atime = SetTime::Keep,
            _ => {}
        }
        for path in &options.operands {
            let mut done = sys.fs().utimens(path, atime, mtime);
            if done == Err(Errno::ENOENT) {
                if options.has(b'c') {
                    continue;
                }
                let flags = OpenFlags::WRONLY | OpenFlags::CREAT | OpenFlags::NONBLOCK;
                done = match sys.fs().open(path, flags, 0o666) {
                    Ok(fd) => {
                        sys.io().close(fd).and_then(|()| sys.fs().utimens(path, atime, mtime))
                    }
                    Err(Stop::Fail(errno)) => Err(errno),
                    Err(block) => return Err(block.into()),
                };
            }
            if let Err(errno) = done {
                out.complain(format_args!("cannot touch {}: {errno}", quote(path)));
            }
        }
        Ok(out.status())
    }
}

fn times(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<(SetTime, SetTime), End> {
    if let Some(path) = options.value(b'r') {
        let stat = sys.fs().stat(path);
        let failed = |errno| format!("failed to get attributes of {}: {errno}", quote(path));
        let stat = stat.map_err(|errno| out.fail(1, failed(errno)))?;
        return Ok((SetTime::To(stat.atime), SetTime::To(stat.mtime)));
    }
    let secs = if let Some(text) = options.value(b'd') {
        let secs =
            text.strip_prefix(b"@").and_then(|text| core::str::from_utf8(text).ok()?.parse().ok());
        secs.ok_or_else(|| out.fail(1, format_args!("invalid date format {}", quote(text))))?
    } else if let Some(text) = options.value(b't') {
        let year = Civil::new(sys.os().clock().secs).year;
        parse(text, year)
            .ok_or_else(|| out.fail(1, format_args!("invalid date format {}", quote(text))))?
    } else {
        return Ok((SetTime::Now, SetTime::Now));
    };
    let at = SetTime::To(Timestamp { secs, nanos: 0 });
    Ok((at, at))
}

/// `[[CC]YY]MMDDhhmm[.ss]` in seconds since the epoch.
fn parse(text: &BStr, this_year: i64) -> Option<i64> {
    let (digits, second) = match text.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&text[..dot], number::<u32>(&text[dot + 1..])?),
        None => (text, 0),
    };
    let split = digits.len().checked_sub(8)?;
    let (year, rest) = digits.split_at(split);
    let year = match (year.len(), number::<i64>(year)) {
        (0, _) => this_year,
        // POSIX: 69 and above are of the last century.
        (2, Some(year)) if year >= 69 => 1900 + year,
        (2, Some(year)) => 2000 + year,
        (4, Some(year)) => year,
        _ => return None,
    };
    let mut pairs = rest.chunks(2).map(number::<u32>);
    let mut next = || pairs.next().flatten();
    let (month, day, hour, minute) = (next()?, next()?, next()?, next()?);
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    let civil = Civil { year, month, day, hour, minute, second, weekday: 0, yearday: 0 };
    (valid && second < 61).then(|| civil.seconds())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn makes_files_and_sets_times() {
        let mut guest = Guest::new();
        assert_eq!(guest.run("touch /tmp/a", ""), "[exit 0]\n");
        assert_eq!(guest.run("touch -t 200001020304.05 /tmp/a", ""), "[exit 0]\n");
        assert_eq!(guest.run("date -r /tmp/a +%F_%T", ""), "2000-01-02_03:04:05\n[exit 0]\n");
        assert_eq!(guest.run("touch -c /tmp/b", ""), "[exit 0]\n");
        expect![[r#"
            [stderr]
            touch: cannot touch '/no/x': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("touch /no/x", ""));
    }
}
