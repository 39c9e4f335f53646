//! Packet formats: one file a protocol, each with its header as a plain struct, `parse`, `emit`
//! and a one-line `Display` in tcpdump's manner.

pub mod arp;
pub mod ethernet;
pub mod icmp;
pub mod ipv4;
pub mod tcp;
pub mod udp;

/// A packet that does not follow its format: too short, wrong version, wrong checksum. A receiver
/// can only count and drop it, so there is nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed packet")]
pub struct Malformed;

/// A frame in one line, as `tcpdump` would print it.
pub fn describe(frame: &[u8]) -> String {
    let Ok((header, payload)) = ethernet::Header::parse(frame) else {
        return format!("truncated frame, length {}", frame.len());
    };
    match header.kind {
        ethernet::TYPE_ARP => match arp::Packet::parse(payload) {
            Ok(packet) => packet.to_string(),
            Err(Malformed) => "ARP, malformed".to_owned(),
        },
        ethernet::TYPE_IPV4 => describe_packet(payload),
        _ => format!("{header}, length {}", frame.len()),
    }
}

/// An IPv4 packet in one line.
fn describe_packet(packet: &[u8]) -> String {
    let Ok((header, payload)) = ipv4::Header::parse(packet) else {
        return "IP, malformed".to_owned();
    };
    let (source, destination) = (header.source, header.destination);
    if header.is_fragment() {
        return header.to_string();
    }
    let inner = match header.protocol {
        ipv4::PROTOCOL_ICMP => icmp::Message::parse(payload).map(|message| message.to_string()),
        ipv4::PROTOCOL_UDP => {
            udp::Datagram::parse(source, destination, payload).map(|datagram| datagram.to_string())
        }
        ipv4::PROTOCOL_TCP => tcp::Header::parse(source, destination, payload)
            .map(|(segment, data)| format!("{segment}, length {}", data.len())),
        _ => return header.to_string(),
    };
    let inner = inner.unwrap_or_else(|Malformed| "malformed".to_owned());
    format!("IP {source} > {destination}: {inner}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::proptest;

    use super::*;
    use crate::net::Mac;

    #[test]
    fn frames_in_one_line() {
        let (a, b) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let mut udp = Vec::new();
        udp::Datagram { source: 7, destination: 9, payload: b"hello" }.emit(a, b, &mut udp);
        let ip = ipv4::Header::new(ipv4::PROTOCOL_UDP, a, b);
        let ethernet = ethernet::Header {
            destination: Mac::BROADCAST,
            source: Mac::of(1, 1),
            kind: ethernet::TYPE_IPV4,
        };
        let mut frame = ethernet.emit().to_vec();
        frame.extend_from_slice(&ip.emit(udp.len()));
        frame.extend_from_slice(&udp);
        expect!["IP 10.0.0.1 > 10.0.0.2: UDP 7 > 9, length 5"].assert_eq(&describe(&frame));
        let last = frame.len() - 1;
        frame[last] ^= 1;
        expect!["IP 10.0.0.1 > 10.0.0.2: malformed"].assert_eq(&describe(&frame));
        expect!["IP, malformed"].assert_eq(&describe(&frame[..20]));
        expect!["truncated frame, length 9"].assert_eq(&describe(&frame[..9]));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_described(mut bytes: Vec<u8>, kind in 0..3) {
            if bytes.len() >= 14 && kind > 0 {
                bytes[12] = 8;
                bytes[13] = if kind == 1 { 0 } else { 6 };
            }
            describe(&bytes);
        }
    }
}
