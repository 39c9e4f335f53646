//! What `ss`, `netstat` and `/proc/net/tcp` show of sockets.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};

use super::tcp::{State, Tcp};
use super::{Protocol, SocketId, SocketKind};
use crate::net::Stack;

/// One socket, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketView {
    /// Which one.
    pub id: SocketId,
    /// What it speaks.
    pub kind: SocketKind,
    /// Where it is bound; for echo sockets the port is the ICMP identifier.
    pub local: SocketAddrV4,
    /// Where it is connected; unspecified and 0 when it is not.
    pub remote: SocketAddrV4,
    /// Whether it waits for connections.
    pub listening: bool,
    /// The state of its connection; `None` for sockets that have none.
    pub state: Option<State>,
    /// Bytes the peer has not acknowledged; the backlog of a listener.
    pub send_queue: u64,
    /// Bytes the program has not read; connections a listener holds.
    pub receive_queue: u64,
    /// Datagrams for which there was no room.
    pub dropped: u64,
    /// Whether a program holds it, or it only waits for the peer.
    pub owned: bool,
}

impl SocketView {
    /// Linux's number for the state in `/proc/net/tcp` and `/proc/net/udp`.
    pub fn state_number(&self) -> u8 {
        match self.state {
            Some(state) => state.number(),
            None if self.listening => 10,
            None if self.kind == SocketKind::Udp && self.remote.port() != 0 => 1,
            None => 7,
        }
    }
}

/// An address as Linux prints it in these tables: the number in the byte order of x86.
struct Hex(SocketAddrV4);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}:{:04X}", u32::from_le_bytes(self.0.ip().octets()), self.0.port())
    }
}

/// A line of `/proc/net/tcp` without its number.
impl fmt::Display for SocketView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, remote) = (Hex(self.local), Hex(self.remote));
        let (state, send, receive) = (self.state_number(), self.send_queue, self.receive_queue);
        write!(f, "{local} {remote} {state:02X} {send:08X}:{receive:08X} 00:00000000 00000000")?;
        write!(f, "     0        0 {}", self.id.0)
    }
}

impl Stack {
    /// All sockets in order of their ids, those in the background too; bound or not.
    pub fn sockets(&self) -> Vec<SocketView> {
        let nowhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
        let view = |(id, socket): (SocketId, &super::Socket)| {
            let (send_queue, receive_queue) = match &socket.protocol {
                Protocol::Tcp(Tcp::Connection(connection)) => {
                    let (send, receive) = connection.queues();
                    (send as u64, receive as u64)
                }
                Protocol::Tcp(Tcp::Listening(listener)) => {
                    (u64::from(listener.backlog), listener.queue.len() as u64)
                }
                Protocol::Tcp(Tcp::Idle) | Protocol::Echo(_) => (0, 0),
                Protocol::Udp(udp) => (0, u64::from(udp.waiting())),
            };
            let dropped = match &socket.protocol {
                Protocol::Udp(udp) => udp.dropped,
                Protocol::Tcp(_) | Protocol::Echo(_) => 0,
            };
            SocketView {
                id,
                kind: socket.kind(),
                local: socket.local,
                remote: socket.remote.unwrap_or(nowhere),
                listening: matches!(socket.protocol, Protocol::Tcp(Tcp::Listening(_))),
                state: socket.state(),
                send_queue,
                receive_queue,
                dropped,
                owned: socket.owned,
            }
        };
        self.sockets.iter().map(view).collect()
    }
}
