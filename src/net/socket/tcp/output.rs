//! What a connection sends, and when time makes it.
//!
//! Follows: RFC 9293 §3.8 (retransmission, windows, Nagle, probes), RFC 1122 §4.2.3.4.

use super::{Ack, Connection, State};
use crate::base::{Errno, Tick};
use crate::net::proto::tcp::{Flags, Header, Seq};

/// Timeouts in a row before a SYN is given up (Linux `tcp_syn_retries`): 127 seconds.
const SYN_RETRIES_MAX: u8 = 6;
/// Timeouts in a row before the answer to a SYN is given up (Linux `tcp_synack_retries`).
const SYN_ACK_RETRIES_MAX: u8 = 5;
/// Timeouts in a row before data is given up (Linux `tcp_retries2`): about 15 minutes.
const RETRIES_MAX: u8 = 15;
/// The same for a connection whose user is gone (Linux `tcp_orphan_retries`).
const ORPHAN_RETRIES_MAX: u8 = 8;

/// A segment to send: its header, and which bytes of the send buffer it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) header: Header,
    pub(super) from: usize,
    pub(super) length: usize,
}

impl Connection {
    /// The next segment that shall go out now, if any.
    pub(super) fn next_segment(&mut self, now: Tick) -> Option<Outgoing> {
        match self.state {
            State::Closed => None,
            State::SynSent | State::SynReceived => self.next_syn(now),
            _ => self.next_data(now).or_else(|| self.next_ack(now)),
        }
    }

    fn next_syn(&mut self, now: Tick) -> Option<Outgoing> {
        if self.next != self.initial {
            return self.owes_ack().then(|| self.segment(self.sent, Flags::ACK, 0, 0));
        }
        let flags = match self.state {
            State::SynReceived => Flags::SYN.with(Flags::ACK),
            _ => Flags::SYN,
        };
        let mut outgoing = self.segment(self.initial, flags, 0, 0);
        outgoing.header.mss = Some(self.mss);
        self.note_sent(1, now);
        Some(outgoing)
    }

    /// Data, a FIN, or both.
    fn next_data(&mut self, now: Tick) -> Option<Outgoing> {
        let buffered = self.send_buffer.len();
        if core::mem::take(&mut self.resend) {
            return self.first_again(now);
        }
        let offset = self.next.since(self.unacknowledged) as usize;
        let unsent = buffered.saturating_sub(offset);
        let window = self.peer_window.min(self.congestion.window) as usize;
        let length = unsent.min(window.saturating_sub(offset)).min(usize::from(self.mss));
        let fin = self.state.is_finishing() && offset <= buffered && length == unsent;
        // Small segments wait for more while others are under way (RFC 9293 §3.7.4), unless half
        // of what the peer ever had room for is full.
        let full = length == usize::from(self.mss);
        let last = length == unsent && self.no_delay;
        let half = length >= (self.peer_window_max / 2).max(1) as usize;
        let worth = length > 0 && (full || last || half || offset == 0);
        if !worth && !fin {
            self.watch_window(unsent, now);
            return None;
        }
        let mut flags = Flags::ACK;
        if length > 0 && length == unsent {
            flags = flags.with(Flags::PSH);
        }
        if fin {
            flags = flags.with(Flags::FIN);
        }
        let outgoing = self.segment(self.next, flags, offset, length);
        self.note_sent(u32::try_from(length).unwrap_or(u32::MAX) + u32::from(fin), now);
        Some(outgoing)
    }

    /// The first unacknowledged segment once more (fast retransmit).
    fn first_again(&mut self, now: Tick) -> Option<Outgoing> {
        if self.flight() == 0 {
            return self.next_data(now);
        }
        let buffered = self.send_buffer.len();
        let length = buffered.min(usize::from(self.mss)).min(self.flight() as usize);
        let fin = self.state.is_finishing() && length == buffered;
        let flags = if fin { Flags::ACK.with(Flags::FIN) } else { Flags::ACK };
        self.rtt.stop();
        self.timer = Some(now + self.rtt.timeout(self.backoff));
        Some(self.segment(self.unacknowledged, flags, 0, length))
    }

    /// Keeps a timer running while the peer's window keeps data back.
    fn watch_window(&mut self, unsent: usize, now: Tick) {
        if unsent > 0 && self.flight() == 0 && self.timer.is_none() {
            self.timer = Some(now + self.rtt.timeout(self.backoff));
        }
    }

    /// An acknowledgment alone, or a probe of a closed window.
    fn next_ack(&mut self, now: Tick) -> Option<Outgoing> {
        if core::mem::take(&mut self.probe) {
            // A byte he has already makes him answer (Linux `tcp_xmit_probe_skb`).
            self.timer = Some(now + self.rtt.timeout(self.backoff));
            let before = Seq(self.unacknowledged.0.wrapping_sub(1));
            return Some(self.segment(before, Flags::ACK, 0, 0));
        }
        self.owes_ack().then(|| self.segment(self.sent, Flags::ACK, 0, 0))
    }

    fn owes_ack(&self) -> bool {
        self.ack == Ack::Now
    }

    /// Builds a segment; whatever it is, it acknowledges what has come.
    fn segment(&mut self, sequence: Seq, flags: Flags, from: usize, length: usize) -> Outgoing {
        let acknowledgment = if flags.has(Flags::ACK) { self.expected } else { Seq(0) };
        let window = if self.state == State::SynSent {
            u16::MAX
        } else {
            // A window is only promised to grow by steps worth a segment (RFC 9293 §3.8.6.2.2).
            let edge = self.edge();
            if edge.since(self.promised) >= u32::from(self.mss).min(self.room_max() / 2) {
                self.promised = edge;
            }
            u16::try_from(self.promised.since(self.expected)).unwrap_or(u16::MAX)
        };
        self.ack = Ack::No;
        self.unanswered = 0;
        let (source, destination) = (self.local.port(), self.remote.port());
        let header =
            Header { source, destination, sequence, acknowledgment, flags, window, mss: None };
        Outgoing { header, from, length }
    }

    /// Counts `count` positions from `next` on as sent.
    fn note_sent(&mut self, count: u32, now: Tick) {
        // New bytes are timed. Bytes sent again can't be.
        if self.next == self.sent {
            self.rtt.start(self.next.plus(count), now);
        } else {
            self.rtt.stop();
        }
        self.next = self.next.plus(count);
        if self.next.after(self.sent) {
            self.sent = self.next;
        }
        if self.timer.is_none() {
            self.timer = Some(now + self.rtt.timeout(self.backoff));
        }
    }

    /// The segment that breaks the connection from our side.
    pub(super) fn reset_segment(&self) -> Header {
        Header {
            source: self.local.port(),
            destination: self.remote.port(),
            sequence: self.sent,
            acknowledgment: self.expected,
            flags: Flags::RST.with(Flags::ACK),
            window: 0,
            mss: None,
        }
    }

    /// Appends the bytes a segment carries.
    pub(super) fn payload(&self, outgoing: &Outgoing, out: &mut Vec<u8>) {
        self.send_buffer.copy(outgoing.from, outgoing.length, out);
    }

    /// Does what time asks for.
    pub(super) fn tick(&mut self, now: Tick) {
        if self.linger.is_some_and(|tick| tick <= now) {
            return self.end(None);
        }
        if matches!(self.ack, Ack::Later(tick) if tick <= now) {
            self.ack = Ack::Now;
        }
        if self.timer.is_none_or(|tick| tick > now) {
            return;
        }
        let retries_max = match self.state {
            State::SynSent => SYN_RETRIES_MAX,
            State::SynReceived => SYN_ACK_RETRIES_MAX,
            _ if self.orphan => ORPHAN_RETRIES_MAX,
            _ => RETRIES_MAX,
        };
        if self.retries >= retries_max {
            return self.end(self.trouble.or(Some(Errno::ETIMEDOUT)));
        }
        let flight = self.flight();
        if flight == 0 {
            self.probe = true;
        } else {
            self.congestion.timed_out(flight, self.mss);
            self.next = self.unacknowledged;
            self.rtt.stop();
        }
        self.retries += 1;
        self.backoff = self.backoff.saturating_add(1).min(16);
        self.timer = None;
    }
}
