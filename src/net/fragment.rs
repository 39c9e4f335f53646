//! Fragments: cutting packets that are too large for a link, and putting them together again.
//!
//! Invariant: groups are ordered by when they expire; pieces of a group are ordered by offset and
//! do not overlap; at most 64 groups and 512 KiB are held.
//! Follows: RFC 791 §3.2, RFC 815's result, RFC 5722 §4 (a group with an overlap is thrown away).

use core::net::Ipv4Addr;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::Frame;
use super::proto::{ethernet, ipv4};
use crate::base::limits::{FRAGMENT_BYTES_MAX, FRAGMENT_GROUPS_MAX};
use crate::base::{Tick, Ticks};

/// How long a packet's fragments are waited for (Linux `ipfrag_time`).
const TIMEOUT: Ticks = Ticks::from_secs(30);

/// What fragments of one packet have in common (RFC 791).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    identification: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Group {
    key: Key,
    expires: Tick,
    /// Length of the whole payload, known once the last fragment is here.
    total: Option<u32>,
    ttl: u8,
    pieces: Vec<(u32, ByteBuf)>,
}

impl Group {
    fn bytes(&self) -> u32 {
        let bytes: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// Puts a piece in its place; false when it contradicts the others.
    fn insert(&mut self, offset: u32, last: bool, payload: &[u8]) -> bool {
        let Ok(length) = u32::try_from(payload.len()) else { return false };
        let end = offset + length;
        let at = self.pieces.partition_point(|(other, _)| *other < offset);
        let before = at.checked_sub(1).and_then(|at| self.pieces.get(at));
        let before = before.map_or(0, |(start, piece)| *start as usize + piece.len());
        let after = self.pieces.get(at).map_or(u32::MAX, |(start, _)| *start);
        if before > offset as usize || end > after {
            return false;
        }
        let end_of_all = self.pieces.last().map_or(0, |(start, p)| *start as usize + p.len());
        match self.total {
            Some(total) if end > total || last => return false,
            None if last && end_of_all > end as usize => return false,
            None if last => self.total = Some(end),
            _ => {}
        }
        self.pieces.insert(at, (offset, ByteBuf::from(payload)));
        true
    }

    /// The whole packet in an empty frame, if every piece is here.
    fn assemble(&self) -> Option<Frame> {
        let total = self.total?;
        if self.bytes() != total {
            return None;
        }
        let Key { source, destination, protocol, identification } = self.key;
        let header = ipv4::Header {
            identification,
            dont_fragment: false,
            ttl: self.ttl,
            ..ipv4::Header::new(protocol, source, destination)
        };
        let length = total as usize;
        let mut bytes = Vec::with_capacity(ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH + length);
        bytes.resize(ethernet::HEADER_LENGTH, 0);
        bytes.extend_from_slice(&header.emit(length));
        self.pieces.iter().for_each(|(_, piece)| bytes.extend_from_slice(piece));
        Some(Frame(bytes))
    }
}

/// Packets of which some fragments have arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Reassembly(VecDeque<Group>);

impl Reassembly {
    /// Takes a fragment; gives the whole packet back when it was the missing one.
    pub(super) fn push(
        &mut self,
        header: &ipv4::Header,
        payload: &[u8],
        now: Tick,
    ) -> Option<Frame> {
        let key = Key {
            source: header.source,
            destination: header.destination,
            protocol: header.protocol,
            identification: header.identification,
        };
        let offset = u32::from(header.fragment_offset) * 8;
        // All but the last fragment come in eights; the whole must be expressible.
        let ragged = header.more_fragments && !payload.len().is_multiple_of(8);
        let end = offset as usize + payload.len();
        if payload.is_empty() || ragged || end > ipv4::PACKET_LENGTH_MAX - ipv4::HEADER_LENGTH {
            return None;
        }
        let at = match self.0.iter().position(|group| group.key == key) {
            Some(at) => at,
            None => {
                let (expires, ttl) = (now + TIMEOUT, header.ttl);
                self.0.push_back(Group { key, expires, total: None, ttl, pieces: Vec::new() });
                self.0.len() - 1
            }
        };
        if !self.0[at].insert(offset, !header.more_fragments, payload) {
            self.0.remove(at);
            return None;
        }
        if let Some(whole) = self.0[at].assemble() {
            self.0.remove(at);
            return Some(whole);
        }
        // The oldest go first; the newest alone always fits.
        while self.0.len() > FRAGMENT_GROUPS_MAX || self.bytes() > FRAGMENT_BYTES_MAX {
            self.0.pop_front();
        }
        None
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|group| u64::from(group.bytes())).sum()
    }

    /// When the oldest group expires.
    pub(super) fn due(&self) -> Option<Tick> {
        self.0.front().map(|group| group.expires)
    }

    /// Gives up one group whose time is over: what its first fragment said, when that is here,
    /// for the error that goes to the sender.
    pub(super) fn expire(&mut self, now: Tick) -> Option<Option<Vec<u8>>> {
        let group = self.0.pop_front_if(|group| group.expires <= now)?;
        let first = group.pieces.first().filter(|(offset, _)| *offset == 0);
        Some(first.map(|(_, piece)| {
            let Key { source, destination, protocol, identification } = group.key;
            let header = ipv4::Header {
                identification,
                dont_fragment: false,
                more_fragments: true,
                ttl: group.ttl,
                ..ipv4::Header::new(protocol, source, destination)
            };
            let mut packet = header.emit(piece.len()).to_vec();
            packet.extend_from_slice(piece);
            packet
        }))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.0.len() > FRAGMENT_GROUPS_MAX || self.bytes() > FRAGMENT_BYTES_MAX {
            return Err("more fragments wait than may".to_owned());
        }
        for group in &self.0 {
            let mut ends =
                group.pieces.iter().map(|(at, piece)| u64::from(*at) + piece.len() as u64);
            let starts = group.pieces.iter().skip(1).map(|(at, _)| u64::from(*at));
            let ordered = ends.clone().zip(starts).all(|(end, start)| end <= start);
            let limit = group.total.unwrap_or(65_515);
            if !ordered || ends.next_back().is_some_and(|end| end > u64::from(limit)) {
                return Err("fragments overlap or are out of order".to_owned());
            }
        }
        Ok(())
    }
}

/// Cuts the packet in `frame` into packets of at most `mtu` bytes.
pub(super) fn cut(frame: &Frame, mtu: u32) -> Vec<Frame> {
    let Some(packet) = frame.0.get(ethernet::HEADER_LENGTH..) else { return Vec::new() };
    let Ok((header, payload)) = ipv4::Header::parse(packet) else { return Vec::new() };
    let room = (mtu as usize).saturating_sub(ipv4::HEADER_LENGTH) / 8 * 8;
    let count = payload.len().div_ceil(room.max(8));
    let pieces = payload.chunks(room.max(8)).enumerate().map(|(index, piece)| {
        // Offsets stay under 8192 because the packet is under 64 KiB.
        let skipped = u16::try_from(index * room.max(8) / 8).unwrap_or(u16::MAX);
        let header = ipv4::Header {
            fragment_offset: header.fragment_offset.saturating_add(skipped),
            more_fragments: header.more_fragments || index + 1 < count,
            ..header
        };
        let mut bytes = frame.0[..ethernet::HEADER_LENGTH].to_vec();
        bytes.extend_from_slice(&header.emit(piece.len()));
        bytes.extend_from_slice(piece);
        Frame(bytes)
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn packet(length: usize, identification: u16) -> Frame {
        let (a, b) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let header =
            ipv4::Header { identification, dont_fragment: false, ..ipv4::Header::new(17, a, b) };
        let mut bytes = vec![0; 14];
        bytes.extend_from_slice(&header.emit(length));
        bytes.extend((0..length).map(|n| u8::try_from(n % 251).unwrap()));
        Frame(bytes)
    }

    fn push(reassembly: &mut Reassembly, frame: &Frame) -> Option<Frame> {
        let (header, payload) = ipv4::Header::parse(&frame.0[14..]).unwrap();
        reassembly.push(&header, payload, Tick(0))
    }

    #[test]
    fn an_overlap_discards_the_group() {
        let pieces = cut(&packet(3000, 7), 1500);
        let mut reassembly = Reassembly::default();
        push(&mut reassembly, &pieces[0]);
        assert_eq!(push(&mut reassembly, &pieces[0]), None);
        assert_eq!(reassembly, Reassembly::default());
    }

    #[test]
    fn groups_expire_and_are_bounded() {
        let mut reassembly = Reassembly::default();
        for identification in 0..100 {
            push(&mut reassembly, &cut(&packet(3000, identification), 1500)[0]);
        }
        assert_eq!(reassembly.0.len(), FRAGMENT_GROUPS_MAX);
        assert_eq!(reassembly.check(), Ok(()));
        assert_eq!(reassembly.due(), Some(Tick(30_000)));
        assert_eq!(reassembly.expire(Tick(29_999)), None);
        let first = reassembly.expire(Tick(30_000)).unwrap().unwrap();
        assert!(ipv4::Header::parse(&first).unwrap().0.more_fragments);
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_make_the_packet_again(
            (length, mtu, order) in (1usize..9000, 68u32..2000).prop_flat_map(|(length, mtu)| {
                let count = cut(&packet(length, 1), mtu).len();
                (Just(length), Just(mtu), Just((0..count).collect::<Vec<_>>()).prop_shuffle())
            }),
        ) {
            let whole = packet(length, 1);
            let pieces = cut(&whole, mtu);
            let mut reassembly = Reassembly::default();
            let mut result = None;
            for (turn, index) in order.iter().enumerate() {
                prop_assert!(pieces[*index].len() <= mtu as usize + 14);
                result = if pieces.len() == 1 { Some(pieces[0].clone()) } else { push(&mut reassembly, &pieces[*index]) };
                prop_assert_eq!(result.is_some(), turn + 1 == order.len());
                prop_assert_eq!(reassembly.check(), Ok(()));
            }
            prop_assert_eq!(result, Some(whole));
        }

        #[test]
        fn arbitrary_fragments_keep_the_bounds(
            parts in proptest::collection::vec((0u16..8192, any::<bool>(), 0usize..2000, 0u16..3), 0..60),
        ) {
            let mut reassembly = Reassembly::default();
            for (offset, more, length, identification) in parts {
                let header = ipv4::Header {
                    identification, more_fragments: more, fragment_offset: offset,
                    ..ipv4::Header::new(17, [1, 2, 3, 4].into(), [1, 2, 3, 5].into())
                };
                let _ = reassembly.push(&header, &vec![0; length], Tick(0));
                prop_assert_eq!(reassembly.check(), Ok(()));
            }
        }
    }
}
