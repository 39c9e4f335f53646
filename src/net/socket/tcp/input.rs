//! A segment arrives at a connection.
//!
//! Follows: RFC 9293 §3.10.7, in its order; RFC 5961 for resets and SYNs that may be forged.

use super::assembler::Assembler;
use super::{Ack, Connection, LINGER_TIME, State};
use crate::base::limits::TCP_RECEIVE_BUFFER;
use crate::base::{Errno, Tick, Ticks};
use crate::net::proto::tcp::{Flags, Header, Seq};

/// How long an acknowledgment may wait for company (Linux `TCP_DELACK_MIN`).
const ACK_DELAY: Ticks = Ticks(40);

/// What the machine has to answer besides what the connection sends itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Nothing,
    /// A reset, made from the segment that came (RFC 9293 §3.10.7.1).
    Reset,
}

impl Connection {
    /// A segment has arrived.
    pub(super) fn input(&mut self, header: &Header, payload: &[u8], now: Tick) -> Answer {
        match self.state {
            State::Closed => Answer::Reset,
            State::SynSent => self.input_syn_sent(header, now),
            _ => self.input_synchronised(header, payload, now),
        }
    }

    /// RFC 9293 §3.10.7.3.
    fn input_syn_sent(&mut self, header: &Header, now: Tick) -> Answer {
        let flags = header.flags;
        let acknowledged = flags.has(Flags::ACK);
        if acknowledged && header.acknowledgment != self.initial.plus(1) {
            return if flags.has(Flags::RST) { Answer::Nothing } else { Answer::Reset };
        }
        if flags.has(Flags::RST) {
            if acknowledged {
                self.end(Some(Errno::ECONNREFUSED));
            }
            return Answer::Nothing;
        }
        if !flags.has(Flags::SYN) {
            return Answer::Nothing;
        }
        self.synchronise(header);
        if acknowledged {
            self.state = State::Established;
            self.ack = Ack::Now;
            self.advance(header.acknowledgment, true, now);
        } else {
            // Both called at once: answer with a SYN that acknowledges his.
            self.state = State::SynReceived;
            self.next = self.initial;
        }
        Answer::Nothing
    }

    /// RFC 9293 §3.10.7.4.
    fn input_synchronised(&mut self, header: &Header, payload: &[u8], now: Tick) -> Answer {
        let flags = header.flags;
        if !self.is_acceptable(header, payload) {
            if !flags.has(Flags::RST) {
                self.ack = Ack::Now;
                self.linger_on(flags, now);
            }
            return Answer::Nothing;
        }
        if flags.has(Flags::RST) {
            // A reset that is not exactly in place may be forged: ask.
            if header.sequence == self.expected {
                self.reset();
            } else {
                self.ack = Ack::Now;
            }
            return Answer::Nothing;
        }
        if flags.has(Flags::SYN) {
            if self.state == State::SynReceived && header.sequence.plus(1) == self.expected {
                // Our answer to his SYN was lost, or he called at once and now acknowledges.
                if !flags.has(Flags::ACK) {
                    self.next = self.initial;
                    return Answer::Nothing;
                }
            } else {
                self.ack = Ack::Now;
                return Answer::Nothing;
            }
        }
        if !flags.has(Flags::ACK) {
            return Answer::Nothing;
        }
        if !self.input_ack(header, payload.is_empty(), now) {
            return Answer::Reset;
        }
        if self.state.can_receive() {
            return self.input_data(header, payload, now);
        }
        // He sends again what we have: our acknowledgment was lost.
        if !payload.is_empty() || flags.has(Flags::FIN) {
            self.ack = Ack::Now;
            self.linger_on(flags, now);
        }
        Answer::Nothing
    }

    /// A FIN in TIME-WAIT starts the wait again.
    fn linger_on(&mut self, flags: Flags, now: Tick) {
        if self.state == State::TimeWait && flags.has(Flags::FIN) {
            self.linger = Some(now + LINGER_TIME);
        }
    }

    /// Whether a segment lies in the window, as leniently as Linux (`tcp_sequence`).
    fn is_acceptable(&self, header: &Header, payload: &[u8]) -> bool {
        let mut length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        length += u32::from(header.flags.has(Flags::SYN));
        length += u32::from(header.flags.has(Flags::FIN));
        let end = header.sequence.plus(length);
        !end.before(self.expected) && !header.sequence.after(self.promised)
    }

    /// The peer has broken the connection.
    fn reset(&mut self) {
        let error = match self.state {
            State::SynReceived => Some(Errno::ECONNREFUSED),
            State::CloseWait => Some(Errno::EPIPE),
            State::TimeWait => None,
            _ => Some(Errno::ECONNRESET),
        };
        self.end(error);
    }

    /// Handles the acknowledgment; false when it can't be from this connection.
    fn input_ack(&mut self, header: &Header, empty: bool, now: Tick) -> bool {
        let acknowledgment = header.acknowledgment;
        let syn = self.state == State::SynReceived;
        if syn {
            if acknowledgment != self.initial.plus(1) {
                return false;
            }
            self.state = State::Established;
            self.window_sequence = header.sequence;
            self.window_acknowledgment = acknowledgment;
            self.set_peer_window(header);
        }
        if acknowledgment.after(self.sent) {
            self.ack = Ack::Now;
            return true;
        }
        if acknowledgment.after(self.unacknowledged) {
            self.advance(acknowledgment, syn, now);
        } else if acknowledgment == self.unacknowledged
            && empty
            && !header.flags.has(Flags::FIN)
            && self.flight() > 0
            && u32::from(header.window) == self.peer_window
        {
            self.resend |= self.congestion.duplicate(self.sent, self.flight(), self.mss);
        }
        // Only a segment that is not older than the last may change the window.
        let newer = self.window_sequence.before(header.sequence)
            || self.window_sequence == header.sequence
                && !acknowledgment.before(self.window_acknowledgment);
        if newer {
            self.window_sequence = header.sequence;
            self.window_acknowledgment = acknowledgment;
            self.set_peer_window(header);
        }
        true
    }

    fn set_peer_window(&mut self, header: &Header) {
        self.peer_window = u32::from(header.window);
        self.peer_window_max = self.peer_window_max.max(self.peer_window);
        if self.flight() == 0 {
            // He lives; and if his window is open, probing is over.
            self.retries = 0;
            if self.peer_window > 0 {
                self.timer = None;
                self.backoff = 0;
            }
        }
    }

    /// The peer has everything up to `acknowledgment`, our SYN for the first time if `syn`.
    fn advance(&mut self, acknowledgment: Seq, syn: bool, now: Tick) {
        let bytes = acknowledgment.since(self.unacknowledged);
        let data = self.send_buffer.len().min(bytes as usize);
        // In front of the data there may have been a SYN, behind it a FIN.
        let data = if syn { data.min(bytes.saturating_sub(1) as usize) } else { data };
        self.send_buffer.drop_front(data);
        let fin = self.state.is_finishing() && bytes as usize > data + usize::from(syn);
        self.unacknowledged = acknowledgment;
        if self.next.before(acknowledgment) {
            self.next = acknowledgment;
        }
        self.rtt.acknowledged(acknowledgment, now);
        self.backoff = 0;
        self.retries = 0;
        self.trouble = None;
        if !syn {
            self.resend |= self.congestion.acknowledged(acknowledgment, bytes, self.mss);
        }
        self.timer = (self.flight() > 0).then(|| now + self.rtt.timeout(0));
        if fin {
            self.fin_acknowledged(now);
        }
    }

    fn fin_acknowledged(&mut self, now: Tick) {
        match self.state {
            State::FinWait1 => {
                self.state = State::FinWait2;
                self.linger = self.orphan.then(|| now + LINGER_TIME);
            }
            State::Closing => self.wait_out(now),
            State::LastAck => self.end(None),
            _ => {}
        }
    }

    fn wait_out(&mut self, now: Tick) {
        self.state = State::TimeWait;
        self.timer = None;
        self.linger = Some(now + LINGER_TIME);
    }

    /// Handles payload and FIN.
    fn input_data(&mut self, header: &Header, payload: &[u8], now: Tick) -> Answer {
        let mut start = header.sequence;
        let mut fin = header.flags.has(Flags::FIN);
        let mut bytes = payload;
        if start.before(self.expected) {
            let known = bytes.len().min(self.expected.since(start) as usize);
            bytes = &bytes[known..];
            start = self.expected;
            // He does not know that we have it.
            self.ack = Ack::Now;
        }
        let room = self.promised.since(start) as usize;
        if bytes.len() > room {
            bytes = &bytes[..room];
            fin = false;
            self.ack = Ack::Now;
        }
        if self.orphan && !bytes.is_empty() {
            // Nobody will ever read this (RFC 1122 §4.2.2.13).
            self.end(None);
            return Answer::Reset;
        }
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if start != self.expected {
            self.assembler.insert(self.expected, start, bytes);
            self.fin_at = if fin { Some(start.plus(length)) } else { self.fin_at };
            if length > 0 || fin {
                self.ack = Ack::Now;
            }
            return Answer::Nothing;
        }
        if length > 0 {
            self.take(bytes, now);
        }
        if fin || self.fin_at == Some(self.expected) {
            self.input_fin(now);
        }
        Answer::Nothing
    }

    /// Takes bytes that are in their place, and those behind them that came earlier.
    fn take(&mut self, bytes: &[u8], now: Tick) {
        let room = TCP_RECEIVE_BUFFER.saturating_sub(self.receive_buffer.len());
        let bytes = &bytes[..bytes.len().min(room)];
        self.receive_buffer.push(bytes);
        self.expected = self.expected.plus(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        if !self.assembler.is_empty() {
            self.ack = Ack::Now;
            self.assemble();
        }
        self.unanswered = self.unanswered.saturating_add(1);
        if self.ack == Ack::No {
            self.ack = Ack::Later(now + ACK_DELAY);
        }
        if self.unanswered >= 2 {
            self.ack = Ack::Now;
        }
    }

    fn assemble(&mut self) {
        // What the new bytes cover of earlier pieces is dropped, then pieces follow on.
        self.assembler.forget_before(self.expected);
        while let Some(piece) = self.assembler.take(self.expected) {
            self.receive_buffer.push(&piece);
            self.expected = self.expected.plus(u32::try_from(piece.len()).unwrap_or(u32::MAX));
        }
    }

    /// The peer has no more to send.
    fn input_fin(&mut self, now: Tick) {
        self.expected = self.expected.plus(1);
        if self.promised.before(self.expected) {
            self.promised = self.expected;
        }
        self.fin_at = None;
        // What a liar sent beyond his own end.
        self.assembler = Assembler::default();
        self.ack = Ack::Now;
        match self.state {
            State::Established => self.state = State::CloseWait,
            State::FinWait1 => self.state = State::Closing,
            State::FinWait2 => self.wait_out(now),
            _ => {}
        }
    }
}
