//! Streams between machines, over good links and bad.

use expect_test::expect;

use super::{Net, at, chain, pair};
use crate::base::limits::{BACKLOG_MAX, TCP_SEND_BUFFER};
use crate::base::prng::Ratio;
use crate::base::{Errno, Ticks};
use crate::net::socket::tcp::State;
use crate::net::{InterfaceId, LinkSpec, Shutdown, SocketId, SocketKind};

pub(super) fn listen(net: &mut Net, host: usize, address: &str) -> SocketId {
    let id = net.hosts[host].stack.socket(SocketKind::Tcp).unwrap();
    net.on(host, |stack, env| stack.bind(id, at(address), env)).unwrap();
    net.on(host, |stack, env| stack.listen(id, 8, env)).unwrap();
    id
}

pub(super) fn connect(net: &mut Net, host: usize, to: &str) -> SocketId {
    let id = net.hosts[host].stack.socket(SocketKind::Tcp).unwrap();
    let said = net.on(host, |stack, env| stack.connect(id, at(to), env));
    assert_eq!(said, Err(Errno::EINPROGRESS));
    id
}

fn again(net: &mut Net, host: usize, id: SocketId) -> Result<(), Errno> {
    net.on(host, |stack, env| stack.connect(id, at("10.0.0.2:80"), env))
}

/// A connection from machine 0 to machine 1, with both ends.
pub(super) fn connected(net: &mut Net) -> (SocketId, SocketId, SocketId) {
    let listener = listen(net, 1, "0.0.0.0:80");
    let client = connect(net, 0, "10.0.0.2:80");
    net.run(200);
    again(net, 0, client).unwrap();
    let (server, _) = net.hosts[1].stack.accept(listener).unwrap();
    (client, server, listener)
}

fn send(net: &mut Net, host: usize, id: SocketId, bytes: &[u8]) -> Result<usize, Errno> {
    net.on(host, |stack, env| stack.send(id, bytes, env))
}

fn recv(net: &mut Net, host: usize, id: SocketId) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    net.on(host, |stack, env| stack.recv(id, &mut bytes, 100_000, env))?;
    Ok(bytes)
}

fn state(net: &Net, host: usize, id: SocketId) -> Option<State> {
    net.hosts[host].stack.tcp_state(id)
}

/// Sequence numbers are luck; show them from 0 on.
fn relative(net: &mut Net) -> String {
    let trace = net.take_trace();
    let mut text = trace.clone();
    for word in trace.split([' ', ',', '\n']) {
        if word.parse::<u32>().is_ok_and(|number| number > 100_000) {
            let syns = trace.lines().filter(|line| line.contains("Flags [S"));
            let bases = syns.filter_map(|line| {
                let rest = &line[line.find("seq ")? + 4..];
                rest.split(',').next()?.parse::<u32>().ok()
            });
            let number: u32 = word.parse().unwrap();
            let near = bases.map(|base| number.wrapping_sub(base)).min().unwrap();
            text = text.replace(word, &format!("+{near}"));
        }
    }
    let port = text.split(" TCP ").nth(1).map(|it| it.split(' ').next().unwrap().to_owned());
    text.replace(&port.unwrap(), "PORT")
        .replace("IP 10.0.0.1 > 10.0.0.2: TCP ", "> ")
        .replace("IP 10.0.0.2 > 10.0.0.1: TCP ", "< ")
}

#[test]
fn a_conversation_from_handshake_to_time_wait() {
    let mut net = pair(1, LinkSpec { delay: Ticks(5), ..LinkSpec::default() });
    let listener = listen(&mut net, 1, "0.0.0.0:80");
    let client = connect(&mut net, 0, "10.0.0.2:80");
    assert_eq!(again(&mut net, 0, client), Err(Errno::EALREADY));
    assert_eq!(send(&mut net, 0, client, b"x"), Err(Errno::EAGAIN));
    net.run(50);
    assert_eq!(net.hosts[0].ready, [client], "connected");
    assert_eq!(again(&mut net, 0, client), Ok(()));
    assert_eq!(again(&mut net, 0, client), Err(Errno::EISCONN));
    assert_eq!(net.hosts[1].ready, [listener]);
    let (server, peer) = net.hosts[1].stack.accept(listener).unwrap();
    assert_eq!(net.hosts[1].stack.accept(listener), Err(Errno::EAGAIN));
    assert_eq!(net.hosts[0].stack.local_address(client), Ok(peer));
    assert_eq!(recv(&mut net, 1, server), Err(Errno::EAGAIN));
    send(&mut net, 0, client, b"hello").unwrap();
    net.run(100);
    assert_eq!(recv(&mut net, 1, server).unwrap(), b"hello");
    net.on(0, |stack, env| stack.shutdown(client, Shutdown::Write, env)).unwrap();
    assert_eq!(send(&mut net, 0, client, b"x"), Err(Errno::EPIPE));
    net.run(100);
    assert_eq!(recv(&mut net, 1, server).unwrap(), b"", "the end of the stream");
    // The other half still works.
    send(&mut net, 1, server, b"good bye").unwrap();
    net.on(1, |stack, env| stack.close(server, env));
    net.run(100);
    assert_eq!(recv(&mut net, 0, client).unwrap(), b"good bye");
    assert_eq!(recv(&mut net, 0, client).unwrap(), b"");
    assert_eq!(state(&net, 0, client), Some(State::TimeWait));
    net.check();
    expect![[r#"
        0 0 ARP, Request who-has 10.0.0.2 tell 10.0.0.1
        5 1 ARP, Reply 10.0.0.2 is-at 02:00:00:00:02:01
        10 0 > PORT > 80: Flags [S], seq +0, win 65535, options [mss 1460], length 0
        15 1 < 80 > PORT: Flags [S.], seq +0, ack +1, win 65535, options [mss 1460], length 0
        20 0 > PORT > 80: Flags [.], seq +1, ack +1, win 65535, length 0
        50 0 > PORT > 80: Flags [P.], seq +1, ack +1, win 65535, length 5
        95 1 < 80 > PORT: Flags [.], seq +1, ack +6, win 65530, length 0
        150 0 > PORT > 80: Flags [F.], seq +6, ack +1, win 65535, length 0
        155 1 < 80 > PORT: Flags [.], seq +1, ack +7, win 65529, length 0
        250 1 < 80 > PORT: Flags [P.], seq +1, ack +7, win 65529, length 8
        250 1 < 80 > PORT: Flags [F.], seq +9, ack +7, win 65529, length 0
        255 0 > PORT > 80: Flags [.], seq +7, ack +10, win 65526, length 0
    "#]]
    .assert_eq(&relative(&mut net));
    net.run(61_000);
    assert_eq!(state(&net, 0, client), Some(State::Closed));
    assert_eq!(net.due(), None);
}

#[test]
fn nobody_listening_refuses() {
    let mut net = pair(1, LinkSpec::default());
    let id = connect(&mut net, 0, "10.0.0.2:80");
    net.run(10);
    let ready = net.hosts[0].stack.readiness(id);
    assert!(ready.readable && ready.writable && ready.hangup && ready.error);
    assert_eq!(again(&mut net, 0, id), Err(Errno::ECONNREFUSED));
    // The socket may try again.
    assert_eq!(again(&mut net, 0, id), Err(Errno::EINPROGRESS));
    net.run(10);
    assert_eq!(net.hosts[0].stack.take_error(id), Some(Errno::ECONNREFUSED));
    assert_eq!(again(&mut net, 0, id), Err(Errno::EINPROGRESS), "told is told");
    let local = net.hosts[0].stack.socket(SocketKind::Tcp).unwrap();
    let said = net.on(0, |stack, env| stack.connect(local, at("127.0.0.1:80"), env));
    assert_eq!(said, Err(Errno::ECONNREFUSED), "loopback says so at once");
}

#[test]
fn a_silent_peer_times_out_and_a_missing_one_is_unreachable() {
    let mut net = pair(1, LinkSpec::default());
    let id = connect(&mut net, 0, "10.0.0.77:80");
    net.run(4000);
    assert_eq!(again(&mut net, 0, id), Err(Errno::EHOSTUNREACH));
    let mac = crate::net::Mac::of(9, 9);
    net.on(0, |stack, env| stack.add_neighbour(InterfaceId(1), super::ip("10.0.0.78"), mac, env))
        .unwrap();
    let id = connect(&mut net, 0, "10.0.0.78:80");
    net.run(126_000);
    assert_eq!(again(&mut net, 0, id), Err(Errno::EALREADY));
    net.run(2000);
    assert_eq!(again(&mut net, 0, id), Err(Errno::ETIMEDOUT));
    let syns = net.trace.iter().filter(|line| line.contains("Flags [S]")).count();
    assert_eq!(syns, 7, "the first and six more");
}

#[test]
fn over_loopback_everything_happens_at_once() {
    let mut net = Net::new(1);
    net.host();
    let listener = listen(&mut net, 0, "127.0.0.1:80");
    let client = net.hosts[0].stack.socket(SocketKind::Tcp).unwrap();
    net.on(0, |stack, env| stack.connect(client, at("127.0.0.1:80"), env)).unwrap();
    let (server, _) = net.hosts[0].stack.accept(listener).unwrap();
    let bytes = vec![7; 50_000];
    assert_eq!(send(&mut net, 0, client, &bytes), Ok(50_000));
    assert_eq!(recv(&mut net, 0, server).unwrap(), bytes);
    net.on(0, |stack, env| stack.close(client, env));
    assert_eq!(recv(&mut net, 0, server).unwrap(), b"");
    net.check();
}

#[test]
fn unread_bytes_make_closing_a_reset() {
    let mut net = pair(1, LinkSpec::default());
    let (client, server, _) = connected(&mut net);
    send(&mut net, 0, client, b"never read").unwrap();
    net.run(100);
    net.on(1, |stack, env| stack.close(server, env));
    net.run(100);
    assert_eq!(recv(&mut net, 0, client), Err(Errno::ECONNRESET));
    assert_eq!(recv(&mut net, 0, client).unwrap(), b"");
    assert_eq!(send(&mut net, 0, client, b"x"), Err(Errno::EPIPE));
}

#[test]
fn writing_to_a_closed_peer_is_reset() {
    let mut net = pair(1, LinkSpec::default());
    let (client, server, _) = connected(&mut net);
    net.on(1, |stack, env| stack.close(server, env));
    net.run(100);
    assert_eq!(recv(&mut net, 0, client).unwrap(), b"");
    send(&mut net, 0, client, b"into the void").unwrap();
    net.run(100);
    assert_eq!(send(&mut net, 0, client, b"x"), Err(Errno::EPIPE));
    assert_eq!(state(&net, 0, client), Some(State::Closed));
}

#[test]
fn a_slow_reader_closes_the_window_and_opens_it_again() {
    let mut net = pair(1, LinkSpec::default());
    let (client, server, _) = connected(&mut net);
    let mut sent = 0;
    loop {
        match send(&mut net, 0, client, &[7; 10_000]) {
            Ok(count) => sent += count,
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                if net.now.0 > 100_000 {
                    break;
                }
                net.run(20_000);
            }
        }
    }
    let queues = [(0, client), (1, server)].map(|(host, id)| net.hosts[host].stack.queues(id));
    assert_eq!(queues, [Some((TCP_SEND_BUFFER, 0)), Some((0, 65_535))]);
    assert_eq!(sent, TCP_SEND_BUFFER + 65_535, "both buffers are full, none overflows");
    assert!(!net.hosts[0].stack.readiness(client).writable);
    net.check();
    // The window update is lost, and still the probe finds out.
    net.links[0].0.spec.up = false;
    let first = recv(&mut net, 1, server).unwrap();
    net.run(10);
    net.links[0].0.spec.up = true;
    net.hosts[0].ready.clear();
    net.run(300_000);
    assert_eq!(net.hosts[0].ready, [client], "room again");
    let second = recv(&mut net, 1, server).unwrap();
    net.run(1000);
    let third = recv(&mut net, 1, server).unwrap();
    assert_eq!([first.len(), second.len(), third.len()], [65_535, 65_535, 1]);
    net.run(10_000);
    assert_eq!(net.due(), None);
}

#[test]
fn the_backlog_is_bounded_and_waits() {
    let mut net = pair(1, LinkSpec::default());
    let listener = listen(&mut net, 1, "0.0.0.0:80");
    net.on(1, |stack, env| stack.listen(listener, 2, env)).unwrap();
    let clients: Vec<SocketId> = (0..3).map(|_| connect(&mut net, 0, "10.0.0.2:80")).collect();
    net.run(100);
    assert_eq!(again(&mut net, 0, clients[1]), Ok(()));
    assert_eq!(again(&mut net, 0, clients[2]), Err(Errno::EALREADY));
    net.hosts[1].stack.accept(listener).unwrap();
    net.run(5000);
    assert_eq!(again(&mut net, 0, clients[2]), Ok(()));
    // A listener that goes takes the unaccepted with it.
    net.on(1, |stack, env| stack.close(listener, env));
    net.run(10);
    assert_eq!(recv(&mut net, 0, clients[2]), Err(Errno::ECONNRESET));
    assert_eq!(recv(&mut net, 0, clients[0]), Err(Errno::EAGAIN), "the accepted one lives");
    net.check();
    assert_eq!(BACKLOG_MAX, 128);
}

#[test]
fn a_port_is_free_again_when_time_wait_is_over_or_shared() {
    let mut net = pair(1, LinkSpec::default());
    let (client, server, listener) = connected(&mut net);
    net.on(1, |stack, env| stack.close(listener, env));
    net.on(1, |stack, env| stack.close(server, env));
    net.on(0, |stack, env| stack.close(client, env));
    net.run(1000);
    let bind = |net: &mut Net, reuse: bool| {
        let id = net.hosts[1].stack.socket(SocketKind::Tcp).unwrap();
        net.hosts[1].stack.set_reuse_address(id, reuse).unwrap();
        let bound = net.on(1, |stack, env| stack.bind(id, at("0.0.0.0:80"), env));
        net.on(1, |stack, env| stack.close(id, env));
        bound
    };
    assert_eq!(bind(&mut net, false), Err(Errno::EADDRINUSE));
    assert_eq!(bind(&mut net, true), Ok(()));
    net.run(61_000);
    assert_eq!(bind(&mut net, false), Ok(()));
    assert_eq!(net.due(), None);
    assert_eq!(net.hosts[1].stack.sockets.iter().count(), 0, "nothing is left behind");
    assert_eq!(net.hosts[0].stack.sockets.iter().count(), 0);
}

#[test]
fn segments_shrink_to_what_the_way_carries() {
    let mut net = chain(1, LinkSpec::default());
    // The last link but one is narrow, and nobody at the ends knows.
    net.links[2].0.spec.mtu = 800;
    for host in [2, 3] {
        let id = InterfaceId(if host == 2 { 2 } else { 1 });
        net.hosts[host].stack.set_mtu(id, 800).unwrap();
    }
    let listener = listen(&mut net, 4, "0.0.0.0:80");
    let client = connect(&mut net, 0, "10.0.3.2:80");
    net.run(200);
    let (server, _) = net.hosts[4].stack.accept(listener).unwrap();
    let bytes: Vec<u8> = (0..60_000u32).map(|n| u8::try_from(n % 253).unwrap()).collect();
    assert_eq!(send(&mut net, 0, client, &bytes), Ok(60_000));
    net.run(5000);
    assert_eq!(recv(&mut net, 4, server).unwrap(), bytes);
    assert!(net.hosts[2].stack.counters().too_large > 0);
    net.check();
}

#[test]
fn both_may_call_at_once() {
    let mut net = pair(1, LinkSpec { delay: Ticks(10), ..LinkSpec::default() });
    let ids: Vec<SocketId> = (0..2)
        .map(|host| {
            let id = net.hosts[host].stack.socket(SocketKind::Tcp).unwrap();
            let address = at(["10.0.0.1:5000", "10.0.0.2:5000"][host]);
            net.on(host, |stack, env| stack.bind(id, address, env)).unwrap();
            id
        })
        .collect();
    for (host, to) in ["10.0.0.2:5000", "10.0.0.1:5000"].into_iter().enumerate() {
        let said = net.on(host, |stack, env| stack.connect(ids[host], at(to), env));
        assert_eq!(said, Err(Errno::EINPROGRESS));
    }
    net.run(5000);
    for (host, id) in ids.iter().enumerate() {
        assert_eq!(state(&net, host, *id), Some(State::Established));
    }
    send(&mut net, 0, ids[0], b"hi").unwrap();
    net.run(100);
    assert_eq!(recv(&mut net, 1, ids[1]).unwrap(), b"hi");
}

/// Sends `bytes` and closes, while the other end reads until the end; says when it was done.
fn transfer(net: &mut Net, bytes: &[u8]) -> u64 {
    // Losing three ARP requests in a row would be another story.
    for (host, other, address) in [(0, 2, "10.0.0.2"), (1, 1, "10.0.0.1")] {
        let mac = crate::net::Mac::of(other, 1);
        net.on(host, |it, env| it.add_neighbour(InterfaceId(1), super::ip(address), mac, env))
            .unwrap();
    }
    let listener = listen(net, 1, "0.0.0.0:80");
    let client = connect(net, 0, "10.0.0.2:80");
    let (mut server, mut sent, mut received, mut over) = (None, 0, Vec::new(), false);
    while !over {
        assert!(net.step(crate::base::Tick(10_000_000)), "it stalled at {}", received.len());
        while sent < bytes.len() {
            match send(net, 0, client, &bytes[sent..]) {
                Ok(count) => sent += count,
                Err(Errno::EAGAIN) => break,
                Err(errno) => panic!("{errno} after {sent} bytes"),
            }
            if sent == bytes.len() {
                net.on(0, |stack, env| stack.close(client, env));
            }
        }
        if server.is_none() {
            server = net.hosts[1].stack.accept(listener).ok().map(|(id, _)| id);
        }
        while let Some(id) = server.filter(|_| !over) {
            match recv(net, 1, id) {
                Ok(part) if part.is_empty() => over = true,
                Ok(part) => received.extend_from_slice(&part),
                Err(errno) => {
                    assert_eq!(errno, Errno::EAGAIN);
                    break;
                }
            }
        }
    }
    assert!(received == bytes, "the bytes differ");
    let done = net.now.0;
    net.check();
    let server = server.unwrap();
    net.on(1, |stack, env| stack.close(server, env));
    net.on(1, |stack, env| stack.close(listener, env));
    net.run(1_000_000);
    for host in &net.hosts {
        assert_eq!(host.stack.sockets.iter().count(), 0, "a connection stays for ever");
    }
    assert_eq!(net.due(), None);
    done
}

#[test]
fn a_megabyte_arrives_over_any_link() {
    let bytes: Vec<u8> = (0..1_000_000u32).map(|n| u8::try_from(n % 257 % 256).unwrap()).collect();
    let mut table = String::from("loss% jitter  ticks frames\n");
    for loss in [0, 1, 5, 20] {
        for jitter in [0, 20] {
            let spec = LinkSpec {
                delay: Ticks(10),
                jitter: Ticks(jitter),
                loss: Ratio::percent(loss),
                ..LinkSpec::default()
            };
            let mut net = pair(7, spec);
            let ticks = transfer(&mut net, &bytes);
            let frames = net.trace.len();
            table += &format!("{loss:5} {jitter:6} {ticks:6} {frames:6}\n");
        }
    }
    expect![[r#"
        loss% jitter  ticks frames
            0      0    370   1053
            0     20   4535   1517
            1      0   1450   1131
            1     20   4524   1515
            5      0  10830   1315
            5     20  15088   1497
           20      0  65250   1717
           20     20  84418   1786
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_slow_link_is_filled_and_not_more() {
    let spec = LinkSpec { delay: Ticks(20), bandwidth: Some(8_000_000), ..LinkSpec::default() };
    let mut net = pair(7, spec);
    // 8 Mbit/s are 1000 bytes a tick: 300 ticks and some for headers.
    let ticks = transfer(&mut net, &vec![7; 300_000]);
    assert!((300..600).contains(&ticks), "{ticks}");
}

#[test]
fn tables_show_sockets_routes_and_neighbours() {
    let mut net = pair(1, LinkSpec::default());
    let (client, _, _) = connected(&mut net);
    send(&mut net, 0, client, b"unacknowledged").unwrap();
    net.route(0, "0.0.0.0/0", "10.0.0.2");
    let stack = &net.hosts[0].stack;
    let mut table = String::new();
    for view in stack.sockets().into_iter().chain(net.hosts[1].stack.sockets()) {
        table += &format!("{view}\n");
    }
    let port = format!("{:04X}", stack.local_address(client).unwrap().port());
    stack.routes().iter().for_each(|route| table += &format!("{route}\n"));
    stack.neighbours(net.now).iter().for_each(|neighbour| table += &format!("{neighbour}\n"));
    expect![[r#"
        0100000A:PORT 0200000A:0050 01 0000000E:00000000 00:00000000 00000000     0        0 1
        00000000:0050 00000000:0000 0A 00000008:00000000 00:00000000 00000000     0        0 1
        0200000A:0050 0100000A:PORT 01 00000000:00000000 00:00000000 00000000     0        0 2
        10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1
        default via 10.0.0.2 dev eth0
        10.0.0.2 dev eth0 lladdr 02:00:00:00:02:01 REACHABLE
    "#]]
    .assert_eq(&table.replace(&port, "PORT"));
}
