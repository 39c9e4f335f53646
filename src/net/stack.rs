//! [`Stack`]: one machine's network, from interfaces to sockets.
//!
//! Packets take these ways, none of them recursive: `receive` → `input` → `deliver` (to a
//! protocol) or `forward`; a socket or a protocol → `output` → `transmit` → the interface. What a
//! machine sends to itself goes through the loopback queue, which every public call empties before
//! it returns.
//!
//! Invariant: every packet that came in is counted once more where its way ended
//! ([`IpCounters::balance`]).

use core::net::Ipv4Addr;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::arp::{Due, Neighbours, Resolution};
use super::fragment::{self, Reassembly};
use super::interface::{Interfaces, Meaning};
use super::proto::{arp, ethernet, icmp, ipv4};
use super::socket::Sockets;
use super::{Frame, Interface, InterfaceId, Mac, Routes, SocketId};
use crate::base::limits::{LOOPBACK_BURST_MAX, LOOPBACK_QUEUE_MAX};
use crate::base::prng::Prng;
use crate::base::{Errno, Tick};

/// What a stack needs of its surroundings while it works.
pub struct Environment<'a> {
    /// The present tick.
    pub now: Tick,
    /// The machine's luck.
    pub prng: &'a mut Prng,
    /// Frames that leave the machine, in order.
    pub out: &'a mut Vec<(InterfaceId, Frame)>,
    /// Sockets that became ready for something; may name one twice.
    pub ready: &'a mut Vec<SocketId>,
}

/// What became of packets, as `/proc/net/snmp` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpCounters {
    /// Packets that came in, loopback included.
    pub received: u64,
    /// Of those: bad lengths, versions, checksums.
    pub malformed: u64,
    /// Of those: for somebody else, or from impossible addresses.
    pub not_ours: u64,
    /// Of those: handed to a protocol.
    pub delivered: u64,
    /// Of those: fragments put aside, or thrown away.
    pub fragments: u64,
    /// Of those: sent on.
    pub forwarded: u64,
    /// Of those: not sent on because their TTL ran out.
    pub expired: u64,
    /// Of those: not sent on because there was no route.
    pub no_route: u64,
    /// Of those: not sent on because they were too large and not to be fragmented.
    pub too_large: u64,
    /// Packets put together from fragments; they are delivered without coming in again.
    pub reassembled: u64,
    /// Packets this machine made itself.
    pub sent: u64,
    /// Packets, its own or forwarded, dropped on the way out: queue full, neighbour silent.
    pub dropped: u64,
}

impl IpCounters {
    /// Packets that came in and those whose way ended: equal unless one got lost uncounted.
    pub const fn balance(&self) -> (u64, u64) {
        let came_in = self.received + self.reassembled;
        let ended = self.malformed
            + self.not_ours
            + self.delivered
            + self.fragments
            + self.forwarded
            + self.expired
            + self.no_route
            + self.too_large;
        (came_in, ended)
    }
}

/// One machine's network: interfaces, neighbours, routes, sockets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    pub(super) interfaces: Interfaces,
    pub(super) routes: Routes,
    pub(super) neighbours: Neighbours,
    pub(super) sockets: Sockets,
    pub(super) reassembly: Reassembly,
    loopback: VecDeque<Frame>,
    pub(super) counters: IpCounters,
    /// Identification of the next packet that may be fragmented.
    pub(super) identification: u16,
    pub(super) forwarding: bool,
}

impl Default for Stack {
    fn default() -> Self {
        Self::new()
    }
}

/// A packet in a frame that was looked at: its header, and where its payload lies.
pub(super) struct Packet<'a> {
    pub(super) header: ipv4::Header,
    pub(super) payload: &'a [u8],
    /// Header and payload, for errors to quote.
    pub(super) whole: &'a [u8],
    /// It was sent to more than this machine.
    pub(super) group: bool,
}

impl Stack {
    /// A stack with the loopback interface alone, which is down as at boot and has no address.
    pub fn new() -> Self {
        Self {
            interfaces: Interfaces::new(),
            routes: Routes::default(),
            neighbours: Neighbours::default(),
            sockets: Sockets::default(),
            reassembly: Reassembly::default(),
            loopback: VecDeque::new(),
            counters: IpCounters::default(),
            identification: 0,
            forwarding: false,
        }
    }

    /// Takes a frame that arrived at an interface.
    pub fn receive(&mut self, interface: InterfaceId, frame: Frame, env: &mut Environment<'_>) {
        let Ok(at) = self.interfaces.get_mut(interface) else { return };
        if interface == InterfaceId::LOOPBACK || !at.is_running() {
            at.received.dropped += 1;
            return;
        }
        let Ok((header, payload)) = ethernet::Header::parse(&frame.0) else {
            at.received.errors += 1;
            return;
        };
        // As on a real card, a frame for another station is not even counted.
        let group = header.destination != at.mac;
        if group && !header.destination.is_multicast() {
            return;
        }
        at.received.count(frame.len());
        match header.kind {
            ethernet::TYPE_IPV4 => self.input(interface, frame, group, env),
            ethernet::TYPE_ARP => match arp::Packet::parse(payload) {
                Ok(packet) => self.arp_input(interface, &packet, env),
                Err(_) => at.received.errors += 1,
            },
            _ => at.received.dropped += 1,
        }
        self.settle(env);
    }

    /// Does what is due at `env.now`.
    pub fn poll(&mut self, env: &mut Environment<'_>) {
        self.settle(env);
        while let Some(due) = self.neighbours.next_due(env.now) {
            match due {
                Due::Ask { interface, address, to } => self.ask(interface, address, to, env),
                Due::Unreachable { waiting } => {
                    self.counters.dropped += waiting.len() as u64;
                    for frame in waiting {
                        let packet = frame.0.get(ethernet::HEADER_LENGTH..).unwrap_or_default();
                        let reason = icmp::Unreachable::Host;
                        self.report(packet, false, super::icmp::Trouble::Unreachable(reason), env);
                    }
                }
            }
        }
        while let Some(first) = self.reassembly.expire(env.now) {
            if let Some(packet) = first {
                self.report(&packet, false, super::icmp::Trouble::ReassemblyTimeout, env);
            }
        }
        self.poll_sockets(env);
        self.settle(env);
    }

    /// When [`Stack::poll`] is next needed; a tick in the past means at once.
    pub fn due(&self) -> Option<Tick> {
        if !self.loopback.is_empty() {
            return Some(Tick::ZERO);
        }
        let timers = [self.neighbours.due(), self.reassembly.due(), self.sockets.due()];
        timers.into_iter().flatten().min()
    }

    /// Handles what the machine has sent itself. Answers may follow one another, so there is a
    /// limit; the rest waits for the next call, which [`Stack::due`] asks for.
    pub(super) fn settle(&mut self, env: &mut Environment<'_>) {
        for _ in 0..LOOPBACK_BURST_MAX {
            let Some(frame) = self.loopback.pop_front() else { break };
            if let Ok(lo) = self.interfaces.get_mut(InterfaceId::LOOPBACK) {
                lo.received.count(frame.len());
            }
            self.input(InterfaceId::LOOPBACK, frame, false, env);
        }
        if self.loopback.is_empty() && self.loopback.capacity() > 0 {
            self.loopback = VecDeque::new();
        }
    }

    /// An IP packet came in.
    fn input(
        &mut self,
        interface: InterfaceId,
        frame: Frame,
        group: bool,
        env: &mut Environment<'_>,
    ) {
        self.counters.received += 1;
        let whole = &frame.0[ethernet::HEADER_LENGTH..];
        let Ok((header, payload)) = ipv4::Header::parse(whole) else {
            self.counters.malformed += 1;
            return;
        };
        let outside = interface != InterfaceId::LOOPBACK;
        let meaning = self.interfaces.meaning(header.destination);
        if self.is_martian(&header, meaning, outside) {
            self.counters.not_ours += 1;
            return;
        }
        match meaning {
            Meaning::Foreign if self.forwarding && !group && outside => {
                let end = ethernet::HEADER_LENGTH
                    + (payload.as_ptr() as usize - whole.as_ptr() as usize)
                    + payload.len();
                self.forward(&header, frame, end, env);
            }
            Meaning::Local | Meaning::Broadcast => {
                let group = group || meaning == Meaning::Broadcast;
                self.deliver(&Packet { header, payload, whole, group }, env);
            }
            Meaning::Foreign | Meaning::Multicast => self.counters.not_ours += 1,
        }
    }

    /// Whether the addresses are impossible for a packet from there (RFC 1812 §5.3.7).
    fn is_martian(&self, header: &ipv4::Header, meaning: Meaning, outside: bool) -> bool {
        let (source, destination) = (header.source, header.destination);
        if source.is_multicast() || source.is_broadcast() || destination.is_unspecified() {
            return true;
        }
        let own = || meaning != Meaning::Foreign && self.interfaces.is_local(source);
        outside && (source.is_loopback() || destination.is_loopback() || own())
    }

    /// A packet is for this machine.
    pub(super) fn deliver(&mut self, packet: &Packet<'_>, env: &mut Environment<'_>) {
        if packet.header.is_fragment() {
            self.counters.fragments += 1;
            let whole = self.reassembly.push(&packet.header, packet.payload, env.now);
            let Some(frame) = whole else { return };
            let whole = &frame.0[ethernet::HEADER_LENGTH..];
            let Ok((header, payload)) = ipv4::Header::parse(whole) else { return };
            self.counters.reassembled += 1;
            self.deliver_whole(&Packet { header, payload, whole, group: packet.group }, env);
        } else {
            self.deliver_whole(packet, env);
        }
    }

    fn deliver_whole(&mut self, packet: &Packet<'_>, env: &mut Environment<'_>) {
        self.counters.delivered += 1;
        match packet.header.protocol {
            ipv4::PROTOCOL_ICMP => self.icmp_input(packet, env),
            ipv4::PROTOCOL_UDP => self.udp_input(packet, env),
            ipv4::PROTOCOL_TCP => self.tcp_input(packet, env),
            _ => {
                let trouble = super::icmp::Trouble::Unreachable(icmp::Unreachable::Protocol);
                self.report(packet.whole, packet.group, trouble, env);
            }
        }
    }

    /// Sends a packet this machine made, which lies in `frame` behind room for an Ethernet header.
    pub(super) fn output(
        &mut self,
        header: &ipv4::Header,
        frame: Frame,
        env: &mut Environment<'_>,
    ) -> Result<(), Errno> {
        let (interface, next_hop) = self.way_to(header.destination)?;
        let mtu = self.interfaces.get(interface)?.mtu;
        if frame.len() - ethernet::HEADER_LENGTH > mtu as usize {
            if header.dont_fragment {
                return Err(Errno::EMSGSIZE);
            }
            for piece in fragment::cut(&frame, mtu) {
                self.output_piece(interface, next_hop, piece, env);
            }
        } else {
            self.output_piece(interface, next_hop, frame, env);
        }
        Ok(())
    }

    fn output_piece(
        &mut self,
        interface: InterfaceId,
        next_hop: Ipv4Addr,
        frame: Frame,
        env: &mut Environment<'_>,
    ) {
        self.counters.sent += 1;
        if interface == InterfaceId::LOOPBACK {
            self.loop_back(frame);
            return;
        }
        // Who speaks to everybody hears himself too.
        if self.interfaces.meaning(next_hop) == Meaning::Broadcast {
            self.loop_back(frame.clone());
        }
        self.transmit(interface, next_hop, frame, env);
    }

    fn loop_back(&mut self, mut frame: Frame) {
        let Ok(lo) = self.interfaces.get_mut(InterfaceId::LOOPBACK) else { return };
        if !lo.is_running() || self.loopback.len() >= LOOPBACK_QUEUE_MAX {
            lo.sent.dropped += 1;
            self.counters.dropped += 1;
            return;
        }
        let (destination, source) = (Mac::ZERO, Mac::ZERO);
        let header = ethernet::Header { destination, source, kind: ethernet::TYPE_IPV4 };
        frame.0[..ethernet::HEADER_LENGTH].copy_from_slice(&header.emit());
        lo.sent.count(frame.len());
        self.loopback.push_back(frame);
    }

    /// The interface and the neighbour a packet of ours goes to.
    pub(super) fn way_to(&self, destination: Ipv4Addr) -> Result<(InterfaceId, Ipv4Addr), Errno> {
        if self.interfaces.is_local(destination) {
            return Ok((InterfaceId::LOOPBACK, destination));
        }
        if let Some(route) = self.routes.lookup(destination) {
            return Ok((route.interface, route.next_hop(destination)));
        }
        if destination.is_broadcast() || destination.is_multicast() {
            let interfaces = (0u32..).map(InterfaceId).zip(self.interfaces.as_slice()).skip(1);
            let up = interfaces.filter(|(_, it)| it.is_running()).map(|(id, _)| id).next();
            return up.map(|id| (id, destination)).ok_or(Errno::ENETUNREACH);
        }
        Err(Errno::ENETUNREACH)
    }

    /// The address this machine speaks to `destination` from.
    pub(super) fn source_for(&self, destination: Ipv4Addr) -> Result<Ipv4Addr, Errno> {
        if self.interfaces.is_local(destination) {
            return Ok(destination);
        }
        let (interface, next_hop) = self.way_to(destination)?;
        let preferred = self.routes.lookup(destination).and_then(|route| route.source);
        let preferred = preferred.filter(|source| self.interfaces.is_local(*source));
        let on_link = || self.interfaces.get(interface).ok()?.address_towards(next_hop);
        let anywhere = || {
            let others = self.interfaces.as_slice().iter().skip(1).filter(|it| it.up);
            others.flat_map(|it| &it.addresses).map(|address| address.address()).next()
        };
        match preferred.or_else(on_link).or_else(anywhere) {
            Some(source) => Ok(source),
            // A machine that has no address yet may still call out to everybody (DHCP).
            None if destination.is_broadcast() => Ok(Ipv4Addr::UNSPECIFIED),
            None => Err(Errno::EADDRNOTAVAIL),
        }
    }

    /// Hands a packet to a neighbour.
    pub(super) fn transmit(
        &mut self,
        interface: InterfaceId,
        next_hop: Ipv4Addr,
        frame: Frame,
        env: &mut Environment<'_>,
    ) {
        match self.neighbours.fresh(interface, next_hop, env.now) {
            Some(mac) => self.emit(interface, mac, ethernet::TYPE_IPV4, frame, env),
            None => self.resolve(interface, next_hop, frame, env),
        }
    }

    fn resolve(
        &mut self,
        interface: InterfaceId,
        next_hop: Ipv4Addr,
        frame: Frame,
        env: &mut Environment<'_>,
    ) {
        let mac = match self.interfaces.meaning(next_hop) {
            Meaning::Broadcast => Some(Mac::BROADCAST),
            Meaning::Multicast => {
                // RFC 1112 §6.4: the low 23 bits behind a fixed prefix.
                let [_, b, c, d] = next_hop.octets();
                Some(Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d]))
            }
            Meaning::Local | Meaning::Foreign => None,
        };
        if let Some(mac) = mac {
            return self.emit(interface, mac, ethernet::TYPE_IPV4, frame, env);
        }
        match self.neighbours.resolve(interface, next_hop, frame, env.now) {
            Resolution::Send(mac, frame) => {
                self.emit(interface, mac, ethernet::TYPE_IPV4, frame, env);
            }
            Resolution::Ask => self.ask(interface, next_hop, None, env),
            Resolution::Wait => {}
            Resolution::Dropped => self.counters.dropped += 1,
        }
    }

    /// Puts the Ethernet header in its place and the frame on its way.
    fn emit(
        &mut self,
        interface: InterfaceId,
        destination: Mac,
        kind: u16,
        mut frame: Frame,
        env: &mut Environment<'_>,
    ) {
        let Ok(at) = self.interfaces.get_mut(interface) else { return };
        if !at.is_running() {
            at.sent.dropped += 1;
            return;
        }
        let header = ethernet::Header { destination, source: at.mac, kind };
        frame.0[..ethernet::HEADER_LENGTH].copy_from_slice(&header.emit());
        at.sent.count(frame.len());
        env.out.push((interface, frame));
    }

    /// Asks who has an address.
    fn ask(
        &mut self,
        interface: InterfaceId,
        target: Ipv4Addr,
        to: Option<Mac>,
        env: &mut Environment<'_>,
    ) {
        let Ok(at) = self.interfaces.get(interface) else { return };
        let request = arp::Packet {
            operation: arp::Operation::Request,
            sender_mac: at.mac,
            sender: at.address_towards(target).unwrap_or(Ipv4Addr::UNSPECIFIED),
            target_mac: to.unwrap_or(Mac::ZERO),
            target,
        };
        self.emit_arp(interface, to.unwrap_or(Mac::BROADCAST), &request, env);
    }

    fn emit_arp(
        &mut self,
        interface: InterfaceId,
        destination: Mac,
        packet: &arp::Packet,
        env: &mut Environment<'_>,
    ) {
        let mut bytes = Vec::with_capacity(ethernet::HEADER_LENGTH + arp::LENGTH);
        bytes.resize(ethernet::HEADER_LENGTH, 0);
        bytes.extend_from_slice(&packet.emit());
        self.emit(interface, destination, ethernet::TYPE_ARP, Frame(bytes), env);
    }

    /// An ARP packet came in (RFC 826, "Packet Reception").
    fn arp_input(
        &mut self,
        interface: InterfaceId,
        packet: &arp::Packet,
        env: &mut Environment<'_>,
    ) {
        let Ok(at) = self.interfaces.get(interface) else { return };
        let (own_mac, sender) = (at.mac, packet.sender);
        if packet.sender_mac.is_multicast() || self.interfaces.is_local(sender) {
            return;
        }
        let for_us = self.interfaces.is_local(packet.target) && !packet.target.is_loopback();
        let request = packet.operation == arp::Operation::Request;
        if self.interfaces.meaning(sender) == Meaning::Foreign && !sender.is_unspecified() {
            let confirms = !request && for_us;
            let key = (interface, sender);
            let create = request && for_us;
            let waiting =
                self.neighbours.learn(key, packet.sender_mac, (confirms, create), env.now);
            for frame in waiting {
                self.emit(interface, packet.sender_mac, ethernet::TYPE_IPV4, frame, env);
            }
        }
        if request && for_us {
            let reply = arp::Packet {
                operation: arp::Operation::Reply,
                sender_mac: own_mac,
                sender: packet.target,
                target_mac: packet.sender_mac,
                target: sender,
            };
            self.emit_arp(interface, packet.sender_mac, &reply, env);
        }
    }

    /// The interfaces in order of their ids, `lo` first.
    pub fn interfaces(&self) -> &[Interface] {
        self.interfaces.as_slice()
    }

    /// What became of packets.
    pub const fn counters(&self) -> &IpCounters {
        &self.counters
    }

    /// Checks what a savegame claims: ids, ranges, bounds.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let interfaces = self.interfaces.as_slice().len();
        self.interfaces.check()?;
        self.routes.check(interfaces)?;
        self.neighbours.check(interfaces)?;
        self.reassembly.check()?;
        self.sockets.check()?;
        if self.loopback.len() > LOOPBACK_QUEUE_MAX {
            return Err("the loopback queue is too long".to_owned());
        }
        let short = |frame: &Frame| frame.len() < ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;
        if self.loopback.iter().any(short) {
            return Err("a packet in the loopback queue is too short".to_owned());
        }
        Ok(())
    }
}

/// A packet in a frame with room for an Ethernet header; `fill` appends the payload.
pub(super) fn packet(
    header: &ipv4::Header,
    payload_length: usize,
    fill: impl FnOnce(&mut Vec<u8>),
) -> Frame {
    let headers = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;
    let mut bytes = Vec::with_capacity(headers + payload_length);
    bytes.resize(ethernet::HEADER_LENGTH, 0);
    bytes.extend_from_slice(&header.emit(payload_length));
    fill(&mut bytes);
    Frame(bytes)
}
