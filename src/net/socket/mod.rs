//! Sockets: what programs see of the network.

use core::net::{Ipv4Addr, SocketAddrV4};

use serde::{Deserialize, Serialize};

use super::stack::{Environment, Stack};
use crate::base::Errno;

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
    /// The TTL it arrived with.
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
        /// The ICMP type: 3 unreachable, 11 time exceeded.
        kind: u8,
        /// The ICMP code.
        code: u8,
        /// The request's number.
        sequence: u16,
    },
}

impl Stack {
    /// Opens a socket.
    ///
    /// # Errors
    ///
    /// `ENFILE` when the machine has too many sockets.
    pub fn socket(&mut self, kind: SocketKind) -> Result<SocketId, Errno> {
        let _ = kind;
        Err(Errno::ENOSYS)
    }

    /// Gives the socket a local address; port 0 picks a free one. For echo sockets the port is
    /// the ICMP identifier.
    ///
    /// # Errors
    ///
    /// `EBADF`, `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` (already bound). Ports under 1024 are
    /// the kernel's business (`EACCES`).
    pub fn bind(
        &mut self,
        id: SocketId,
        address: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (id, address, env);
        Err(Errno::ENOSYS)
    }

    /// Connects: for TCP starts the handshake and says `EINPROGRESS`; asked again it says
    /// `EALREADY` until the connection stands, then once `Ok`, then `EISCONN`. So a caller who
    /// blocks on both and calls again needs to remember nothing. UDP and echo sockets connect at
    /// once.
    ///
    /// # Errors
    ///
    /// Those, and `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`, `EADDRNOTAVAIL`.
    pub fn connect(
        &mut self,
        id: SocketId,
        peer: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (id, peer, env);
        Err(Errno::ENOSYS)
    }

    /// Lets a TCP socket accept connections, holding up to `backlog` that were not accepted yet.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for other kinds, `EINVAL` when connected, `EADDRINUSE`.
    pub fn listen(
        &mut self,
        id: SocketId,
        backlog: u32,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (id, backlog, env);
        Err(Errno::ENOSYS)
    }

    /// Takes the oldest connection a listener holds.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when there is none, `EINVAL` when not listening, `EOPNOTSUPP` for other kinds.
    pub fn accept(&mut self, id: SocketId) -> Result<(SocketId, SocketAddrV4), Errno> {
        let _ = id;
        Err(Errno::ENOSYS)
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
        let _ = (id, bytes, env);
        Err(Errno::ENOSYS)
    }

    /// Sends one datagram to `to`. On an echo socket the bytes are an ICMP echo message, header
    /// first; only its sequence number and payload count, the kernel fills the rest.
    ///
    /// # Errors
    ///
    /// Those of [`Stack::send`], `EISCONN` on TCP, `EACCES` for a broadcast without
    /// [`Stack::set_broadcast`], `ENETUNREACH`.
    pub fn send_to(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        to: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<usize, Errno> {
        let _ = (id, bytes, to, env);
        Err(Errno::ENOSYS)
    }

    /// Sends an ICMP echo request from an echo socket.
    ///
    /// # Errors
    ///
    /// Those of [`Stack::send_to`].
    pub fn send_echo(
        &mut self,
        id: SocketId,
        to: Ipv4Addr,
        sequence: u16,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let _ = (id, to, sequence, payload, env);
        Err(Errno::ENOSYS)
    }

    /// Takes the oldest thing an echo socket heard.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when there is none, `EOPNOTSUPP` for other kinds.
    pub fn recv_echo(&mut self, id: SocketId) -> Result<EchoEvent, Errno> {
        let _ = id;
        Err(Errno::ENOSYS)
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
        let _ = (id, bytes, max, env);
        Err(Errno::ENOSYS)
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
        let _ = (id, bytes, max, env);
        Err(Errno::ENOSYS)
    }

    /// Closes one or both halves of a connection.
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
        let _ = (id, how, env);
        Err(Errno::ENOSYS)
    }

    /// Gives the socket up. Its id is dead at once; a TCP connection goes on in the background
    /// until its last byte is acknowledged.
    pub fn close(&mut self, id: SocketId, env: &mut Environment<'_>) {
        let _ = (id, env);
    }

    /// The address the socket is bound to; unspecified and 0 when it is not.
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn local_address(&self, id: SocketId) -> Result<SocketAddrV4, Errno> {
        let _ = id;
        Err(Errno::ENOSYS)
    }

    /// The address the socket is connected to.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTCONN`.
    pub fn peer_address(&self, id: SocketId) -> Result<SocketAddrV4, Errno> {
        let _ = id;
        Err(Errno::ENOSYS)
    }

    /// What the socket would do without blocking; a dead id has hung up.
    pub fn readiness(&self, id: SocketId) -> Readiness {
        let _ = id;
        Readiness::default()
    }

    /// Takes the error that is waiting on the socket (`SO_ERROR`).
    pub fn take_error(&mut self, id: SocketId) -> Option<Errno> {
        let _ = id;
        None
    }

    /// What kind of socket it is.
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn socket_kind(&self, id: SocketId) -> Result<SocketKind, Errno> {
        let _ = id;
        Err(Errno::ENOSYS)
    }

    /// Sets the TTL of what the socket sends (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// `EBADF`; `EINVAL` for 0.
    pub fn set_ttl(&mut self, id: SocketId, ttl: u8) -> Result<(), Errno> {
        let _ = (id, ttl);
        Err(Errno::ENOSYS)
    }

    /// Lets the socket send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn set_broadcast(&mut self, id: SocketId, on: bool) -> Result<(), Errno> {
        let _ = (id, on);
        Err(Errno::ENOSYS)
    }

    /// Lets the socket bind to a port with connections in TIME-WAIT (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// `EBADF`.
    pub fn set_reuse_address(&mut self, id: SocketId, on: bool) -> Result<(), Errno> {
        let _ = (id, on);
        Err(Errno::ENOSYS)
    }
}
