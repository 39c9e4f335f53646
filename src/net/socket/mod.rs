//! Sockets: what programs see of the network.
//!
//! No call blocks: `EAGAIN` says that it would, and `Environment::ready` names the socket once it
//! is worth trying again.

pub(super) mod echo;
mod table;
pub mod tcp;
pub(super) mod udp;
mod view;

use core::net::{Ipv4Addr, SocketAddrV4};

use serde::{Deserialize, Serialize};

use self::echo::Echo;
use self::table::Filed;
pub(super) use self::table::{Key, Sockets};
use self::tcp::{State, Tcp};
use self::udp::Udp;
pub use self::view::SocketView;
use super::interface::Meaning;
use super::proto::icmp;
use super::proto::ipv4::TTL_DEFAULT;
use super::{Environment, Stack};
use crate::base::Errno;
use crate::base::limits::BACKLOG_MAX;

/// Ports that are picked for sockets without one (Linux `ip_local_port_range`).
const EPHEMERAL_PORTS: core::ops::RangeInclusive<u16> = 32_768..=60_999;

/// A socket of a machine. Given out from 1, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SocketId(pub u32);

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SocketKind {
    /// A stream (`SOCK_STREAM`).
    Tcp,
    /// Datagrams (`SOCK_DGRAM`).
    Udp,
    /// ICMP echo requests and their answers (`SOCK_DGRAM`, `IPPROTO_ICMP`).
    Echo,
}

/// Which half of a connection to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Shutdown {
    /// No more receiving.
    Read,
    /// No more sending.
    Write,
    /// Neither.
    Both,
}

/// What a socket would do without blocking, as `poll` tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// A receive or accept would return at once (data, end of file or an error).
    pub readable: bool,
    /// A send would take at least one byte, or fail at once.
    pub writable: bool,
    /// The connection is over in both directions.
    pub hangup: bool,
    /// An error is waiting for [`Stack::take_error`].
    pub error: bool,
}

/// What came with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// How many bytes were appended to the caller's buffer.
    pub length: u32,
    /// How many bytes the datagram had; more than `length` when it was cut.
    pub full_length: u32,
    /// Who sent it. Port 0 on echo sockets.
    pub from: SocketAddrV4,
    /// The TTL it arrived with; 0 on streams.
    pub ttl: u8,
}

/// What an echo socket hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EchoEvent {
    /// An answer to a request of this socket.
    Reply {
        /// Who answered.
        from: Ipv4Addr,
        /// The TTL the answer arrived with.
        ttl: u8,
        /// The request's number.
        sequence: u16,
        /// The request's bytes, sent back.
        #[serde(with = "serde_bytes")]
        payload: Vec<u8>,
    },
    /// An ICMP error that quotes a request of this socket.
    Error {
        /// Who reported it; the machine itself when a neighbour does not answer.
        from: Ipv4Addr,
        /// Where the request was going.
        to: Ipv4Addr,
        /// The ICMP type: 3 unreachable, 11 time exceeded.
        kind: u8,
        /// The ICMP code.
        code: u8,
        /// The request's number.
        sequence: u16,
        /// What a program that reads plain errors gets.
        errno: Errno,
    },
}

/// What can be set on any socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Options {
    pub(super) ttl: u8,
    broadcast: bool,
    reuse_address: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Protocol {
    Tcp(Tcp),
    Udp(Box<Udp>),
    Echo(Box<Echo>),
}

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Socket {
    /// Where it is bound; port 0 when it is not.
    pub(super) local: SocketAddrV4,
    /// Where it is connected.
    pub(super) remote: Option<SocketAddrV4>,
    pub(super) options: Options,
    /// An error to report on the next call, of datagram sockets.
    pub(super) error: Option<Errno>,
    /// A program holds it, or will get it from `accept`.
    pub(super) owned: bool,
    pub(super) protocol: Protocol,
    #[serde(skip)]
    filed: Filed,
}

const UNBOUND: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);

impl Socket {
    fn new(protocol: Protocol) -> Self {
        let options = Options { ttl: TTL_DEFAULT, broadcast: false, reuse_address: false };
        Self {
            local: UNBOUND,
            remote: None,
            options,
            error: None,
            owned: true,
            protocol,
            filed: Filed::default(),
        }
    }

    pub(super) const fn kind(&self) -> SocketKind {
        match self.protocol {
            Protocol::Tcp(_) => SocketKind::Tcp,
            Protocol::Udp(_) => SocketKind::Udp,
            Protocol::Echo(_) => SocketKind::Echo,
        }
    }

    /// The state of its connection, if it is or was one.
    pub(super) fn state(&self) -> Option<State> {
        match &self.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => Some(connection.state),
            _ => None,
        }
    }

    fn readiness(&self) -> Readiness {
        let error = self.error.is_some();
        let datagrams = |waiting: bool| Readiness {
            readable: waiting || error,
            writable: true,
            hangup: false,
            error,
        };
        match &self.protocol {
            Protocol::Udp(udp) => datagrams(!udp.is_empty()),
            Protocol::Echo(echo) => datagrams(!echo.is_empty()),
            Protocol::Tcp(Tcp::Connection(connection)) => connection.readiness(),
            Protocol::Tcp(Tcp::Listening(listener)) => {
                Readiness { readable: !listener.queue.is_empty(), ..Readiness::default() }
            }
            // As on Linux, a socket that was never connected has hung up.
            Protocol::Tcp(Tcp::Idle) => {
                Readiness { writable: true, hangup: true, ..Readiness::default() }
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.options.ttl == 0 {
            return Err("its TTL is 0".to_owned());
        }
        let full = "it holds more, or less, than it says".to_owned();
        match &self.protocol {
            Protocol::Udp(udp) if !udp.check() => Err(full),
            Protocol::Echo(echo) if !echo.check() => Err(full),
            Protocol::Tcp(Tcp::Connection(connection)) => {
                if connection.local != self.local || Some(connection.remote) != self.remote {
                    return Err("its connection has other addresses".to_owned());
                }
                connection.check()
            }
            Protocol::Tcp(Tcp::Listening(listener)) if listener.backlog > BACKLOG_MAX => Err(full),
            _ => Ok(()),
        }
    }
}

impl Stack {
    /// Opens a socket.
    ///
    /// # Errors
    ///
    /// `ENFILE` when the machine has too many sockets.
    pub fn socket(&mut self, kind: SocketKind) -> Result<SocketId, Errno> {
        let protocol = match kind {
            SocketKind::Tcp => Protocol::Tcp(Tcp::Idle),
            SocketKind::Udp => Protocol::Udp(Box::default()),
            SocketKind::Echo => Protocol::Echo(Box::default()),
        };
        self.sockets.add(Socket::new(protocol))
    }

    /// Gives the socket a local address; port 0 picks a free one. For echo sockets the port is
    /// the ICMP identifier. Ports under 1024 are the kernel's business (`EACCES`).
    ///
    /// # Errors
    ///
    /// `EBADF`, `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` when bound already.
    pub fn bind(
        &mut self,
        id: SocketId,
        address: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get(id)?;
        if socket.local.port() != 0 || socket.state().is_some() {
            return Err(Errno::EINVAL);
        }
        let (kind, reuse, ip) = (socket.kind(), socket.options.reuse_address, *address.ip());
        let broadcast = kind == SocketKind::Udp && self.is_group(ip);
        if !ip.is_unspecified() && !self.interfaces.is_local(ip) && !broadcast {
            return Err(Errno::EADDRNOTAVAIL);
        }
        if address.port() == 0 {
            return self.bind_free(id, ip, env);
        }
        let clash = self.sockets.on_port(kind, address.port()).any(|(key, _)| {
            let same_place = key.local == ip || key.local.is_unspecified() || ip.is_unspecified();
            same_place && (key.is_open() || !reuse) || kind == SocketKind::Echo
        });
        if clash {
            return Err(Errno::EADDRINUSE);
        }
        self.sockets.change(id, |socket| socket.local = address)
    }

    /// Binds to a port that nobody uses, picked by luck as Linux does, so that it can't be
    /// guessed.
    fn bind_free(
        &mut self,
        id: SocketId,
        ip: Ipv4Addr,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let kind = self.sockets.get(id)?.kind();
        let (first, last) = (*EPHEMERAL_PORTS.start(), *EPHEMERAL_PORTS.end());
        let count = last - first + 1;
        let start = u16::try_from(env.prng.below(u64::from(count))).unwrap_or(0);
        let mut ports = (0..count).map(|step| {
            let offset = (u32::from(start) + u32::from(step)) % u32::from(count);
            first + u16::try_from(offset).unwrap_or(0)
        });
        let free = ports.find(|port| self.sockets.on_port(kind, *port).next().is_none());
        let port = free.ok_or(Errno::EADDRINUSE)?;
        self.sockets.change(id, |socket| socket.local = SocketAddrV4::new(ip, port))
    }

    /// Connects: for TCP starts the handshake and says `EINPROGRESS` (or at once `Ok` or an error
    /// where the peer is the machine itself); asked again it says `EALREADY` until the connection
    /// stands, then once `Ok`, then `EISCONN`. So a caller who blocks on both and calls again
    /// needs to remember nothing. UDP and echo sockets connect at once.
    ///
    /// # Errors
    ///
    /// Those, and `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`, `EADDRNOTAVAIL`,
    /// `EADDRINUSE`, `EACCES` (a broadcast address), `EOPNOTSUPP` (a listener).
    pub fn connect(
        &mut self,
        id: SocketId,
        peer: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get(id)?;
        let (kind, options, own) = (socket.kind(), socket.options, socket.local);
        if kind == SocketKind::Tcp {
            return self.connect_tcp(id, peer, env);
        }
        let ip = if peer.ip().is_unspecified() { Ipv4Addr::LOCALHOST } else { *peer.ip() };
        if self.is_group(ip) && !options.broadcast {
            return Err(Errno::EACCES);
        }
        let source = if own.ip().is_unspecified() { self.source_for(ip)? } else { *own.ip() };
        if own.port() == 0 {
            self.bind_free(id, source, env)?;
        }
        let local = SocketAddrV4::new(source, self.sockets.get(id)?.local.port());
        let remote = SocketAddrV4::new(ip, peer.port());
        let key = Key { kind, port: local.port(), remote, local: source };
        if kind == SocketKind::Udp && self.sockets.at(&key).is_some_and(|other| other != id) {
            return Err(Errno::EADDRINUSE);
        }
        self.sockets.change(id, |socket| {
            socket.local = local;
            socket.remote = Some(remote);
        })
    }

    /// Sends to the connected peer; takes what fits and says how much.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when there is no room, `EPIPE`, `ENOTCONN`, `EDESTADDRREQ`, `EMSGSIZE`, or the
    /// error that ended the connection.
    pub fn send(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        env: &mut Environment<'_>,
    ) -> Result<usize, Errno> {
        let socket = self.sockets.get(id)?;
        match (socket.kind(), socket.remote) {
            (SocketKind::Tcp, _) => self.send_stream(id, bytes, env),
            (_, Some(remote)) => self.send_to(id, bytes, remote, env),
            (_, None) => Err(Errno::EDESTADDRREQ),
        }
    }

    /// Sends one datagram to `to`. On an echo socket the bytes are an ICMP echo message, header
    /// first; only its sequence number and payload count, the stack fills in the rest.
    ///
    /// # Errors
    ///
    /// Those of [`Stack::send`], `EISCONN` or `ENOTCONN` on TCP, `EACCES` for a broadcast without
    /// [`Stack::set_broadcast`], `ENETUNREACH`, `EINVAL` (port 0, or no echo request).
    pub fn send_to(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        to: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<usize, Errno> {
        let socket = self.sockets.get(id)?;
        let count = match socket.kind() {
            SocketKind::Udp => self.send_datagram(id, bytes, to, env)?,
            SocketKind::Echo => {
                let (header, payload) =
                    bytes.split_first_chunk::<{ icmp::HEADER_LENGTH }>().ok_or(Errno::EINVAL)?;
                let [icmp::TYPE_ECHO_REQUEST, 0, _, _, _, _, high, low] = *header else {
                    return Err(Errno::EINVAL);
                };
                let sequence = u16::from_be_bytes([high, low]);
                self.send_echo(id, *to.ip(), sequence, payload, env)?;
                bytes.len()
            }
            SocketKind::Tcp => {
                let connected = socket.state().is_some();
                return Err(if connected { Errno::EISCONN } else { Errno::ENOTCONN });
            }
        };
        self.settle(env);
        Ok(count)
    }

    /// Receives up to `max` bytes, appended to `bytes`; 0 is the end of a stream. From datagram
    /// sockets it takes one datagram, cut to `max`.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when nothing is there, `ENOTCONN`, or the error that ended the connection.
    pub fn recv(
        &mut self,
        id: SocketId,
        bytes: &mut Vec<u8>,
        max: usize,
        env: &mut Environment<'_>,
    ) -> Result<usize, Errno> {
        self.recv_from(id, bytes, max, env).map(|received| received.length as usize)
    }

    /// Receives one datagram (or stream bytes) and says where it came from.
    ///
    /// # Errors
    ///
    /// Those of [`Stack::recv`].
    pub fn recv_from(
        &mut self,
        id: SocketId,
        bytes: &mut Vec<u8>,
        max: usize,
        env: &mut Environment<'_>,
    ) -> Result<Received, Errno> {
        if self.sockets.get(id)?.kind() == SocketKind::Tcp {
            return self.recv_stream(id, bytes, max, env);
        }
        self.sockets.change(id, |socket| {
            if let Some(error) = socket.error.take() {
                return Err(error);
            }
            match &mut socket.protocol {
                Protocol::Udp(udp) => udp.take(bytes, max),
                Protocol::Echo(echo) => echo.take_message(socket.local.port(), bytes, max),
                Protocol::Tcp(_) => Err(Errno::EOPNOTSUPP),
            }
        })?
    }

    /// The address the socket is bound to; unspecified and 0 when it is not.
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn local_address(&self, id: SocketId) -> Result<SocketAddrV4, Errno> {
        self.sockets.get(id).map(|socket| socket.local)
    }

    /// The address the socket is connected to.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTCONN`.
    pub fn peer_address(&self, id: SocketId) -> Result<SocketAddrV4, Errno> {
        let socket = self.sockets.get(id)?;
        let over = socket.state().is_some_and(|it| matches!(it, State::SynSent | State::Closed));
        socket.remote.filter(|_| !over).ok_or(Errno::ENOTCONN)
    }

    /// What the socket would do without blocking; a dead id has hung up.
    pub fn readiness(&self, id: SocketId) -> Readiness {
        match self.sockets.get(id) {
            Ok(socket) => socket.readiness(),
            Err(_) => Readiness { readable: true, writable: true, hangup: true, error: true },
        }
    }

    /// Takes the error that is waiting on the socket (`SO_ERROR`).
    pub fn take_error(&mut self, id: SocketId) -> Option<Errno> {
        let take = |socket: &mut Socket| match &mut socket.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => connection.error.take(),
            _ => socket.error.take(),
        };
        self.sockets.change(id, take).ok().flatten()
    }

    /// What kind of socket it is.
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn socket_kind(&self, id: SocketId) -> Result<SocketKind, Errno> {
        self.sockets.get(id).map(Socket::kind)
    }

    /// Sets the TTL of what the socket sends (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// `EBADF`; `EINVAL` for 0.
    pub fn set_ttl(&mut self, id: SocketId, ttl: u8) -> Result<(), Errno> {
        if ttl == 0 {
            return Err(Errno::EINVAL);
        }
        self.sockets.change(id, |socket| socket.options.ttl = ttl)
    }

    /// Lets the socket send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn set_broadcast(&mut self, id: SocketId, on: bool) -> Result<(), Errno> {
        self.sockets.change(id, |socket| socket.options.broadcast = on)
    }

    /// Lets the socket bind to a port that has connections, in TIME-WAIT for one
    /// (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn set_reuse_address(&mut self, id: SocketId, on: bool) -> Result<(), Errno> {
        self.sockets.change(id, |socket| socket.options.reuse_address = on)
    }

    /// Whether an address means many machines.
    pub(super) fn is_group(&self, address: Ipv4Addr) -> bool {
        self.interfaces.meaning(address) == Meaning::Broadcast
    }
}
