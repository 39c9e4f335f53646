//! The calendar: a [`Timestamp`] as a civil date, and `strftime` over it. Machines live in UTC.
//!
//! Follows: POSIX.1-2024 `strftime` in the POSIX locale, with GNU's `%s`, `%N`, `%P`, `%k`, `%l`
//! and padding flags `-`, `_`, `0`, `^`.

use crate::base::Timestamp;

/// A moment taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year of the Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// 0 (Sunday) to 6.
    pub weekday: u32,
    /// 1 to 366.
    pub yearday: u32,
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SECONDS_PER_DAY: i64 = 86_400;

impl Civil {
    /// The civil date of seconds since the epoch.
    pub fn new(secs: i64) -> Self {
        let days = secs.div_euclid(SECONDS_PER_DAY);
        let rest = small(secs.rem_euclid(SECONDS_PER_DAY));
        let (year, month, day) = date_of(days);
        Self {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: small((days + 4).rem_euclid(7)),
            yearday: small(days - days_of(year, 1, 1)) + 1,
        }
    }

    /// Seconds since the epoch.
    pub fn seconds(&self) -> i64 {
        let time = i64::from(self.hour * 3600 + self.minute * 60 + self.second);
        days_of(self.year, self.month, self.day) * SECONDS_PER_DAY + time
    }

    /// `Mon`, as `%a`.
    pub fn weekday_short(&self) -> &'static str {
        &DAYS[self.weekday as usize % 7][..3]
    }

    /// `Jan`, as `%b`.
    pub fn month_short(&self) -> &'static str {
        &MONTHS[(self.month as usize).wrapping_sub(1) % 12][..3]
    }

    /// The number of the week, weeks beginning on `first` (0 Sunday, 1 Monday).
    fn week(&self, first: u32) -> u32 {
        (self.yearday + 6 - (self.weekday + 7 - first) % 7) / 7
    }

    /// Year and number of the ISO 8601 week.
    fn iso_week(&self) -> (i64, u32) {
        let days = days_of(self.year, self.month, self.day);
        let thursday = days - i64::from((self.weekday + 6) % 7) + 3;
        let (year, _, _) = date_of(thursday);
        (year, small(thursday - days_of(year, 1, 1)) / 7 + 1)
    }
}

/// Days since the epoch of a date.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
pub fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn date_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = small(day_of_year - (153 * shifted + 2) / 5) + 1;
    let month = small(if shifted < 10 { shifted + 3 } else { shifted - 9 });
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn small(number: i64) -> u32 {
    u32::try_from(number).expect("parts of a date are small and not negative")
}

/// Formats a moment as `strftime` does; unknown conversions stay as they are.
pub fn format(pattern: &[u8], at: Timestamp) -> Vec<u8> {
    let civil = Civil::new(at.secs);
    let mut text = Vec::with_capacity(pattern.len() * 2);
    let mut rest = pattern;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            text.push(*first);
            continue;
        }
        let flags = tail.iter().take_while(|byte| b"-_0^".contains(byte)).count();
        let Some(conversion) = tail.get(flags) else {
            text.push(b'%');
            continue;
        };
        match convert(*conversion, &civil, at) {
            Some(field) => {
                text.extend_from_slice(field.shown(&tail[..flags]).as_bytes());
                rest = &tail[flags + 1..];
            }
            None => text.push(b'%'),
        }
    }
    text
}

/// A converted field: a number keeps its padding changeable.
enum Field {
    Text(String),
    Number { value: i64, width: usize, pad: char },
}

impl Field {
    fn shown(&self, flags: &[u8]) -> String {
        match self {
            Self::Text(text) if flags.contains(&b'^') => text.to_uppercase(),
            Self::Text(text) => text.clone(),
            Self::Number { value, width, pad } => match flags.last() {
                Some(b'-') => format!("{value}"),
                Some(b'_') => format!("{value:width$}"),
                Some(b'0') => format!("{value:0width$}"),
                _ if *pad == '0' => format!("{value:0width$}"),
                _ => format!("{value:width$}"),
            },
        }
    }
}

fn convert(conversion: u8, civil: &Civil, at: Timestamp) -> Option<Field> {
    let zero = |value: u32, width| Field::Number { value: value.into(), width, pad: '0' };
    let space = |value: u32, width| Field::Number { value: value.into(), width, pad: ' ' };
    let year = |value, width| Field::Number { value, width, pad: '0' };
    let text = |text: &str| Field::Text(text.to_owned());
    let again =
        |pattern: &[u8]| Field::Text(String::from_utf8_lossy(&format(pattern, at)).into_owned());
    let twelve = (civil.hour + 11) % 12 + 1;
    Some(match conversion {
        b'a' => text(civil.weekday_short()),
        b'A' => text(DAYS[civil.weekday as usize % 7]),
        b'b' | b'h' => text(civil.month_short()),
        b'B' => text(MONTHS[(civil.month as usize).wrapping_sub(1) % 12]),
        b'c' => again(b"%a %b %e %H:%M:%S %Y"),
        b'C' => year(civil.year.div_euclid(100), 2),
        b'd' => zero(civil.day, 2),
        b'D' | b'x' => again(b"%m/%d/%y"),
        b'e' => space(civil.day, 2),
        b'F' => again(b"%Y-%m-%d"),
        b'g' => year(civil.iso_week().0.rem_euclid(100), 2),
        b'G' => year(civil.iso_week().0, 1),
        b'H' => zero(civil.hour, 2),
        b'I' => zero(twelve, 2),
        b'j' => zero(civil.yearday, 3),
        b'k' => space(civil.hour, 2),
        b'l' => space(twelve, 2),
        b'm' => zero(civil.month, 2),
        b'M' => zero(civil.minute, 2),
        b'n' => text("\n"),
        b'N' => zero(at.nanos, 9),
        b'p' => text(if civil.hour < 12 { "AM" } else { "PM" }),
        b'P' => text(if civil.hour < 12 { "am" } else { "pm" }),
        b'q' => zero(civil.month.div_ceil(3), 1),
        b'r' => again(b"%I:%M:%S %p"),
        b'R' => again(b"%H:%M"),
        b's' => year(at.secs, 1),
        b'S' => zero(civil.second, 2),
        b't' => text("\t"),
        b'T' | b'X' => again(b"%H:%M:%S"),
        b'u' => zero((civil.weekday + 6) % 7 + 1, 1),
        b'U' => zero(civil.week(0), 2),
        b'V' => zero(civil.iso_week().1, 2),
        b'w' => zero(civil.weekday, 1),
        b'W' => zero(civil.week(1), 2),
        b'y' => year(civil.year.rem_euclid(100), 2),
        b'Y' => year(civil.year, 1),
        b'z' => text("+0000"),
        b'Z' => text("UTC"),
        b'%' => text("%"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_real_strftime() {
        let all = b"%a %A %b %B %c|%C %d %D %e %F %g %G %H %I %j %k %l %m %M %p %r %R %s %S %T %u \
                    %U %V %w %W %y %Y %z %Z %%|%-d %_H %^a %Q";
        // Made with `date -u -d @N` of GNU coreutils 9.1.
        let cases = [
            (
                0,
                "Thu Thursday Jan January Thu Jan  1 00:00:00 1970|19 01 01/01/70  1 1970-01-01 70 \
                 1970 00 12 001  0 12 01 00 AM 12:00:00 AM 00:00 0 00 00:00:00 4 00 01 4 00 70 1970 \
                 +0000 UTC %|1  0 THU %Q",
            ),
            (
                1_709_210_096,
                "Thu Thursday Feb February Thu Feb 29 12:34:56 2024|20 29 02/29/24 29 2024-02-29 24 \
                 2024 12 12 060 12 12 02 34 PM 12:34:56 PM 12:34 1709210096 56 12:34:56 4 08 09 4 \
                 09 24 2024 +0000 UTC %|29 12 THU %Q",
            ),
        ];
        for (secs, expected) in cases {
            let text = format(all, Timestamp { secs, nanos: 0 });
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn seconds_survive_a_round_trip() {
        for secs in (-5_000_000_000..10_000_000_000).step_by(123_456_789) {
            assert_eq!(Civil::new(secs).seconds(), secs);
        }
    }
}
