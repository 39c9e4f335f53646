//! ip: show and change interfaces, addresses, routes and neighbours.
//!
//! Follows: iproute2 6.1, in words and output. Left out: IPv6, rules, tunnels, namespaces,
//! statistics, JSON.

use core::net::Ipv4Addr;

use bstr::{BStr, BString, ByteSlice};

use crate::base::Errno;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::{Program, Sys};
use crate::net::{
    Interface, InterfaceId, InterfaceKind, InterfaceName, NeighbourState, Prefix, Route,
    RouteOrigin,
};

pub(super) const PROGRAM: Program = once::<Ip>("ip");

const SPEC: Spec = Spec::operands_only(
    "usage: ip [-br] OBJECT [COMMAND]\n\
     Show and change the network.\n\n  \
     ip link [show [DEV]] | set DEV [up|down] [mtu N]\n  \
     ip address [show [DEV]] | add ADDRESS/LENGTH dev DEV | del ADDRESS/LENGTH dev DEV |\n             \
     flush dev DEV\n  \
     ip route [show] | add|del|replace PREFIX|default [via GATEWAY] [dev DEV]\n           \
     [metric N] [src ADDRESS] | get ADDRESS\n  \
     ip neighbour [show]",
);

#[derive(Clone)]
struct Ip;

impl Compute for Ip {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let mut words = options.operands.as_slice();
        let mut brief = false;
        while let [first, rest @ ..] = words
            && let Some(option) = first.strip_prefix(b"-")
        {
            match option {
                b"br" | b"brief" => brief = true,
                b"4" | b"c" | b"color" | b"o" | b"oneline" | b"d" | b"s" => {}
                b"V" | b"Version" => {
                    out.text("ip utility, iproute2-6.1.0\n");
                    return Ok(0);
                }
                _ => {
                    let message = format!("Option \"{first}\" is unknown, try \"ip -help\".\n");
                    return Err(plain(255, message, out));
                }
            }
            words = rest;
        }
        let Some((object, rest)) = words.split_first() else {
            out.error(format!("{}\n", SPEC.usage));
            return Err(End::Exit(255));
        };
        match () {
            () if is(object, "address", 1) => address(rest, brief, out, sys)?,
            () if is(object, "link", 1) => link(rest, brief, out, sys)?,
            () if is(object, "route", 1) => route(rest, out, sys)?,
            () if is(object, "neighbour", 1) || is(object, "neighbor", 1) => {
                neighbour(rest, out, sys)?;
            }
            () if is(object, "help", 1) => out.text(format!("{}\n", SPEC.usage)),
            () => {
                let message = format!("Object \"{object}\" is unknown, try \"ip help\".\n");
                return Err(plain(1, message, out));
            }
        }
        Ok(out.status())
    }
}

/// Whether `word` is `whole` or an abbreviation of it with at least `least` letters.
fn is(word: &[u8], whole: &str, least: usize) -> bool {
    word.len() >= least && whole.as_bytes().starts_with(word)
}

/// iproute2's messages do not begin with its name.
fn plain(status: u8, message: impl AsRef<[u8]>, out: &mut Out) -> End {
    out.error(message);
    End::Exit(status)
}

/// What the kernel said no to.
fn refused(errno: Errno, out: &mut Out) -> End {
    plain(2, format!("RTNETLINK answers: {errno}\n"), out)
}

fn unknown(object: &str, command: &BStr, out: &mut Out) -> End {
    plain(255, format!("Command \"{command}\" is unknown, try \"ip {object} help\".\n"), out)
}

/// The interface of a name.
fn device(name: &[u8], out: &mut Out, sys: &mut Sys<'_>) -> Result<InterfaceId, End> {
    let found = sys.ip().interface(name);
    found.map_err(|_| plain(1, format!("Cannot find device \"{}\"\n", BStr::new(name)), out))
}

fn prefix(text: &[u8], out: &mut Out) -> Result<Prefix, End> {
    let parse = || -> Option<Prefix> {
        let text = text.to_str().ok()?;
        match text.split_once('/') {
            Some((address, length)) => Prefix::new(address.parse().ok()?, length.parse().ok()?),
            None if text == "default" => Some(Prefix::DEFAULT),
            None => Some(Prefix::host(text.parse().ok()?)),
        }
    };
    parse().ok_or_else(|| {
        let text = BStr::new(text);
        plain(1, format!("Error: any valid prefix is expected rather than \"{text}\".\n"), out)
    })
}

fn host(text: &[u8], out: &mut Out) -> Result<Ipv4Addr, End> {
    let address = text.to_str().ok().and_then(|text| text.parse().ok());
    address.ok_or_else(|| {
        let text = BStr::new(text);
        plain(1, format!("Error: any valid address is expected rather than \"{text}\".\n"), out)
    })
}

/// The value after a key word.
fn value<'a>(
    words: &mut core::slice::Iter<'a, BString>,
    out: &mut Out,
) -> Result<&'a BString, End> {
    words
        .next()
        .ok_or_else(|| plain(255, "Command line is not complete. Try option \"help\"\n", out))
}

/// The interfaces to show: all, or the one named after `show` and `dev`.
fn chosen(
    words: &[BString],
    out: &mut Out,
    sys: &mut Sys<'_>,
) -> Result<Vec<(InterfaceId, Interface)>, End> {
    let mut only = None;
    let mut up = false;
    for word in words {
        match word.as_slice() {
            b"dev" => {}
            b"up" => up = true,
            name => match sys.ip().interface(name) {
                Ok(id) => only = Some(id),
                Err(_) => {
                    let message = format!("Device \"{}\" does not exist.\n", BStr::new(name));
                    return Err(plain(1, message, out));
                }
            },
        }
    }
    let all = (0..).map(InterfaceId).zip(sys.ip().interfaces().to_vec());
    Ok(all
        .filter(|(id, interface)| only.is_none_or(|only| only == *id) && (!up || interface.up))
        .collect())
}

fn link(words: &[BString], brief: bool, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    let Some((command, rest)) = words.split_first() else {
        return show_links(&[], brief, out, sys);
    };
    // As iproute2 has it, `ip link s` is `set`, while `s` of other objects is `show`.
    if is(command, "show", 2) || is(command, "list", 1) || is(command, "lst", 3) {
        return show_links(rest, brief, out, sys);
    }
    if !is(command, "set", 1) {
        return Err(unknown("link", command.as_bstr(), out));
    }
    let mut words = rest.iter();
    let mut interface = None;
    let mut changes = Vec::new();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"dev" => interface = Some(device(value(&mut words, out)?, out, sys)?),
            b"up" => changes.push(Change::Up(true)),
            b"down" => changes.push(Change::Up(false)),
            b"mtu" => {
                let text = value(&mut words, out)?;
                let invalid =
                    || format!("Error: argument \"{text}\" is wrong: Invalid \"mtu\" value\n\n");
                let mtu = number(text).ok_or_else(|| plain(255, invalid(), out))?;
                changes.push(Change::Mtu(mtu));
            }
            name => interface = Some(device(name, out, sys)?),
        }
    }
    let Some(interface) = interface else {
        return Err(plain(255, "Not enough information: \"dev\" argument is required.\n", out));
    };
    for change in changes {
        let done = match change {
            Change::Up(up) => sys.ip().set_up(interface, up),
            Change::Mtu(mtu) => sys.ip().set_mtu(interface, mtu),
        };
        done.map_err(|errno| refused(errno, out))?;
    }
    Ok(())
}

enum Change {
    Up(bool),
    Mtu(u32),
}

fn show_links(words: &[BString], brief: bool, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    for (id, interface) in chosen(words, out, sys)? {
        if brief {
            let name = InterfaceName(id).to_string();
            let (state, flags) = (state(&interface), flags(&interface));
            out.text(format!("{name:<16} {state:<14} {} <{flags}> \n", interface.mac));
        } else {
            out.text(head(id, &interface, " mode DEFAULT"));
        }
    }
    Ok(())
}

fn flags(interface: &Interface) -> String {
    let mut flags = Vec::new();
    if interface.up && !interface.carrier {
        flags.push("NO-CARRIER");
    }
    match interface.kind {
        InterfaceKind::Loopback => flags.push("LOOPBACK"),
        InterfaceKind::Ethernet => flags.extend(["BROADCAST", "MULTICAST"]),
    }
    if interface.up {
        flags.push("UP");
    }
    if interface.up && interface.carrier {
        flags.push("LOWER_UP");
    }
    flags.join(",")
}

fn state(interface: &Interface) -> &'static str {
    match interface.kind {
        InterfaceKind::Loopback if interface.up => "UNKNOWN",
        InterfaceKind::Ethernet if interface.up && interface.carrier => "UP",
        _ => "DOWN",
    }
}

/// The two lines that both `ip link` and `ip address` begin an interface with.
fn head(id: InterfaceId, interface: &Interface, mode: &str) -> String {
    let (kind, broadcast, queue) = match interface.kind {
        InterfaceKind::Loopback => ("loopback", "00:00:00:00:00:00", "noqueue"),
        InterfaceKind::Ethernet => ("ether", "ff:ff:ff:ff:ff:ff", "fq_codel"),
    };
    let queue = if interface.up { queue } else { "noop" };
    format!(
        "{}: {}: <{}> mtu {} qdisc {queue} state {}{mode} group default qlen 1000\n    \
         link/{kind} {} brd {broadcast}\n",
        id.0 + 1,
        InterfaceName(id),
        flags(interface),
        interface.mtu,
        state(interface),
        interface.mac,
    )
}

fn address(words: &[BString], brief: bool, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    let Some((command, rest)) = words.split_first() else {
        return show_addresses(&[], brief, out, sys);
    };
    if is(command, "show", 1) || is(command, "list", 1) || is(command, "lst", 3) {
        return show_addresses(rest, brief, out, sys);
    }
    let add = is(command, "add", 1) || is(command, "replace", 1) || is(command, "change", 1);
    let delete = is(command, "delete", 1);
    if !add && !delete && !is(command, "flush", 1) {
        return Err(unknown("address", command.as_bstr(), out));
    }
    let mut words = rest.iter();
    let (mut interface, mut given) = (None, None);
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"dev" => interface = Some(device(value(&mut words, out)?, out, sys)?),
            b"brd" | b"broadcast" | b"label" | b"scope" => {
                value(&mut words, out)?;
            }
            b"local" => given = Some(prefix(value(&mut words, out)?, out)?),
            text => given = Some(prefix(text, out)?),
        }
    }
    let Some(interface) = interface else {
        return Err(plain(255, "Not enough information: \"dev\" argument is required.\n", out));
    };
    let Some(given) = given else {
        if add || delete {
            return Err(plain(255, "Not enough information: address is required.\n", out));
        }
        let all = sys.ip().interfaces().get(interface.0 as usize).cloned();
        for address in all.into_iter().flat_map(|interface| interface.addresses) {
            sys.ip().remove_address(interface, address).map_err(|errno| refused(errno, out))?;
        }
        return Ok(());
    };
    let done = if add {
        sys.ip().add_address(interface, given)
    } else {
        sys.ip().remove_address(interface, given)
    };
    match done {
        Err(Errno::EEXIST) if !is(command, "add", 1) => Ok(()),
        done => done.map_err(|errno| refused(errno, out)),
    }
}

fn show_addresses(
    words: &[BString],
    brief: bool,
    out: &mut Out,
    sys: &mut Sys<'_>,
) -> Result<(), End> {
    for (id, interface) in chosen(words, out, sys)? {
        let name = InterfaceName(id).to_string();
        if brief {
            let addresses: String =
                interface.addresses.iter().map(|address| format!("{address} ")).collect();
            out.text(format!("{name:<16} {:<14} {addresses}\n", state(&interface)));
            continue;
        }
        out.text(head(id, &interface, ""));
        for address in &interface.addresses {
            let (scope, broadcast) = match (interface.kind, address.broadcast()) {
                (InterfaceKind::Loopback, _) => ("host", String::new()),
                (_, Some(broadcast)) => ("global", format!(" brd {broadcast}")),
                (_, None) => ("global", String::new()),
            };
            out.text(format!(
                "    inet {address}{broadcast} scope {scope} {name}\n       \
                 valid_lft forever preferred_lft forever\n"
            ));
        }
    }
    Ok(())
}

fn route(words: &[BString], out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    let Some((command, rest)) = words.split_first() else { return show_routes(&[], out, sys) };
    if is(command, "show", 1) || is(command, "list", 1) || is(command, "lst", 3) {
        return show_routes(rest, out, sys);
    }
    if is(command, "get", 1) {
        let mut rest = rest.iter();
        let to = host(value(&mut rest, out)?, out)?;
        return get_route(to, out, sys);
    }
    let replace = is(command, "replace", 3) || is(command, "change", 2);
    let delete = is(command, "delete", 1);
    if !is(command, "add", 1) && !replace && !delete {
        return Err(unknown("route", command.as_bstr(), out));
    }
    let asked = asked_route(rest, out, sys)?;
    let Some(destination) = asked.destination else {
        return Err(plain(255, "Command line is not complete. Try option \"help\"\n", out));
    };
    if delete || replace {
        let gateway = asked.gateway.filter(|_| delete);
        let interface = asked.interface.filter(|_| delete);
        match sys.ip().remove_route(destination, gateway, interface) {
            Err(Errno::ESRCH) if replace => {}
            done => {
                done.map_err(|errno| refused(errno, out))?;
            }
        }
        if delete {
            return Ok(());
        }
    }
    let interface = match (asked.interface, asked.gateway) {
        (Some(interface), _) => interface,
        (None, Some(gateway)) => match sys.ip().route_to(gateway) {
            Ok(route) if route.gateway.is_none() => route.interface,
            _ => return Err(plain(2, "Error: Nexthop has invalid gateway.\n", out)),
        },
        (None, None) => return Err(refused(Errno::ENODEV, out)),
    };
    let added = sys.ip().add_route(Route {
        destination,
        gateway: asked.gateway,
        interface,
        source: asked.source,
        metric: asked.metric,
        origin: RouteOrigin::Boot,
    });
    added.map_err(|errno| match errno {
        Errno::ENETUNREACH => plain(2, "Error: Nexthop has invalid gateway.\n", out),
        Errno::ENETDOWN => plain(2, "Error: Device for nexthop is not up.\n", out),
        Errno::EINVAL if destination != destination.network() => {
            plain(2, "Error: Invalid prefix for given prefix length.\n", out)
        }
        errno => refused(errno, out),
    })
}

/// A route as words describe it.
#[derive(Default)]
struct Asked {
    destination: Option<Prefix>,
    gateway: Option<Ipv4Addr>,
    interface: Option<InterfaceId>,
    source: Option<Ipv4Addr>,
    metric: u32,
}

fn asked_route(words: &[BString], out: &mut Out, sys: &mut Sys<'_>) -> Result<Asked, End> {
    let mut asked = Asked::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"via" => asked.gateway = Some(host(value(&mut words, out)?, out)?),
            b"dev" => asked.interface = Some(device(value(&mut words, out)?, out, sys)?),
            b"src" => asked.source = Some(host(value(&mut words, out)?, out)?),
            b"metric" | b"preference" => {
                let text = value(&mut words, out)?;
                let invalid = || {
                    format!("Error: argument \"{text}\" is wrong: \"metric\" value is invalid\n\n")
                };
                asked.metric = number(text).ok_or_else(|| plain(255, invalid(), out))?;
            }
            b"proto" | b"scope" | b"table" => {
                value(&mut words, out)?;
            }
            b"to" => asked.destination = Some(prefix(value(&mut words, out)?, out)?),
            text => asked.destination = Some(prefix(text, out)?),
        }
    }
    Ok(asked)
}

fn show_routes(words: &[BString], out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    let asked = asked_route(words, out, sys)?;
    let mut routes = sys.ip().routes();
    routes.sort_by_key(|route| {
        (route.destination.network().address(), route.destination.length(), route.metric)
    });
    let interfaces: Vec<Interface> = sys.ip().interfaces().to_vec();
    for route in routes {
        if asked.destination.is_some_and(|to| to != route.destination)
            || asked.interface.is_some_and(|interface| interface != route.interface)
            // As ip does: the local table is another one.
            || route.interface == InterfaceId::LOOPBACK
        {
            continue;
        }
        let mut line = name_of(route.destination);
        if let Some(gateway) = route.gateway {
            line.push_str(&format!(" via {gateway}"));
        }
        line.push_str(&format!(" dev {}", InterfaceName(route.interface)));
        if route.origin == RouteOrigin::Kernel {
            line.push_str(" proto kernel");
        }
        if route.gateway.is_none() {
            line.push_str(" scope link");
        }
        if let Some(source) = route.source {
            line.push_str(&format!(" src {source}"));
        }
        if route.metric != 0 {
            line.push_str(&format!(" metric {}", route.metric));
        }
        if interfaces.get(route.interface.0 as usize).is_some_and(|interface| !interface.carrier) {
            line.push_str(" linkdown");
        }
        out.text(line + " \n");
    }
    Ok(())
}

/// A destination as `ip route` names it.
fn name_of(destination: Prefix) -> String {
    match destination.length() {
        0 => "default".to_owned(),
        32 => destination.address().to_string(),
        _ => destination.to_string(),
    }
}

fn get_route(to: Ipv4Addr, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    let route = sys.ip().route_to(to).map_err(|errno| refused(errno, out))?;
    let uid = sys.os().credentials()?.uid;
    let mut line = to.to_string();
    if route.interface == InterfaceId::LOOPBACK {
        line.insert_str(0, "local ");
    }
    if let Some(gateway) = route.gateway {
        line.push_str(&format!(" via {gateway}"));
    }
    line.push_str(&format!(" dev {}", InterfaceName(route.interface)));
    if let Some(source) = route.source {
        line.push_str(&format!(" src {source}"));
    }
    out.text(format!("{line} uid {uid} \n    cache \n"));
    Ok(())
}

fn neighbour(words: &[BString], out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
    let mut words = words.iter().peekable();
    if let Some(command) = words.peek()
        && !(is(command, "show", 1) || is(command, "list", 1) || command.as_slice() == b"dev")
    {
        return Err(unknown("neighbour", command.as_bstr(), out));
    }
    let mut only = None;
    for word in words {
        if let Ok(id) = sys.ip().interface(word) {
            only = Some(id);
        }
    }
    for neighbour in sys.ip().neighbours() {
        if only.is_some_and(|only| only != neighbour.interface) {
            continue;
        }
        let state = match neighbour.state {
            NeighbourState::Incomplete => "INCOMPLETE",
            NeighbourState::Reachable => "REACHABLE",
            NeighbourState::Stale => "STALE",
            NeighbourState::Delay => "DELAY",
            NeighbourState::Probe => "PROBE",
            NeighbourState::Failed => "FAILED",
            NeighbourState::Permanent => "PERMANENT",
        };
        let mac = neighbour.mac.map_or_else(String::new, |mac| format!(" lladdr {mac}"));
        let name = InterfaceName(neighbour.interface);
        out.text(format!("{} dev {name}{mac} {state} \n", neighbour.address));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn shows_and_changes_loopback() {
        let mut guest = Guest::new();
        expect![[r#"
            1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN mode DEFAULT group default qlen 1000
                link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ip link show lo", ""));
        assert_eq!(guest.run("ip link set lo up", ""), "[exit 0]\n");
        expect![[r#"
            1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
                link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
                inet 127.0.0.1/8 scope host lo
                   valid_lft forever preferred_lft forever
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ip a s lo", ""));
    }

    #[test]
    fn configures_ethernet() {
        let mut guest = Guest::new();
        guest.run("ip addr add 10.1.2.3/24 dev eth0", "");
        assert_eq!(guest.run("ip link set eth0 up", ""), "[exit 0]\n");
        assert_eq!(guest.run("ip route add default via 10.1.2.1", ""), "[exit 0]\n");
        assert_eq!(guest.run("ip route add 10.9.0.0/16 via 10.1.2.2 metric 5", ""), "[exit 0]\n");
        expect![[r#"
            default via 10.1.2.1 dev eth0 linkdown 
            10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.3 linkdown 
            10.9.0.0/16 via 10.1.2.2 dev eth0 metric 5 linkdown 
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ip route", ""));
        assert_eq!(guest.run("ip route del 10.9.0.0/16", ""), "[exit 0]\n");
        expect![[r#"
            [stderr]
            RTNETLINK answers: No such process
            [exit 2]
        "#]]
        .assert_eq(&guest.run("ip route del 10.9.0.0/16", ""));
        expect![[r#"
            [stderr]
            Error: Nexthop has invalid gateway.
            [exit 2]
        "#]]
        .assert_eq(&guest.run("ip route add 10.8.0.0/16 via 10.7.0.1", ""));
    }

    #[test]
    fn says_what_is_wrong() {
        let mut guest = Guest::new();
        expect![[r#"
            [stderr]
            Object "foo" is unknown, try "ip help".
            [exit 1]
        "#]]
        .assert_eq(&guest.run("ip foo", ""));
        expect![[r#"
            [stderr]
            Cannot find device "eth9"
            [exit 1]
        "#]]
        .assert_eq(&guest.run("ip link set eth9 up", ""));
        expect![[r#"
            [stderr]
            Error: any valid prefix is expected rather than "x".
            [exit 1]
        "#]]
        .assert_eq(&guest.run("ip addr add x dev eth0", ""));
        expect![[r#"
            [stderr]
            RTNETLINK answers: Operation not permitted
            [exit 2]
        "#]]
        .assert_eq(&guest.user(1000).run("ip link set lo up", ""));
    }
}
