//! Who may import whom: layers by folder, and libraries that only one layer names.
//!
//! Left out: code that only tests compile, which may reach for helpers above it.

use crate::finding::Finding;
use crate::source::Source;
use crate::tree::Tree;

/// A folder (or file) of the engine, and what it may name of the rest.
struct Layer {
    /// Path prefix of its files.
    at: &'static str,
    /// First names of paths it may use, itself left out.
    may: &'static [&'static str],
}

/// The table. `src/lib.rs` and `src/testing.rs` stand above it and may use all.
const LAYERS: &[Layer] = &[
    Layer { at: "src/base/", may: &[] },
    Layer { at: "src/fs/", may: &["base"] },
    Layer { at: "src/net/", may: &["base"] },
    Layer { at: "src/kernel/", may: &["base", "fs", "net"] },
    Layer { at: "programs/", may: PROGRAMS_MAY },
    Layer { at: "src/variant/", may: &["base", "fs", "net", "kernel"] },
    Layer { at: "src/world/", may: &["base", "fs", "net", "kernel", "variant"] },
    Layer { at: "src/save/", may: &["base", "fs", "net", "kernel", "variant", "world"] },
    Layer {
        at: "src/sim",
        may: &["base", "fs", "net", "kernel", "programs", "variant", "world", "save"],
    },
];

/// What programs may name: `Sys` and what helps to write programs, the words in which the calls
/// of `Sys` ask and answer, and formats that are shared with the network.
const PROGRAMS_MAY: &[&str] = &["base", "fs", "kernel", "net"];

/// What no program may name, though it is in a layer that they may use: the state behind `Sys`.
const STATE: &[&str] = &[
    "fs::Context",
    "fs::Image",
    "fs::ImageBuilder",
    "fs::Node",
    "fs::Vfs",
    "kernel::Machine",
    "kernel::MachineSpec",
    "kernel::Outbox",
    "kernel::machine",
    "net::Environment",
    "net::Frame",
    "net::Stack",
    "net::stack",
];

/// A library that only some files may name.
struct Fenced {
    /// Name of the crate in code; a name ending in `_` stands for all that begin so.
    name: &'static str,
    /// Prefixes of the files that may name it.
    within: &'static [&'static str],
    /// What the others do instead.
    mend: &'static str,
}

const FENCED: &[Fenced] = &[
    Fenced {
        name: "bevy_ecs",
        within: &["src/world/", "src/sim"],
        mend: "only src/world and src/sim.rs know that there is an ECS: hand the data over as plain values",
    },
    Fenced {
        name: "bevy_tasks",
        within: &["src/world/", "src/sim"],
        mend: "only src/world steps machines in parallel",
    },
    Fenced {
        name: "ron",
        within: &["src/save/", "src/variant/", "src/world/file", "src/kernel/program/code.rs"],
        mend: "only src/save, src/variant and src/world/file read or write RON: derive serde and let them do it",
    },
];

/// Finds imports that the table forbids.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.engine() {
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            continue;
        }
        if let Some(layer) = LAYERS.iter().find(|layer| path.starts_with(layer.at)) {
            layers(path, source, layer, &mut findings);
        }
        if path != "src/testing.rs" {
            fences(path, source, &mut findings);
        }
    }
    findings
}

fn layers(path: &str, source: &Source, layer: &Layer, findings: &mut Vec<Finding>) {
    let own = layer.at.trim_start_matches("src/").trim_end_matches('/');
    let module = module(path);
    for used in source.crate_paths(&module.iter().map(String::as_str).collect::<Vec<_>>()) {
        let Some(first) = used.names.first() else { continue };
        // A name at the root that is not a layer is a re-export of the crate's face.
        let known = LAYERS.iter().any(|l| own_name(l) == first) || first == "testing";
        if first == own || !known || source.in_tests(used.offset) {
            continue;
        }
        let whole = used.names.join("::");
        let state = own == "programs" && STATE.iter().any(|name| begins(&whole, name));
        if state || !layer.may.iter().any(|may| begins(&whole, may)) {
            let may =
                if layer.may.is_empty() { "nothing".to_owned() } else { layer.may.join(", ") };
            findings.push(Finding::new(
                path,
                source.line(used.offset),
                format!("`{own}` names `crate::{whole}`"),
                if state {
                    "a program touches only Sys: add a call there for what it needs".to_owned()
                } else {
                    format!("{own} may use {may}: move the shared part down, or pass the value in")
                },
            ));
        }
    }
}

/// Whether a path is `prefix` or inside of it.
fn begins(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn own_name(layer: &Layer) -> &str {
    layer.at.trim_start_matches("src/").trim_end_matches('/')
}

/// The module a file stands for: `src/fs/path.rs` is `fs::path`.
fn module(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut names: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

fn fences(path: &str, source: &Source, findings: &mut Vec<Finding>) {
    for fenced in FENCED {
        if fenced.within.iter().any(|prefix| path.starts_with(prefix)) {
            continue;
        }
        for offset in source.uses(fenced.name) {
            let after = source.code[offset + fenced.name.len()..].trim_start();
            let before = source.code[..offset].trim_end();
            // A crate stands before `::` or right after `use`; anything else is a name of ours.
            let is_crate =
                (after.starts_with("::") && !before.ends_with("::")) || before.ends_with("use");
            if is_crate && !source.in_tests(offset) {
                let what =
                    format!("`{}` is named outside of {}", fenced.name, fenced.within.join(", "));
                findings.push(Finding::new(path, source.line(offset), what, fenced.mend));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::told;

    #[test]
    fn lower_layers_do_not_name_higher_ones() {
        let files = [
            ("src/fs/mod.rs", "//! Files.\nuse crate::base::Errno;\n\nuse crate::kernel::Sys;\n"),
            ("src/net/tcp.rs", "//! TCP.\nuse super::super::fs::Mode;\nuse super::Stack;\n"),
            ("src/kernel/mod.rs", "//! Kernel.\nuse crate::{base::Pid, fs::Vfs, net::Stack};\n"),
        ];
        assert_eq!(
            told(super::check, &files),
            "src/fs/mod.rs:4: `fs` names `crate::kernel::Sys`; fs may use base: move the shared part down, or pass the value in\n\
             src/net/tcp.rs:2: `net` names `crate::fs::Mode`; net may use base: move the shared part down, or pass the value in\n"
        );
    }

    #[test]
    fn programs_see_words_but_no_state() {
        let files = [(
            "programs/dig.rs",
            "//! dig: asks.\nuse crate::net::app::dns::Query;\nuse crate::net::{Stack, proto::udp};\n\
             use crate::fs::Stat;\nuse crate::kernel::{Machine, Sys};\nuse crate::world::Clock;\n",
        )];
        let told = told(super::check, &files);
        let lines: Vec<&str> = told.lines().map(|line| line.split(';').next().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "programs/dig.rs:3: `programs` names `crate::net::Stack`",
                "programs/dig.rs:5: `programs` names `crate::kernel::Machine`",
                "programs/dig.rs:6: `programs` names `crate::world::Clock`",
            ]
        );
    }

    #[test]
    fn tests_may_reach_up() {
        let files = [(
            "src/base/a.rs",
            "//! A.\n#[cfg(test)]\nmod tests {\n    use crate::testing::run;\n}\n",
        )];
        assert_eq!(told(super::check, &files), "");
    }

    #[test]
    fn the_ecs_stays_in_the_world() {
        let files = [
            ("src/world/mod.rs", "//! World.\nuse bevy_ecs::world::World;\n"),
            ("src/kernel/mod.rs", "//! Kernel. Not bevy_ecs.\nuse bevy_ecs::entity::Entity;\n"),
            ("src/base/a.rs", "//! A.\nfn f(ron: u8) -> Result<(), ron::Error> {}\n"),
        ];
        let told = told(super::check, &files);
        let lines: Vec<&str> =
            told.lines().map(|line| line.split(" is ").next().unwrap()).collect();
        assert_eq!(lines, ["src/base/a.rs:2: `ron`", "src/kernel/mod.rs:2: `bevy_ecs`"]);
    }
}
