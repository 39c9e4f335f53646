//! The line discipline through the public calls of a terminal. Expectations were taken from a
//! pseudo terminal of Linux 6.18 that was given the same keys.

#![expect(clippy::disallowed_types, reason = "`prop_oneof` puts strategies behind an Arc")]

use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::termios::{VEOL, VMIN, VTIME};
use super::{Effects, InputFlags, LocalFlags, OutputFlags, Termios, Tty, TtyRead, TtySignal};
use crate::base::Ticks;

fn attached() -> Tty {
    let mut tty = Tty::new(80, 24);
    tty.attach();
    tty
}

fn shown(tty: &mut Tty) -> String {
    let mut out = Vec::new();
    tty.take_output(&mut out, usize::MAX);
    out.escape_ascii().to_string()
}

fn typed(tty: &mut Tty, keys: &[u8]) -> String {
    let effects = tty.input(keys);
    assert_eq!(effects.accepted, keys.len());
    shown(tty)
}

fn read(tty: &mut Tty, max: usize) -> Result<String, TtyRead> {
    let mut out = Vec::new();
    match tty.read(&mut out, max) {
        TtyRead::Data(count) => {
            assert_eq!(count, out.len());
            Ok(out.escape_ascii().to_string())
        }
        other => Err(other),
    }
}

fn with(change: impl FnOnce(&mut Termios)) -> Tty {
    let mut tty = attached();
    let mut termios = *tty.termios();
    change(&mut termios);
    tty.set_termios(termios);
    tty
}

#[test]
fn a_line_is_read_when_it_is_complete() {
    let mut tty = attached();
    assert_eq!(typed(&mut tty, b"ab"), "ab");
    assert!(!tty.readable());
    assert_eq!(read(&mut tty, 10), Err(TtyRead::WouldBlock));
    assert_eq!(typed(&mut tty, b"\rcd\n"), r"\r\ncd\r\n");
    assert_eq!(read(&mut tty, 2), Ok("ab".into()));
    assert_eq!(read(&mut tty, 10), Ok(r"\n".into()));
    assert_eq!(read(&mut tty, 10), Ok(r"cd\n".into()));
    assert!(!tty.readable());
}

#[test]
fn erasing_takes_whole_characters_words_and_lines() {
    let mut tty = attached();
    assert_eq!(typed(&mut tty, b"a\x7f\x7f"), r"a\x08 \x08");
    assert_eq!(typed(&mut tty, "é\u{7f}".as_bytes()), r"\xc3\xa9\x08 \x08");
    assert_eq!(typed(&mut tty, b"\x01\x7f"), r"^A\x08 \x08\x08 \x08");
    assert_eq!(typed(&mut tty, b"one two\x17"), r"one two\x08 \x08\x08 \x08\x08 \x08");
    assert_eq!(typed(&mut tty, b"\x15x\n").replace(r"\x08 \x08", "<"), r"<<<<x\r\n");
    assert_eq!(read(&mut tty, 10), Ok(r"x\n".into()));
}

#[test]
fn erasing_a_tab_moves_back_to_where_it_began() {
    let mut tty = attached();
    let _ = tty.write(b"$ ");
    shown(&mut tty);
    assert_eq!(typed(&mut tty, b"ab\t\x7f"), r"ab\t\x08\x08\x08\x08");
}

#[test]
fn erasing_without_a_screen_is_printed() {
    let mut tty = with(|modes| modes.local |= LocalFlags::ECHOPRT);
    assert_eq!(typed(&mut tty, b"abc\x7f\x7fx"), r"abc\\cb/x");
    let mut tty = with(|modes| modes.local -= LocalFlags::ECHOKE);
    assert_eq!(typed(&mut tty, b"abc\x15x\n"), r"abc^U\r\nx\r\n");
    assert_eq!(read(&mut tty, 10), Ok(r"x\n".into()));
}

#[test]
fn signal_characters_flush_what_was_typed() {
    let mut tty = attached();
    typed(&mut tty, b"half");
    let effects = tty.input(b"\x03");
    assert_eq!(effects.signals, [TtySignal::Interrupt]);
    assert_eq!(shown(&mut tty), "^C");
    assert_eq!(tty.input(b"\x1c\x1a").signals, [TtySignal::Quit, TtySignal::Suspend]);
    typed(&mut tty, b"new\n");
    assert_eq!(read(&mut tty, 10), Ok(r"new\n".into()));

    let mut tty = with(|modes| modes.local |= LocalFlags::NOFLSH);
    assert_eq!(typed(&mut tty, b"a\x03b\n"), r"a^Cb\r\n");
    assert_eq!(read(&mut tty, 10), Ok(r"ab\n".into()));
}

#[test]
fn a_literal_character_loses_its_meaning() {
    let mut tty = attached();
    assert_eq!(typed(&mut tty, b"\x16\x03\n"), r"^\x08^C\r\n");
    assert_eq!(read(&mut tty, 10), Ok(r"\x03\n".into()));
}

#[test]
fn reprinting_shows_the_line_anew() {
    let mut tty = attached();
    assert_eq!(typed(&mut tty, b"ab\x12"), r"ab^R\r\nab");
}

#[test]
fn end_of_file_ends_one_read() {
    let mut tty = attached();
    assert_eq!(typed(&mut tty, b"\x04\x04ab\x04"), "ab");
    assert_eq!(read(&mut tty, 10), Err(TtyRead::Eof));
    assert_eq!(read(&mut tty, 10), Err(TtyRead::Eof));
    assert_eq!(read(&mut tty, 10), Ok("ab".into()));
    assert_eq!(read(&mut tty, 10), Err(TtyRead::WouldBlock));
    // Behind a read that was filled exactly it does not count again.
    typed(&mut tty, b"abc\x04");
    assert_eq!(read(&mut tty, 3), Ok("abc".into()));
    assert_eq!(read(&mut tty, 3), Err(TtyRead::WouldBlock));
}

#[test]
fn a_further_end_of_line_is_part_of_the_line() {
    let mut tty = with(|modes| modes.control[VEOL] = b';');
    assert_eq!(typed(&mut tty, b"a;b"), "a;b");
    assert_eq!(read(&mut tty, 10), Ok("a;".into()));
}

#[test]
fn an_endless_line_keeps_its_last_byte_free() {
    let mut tty = Tty::new(80, 24);
    let effects = tty.input(&[b'x'; 5000]);
    assert_eq!(effects.accepted, 5000);
    let _ = tty.input(b"\n");
    let mut out = Vec::new();
    assert_eq!(tty.read(&mut out, 10_000), TtyRead::Data(4096));
    assert!(out.ends_with(b"xx\n"));
}

#[test]
fn a_full_queue_accepts_no_more() {
    let mut tty = with(|modes| *modes = modes.raw());
    let effects = tty.input(&[b'x'; 5000]);
    assert_eq!(effects.accepted, 4095);
    assert_eq!(tty.input_room(), 0);
    assert_eq!(read(&mut tty, 2), Ok("xx".into()));
    assert_eq!(tty.input_room(), 2);
}

#[test]
fn raw_readers_wait_for_the_minimum() {
    let mut tty = with(|modes| {
        *modes = modes.raw();
        modes.control[VMIN] = 3;
    });
    assert_eq!(typed(&mut tty, b"\x03\r"), "");
    assert!(!tty.readable());
    assert_eq!(read(&mut tty, 10), Err(TtyRead::WouldBlock));
    assert_eq!(tty.timeout(), None);
    assert_eq!(read(&mut tty, 2), Ok(r"\x03\r".into()));
    typed(&mut tty, b"abcd");
    assert_eq!(read(&mut tty, 10), Ok("abcd".into()));
}

#[test]
fn raw_readers_wait_for_a_time() {
    let mut tty = with(|modes| {
        *modes = modes.raw();
        modes.control[VMIN] = 0;
    });
    assert_eq!(read(&mut tty, 10), Ok(String::new()));
    let mut modes = *tty.termios();
    modes.control[VTIME] = 5;
    tty.set_termios(modes);
    assert_eq!(read(&mut tty, 10), Err(TtyRead::WouldBlock));
    assert_eq!(tty.timeout(), Some(Ticks::from_millis(500)));
    assert_eq!(tty.read_now(&mut Vec::new(), 10), 0);
    modes.control[VMIN] = 2;
    tty.set_termios(modes);
    assert_eq!(tty.timeout(), None);
    typed(&mut tty, b"a");
    assert_eq!(tty.timeout(), Some(Ticks::from_millis(500)));
    assert_eq!(tty.read_now(&mut Vec::new(), 10), 1);
}

#[test]
fn changing_the_mode_keeps_what_was_typed() {
    let mut tty = attached();
    let cooked = *tty.termios();
    typed(&mut tty, b"ab");
    tty.set_termios(cooked.raw());
    assert_eq!(read(&mut tty, 1), Ok("a".into()));
    typed(&mut tty, b"c");
    tty.set_termios(cooked);
    assert_eq!(read(&mut tty, 10), Ok("bc".into()));
    assert_eq!(read(&mut tty, 10), Err(TtyRead::WouldBlock));
}

#[test]
fn output_can_be_stopped_and_restarted() {
    let mut tty = attached();
    typed(&mut tty, b"\x13");
    assert!(!tty.writable());
    assert_eq!(tty.write(b"x"), Effects::default());
    assert_eq!(typed(&mut tty, b"ab"), "");
    assert_eq!(typed(&mut tty, b"\x11"), "ab");
    assert_eq!(tty.write(b"x").accepted, 1);
    assert_eq!(shown(&mut tty), "x");
}

#[test]
fn output_is_processed() {
    let mut tty = attached();
    let _ = tty.write(b"a\nb\rc\td");
    assert_eq!(shown(&mut tty), r"a\r\nb\rc\td");
    let mut modes = *tty.termios();
    modes.output |= OutputFlags::XTABS | OutputFlags::ONOCR | OutputFlags::OLCUC;
    tty.set_termios(modes);
    let _ = tty.write(b"\n\rab\tc");
    assert_eq!(shown(&mut tty), r"\r\nAB      C");
    modes.output = OutputFlags::empty();
    tty.set_termios(modes);
    let _ = tty.write(b"a\n");
    assert_eq!(shown(&mut tty), r"a\n");
}

#[test]
fn an_attached_reader_that_lags_makes_writers_wait() {
    let mut tty = attached();
    let lines = [b'\n'; 40_000];
    assert_eq!(tty.write(&lines).accepted, 32_768);
    assert!(!tty.writable());
    assert_eq!(tty.write(&lines).accepted, 0);
    let mut out = Vec::new();
    assert_eq!(tty.take_output(&mut out, 100), 100);
    assert!(tty.writable());
    assert_eq!(tty.write(&lines).accepted, 50);
    tty.detach();
    assert_eq!(tty.write(&lines).accepted, 40_000);
}

#[test]
fn an_onlooker_is_not_noticed() {
    let mut tty = Tty::new(80, 24);
    let mut watched = tty.clone();
    watched.record(true);
    for tty in [&mut tty, &mut watched] {
        let _ = tty.write(b"a\n\x1b[6n");
        let _ = tty.input(b"b");
    }
    assert_eq!(watched.take_record(), b"a\r\n\x1b[6n^[[2;1Rb");
    assert_eq!(watched.take_record(), b"");
    watched.record(false);
    assert_eq!(watched, tty);
    assert_eq!(tty.take_record(), b"");
}

#[test]
fn a_question_to_the_screen_is_answered_as_if_typed() {
    let mut tty = Tty::new(80, 24);
    tty.set_termios(tty.termios().raw());
    let _ = tty.write(b"abc\x1b[6n\x1b[5n");
    assert_eq!(read(&mut tty, 100), Ok(r"\x1b[1;4R\x1b[0n".into()));
    // Somebody else's terminal answers for itself.
    let mut tty = attached();
    let _ = tty.write(b"\x1b[6n");
    assert_eq!(tty.input_len(), 0);
}

#[test]
fn echoed_answers_raise_no_questions() {
    let mut tty = Tty::new(80, 24);
    let mut modes = *tty.termios();
    modes.local -= LocalFlags::ECHOCTL;
    tty.set_termios(modes);
    let _ = tty.write(b"\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[x\x1b[18t\x1bZ\x1b[?6n");
    assert!(!tty.readable());
    let _ = tty.input(b"\n");
    let mut out = Vec::new();
    tty.read(&mut out, 1000);
    assert_eq!(out.iter().filter(|byte| **byte == 0x1b).count(), 8);
}

#[test]
fn a_new_size_is_told_once() {
    let mut tty = Tty::new(80, 24);
    assert_eq!(tty.resize(100, 30).signals, [TtySignal::WindowChange]);
    assert_eq!(tty.resize(100, 30).signals, []);
    assert_eq!(tty.screen().size(), (100, 30));
    assert_eq!(tty.set_size(0, 0).signals, [TtySignal::WindowChange]);
    assert_eq!(tty.screen().size(), (100, 30));
}

#[derive(Clone, Debug)]
enum Act {
    Type(Vec<u8>),
    Write(Vec<u8>),
    Read(usize),
    Modes(u32, u32, u32, u8, u8),
    Resize(u16, u16),
    Attach(bool),
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        4 => any::<u8>(),
        4 => prop::sample::select(b"\n\r\x03\x04\x7f\x15\x17\x16\x12\x13\x11\t ab;\x1b[".to_vec()),
    ];
    prop::collection::vec(key, 0..80)
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        "[ -~]{0,90}\n?".prop_map(String::into_bytes),
        "\u{1b}\\[[?>]?[0-9;:]{0,12}[@-~]".prop_map(String::into_bytes),
        "\u{1b}[#()]?[ -~]".prop_map(String::into_bytes),
        "\\PC{0,6}".prop_map(String::into_bytes),
        Just(b"\x1b[65535b".to_vec()),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => keys().prop_map(Act::Type),
        3 => output().prop_map(Act::Write),
        2 => (0_usize..100).prop_map(Act::Read),
        1 => (0_u32..0o100_000, 0_u32..0o20_000, any::<u32>(), 0_u8..5, 0_u8..3)
            .prop_map(|(i, o, l, min, time)| Act::Modes(i, o, l, min, time)),
        1 => (0_u16..120, 0_u16..40).prop_map(|(columns, rows)| Act::Resize(columns, rows)),
        1 => any::<bool>().prop_map(Act::Attach),
    ];
    prop::collection::vec(act, 0..20)
}

fn act(tty: &mut Tty, act: &Act, log: &mut Vec<u8>) {
    let effects = match act {
        Act::Type(bytes) => tty.input(bytes),
        Act::Write(bytes) => tty.write(bytes),
        Act::Read(max) => {
            let outcome = tty.read(log, *max);
            log.extend(format!("{outcome:?}").bytes());
            Effects::default()
        }
        Act::Modes(input, output, local, min, time) => {
            let mut modes = *tty.termios();
            modes.input = InputFlags::from_bits_truncate(*input);
            modes.output = OutputFlags::from_bits_truncate(*output);
            modes.local = LocalFlags::from_bits_truncate(*local);
            modes.control[VMIN] = *min;
            modes.control[VTIME] = *time;
            tty.set_termios(modes);
            Effects::default()
        }
        Act::Resize(columns, rows) => tty.resize(*columns, *rows),
        Act::Attach(true) => {
            tty.attach();
            Effects::default()
        }
        Act::Attach(false) => {
            tty.detach();
            Effects::default()
        }
    };
    tty.take_output(log, 1000);
    log.extend(format!("{effects:?}{:?}", tty.screen().view().cursor).bytes());
}

proptest! {
    #[test]
    fn saving_and_loading_changes_nothing(acts in acts(), at in 0_usize..20) {
        let (before, after) = acts.split_at(at.min(acts.len()));
        let mut tty = Tty::new(20, 5);
        let mut log = Vec::new();
        before.iter().for_each(|step| act(&mut tty, step, &mut log));
        let binary = postcard::to_allocvec(&tty).expect("a tty can be written");
        let text = ron::to_string(&tty).expect("a tty can be written");
        let mut loaded: Vec<Tty> = vec![
            postcard::from_bytes(&binary).expect("what was written can be read"),
            ron::from_str(&text).expect("what was written can be read"),
        ];
        let mut expected = Vec::new();
        after.iter().for_each(|step| act(&mut tty, step, &mut expected));
        for loaded in &mut loaded {
            let mut log = Vec::new();
            after.iter().for_each(|step| act(loaded, step, &mut log));
            prop_assert_eq!(&log, &expected);
            prop_assert_eq!(&*loaded, &tty);
            prop_assert_eq!(loaded.screen().view(), tty.screen().view());
        }
    }
}
