//! Spans of simulated time as people write them: `250ms`, `10s`, `5m`, `2h`.

use std::str::FromStr;

use hostscape::base::Ticks;

/// A span of simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Ticks);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let factor: u64 = match unit {
            "ms" => 1,
            "" | "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(expected()),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = whole.parse().map_err(|_| expected())?;
        if part.len() > 3 || (!part.is_empty() && part.parse::<u64>().is_err()) {
            return Err(expected());
        }
        let thousandths: u64 = format!("{part:0<3}").parse().map_err(|_| expected())?;
        whole
            .checked_mul(factor)
            .and_then(|millis| millis.checked_add(thousandths * factor / 1000))
            .map(|millis| Self(Ticks(millis)))
            .ok_or_else(expected)
    }
}

fn expected() -> String {
    "expected a span of time, such as 250ms, 10s, 1.5m or 2h".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        let millis = |text: &str| text.parse::<Span>().map(|span| span.0.0);
        assert_eq!(millis("250ms"), Ok(250));
        assert_eq!(millis("10s"), Ok(10_000));
        assert_eq!(millis("10"), Ok(10_000));
        assert_eq!(millis("1.5m"), Ok(90_000));
        assert_eq!(millis("0.25s"), Ok(250));
        for wrong in ["", "s", "1x", "-1s", "1.2345s", "99999999999999999999s", "1..2s"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }
}
