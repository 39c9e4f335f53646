//! ICMP as a machine speaks it: answering echoes, reporting trouble, hearing of trouble.
//!
//! Follows: RFC 1122 §3.2.2 (never an error about an error, about a broadcast, about a fragment
//! other than the first, or to an address that is no single machine). Left out: rate limits.

use super::proto::icmp::{Message, Unreachable};
use super::proto::{icmp, ipv4};
use super::stack::{Packet, packet};
use super::{Environment, Stack};
use crate::base::Errno;

/// What went wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It can't be delivered.
    Unreachable(Unreachable),
    /// Its TTL ran out.
    Expired,
    /// Some of its fragments did not come in time.
    ReassemblyTimeout,
}

impl Trouble {
    /// What a socket hears of it (Linux `icmp_err_convert`), and whether it is final there.
    pub(super) const fn errno(self) -> (Errno, bool) {
        match self {
            Self::Unreachable(Unreachable::Net) => (Errno::ENETUNREACH, false),
            Self::Unreachable(Unreachable::Protocol) => (Errno::ENOPROTOOPT, true),
            Self::Unreachable(Unreachable::Port) => (Errno::ECONNREFUSED, true),
            Self::Unreachable(Unreachable::FragmentationNeeded(_)) => (Errno::EMSGSIZE, false),
            Self::Unreachable(Unreachable::Host | Unreachable::Other(_))
            | Self::Expired
            | Self::ReassemblyTimeout => (Errno::EHOSTUNREACH, false),
        }
    }

    /// Type and code.
    pub(super) const fn kind(self) -> (u8, u8) {
        match self {
            Self::Unreachable(reason) => (icmp::TYPE_UNREACHABLE, reason.code()),
            Self::Expired => (icmp::TYPE_TIME_EXCEEDED, 0),
            Self::ReassemblyTimeout => (icmp::TYPE_TIME_EXCEEDED, 1),
        }
    }
}

impl Stack {
    /// Tells the sender of a packet what went wrong with it, where that is allowed.
    pub(super) fn report(
        &mut self,
        whole: &[u8],
        group: bool,
        trouble: Trouble,
        env: &mut Environment<'_>,
    ) {
        let Ok((about, payload)) = ipv4::Header::parse(whole) else { return };
        let sender = about.source;
        let is_error = about.protocol == ipv4::PROTOCOL_ICMP
            && !matches!(payload.first(), Some(&(icmp::TYPE_ECHO_REQUEST | icmp::TYPE_ECHO_REPLY)));
        let nobody = sender.is_unspecified() || sender.is_multicast() || sender.is_broadcast();
        if is_error || group || nobody || about.fragment_offset != 0 {
            return;
        }
        let source = if self.interfaces.is_local(about.destination) {
            about.destination
        } else {
            match self.source_for(sender) {
                Ok(source) => source,
                Err(_) => return,
            }
        };
        let quote = Message::quote(whole);
        let message = match trouble {
            Trouble::Unreachable(reason) => Message::Unreachable { reason, quote },
            Trouble::Expired => Message::TimeExceeded { code: 0, quote },
            Trouble::ReassemblyTimeout => Message::TimeExceeded { code: 1, quote },
        };
        let header = ipv4::Header {
            // Internetwork control (RFC 1812 §4.3.2.5).
            tos: 0xc0,
            ..self.fragmentable(ipv4::PROTOCOL_ICMP, source, sender)
        };
        let frame = packet(&header, message.length(), |bytes| message.emit(bytes));
        // Where the error itself can't be sent there is nobody left to tell.
        let _ = self.output(&header, frame, env);
    }

    /// A header for a packet that may be fragmented on its way.
    pub(super) fn fragmentable(
        &mut self,
        protocol: u8,
        source: core::net::Ipv4Addr,
        destination: core::net::Ipv4Addr,
    ) -> ipv4::Header {
        self.identification = self.identification.wrapping_add(1);
        ipv4::Header {
            identification: self.identification,
            dont_fragment: false,
            ..ipv4::Header::new(protocol, source, destination)
        }
    }

    /// An ICMP message came in.
    pub(super) fn icmp_input(&mut self, arrived: &Packet<'_>, env: &mut Environment<'_>) {
        let Ok(message) = Message::parse(arrived.payload) else { return };
        let from = arrived.header.source;
        match message {
            // As Linux by default, a broadcast ping gets no answer.
            Message::EchoRequest { .. } if arrived.group || from.is_unspecified() => {}
            Message::EchoRequest { identifier, sequence, payload } => {
                let reply = Message::EchoReply { identifier, sequence, payload };
                let own = arrived.header.destination;
                let header = self.fragmentable(ipv4::PROTOCOL_ICMP, own, from);
                let frame = packet(&header, reply.length(), |bytes| reply.emit(bytes));
                let _ = self.output(&header, frame, env);
            }
            Message::EchoReply { identifier, sequence, payload } => {
                let ttl = arrived.header.ttl;
                self.echo_reply(identifier, (from, ttl), sequence, payload, env);
            }
            Message::Unreachable { reason, quote } => {
                self.trouble(from, Trouble::Unreachable(reason), quote, env);
            }
            Message::TimeExceeded { code, quote } => {
                let trouble = if code == 0 { Trouble::Expired } else { Trouble::ReassemblyTimeout };
                self.trouble(from, trouble, quote, env);
            }
            Message::Other { .. } => {}
        }
    }

    /// Somebody reports trouble with a packet that we, so he says, sent.
    fn trouble(
        &mut self,
        from: core::net::Ipv4Addr,
        trouble: Trouble,
        quote: &[u8],
        env: &mut Environment<'_>,
    ) {
        let Ok((about, payload)) = ipv4::Header::parse_quoted(quote) else { return };
        if !self.interfaces.is_local(about.source) || about.fragment_offset != 0 {
            return;
        }
        match about.protocol {
            ipv4::PROTOCOL_ICMP => self.echo_trouble(from, trouble, &about, payload, env),
            ipv4::PROTOCOL_UDP => self.udp_trouble(trouble, &about, payload, env),
            ipv4::PROTOCOL_TCP => self.tcp_trouble(trouble, &about, payload, env),
            _ => {}
        }
    }
}
