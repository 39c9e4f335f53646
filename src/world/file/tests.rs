//! Tests of the world reader: plans and findings as text, and any text at all.

#![expect(clippy::disallowed_types, reason = "what `expect_file!` expands to")]

use std::fmt::Write as _;

use expect_test::{Expect, expect, expect_file};
use proptest::prelude::{any, proptest};

use super::{DEMO, SegmentKind, TWO_MACHINES, WorldSpec, check, read};
use crate::variant::Catalogue;

/// A plan as text: machines with routes, segments with ports.
fn shown(spec: &WorldSpec) -> String {
    let mut text = format!("{:?} seed {} epoch {}\n", spec.name, spec.seed, spec.epoch.secs);
    for machine in &spec.machines {
        let role = if machine.forwards { " forwards" } else { "" };
        let power = if machine.powered { "" } else { " off" };
        writeln!(text, "{} ({}){role}{power}", machine.name, machine.variant).unwrap();
        for interface in &machine.interfaces {
            write!(text, "  eth{}", interface.number).unwrap();
            for part in [
                interface.address.map(|address| address.to_string()),
                interface.gateway.map(|gateway| format!("gateway {gateway}")),
            ] {
                write!(text, " {}", part.unwrap_or_default()).unwrap();
            }
            for (destination, hop) in &interface.routes {
                write!(text, "\n    {destination} via {hop}").unwrap();
            }
            writeln!(text).unwrap();
        }
    }
    for segment in &spec.segments {
        let kind = if segment.kind == SegmentKind::Lan { "LAN" } else { "link" };
        write!(text, "{kind} {} {}:", segment.name, segment.link.delay).unwrap();
        for port in &segment.ports {
            let machine = &spec.machines[port.machine].name;
            write!(text, " {machine}:eth{}", port.interface).unwrap();
        }
        writeln!(text).unwrap();
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn check_plan(text: &str, expected: Expect) {
    match read("w", text, &Catalogue::bundled()) {
        Ok((spec, warnings)) => {
            let warnings: String = warnings.iter().map(|finding| format!("{finding}\n")).collect();
            expected.assert_eq(&(shown(&spec) + &warnings));
        }
        Err(findings) => panic!("{findings:#?}"),
    }
}

fn check_findings(text: &str, expected: Expect) {
    let findings = check("w", text, &Catalogue::bundled());
    let text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    expected.assert_eq(&text);
}

/// A world of these machines: name, variant, addresses of eth0, eth1 …
fn world(machines: &[(&str, &str, &[&str])], rest: &str) -> String {
    let mut text = "(machines: [\n".to_owned();
    for (name, variant, addresses) in machines {
        write!(text, "(name: {name:?}, variant: {variant:?}, interfaces: [").unwrap();
        for (number, address) in addresses.iter().enumerate() {
            write!(text, "(name: \"eth{number}\", address: {address:?}),").unwrap();
        }
        text.push_str("]),\n");
    }
    format!("{text}],\n{rest})")
}

#[test]
fn the_bundled_worlds_are_clean() {
    let (demo, warnings) = read("demo", DEMO, &Catalogue::bundled()).unwrap();
    assert_eq!(warnings, []);
    let mut text = shown(&demo);
    for machine in ["anna", "gate"] {
        for file in &demo.machine(machine).unwrap().files {
            let bytes = String::from_utf8_lossy(&file.bytes);
            let (mode, path) = (file.mode, &file.path);
            write!(text, "--- {machine}:{path} {mode:o} {}:{}\n{bytes}", file.uid, file.gid)
                .unwrap();
        }
    }
    expect_file!["golden/demo.txt"].assert_eq(&text);
    check_plan(
        TWO_MACHINES,
        expect![[r#"
        "two machines" seed 0 epoch 1767225600
        one (desktop)
          eth0 10.0.0.1/24
        two (desktop)
          eth0 10.0.0.2/24
        link one:eth0-two:eth0 1 ms: one:eth0 two:eth0
    "#]],
    );
}

#[test]
fn routes_take_the_fastest_way_and_never_run_in_circles() {
    // A square of routers with one slow side; a host at each of two corners.
    let machines: [(&str, &str, &[&str]); 6] = [
        ("r1", "router", &["10.0.12.1/24", "10.0.41.1/24", "10.1.0.1/24"]),
        ("r2", "router", &["10.0.12.2/24", "10.0.23.2/24"]),
        ("r3", "router", &["10.0.23.3/24", "10.0.34.3/24", "10.3.0.1/24"]),
        ("r4", "router", &["10.0.34.4/24", "10.0.41.4/24"]),
        ("a", "desktop", &["10.1.0.10/24"]),
        ("b", "desktop", &["10.3.0.10/24"]),
    ];
    let rest = r#"links: [
        (a: "r1:eth0", b: "r2:eth0"), (a: "r2:eth1", b: "r3:eth0", delay: "9ms"),
        (a: "r3:eth1", b: "r4:eth0"), (a: "r4:eth1", b: "r1:eth1"),
        (a: "a:eth0", b: "r1:eth2"), (a: "b:eth0", b: "r3:eth2"),
    ]"#;
    check_plan(
        &world(&machines, rest),
        expect![[r#"
        "" seed 0 epoch 1767225600
        r1 (router) forwards
          eth0 10.0.12.1/24
            10.0.23.0/24 via 10.0.12.2
          eth1 10.0.41.1/24
            10.0.34.0/24 via 10.0.41.4
            10.3.0.0/24 via 10.0.41.4
          eth2 10.1.0.1/24
        r2 (router) forwards
          eth0 10.0.12.2/24
            10.0.34.0/24 via 10.0.12.1
            10.0.41.0/24 via 10.0.12.1
            10.1.0.0/24 via 10.0.12.1
            10.3.0.0/24 via 10.0.12.1
          eth1 10.0.23.2/24
        r3 (router) forwards
          eth0 10.0.23.3/24
          eth1 10.0.34.3/24
            10.0.12.0/24 via 10.0.34.4
            10.0.41.0/24 via 10.0.34.4
            10.1.0.0/24 via 10.0.34.4
          eth2 10.3.0.1/24
        r4 (router) forwards
          eth0 10.0.34.4/24
            10.0.23.0/24 via 10.0.34.3
            10.3.0.0/24 via 10.0.34.3
          eth1 10.0.41.4/24
            10.0.12.0/24 via 10.0.41.1
            10.1.0.0/24 via 10.0.41.1
        a (desktop)
          eth0 10.1.0.10/24 gateway 10.1.0.1
        b (desktop)
          eth0 10.3.0.10/24 gateway 10.3.0.1
        link r1:eth0-r2:eth0 1 ms: r1:eth0 r2:eth0
        link r2:eth1-r3:eth0 9 ms: r2:eth1 r3:eth0
        link r3:eth1-r4:eth0 1 ms: r3:eth1 r4:eth0
        link r4:eth1-r1:eth1 1 ms: r4:eth1 r1:eth1
        link a:eth0-r1:eth2 1 ms: a:eth0 r1:eth2
        link b:eth0-r3:eth2 1 ms: b:eth0 r3:eth2
    "#]],
    );
}

#[test]
fn hosts_with_two_ways_get_routes_and_written_ones_stay() {
    let machines: [(&str, &str, &[&str]); 3] = [
        ("pc", "desktop", &["10.0.0.10/24"]),
        ("r1", "router", &["10.0.0.1/24", "10.1.0.1/24"]),
        ("r2", "router", &["10.0.0.2/24", "10.2.0.1/24"]),
    ];
    let lans = r#"lans: [
        (name: "mid", ports: ["pc:eth0", "r1:eth0", "r2:eth0"]),
        (name: "one", ports: ["r1:eth1"]), (name: "two", ports: ["r2:eth1"]),
    ]"#;
    check_plan(
        &world(&machines, lans),
        expect![[r#"
        "" seed 0 epoch 1767225600
        pc (desktop)
          eth0 10.0.0.10/24
            10.1.0.0/24 via 10.0.0.1
            10.2.0.0/24 via 10.0.0.2
        r1 (router) forwards
          eth0 10.0.0.1/24
            10.2.0.0/24 via 10.0.0.2
          eth1 10.1.0.1/24
        r2 (router) forwards
          eth0 10.0.0.2/24
            10.1.0.0/24 via 10.0.0.1
          eth1 10.2.0.1/24
        LAN mid 1 ms: pc:eth0 r1:eth0 r2:eth0
        LAN one 1 ms: r1:eth1
        LAN two 1 ms: r2:eth1
    "#]],
    );
    let gateway = world(&machines, lans).replace("10/24\"", "10/24\", gateway: \"10.0.0.1\"");
    check_plan(
        &gateway,
        expect![[r#"
        "" seed 0 epoch 1767225600
        pc (desktop)
          eth0 10.0.0.10/24 gateway 10.0.0.1
        r1 (router) forwards
          eth0 10.0.0.1/24
            10.2.0.0/24 via 10.0.0.2
          eth1 10.1.0.1/24
        r2 (router) forwards
          eth0 10.0.0.2/24
            10.1.0.0/24 via 10.0.0.1
          eth1 10.2.0.1/24
        LAN mid 1 ms: pc:eth0 r1:eth0 r2:eth0
        LAN one 1 ms: r1:eth1
        LAN two 1 ms: r2:eth1
    "#]],
    );
    let manual = world(&machines, lans).replace("\"router\"", "\"router\", routes: Manual");
    check_plan(
        &manual,
        expect![[r#"
        "" seed 0 epoch 1767225600
        pc (desktop)
          eth0 10.0.0.10/24
            10.1.0.0/24 via 10.0.0.1
            10.2.0.0/24 via 10.0.0.2
        r1 (router) forwards
          eth0 10.0.0.1/24
          eth1 10.1.0.1/24
        r2 (router) forwards
          eth0 10.0.0.2/24
          eth1 10.2.0.1/24
        LAN mid 1 ms: pc:eth0 r1:eth0 r2:eth0
        LAN one 1 ms: r1:eth1
        LAN two 1 ms: r2:eth1
    "#]],
    );
}

#[test]
fn a_host_becomes_a_router_by_its_files() {
    let machines: [(&str, &str, &[&str]); 3] = [
        ("a", "desktop", &["10.0.0.1/24"]),
        ("m", "desktop", &["10.0.0.2/24", "10.1.0.2/24"]),
        ("b", "desktop", &["10.1.0.1/24"]),
    ];
    let links = r#"links: [(a: "a:eth0", b: "m:eth0"), (a: "m:eth1", b: "b:eth0")]"#;
    check_plan(
        &world(&machines, links),
        expect![[r#"
        "" seed 0 epoch 1767225600
        a (desktop)
          eth0 10.0.0.1/24
        m (desktop)
          eth0 10.0.0.2/24
          eth1 10.1.0.2/24
        b (desktop)
          eth0 10.1.0.1/24
        link a:eth0-m:eth0 1 ms: a:eth0 m:eth0
        link m:eth1-b:eth0 1 ms: m:eth1 b:eth0
        w:4:1: machine "b" cannot be reached, expected a way to "a", plug it into a link or LAN, or let a router join the parts
    "#]],
    );
    let forwarding =
        r#"(name: "m", files: {"/etc/sysctl.conf": (text: "net.ipv4.ip_forward=1\n")},"#;
    check_plan(
        &world(&machines, links).replace("(name: \"m\",", forwarding),
        expect![[r#"
        "" seed 0 epoch 1767225600
        a (desktop)
          eth0 10.0.0.1/24 gateway 10.0.0.2
        m (desktop) forwards
          eth0 10.0.0.2/24
          eth1 10.1.0.2/24
        b (desktop)
          eth0 10.1.0.1/24 gateway 10.1.0.2
        link a:eth0-m:eth0 1 ms: a:eth0 m:eth0
        link m:eth1-b:eth0 1 ms: m:eth1 b:eth0
    "#]],
    );
}

#[test]
fn files_are_filled_in_and_owned() {
    let text = r##"(machines: [(
        name: "pc", hostname: "pc.lan", variant: "desktop", powered: false,
        files: {
            "/home/user/note": (text: "on {{hostname}} of {{variant}}", owner: "user", mode: 0o600),
            "/etc/shadow": (text: "x"),
            "/opt/run": (text: "#!/bin/sh\n"),
        },
    )])"##;
    let (spec, _) = read("w", text, &Catalogue::bundled()).unwrap();
    let files: String = spec.machines[0]
        .files
        .iter()
        .map(|file| {
            let text = String::from_utf8_lossy(&file.bytes);
            format!("{} {:o} {}:{} {text:?}\n", file.path, file.mode, file.uid, file.gid)
        })
        .collect();
    expect![[r##"
        /etc/hostname 644 0:0 "pc.lan\n"
        /etc/hosts 644 0:0 "127.0.0.1\tlocalhost\n127.0.1.1\tpc.lan\n"
        /etc/shadow 640 0:42 "x"
        /home/user/note 600 1000:1000 "on pc.lan of desktop"
        /opt/run 755 0:0 "#!/bin/sh\n"
    "##]]
    .assert_eq(&files);
}

#[test]
fn large_worlds_know_their_neighbours_only() {
    let names: Vec<String> = (0..300).map(|n| format!("pc{n}")).collect();
    let addresses: Vec<String> =
        (0..300).map(|n| format!("10.0.{}.{}/16", n / 200, n % 200 + 1)).collect();
    let lists: Vec<[&str; 1]> = addresses.iter().map(|address| [address.as_str()]).collect();
    let machines: Vec<(&str, &str, &[&str])> = names
        .iter()
        .zip(&lists)
        .map(|(name, list)| (name.as_str(), "desktop", &list[..]))
        .collect();
    let links = "links: [(a: \"pc0:eth0\", b: \"pc299:eth0\")]";
    let (spec, warnings) = read("w", world(&machines, links), &Catalogue::bundled()).unwrap();
    let hosts = spec.machines[0].files.iter().find(|file| file.path == "/etc/hosts").unwrap();
    expect![[r#"
        127.0.0.1	localhost
        10.0.0.1	pc0
        10.0.1.100	pc299
    "#]]
    .assert_eq(&String::from_utf8_lossy(&hosts.bytes));
    // 298 addresses without a cable, and 298 machines nobody reaches.
    assert_eq!(warnings.last().unwrap().what, "496 more findings");
}

#[test]
fn findings_about_names_and_ports() {
    let one = |machine: &str| format!("(\n machines: [{machine}],\n)");
    check_findings(
        &one(r#"(name: "a b", variant: "dekstop")"#),
        expect![[r#"
        w:2:20: name "a b", expected letters, digits, '-' and '.', at most 64, neither '-' nor '.' at an end, choose another name
        w:2:36: unknown variant "dekstop", expected one of base, desktop, router, did you mean "desktop"?
    "#]],
    );
    check_findings(
        &one(r#"(name: "a")"#),
        expect![[r#"
        w:2:23: field "variant" is missing, expected `variant: ...` in these brackets, add it
    "#]],
    );
    check_findings(
        &one(r#"(name: "a", variant: "base"), (name: "a", variant: "base", hostname: "-")"#),
        expect![[r#"
            w:2:50: a second machine "a", expected each name once, rename one of them
            w:2:82: hostname "-", expected letters, digits, '-' and '.', at most 64, neither '-' nor '.' at an end, choose another name
        "#]],
    );
    check_findings(
        &one(
            r#"(name: "a", variant: "base", interfaces: [(name: "lo"), (name: "eth0"), (name: "eth0")])"#,
        ),
        expect![[r#"
            w:2:62: interface "lo", expected "eth0" to "eth31", rename it
            w:2:92: a second interface "eth0", expected each name once, rename one of them
        "#]],
    );
    check_findings(
        &one(
            r#"(name: "a", variant: "base", variables: {"x": ""}, files: {"tmp": (text: ""), "/tmp": (text: ""), "/bin/sh/x": (text: "{{hostnam}}", mode: 644, owner: "usr")})"#,
        ),
        expect![[r#"
            w:2:59: unknown variable "x", expected one of description, gettys, variant, version, add it to the variant's `variables`
            w:2:72: path "tmp", expected an absolute path such as "/etc/motd", without ".", ".." or "//", correct it
            w:2:91: "/tmp" cannot be a file, expected "/tmp" to be a directory, or empty, choose another path
            w:2:111: "/bin/sh/x" cannot be a file, expected "/bin/sh" to be a directory, or empty, choose another path
            w:2:131: unknown template "hostnam", expected one of address, hostname, hosts, interfaces, x, description, gettys, variant, version, did you mean "hostname"?
            w:2:152: decimal mode 644, which is 0o1204, expected permission bits in octal, 0o0 to 0o7777, write it in octal: 0o755
            w:2:164: unknown user "usr", expected one of root, daemon, bin, nobody, add the user to the variant
        "#]],
    );
    let machines: [(&str, &str, &[&str]); 2] =
        [("pc1", "desktop", &["10.0.0.1/24"]), ("pc2", "desktop", &["10.0.0.2/24"])];
    check_findings(
        &world(&machines, r#"links: [(a: "pc1:eth0", b: "pc3:eth0")]"#),
        expect![[r#"
            w:5:28: unknown machine "pc3", expected one of pc1, pc2, did you mean "pc1"?
        "#]],
    );
    check_findings(
        &world(&machines, r#"links: [(a: "pc1", b: "pc2:eth1"), (a: "pc2:eth0", b: "pc2:eth0")]"#),
        expect![[r#"
            w:5:13: port "pc1", expected MACHINE:INTERFACE such as "pc1:eth0", add the interface after a colon
            w:5:23: unknown interface of pc2 "eth1", expected eth0, did you mean "eth0"?
            w:5:55: port pc2:eth0 is plugged in twice, here and at "pc2:eth0-pc2:eth0", expected one cable per interface, use another interface, or remove one
        "#]],
    );
    check_findings(
        &world(
            &machines,
            r#"links: [(a: "pc1:eth0", b: "pc2:eth0")], lans: [(name: "x", ports: ["pc1:eth0"]), (name: "x", ports: [])]"#,
        ),
        expect![[r#"
            w:5:69: port pc1:eth0 is plugged in twice, here and at "pc1:eth0-pc2:eth0", expected one cable per interface, use another interface, or remove one
            w:5:90: a second LAN "x", expected each name once, rename one of them
        "#]],
    );
}

#[test]
fn findings_about_numbers_and_units() {
    let machines: [(&str, &str, &[&str]); 2] =
        [("pc1", "desktop", &["10.0.0.1/24"]), ("pc2", "desktop", &["10.0.0.2/24"])];
    let link = |fields: &str| {
        world(&machines, &format!("links: [(a: \"pc1:eth0\", b: \"pc2:eth0\", {fields})]"))
    };
    check_findings(
        &link(r#"delay: "0ms", jitter: "2us", loss: "101%", bandwidth: "10MB", mtu: 9"#),
        expect![[r#"
            w:5:47: a delay of "0ms", expected at least "1ms", leave it out for the shortest
            w:5:62: found "2us", expected a span of whole milliseconds such as "2ms" or "1s", rewrite it
            w:5:75: found "101%", expected a share from "0%" to "100%" such as "0.5%", rewrite it
            w:5:94: found "10MB", expected a rate such as "56kbit", "10Mbit" or "1Gbit", rewrite it
            w:5:107: an MTU of 9, expected 68 to 65535, try 1500
        "#]],
    );
    check_findings(
        &link("delay: 5"),
        expect![[r#"
        w:5:47: found "5", expected text in quotes, put quotes around it
    "#]],
    );
    check_findings(
        "(epoch: \"tomorrow\")",
        expect![[r#"
        w:1:9: found "tomorrow", expected a date from 1970 to 9999 such as "2026-01-31" or "2026-01-31 12:30:00", rewrite it
    "#]],
    );
    check_findings(
        "(seed: -1)",
        expect![[r#"
        w:1:9: a number that does not fit, expected a whole number, not negative and not that large, choose a smaller one
    "#]],
    );
    check_findings(
        "(machines: 5)",
        expect![[r#"
        w:1:12: found "5", expected a list, write it as [a, b]
    "#]],
    );
}

#[test]
fn findings_about_networks() {
    let lan = r#"lans: [(name: "home", ports: ["pc1:eth0", "pc2:eth0"])]"#;
    let pair = |a: &'static str, b: &'static str| {
        let (a, b) = ([a], [b]);
        world(&[("pc1", "desktop", &a), ("pc2", "desktop", &b)], lan)
    };
    check_findings(
        &pair("10.0.0.1", "10.0.0.0/24"),
        expect![[r#"
        w:2:72: found "10.0.0.1", expected an address with its prefix length such as "10.0.1.10/24", rewrite it
        w:3:72: address 10.0.0.0/24, expected one that a single interface can have, use one between the network's first and its last
    "#]],
    );
    check_findings(
        &pair("10.0.0.1/24", "10.0.1.2/24"),
        expect![[r#"
        w:3:72: address 10.0.1.2/24 is outside of LAN "home", expected one in 10.0.0.0/24, change the address, or where the interface is plugged in
    "#]],
    );
    check_findings(
        &pair("10.0.0.1/24", "10.0.0.1/24"),
        expect![[r#"
        w:3:72: address 10.0.0.1 is that of pc1:eth0 as well, expected each address once, choose a free one
    "#]],
    );
    check_findings(
        &pair("10.0.0.1/24", "10.0.0.2/24").replace("1/24\"", "1/24\", gateway: \"10.0.0.9\""),
        expect![[r#"
            w:2:96: gateway 10.0.0.9 is no machine of "home", expected a neighbour's address, correct it, or plug that machine in
        "#]],
    );
    check_findings(
        &pair("10.0.0.1/24", "10.0.0.2/24").replace("1/24\"", "1/24\", gateway: \"10.0.0.2\""),
        expect![[r#"
            w:2:96: gateway 10.0.0.2 is pc2:eth0, expected another machine that forwards, use a router, or forward in its /etc/sysctl.conf
        "#]],
    );
    check_findings(
        &pair("10.0.0.1/24", "10.0.0.2/24")
            .replace("1/24\"", "1/24\", routes: {\"10.9.0.0/16\": \"10.1.0.1\", \"x\": \"y\"}"),
        expect![[r#"
            w:2:111: gateway 10.1.0.1, expected one in 10.0.0.0/24, correct it, or the interface's address
            w:2:128: found "x", expected an address with its prefix length such as "10.0.1.10/24", rewrite it
        "#]],
    );
    check_findings(
        &pair("10.0.0.1/24", "10.0.0.2/24")
            .replace("\"home\",", "\"home\", prefix: \"10.0.0.0/25\","),
        expect![[r#"
            w:2:72: address 10.0.0.1/24 is outside of LAN "home", expected one in 10.0.0.0/25, change the address, or where the interface is plugged in
            w:3:72: address 10.0.0.2/24 is outside of LAN "home", expected one in 10.0.0.0/25, change the address, or where the interface is plugged in
        "#]],
    );
    check_findings(
        &world(&[("a", "desktop", &["10.0.0.1/24"]), ("b", "desktop", &["10.0.0.2/24"])], ""),
        expect![[r#"
            w:2:70: a:eth0 has an address but no cable, expected it in a link or LAN, plug it in, or remove the address
            w:3:1: machine "b" cannot be reached, expected a way to "a", plug it into a link or LAN, or let a router join the parts
            w:3:70: b:eth0 has an address but no cable, expected it in a link or LAN, plug it in, or remove the address
        "#]],
    );
}

/// A valid world with one slice of it replaced.
fn mutated(text: &str, at: usize, length: usize, by: &[u8]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let start = at % (bytes.len() + 1);
    let end = (start + length).min(bytes.len());
    bytes.splice(start..end, by.iter().copied());
    bytes
}

proptest! {
    #[test]
    fn any_bytes_are_findings_or_a_world(bytes in any::<Vec<u8>>()) {
        check("w", bytes, &Catalogue::bundled());
    }

    #[test]
    fn mutated_worlds_are_findings_or_worlds(
        at in any::<usize>(),
        length in 0..20usize,
        by in "[ \"(){}\\[\\],:a-z0-9!/.\n]{0,12}",
    ) {
        for finding in check("w", mutated(DEMO, at, length, by.as_bytes()), &Catalogue::bundled()) {
            let text = finding.to_string();
            assert!(text.starts_with("w:") && !text.contains('\n'), "{text}");
        }
    }
}
