//! Hostile guests: each attack ends in an error the guest sees, or runs for ever,
//! while the machine next door keeps answering and a tick stays bounded.

use std::time::Duration;

use hostscape::base::Ticks;

use crate::support::{Command, Lab};

/// Ticks an attack is given to do its worst.
const SIEGE: u64 = 400;
/// The most computing that a tick may take. Fuel bounds it to a few milliseconds, and to some
/// more where nothing is optimised.
const TICK_MAX: Duration = Duration::from_millis(500);

/// Runs a script on one machine and asks its neighbour how it is, all along.
/// Returns whether the attack still goes on.
fn besiege(script: &str) -> bool {
    let mut lab = Lab::pair();
    let attack = lab.start("attacker", &["sh", "-c", script], "/tmp");
    for round in 0..8 {
        let longest = lab.advance_measured(SIEGE / 8);
        assert!(longest < TICK_MAX, "a tick computed for {longest:?}");
        let question = format!("for i in 1 2 3; do echo {round}$i; done | sort | head -n 1");
        let ran = lab.run("neighbour", &["sh", "-c", &question], 200);
        assert_eq!(ran.status, Some(0), "the neighbour did not answer in round {round}");
        assert_eq!(ran.stdout, format!("{round}1\n").as_bytes());
    }
    lab.runs(&attack)
}

#[test]
fn a_busy_loop_hurts_nobody() {
    assert!(besiege("while :; do :; done"));
}

#[test]
fn a_fork_bomb_stops_at_the_limit() {
    besiege("bomb() { bomb | bomb & }; bomb");
    // As dash does, a shell that cannot fork says so and ends; its outer one starts another.
    assert!(besiege("while :; do sh -c 'bomb() { bomb | bomb & }; while :; do bomb; done'; done"));
    // One that never ends fills the table and no more.
    let mut lab = Lab::pair();
    lab.start("attacker", &["sh", "-c", "while :; do (sleep 1000 &); done"], "/tmp");
    lab.advance(Ticks(SIEGE));
    let attacker = lab.machine("attacker").unwrap();
    let machine = lab.sim.machine(attacker).unwrap();
    let limit = usize::try_from(machine.hardware().processes_max).unwrap();
    let count = machine.processes().count();
    assert!(count > limit / 2 && count <= limit, "{count} processes of {limit}");
}

#[test]
fn endless_output_hurts_nobody() {
    assert!(besiege("yes > /dev/null"));
    assert!(besiege("yes | cat | cat > /dev/null"));
    assert!(besiege("cat /dev/zero > /dev/null"));
}

#[test]
fn endless_processes_hurt_nobody() {
    assert!(besiege("while :; do true | false | true; (exit 1); x=$(echo a); done"));
}

#[test]
fn a_file_of_zeros_fills_only_its_own_disk() {
    assert!(!besiege("cat /dev/zero > /tmp/f"));
    let ran = Command::new(&["sh", "-c", "cat /dev/zero > /root/f; echo $?; echo x > /root/g; echo $?; rm /root/f; echo y > /root/g; cat /root/g"]).ticks(400_000).run();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.ends_with("y\n"), "{text}");
    assert!(text.starts_with("1\n"), "{text}");
    assert!(String::from_utf8(ran.stderr).unwrap().contains("No space left on device"));
}

#[test]
fn endless_recursion_ends_in_an_error_of_the_shell() {
    let ran = Command::new(&["sh", "-c", "f() { f; }; f; echo never"]).ticks(100_000).run();
    assert!(matches!(ran.status, Some(status) if status != 0), "{ran:?}");
    assert!(!ran.stderr.is_empty());
    assert_eq!(ran.stdout, b"");
    // Each level in a process of its own stops at the process limit.
    besiege("f() { x=$(f); }; f");
    besiege("f() { (f); }; f");
}

#[test]
fn deep_nesting_is_a_syntax_error() {
    for (open, close) in [
        ("(", ")"),
        ("{ ", "; }"),
        ("$(", ")"),
        ("\"$(", ")\""),
        ("if ", "; then :; fi"),
        ("$((", "))"),
        ("${x:-", "}"),
    ] {
        let script = format!("{}echo{}", open.repeat(100_000), close.repeat(100_000));
        let ran = Command::new(&["sh", "/tmp/nested"])
            .file("/tmp/nested", script.as_bytes())
            .ticks(100_000)
            .run();
        assert!(ran.status.is_some(), "`{open}` nested 100,000 times never ends");
        assert!(ran.stdout.is_empty(), "{open}");
    }
    let sum = format!("echo $(({}1{}))", "(".repeat(100_000), ")".repeat(100_000));
    let ran =
        Command::new(&["sh", "/tmp/sum"]).file("/tmp/sum", sum.as_bytes()).ticks(100_000).run();
    // Arithmetic is compiled without recursion, so that it may well have an answer.
    let answered = ran.status == Some(0) && ran.stdout == b"1\n";
    assert!(answered || matches!(ran.status, Some(status) if status != 0), "{ran:?}");
}

#[test]
fn a_line_of_ten_megabytes_is_read_or_refused() {
    let mut line = vec![b'a'; 10_000_000];
    line.push(b'\n');
    let ran = Command::new(&["sh", "-c", "read x; echo ${#x}"]).stdin(&line).ticks(400_000).run();
    assert!(ran.status.is_some(), "reading the line never ends");
    let ran = Command::new(&["sh", "-c", "wc -c"]).stdin(&line).ticks(400_000).run();
    assert_eq!(ran.stdout, b"10000001\n");
    let ran = Command::new(&["sort"]).stdin(&line).ticks(400_000).run();
    assert!(ran.status.is_some(), "sorting the line never ends");
    // As a command, the same line is a word too long, or a command not found.
    let ran = Command::new(&["sh"]).stdin(&line).ticks(400_000).run();
    assert!(matches!(ran.status, Some(status) if status != 0), "{:?}", ran.status);
}

#[test]
fn big_values_are_bounded() {
    // Doubled 40 times, this would be a terabyte.
    let script =
        "x=aaaaaaaaaaaaaaaa; i=0; while [ $i -lt 40 ]; do x=$x$x; i=$((i+1)); done; echo ${#x}";
    let ran = Command::new(&["sh", "-c", script]).ticks(400_000).run();
    assert!(matches!(ran.status, Some(status) if status != 0), "{ran:?}");
    assert!(!ran.stderr.is_empty());
}

#[test]
fn memory_is_the_machines_and_no_more() {
    // Each holds a line that it may hold; together they would hold twice what there is.
    let hoard = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do \
                 (head -c 12000000 /dev/zero; sleep 50) | sort >/dev/null & done; wait; echo end";
    let ran = Command::new(&["sh", "-c", hoard]).ticks(100_000).run();
    assert_eq!((ran.status, ran.stdout.as_slice()), (Some(0), b"end\n".as_slice()));
    let refused = String::from_utf8_lossy(&ran.stderr).matches("memory").count();
    assert!((4..12).contains(&refused), "{ran:?}");
}

#[test]
fn a_trap_that_signals_itself_grows_no_stack() {
    let script = "trap 'n=$((n+1)); [ $n -ge 3000 ] || kill -USR1 $$' USR1; n=0; \
                  kill -USR1 $$; echo done $n";
    let ran = Command::new(&["sh", "-c", script]).ticks(100_000).run();
    assert_eq!(
        (ran.status, ran.stdout.as_slice()),
        (Some(0), b"done 3000\n".as_slice()),
        "{ran:?}"
    );
}
