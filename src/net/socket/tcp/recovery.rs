//! When to send again, and how much at once.
//!
//! Follows: RFC 6298 (retransmission timer, in whole milliseconds), RFC 5681 (slow start,
//! congestion avoidance, fast retransmit), RFC 6582 (NewReno recovery), RFC 6928 (initial window).
//! Left out: SACK, F-RTO, limited transmit.

use serde::{Deserialize, Serialize};

use crate::base::{Tick, Ticks};
use crate::net::proto::tcp::Seq;

/// Timeout before anything was measured (RFC 6298 §2.1).
const RTO_INITIAL: u32 = 1000;
/// Smallest timeout (Linux `TCP_RTO_MIN`).
const RTO_MIN: u32 = 200;
/// Largest timeout (Linux `TCP_RTO_MAX`).
const RTO_MAX: u32 = 120_000;
/// Keeps the congestion window far from overflow; the peer's window is smaller anyway.
const WINDOW_MAX: u32 = 1 << 24;

/// Round trip times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rtt {
    /// Smoothed round trip time, eightfold; 0 before the first measurement.
    smoothed_8: u32,
    /// Its mean deviation, fourfold.
    deviation_4: u32,
    timeout: u32,
    /// The byte that is timed, and since when.
    timing: Option<(Seq, Tick)>,
}

impl Rtt {
    pub(super) const fn new() -> Self {
        Self { smoothed_8: 0, deviation_4: 0, timeout: RTO_INITIAL, timing: None }
    }

    /// The timeout after `backoff` timeouts in a row.
    pub(super) fn timeout(&self, backoff: u8) -> Ticks {
        let doubled = u64::from(self.timeout) << backoff.min(16);
        Ticks(doubled.min(u64::from(RTO_MAX)))
    }

    /// Begins to time the byte before `end`, unless another is timed.
    pub(super) fn start(&mut self, end: Seq, now: Tick) {
        self.timing.get_or_insert((end, now));
    }

    /// What is sent again can't be timed (Karn's algorithm).
    pub(super) const fn stop(&mut self) {
        self.timing = None;
    }

    /// Everything up to `acknowledged` has arrived.
    pub(super) fn acknowledged(&mut self, acknowledged: Seq, now: Tick) {
        let Some((end, since)) = self.timing else { return };
        if acknowledged.before(end) {
            return;
        }
        self.timing = None;
        let sample = u32::try_from(now.since(since).0).unwrap_or(RTO_MAX).clamp(1, RTO_MAX);
        if self.smoothed_8 == 0 {
            self.smoothed_8 = sample * 8;
            self.deviation_4 = sample * 2;
        } else {
            let smoothed = self.smoothed_8 / 8;
            self.smoothed_8 = (self.smoothed_8 + sample).saturating_sub(smoothed).max(1);
            self.deviation_4 = self.deviation_4 - self.deviation_4 / 4 + smoothed.abs_diff(sample);
        }
        self.timeout = (self.smoothed_8 / 8 + self.deviation_4.max(1)).clamp(RTO_MIN, RTO_MAX);
    }

    pub(super) fn check(&self) -> bool {
        (RTO_MIN..=RTO_MAX).contains(&self.timeout)
            && self.smoothed_8 <= RTO_MAX * 8
            && self.deviation_4 <= RTO_MAX * 8
    }
}

/// How many bytes may be under way, as the network's losses allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Congestion {
    pub(super) window: u32,
    threshold: u32,
    duplicates: u8,
    /// During recovery: how far had been sent when the loss was noticed.
    recover: Option<Seq>,
}

impl Congestion {
    pub(super) fn new(mss: u16) -> Self {
        let window = u32::from(mss) * 10;
        Self { window, threshold: WINDOW_MAX, duplicates: 0, recover: None }
    }

    /// New data was acknowledged; true when the next hole has to be filled at once.
    pub(super) fn acknowledged(&mut self, acknowledged: Seq, bytes: u32, mss: u16) -> bool {
        let mss = u32::from(mss);
        self.duplicates = 0;
        match self.recover {
            Some(recover) if acknowledged.before(recover) => {
                self.window = self.window.saturating_sub(bytes).saturating_add(mss);
                return true;
            }
            Some(_) => {
                self.window = self.threshold.max(mss);
                self.recover = None;
            }
            None if self.window < self.threshold => self.window += bytes.min(mss),
            None => self.window += (mss * mss / self.window.max(1)).max(1),
        }
        self.window = self.window.min(WINDOW_MAX);
        false
    }

    /// An acknowledgment said nothing new; true when that means a loss. `sent` is how far was
    /// sent, `flight` how much is under way.
    pub(super) fn duplicate(&mut self, sent: Seq, flight: u32, mss: u16) -> bool {
        let mss = u32::from(mss);
        if self.recover.is_some() {
            self.window = (self.window + mss).min(WINDOW_MAX);
            return false;
        }
        self.duplicates = self.duplicates.saturating_add(1);
        if self.duplicates != 3 {
            return false;
        }
        self.threshold = (flight / 2).max(2 * mss);
        self.window = self.threshold + 3 * mss;
        self.recover = Some(sent);
        true
    }

    /// Nothing was acknowledged for too long.
    pub(super) fn timed_out(&mut self, flight: u32, mss: u16) {
        let mss = u32::from(mss);
        self.threshold = (flight / 2).max(2 * mss);
        self.window = mss;
        self.duplicates = 0;
        self.recover = None;
    }

    pub(super) const fn check(&self) -> bool {
        self.window <= WINDOW_MAX && self.threshold <= WINDOW_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_follows_rfc_6298() {
        let mut rtt = Rtt::new();
        assert_eq!(rtt.timeout(0), Ticks(1000));
        assert_eq!((rtt.timeout(1), rtt.timeout(9)), (Ticks(2000), Ticks(120_000)));
        let mut sample = |millis| {
            rtt.start(Seq(1), Tick(0));
            rtt.acknowledged(Seq(0), Tick(1));
            rtt.acknowledged(Seq(1), Tick(millis));
            rtt.timeout(0).0
        };
        assert_eq!(sample(100), 100 + 4 * 50);
        // SRTT 7/8 * 100 + 1/8 * 180 = 110, RTTVAR 3/4 * 50 + 1/4 * 80 = 57.5
        assert_eq!(sample(180), 110 + 4 * 57 + 2);
        assert_eq!((0..100).map(|_| sample(20)).last(), Some(200), "the minimum");
        assert!(sample(u64::MAX) <= 120_000);
        assert!(rtt.check());
    }

    #[test]
    fn slow_start_then_avoidance_then_recovery() {
        let mut congestion = Congestion::new(1000);
        assert_eq!(congestion.window, 10_000);
        congestion.acknowledged(Seq(1000), 1000, 1000);
        assert_eq!(congestion.window, 11_000);
        congestion.timed_out(8000, 1000);
        assert_eq!(congestion.window, 1000);
        for _ in 0..3 {
            congestion.acknowledged(Seq(1000), 1000, 1000);
        }
        assert_eq!(congestion.window, 4000, "the threshold");
        congestion.acknowledged(Seq(1000), 1000, 1000);
        assert_eq!(congestion.window, 4250, "a segment per round trip");
        assert!(!congestion.duplicate(Seq(9000), 4000, 1000));
        assert!(!congestion.duplicate(Seq(9000), 4000, 1000));
        assert!(congestion.duplicate(Seq(9000), 4000, 1000), "the third");
        assert_eq!(congestion.window, 5000);
        assert!(congestion.acknowledged(Seq(5000), 1000, 1000), "a partial acknowledgment");
        assert!(!congestion.acknowledged(Seq(9000), 4000, 1000));
        assert_eq!(congestion.window, 2000);
    }
}
