//! nc: carry bytes between a network connection and standard input and output.
//!
//! Follows: OpenBSD nc, in options, messages and when it ends: after the other end has sent its
//! last byte, a client still sends all of standard input, a listener what it has read of it.

use core::net::{Ipv4Addr, SocketAddrV4};

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, Tick, Ticks};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Tool, milliseconds, number, tool};
use crate::kernel::program::{Program, Step, Stop, Sys};
use crate::kernel::sys::{PollFd, PollReady};
use crate::kernel::{Action, Signal};
use crate::net::{Shutdown, SocketKind};

pub(super) const PROGRAM: Program = tool::<Nc>("nc");

const SPEC: Spec = Spec::new(
    "usage: nc [-dklnNuvz] [-p PORT] [-q SECONDS] [-s ADDRESS] [-w SECONDS] [HOST] [PORT]\n\
     Carry bytes between a connection and standard input and output.\n\n  \
     -d  do not read standard input\n  \
     -k  with -l: after one connection wait for the next\n  \
     -l  wait for a connection instead of making one\n  \
     -n  no names\n  \
     -N  pass on the end of standard input\n  \
     -p PORT     from PORT; with -l, at PORT\n  \
     -q SECONDS  that long after the end of standard input, stop\n  \
     -s ADDRESS  from ADDRESS\n  \
     -u  UDP instead of TCP\n  \
     -v  say what happens; twice, say more\n  \
     -w SECONDS  give up connecting, or being idle, after that time\n  \
     -z  only see whether anybody listens; PORT may be FIRST-LAST",
    "dklnNp:q:s:uvw:z",
);

/// How much is read at once.
const CHUNK: usize = 16_384;

#[derive(Clone, Serialize, Deserialize)]
struct Nc {
    kind: SocketKind,
    stage: Stage,
    host: Option<BString>,
    to: Ipv4Addr,
    /// Ports to try, the next one last.
    ports: Vec<u16>,
    from: SocketAddrV4,
    listen: bool,
    keep: bool,
    scan: bool,
    verbose: bool,
    timeout: Option<Ticks>,
    quit_after: Option<Ticks>,
    read_stdin: bool,
    /// Whether the end of standard input is passed on.
    pass_end: bool,
    connected: bool,
}

#[derive(Clone, Serialize, Deserialize)]
enum Stage {
    Listen,
    Accept(Fd),
    /// The first datagram says who the other end is.
    Datagram(Fd),
    Connect,
    Connecting {
        fd: Fd,
        port: u16,
        deadline: Option<Tick>,
    },
    Relay(Relay),
}

/// Bytes under way between the connection and standard input and output.
#[derive(Clone, Serialize, Deserialize)]
struct Relay {
    fd: Fd,
    /// A listener that waits for the next connection.
    listener: Option<Fd>,
    #[serde(with = "serde_bytes")]
    outbound: Vec<u8>,
    stdin_open: bool,
    /// Whether the other end may still send.
    peer_open: bool,
    /// Whether all of standard input was sent.
    sent: bool,
    active: Tick,
    quit: Option<Tick>,
}

impl Tool for Nc {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        // A connection that was reset is no reason to drop what came before.
        sys.os().set_action(Signal::PIPE, Action::Ignore)?;
        let listen = options.has(b'l');
        let mut operands = options.operands.clone();
        let own_port = options.value(b'p').map(|text| one_port(text, out)).transpose()?;
        let (host, ports) = match (listen, operands.len()) {
            (true, 0) if own_port.is_some() => (None, Vec::new()),
            (true, 1) => (None, ports(&operands.remove(0), out)?),
            (_, 2) => (Some(operands.remove(0)), ports(&operands.remove(0), out)?),
            (_, 0 | 1) => return Err(usage(out)),
            _ => return Err(usage(out)),
        };
        let resolve = |name: &BString, out: &mut Out, sys: &mut Sys<'_>| {
            let found = sys.ip().resolve(name);
            let what = if listen { "" } else { "getaddrinfo for host \"" };
            found.map_err(|error| match listen {
                true => out.fail(1, error),
                false => out
                    .fail(1, format_args!("{what}{name}\" port {}: {error}", options.operands[1])),
            })
        };
        let mut to = Ipv4Addr::UNSPECIFIED;
        if let Some(host) = &host {
            to = resolve(host, out, sys)?;
        }
        let source = match options.value(b's') {
            Some(text) => resolve(&text.to_owned(), out, sys)?,
            None => Ipv4Addr::UNSPECIFIED,
        };
        let own_port = match (listen, own_port, ports.first()) {
            (true, None, Some(port)) => *port,
            (_, port, _) => port.unwrap_or(0),
        };
        let span = |letter| options.value(letter).and_then(|text| milliseconds(text)).map(Ticks);
        Ok(Self {
            kind: if options.has(b'u') { SocketKind::Udp } else { SocketKind::Tcp },
            stage: if listen { Stage::Listen } else { Stage::Connect },
            from: SocketAddrV4::new(if listen && host.is_some() { to } else { source }, own_port),
            host,
            to,
            ports,
            listen,
            keep: options.has(b'k'),
            scan: options.has(b'z'),
            verbose: options.has(b'v'),
            timeout: span(b'w'),
            quit_after: span(b'q'),
            read_stdin: !options.has(b'd'),
            pass_end: options.has(b'N'),
            connected: false,
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        match &mut self.stage {
            Stage::Listen => self.listen(out, sys)?,
            Stage::Accept(listener) => {
                let listener = *listener;
                let (fd, peer) = sys.ip().accept(listener)?;
                self.say(format!("Connection received on {} {}\n", peer.ip(), peer.port()), out);
                let listener = if self.keep {
                    Some(listener)
                } else {
                    sys.io().close(listener)?;
                    None
                };
                self.relay(fd, listener, Vec::new(), sys);
            }
            Stage::Datagram(fd) => {
                let fd = *fd;
                let mut bytes = Vec::new();
                let received = sys.ip().recv_from(fd, &mut bytes, CHUNK)?;
                let peer = received.from;
                sys.ip().connect(fd, peer)?;
                self.say(format!("Connection received on {} {}\n", peer.ip(), peer.port()), out);
                out.text(bytes);
                self.relay(fd, None, Vec::new(), sys);
            }
            Stage::Connect => {
                let Some(port) = self.ports.pop() else {
                    return Ok(Step::Exit(u8::from(!self.connected)));
                };
                let fd = sys.ip().socket(self.kind)?;
                if self.from.port() != 0 || !self.from.ip().is_unspecified() {
                    let bound = sys.ip().bind(fd, self.from);
                    bound.map_err(|errno| out.fail(1, errno))?;
                }
                let deadline = self.timeout.map(|timeout| sys.os().now() + timeout);
                self.stage = Stage::Connecting { fd, port, deadline };
            }
            Stage::Connecting { fd, port, deadline } => {
                let (fd, port, deadline) = (*fd, *port, *deadline);
                self.connect(fd, port, deadline, out, sys)?;
            }
            Stage::Relay(_) => return self.carry(out, sys),
        }
        Ok(Step::Again)
    }
}

impl Nc {
    fn listen(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
        let fd = sys.ip().socket(self.kind)?;
        sys.ip().set_reuse_address(fd, true)?;
        let bound = sys.ip().bind(fd, self.from).and_then(|()| match self.kind {
            SocketKind::Tcp => sys.ip().listen(fd, 5),
            _ => Ok(()),
        });
        bound.map_err(|errno| out.fail(1, errno))?;
        let kind = if self.kind == SocketKind::Tcp { "Listening" } else { "Bound" };
        self.say(format!("{kind} on {} {}\n", self.from.ip(), self.from.port()), out);
        self.stage = match self.kind {
            SocketKind::Tcp => Stage::Accept(fd),
            _ => Stage::Datagram(fd),
        };
        Ok(())
    }

    fn connect(
        &mut self,
        fd: Fd,
        port: u16,
        deadline: Option<Tick>,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<(), End> {
        let name = self.host.clone().unwrap_or_default();
        let protocol = if self.kind == SocketKind::Udp { "udp" } else { "tcp" };
        let failed = match sys.ip().connect(fd, SocketAddrV4::new(self.to, port)) {
            Ok(()) => {
                self.connected = true;
                let shown = match name.to_str().is_ok_and(|name| name.parse::<Ipv4Addr>().is_ok()) {
                    true => name.to_string(),
                    false => format!("{name} ({})", self.to),
                };
                let service = service(port, protocol, sys);
                self.say(
                    format!(
                        "Connection to {shown} {port} port [{protocol}/{service}] succeeded!\n"
                    ),
                    out,
                );
                if self.scan {
                    sys.io().close(fd)?;
                    self.stage = Stage::Connect;
                } else {
                    self.relay(fd, None, Vec::new(), sys);
                }
                return Ok(());
            }
            Err(Stop::Fail(errno)) => format!("failed: {errno}"),
            Err(Stop::Block(mut wait)) => {
                let passed = deadline.is_some_and(|deadline| sys.os().now() >= deadline);
                if !passed {
                    wait.until = deadline;
                    return Err(Stop::Block(wait).into());
                }
                format!("timed out: {}", Errno::EINPROGRESS)
            }
        };
        if self.verbose {
            out.warn(format_args!("connect to {name} port {port} ({protocol}) {failed}"));
        }
        sys.io().close(fd)?;
        self.stage = Stage::Connect;
        Ok(())
    }

    fn relay(&mut self, fd: Fd, listener: Option<Fd>, outbound: Vec<u8>, sys: &mut Sys<'_>) {
        self.stage = Stage::Relay(Relay {
            fd,
            listener,
            outbound,
            stdin_open: self.read_stdin,
            peer_open: true,
            sent: false,
            active: sys.os().now(),
            quit: None,
        });
    }

    /// Moves what can be moved, and waits where nothing can.
    fn carry(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let (timeout, quit_after) = (self.timeout, self.quit_after);
        let Stage::Relay(relay) = &mut self.stage else { return Ok(Step::Again) };
        if !relay.stdin_open && relay.outbound.is_empty() && !relay.sent {
            relay.sent = true;
            relay.quit = quit_after.map(|span| sys.os().now() + span);
            if self.kind == SocketKind::Tcp && self.pass_end {
                // The other end may be gone already, which reading will tell.
                let _ = sys.ip().shutdown(relay.fd, Shutdown::Write);
            }
        }
        if relay.is_over(self.listen) {
            return self.hang_up(sys);
        }
        let idle = timeout.map(|timeout| relay.active + timeout);
        let deadline = [idle, relay.quit].into_iter().flatten().min();
        let writing = !relay.outbound.is_empty();
        let mut wanted = Vec::new();
        if relay.peer_open || writing {
            wanted.push(PollFd { fd: relay.fd, read: relay.peer_open, write: writing });
        }
        if relay.stdin_open && !writing {
            wanted.push(PollFd { fd: Fd::STDIN, read: true, write: false });
        }
        let ready = sys.io().poll(&wanted, deadline)?;
        if ready.is_empty() {
            return Ok(Step::Exit(0));
        }
        relay.active = sys.os().now();
        for ready in ready {
            if ready.fd == Fd::STDIN {
                relay.read_stdin(sys)?;
            } else {
                relay.serve(ready, out, sys)?;
            }
        }
        Ok(Step::Again)
    }

    /// The connection is over.
    fn hang_up(&mut self, sys: &mut Sys<'_>) -> Result<Step, End> {
        let Stage::Relay(relay) = &self.stage else { return Ok(Step::Again) };
        sys.io().close(relay.fd)?;
        match relay.listener {
            Some(listener) => {
                self.stage = Stage::Accept(listener);
                Ok(Step::Again)
            }
            None => Ok(Step::Exit(0)),
        }
    }

    fn say(&self, text: String, out: &mut Out) {
        if self.verbose {
            out.error(text);
        }
    }
}

impl Relay {
    fn read_stdin(&mut self, sys: &mut Sys<'_>) -> Result<(), Stop> {
        if sys.io().read(Fd::STDIN, &mut self.outbound, CHUNK)? == 0 {
            self.stdin_open = false;
        }
        Ok(())
    }

    /// Whether nothing is left to carry, either way.
    fn is_over(&self, listens: bool) -> bool {
        !self.peer_open && self.outbound.is_empty() && (listens || !self.stdin_open)
    }

    /// Writes to and reads from the connection.
    fn serve(&mut self, ready: PollReady, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), Stop> {
        if (ready.writable || ready.hangup) && !self.outbound.is_empty() {
            match sys.io().write(self.fd, &self.outbound) {
                Ok(count) => {
                    self.outbound.drain(..count.min(self.outbound.len()));
                }
                // What has come is still to be read.
                Err(Stop::Fail(_)) => self.stop_sending(),
                Err(Stop::Block(_)) if self.peer_open => {}
                Err(block) => return Err(block),
            }
        }
        if !self.peer_open || !(ready.readable || ready.hangup) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        match sys.io().read(self.fd, &mut bytes, CHUNK) {
            Ok(0) => self.peer_open = false,
            Ok(_) => out.text(bytes),
            // Nobody listens to a datagram, or the connection was reset.
            Err(Stop::Fail(_)) => {
                self.peer_open = false;
                self.stop_sending();
            }
            Err(block) => return Err(block),
        }
        Ok(())
    }

    /// Nobody takes what would be sent.
    fn stop_sending(&mut self) {
        self.outbound.clear();
        self.stdin_open = false;
    }
}

fn usage(out: &mut Out) -> End {
    let short = SPEC.usage.split('\n').next().unwrap_or_default();
    out.error(format!("{short}\n"));
    End::Exit(1)
}

fn one_port(text: &BStr, out: &mut Out) -> Result<u16, End> {
    let port = number::<u16>(text).filter(|port| *port > 0);
    port.ok_or_else(|| out.fail(1, format_args!("port number invalid: {text}")))
}

/// A port or a range of them, the first one last.
fn ports(text: &BString, out: &mut Out) -> Result<Vec<u16>, End> {
    match text.split_once_str("-") {
        Some((first, last)) => {
            let (first, last) = (one_port(first.as_bstr(), out)?, one_port(last.as_bstr(), out)?);
            Ok((first.min(last)..=first.max(last)).rev().collect())
        }
        None => Ok(vec![one_port(text.as_bstr(), out)?]),
    }
}

/// What `/etc/services` calls a port, `*` where it has no name.
fn service(port: u16, protocol: &str, sys: &mut Sys<'_>) -> String {
    let services = sys.fs().read_file("/etc/services", 1 << 20).unwrap_or_default();
    let wanted = format!("{port}/{protocol}");
    services
        .lines()
        .find_map(|line| {
            let mut words =
                line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
            let name = words.next()?;
            (words.next()? == wanted.as_bytes()).then(|| name.to_str_lossy().into_owned())
        })
        .unwrap_or_else(|| "*".to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn says_when_nobody_listens() {
        let mut guest = Guest::new();
        guest.run("ip link set lo up", "");
        expect![[r#"
            [stderr]
            nc: connect to 127.0.0.1 port 80 (tcp) failed: Connection refused
            [exit 1]
        "#]]
        .assert_eq(&guest.run("nc -v 127.0.0.1 80", ""));
        assert_eq!(guest.run("nc -z 127.0.0.1 79-81", ""), "[exit 1]\n");
        expect![[r#"
            [stderr]
            nc: port number invalid: x
            [exit 1]
        "#]]
        .assert_eq(&guest.run("nc localhost x", ""));
    }

    #[test]
    fn carries_everything() {
        let mut guest = Guest::new();
        guest.run("ip link set lo up", "");
        // The listener has nothing to say; that must not cut short what it is told.
        let script = "nc -l 90 </dev/null >/tmp/o & sleep 1; \
                      head -c 40000 /dev/zero | nc -N 127.0.0.1 90; wait; wc -c </tmp/o";
        assert_eq!(guest.run(&format!("sh -c '{script}'"), ""), "40000\n[exit 0]\n");
        // The listener is done first; what it sent still arrives whole.
        let script = "head -c 40000 /dev/zero | nc -N -l 91 & sleep 1; \
                      nc 127.0.0.1 91 </dev/null | wc -c; wait";
        assert_eq!(guest.run(&format!("sh -c '{script}'"), ""), "40000\n[exit 0]\n");
    }
}
