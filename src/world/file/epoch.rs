//! Dates and times of a world file: `2026-01-01 12:30:00`, always UTC.

use crate::base::Timestamp;
use crate::variant::units::Expected;

/// What [`parse`] reads.
pub const EPOCH: Expected =
    "expected a date from 1970 to 9999 such as \"2026-01-31\" or \"2026-01-31 12:30:00\"";

/// What clocks show unless a world says otherwise: 2026-01-01 00:00:00 UTC.
pub const DEFAULT: Timestamp = Timestamp { secs: 1_767_225_600, nanos: 0 };

/// The moment that `text` names.
///
/// # Errors
///
/// [`EPOCH`] if there is no such moment.
pub fn parse(text: &str) -> Result<Timestamp, Expected> {
    moment(text.trim()).ok_or(EPOCH)
}

fn moment(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time.trim_end_matches('Z'), ':', [2, 2, 2])?;
    let month_days = match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let dated = year >= 1970 && (1..=month_days).contains(&day);
    if !dated || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let secs = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Timestamp { secs, nanos: 0 })
}

/// Three numbers of so many digits each.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 on. Years are counted from March, so that the leap day comes last.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_dates() {
        let secs = |text: &str| parse(text).unwrap().secs;
        assert_eq!(secs("1970-01-01"), 0);
        assert_eq!(secs("1970-03-01 00:00:01"), 59 * 86_400 + 1);
        assert_eq!(secs("2000-02-29T12:00:00Z"), 951_825_600);
        assert_eq!(secs("2001-09-09 01:46:40"), 1_000_000_000);
        assert_eq!(parse("2026-01-01"), Ok(DEFAULT));
        assert_eq!(secs("9999-12-31 23:59:59"), 253_402_300_799);
    }

    #[test]
    fn refuses_what_is_none() {
        for bad in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "1969-12-31",
            "26-01-01",
            "2026-01-01 24:00:00",
            "2026-01-01 1:00:00",
            "2026-01-01-01",
            "2026-01-01 00:00:00+1",
        ] {
            assert_eq!(parse(bad), Err(EPOCH), "{bad}");
        }
    }
}
