//! Tests of the map: golden texts, and nothing on top of another at fifty machines.

#![expect(clippy::disallowed_types, reason = "what `expect_file!` expands to")]

use std::fmt::Write as _;

use expect_test::expect_file;

use super::layout::{Area, Layout};
use super::{dot, svg};
use crate::variant::Catalogue;
use crate::world::file::{DEMO, WorldSpec, read};

fn world(text: &str) -> WorldSpec {
    read("w", text, &Catalogue::bundled()).unwrap().0
}

#[test]
fn the_demo_is_drawn() {
    let demo = world(DEMO);
    expect_file!["../golden/demo.dot"].assert_eq(&dot(&demo));
    expect_file!["../golden/demo.svg"].assert_eq(&svg(&demo));
}

/// Ten routers in a ring, each with a LAN of four.
fn large() -> String {
    let (mut machines, mut links, mut lans) = (String::new(), String::new(), String::new());
    for r in 0..10 {
        let next = (r + 1) % 10;
        let addresses = [format!("10.{r}.0.1/24"), format!("10.99.{r}.1/30"), {
            format!("10.99.{}.2/30", (r + 9) % 10)
        }];
        write!(machines, "(name: \"r{r}\", variant: \"router\", interfaces: [").unwrap();
        for (n, address) in addresses.iter().enumerate() {
            write!(machines, "(name: \"eth{n}\", address: {address:?}),").unwrap();
        }
        machines.push_str("]),");
        write!(links, "(a: \"r{r}:eth1\", b: \"r{next}:eth2\", loss: \"0.5%\"),").unwrap();
        write!(lans, "(name: \"a<&\\\"\\n\\\\lan {r}\", ports: [\"r{r}:eth0\",").unwrap();
        for h in 0..4 {
            let address = format!("10.{r}.0.{}/24", h + 10);
            write!(
                machines,
                "(name: \"h{r}-{h}\", variant: \"desktop\", interfaces: [(name: \"eth0\", \
                 address: {address:?})]),"
            )
            .unwrap();
            write!(lans, "\"h{r}-{h}:eth0\",").unwrap();
        }
        lans.push_str("]),");
    }
    format!("(machines: [{machines}], links: [{links}], lans: [{lans}])")
}

#[test]
fn fifty_machines_lie_side_by_side() {
    let spec = world(&large());
    assert_eq!(spec.machines.len(), 50);
    let layout = Layout::new(&spec);
    let apart = |a: &Area, b: &Area| {
        a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
    };
    for (index, a) in layout.machines.iter().enumerate() {
        assert!(a.w > 0 && a.x + a.w <= layout.size.0 && a.y + a.h <= layout.size.1);
        assert!(layout.machines[index + 1..].iter().all(|b| apart(a, b)), "{index}");
    }
    for (index, a) in layout.frames.iter().enumerate() {
        assert!(layout.frames[index + 1..].iter().all(|b| apart(&a.area, &b.area)), "{index}");
    }
    let picture = svg(&spec);
    assert_eq!(picture.matches("class=\"router\"").count(), 10);
    assert_eq!(picture.matches("class=\"host\"").count(), 40);
    assert!(picture.contains("a&lt;&amp;&quot; \\lan 3") && picture.contains("0.5% lost"));
    assert!(dot(&spec).contains("label=\"a<&\\\" \\\\lan 3\\n10.3.0.0/24\""));
}

#[test]
fn worlds_without_anything_are_drawn_too() {
    for text in ["()", "(machines: [(name: \"a\", variant: \"base\", powered: false)])"] {
        let spec = world(text);
        assert!(svg(&spec).ends_with("</svg>\n"));
        assert!(dot(&spec).ends_with("}\n"));
    }
}
