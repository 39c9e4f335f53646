//! UDP sockets: datagrams in, datagrams out.
//!
//! Datagrams are sent so that routers may fragment them; larger ones than the interface's MTU are
//! fragmented at once.

use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{Key, Protocol, Received, Socket, SocketId, SocketKind};
use crate::base::Errno;
use crate::base::limits::DATAGRAM_RECEIVE_BUFFER;
use crate::net::icmp::Trouble;
use crate::net::proto::{icmp, ipv4, udp};
use crate::net::stack::{Packet, packet};
use crate::net::{Environment, Stack};

/// What a datagram costs beyond its payload, so that empty ones can't pile up for ever.
const OVERHEAD: u32 = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Datagram {
    from: SocketAddrV4,
    ttl: u8,
    payload: ByteBuf,
}

/// Datagrams that wait for the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::net) struct Udp {
    queue: VecDeque<Datagram>,
    bytes: u32,
    /// Datagrams for which there was no room.
    pub(in crate::net) dropped: u64,
}

fn cost(payload: &[u8]) -> u32 {
    u32::try_from(payload.len()).unwrap_or(u32::MAX).saturating_add(OVERHEAD)
}

impl Udp {
    fn push(&mut self, from: SocketAddrV4, ttl: u8, payload: &[u8]) {
        let bytes = self.bytes.saturating_add(cost(payload));
        if bytes > DATAGRAM_RECEIVE_BUFFER {
            self.dropped += 1;
            return;
        }
        self.bytes = bytes;
        self.queue.push_back(Datagram { from, ttl, payload: ByteBuf::from(payload) });
    }

    pub(super) fn take(&mut self, bytes: &mut Vec<u8>, max: usize) -> Result<Received, Errno> {
        let datagram = self.queue.pop_front().ok_or(Errno::EAGAIN)?;
        self.bytes = self.bytes.saturating_sub(cost(&datagram.payload));
        let length = datagram.payload.len().min(max);
        bytes.extend_from_slice(&datagram.payload[..length]);
        Ok(Received {
            length: u32::try_from(length).unwrap_or(u32::MAX),
            full_length: u32::try_from(datagram.payload.len()).unwrap_or(u32::MAX),
            from: datagram.from,
            ttl: datagram.ttl,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Bytes that wait for the user.
    pub(in crate::net) const fn waiting(&self) -> u32 {
        self.bytes
    }

    pub(super) fn check(&self) -> bool {
        let bytes: u64 = self.queue.iter().map(|it| u64::from(cost(&it.payload))).sum();
        bytes == u64::from(self.bytes) && self.bytes <= DATAGRAM_RECEIVE_BUFFER
    }
}

impl Stack {
    /// A datagram has arrived.
    pub(in crate::net) fn udp_input(&mut self, arrived: &Packet<'_>, env: &mut Environment<'_>) {
        let (source, destination) = (arrived.header.source, arrived.header.destination);
        let Ok(datagram) = udp::Datagram::parse(source, destination, arrived.payload) else {
            return;
        };
        let from = SocketAddrV4::new(source, datagram.source);
        let port = datagram.destination;
        let listeners = if arrived.group {
            self.sockets.group(SocketKind::Udp, port, destination, from)
        } else {
            self.sockets.find(SocketKind::Udp, port, destination, from).into_iter().collect()
        };
        if listeners.is_empty() {
            let trouble = Trouble::Unreachable(icmp::Unreachable::Port);
            return self.report(arrived.whole, arrived.group, trouble, env);
        }
        for id in listeners {
            self.sockets.observe(id, env.ready, |socket| {
                if let Protocol::Udp(udp) = &mut socket.protocol {
                    udp.push(from, arrived.header.ttl, datagram.payload);
                }
            });
        }
    }

    /// An ICMP error quotes a datagram of ours; connected sockets hear of it.
    pub(in crate::net) fn udp_trouble(
        &mut self,
        trouble: Trouble,
        about: &ipv4::Header,
        payload: &[u8],
        env: &mut Environment<'_>,
    ) {
        let Some([a, b, c, d]) = payload.first_chunk::<4>() else { return };
        let (errno, fatal) = trouble.errno();
        let remote = SocketAddrV4::new(about.destination, u16::from_be_bytes([*c, *d]));
        let key = Key {
            kind: SocketKind::Udp,
            port: u16::from_be_bytes([*a, *b]),
            remote,
            local: about.source,
        };
        if let Some(id) = self.sockets.at(&key).filter(|_| fatal) {
            self.sockets.observe(id, env.ready, |socket| socket.error = Some(errno));
        }
    }

    /// Sends a datagram from `id` to `to`.
    pub(super) fn send_datagram(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        to: SocketAddrV4,
        env: &mut Environment<'_>,
    ) -> Result<usize, Errno> {
        if bytes.len() > udp::PAYLOAD_LENGTH_MAX {
            return Err(Errno::EMSGSIZE);
        }
        if to.port() == 0 {
            return Err(Errno::EINVAL);
        }
        let (header, port) = self.prepare(id, *to.ip(), ipv4::PROTOCOL_UDP, env)?;
        let datagram = udp::Datagram { source: port, destination: to.port(), payload: bytes };
        let (source, destination) = (header.source, header.destination);
        let frame = packet(&header, udp::HEADER_LENGTH + bytes.len(), |out| {
            datagram.emit(source, destination, out);
        });
        self.output(&header, frame, env)?;
        Ok(bytes.len())
    }

    /// What UDP and echo have in common before sending: checks, a local port, a header.
    pub(super) fn prepare(
        &mut self,
        id: SocketId,
        to: Ipv4Addr,
        protocol: u8,
        env: &mut Environment<'_>,
    ) -> Result<(ipv4::Header, u16), Errno> {
        if let Some(error) = self.sockets.change(id, |socket| socket.error.take())? {
            return Err(error);
        }
        let to = if to.is_unspecified() { Ipv4Addr::LOCALHOST } else { to };
        let socket: &Socket = self.sockets.get(id)?;
        let (own, options) = (socket.local, socket.options);
        if self.is_group(to) && !options.broadcast {
            return Err(Errno::EACCES);
        }
        let source = if own.ip().is_unspecified() { self.source_for(to)? } else { *own.ip() };
        if own.port() == 0 {
            self.bind_free(id, *own.ip(), env)?;
        }
        let port = self.sockets.get(id)?.local.port();
        let header = self.fragmentable(protocol, source, to);
        Ok((ipv4::Header { ttl: options.ttl, ..header }, port))
    }
}
