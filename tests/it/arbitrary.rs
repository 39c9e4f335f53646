//! Arbitrary bytes, fed to everything that reads what others wrote: no panic, no
//! unbounded memory, an answer in bounded time.

use hostscape::Sim;
use hostscape::variant::Catalogue;
use hostscape::world::file;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert, proptest};

use crate::support::{Command, Lab};

/// Any bytes, or pieces of what is meant to be there in any order: the latter get
/// past the first character of a parser.
fn bytes(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => prop::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => Just(b" ".to_vec()),
    ];
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200),
        4 => prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat()),
    ]
}

const SHELL: &[&str] = &[
    "echo ",
    "x=",
    "$x",
    "${x",
    "${#x}",
    "${x:-",
    "${x%%",
    "}",
    "$(",
    ")",
    "`",
    "((",
    "$((",
    "))",
    "\"",
    "'",
    "\\",
    "\n",
    ";",
    ";;",
    "&",
    "&&",
    "||",
    "|",
    "<",
    ">",
    ">>",
    "<<E\n",
    "<<-'E'\n",
    "E\n",
    ">&",
    "2>&1",
    "<&-",
    "if ",
    "then ",
    "elif ",
    "else ",
    "fi",
    "while ",
    "until ",
    "do ",
    "done",
    "for i in ",
    "case ",
    " in ",
    "esac",
    "f() ",
    "{ ",
    "! ",
    "*",
    "?",
    "[a-z]",
    "~",
    "#",
    "set -",
    "eval ",
    "exec ",
    "trap ",
    "read x",
    "cd ",
    ". ",
    "return ",
    "break ",
    "shift ",
    "wait",
    "$!",
    "$$",
    "\"$@\"",
    "$*",
    "-9223372036854775808",
    "99999999999999999999",
    "1<<64",
    "/0",
    "sleep 1 ",
    "cat ",
    "\u{e9}",
];

const RON: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "//",
    "/*",
    "*/",
    "\n",
    "name",
    "machines",
    "links",
    "lans",
    "variant",
    "interfaces",
    "extends",
    "hardware",
    "programs",
    "users",
    "files",
    "seed",
    "epoch",
    "delay",
    "address",
    "\"desktop\"",
    "\"eth0\"",
    "\"10.0.0.1/24\"",
    "\"base\"",
    "r#\"",
    "\"#",
    "Some(",
    "None",
    "0x",
    "-1",
    "1e309",
    "NaN",
    "18446744073709551616",
    "\\u{110000}",
    "#![enable(implicit_some)]",
    "true",
    "\"{{hostname}}\"",
    "\"a:eth0\"",
    "ports",
];

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, ..Default::default() })]

    #[test]
    fn the_shell_survives_any_script(script in bytes(SHELL)) {
        let lab_limit = 2_000;
        let ran = Command::new(&["sh", "/tmp/script"]).file("/tmp/script", &script).ticks(lab_limit).run();
        prop_assert!(ran.stdout.len() < 64 << 20);
    }

    #[test]
    fn the_shell_survives_any_input(script in bytes(SHELL)) {
        Command::new(&["sh"]).stdin(&script).ticks(2_000).run();
    }
}

proptest! {
    #[test]
    fn the_world_reader_survives_any_text(text in bytes(RON)) {
        let _ = file::check("any.world.ron", &text, &Catalogue::bundled());
    }

    #[test]
    fn the_world_reader_survives_any_damage(at in any::<prop::sample::Index>(), with in bytes(RON)) {
        let text = damaged(file::DEMO.as_bytes(), at, &with);
        let _ = file::check("any.world.ron", &text, &Catalogue::bundled());
    }

    #[test]
    fn the_variant_reader_survives_any_text(text in bytes(RON)) {
        check_variant(text);
    }

    #[test]
    fn the_variant_reader_survives_any_damage(at in any::<prop::sample::Index>(), with in bytes(RON)) {
        let base = include_bytes!("../../os-variants/base/variant.ron");
        check_variant(damaged(base, at, &with));
    }

    #[test]
    fn the_save_loader_refuses_any_text(text in bytes(RON)) {
        prop_assert!(Sim::load(&String::from_utf8_lossy(&text)).is_err());
    }
}

#[test]
fn the_save_loader_survives_any_damage() {
    let mut lab = Lab::pair();
    let forms = [lab.sim.save(), lab.sim.save_compact()];
    let config = proptest::prelude::ProptestConfig { cases: 64, ..Default::default() };
    for form in forms {
        proptest!(config.clone(), |(at in any::<prop::sample::Index>(), with in bytes(RON))| {
            let text = damaged(form.as_bytes(), at, &with);
            // The digest makes it certain that damage is told, unless it changed nothing.
            if text != form.as_bytes() {
                let error = Sim::load(&String::from_utf8_lossy(&text)).err();
                prop_assert!(error.is_some_and(|error| !error.to_string().is_empty()));
            }
        });
    }
}

/// A text with something else at some place.
fn damaged(text: &[u8], at: prop::sample::Index, with: &[u8]) -> Vec<u8> {
    let at = at.index(text.len());
    let end = (at + with.len()).min(text.len());
    [&text[..at], with, &text[end..]].concat()
}

fn check_variant(text: Vec<u8>) {
    let mut catalogue = Catalogue::bundled();
    let text = String::from_utf8_lossy(&text).into_owned();
    catalogue.add("any", "any", [("variant.ron".to_owned(), text.into())].into());
    let _ = catalogue.check("any");
}
