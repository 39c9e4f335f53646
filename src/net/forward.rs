//! Forwarding: what makes a machine a router.
//!
//! This is the hot path of a large network. A packet is edited where it lies: TTL and checksum,
//! then the Ethernet addresses; nothing is allocated.
//!
//! Follows: RFC 1812 §4.2.2.9, §5.2, §5.3. Left out: redirects, options, multicast.

use super::fragment;
use super::icmp::Trouble;
use super::proto::{ethernet, icmp, ipv4};
use super::{Environment, Frame, Stack, checksum};

/// Where TTL and protocol, and then the checksum, lie in a frame.
const TTL_AT: usize = ethernet::HEADER_LENGTH + 8;
const CHECKSUM_AT: usize = ethernet::HEADER_LENGTH + 10;

impl Stack {
    /// Sends on a packet for somebody else. `end` is where the packet ends in its frame.
    pub(super) fn forward(
        &mut self,
        header: &ipv4::Header,
        mut frame: Frame,
        end: usize,
        env: &mut Environment<'_>,
    ) {
        frame.0.truncate(end);
        if header.ttl <= 1 {
            self.counters.expired += 1;
            return self.report(packet_of(&frame), false, Trouble::Expired, env);
        }
        let Some(route) = self.routes.lookup(header.destination) else {
            self.counters.no_route += 1;
            let trouble = Trouble::Unreachable(icmp::Unreachable::Net);
            return self.report(packet_of(&frame), false, trouble, env);
        };
        let (interface, next_hop) = (route.interface, route.next_hop(header.destination));
        let Ok(mtu) = self.interfaces.get(interface).map(|it| it.mtu) else { return };
        let too_large = end - ethernet::HEADER_LENGTH > mtu as usize;
        if too_large && header.dont_fragment {
            self.counters.too_large += 1;
            let mtu = u16::try_from(mtu).unwrap_or(u16::MAX);
            let trouble = Trouble::Unreachable(icmp::Unreachable::FragmentationNeeded(mtu));
            return self.report(packet_of(&frame), false, trouble, env);
        }
        lower_ttl(&mut frame);
        self.counters.forwarded += 1;
        if too_large {
            for piece in fragment::cut(&frame, mtu) {
                self.transmit(interface, next_hop, piece, env);
            }
        } else {
            self.transmit(interface, next_hop, frame, env);
        }
    }
}

fn packet_of(frame: &Frame) -> &[u8] {
    &frame.0[ethernet::HEADER_LENGTH..]
}

/// Takes one off the TTL and brings the checksum up to date.
fn lower_ttl(frame: &mut Frame) {
    let word = |at: usize, bytes: &[u8]| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    let old = word(TTL_AT, &frame.0);
    let new = old - 0x0100;
    let sum = checksum::update(word(CHECKSUM_AT, &frame.0), old, new);
    frame.0[TTL_AT..TTL_AT + 2].copy_from_slice(&new.to_be_bytes());
    frame.0[CHECKSUM_AT..CHECKSUM_AT + 2].copy_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ttl_lowers_to_a_correct_checksum() {
        for ttl in 1..=255 {
            for low in 0..=255 {
                let header = ipv4::Header {
                    ttl,
                    identification: low,
                    ..ipv4::Header::new(6, [10, 0, 0, 1].into(), [10, 0, 0, 2].into())
                };
                let mut bytes = vec![0; ethernet::HEADER_LENGTH];
                bytes.extend_from_slice(&header.emit(0));
                let mut frame = Frame(bytes);
                lower_ttl(&mut frame);
                let (lowered, _) = ipv4::Header::parse(packet_of(&frame)).unwrap();
                assert_eq!(lowered, ipv4::Header { ttl: ttl - 1, ..header });
            }
        }
    }
}
