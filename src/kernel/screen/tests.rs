//! What a screen shows and answers, through its public calls.

#![expect(clippy::disallowed_types, reason = "`prop_oneof` puts strategies behind an Arc")]

use expect_test::{Expect, expect};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Color, Screen};

fn check(size: (u16, u16), bytes: impl AsRef<[u8]>, expected: &Expect) {
    let mut screen = Screen::new(size.0, size.1);
    let replies = screen.write(bytes.as_ref()).replies;
    let view = screen.view();
    let mut text = String::new();
    for line in &view.lines {
        text += &format!("|{line}\n");
    }
    text += &format!("cursor {},{}", view.cursor.row, view.cursor.column);
    if !view.cursor.visible {
        text += " hidden";
    }
    if !replies.is_empty() {
        text += &format!("\nreplies {}", replies.escape_ascii());
    }
    expected.assert_eq(&text);
}

#[test]
fn shows_text_that_wraps_and_scrolls() {
    check(
        (5, 3),
        "hello world\r\nab\tc\x07\x7f",
        &expect![[r#"
        | worl
        |d
        |ab  c
        cursor 2,4"#]],
    );
}

#[test]
fn moves_and_erases() {
    check(
        (8, 3),
        "12345678\x1b[2;3HX\x1b[1;4H\x1b[K\x1b[?25l\x1b[3;1Hé\x08\x08",
        &expect![[r#"
        |123
        |  X
        |é
        cursor 2,0 hidden"#]],
    );
}

#[test]
fn replaces_what_is_not_utf8() {
    check(
        (20, 1),
        b"a\xffb\xe6\x97x\xc0\xafy\xf0\x9f\x98",
        &expect![[r#"
        |a�b�x��y
        cursor 0,8"#]],
    );
    let mut screen = Screen::new(10, 1);
    for byte in "日本\u{301}e".bytes() {
        screen.write(&[byte]);
    }
    screen.write(b"\xe6\x97");
    screen.write(b"\xe6\x97");
    screen.write(b"\xa5");
    assert_eq!(screen.view().lines, ["日本e\u{fffd}日"]);
}

#[test]
fn answers_questions_where_they_are_asked() {
    let asked = "ab\x1b[6nc\x1b[5n\x1b[c\x1b[0c\x1b[>c\x1b[?6n\x1b[18t\x1bZ\x1b[x";
    check(
        (10, 2),
        asked,
        &expect![[r#"
        |abc
        |
        cursor 0,3
        replies \x1b[1;3R\x1b[0n\x1b[?1;2c\x1b[?1;2c\x1b[>0;354;0c\x1b[?1;4R\x1b[8;2;10t\x1b[?1;2c\x1b[2;1;1;128;128;1;0x"#]],
    );
    // A cursor that waits to wrap stands on the last column; addresses follow the origin.
    check(
        (3, 9),
        "abc\x1b[6n\x1b[3;5r\x1b[?6h\x1b[2;2H\x1b[6n",
        &expect![[r#"
        |abc
        |
        |
        |
        |
        |
        |
        |
        |
        cursor 3,1
        replies \x1b[1;3R\x1b[2;2R"#]],
    );
    check(
        (3, 1),
        "\x1b[1;1R\x1b[?1;2c\x1b[>0;354;0c\x1b[0n",
        &expect![[r#"
        |
        cursor 0,0"#]],
    );
}

#[test]
fn drops_strings_and_unknown_sequences() {
    let strings =
        "a\x1b]0;title\x07b\x1bPq#1\x1b\\c\x1b^x\x1b\\d\x1b[?5$pe\x1b[>4;1mf\x1b%Gg\x1b=h";
    check(
        (20, 1),
        strings,
        &expect![[r#"
        |abcdefgh
        cursor 0,8"#]],
    );
    check(
        (20, 1),
        format!("\x1b[{}mx\x1b[3\x18y", "1;".repeat(1000)),
        &expect![[r#"
        |xy
        cursor 0,2"#]],
    );
}

#[test]
fn knows_the_alternate_screen_and_line_drawing() {
    check(
        (6, 2),
        "abc\x1b[?1049h\x1b[Hzz\x1b[?1049l\x1b(0q\x1b(Bq",
        &expect![[r#"
        |abc─q
        |
        cursor 0,5"#]],
    );
    check(
        (4, 2),
        "x\x1b#8",
        &expect![[r#"
        |EEEE
        |EEEE
        cursor 0,0"#]],
    );
}

#[test]
fn repeats_only_what_was_just_printed() {
    check(
        (12, 1),
        "ab\x1b[3b\x1b[2b\r\x1b[5b",
        &expect![[r#"
        |abbbbbb
        cursor 0,0"#]],
    );
}

#[test]
fn inserts_and_deletes_lines_between_the_margins_only() {
    check(
        (3, 4),
        "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[L\x1b[4H\x1b[M\x1b[2H\x1b[L",
        &expect![[r#"
        |a
        |
        |b
        |d
        cursor 1,0"#]],
    );
}

#[test]
fn shows_styles() {
    let mut screen = Screen::new(10, 1);
    screen.write(b"a\x1b[1;31mbc\x1b[0m d\x1b[48;2;1;2;3m \x1b[m");
    let view = screen.view();
    let spans: Vec<_> =
        view.spans[0].iter().map(|span| (span.column, span.text.as_str())).collect();
    assert_eq!(spans, [(0, "a"), (1, "bc"), (3, " d"), (5, " ")]);
    assert!(view.spans[0][1].style.bold);
    assert_eq!(view.spans[0][1].style.foreground, Some(Color::Indexed(1)));
    assert_eq!(view.spans[0][3].style.background, Some(Color::Rgb(1, 2, 3)));
}

#[test]
fn sizes_are_clamped_and_lines_flow_anew() {
    assert_eq!(Screen::new(0, 0).size(), (2, 1));
    assert_eq!(Screen::new(u16::MAX, u16::MAX).size(), (1000, 500));
    let mut screen = Screen::new(4, 2);
    screen.write("abcdef\u{1b}[1m".as_bytes());
    screen.resize(6, 2);
    assert_eq!(screen.view().lines, ["abcdef", ""]);
    screen.write(b"x");
    assert!(screen.view().spans.concat().iter().any(|span| span.style.bold));
}

#[test]
fn what_costs_much_is_charged_and_stays_small() {
    for hostile in
        ["\x1b[65535b", "\x1b#8", "\x1b[2J", "\x1bc", "\x1b[?47h\x1b[?47l", "\x1b[99T", "\n"]
    {
        let mut screen = Screen::new(80, 24);
        screen.write(b"x");
        let report = screen.write(hostile.repeat(1000).as_bytes());
        assert!(report.fuel >= 5000, "{hostile:?} costs {}", report.fuel);
        assert!(screen.byte_len() < 20_000, "{hostile:?} leaves {}", screen.byte_len());
    }
    let mut screen = Screen::new(80, 24);
    let report = screen.write("\x1b[6n".repeat(1000).as_bytes());
    assert_eq!(report.replies.len(), 6000);
    assert!(screen.byte_len() < 4096);
}

#[test]
fn a_prompt_costs_what_its_text_costs() {
    let mut screen = Screen::new(80, 24);
    screen.write(b"Hostscape 1.0\r\n\r\nalpha login: ");
    assert!(screen.byte_len() < 64);
    let saved = postcard::to_allocvec(&screen).unwrap();
    assert!(saved.len() < 64, "{}", saved.len());
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        "[ -~\r\n\t]{0,90}".prop_map(String::into_bytes),
        "\u{1b}\\[[?>!]?[0-9;:]{0,12}[@-~]".prop_map(String::into_bytes),
        "\u{1b}\\[(2|5|12)?;?[34]?[A-Hrst]".prop_map(String::into_bytes),
        "\u{1b}\\[\\?(1|6|7|25|1047|1048|1049)[hl]".prop_map(String::into_bytes),
        "\u{1b}[#()]?[ -~]".prop_map(String::into_bytes),
        "[日é\u{301}─😀\u{9b}\u{90}]{0,6}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn it_does_not_matter_how_output_is_cut(
        bytes in output(), cuts in prop::collection::vec(1_usize..9, 1..9), size in (1_u16..30, 1_u16..9),
    ) {
        let mut whole = Screen::new(size.0, size.1);
        let mut cut = whole.clone();
        let mut expected = Vec::new();
        let mut replies = Vec::new();
        let mut fuel = 0;
        let mut rest = &bytes[..];
        for length in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, tail) = rest.split_at((*length).min(rest.len()));
            let report = cut.write(piece);
            replies.extend(report.replies);
            rest = tail;
        }
        for piece in bytes.chunks(1000) {
            let report = whole.write(piece);
            expected.extend(report.replies);
            fuel += report.fuel;
        }
        prop_assert_eq!(whole.view(), cut.view());
        prop_assert_eq!(expected, replies);
        prop_assert!(fuel as usize * 4 >= bytes.len());
    }

    #[test]
    fn a_compacted_screen_goes_on_as_if_it_were_not(before in output(), after in output()) {
        let mut plain = Screen::new(20, 5);
        plain.write(&before);
        let mut compacted = plain.clone();
        let emulator = compacted.emulator();
        compacted.keep(&emulator);
        prop_assert_eq!(plain.view(), compacted.view());
        plain.write(&after);
        compacted.write(&after);
        prop_assert_eq!(plain.view(), compacted.view());
    }

    #[test]
    fn any_saved_script_can_be_drawn(script in any::<String>(), size in any::<(u16, u16)>()) {
        let mut screen = Screen::new(10, 3);
        screen.script = script;
        (screen.columns, screen.rows) = (size.0 % 100, size.1 % 60);
        let _ = screen.view();
        screen.write(b"x\x1b[6n");
    }
}
