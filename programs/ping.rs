//! ping: ask hosts whether they are there.
//!
//! Follows: iputils 20221126, in options and output. Deviates: time passes in whole milliseconds.
//! Left out: IPv6, flooding, record route, timestamps.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, Tick, Ticks};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Tool, milliseconds, number, tool};
use crate::kernel::program::{Program, Step, Stop, Sys};
use crate::kernel::{Action, Signal};
use crate::net::{EchoEvent, SocketKind};

pub(super) const PROGRAM: Program = tool::<Ping>("ping");

const SPEC: Spec = Spec::new(
    "usage: ping [-c COUNT] [-i SECONDS] [-W SECONDS] [-w SECONDS] [-s SIZE] [-t TTL] [-nqv] HOST\n\
     Ask HOST whether it is there.\n\n  \
     -c COUNT    stop after COUNT requests\n  \
     -i SECONDS  between requests (1)\n  \
     -n          no names\n  \
     -q          only the summary\n  \
     -s SIZE     bytes of data (56)\n  \
     -t TTL      hops a request may take\n  \
     -w SECONDS  stop after that time\n  \
     -W SECONDS  how long to wait for the last answer (10)",
    "4c:i:I:nqs:t:vw:W:",
)
.misuse(2);

/// Bytes of data that fit into a packet.
const SIZE_MAX: u32 = 65_507;
/// Bytes of the ICMP and IP headers.
const ICMP_HEADER: u32 = 8;
const IP_HEADER: u32 = 20;
/// The shortest time between requests, for anybody but root.
const INTERVAL_MIN: u64 = 2;
/// Requests whose answers are still told from duplicates.
const REMEMBERED: usize = 1024;

#[derive(Clone, Serialize, Deserialize)]
struct Ping {
    fd: Fd,
    /// The host as it was named, and whether that was a name.
    host: BString,
    named: bool,
    to: Ipv4Addr,
    count: Option<u64>,
    interval: Ticks,
    linger: Ticks,
    deadline: Option<Tick>,
    size: u32,
    quiet: bool,
    numeric: bool,
    started: Tick,
    next: Tick,
    /// When the last request left, and since when nothing is left but to wait.
    last: Tick,
    waiting_until: Option<Tick>,
    sent: u64,
    received: u64,
    duplicates: u64,
    errors: u64,
    /// Requests without an answer yet, and when they left.
    outstanding: BTreeMap<u64, Tick>,
    /// Most requests that were under way at once.
    pipe: u64,
    times: Times,
}

/// Round trips, in microseconds.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Times {
    least: u64,
    most: u64,
    sum: u64,
    squares: u64,
    count: u64,
}

impl Tool for Ping {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let Some(host) = options.operands.last().cloned() else {
            return Err(out.fail(1, "usage error: Destination address required"));
        };
        let to = sys.ip().resolve(&host);
        let to = to.map_err(|error| out.fail(2, format_args!("{host}: {error}")))?;
        let count = argument(options, b'c', 1, u64::MAX >> 1, out)?;
        let size = argument(options, b's', 0, SIZE_MAX.into(), out)?.unwrap_or(56);
        let interval = seconds(options, b'i', out)?.unwrap_or(Ticks::from_secs(1));
        if interval.0 < INTERVAL_MIN && !sys.os().credentials()?.is_root() {
            let least = "cannot flood, minimal interval for user must be >= 2 ms";
            return Err(out.fail(2, least));
        }
        let ttl = argument(options, b't', 0, 255, out)?;
        // As connect does: no route is found out before anything is said.
        if let Err(errno) = sys.ip().route_to(to) {
            return Err(out.fail(2, format_args!("connect: {errno}")));
        }
        let fd = sys.ip().socket(SocketKind::Echo)?;
        if let Some(ttl) = ttl.and_then(|ttl| u8::try_from(ttl).ok()) {
            sys.ip().set_ttl(fd, ttl)?;
        }
        sys.os().set_action(Signal::INT, Action::Catch)?;
        sys.os().set_action(Signal::QUIT, Action::Catch)?;
        let now = sys.os().now();
        let total = size + u64::from(ICMP_HEADER + IP_HEADER);
        out.text(format!("PING {host} ({to}) {size}({total}) bytes of data.\n"));
        Ok(Self {
            fd,
            named: host.parse_address().is_none(),
            host,
            to,
            count,
            interval,
            linger: seconds(options, b'W', out)?.unwrap_or(Ticks::from_secs(10)),
            deadline: seconds(options, b'w', out)?.map(|span| now + span),
            size: u32::try_from(size).unwrap_or(SIZE_MAX),
            quiet: options.has(b'q'),
            numeric: options.has(b'n'),
            started: now,
            next: now,
            last: now,
            waiting_until: None,
            sent: 0,
            received: 0,
            duplicates: 0,
            errors: 0,
            outstanding: BTreeMap::new(),
            pipe: 0,
            times: Times::default(),
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        match sys.os().take_signal() {
            Some(Signal::INT) => return Ok(self.finish(out)),
            Some(Signal::QUIT) => self.progress(out),
            _ => {}
        }
        let now = sys.os().now();
        let enough = self.count.is_some_and(|count| self.received + self.errors >= count);
        let over = [self.deadline, self.waiting_until].into_iter().flatten().any(|end| end <= now);
        if enough || over {
            return Ok(self.finish(out));
        }
        if self.waiting_until.is_none() && self.next <= now {
            self.send(now, out, sys)?;
            return Ok(Step::Again);
        }
        match sys.ip().recv_echo(self.fd) {
            Ok(EchoEvent::Reply { from, ttl, sequence, payload }) => {
                self.reply(from, ttl, sequence, payload.len(), now, out);
            }
            Ok(EchoEvent::Error { from, kind, code, sequence, .. }) => {
                self.error(from, kind, code, sequence, out);
            }
            Err(Stop::Block(mut wait)) => {
                let next = self.waiting_until.unwrap_or(self.next);
                wait.until = Some(self.deadline.map_or(next, |deadline| deadline.min(next)));
                return Err(Stop::Block(wait).into());
            }
            Err(stop) => return Err(stop.into()),
        }
        Ok(Step::Again)
    }
}

impl Ping {
    fn send(&mut self, now: Tick, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
        let number = self.sent + 1;
        let payload: Vec<u8> = (0..self.size).map(|index| index.to_le_bytes()[0]).collect();
        match sys.ip().send_echo(self.fd, self.to, sequence(number), &payload) {
            Ok(()) => {}
            Err(Stop::Fail(errno)) => {
                out.warn(format_args!("sendmsg: {errno}"));
                if errno == Errno::EMSGSIZE || errno == Errno::EACCES {
                    return Err(End::Exit(2));
                }
            }
            Err(block) => return Err(block.into()),
        }
        self.sent = number;
        (self.last, self.next) = (now, now + self.interval);
        self.outstanding.insert(number, now);
        if self.outstanding.len() > REMEMBERED {
            self.outstanding.pop_first();
        }
        if self.count.is_some_and(|count| self.sent >= count) {
            // Once answers came, twice the longest round trip is time enough for the last.
            let linger = match self.times.most {
                _ if self.received == 0 => self.linger,
                most => Ticks((2 * most).div_ceil(1000)).max(self.interval),
            };
            self.waiting_until = Some(now + linger);
        }
        Ok(())
    }

    /// The request that a 16-bit sequence number of an answer is about.
    fn acknowledged(&mut self, sequence_number: u16) -> u64 {
        let behind = sequence(self.sent).wrapping_sub(sequence_number);
        let number = self.sent.saturating_sub(behind.into());
        self.pipe = self.pipe.max(self.sent.saturating_sub(number) + 1);
        number
    }

    fn reply(
        &mut self,
        from: Ipv4Addr,
        ttl: u8,
        sequence_number: u16,
        size: usize,
        now: Tick,
        out: &mut Out,
    ) {
        let number = self.acknowledged(sequence_number);
        let sent = self.outstanding.remove(&number);
        let duplicate = sent.is_none();
        let micros = sent.map_or(0, |sent| (now - sent).0.saturating_mul(1000));
        if duplicate {
            self.duplicates += 1;
        } else {
            self.received += 1;
            self.times.add(micros);
        }
        if self.quiet {
            return;
        }
        let bytes = size + ICMP_HEADER as usize;
        let who = self.who(from);
        let mut line = format!("{bytes} bytes from {who}: icmp_seq={sequence_number} ttl={ttl}");
        if !duplicate {
            line.push_str(&format!(" time={} ms", precise(micros)));
        } else {
            line.push_str(" (DUP!)");
        }
        out.text(line + "\n");
    }

    fn error(&mut self, from: Ipv4Addr, kind: u8, code: u8, sequence_number: u16, out: &mut Out) {
        let number = self.acknowledged(sequence_number);
        self.outstanding.remove(&number);
        self.errors += 1;
        if !self.quiet {
            let (who, what) = (self.who(from), reason(kind, code));
            out.text(format!("From {who} icmp_seq={sequence_number} {what}\n"));
        }
    }

    /// A host by name and address, where it was named and is the one that was asked.
    fn who(&self, from: Ipv4Addr) -> String {
        if self.named && !self.numeric && from == self.to {
            format!("{} ({from})", self.host)
        } else {
            from.to_string()
        }
    }

    /// The short report that SIGQUIT asks for.
    fn progress(&self, out: &mut Out) {
        let loss = percent(self.sent - self.received.min(self.sent), self.sent);
        let mut line = format!("\r{}/{} packets, {loss}% loss", self.received, self.sent);
        if self.times.count > 0 {
            let [least, average, most, _] = self.times.summary();
            line.push_str(&format!(", min/avg/max = {least}/{average}/{most} ms"));
        }
        out.error(line + "\n");
    }

    fn finish(&self, out: &mut Out) -> Step {
        out.text(format!("\n--- {} ping statistics ---\n", self.host));
        let mut line = format!("{} packets transmitted, {} received", self.sent, self.received);
        if self.duplicates > 0 {
            line.push_str(&format!(", +{} duplicates", self.duplicates));
        }
        if self.errors > 0 {
            line.push_str(&format!(", +{} errors", self.errors));
        }
        if self.sent > 0 {
            let loss = percent(self.sent - self.received.min(self.sent), self.sent);
            let time = (self.last - self.started).0;
            line.push_str(&format!(", {loss}% packet loss, time {time}ms"));
        }
        out.text(line + "\n");
        let mut comma = "";
        if self.received > 0 && self.times.count > 0 {
            let [least, average, most, deviation] = self.times.summary();
            out.text(format!("rtt min/avg/max/mdev = {least}/{average}/{most}/{deviation} ms"));
            comma = ", ";
        }
        if self.pipe > 1 {
            out.text(format!("{comma}pipe {}", self.pipe));
        }
        out.text("\n");
        let short =
            self.deadline.is_some() && self.count.is_some_and(|count| self.received < count);
        Step::Exit(u8::from(self.received == 0 || short))
    }
}

impl Times {
    fn add(&mut self, micros: u64) {
        self.least = if self.count == 0 { micros } else { self.least.min(micros) };
        self.most = self.most.max(micros);
        self.sum = self.sum.saturating_add(micros);
        self.squares = self.squares.saturating_add(micros.saturating_mul(micros));
        self.count += 1;
    }

    /// Least, mean, most and mean deviation, in milliseconds.
    fn summary(&self) -> [String; 4] {
        let count = u128::from(self.count.max(1));
        let (sum, squares) = (u128::from(self.sum), u128::from(self.squares));
        let variance = squares.saturating_sub(sum * sum / count) / count;
        let deviation = u64::try_from(variance.isqrt()).unwrap_or(u64::MAX);
        let average = u64::try_from(sum / count).unwrap_or(u64::MAX);
        [self.least, average, self.most, deviation]
            .map(|micros| format!("{}.{:03}", micros / 1000, micros % 1000))
    }
}

/// The lower half of a request's number.
fn sequence(number: u64) -> u16 {
    let [low, high, ..] = number.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// A round trip with three significant digits, as iputils shows it.
fn precise(micros: u64) -> String {
    let (whole, rest) = (micros / 1000, micros % 1000);
    match micros {
        100_000.. => format!("{}", (micros + 500) / 1000),
        10_000.. => format!("{whole}.{}", rest / 100),
        1000.. => format!("{whole}.{:02}", rest / 10),
        _ => format!("{whole}.{rest:03}"),
    }
}

/// `part` of `whole` in per cent with six significant digits, as C's `%g` shows it.
fn percent(part: u64, whole: u64) -> String {
    let whole = u128::from(whole.max(1));
    let part = u128::from(part) * 100;
    let digits = match part / whole {
        100.. => 3,
        10..100 => 2,
        1..10 => 1,
        0 => 0,
    };
    let decimals = 6 - digits;
    let scale = 10_u128.pow(decimals);
    let scaled = (part * scale * 2 + whole) / (whole * 2);
    let width = decimals as usize;
    let text = format!("{}.{:0width$}", scaled / scale, scaled % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What an ICMP error says.
fn reason(kind: u8, code: u8) -> String {
    let text = match (kind, code) {
        (3, 0) => "Destination Net Unreachable",
        (3, 1) => "Destination Host Unreachable",
        (3, 2) => "Destination Protocol Unreachable",
        (3, 3) => "Destination Port Unreachable",
        (3, 4) => "Frag needed and DF set",
        (3, 5) => "Source Route Failed",
        (3, 6) => "Destination Net Unknown",
        (3, 7) => "Destination Host Unknown",
        (3, 9) => "Destination Net Prohibited",
        (3, 10) => "Destination Host Prohibited",
        (3, 13) => "Packet filtered",
        (3, code) => return format!("Dest Unreachable, Bad Code: {code}"),
        (11, 0) => "Time to live exceeded",
        (11, 1) => "Frag reassembly time exceeded",
        (kind, _) => return format!("Bad ICMP type: {kind}"),
    };
    text.to_owned()
}

fn argument(
    options: &Options,
    letter: u8,
    least: u64,
    most: u64,
    out: &mut Out,
) -> Result<Option<u64>, End> {
    let Some(text) = options.value(letter) else { return Ok(None) };
    match number::<u64>(text) {
        Some(value) if (least..=most).contains(&value) => Ok(Some(value)),
        Some(_) => {
            let range = format!("out of range: {least} <= value <= {most}");
            Err(out.fail(1, format_args!("invalid argument: '{text}': {range}")))
        }
        None => Err(out.fail(1, format_args!("invalid argument: '{text}'"))),
    }
}

fn seconds(options: &Options, letter: u8, out: &mut Out) -> Result<Option<Ticks>, End> {
    let Some(text) = options.value(letter) else { return Ok(None) };
    match milliseconds(text).filter(|_| !text.ends_with(b"d")) {
        Some(span) => Ok(Some(Ticks(span))),
        None => Err(out.fail(1, format_args!("bad timing interval: {text}"))),
    }
}

trait ParseAddress {
    fn parse_address(&self) -> Option<Ipv4Addr>;
}

impl ParseAddress for BString {
    fn parse_address(&self) -> Option<Ipv4Addr> {
        core::str::from_utf8(self).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Times, percent, precise};
    use crate::testing::{Guest, run};

    #[test]
    fn loopback_answers() {
        let mut guest = Guest::new();
        guest.run("ip link set lo up", "");
        expect![[r#"
            PING localhost (127.0.0.1) 56(84) bytes of data.
            64 bytes from localhost (127.0.0.1): icmp_seq=1 ttl=64 time=7.00 ms
            64 bytes from localhost (127.0.0.1): icmp_seq=2 ttl=64 time=7.00 ms

            --- localhost ping statistics ---
            2 packets transmitted, 2 received, 0% packet loss, time 1011ms
            rtt min/avg/max/mdev = 7.000/7.000/7.000/0.000 ms
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ping -c 2 localhost", ""));
    }

    #[test]
    fn says_what_is_wrong() {
        expect![[r#"
            [stderr]
            ping: connect: Network is unreachable
            [exit 2]
        "#]]
        .assert_eq(&run("ping 10.0.0.1", ""));
        expect![[r#"
            [stderr]
            ping: nowhere: Name or service not known
            [exit 2]
        "#]]
        .assert_eq(&run("ping nowhere", ""));
        expect![[r#"
            [stderr]
            ping: usage error: Destination address required
            [exit 1]
        "#]]
        .assert_eq(&run("ping", ""));
    }

    #[test]
    fn numbers_are_shown_as_c_shows_them() {
        assert_eq!(percent(1, 3), "33.3333");
        assert_eq!(percent(2, 3), "66.6667");
        assert_eq!(percent(0, 3), "0");
        assert_eq!(percent(3, 3), "100");
        assert_eq!(percent(1, 8), "12.5");
        assert_eq!(precise(0), "0.000");
        assert_eq!(precise(4000), "4.00");
        assert_eq!(precise(12_345), "12.3");
        assert_eq!(precise(123_456), "123");
        let mut times = Times::default();
        [4000, 6000, 8000].into_iter().for_each(|micros| times.add(micros));
        assert_eq!(times.summary(), ["4.000", "6.000", "8.000", "1.632"]);
    }
}
