//! A network that was saved and loaded goes on as if nothing had happened.

use super::tcp::{connect, listen};
use super::{Net, at, pair};
use crate::base::prng::Ratio;
use crate::base::{Tick, Ticks};
use crate::net::{LinkSpec, SocketId, SocketKind, Stack};

/// A transfer with its two ends, driven by nothing but state.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Transfer {
    net: Net,
    listener: SocketId,
    client: SocketId,
    server: Option<SocketId>,
    left: u32,
    received: Vec<u8>,
}

impl Transfer {
    fn new(seed: u64) -> Self {
        let spec = LinkSpec {
            delay: Ticks(7),
            jitter: Ticks(5),
            loss: Ratio::percent(10),
            ..LinkSpec::default()
        };
        let mut net = pair(seed, spec);
        let listener = listen(&mut net, 1, "0.0.0.0:80");
        let client = connect(&mut net, 0, "10.0.0.2:80");
        Self { net, listener, client, server: None, left: 60_000, received: Vec::new() }
    }

    fn step(&mut self) {
        self.net.step(Tick(self.net.now.0 + 500));
        while self.left > 0 {
            let count = usize::try_from(self.left.min(3000)).unwrap();
            let bytes = vec![u8::try_from(self.left % 256).unwrap(); count];
            let client = self.client;
            match self.net.on(0, |stack, env| stack.send(client, &bytes, env)) {
                Ok(count) => self.left -= u32::try_from(count).unwrap(),
                Err(_) => break,
            }
        }
        if self.server.is_none() {
            let accepted = self.net.hosts[1].stack.accept(self.listener);
            self.server = accepted.ok().map(|(id, _)| id);
        }
        if let Some(id) = self.server {
            let received = &mut self.received;
            let _ = self.net.on(1, |stack, env| stack.recv(id, received, 2000, env));
        }
    }
}

#[test]
fn both_futures_are_equal_wherever_the_save_was_made() {
    let mut transfer = Transfer::new(3);
    let mut saves = 0;
    for step in 0..600 {
        if step % 20 == 0 {
            let bytes = postcard::to_allocvec(&transfer.net.hosts).unwrap();
            let mut loaded = transfer.clone();
            loaded.net.hosts = postcard::from_bytes(&bytes).unwrap();
            loaded.net.check();
            assert_eq!(loaded, transfer);
            let mut original = transfer.clone();
            for _ in 0..60 {
                loaded.step();
                original.step();
            }
            let (loaded, original) = (
                postcard::to_allocvec(&loaded).unwrap(),
                postcard::to_allocvec(&original).unwrap(),
            );
            assert!(loaded == original, "the futures differ after step {step}");
            saves += 1;
        }
        transfer.step();
    }
    assert_eq!((saves, transfer.received.len()), (30, 60_000));
}

#[test]
fn ron_and_postcard_say_the_same() {
    let mut transfer = Transfer::new(4);
    for step in 0..120 {
        transfer.step();
        if step % 10 == 0 {
            for host in &transfer.net.hosts {
                let text = ron::to_string(&host.stack).unwrap();
                let stack: Stack = ron::from_str(&text).unwrap();
                assert_eq!(stack, host.stack);
                assert_eq!(ron::to_string(&stack).unwrap(), text);
                let bytes = postcard::to_allocvec(&host.stack).unwrap();
                let stack: Stack = postcard::from_bytes(&bytes).unwrap();
                assert_eq!(stack, host.stack);
                assert_eq!(postcard::to_allocvec(&stack).unwrap(), bytes);
            }
        }
    }
}

#[test]
fn an_idle_stack_is_small() {
    let net = pair(1, LinkSpec::default());
    let bytes = postcard::to_allocvec(&net.hosts[0].stack).unwrap();
    assert!(bytes.len() < 120, "{} bytes saved", bytes.len());
    let interfaces = 2 * size_of::<crate::net::Interface>();
    let addresses = 2 * size_of::<crate::net::Prefix>();
    let routes = 2 * size_of::<crate::net::Route>();
    let heap = interfaces + addresses + routes + 3 * 12;
    assert!(heap < 700, "{heap} bytes on the heap");
    assert!(size_of::<Stack>() < 600, "{}", size_of::<Stack>());
}

#[test]
fn damaged_saves_are_found_out_or_harmless() {
    let mut transfer = Transfer::new(5);
    for _ in 0..40 {
        transfer.step();
    }
    let udp = transfer.net.hosts[0].stack.socket(SocketKind::Udp).unwrap();
    transfer.net.on(0, |it, env| it.send_to(udp, b"x", at("10.0.0.99:9"), env)).unwrap();
    let bytes = postcard::to_allocvec(&transfer.net.hosts[0].stack).unwrap();
    let mut loaded = 0;
    for index in 0..bytes.len().min(3000) {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1 << (index % 8);
        let Ok(stack) = postcard::from_bytes::<Stack>(&damaged) else { continue };
        if stack.check().is_err() {
            continue;
        }
        loaded += 1;
        let mut net = transfer.net.clone();
        net.hosts[0].stack = stack;
        // Conservation may be violated by what the damage claims; panics may not happen.
        let now = net.now;
        let host = &mut net.hosts[0];
        let (mut out, mut ready) = (Vec::new(), Vec::new());
        for round in 0..20 {
            let mut env = crate::net::Environment {
                now: Tick(now.0 + round * 5000),
                prng: &mut host.prng,
                out: &mut out,
                ready: &mut ready,
            };
            host.stack.poll(&mut env);
            for (_, frame) in net.flight.values().map(|(_, id, frame)| (id, frame)) {
                host.stack.receive(crate::net::InterfaceId(1), frame.clone(), &mut env);
            }
        }
    }
    assert!(loaded > 100, "{loaded}");
}
