//! Worlds to measure: machines whose first process is made for the purpose, so that figures are
//! of the engine and not of boot scripts.

use std::net::{Ipv4Addr, SocketAddrV4};

use hostscape::base::strings::Strings;
use hostscape::base::{Errno, Fd, MachineId, Tick, Ticks};
use hostscape::kernel::{
    ExecSpec, Main, Program, Registry, SpawnSpec, Step, Stop, Sys, WaitFlags, WaitStatus,
    WaitTarget,
};
use hostscape::net::{InterfaceId, LinkSpec, Route, RouteOrigin, SocketKind};
use hostscape::variant::Files;
use hostscape::{Sim, Spawn};
use serde::{Deserialize, Serialize};

/// Process 1: configures the network as `/etc/plan` says, then sends datagrams, takes them in, or
/// sleeps for ever.
#[derive(Clone, Serialize, Deserialize)]
enum First {
    Sleep,
    Send { socket: Fd, to: SocketAddrV4, per_tick: u32, sent: u32, next: Tick },
    Take { socket: Fd, buffer: Vec<u8> },
}

impl Main for First {
    fn start(_: &Strings, sys: &mut Sys<'_>) -> Result<Self, Stop> {
        let plan = sys.fs().read_file("/etc/plan", 4096).unwrap_or_default();
        let mut role = Self::Sleep;
        for line in String::from_utf8_lossy(&plan).lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["address", number, prefix] => {
                    let interface = InterfaceId(number.parse().unwrap());
                    sys.ip().set_up(interface, true)?;
                    sys.ip().add_address(interface, prefix.parse().unwrap())?;
                }
                ["route", prefix, number, via] => sys.ip().add_route(Route {
                    destination: prefix.parse().unwrap(),
                    gateway: Some(via.parse().unwrap()),
                    interface: InterfaceId(number.parse().unwrap()),
                    source: None,
                    metric: 0,
                    origin: RouteOrigin::Boot,
                })?,
                ["forward"] => {
                    sys.fs().write_file("/proc/sys/net/ipv4/ip_forward", b"1\n", 0o644)?;
                }
                ["send", to, per_tick] => {
                    let socket = sys.ip().socket(SocketKind::Udp)?;
                    sys.ip().set_ttl(socket, 255)?;
                    let (to, per_tick) = (to.parse().unwrap(), per_tick.parse().unwrap());
                    let next = sys.os().now() + Ticks(100);
                    role = Self::Send { socket, to, per_tick, sent: 0, next };
                }
                ["take", port] => {
                    let socket = sys.ip().socket(SocketKind::Udp)?;
                    let address = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port.parse().unwrap());
                    sys.ip().bind(socket, address)?;
                    role = Self::Take { socket, buffer: Vec::new() };
                }
                _ => {}
            }
        }
        Ok(role)
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        match self {
            Self::Sleep => Err(sys.os().pause()),
            Self::Send { socket, to, per_tick, sent, next } => {
                sys.os().sleep_until(*next)?;
                while *sent < *per_tick {
                    sys.ip().send_to(*socket, &[7; 64], *to)?;
                    *sent += 1;
                }
                (*sent, *next) = (0, sys.os().now() + Ticks(1));
                Ok(Step::Again)
            }
            Self::Take { socket, buffer } => loop {
                buffer.clear();
                sys.ip().recv_from(*socket, buffer, 2048)?;
            },
        }
    }
}

/// Spawns `true` and reaps it, as often as its argument says.
#[derive(Clone, Serialize, Deserialize)]
struct Spawner {
    left: u32,
    running: bool,
}

impl Main for Spawner {
    fn start(args: &Strings, _: &mut Sys<'_>) -> Result<Self, Stop> {
        let count = args.get(1).and_then(|count| count.to_string().parse().ok());
        Ok(Self { left: count.ok_or(Errno::EINVAL)?, running: false })
    }

    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        if self.running {
            sys.os().wait(WaitTarget::Any, WaitFlags::default())?;
            self.running = false;
            self.left -= 1;
        }
        if self.left == 0 {
            return Ok(Step::Exit(0));
        }
        let spec = SpawnSpec {
            path: "/bin/true".into(),
            args: ["true"].into_iter().collect(),
            ..SpawnSpec::default()
        };
        sys.os().spawn(&spec)?;
        self.running = true;
        Ok(Step::Again)
    }
}

const VARIANT: &str = r#"(
    description: "Bench",
    hardware: (ttys: 1, fuel_per_tick: 100000),
    programs: {"/sbin": ["init"], "/bin": ["cat", "head", "sh", "spawner", "true"]},
    files: {
        "/dev/tty1": (device: (4, 1)),
        "/dev/null": (device: (1, 3), mode: 0o666),
        "/dev/zero": (device: (1, 5), mode: 0o666),
        "/proc": (directory: true),
        "/etc": (directory: true),
    },
)"#;

/// The programs of these worlds, beside the built-in ones.
pub fn programs() -> Registry {
    let mut programs = Registry::new();
    programs.add_all(hostscape::programs::ALL);
    programs.add(Program::new::<First>("init", ""));
    programs.add(Program::new::<Spawner>("spawner", ""));
    programs
}

/// An empty world that knows the variant `bench`.
pub fn world() -> Sim {
    let mut sim = Sim::with_programs(1, programs());
    let files = Files::from([("variant.ron".to_owned(), VARIANT.into())]);
    sim.variants_mut().add("bench", "bench", files);
    sim
}

/// Runs a command on the first machine to its end, which must be a good one.
pub fn run(sim: &mut Sim, args: &[&str]) {
    let spec = ExecSpec {
        args: args.iter().collect(),
        env: ["PATH=/bin"].into_iter().collect(),
        ..ExecSpec::default()
    };
    let command = sim.exec(MachineId(1), &spec).unwrap();
    loop {
        sim.advance(Ticks(10));
        if let Some(status) = sim.exec_status(&command) {
            assert_eq!(status, WaitStatus::Exited(0));
            return;
        }
    }
}

/// Machines that have booted and do nothing.
pub fn idle(machines: u32) -> Sim {
    let mut sim = world();
    for n in 0..machines {
        sim.spawn(Spawn::new(format!("m{n}"), "bench")).unwrap();
    }
    sim.advance(Ticks::from_secs(3));
    sim.notices();
    sim
}

/// Chains of routers, `length` machines each; the first of each sends datagrams to the last.
pub fn chains(count: u32, length: u32, per_tick: u32) -> Sim {
    let mut sim = world();
    for chain in 0..count {
        let net = |link: u32, host: u32| {
            let number = link * 4 + host;
            format!("10.{chain}.{}.{}", number / 256, number % 256)
        };
        let end = net(length - 2, 2);
        let ids: Vec<MachineId> = (0..length)
            .map(|n| {
                let mut plan = String::new();
                let mut number = 1;
                if n > 0 {
                    plan += &format!("address {number} {}/30\n", net(n - 1, 2));
                    number += 1;
                }
                if n + 1 < length {
                    plan += &format!("address {number} {}/30\n", net(n, 1));
                    plan += &format!("route 10.{chain}.0.0/16 {number} {}\n", net(n, 2));
                }
                plan += match n {
                    0 => format!("send {end}:9 {per_tick}\n"),
                    _ if n + 1 == length => "take 9\n".to_owned(),
                    _ => "forward\n".to_owned(),
                }
                .as_str();
                let spawn = Spawn::new(format!("c{chain}m{n}"), "bench").unnumbered();
                let spawn = if number == 2 { spawn.unnumbered() } else { spawn };
                sim.spawn(spawn.file("/etc/plan", 0o644, plan)).unwrap()
            })
            .collect();
        sim.chain(&ids, LinkSpec::default()).unwrap();
    }
    sim
}

/// Packets that machines of a world have forwarded.
pub fn hops(sim: &Sim) -> u64 {
    sim.machines().map(|machine| machine.network().counters().forwarded).sum()
}
