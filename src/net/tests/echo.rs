//! Ping, and everything that can go wrong with it.

use expect_test::expect;

use super::{Net, chain, ip, pair};
use crate::base::{Errno, Ticks};
use crate::net::arp::NeighbourState;
use crate::net::{EchoEvent, InterfaceId, LinkSpec, Prefix, Route, SocketId, SocketKind};

fn ping(net: &mut Net, host: usize, to: &str, sequence: u16) -> Result<SocketId, Errno> {
    let id = net.hosts[host].stack.socket(SocketKind::Echo)?;
    net.on(host, |stack, env| stack.send_echo(id, ip(to), sequence, b"payload", env))?;
    Ok(id)
}

fn heard(net: &mut Net, host: usize, id: SocketId) -> String {
    match net.hosts[host].stack.recv_echo(id) {
        Err(errno) => errno.name().to_owned(),
        Ok(EchoEvent::Reply { from, ttl, sequence, payload }) => {
            assert_eq!(payload, b"payload");
            format!("reply from {from} ttl {ttl} seq {sequence}")
        }
        Ok(EchoEvent::Error { from, to, kind, code, sequence, .. }) => {
            format!("error from {from} about {to}: type {kind} code {code} seq {sequence}")
        }
    }
}

#[test]
fn the_first_ping_waits_for_arp_and_the_second_does_not() {
    let mut net = pair(1, LinkSpec { delay: Ticks(3), ..LinkSpec::default() });
    let id = ping(&mut net, 0, "10.0.0.2", 1).unwrap();
    net.run(100);
    assert_eq!(heard(&mut net, 0, id), "reply from 10.0.0.2 ttl 64 seq 1");
    net.on(0, |stack, env| stack.send_echo(id, ip("10.0.0.2"), 2, b"payload", env)).unwrap();
    net.run(100);
    assert_eq!(heard(&mut net, 0, id), "reply from 10.0.0.2 ttl 64 seq 2");
    assert_eq!(net.hosts[0].ready, [id, id]);
    let identifier = net.hosts[0].stack.local_address(id).unwrap().port().to_string();
    expect![[r#"
        0 0 ARP, Request who-has 10.0.0.2 tell 10.0.0.1
        3 1 ARP, Reply 10.0.0.2 is-at 02:00:00:00:02:01
        6 0 IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id ID, seq 1, length 15
        9 1 IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id ID, seq 1, length 15
        100 0 IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id ID, seq 2, length 15
        103 1 IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id ID, seq 2, length 15
    "#]]
    .assert_eq(&net.take_trace().replace(&identifier, "ID"));
    net.check();
}

#[test]
fn an_idle_network_is_never_due() {
    let mut net = pair(1, LinkSpec::default());
    assert_eq!(net.due(), None);
    let id = ping(&mut net, 0, "10.0.0.2", 1).unwrap();
    net.run(60_000);
    assert_eq!(heard(&mut net, 0, id), "reply from 10.0.0.2 ttl 64 seq 1");
    assert_eq!(net.due(), None);
}

#[test]
fn a_used_neighbour_is_verified_and_an_unused_one_grows_stale() {
    let mut net = pair(1, LinkSpec::default());
    let state = |net: &Net, host: usize| net.hosts[host].stack.neighbours(net.now)[0].state;
    ping(&mut net, 0, "10.0.0.2", 1).unwrap();
    net.run(10);
    assert_eq!(state(&net, 0), NeighbourState::Reachable);
    // The other side was only asked, never answered: it verifies after five seconds.
    assert_eq!(state(&net, 1), NeighbourState::Delay);
    net.run(5010);
    assert_eq!(state(&net, 1), NeighbourState::Reachable);
    net.run(31_000);
    assert_eq!(state(&net, 0), NeighbourState::Stale);
    assert_eq!(net.due(), None);
    // The link dies; the stale entry is used, asked three times, and fails.
    net.links[0].0.spec.up = false;
    ping(&mut net, 0, "10.0.0.2", 2).unwrap();
    assert_eq!(state(&net, 0), NeighbourState::Delay);
    net.run(5500);
    assert_eq!(state(&net, 0), NeighbourState::Probe);
    net.run(3000);
    assert_eq!(state(&net, 0), NeighbourState::Failed);
    assert_eq!(net.due(), None);
}

#[test]
fn three_routers_forward_and_count_down() {
    let mut net = chain(1, LinkSpec::default());
    let id = ping(&mut net, 0, "10.0.3.2", 1).unwrap();
    net.run(100);
    assert_eq!(heard(&mut net, 0, id), "reply from 10.0.3.2 ttl 61 seq 1");
    for ttl in 1..=3 {
        let id = net.hosts[0].stack.socket(SocketKind::Echo).unwrap();
        net.hosts[0].stack.set_ttl(id, ttl).unwrap();
        let sequence = u16::from(ttl);
        net.on(0, |stack, env| stack.send_echo(id, ip("10.0.3.2"), sequence, b"x", env)).unwrap();
        net.run(100);
        let expected =
            format!("error from 10.0.{}.2 about 10.0.3.2: type 11 code 0 seq {ttl}", ttl - 1);
        assert_eq!(heard(&mut net, 0, id), expected);
    }
    net.check();
}

#[test]
fn a_silent_neighbour_is_host_unreachable() {
    let mut net = chain(1, LinkSpec::default());
    // On the own link, the machine itself says so, after three questions.
    let near = ping(&mut net, 0, "10.0.0.77", 1).unwrap();
    // On a far link, the last router says so.
    let far = ping(&mut net, 0, "10.0.3.77", 1).unwrap();
    net.run(2900);
    assert_eq!(heard(&mut net, 0, near), "EAGAIN");
    net.run(1000);
    let (near, far) = (heard(&mut net, 0, near), heard(&mut net, 0, far));
    assert_eq!(near, "error from 10.0.0.1 about 10.0.0.77: type 3 code 1 seq 1");
    assert_eq!(far, "error from 10.0.2.2 about 10.0.3.77: type 3 code 1 seq 1");
    net.check();
}

#[test]
fn no_route_is_an_errno_here_and_net_unreachable_there() {
    let mut net = chain(1, LinkSpec::default());
    assert_eq!(ping(&mut net, 1, "8.8.8.8", 1), Err(Errno::ENETUNREACH));
    let id = ping(&mut net, 0, "8.8.8.8", 1).unwrap();
    net.run(100);
    assert_eq!(heard(&mut net, 0, id), "error from 10.0.0.2 about 8.8.8.8: type 3 code 0 seq 1");
    assert_eq!(net.hosts[1].stack.counters().no_route, 1);
}

#[test]
fn a_host_does_not_forward() {
    let mut net = chain(1, LinkSpec::default());
    net.hosts[1].stack.set_forwarding(false);
    let id = ping(&mut net, 0, "10.0.3.2", 1).unwrap();
    net.run(100);
    assert_eq!(heard(&mut net, 0, id), "EAGAIN");
    assert_eq!(net.hosts[1].stack.counters().not_ours, 1);
}

#[test]
fn a_machine_answers_itself_at_once() {
    let mut net = pair(1, LinkSpec::default());
    for to in ["127.0.0.1", "127.1.2.3", "10.0.0.1"] {
        let id = ping(&mut net, 0, to, 1).unwrap();
        assert_eq!(heard(&mut net, 0, id), format!("reply from {to} ttl 64 seq 1"));
    }
    assert!(net.trace.is_empty(), "nothing leaves the machine");
    let lo = &net.hosts[0].stack.interfaces()[0];
    assert_eq!((lo.received.packets, lo.sent.packets), (6, 6));
}

#[test]
fn large_pings_are_fragmented_on_the_way() {
    let mut net = Net::new(1);
    let (a, router, b) = (net.host(), net.host(), net.host());
    net.link(LinkSpec::default(), &[(a, "10.0.0.1/24"), (router, "10.0.0.2/24")]);
    let narrow = LinkSpec { mtu: 576, ..LinkSpec::default() };
    net.link(narrow, &[(router, "10.0.1.1/24"), (b, "10.0.1.2/24")]);
    net.hosts[router].stack.set_forwarding(true);
    net.route(a, "0.0.0.0/0", "10.0.0.2");
    net.route(b, "0.0.0.0/0", "10.0.1.1");
    let id = net.hosts[a].stack.socket(SocketKind::Echo).unwrap();
    let payload: Vec<u8> = (0..3000u32).map(|n| u8::try_from(n % 256).unwrap()).collect();
    net.on(a, |stack, env| stack.send_echo(id, ip("10.0.1.2"), 9, &payload, env)).unwrap();
    net.run(100);
    let event = net.hosts[a].stack.recv_echo(id).unwrap();
    let EchoEvent::Reply { payload: answer, ttl: 63, .. } = event else { panic!("{event:?}") };
    assert!(answer == payload);
    assert_eq!(net.hosts[b].stack.counters().reassembled, 1);
    net.check();
    // When a piece is lost, the rest is given up after thirty seconds, and the sender hears.
    net.on(a, |stack, env| stack.send_echo(id, ip("10.0.1.2"), 10, &payload, env)).unwrap();
    net.run(1);
    net.links[1].0.spec.up = false;
    net.run(0);
    net.links[1].0.spec.up = true;
    net.run(40_000);
    assert_eq!(net.due(), None);
}

#[test]
fn interfaces_go_down_with_their_routes() {
    let mut net = pair(1, LinkSpec::default());
    let eth0 = InterfaceId(1);
    net.route(0, "0.0.0.0/0", "10.0.0.2");
    net.on(0, |stack, env| stack.set_up(eth0, false, env)).unwrap();
    assert!(net.hosts[0].stack.routes().is_empty());
    assert_eq!(ping(&mut net, 0, "10.0.0.2", 1), Err(Errno::ENETUNREACH));
    assert_eq!(ping(&mut net, 0, "10.0.0.1", 1), Err(Errno::ENETUNREACH));
    net.on(0, |stack, env| stack.set_up(eth0, true, env)).unwrap();
    let routes: Vec<Route> = net.hosts[0].stack.routes().iter().copied().collect();
    assert_eq!(routes.len(), 1, "the default route is gone for good");
    let id = ping(&mut net, 0, "10.0.0.2", 1).unwrap();
    net.run(10);
    assert_eq!(heard(&mut net, 0, id), "reply from 10.0.0.2 ttl 64 seq 1");
    // Without a carrier everything is there, and nothing arrives.
    net.on(0, |stack, env| stack.set_carrier(eth0, false, env)).unwrap();
    let id = ping(&mut net, 0, "10.0.0.2", 1).unwrap();
    net.run(5000);
    let error = "error from 10.0.0.1 about 10.0.0.2: type 3 code 1 seq 1";
    assert_eq!(heard(&mut net, 0, id), error);
}

#[test]
fn addresses_come_and_go_with_their_routes() {
    let mut net = pair(1, LinkSpec::default());
    let eth0 = InterfaceId(1);
    let second: Prefix = "10.0.0.9/24".parse().unwrap();
    let first: Prefix = "10.0.0.1/24".parse().unwrap();
    net.on(0, |stack, env| {
        assert_eq!(stack.add_address(eth0, first, env), Err(Errno::EEXIST));
        stack.add_address(eth0, second, env).unwrap();
        stack.remove_address(eth0, first, env).unwrap();
        assert_eq!(stack.remove_address(eth0, first, env), Err(Errno::EADDRNOTAVAIL));
        assert_eq!(stack.add_address(InterfaceId(7), first, env), Err(Errno::ENODEV));
        let nobody = "255.255.255.255/32".parse().unwrap();
        assert_eq!(stack.add_address(eth0, nobody, env), Err(Errno::EINVAL));
    });
    let route = net.hosts[0].stack.route_to(ip("10.0.0.2")).unwrap();
    assert_eq!(route.source, Some(second.address()), "the second address inherits the route");
    let stack = &mut net.hosts[0].stack;
    let via = |gateway: &str| Route::new(Prefix::DEFAULT, Some(ip(gateway)), eth0);
    assert_eq!(stack.add_route(via("10.9.0.1")), Err(Errno::ENETUNREACH));
    assert_eq!(stack.add_route(via("10.0.0.9")), Err(Errno::EINVAL), "it is itself");
    assert_eq!(stack.add_route(via("10.0.0.2")), Ok(()));
    assert_eq!(stack.add_route(via("10.0.0.3")), Err(Errno::EEXIST));
    assert_eq!(stack.route_to(ip("8.8.8.8")).unwrap().gateway, Some(ip("10.0.0.2")));
    let missing = "10.7.0.0/16".parse().unwrap();
    assert_eq!(stack.remove_route(missing, None, None), Err(Errno::ESRCH));
    assert!(stack.remove_route(Prefix::DEFAULT, None, Some(eth0)).is_ok());
}

#[test]
fn raw_messages_through_send_to_and_recv_from() {
    let mut net = pair(1, LinkSpec::default());
    let id = net.hosts[0].stack.socket(SocketKind::Echo).unwrap();
    let to = super::at("10.0.0.2:0");
    let request = [8, 0, 0, 0, 0, 0, 0, 5, b'h', b'i'];
    assert_eq!(net.on(0, |stack, env| stack.send_to(id, &request, to, env)), Ok(10));
    assert_eq!(net.on(0, |stack, env| stack.send_to(id, &[9; 10], to, env)), Err(Errno::EINVAL));
    net.run(10);
    let mut bytes = Vec::new();
    let received = net.on(0, |stack, env| stack.recv_from(id, &mut bytes, 100, env)).unwrap();
    assert_eq!((received.length, received.ttl, received.from), (10, 64, to));
    assert_eq!((bytes[0], &bytes[6..]), (0, &[0, 5, b'h', b'i'][..]));
}
