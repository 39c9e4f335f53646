//! Simulated time: [`Tick`] is an instant, [`Ticks`] a span, one tick one millisecond;
//! [`Timestamp`] is what a guest sees on its clock and in `stat`.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since the simulation began.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Tick(pub u64);

/// A span of time in ticks (milliseconds).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticks(pub u64);

impl Tick {
    /// The beginning of the simulation.
    pub const ZERO: Self = Self(0);
    /// An instant that never comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// The span since `earlier`, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Ticks {
        Ticks(self.0.saturating_sub(earlier.0))
    }
}

impl Ticks {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }
}

impl Add<Ticks> for Tick {
    type Output = Self;

    /// Saturates at [`Tick::NEVER`], so that a guest's absurd delay is merely never due.
    fn add(self, span: Ticks) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Ticks> for Tick {
    fn add_assign(&mut self, span: Ticks) {
        *self = *self + span;
    }
}

impl Sub for Tick {
    type Output = Ticks;

    fn sub(self, earlier: Self) -> Ticks {
        self.since(earlier)
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A moment on a guest's clock: seconds and nanoseconds since 1970-01-01 00:00:00 UTC
/// (POSIX `struct timespec`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp {
    /// Whole seconds since the epoch, leap seconds not counted.
    pub secs: i64,
    /// Nanoseconds within the second, under 1,000,000,000.
    pub nanos: u32,
}

impl Timestamp {
    /// The moment `millis` milliseconds after `self`.
    #[expect(
        clippy::cast_possible_wrap,
        reason = "quotients and remainders of u64 milliseconds fit"
    )]
    pub fn plus_millis(self, millis: u64) -> Self {
        let nanos = u64::from(self.nanos) + (millis % 1000) * 1_000_000;
        Self {
            secs: self.secs.saturating_add((millis / 1000 + nanos / 1_000_000_000) as i64),
            nanos: (nanos % 1_000_000_000) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_carry_into_seconds() {
        let start = Timestamp { secs: 5, nanos: 999_000_000 };
        assert_eq!(start.plus_millis(1), Timestamp { secs: 6, nanos: 0 });
        assert_eq!(start.plus_millis(2500), Timestamp { secs: 8, nanos: 499_000_000 });
    }

    #[test]
    fn absurd_delays_are_never() {
        assert_eq!(Tick(7) + Ticks(u64::MAX), Tick::NEVER);
    }
}
