//! The command as people and scripts meet it: bytes in, bytes and status out.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

fn hostscape(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostscape"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the command with bytes on standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = hostscape(arguments).spawn().expect("the command was built");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        // A command that reads less than everything is no mistake.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer does not panic");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

/// A folder of its own for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

#[test]
fn exec_hands_bytes_through_and_exits_with_the_status() {
    let script = "while read -r l; do echo \"<$l>\"; done; echo oops >&2; exit 3";
    let output = run(&["exec", "--", "sh", "-c", script], b"a\nb\n");
    assert_eq!(text(&output.stdout), "<a>\n<b>\n");
    assert_eq!(text(&output.stderr), "oops\n");
    assert_eq!(status(&output), 3);
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    assert!(run(&["exec", "--", "cat"], &bytes).stdout == bytes);
}

#[test]
fn exec_tells_how_a_command_ended() {
    assert_eq!(status(&run(&["exec", "true"], b"")), 0);
    assert_eq!(status(&run(&["exec", "--", "false"], b"")), 1);
    let missing = run(&["exec", "--", "no-such-command"], b"");
    assert_eq!(status(&missing), 127);
    assert_eq!(text(&missing.stderr), "hostscape: no-such-command: not found\n");
    assert_eq!(status(&run(&["exec", "--", "/etc/passwd"], b"")), 126);
    assert_eq!(status(&run(&["exec", "--", "sh", "-c", "kill -TERM $$"], b"")), 143);
}

#[test]
fn exec_tells_its_own_trouble_from_the_commands() {
    let own: [&[&str]; 5] = [
        &["exec"],
        &["exec", "--env", "x", "--", "true"],
        &["exec", "--copy-in", "x", "--", "true"],
        &["exec", "--tty", "--size", "x", "--", "true"],
        &["exec", "--size", "80x24", "--", "true"],
    ];
    for arguments in own {
        assert_eq!(status(&run(arguments, b"")), 125, "{arguments:?}");
    }
    assert_eq!(status(&run(&["exec", "--help"], b"")), 0);
    assert_eq!(text(&run(&["exec", "--", ""], b"").stderr), "hostscape: '': not found\n");
    let off = run(&["exec", "--", "sh", "-c", "poweroff -f; sleep 100"], b"");
    assert!(text(&off.stderr).contains("the machine was switched off"), "{off:?}");
}

#[test]
fn bundled_worlds_have_names() {
    for name in ["demo", "two_machines"] {
        let output = run(&["run", name, "--for", "0s", "--digest"], b"");
        assert_eq!(status(&output), 0, "{}", text(&output.stderr));
    }
    assert_eq!(status(&run(&["run", "demo", "--threads", "0"], b"")), 2);
    assert_eq!(status(&run(&["run", "demo", "--digest", "--every", "0s"], b"")), 2);
}

#[cfg(unix)]
#[test]
fn savegames_replace_files_only() {
    let folder = folder("targets");
    let (file, link) = (folder.join("file"), folder.join("link"));
    fs::write(&file, "old").expect("a file can be written");
    std::os::unix::fs::symlink("file", &link).expect("a link can be made");
    let export = |to: &str| run(&["save", "export", "demo", "--compact", "--to", to], b"");
    assert_eq!(status(&export(link.to_str().expect("its name is text"))), 0);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(fs::read(&file).expect("it is there").starts_with(b"hostscape:"));
    // A pipe is written to, not replaced.
    let output = export("/dev/stdout");
    assert_eq!(status(&output), 0, "{}", text(&output.stderr));
    assert!(output.stdout.starts_with(b"hostscape:"));
    let missing = export(folder.join("none/save").to_str().expect("its name is text"));
    assert_eq!(status(&missing), 1);
    assert!(text(&missing.stderr).contains("none/save"));
}

#[cfg(unix)]
#[test]
fn exec_copies_no_sockets() {
    let folder = folder("sockets");
    fs::write(folder.join("a"), "x").expect("a file can be written");
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("s")).expect("it has room");
    let copy = format!("{}:/srv", folder.display());
    let output = run(&["exec", "--copy-in", &copy, "--", "ls", "/srv"], b"");
    assert_eq!(text(&output.stdout), "a\n");
    assert!(text(&output.stderr).contains("left out"), "{}", text(&output.stderr));
}

#[test]
fn exec_closes_the_commands_output_when_nobody_reads() {
    let mut child = hostscape(&["exec", "--", "cat", "/dev/zero"]).spawn().expect("it starts");
    let mut stdout = child.stdout.take().expect("it is piped");
    let mut some = [0; 1000];
    stdout.read_exact(&mut some).expect("it writes");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(status(&output), 128 + 13);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn exec_takes_no_input_that_the_command_does_not_read() {
    // A command that waits for nothing must not wait for standard input to end either.
    let mut child = hostscape(&["exec", "--", "echo", "hi"]).spawn().expect("it starts");
    let stdin = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout), "hi\n");
    drop(stdin);
}

#[test]
fn exec_sets_up_the_machine_as_told() {
    let folder = folder("copied");
    fs::create_dir(folder.join("sub")).expect("a folder can be made");
    fs::write(folder.join("sub/file"), "content\n").expect("a file can be written");
    #[cfg(unix)]
    std::os::unix::fs::symlink("sub/file", folder.join("link")).expect("a link can be made");
    let copy = format!("{}:/srv/data", folder.display());
    let script = "pwd; cat link; echo \"$A\"; echo new > sub/new && cat sub/new; id -un";
    let arguments = [
        "exec",
        "--copy-in",
        &copy,
        "--cwd",
        "/srv/data",
        "--env",
        "A=b c",
        "--user",
        "user",
        "--",
        "sh",
        "-c",
        script,
    ];
    let output = run(&arguments, b"");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "/srv/data\ncontent\nb c\nnew\nuser\n");
    assert!(!folder.join("sub/new").exists(), "the real folder is left alone");
}

#[test]
fn exec_explains_wrong_options() {
    for (arguments, expected) in [
        (&["exec", "--os", "plan9", "--", "true"][..], "one of: base, desktop, router"),
        (&["exec", "--user", "nobody2", "--", "true"], "one of: root"),
        (&["exec", "--cwd", "/nowhere", "--", "true"], "No such file or directory"),
        (&["exec", "--copy-in", "/no/such:/x", "--", "true"], "/no/such"),
        (&["exec", "--copy-in", "x", "--", "true"], "HOSTPATH:/guest/path"),
        (&["exec", "--env", "A", "--", "true"], "NAME=VALUE"),
        (&["exec"], "CMD"),
    ] {
        let output = run(arguments, b"");
        assert_ne!(status(&output), 0, "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn exec_on_a_terminal_echoes_and_edits() {
    let output = run(&["exec", "--tty", "--size", "40x10", "--", "cat"], b"ab\x7fc\n");
    assert_eq!(text(&output.stdout), "ab\u{8} \u{8}c\r\nac\r\n");
    assert_eq!(status(&output), 0);
    let output = run(&["exec", "--tty", "--", "cat"], b"abc\x03");
    assert_eq!(status(&output), 130);
    assert!(text(&output.stdout).ends_with("^C"));
}

#[test]
fn term_shows_what_a_terminal_shows() {
    let output = run(&["term", "--size", "10x3"], b"a\x1b[2;3Hb");
    assert_eq!(text(&output.stdout), "a\n  b\n\n");
    let asked = b"\"\\\x1b[6n\xff\x1b[3;10Hx";
    let output = run(&["term", "--json", "--size", "10x3"], asked);
    assert_eq!(
        text(&output.stdout),
        "{\"cursor\":[2,9],\"lines\":[\"\\\"\\\\\u{fffd}\",\"\",\"         x\"],\"reply\":\"1b5b313b3352\"}\n"
    );
    let output = run(&["term", "--size", "0x3"], b"");
    assert_eq!(status(&output), 2);
    assert!(text(&output.stderr).contains("such as 80x24"));
}

#[test]
fn term_bears_hostile_bytes() {
    let mut random = 1_u64;
    let mut bytes = Vec::new();
    for _ in 0..60_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        match random >> 60 {
            0 => bytes.extend_from_slice(b"\x1b[65535b"),
            1 => bytes.extend_from_slice(b"\x1b#8"),
            2 => bytes.extend_from_slice(b"\x1b["),
            _ => bytes.extend_from_slice(&random.to_le_bytes()[4..]),
        }
    }
    let output = run(&["term", "--json", "--size", "80x24"], &bytes);
    assert_eq!(status(&output), 0);
    assert!(text(&output.stdout).starts_with("{\"cursor\":["));
}

#[test]
fn savegames_go_to_and_fro() {
    let folder = folder("saves");
    let path = |name: &str| folder.join(name).display().to_string();
    let export = run(&["save", "export", "--at", "500ms", "--to", &path("a.save")], b"");
    assert_eq!(text(&export.stderr), "");
    let compact = run(&["save", "export", "--at", "500ms", "--compact"], b"").stdout;
    assert_eq!(text(&compact).lines().count(), 1);
    let readable = fs::read(folder.join("a.save")).expect("it was written");
    assert!(run(&["save", "convert"], &compact).stdout == readable);
    assert!(run(&["save", "convert", &path("a.save")], b"").stdout == compact);
    assert_eq!(status(&run(&["save", "check"], &compact)), 0);
    assert!(text(&run(&["save", "inspect"], &compact).stdout).contains("desktop"));
    assert_eq!(status(&run(&["save", "diff", &path("a.save"), &path("a.save")], b"")), 0);
    run(&["save", "export", "--at", "600ms", "--to", &path("b.save")], b"");
    let diff = run(&["save", "diff", &path("a.save"), &path("b.save")], b"");
    assert_eq!(status(&diff), 1);
    assert!(text(&diff.stdout).contains(" -> "));

    let mut damaged = compact.clone();
    let middle = damaged.len() / 2;
    damaged[middle] = if damaged[middle] == b'A' { b'B' } else { b'A' };
    let check = run(&["save", "check"], &damaged);
    assert_eq!(status(&check), 1);
    assert!(text(&check.stderr).contains("damaged"), "{}", text(&check.stderr));
    assert!(text(&run(&["save", "check"], b"hello").stderr).contains("not a Hostscape savegame"));
}

#[test]
fn the_same_world_gives_the_same_digests() {
    let folder = folder("digests");
    let save = folder.join("demo.save").display().to_string();
    assert_eq!(status(&run(&["save", "export", "--at", "1s", "--to", &save], b"")), 0);
    let chain = |threads: &str| {
        let arguments = ["run", &save, "--for", "300ms", "--digest", "--threads", threads];
        let output = run(&arguments, b"");
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout)
    };
    let one = chain("1");
    assert_eq!(one.lines().count(), 4);
    assert!(one.starts_with("1000 "));
    assert_eq!(chain("3"), one);
}

#[test]
fn run_prints_what_terminals_received() {
    let folder = folder("run");
    let world = folder.join("one.world.ron");
    fs::write(&world, "(name: \"one\", machines: [(name: \"alpha\", variant: \"desktop\")])")
        .expect("a file can be written");
    let input = folder.join("input");
    fs::write(&input, "5s alpha type tty1 \"user\\n\"\n").expect("a file can be written");
    let world = world.display().to_string();
    let input = input.display().to_string();
    let output = run(&["run", &world, "--for", "6s", "--input", &input], b"");
    assert_eq!(text(&output.stderr), "");
    let transcript = text(&output.stdout);
    assert!(transcript.starts_with("=== alpha tty1 ===\n"), "{transcript}");
    assert!(transcript.contains("login: user\n"), "{transcript}");

    fs::write(folder.join("input"), "5s beta power off\n").expect("a file can be written");
    let output = run(&["run", &world, "--input", &input], b"");
    assert_eq!(status(&output), 1);
    assert!(text(&output.stderr).contains("input:1: there is no machine \"beta\""));
}

#[test]
fn check_names_places_and_remedies() {
    let folder = folder("check");
    let world = folder.join("bad.world.ron");
    fs::write(&world, "(\n  machines: [(name: \"a\", variant: \"plan9\")],\n)\n")
        .expect("a file can be written");
    let world = world.display().to_string();
    let output = run(&["check", &world], b"");
    assert_eq!(status(&output), 1);
    let found = text(&output.stdout);
    assert!(found.contains("bad.world.ron:2:"), "{found}");
    assert!(found.contains("plan9"), "{found}");
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/worlds/demo.world.ron");
    let desktop = concat!(env!("CARGO_MANIFEST_DIR"), "/../../os-variants/desktop");
    let output = run(&["check", demo, desktop], b"");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(status(&output), 0);
    let output = run(&["check", "/no/such/file"], b"");
    assert_eq!(status(&output), 1);
}

#[test]
fn map_draws_the_demo() {
    let output = text(&run(&["map"], b"").stdout);
    assert!(output.contains("desktop"), "{output}");
    assert!(text(&run(&["map", "--dot"], b"").stdout).starts_with("graph network {"));
    assert!(text(&run(&["map", "--svg"], b"").stdout).starts_with("<svg "));
}

#[test]
fn play_needs_a_terminal() {
    let output = run(&[], b"");
    assert_eq!(status(&output), 1);
    assert!(text(&output.stderr).contains("play needs a terminal"));
}
