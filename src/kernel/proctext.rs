//! The tables below `/proc/net` in Linux's columns.

use core::net::Ipv4Addr;
use std::fmt::Write as _;

use crate::base::Tick;
use crate::net::{InterfaceId, InterfaceName, NeighbourState, Stack};

fn named(stack: &Stack) -> impl Iterator<Item = (InterfaceName, &crate::net::Interface)> {
    (0..).map(|index| InterfaceName(InterfaceId(index))).zip(stack.interfaces())
}

/// `/proc/net/arp`.
pub(crate) fn arp(stack: &Stack, now: Tick) -> String {
    let mut text = String::from(
        "IP address       HW type     Flags       HW address            Mask     Device\n",
    );
    for neighbour in stack.neighbours(now) {
        let (flags, mac) = match (neighbour.state, neighbour.mac) {
            (NeighbourState::Permanent, Some(mac)) => (6, mac.to_string()),
            (_, Some(mac)) => (2, mac.to_string()),
            (_, None) => (0, "00:00:00:00:00:00".to_owned()),
        };
        let name = InterfaceName(neighbour.interface).to_string();
        let address = neighbour.address.to_string();
        let _ = writeln!(text, "{address:<16} 0x1         0x{flags:<10x}{mac:<22}*        {name}");
    }
    text
}

/// `/proc/net/dev`.
pub(crate) fn dev(stack: &Stack) -> String {
    let mut text = String::from(
        "Inter-|   Receive                                                |  Transmit\n face \
         |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop \
         fifo colls carrier compressed\n",
    );
    for (name, interface) in named(stack) {
        let (received, sent) = (&interface.received, &interface.sent);
        let _ = writeln!(
            text,
            "{:>6}: {:7} {:7} {:4} {:4} {:4} {:5} {:10} {:9} {:8} {:7} {:4} {:4} {:4} {:5} {:7} {:10}",
            name.to_string(),
            received.bytes,
            received.packets,
            received.errors,
            received.dropped,
            0,
            0,
            0,
            0,
            sent.bytes,
            sent.packets,
            sent.errors,
            sent.dropped,
            0,
            0,
            0,
            0
        );
    }
    text
}

/// An address as Linux prints it in these tables: the number in the byte order of x86.
fn hex(address: Ipv4Addr) -> String {
    format!("{:08X}", u32::from_le_bytes(address.octets()))
}

/// `/proc/net/route`.
pub(crate) fn route(stack: &Stack) -> String {
    let mut text = String::from(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n",
    );
    for route in stack.routes().iter() {
        let name = InterfaceName(route.interface).to_string();
        let gateway = route.gateway.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let host = if route.destination.length() == 32 { 4 } else { 0 };
        let flags = 1 | if route.gateway.is_some() { 2 } else { 0 } | host;
        let _ = writeln!(
            text,
            "{name}\t{}\t{}\t{flags:04X}\t0\t0\t{}\t{}\t0\t0\t0",
            hex(route.destination.network().address()),
            hex(gateway),
            route.metric,
            hex(route.destination.mask()),
        );
    }
    text
}
