//! Echo sockets: what `ping` uses, as Linux's `SOCK_DGRAM` with `IPPROTO_ICMP`.
//!
//! The local port is the ICMP identifier, so the stack can tell whose answer an answer is.

use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{EchoEvent, Key, Protocol, Received, SocketId, SocketKind};
use crate::base::Errno;
use crate::base::limits::DATAGRAM_RECEIVE_BUFFER;
use crate::net::icmp::Trouble;
use crate::net::proto::{icmp, ipv4};
use crate::net::stack::packet;
use crate::net::{Environment, Stack};

/// Largest payload of an echo request.
const PAYLOAD_LENGTH_MAX: usize =
    ipv4::PACKET_LENGTH_MAX - ipv4::HEADER_LENGTH - icmp::HEADER_LENGTH;
/// What an event costs beyond its payload.
const OVERHEAD: u32 = 64;

/// What an echo socket has heard and the user has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::net) struct Echo {
    queue: VecDeque<EchoEvent>,
    bytes: u32,
}

fn cost(event: &EchoEvent) -> u32 {
    match event {
        EchoEvent::Reply { payload, .. } => {
            u32::try_from(payload.len()).unwrap_or(u32::MAX).saturating_add(OVERHEAD)
        }
        EchoEvent::Error { .. } => OVERHEAD,
    }
}

impl Echo {
    fn push(&mut self, event: EchoEvent) {
        let bytes = self.bytes.saturating_add(cost(&event));
        if bytes <= DATAGRAM_RECEIVE_BUFFER {
            self.bytes = bytes;
            self.queue.push_back(event);
        }
    }

    pub(super) fn take(&mut self) -> Result<EchoEvent, Errno> {
        let event = self.queue.pop_front().ok_or(Errno::EAGAIN)?;
        self.bytes = self.bytes.saturating_sub(cost(&event));
        Ok(event)
    }

    /// The next answer as the bytes of an ICMP message; a reported error as its errno.
    pub(super) fn take_message(
        &mut self,
        identifier: u16,
        bytes: &mut Vec<u8>,
        max: usize,
    ) -> Result<Received, Errno> {
        let (from, ttl, sequence, payload) = match self.take()? {
            EchoEvent::Error { errno, .. } => return Err(errno),
            EchoEvent::Reply { from, ttl, sequence, payload } => (from, ttl, sequence, payload),
        };
        let mut message = Vec::with_capacity(icmp::HEADER_LENGTH + payload.len());
        icmp::Message::EchoReply { identifier, sequence, payload: &payload }.emit(&mut message);
        let length = message.len().min(max);
        bytes.extend_from_slice(&message[..length]);
        Ok(Received {
            length: u32::try_from(length).unwrap_or(u32::MAX),
            full_length: u32::try_from(message.len()).unwrap_or(u32::MAX),
            from: SocketAddrV4::new(from, 0),
            ttl,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn check(&self) -> bool {
        let bytes: u64 = self.queue.iter().map(|event| u64::from(cost(event))).sum();
        bytes == u64::from(self.bytes) && self.bytes <= DATAGRAM_RECEIVE_BUFFER
    }
}

impl Stack {
    fn echo_event(&mut self, identifier: u16, event: EchoEvent, env: &mut Environment<'_>) {
        let key = Key::open(SocketKind::Echo, identifier, Ipv4Addr::UNSPECIFIED);
        let Some(id) = self.sockets.at(&key) else { return };
        self.sockets.observe(id, env.ready, |socket| {
            if let Protocol::Echo(echo) = &mut socket.protocol {
                echo.push(event);
            }
        });
    }

    /// An answer has arrived.
    pub(in crate::net) fn echo_reply(
        &mut self,
        identifier: u16,
        (from, ttl): (Ipv4Addr, u8),
        sequence: u16,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) {
        let payload = payload.to_vec();
        self.echo_event(identifier, EchoEvent::Reply { from, ttl, sequence, payload }, env);
    }

    /// An ICMP error quotes an ICMP message of ours.
    pub(in crate::net) fn echo_trouble(
        &mut self,
        from: Ipv4Addr,
        trouble: Trouble,
        about: &ipv4::Header,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) {
        // The quote is cut, so its checksum can't be verified.
        let Some(&[kind, 0, _, _, a, b, c, d]) = payload.first_chunk::<8>() else { return };
        if kind != icmp::TYPE_ECHO_REQUEST {
            return;
        }
        let (identifier, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let ((kind, code), (errno, _)) = (trouble.kind(), trouble.errno());
        let to = about.destination;
        let event = EchoEvent::Error { from, to, kind, code, sequence, errno };
        self.echo_event(identifier, event, env);
    }

    /// Sends an ICMP echo request from an echo socket. Over the interface's MTU it is fragmented.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for other kinds, `EMSGSIZE` over 65,507 bytes, `ENETUNREACH`, `EACCES` for a
    /// broadcast without [`Stack::set_broadcast`].
    pub fn send_echo(
        &mut self,
        id: SocketId,
        to: Ipv4Addr,
        sequence: u16,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        if self.socket_kind(id)? != SocketKind::Echo {
            return Err(Errno::EOPNOTSUPP);
        }
        if payload.len() > PAYLOAD_LENGTH_MAX {
            return Err(Errno::EMSGSIZE);
        }
        let (header, identifier) = self.prepare(id, to, ipv4::PROTOCOL_ICMP, env)?;
        let message = icmp::Message::EchoRequest { identifier, sequence, payload };
        let frame = packet(&header, message.length(), |bytes| message.emit(bytes));
        self.output(&header, frame, env)?;
        self.settle(env);
        Ok(())
    }

    /// Takes the oldest thing an echo socket heard.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when there is none, `EOPNOTSUPP` for other kinds, `EBADF`.
    pub fn recv_echo(&mut self, id: SocketId) -> Result<EchoEvent, Errno> {
        self.sockets.change(id, |socket| match &mut socket.protocol {
            Protocol::Echo(echo) => echo.take(),
            Protocol::Udp(_) | Protocol::Tcp(_) => Err(Errno::EOPNOTSUPP),
        })?
    }
}
