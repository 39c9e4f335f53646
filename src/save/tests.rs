//! What both containers promise: the identity, and a finding for whatever was changed.

use proptest::prelude::{ProptestConfig, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::record::{Container, Header, Key, Record};
use super::{LoadError, compact, container, text};
use crate::base::MachineId;
use crate::base::digest::Digest;

fn header() -> Header {
    Header::new(Digest::of_bytes(b"world"))
}

fn readable(values: &[(Key, Vec<u32>)]) -> String {
    let mut writer = text::Writer::new(&header());
    values.iter().for_each(|(key, value)| writer.record(*key, value));
    writer.finish()
}

fn packed(values: &[(Key, Vec<u32>)]) -> String {
    let mut writer = compact::Writer::new(header());
    for (key, value) in values {
        writer.record(*key, value);
    }
    writer.finish()
}

fn sample() -> Vec<(Key, Vec<u32>)> {
    let mut values = vec![(Key::World, vec![1, 2, 3])];
    values.extend((1..=5).map(|id| (Key::Machine(MachineId(id)), vec![id; 200_000])));
    values.push((Key::Links, vec![]));
    values
}

fn decoded(container: &Container) -> Vec<(Key, Vec<u32>)> {
    let value = |record: &Record| (record.key, record.decode().unwrap());
    container.records.iter().map(value).collect()
}

#[test]
fn both_forms_give_back_what_was_written() {
    for savegame in [readable(&sample()), packed(&sample())] {
        let container = container(&savegame).unwrap();
        assert_eq!(container.findings, []);
        assert_eq!(container.header, header());
        assert_eq!(decoded(&container), sample());
    }
}

#[test]
fn the_readable_form_looks_like_this() {
    let text = readable(&[(Key::World, vec![7]), (Key::Machine(MachineId(1)), vec![])]);
    expect_test::expect![[r#"
        // Hostscape savegame
        (
        format: 1,
        engine: "0.1.0",
        digest: "d7894ae9716d38d2dfad0ec55424ca32",
        records: [
        // world, 3 bytes, 198d53dc20198248f6bac5f95ea8994f
        World([7]),
        // machine 1, 2 bytes, d53d18c23212ea7b6300594bb89bce60
        Machine([]),
        ],
        )
    "#]]
    .assert_eq(&text);
    // Any tool that knows RON can read it.
    let value: ron::Value =
        ron::from_str(&text.replace("World", "").replace("Machine", "")).unwrap();
    assert!(matches!(value, ron::Value::Map(_)));
}

#[test]
fn damage_to_one_machine_leaves_the_others_whole() {
    let text = readable(&sample());
    let at = text.find("3, 3, 3, 3").unwrap();
    let damaged = format!("{}4{}", &text[..at], &text[at + 1..]);
    let error = container(&damaged).unwrap().whole().unwrap_err();
    expect_test::expect!["damaged savegame, line 13, column 1: machine 3 was changed: its digest does not match; whole: world, machines 1-2 4-5, links; restore an undamaged copy"]
        .assert_eq(&error.to_string());

    let line = packed(&sample());
    let middle = line.len() / 2;
    let other = if &line[middle..=middle] == "A" { "B" } else { "A" };
    let damaged = format!("{}{other}{}", &line[..middle], &line[middle + 1..]);
    let found = container(&damaged).unwrap();
    assert_eq!(found.records.len(), 6);
    assert!(matches!(found.whole(), Err(LoadError::Damaged { .. })));
}

#[test]
fn other_texts_and_newer_formats_are_refused_before_anything_is_parsed() {
    for other in ["", "hello", "(tick: 1)", "// Hostscape world\n", "hostscap"] {
        assert_eq!(container(other).unwrap_err(), LoadError::NotASave, "{other:?}");
    }
    let newer = LoadError::Newer { found: 9, known: 1, engine: "7.0.0".to_owned() };
    let text = "// Hostscape savegame\n(\nformat: 9,\nengine: \"7.0.0\",\nworlds: 8";
    assert_eq!(container(text).unwrap_err(), newer);
    assert_eq!(container("hostscape:9:7.0.0:what:ever").unwrap_err(), newer);
}

#[test]
fn line_endings_and_wrapping_on_the_way_do_no_harm() {
    let text = readable(&sample()).replace('\n', "\r\n");
    assert_eq!(container(&text).unwrap().findings, []);
    let line = packed(&sample());
    let (a, b) = line.split_at(1000);
    assert_eq!(container(&format!("  {a}\n{b}\n")).unwrap().findings, []);
}

#[test]
fn a_bomb_is_refused_by_its_declared_size() {
    let mut bytes = vec![0; 16];
    for _ in 0..3 {
        bytes.extend_from_slice(&(1_u32 << 20).to_le_bytes());
        bytes.extend_from_slice(&8_u32.to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
    }
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&bytes);
    let line = format!("hostscape:1:0.1.0:{}:{body}", Digest::of_bytes(&bytes));
    let found = container(&line).unwrap();
    assert_eq!(found.findings[0].what, "the head of a block is damaged");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_changed_byte_is_noticed(position in any::<prop::sample::Index>(), byte in 32_u8..127) {
        let values = vec![(Key::World, vec![1, 2]), (Key::Links, vec![3; 50])];
        for savegame in [readable(&values), packed(&values)] {
            let mut bytes = savegame.clone().into_bytes();
            let at = position.index(bytes.len());
            bytes[at] = byte;
            let changed = String::from_utf8(bytes).unwrap();
            match container(&changed) {
                Ok(found) if found.findings.is_empty() => {
                    // The version of the engine is there for people, and the world's digest is
                    // compared with the world that was built.
                    prop_assert_eq!(decoded(&found), values.clone());
                    let same = found.header == header();
                    prop_assert!(same == (changed == savegame) || changed.trim() == savegame.trim());
                }
                Ok(_) | Err(_) => {}
            }
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,200}") {
        let _ = container(&text);
        let _ = container(&format!("// Hostscape savegame\n(\nformat: 1,\n{text}"));
        let _ = container(&format!("hostscape:1:{text}"));
        let digest = Digest::default();
        let start = "// Hostscape savegame\n(\nformat: 1,\nengine: \"1\",\n";
        let _ = container(&format!("{start}digest: \"{digest}\",\nrecords: [\n{text}"));
        let frame = format!("// world, {} bytes, {digest}\nWorld({text}),\n", text.len());
        let _ = container(&format!("{start}digest: \"{digest}\",\nrecords: [\n{frame}{text}],\n)"));
    }

    #[test]
    fn any_bytes_in_the_compact_form_are_read_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        use base64::Engine;
        let body = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&bytes);
        let _ = container(&format!("hostscape:1:1:{}:{body}", Digest::of_bytes(&bytes)));
        let mut packed = lz4_flex::block::compress(&bytes);
        let mut framed = vec![0; 16];
        framed.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
        framed.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
        framed.append(&mut packed);
        let body = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&framed);
        let _ = container(&format!("hostscape:1:1:{}:{body}", Digest::of_bytes(&framed)));
    }
}
