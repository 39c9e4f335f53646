//! TCP: streams over packets that get lost.
//!
//! A `Connection` knows nothing of the machine around it. Segments go in (`Connection::input`),
//! time goes in (`Connection::tick`), the user's calls go in, and then segments come out one by
//! one until there are none (`Connection::next_segment`). The stack does the rest
//! (`machine.rs`): finding the connection, wrapping segments into packets, listeners.
//!
//! Follows: RFC 9293, RFC 5961 (challenge acknowledgments), RFC 1122 §4.2 (delayed
//! acknowledgments, silly windows, Nagle). Left out: urgent data, window scale, SACK, timestamps,
//! keep-alive.

mod assembler;
mod input;
mod machine;
mod output;
mod recovery;

use core::net::SocketAddrV4;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::assembler::Assembler;
use self::recovery::{Congestion, Rtt};
use super::{Readiness, SocketId};
use crate::base::limits::{TCP_RECEIVE_BUFFER, TCP_SEND_BUFFER};
use crate::base::{Errno, Tick, Ticks};
use crate::net::buffer::ByteQueue;
use crate::net::proto::tcp::{Header, MSS_DEFAULT, Seq};

/// How long TIME-WAIT and an abandoned FIN-WAIT-2 last (Linux `TCP_TIMEWAIT_LEN`).
const LINGER_TIME: Ticks = Ticks::from_secs(60);

/// The states of RFC 9293 §3.3.2 but LISTEN, which is a `Listener`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// Over, or refused.
    Closed,
    /// Asked the peer to connect.
    SynSent,
    /// Was asked, has agreed.
    SynReceived,
    /// Both may send.
    Established,
    /// We have no more to send; the peer does not know for sure.
    FinWait1,
    /// We have no more to send; the peer may.
    FinWait2,
    /// The peer has no more to send; we may.
    CloseWait,
    /// Both have no more to send; the peer does not know for sure.
    Closing,
    /// As Closing, and the peer was first.
    LastAck,
    /// All is said; old segments may still turn up.
    TimeWait,
}

impl State {
    /// The name that `ss` and `netstat` print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSE",
            Self::SynSent => "SYN_SENT",
            Self::SynReceived => "SYN_RECV",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN_WAIT1",
            Self::FinWait2 => "FIN_WAIT2",
            Self::CloseWait => "CLOSE_WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST_ACK",
            Self::TimeWait => "TIME_WAIT",
        }
    }

    /// Linux's number for the state in `/proc/net/tcp`.
    pub const fn number(self) -> u8 {
        match self {
            Self::Established => 1,
            Self::SynSent => 2,
            Self::SynReceived => 3,
            Self::FinWait1 => 4,
            Self::FinWait2 => 5,
            Self::TimeWait => 6,
            Self::Closed => 7,
            Self::CloseWait => 8,
            Self::LastAck => 9,
            Self::Closing => 11,
        }
    }

    const fn is_connecting(self) -> bool {
        matches!(self, Self::SynSent | Self::SynReceived)
    }

    /// Our FIN is queued or sent, and not acknowledged.
    const fn is_finishing(self) -> bool {
        matches!(self, Self::FinWait1 | Self::Closing | Self::LastAck)
    }

    /// The user may still give us data to send.
    const fn can_send(self) -> bool {
        matches!(self, Self::Established | Self::CloseWait)
    }

    /// The peer may still send data.
    const fn can_receive(self) -> bool {
        matches!(self, Self::Established | Self::FinWait1 | Self::FinWait2)
    }
}

/// Whether we owe the peer an acknowledgment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Ack {
    No,
    Later(Tick),
    Now,
}

/// A TCP socket: nothing yet, waiting for others, or one end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::net) enum Tcp {
    Idle,
    Listening(Listener),
    Connection(Box<Connection>),
}

/// A socket that waits for connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::net) struct Listener {
    pub(in crate::net) backlog: u32,
    /// Connections that have not been agreed on yet.
    pub(in crate::net) half_open: u32,
    /// Connections for `accept`, oldest first.
    pub(in crate::net) queue: VecDeque<SocketId>,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::net) struct Connection {
    pub(in crate::net) state: State,
    pub(in crate::net) local: SocketAddrV4,
    pub(in crate::net) remote: SocketAddrV4,
    /// The listener that waits for the handshake to end.
    pub(in crate::net) parent: Option<SocketId>,
    /// Why it ended, until somebody asks.
    pub(in crate::net) error: Option<Errno>,
    /// The user has closed it; it lives until the peer knows.
    orphan: bool,
    /// The user was told that the connection stands.
    reported: bool,
    /// Small segments are sent even while others are under way (`TCP_NODELAY`).
    pub(in crate::net) no_delay: bool,
    /// What an ICMP error said meanwhile; the reason given if it times out.
    trouble: Option<Errno>,

    // Sending. `send_buffer` starts at `unacknowledged`.
    initial: Seq,
    unacknowledged: Seq,
    /// What comes next; after a timeout it goes back to `unacknowledged`.
    next: Seq,
    /// How far was ever sent.
    sent: Seq,
    send_buffer: ByteQueue,
    /// The peer's window, the largest it ever was, and the segment that told.
    peer_window: u32,
    peer_window_max: u32,
    window_sequence: Seq,
    window_acknowledgment: Seq,
    mss: u16,
    rtt: Rtt,
    congestion: Congestion,
    /// Timeouts in a row that raised the timeout; and without any sign of life.
    backoff: u8,
    retries: u8,
    /// Retransmission while something is under way, else probing of a closed window.
    timer: Option<Tick>,
    /// The first unacknowledged segment shall go out again.
    resend: bool,
    /// A closed window shall be probed.
    probe: bool,

    // Receiving. `receive_buffer` ends at `expected`.
    expected: Seq,
    receive_buffer: ByteQueue,
    assembler: Assembler,
    /// Where the peer's FIN is, if it came before its turn.
    fin_at: Option<Seq>,
    /// The right edge of the window we have promised, which never moves back.
    promised: Seq,
    ack: Ack,
    /// Segments since the last acknowledgment.
    unanswered: u8,

    /// End of TIME-WAIT or of patience in FIN-WAIT-2.
    linger: Option<Tick>,
}

impl Connection {
    /// A connection before its first segment; `mss` is the largest we can take.
    fn new(
        state: State,
        (local, remote): (SocketAddrV4, SocketAddrV4),
        initial: Seq,
        mss: u16,
    ) -> Self {
        Self {
            state,
            local,
            remote,
            parent: None,
            error: None,
            orphan: false,
            reported: false,
            no_delay: false,
            trouble: None,
            initial,
            unacknowledged: initial,
            next: initial,
            sent: initial,
            send_buffer: ByteQueue::default(),
            peer_window: 0,
            peer_window_max: 0,
            window_sequence: Seq(0),
            window_acknowledgment: Seq(0),
            mss,
            rtt: Rtt::new(),
            congestion: Congestion::new(mss),
            backoff: 0,
            retries: 0,
            timer: None,
            resend: false,
            probe: false,
            expected: Seq(0),
            receive_buffer: ByteQueue::default(),
            assembler: Assembler::default(),
            fin_at: None,
            promised: Seq(0),
            ack: Ack::No,
            unanswered: 0,
            linger: None,
        }
    }

    /// A connection that we ask for.
    pub(in crate::net) fn open(
        addresses: (SocketAddrV4, SocketAddrV4),
        initial: Seq,
        mss: u16,
    ) -> Self {
        Self::new(State::SynSent, addresses, initial, mss)
    }

    /// A connection that a peer asks for with `syn`.
    pub(in crate::net) fn accept(
        addresses: (SocketAddrV4, SocketAddrV4),
        initial: Seq,
        mss: u16,
        syn: &Header,
    ) -> Self {
        let mut connection = Self::new(State::SynReceived, addresses, initial, mss);
        connection.synchronise(syn);
        connection.reported = true;
        connection
    }

    /// Takes over what the peer's SYN says.
    fn synchronise(&mut self, syn: &Header) {
        self.expected = syn.sequence.plus(1);
        let room = u32::try_from(TCP_RECEIVE_BUFFER).unwrap_or(u32::MAX);
        self.promised = self.expected.plus(room);
        // A segment size under 64 bytes would be an attack on us (RFC 9293 §3.7.1 has none).
        self.mss = self.mss.min(syn.mss.unwrap_or(MSS_DEFAULT)).max(64);
        self.congestion = Congestion::new(self.mss);
        self.peer_window = u32::from(syn.window);
        self.peer_window_max = self.peer_window;
        self.window_sequence = syn.sequence;
        self.window_acknowledgment = syn.acknowledgment;
    }

    /// Takes bytes to send.
    pub(in crate::net) fn send(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.state.is_connecting() {
            return Err(Errno::EAGAIN);
        }
        if !self.state.can_send() {
            return Err(Errno::EPIPE);
        }
        let room = TCP_SEND_BUFFER.saturating_sub(self.send_buffer.len());
        if room == 0 && !bytes.is_empty() {
            return Err(Errno::EAGAIN);
        }
        let count = room.min(bytes.len());
        self.send_buffer.push(&bytes[..count]);
        Ok(count)
    }

    /// Gives received bytes to the user; 0 at the end of the stream.
    pub(in crate::net) fn receive(
        &mut self,
        bytes: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, Errno> {
        if !self.receive_buffer.is_empty() {
            let count = self.receive_buffer.take(bytes, max);
            // Tell the peer once there is room worth telling of (RFC 9293 §3.8.6.2.2).
            let worth = (2 * u32::from(self.mss)).min(self.room_max() / 2);
            if self.edge().since(self.promised) >= worth && self.state.can_receive() {
                self.ack = Ack::Now;
            }
            return Ok(count);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.state.is_connecting() || self.state.can_receive() {
            return if max == 0 { Ok(0) } else { Err(Errno::EAGAIN) };
        }
        Ok(0)
    }

    /// The user has no more to send.
    pub(in crate::net) fn finish(&mut self) -> Result<(), Errno> {
        self.state = match self.state {
            State::Established => State::FinWait1,
            State::CloseWait => State::LastAck,
            State::Closed | State::SynSent | State::SynReceived => return Err(Errno::ENOTCONN),
            state => state,
        };
        Ok(())
    }

    /// The user is gone; true when the peer has to be told by a reset.
    pub(in crate::net) fn abandon(&mut self, now: Tick) -> bool {
        self.orphan = true;
        // Bytes the user never read are lost, and the peer shall know (RFC 1122 §4.2.2.13).
        let lost = !self.receive_buffer.is_empty();
        match self.state {
            State::Closed | State::SynSent | State::TimeWait if !lost => {
                if self.state == State::SynSent {
                    self.end(None);
                }
                false
            }
            State::SynReceived => self.abort(),
            _ if lost => self.abort(),
            State::FinWait2 => {
                self.linger = Some(now + LINGER_TIME);
                false
            }
            _ => {
                // Only states without a connection refuse, and those were handled above.
                let _ = self.finish();
                false
            }
        }
    }

    fn abort(&mut self) -> bool {
        let had_peer = !matches!(self.state, State::Closed | State::TimeWait);
        self.end(None);
        had_peer
    }

    /// Ends the connection at once. What was received stays readable.
    pub(in crate::net) fn end(&mut self, error: Option<Errno>) {
        self.state = State::Closed;
        self.error = error.or(self.error);
        self.send_buffer = ByteQueue::default();
        self.assembler = Assembler::default();
        self.timer = None;
        self.linger = None;
        self.ack = Ack::No;
        self.resend = false;
        self.probe = false;
    }

    /// An ICMP error is about this connection. Before it stands that ends it, as in Linux;
    /// afterwards it may pass.
    pub(in crate::net) fn note_trouble(&mut self, error: Errno) {
        if self.state.is_connecting() {
            self.end(Some(error));
        } else {
            self.trouble = Some(error);
        }
    }

    /// A link on the way carries packets of at most `mtu` bytes (RFC 1191).
    pub(in crate::net) fn lower_mss(&mut self, mtu: u16) {
        // 552 as in Linux (`min_pmtu`): less would let a forged error throttle us.
        let mss = mtu.max(552) - 40;
        if mss < self.mss {
            self.mss = mss;
            self.next = self.unacknowledged;
            self.rtt.stop();
        }
    }

    /// Whether a reported ICMP error quotes something that is under way.
    pub(in crate::net) fn is_under_way(&self, sequence: Seq) -> bool {
        !sequence.before(self.unacknowledged) && sequence.before(self.sent)
    }

    /// What connecting again says (see `Stack::connect`).
    pub(in crate::net) fn report(&mut self) -> Result<(), Errno> {
        if self.state.is_connecting() {
            return Err(Errno::EALREADY);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if core::mem::replace(&mut self.reported, true) {
            return Err(Errno::EISCONN);
        }
        Ok(())
    }

    /// Whether it never stood, is over and has said why, so that the socket may connect anew.
    pub(in crate::net) const fn has_failed(&self) -> bool {
        matches!(self.state, State::Closed) && !self.reported && self.error.is_none()
    }

    /// Whether nobody needs it any more.
    pub(in crate::net) const fn is_over(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Bytes not acknowledged, and bytes not read.
    pub(in crate::net) fn queues(&self) -> (usize, usize) {
        (self.send_buffer.len(), self.receive_buffer.len())
    }

    pub(in crate::net) fn readiness(&self) -> Readiness {
        let over = self.state == State::Closed;
        let error = self.error.is_some();
        let ended = !self.state.is_connecting() && !self.state.can_receive();
        // As in Linux, a full buffer counts as writable again when a third of it is free: waking
        // a writer for every few bytes would cost more than it brings.
        let room = TCP_SEND_BUFFER - self.send_buffer.len().min(TCP_SEND_BUFFER);
        let can_send =
            !self.state.is_connecting() && (!self.state.can_send() || room >= TCP_SEND_BUFFER / 3);
        let hangup =
            matches!(self.state, State::Closed | State::Closing | State::LastAck | State::TimeWait);
        Readiness {
            readable: !self.receive_buffer.is_empty() || ended || error,
            writable: can_send || error || over,
            hangup,
            error,
        }
    }

    /// When [`Self::tick`] is next needed.
    pub(in crate::net) fn due(&self) -> Option<Tick> {
        let ack = match self.ack {
            Ack::Later(tick) => Some(tick),
            Ack::No | Ack::Now => None,
        };
        [self.timer, ack, self.linger].into_iter().flatten().min()
    }

    /// Bytes under way.
    const fn flight(&self) -> u32 {
        self.sent.since(self.unacknowledged)
    }

    fn room_max(&self) -> u32 {
        u32::try_from(TCP_RECEIVE_BUFFER).unwrap_or(u32::MAX)
    }

    /// The right edge of the window we could promise.
    fn edge(&self) -> Seq {
        let used = u32::try_from(self.receive_buffer.len()).unwrap_or(u32::MAX);
        let edge = self.expected.plus(self.room_max().saturating_sub(used));
        if edge.before(self.promised) { self.promised } else { edge }
    }

    pub(in crate::net) fn check(&self) -> Result<(), String> {
        let sane = self.rtt.check() && self.congestion.check() && self.mss >= 64;
        let window = self.promised.since(self.expected);
        let room = self.receive_buffer.len() as u64 + u64::from(window);
        // A SYN or a FIN is under way beyond the buffer.
        let flight = u64::from(self.flight()) <= self.send_buffer.len() as u64 + 1;
        let order = self.next.since(self.unacknowledged) <= self.flight();
        let over = self.state == State::Closed;
        let rules = [
            (self.send_buffer.len() <= TCP_SEND_BUFFER, "holds too much to send"),
            (self.receive_buffer.len() <= TCP_RECEIVE_BUFFER, "holds too much to read"),
            (self.assembler.check(self.expected, window), "holds pieces out of place"),
            (sane, "has impossible measures"),
            (over || flight && order, "has sent what it does not have"),
            (over || room <= TCP_RECEIVE_BUFFER as u64 + 1, "has promised room it does not have"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(format!("connection to {} {what}", self.remote)),
            None => Ok(()),
        }
    }
}
