//! Datagrams between machines.

use expect_test::expect;

use super::{Net, at, ip, pair};
use crate::base::Errno;
use crate::base::limits::DATAGRAM_RECEIVE_BUFFER;
use crate::net::{InterfaceId, LinkSpec, SocketId, SocketKind};

fn socket(net: &mut Net, host: usize, bind: Option<&str>) -> SocketId {
    let id = net.hosts[host].stack.socket(SocketKind::Udp).unwrap();
    if let Some(address) = bind {
        net.on(host, |stack, env| stack.bind(id, at(address), env)).unwrap();
    }
    id
}

fn recv(net: &mut Net, host: usize, id: SocketId) -> Result<String, Errno> {
    let mut bytes = Vec::new();
    let received = net.on(host, |stack, env| stack.recv_from(id, &mut bytes, 5, env))?;
    let text = String::from_utf8(bytes).unwrap();
    Ok(format!("{text} of {} from {}", received.full_length, received.from))
}

#[test]
fn datagrams_keep_their_borders_and_are_cut_to_the_readers_room() {
    let mut net = pair(1, LinkSpec::default());
    let server = socket(&mut net, 1, Some("0.0.0.0:53"));
    let client = socket(&mut net, 0, Some("10.0.0.1:4000"));
    for text in ["one", "", "longer"] {
        let sent = net.on(0, |it, env| it.send_to(client, text.as_bytes(), at("10.0.0.2:53"), env));
        assert_eq!(sent, Ok(text.len()));
    }
    net.run(10);
    assert_eq!(net.hosts[1].ready, [server]);
    assert_eq!(recv(&mut net, 1, server).unwrap(), "one of 3 from 10.0.0.1:4000");
    assert_eq!(recv(&mut net, 1, server).unwrap(), " of 0 from 10.0.0.1:4000");
    assert_eq!(recv(&mut net, 1, server).unwrap(), "longe of 6 from 10.0.0.1:4000");
    assert_eq!(recv(&mut net, 1, server), Err(Errno::EAGAIN));
    net.on(1, |it, env| it.send_to(server, b"back", at("10.0.0.1:4000"), env)).unwrap();
    net.run(10);
    assert_eq!(recv(&mut net, 0, client).unwrap(), "back of 4 from 10.0.0.2:53");
    net.check();
}

#[test]
fn nobody_listening_refuses_connected_sockets_only() {
    let mut net = pair(1, LinkSpec::default());
    let connected = socket(&mut net, 0, None);
    net.on(0, |it, env| it.connect(connected, at("10.0.0.2:9"), env)).unwrap();
    net.on(0, |it, env| it.send(connected, b"x", env)).unwrap();
    let open = socket(&mut net, 0, None);
    assert_eq!(net.on(0, |it, env| it.send(open, b"x", env)), Err(Errno::EDESTADDRREQ));
    net.on(0, |it, env| it.send_to(open, b"x", at("10.0.0.2:9"), env)).unwrap();
    net.run(10);
    assert!(net.hosts[0].stack.readiness(connected).error);
    assert_eq!(recv(&mut net, 0, connected), Err(Errno::ECONNREFUSED));
    assert_eq!(recv(&mut net, 0, connected), Err(Errno::EAGAIN), "told once");
    assert_eq!(recv(&mut net, 0, open), Err(Errno::EAGAIN));
    let port = net.hosts[0].stack.local_address(open).unwrap().port();
    assert!((32_768..61_000).contains(&port));
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    let mut net = pair(1, LinkSpec::default());
    let narrow = socket(&mut net, 0, Some("0.0.0.0:7"));
    net.on(0, |it, env| it.connect(narrow, at("10.0.0.2:7"), env)).unwrap();
    let (peer, stranger) = (socket(&mut net, 1, Some("0.0.0.0:7")), socket(&mut net, 1, None));
    for id in [stranger, peer] {
        net.on(1, |it, env| it.send_to(id, b"hello", at("10.0.0.1:7"), env)).unwrap();
    }
    net.run(10);
    assert_eq!(recv(&mut net, 0, narrow).unwrap(), "hello of 5 from 10.0.0.2:7");
    assert_eq!(recv(&mut net, 0, narrow), Err(Errno::EAGAIN));
}

#[test]
fn addresses_are_used_once() {
    let mut net = pair(1, LinkSpec::default());
    let first = socket(&mut net, 0, Some("0.0.0.0:53"));
    let second = socket(&mut net, 0, None);
    for (address, errno) in [
        ("10.0.0.1:53", Errno::EADDRINUSE),
        ("0.0.0.0:53", Errno::EADDRINUSE),
        ("10.0.0.2:54", Errno::EADDRNOTAVAIL),
    ] {
        let bound = net.on(0, |stack, env| stack.bind(second, at(address), env));
        assert_eq!(bound, Err(errno), "{address}");
    }
    net.on(0, |stack, env| stack.close(first, env));
    net.on(0, |stack, env| stack.bind(second, at("127.0.0.1:53"), env)).unwrap();
    let again = net.on(0, |stack, env| stack.bind(second, at("127.0.0.1:54"), env));
    assert_eq!(again, Err(Errno::EINVAL));
    assert_eq!(recv(&mut net, 0, first), Err(Errno::EBADF), "ids are never used again");
}

#[test]
fn broadcasts_reach_everybody_on_the_lan_and_the_sender() {
    let mut net = Net::new(1);
    let hosts: Vec<usize> = (0..3).map(|_| net.host()).collect();
    let ends = [(0, "10.0.0.1/24"), (1, "10.0.0.2/24"), (2, "10.0.0.3/24")];
    net.link(LinkSpec::default(), &ends);
    let ids: Vec<SocketId> =
        hosts.iter().map(|host| socket(&mut net, *host, Some("0.0.0.0:67"))).collect();
    let (id, to) = (ids[0], at("10.0.0.255:67"));
    assert_eq!(net.on(0, |it, env| it.send_to(id, b"x", to, env)), Err(Errno::EACCES));
    net.hosts[0].stack.set_broadcast(id, true).unwrap();
    for to in ["10.0.0.255:67", "255.255.255.255:67"] {
        net.on(0, |it, env| it.send_to(id, b"hey", at(to), env)).unwrap();
        net.run(10);
        for host in &hosts {
            assert_eq!(recv(&mut net, *host, ids[*host]).unwrap(), "hey of 3 from 10.0.0.1:67");
        }
    }
    // A port nobody has is no reason to complain to everybody's sender.
    net.take_trace();
    net.on(0, |it, env| it.send_to(id, b"hey", at("10.0.0.255:68"), env)).unwrap();
    net.run(10);
    expect![[r#"
        20 0 IP 10.0.0.1 > 10.0.0.255: UDP 67 > 68, length 3
    "#]]
    .assert_eq(&net.take_trace());
}

#[test]
fn a_machine_without_an_address_can_call_out() {
    let mut net = pair(1, LinkSpec::default());
    let (server, client) =
        (socket(&mut net, 1, Some("0.0.0.0:67")), socket(&mut net, 0, Some("0.0.0.0:68")));
    let own = "10.0.0.1/24".parse().unwrap();
    net.on(0, |stack, env| stack.remove_address(InterfaceId(1), own, env)).unwrap();
    net.hosts[0].stack.set_broadcast(client, true).unwrap();
    net.on(0, |it, env| it.send_to(client, b"dhcp", at("255.255.255.255:67"), env)).unwrap();
    net.run(10);
    assert_eq!(recv(&mut net, 1, server).unwrap(), "dhcp of 4 from 0.0.0.0:68");
}

#[test]
fn the_receive_queue_is_bounded() {
    let mut net = pair(1, LinkSpec::default());
    let server = socket(&mut net, 0, Some("127.0.0.1:9"));
    let client = socket(&mut net, 0, None);
    let bytes = vec![7; 10_000];
    for _ in 0..100 {
        net.on(0, |it, env| it.send_to(client, &bytes, at("127.0.0.1:9"), env)).unwrap();
    }
    net.check();
    let count = (0..100).take_while(|_| recv_quietly(&mut net, server)).count();
    assert_eq!(count, DATAGRAM_RECEIVE_BUFFER as usize / 10_064);
    let most = vec![0; 65_507];
    net.on(0, |it, env| it.send_to(client, &most, at("127.0.0.1:9"), env)).unwrap();
    let over = vec![0; 65_508];
    let sent = net.on(0, |it, env| it.send_to(client, &over, at("127.0.0.1:9"), env));
    assert_eq!(sent, Err(Errno::EMSGSIZE));
}

fn recv_quietly(net: &mut Net, id: SocketId) -> bool {
    net.on(0, |it, env| it.recv(id, &mut Vec::new(), 1, env)).is_ok()
}

#[test]
fn large_datagrams_are_fragmented() {
    let mut net = pair(1, LinkSpec::default());
    let server = socket(&mut net, 1, Some("0.0.0.0:9"));
    let client = socket(&mut net, 0, None);
    let bytes: Vec<u8> = (0..20_000u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    net.on(0, |it, env| it.send_to(client, &bytes, at("10.0.0.2:9"), env)).unwrap();
    net.run(10);
    let mut received = Vec::new();
    net.on(1, |it, env| it.recv(server, &mut received, 65_535, env)).unwrap();
    assert!(received == bytes);
    assert_eq!(net.hosts[1].stack.neighbours(net.now)[0].address, ip("10.0.0.1"));
}
