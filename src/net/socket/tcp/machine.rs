//! TCP's place in the machine: which segment belongs to which connection, what programs call,
//! and the wrapping of segments into packets.

use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::VecDeque;

use super::input::Answer;
use super::output::Outgoing;
use super::{Connection, Listener, State, Tcp};
use crate::base::Errno;
use crate::base::limits::BACKLOG_MAX;
use crate::net::icmp::Trouble;
use crate::net::proto::icmp::Unreachable;
use crate::net::proto::tcp::{Flags, HEADER_LENGTH, Header, Seq, seal};
use crate::net::proto::{ethernet, ipv4};
use crate::net::socket::{
    Key, Options, Protocol, Received, Shutdown, Socket, SocketId, SocketKind, UNBOUND,
};
use crate::net::stack::{Packet, packet};
use crate::net::{Environment, Stack};

impl Socket {
    fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => Some(connection),
            _ => None,
        }
    }
}

/// Runs `call` on the connection of a socket.
fn with<T>(
    socket: &mut Socket,
    call: impl FnOnce(&mut Connection) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match &mut socket.protocol {
        Protocol::Tcp(Tcp::Connection(connection)) => call(connection),
        _ => Err(Errno::ENOTCONN),
    }
}

impl Stack {
    /// A segment has arrived.
    pub(in crate::net) fn tcp_input(&mut self, arrived: &Packet<'_>, env: &mut Environment<'_>) {
        let (source, own) = (arrived.header.source, arrived.header.destination);
        let Ok((header, payload)) = Header::parse(source, own, arrived.payload) else { return };
        if arrived.group {
            return;
        }
        let remote = SocketAddrV4::new(source, header.source);
        let local = SocketAddrV4::new(own, header.destination);
        let key = Key { kind: SocketKind::Tcp, port: local.port(), remote, local: own };
        if let Some(id) = self.sockets.at(&key)
            && !self.makes_way(id, &header)
        {
            let answer = self.sockets.observe(id, env.ready, |socket| {
                socket.connection().map(|it| it.input(&header, payload, env.now))
            });
            if answer.flatten() == Some(Answer::Reset) {
                self.refuse((local, remote), &header, payload, env);
            }
            return self.follow_up(id, env);
        }
        let listener = self.sockets.find(SocketKind::Tcp, local.port(), own, remote);
        match listener {
            Some(id) if self.is_listening(id) => {
                self.input_listen(id, (local, remote), &header, payload, env);
            }
            _ => self.refuse((local, remote), &header, payload, env),
        }
    }

    fn is_listening(&self, id: SocketId) -> bool {
        let socket = self.sockets.any(id);
        socket.is_some_and(|socket| matches!(socket.protocol, Protocol::Tcp(Tcp::Listening(_))))
    }

    /// Whether a connection in TIME-WAIT gave way to a new one (RFC 9293 §3.10.7.4, RFC 6191).
    fn makes_way(&mut self, id: SocketId, header: &Header) -> bool {
        let fresh = self.sockets.any(id).is_some_and(|socket| match &socket.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => {
                connection.state == State::TimeWait
                    && !socket.owned
                    && header.flags.has(Flags::SYN)
                    && !header.flags.has(Flags::ACK)
                    && header.sequence.after(connection.expected)
            }
            _ => false,
        });
        if fresh {
            self.sockets.remove(id);
        }
        fresh
    }

    /// A segment for a listener (RFC 9293 §3.10.7.2).
    fn input_listen(
        &mut self,
        id: SocketId,
        (local, remote): (SocketAddrV4, SocketAddrV4),
        header: &Header,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) {
        if header.flags.has(Flags::RST) {
            return;
        }
        if header.flags.has(Flags::ACK) {
            return self.refuse((local, remote), header, payload, env);
        }
        if !header.flags.has(Flags::SYN) {
            return;
        }
        let options = self.sockets.change_any(id, |socket| match &mut socket.protocol {
            // When the backlog is full the peer may try again (Linux `tcp_abort_on_overflow` 0).
            Protocol::Tcp(Tcp::Listening(listener)) if listener.has_room() => Some(socket.options),
            _ => None,
        });
        let Some(options) = options.flatten() else { return };
        let initial = Seq(env.prng.next_u32());
        let mss = self.mss_towards(*remote.ip());
        let mut connection = Connection::accept((local, remote), initial, mss, header);
        connection.parent = Some(id);
        let Ok(child) = self.sockets.add(Socket::of(connection, options, false)) else { return };
        self.sockets.change_any(id, |socket| {
            if let Protocol::Tcp(Tcp::Listening(listener)) = &mut socket.protocol {
                listener.half_open += 1;
            }
        });
        self.follow_up(child, env);
    }

    /// Answers a segment that belongs to no connection (RFC 9293 §3.10.7.1).
    fn refuse(
        &mut self,
        (local, remote): (SocketAddrV4, SocketAddrV4),
        header: &Header,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) {
        if header.flags.has(Flags::RST) {
            return;
        }
        let (sequence, acknowledgment, flags) = if header.flags.has(Flags::ACK) {
            (header.acknowledgment, Seq(0), Flags::RST)
        } else {
            let mut length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
            length += u32::from(header.flags.has(Flags::SYN));
            length += u32::from(header.flags.has(Flags::FIN));
            (Seq(0), header.sequence.plus(length), Flags::RST.with(Flags::ACK))
        };
        let (source, destination) = (local.port(), remote.port());
        let reset =
            Header { source, destination, sequence, acknowledgment, flags, window: 0, mss: None };
        self.output_segment((local, remote), None, &reset, |_| {}, env);
    }

    /// Sends what a connection has to send, moves it on, and lets go of it when it is over.
    fn follow_up(&mut self, id: SocketId, env: &mut Environment<'_>) {
        self.output_connection(id, env);
        let moved = self.sockets.change_any(id, |socket| {
            let owned = socket.owned;
            let connection = socket.connection()?;
            let parent = connection.parent;
            if parent.is_some() && connection.state != State::SynReceived {
                connection.parent = None;
                // `accept` hands it out even when it has ended meanwhile, as long as it stood.
                socket.owned = !connection_failed(socket);
                return Some((parent, socket.owned, !socket.owned));
            }
            let over = connection.is_over() && !owned;
            Some((None, owned, over))
        });
        let Some((parent, established, over)) = moved.flatten() else { return };
        if let Some(parent) = parent {
            self.sockets.observe(parent, env.ready, |socket| {
                if let Protocol::Tcp(Tcp::Listening(listener)) = &mut socket.protocol {
                    listener.half_open = listener.half_open.saturating_sub(1);
                    if established {
                        listener.queue.push_back(id);
                    }
                }
            });
        }
        if over {
            self.sockets.remove(id);
        }
    }

    /// Sends segments until the connection has no more to say.
    fn output_connection(&mut self, id: SocketId, env: &mut Environment<'_>) {
        // A connection sends at most its window and a few bytes of protocol, so this ends; the
        // bound only guards against a mistake in that reasoning.
        for _ in 0..10_000 {
            let next = self.sockets.change_any(id, |socket| {
                let options = socket.options;
                let connection = socket.connection()?;
                let outgoing = connection.next_segment(env.now)?;
                let addresses = (connection.local, connection.remote);
                let mut payload = Vec::with_capacity(segment_room(&outgoing));
                start_segment(&mut payload, &outgoing);
                connection.payload(&outgoing, &mut payload);
                Some((options, addresses, payload))
            });
            let Some((options, addresses, bytes)) = next.flatten() else { return };
            self.output_bytes(addresses, options, bytes, env);
        }
    }

    /// Puts an IP header before a segment whose headers' room is there, and sends it.
    fn output_bytes(
        &mut self,
        (local, remote): (SocketAddrV4, SocketAddrV4),
        options: Options,
        mut bytes: Vec<u8>,
        env: &mut Environment<'_>,
    ) {
        let header = ipv4::Header {
            ttl: options.ttl,
            ..ipv4::Header::new(ipv4::PROTOCOL_TCP, *local.ip(), *remote.ip())
        };
        seal(*local.ip(), *remote.ip(), &mut bytes[HEADERS..]);
        let ip = header.emit(bytes.len() - HEADERS);
        bytes[ethernet::HEADER_LENGTH..HEADERS].copy_from_slice(&ip);
        // What can't be sent now is lost like any packet, and sent again in time.
        let _ = self.output(&header, crate::net::Frame(bytes), env);
    }

    fn output_segment(
        &mut self,
        (local, remote): (SocketAddrV4, SocketAddrV4),
        ttl: Option<u8>,
        segment: &Header,
        payload: impl FnOnce(&mut Vec<u8>),
        env: &mut Environment<'_>,
    ) {
        let header = ipv4::Header {
            ttl: ttl.unwrap_or(ipv4::TTL_DEFAULT),
            ..ipv4::Header::new(ipv4::PROTOCOL_TCP, *local.ip(), *remote.ip())
        };
        let frame = packet(&header, segment.length(), |bytes| {
            let start = bytes.len();
            segment.emit(bytes);
            payload(bytes);
            seal(*local.ip(), *remote.ip(), &mut bytes[start..]);
        });
        let _ = self.output(&header, frame, env);
    }

    /// The largest segment that fits the way to a peer.
    fn mss_towards(&self, peer: Ipv4Addr) -> u16 {
        let way = self.way_to(peer).and_then(|(id, _)| self.interfaces.get(id));
        let mtu = way.map_or(576, |interface| interface.mtu);
        let headers = ipv4::HEADER_LENGTH + HEADER_LENGTH;
        let mss = (mtu as usize).saturating_sub(headers).min(ipv4::PACKET_LENGTH_MAX - headers);
        u16::try_from(mss).unwrap_or(u16::MAX).max(64)
    }

    pub(in crate::net::socket) fn connect_tcp(
        &mut self,
        id: SocketId,
        peer: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let own = match self.connect_again(id)? {
            Err(own) => own,
            Ok(said) => return said,
        };
        let ip = if peer.ip().is_unspecified() { Ipv4Addr::LOCALHOST } else { *peer.ip() };
        if self.is_group(ip) || ip.is_multicast() {
            return Err(Errno::ENETUNREACH);
        }
        let source = if own.ip().is_unspecified() { self.source_for(ip)? } else { *own.ip() };
        self.way_to(ip)?;
        if own.port() == 0 {
            self.bind_free(id, source, env)?;
        }
        let local = SocketAddrV4::new(source, self.sockets.get(id)?.local.port());
        let remote = SocketAddrV4::new(ip, peer.port());
        let key = Key { kind: SocketKind::Tcp, port: local.port(), remote, local: source };
        if self.sockets.at(&key).is_some() {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let initial = Seq(env.prng.next_u32());
        let connection = Connection::open((local, remote), initial, self.mss_towards(ip));
        self.sockets.change(id, |socket| {
            (socket.local, socket.remote) = (local, Some(remote));
            socket.protocol = Protocol::Tcp(Tcp::Connection(Box::new(connection)));
        })?;
        self.follow_up(id, env);
        self.settle(env);
        // Over loopback all is said and done by now.
        match self.connect_again(id)? {
            Ok(Err(Errno::EALREADY)) => Err(Errno::EINPROGRESS),
            Ok(said) => said,
            Err(_) => Err(Errno::ECONNABORTED),
        }
    }

    /// What `connect` says about a connection that was asked for before; the socket's own address
    /// (in `Err`) where there is none, or one that failed and has said so.
    fn connect_again(
        &mut self,
        id: SocketId,
    ) -> Result<Result<Result<(), Errno>, SocketAddrV4>, Errno> {
        self.sockets.change(id, |socket| {
            let said = match &mut socket.protocol {
                Protocol::Tcp(Tcp::Connection(connection)) if !connection.has_failed() => {
                    Some(connection.report())
                }
                Protocol::Tcp(Tcp::Listening(_)) => Some(Err(Errno::EISCONN)),
                _ => None,
            };
            // A socket that failed and said so may try again, from any port.
            if socket.connection().is_some_and(|it| it.has_failed()) {
                socket.protocol = Protocol::Tcp(Tcp::Idle);
                (socket.local, socket.remote) = (UNBOUND, None);
            }
            said.ok_or(socket.local)
        })
    }

    /// Lets a TCP socket accept connections, holding up to `backlog` (at most 128) that were not
    /// accepted yet. An unbound socket gets a free port.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for other kinds, `EINVAL` when connected, `EBADF`.
    pub fn listen(
        &mut self,
        id: SocketId,
        backlog: u32,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get(id)?;
        if socket.kind() != SocketKind::Tcp {
            return Err(Errno::EOPNOTSUPP);
        }
        if socket.local.port() == 0 && socket.state().is_none() {
            self.bind_free(id, Ipv4Addr::UNSPECIFIED, env)?;
        }
        let backlog = backlog.clamp(1, BACKLOG_MAX);
        self.sockets.change(id, |socket| match &mut socket.protocol {
            Protocol::Tcp(Tcp::Connection(_)) => Err(Errno::EINVAL),
            Protocol::Tcp(Tcp::Listening(listener)) => {
                listener.backlog = backlog;
                Ok(())
            }
            protocol => {
                let listener = Listener { backlog, half_open: 0, queue: VecDeque::new() };
                *protocol = Protocol::Tcp(Tcp::Listening(listener));
                Ok(())
            }
        })?
    }

    /// Takes the oldest connection a listener holds.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when there is none, `EINVAL` when not listening, `EOPNOTSUPP` for other kinds.
    pub fn accept(&mut self, id: SocketId) -> Result<(SocketId, SocketAddrV4), Errno> {
        let child = self.sockets.change(id, |socket| match &mut socket.protocol {
            Protocol::Tcp(Tcp::Listening(listener)) => {
                listener.queue.pop_front().ok_or(Errno::EAGAIN)
            }
            Protocol::Tcp(_) => Err(Errno::EINVAL),
            Protocol::Udp(_) | Protocol::Echo(_) => Err(Errno::EOPNOTSUPP),
        })??;
        let remote = self.sockets.get(child)?.remote.unwrap_or(UNBOUND);
        Ok((child, remote))
    }

    pub(in crate::net::socket) fn send_stream(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        env: &mut Environment<'_>,
    ) -> Result<usize, Errno> {
        let count = self.sockets.change(id, |socket| match &socket.protocol {
            // As on Linux, writing to what was never connected is a broken pipe.
            Protocol::Tcp(Tcp::Idle | Tcp::Listening(_)) => Err(Errno::EPIPE),
            _ => with(socket, |connection| connection.send(bytes)),
        })??;
        self.follow_up(id, env);
        self.settle(env);
        Ok(count)
    }

    pub(in crate::net::socket) fn recv_stream(
        &mut self,
        id: SocketId,
        bytes: &mut Vec<u8>,
        max: usize,
        env: &mut Environment<'_>,
    ) -> Result<Received, Errno> {
        let (count, from) = self.sockets.change(id, |socket| {
            with(socket, |connection| Ok((connection.receive(bytes, max)?, connection.remote)))
        })??;
        self.follow_up(id, env);
        self.settle(env);
        let length = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Received { length, full_length: length, from, ttl: 0 })
    }

    /// Closes one or both halves of a connection. Closing the receiving half alone only stops
    /// the user: as on Linux, what still comes is kept and can be read.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is none.
    pub fn shutdown(
        &mut self,
        id: SocketId,
        how: Shutdown,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get(id)?;
        if socket.kind() != SocketKind::Tcp {
            return if socket.remote.is_some() { Ok(()) } else { Err(Errno::ENOTCONN) };
        }
        self.sockets
            .observe(id, env.ready, |socket| {
                with(socket, |connection| match how {
                    Shutdown::Write | Shutdown::Both => connection.finish(),
                    Shutdown::Read if connection.is_over() => Err(Errno::ENOTCONN),
                    Shutdown::Read => Ok(()),
                })
            })
            .ok_or(Errno::EBADF)??;
        self.follow_up(id, env);
        self.settle(env);
        Ok(())
    }

    /// Gives the socket up. Its id is dead at once; a TCP connection goes on in the background
    /// until its last byte is acknowledged. Unread bytes make it a reset, as RFC 1122 wants.
    pub fn close(&mut self, id: SocketId, env: &mut Environment<'_>) {
        if self.sockets.get(id).is_err() {
            return;
        }
        let connected = self.sockets.any(id).is_some_and(|socket| socket.state().is_some());
        if connected {
            self.abandon(id, env);
        } else if let Some(Protocol::Tcp(Tcp::Listening(listener))) =
            self.sockets.remove(id).map(|socket| socket.protocol)
        {
            let half_open =
                self.sockets.iter().filter_map(|(child, socket)| match &socket.protocol {
                    Protocol::Tcp(Tcp::Connection(it)) if it.parent == Some(id) => Some(child),
                    _ => None,
                });
            let children: Vec<SocketId> = half_open.chain(listener.queue).collect();
            children.into_iter().for_each(|child| self.break_off(child, env));
        }
        self.settle(env);
    }

    /// The user of a connection is gone.
    fn abandon(&mut self, id: SocketId, env: &mut Environment<'_>) {
        let reset = self.sockets.change_any(id, |socket| {
            socket.owned = false;
            let connection = socket.connection()?;
            connection
                .abandon(env.now)
                .then(|| ((connection.local, connection.remote), connection.reset_segment()))
        });
        if let Some((addresses, segment)) = reset.flatten() {
            self.output_segment(addresses, None, &segment, |_| {}, env);
        }
        self.follow_up(id, env);
    }

    /// A connection whose listener is gone.
    fn break_off(&mut self, id: SocketId, env: &mut Environment<'_>) {
        let reset = self.sockets.change_any(id, |socket| {
            let connection = socket.connection()?;
            connection.parent = None;
            let segment = ((connection.local, connection.remote), connection.reset_segment());
            let over = connection.is_over();
            connection.end(None);
            (!over).then_some(segment)
        });
        self.sockets.remove(id);
        if let Some((addresses, segment)) = reset.flatten() {
            self.output_segment(addresses, None, &segment, |_| {}, env);
        }
    }

    /// Sends small segments at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// `ENOTCONN` before there is a connection.
    pub fn set_no_delay(
        &mut self,
        id: SocketId,
        on: bool,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        self.sockets.change(id, |socket| {
            with(socket, |connection| {
                connection.no_delay = on;
                Ok(())
            })
        })??;
        self.follow_up(id, env);
        self.settle(env);
        Ok(())
    }

    /// Bytes a connection holds that the peer has not acknowledged, and that the user has not
    /// read (`SIOCOUTQ`, `SIOCINQ`); `None` for other sockets.
    pub fn queues(&self, id: SocketId) -> Option<(usize, usize)> {
        match &self.sockets.get(id).ok()?.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => Some(connection.queues()),
            _ => None,
        }
    }

    /// The state of a TCP connection; `None` for other sockets.
    pub fn tcp_state(&self, id: SocketId) -> Option<State> {
        self.sockets.get(id).ok()?.state()
    }

    /// An ICMP error quotes a segment of ours.
    pub(in crate::net) fn tcp_trouble(
        &mut self,
        trouble: Trouble,
        about: &ipv4::Header,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) {
        let Ok((port, peer_port, sequence)) = Header::parse_quoted(payload) else { return };
        let remote = SocketAddrV4::new(about.destination, peer_port);
        let key = Key { kind: SocketKind::Tcp, port, remote, local: about.source };
        let Some(id) = self.sockets.at(&key) else { return };
        self.sockets.observe(id, env.ready, |socket| {
            // A forger would have to guess what is under way (RFC 5927).
            let connection = socket.connection().filter(|it| it.is_under_way(sequence));
            let Some(connection) = connection else { return };
            match trouble {
                Trouble::Unreachable(Unreachable::FragmentationNeeded(mtu)) => {
                    connection.lower_mss(mtu);
                }
                _ => connection.note_trouble(trouble.errno().0),
            }
        });
        self.follow_up(id, env);
    }

    /// Runs the timers of connections.
    pub(in crate::net) fn poll_sockets(&mut self, env: &mut Environment<'_>) {
        while let Some(id) = self.sockets.next_due(env.now) {
            self.sockets.observe(id, env.ready, |socket| {
                if let Some(connection) = socket.connection() {
                    connection.tick(env.now);
                }
            });
            self.follow_up(id, env);
        }
    }
}

/// Room for the Ethernet and IP headers before a segment.
const HEADERS: usize = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;

fn segment_room(outgoing: &Outgoing) -> usize {
    HEADERS + outgoing.header.length() + outgoing.length
}

fn start_segment(bytes: &mut Vec<u8>, outgoing: &Outgoing) {
    bytes.resize(HEADERS, 0);
    outgoing.header.emit(bytes);
}

/// Whether a connection from a listener ended before it stood.
fn connection_failed(socket: &mut Socket) -> bool {
    socket.connection().is_none_or(|connection| connection.is_over())
}

impl Listener {
    fn has_room(&self) -> bool {
        self.queue.len() as u64 + u64::from(self.half_open) < u64::from(self.backlog)
    }
}

impl Socket {
    fn of(connection: Connection, options: Options, owned: bool) -> Self {
        let (local, remote) = (connection.local, Some(connection.remote));
        let protocol = Protocol::Tcp(Tcp::Connection(Box::new(connection)));
        Self { local, remote, options, owned, ..Self::new(protocol) }
    }
}
