//! Whatever arrives, the stack stays whole.

#![expect(clippy::disallowed_types, reason = "what `prop_oneof!` expands to")]

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::tcp::connected;
use super::{Net, at, pair};
use crate::net::proto::tcp::{Flags, Header, Seq, seal};
use crate::net::proto::{arp, ethernet, icmp, ipv4, udp};
use crate::net::{Frame, InterfaceId, LinkSpec, Mac, SocketKind};

/// A frame to machine 0 that is right in its outer layers and odd in its inner ones.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn odd_frame() -> impl Strategy<Value = Vec<u8>> {
    let address = prop_oneof![
        any::<[u8; 4]>(),
        proptest::sample::select(vec![
            [10, 0, 0, 1],
            [10, 0, 0, 2],
            [10, 0, 0, 3],
            [10, 0, 0, 255],
            [255; 4],
            [127, 0, 0, 1],
            [0; 4],
            [224, 0, 0, 1],
        ]),
    ];
    let payload = proptest::collection::vec(any::<u8>(), 0..80);
    let header = (any::<u8>(), 0u16..4, any::<bool>(), 0u16..4, 0u8..4);
    (address.clone(), address, payload, header, 0u8..6, any::<u16>()).prop_map(
        |(source, destination, payload, (tos, identification, more, offset, ttl), kind, port)| {
            let mac = if tos & 1 == 1 { Mac::BROADCAST } else { Mac::of(1, 1) };
            let (source, destination) = (source.into(), destination.into());
            let mut inner = Vec::new();
            let protocol = match kind {
                0 => ipv4::PROTOCOL_ICMP,
                1 => ipv4::PROTOCOL_UDP,
                2 => ipv4::PROTOCOL_TCP,
                other => other * 50,
            };
            match kind {
                0 => icmp::Message::Other {
                    kind: tos % 16,
                    code: ttl,
                    rest: [0; 4],
                    payload: &payload,
                }
                .emit(&mut inner),
                1 => udp::Datagram { source: port, destination: 9, payload: &payload }.emit(
                    source,
                    destination,
                    &mut inner,
                ),
                2 => {
                    let header = Header {
                        source: port,
                        destination: 80,
                        sequence: Seq(0),
                        acknowledgment: Seq(u32::from(port)),
                        flags: Flags(tos),
                        window: port,
                        mss: Some(port),
                    };
                    header.emit(&mut inner);
                    inner.extend_from_slice(&payload);
                    seal(source, destination, &mut inner);
                }
                3 => inner.clone_from(&payload),
                _ => {}
            }
            let ip = ipv4::Header {
                tos,
                identification,
                more_fragments: more && ttl == 3,
                fragment_offset: if ttl == 3 { offset } else { 0 },
                ttl,
                ..ipv4::Header::new(protocol, source, destination)
            };
            let kind = if kind == 5 { ethernet::TYPE_ARP } else { ethernet::TYPE_IPV4 };
            let outer = ethernet::Header { destination: mac, source: Mac::of(2, 1), kind };
            let mut frame = outer.emit().to_vec();
            if kind == ethernet::TYPE_ARP {
                let packet = arp::Packet {
                    operation: if tos & 2 == 2 {
                        arp::Operation::Request
                    } else {
                        arp::Operation::Reply
                    },
                    sender_mac: Mac::of(u32::from(tos), 1),
                    sender: source,
                    target_mac: Mac::ZERO,
                    target: destination,
                };
                frame.extend_from_slice(&packet.emit());
            } else {
                frame.extend_from_slice(&ip.emit(inner.len()));
                frame.extend_from_slice(&inner);
            }
            frame
        },
    )
}

fn target() -> Net {
    let mut net = pair(1, LinkSpec::default());
    net.hosts[0].stack.set_forwarding(true);
    let id = net.hosts[0].stack.socket(SocketKind::Udp).unwrap();
    net.on(0, |stack, env| stack.bind(id, at("0.0.0.0:9"), env)).unwrap();
    super::tcp::listen(&mut net, 0, "0.0.0.0:80");
    net.route(0, "0.0.0.0/0", "10.0.0.2");
    net
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(frames in proptest::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let mut net = target();
        for mut frame in frames {
            if frame.len() > 13 {
                frame[..6].copy_from_slice(&Mac::of(1, 1).0);
                frame[12] = 8;
                frame[13] = 0;
            }
            net.on(0, |stack, env| stack.receive(InterfaceId(1), Frame(frame), env));
        }
        net.check();
        net.run(200_000);
        prop_assert_eq!(net.hosts[0].stack.due(), None);
    }

    #[test]
    fn odd_frames_do_no_harm(
        frames in proptest::collection::vec((odd_frame(), 0u64..3000), 0..40),
    ) {
        let mut net = target();
        for (frame, pause) in frames {
            for interface in [1, 0, 9] {
                let frame = Frame(frame.clone());
                net.on(0, |stack, env| stack.receive(InterfaceId(interface), frame, env));
            }
            net.run(pause);
            net.check();
        }
        // Timers end: nothing keeps a machine busy for ever.
        net.run(2_000_000);
        prop_assert_eq!(net.hosts[0].stack.due(), None);
    }

    /// Segments with the right addresses and ports, and anything else, at a living connection.
    #[test]
    fn odd_segments_do_no_harm(
        segments in proptest::collection::vec(
            (-70_000i64..70_000, -70_000i64..70_000, any::<u8>(), any::<u16>(), 0usize..1500),
            0..60,
        ),
    ) {
        let mut net = pair(1, LinkSpec::default());
        let (client, server, _) = connected(&mut net);
        net.on(0, |stack, env| stack.send(client, &[1; 9000], env)).unwrap();
        let own = net.hosts[0].stack.local_address(client).unwrap();
        // What the peer would send next, from the trace.
        let last = net.trace.iter().rfind(|line| line.contains("10.0.0.1 > 10.0.0.2: TCP")).unwrap();
        let number = |name: &str| -> u32 {
            let at = last.find(name).unwrap() + name.len();
            last[at..].split(',').next().unwrap().parse().unwrap()
        };
        let (their, ours) = (number("ack "), number("seq "));
        for (sequence, acknowledgment, flags, window, length) in segments {
            let shift = |base: u32, by: i64| {
                Seq(u32::try_from((i64::from(base) + by).rem_euclid(1 << 32)).unwrap())
            };
            let header = Header {
                source: 80,
                destination: own.port(),
                sequence: shift(their, sequence / 7),
                acknowledgment: shift(ours, acknowledgment / 7),
                // Few resets, or every conversation would be short.
                flags: Flags(if length % 16 == 0 { flags } else { flags & !Flags::RST.0 }),
                window,
                mss: None,
            };
            let (a, b) = ([10, 0, 0, 2].into(), [10, 0, 0, 1].into());
            let mut inner = Vec::new();
            header.emit(&mut inner);
            inner.resize(inner.len() + length, 9);
            seal(a, b, &mut inner);
            let outer = ethernet::Header {
                destination: Mac::of(1, 1),
                source: Mac::of(2, 1),
                kind: ethernet::TYPE_IPV4,
            };
            let mut frame = outer.emit().to_vec();
            frame.extend_from_slice(&ipv4::Header::new(6, a, b).emit(inner.len()));
            frame.extend_from_slice(&inner);
            net.on(0, |stack, env| stack.receive(InterfaceId(1), Frame(frame), env));
            net.check();
        }
        net.on(0, |stack, env| stack.close(client, env));
        net.on(1, |stack, env| stack.close(server, env));
        net.run(4_000_000);
        net.check();
        let left = net.hosts[0].stack.sockets.iter().count();
        prop_assert!(left == 0, "{left} sockets stay");
    }
}

#[test]
fn a_syn_flood_is_bounded_and_passes() {
    let mut net = target();
    for port in 1..2000u16 {
        let (a, b) = ([10, 0, 0, 2].into(), [10, 0, 0, 1].into());
        let header = Header {
            source: port,
            destination: 80,
            sequence: Seq(7),
            acknowledgment: Seq(0),
            flags: Flags::SYN,
            window: 100,
            mss: None,
        };
        let mut inner = Vec::new();
        header.emit(&mut inner);
        seal(a, b, &mut inner);
        let outer = ethernet::Header {
            destination: Mac::of(1, 1),
            source: Mac::of(3, 1),
            kind: ethernet::TYPE_IPV4,
        };
        let mut frame = outer.emit().to_vec();
        frame.extend_from_slice(&ipv4::Header::new(6, a, b).emit(inner.len()));
        frame.extend_from_slice(&inner);
        net.on(0, |stack, env| stack.receive(InterfaceId(1), Frame(frame), env));
    }
    net.check();
    assert_eq!(net.hosts[0].stack.sockets.iter().count(), 2 + 8, "the backlog");
}
