//! Tests of the whole shell on a bare machine, which saves and loads it after every instruction.
//!
//! What scripts print here was compared with what dash prints.

use expect_test::{Expect, expect};
use proptest::prelude::{any, prop, proptest};

use crate::testing::Guest;

/// Runs a script and shows what it printed and its status.
fn run(script: &str) -> String {
    run_with(script, "")
}

fn run_with(script: &str, stdin: &str) -> String {
    Guest::new().file("/tmp/script", script).run("sh /tmp/script one 'two words'", stdin)
}

fn check(script: &str, expected: Expect) {
    expected.assert_eq(&run(script));
}

#[test]
fn words_are_expanded() {
    check(
        "a='x  y' b=; set -- $a \"$a\" $b \"$b\" ${b:-d e} ${a#x}; for w; do echo \"<$w>\"; done\n\
         echo $(echo $(echo deep) \"`echo b q`\") $((2 + 3 * 4)) ${#a} ${a%  *} \"${u=set}$u\"\n\
         IFS=:; p=a::b:; set -- $p; echo $#; IFS=' '; cd /bin; echo e*o [c]at nosuch*\n",
        expect![[r#"
            <x>
            <y>
            <x  y>
            <>
            <d>
            <e>
            <y>
            deep b q 14 4 x setset
            3
            echo cat nosuch*
            [exit 0]
        "#]],
    );
}

#[test]
fn parameters_of_a_script() {
    check(
        "echo $0 $# \"$1\" \"$2\"; shift; echo $# \"$*\"; f() { echo $# \"$@\"; return 4; }; f a 'b c'; echo $?\n",
        expect![[r#"
            /tmp/script 2 one two words
            1 two words
            2 a b c
            4
            [exit 0]
        "#]],
    );
}

#[test]
fn loops_and_conditions() {
    check(
        "i=0; while :; do i=$((i + 1)); [ $i = 2 ] && continue; [ $i -gt 4 ] && break; echo $i; done\n\
         for a in 1 2; do for b in x y; do [ $b = y ] && continue 2; echo $a$b; done; done\n\
         until [ $i -lt 3 ]; do i=$((i - 1)); done; echo $i\n\
         case $i in 1 | [3-9]) echo no;; ?) echo \"one $i\";; esac\n\
         if false; then echo a; elif true; then echo b; else echo c; fi; ! true; echo $?\n",
        expect![[r#"
            1
            3
            4
            1x
            2x
            2
            one 2
            b
            1
            [exit 0]
        "#]],
    );
}

#[test]
fn pipelines_and_subshells() {
    check(
        "echo a b | cat | { read x y; echo \"$y $x\"; }\n\
         x=1; (x=2; echo $x; exit 3); echo $? $x\n\
         false | true; echo $?; ! false | false; echo $?\n\
         { echo out; echo err >&2; } 2>&1 | cat\n\
         x=$(exit 5); echo $?; sleep 0 & wait $!; echo $?\n",
        expect![[r#"
            b a
            2
            3 1
            0
            0
            out
            err
            5
            0
            [exit 0]
        "#]],
    );
}

#[test]
fn redirections() {
    check(
        "cd /tmp; echo one >f; echo two >>f; cat <f; read a <f; echo $a\n\
         cat <<E; cat <<'E'\nbody $a $(echo sub)\nE\nraw $a\nE\n\
         { echo x; echo y >&3; } 3>g >f; cat g f; echo lost >&4; echo $?; cat <nosuch; echo $?\n\
         exec 5<f; read b <&5; echo $b; exec 5<&-; set -C; echo z >f; echo $?\n",
        expect![[r#"
            one
            two
            one
            body one sub
            raw $a
            y
            x
            2
            2
            x
            2
            [stderr]
            /tmp/script: 7: 4: Bad file descriptor
            /tmp/script: 7: cannot open nosuch: No such file
            /tmp/script: 8: cannot create f: File exists
            [exit 0]
        "#]],
    );
}

#[test]
fn errors_end_what_they_must() {
    check(
        "nosuch; echo $?; /tmp; echo $?; (exit 7); echo $?",
        expect![[r#"
        127
        126
        7
        [stderr]
        /tmp/script: 1: nosuch: not found
        /tmp/script: 1: /tmp: Permission denied
        [exit 0]
    "#]],
    );
    check(
        "set -e; if false; then :; fi; false || true; ! true; echo on; false; echo off",
        expect![[r#"
        on
        [exit 1]
    "#]],
    );
    check(
        "set -u; echo ${x-ok}; echo $x; echo no",
        expect![[r#"
        ok
        [stderr]
        /tmp/script: 1: x: parameter not set
        [exit 2]
    "#]],
    );
    check(
        "readonly r=1; (r=2; echo no); echo $?; echo $((1 / 0)); echo no",
        expect![[r#"
        2
        [stderr]
        /tmp/script: 1: r: is read only
        /tmp/script: 1: arithmetic expression: division by zero: "1 / 0"
        [exit 2]
    "#]],
    );
    check(
        "echo a\nif; then\n",
        expect![[r#"
        a
        [stderr]
        /tmp/script: 2: Syntax error: ";" unexpected
        [exit 2]
    "#]],
    );
}

#[test]
fn builtins() {
    check(
        "while getopts ab:c o -a -bx -c -d 2>/dev/null; do echo \"$o $OPTARG\"; done\n\
         printf '%s|%5d|%-3s|%x\\n' a 12 b 255 c 1; printf '%b' 'x\\ty\\n'; echo 'a\\tb'\n\
         f() { local v=in; echo $v; }; v=out; f; echo $v; v=tmp f; echo $v\n\
         eval 'echo $v' \"; echo two\"; type cd nosuch; command -v echo; umask 027; umask\n\
         trap 'echo bye' EXIT; alias hi='echo hi'\nhi there; cd /bin; pwd; cd - >/dev/null; exit 3\n",
        expect![[r#"
            a 
            b x
            c 
            ? 
            a|   12|b  |ff
            c|    1|   |0
            x	y
            a	b
            in
            out
            in
            out
            out
            two
            cd is a shell builtin
            nosuch: not found
            echo
            0027
            hi there
            /bin
            bye
            [exit 3]
        "#]],
    );
}

#[test]
fn signals_are_trapped() {
    check(
        "trap 'echo got' USR1; kill -USR1 $$; echo after; sleep 10 & kill $!; wait $!; echo $?\n\
         sh -c 'kill -TERM $$; echo never'; echo $?; sh -c 'kill -KILL $$; echo never'; echo $?\n",
        expect![[r#"
            got
            after
            143
            143
            137
            [stderr]
            Terminated
            Terminated
            Killed
            [exit 0]
        "#]],
    );
}

#[test]
fn standard_input_is_shared_with_commands() {
    let shown = Guest::new().run("sh", "read a\nfirst\necho \"got $a\"\ncat\nthe rest\nof it\n");
    expect![[r#"
        got first
        the rest
        of it
        [exit 0]
    "#]]
    .assert_eq(&shown);
}

#[test]
fn runaways_end_in_errors() {
    check(
        "f() { f; }; f; echo no",
        expect![[r#"
        [stderr]
        /tmp/script: 1: Maximum function recursion depth (1000) reached
        [exit 2]
    "#]],
    );
    let deep = "(".repeat(100_000);
    expect![[r#"
        [stderr]
        /tmp/script: 1: Syntax error: nesting too deep
        [exit 2]
    "#]]
    .assert_eq(&run(&deep));
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]

    #[test]
    fn nonsense_ends(tokens in prop::collection::vec(prop::sample::select(vec![
        "echo", "$x", "\"$(echo a)\"", "x=1", "|", "&&", "||", ";", "&", "(", ")", "{", "}", ">f",
        "<f", "2>&1", "if", "then", "fi", "for i in a b; do", "done", "case a in", "a)", ";;",
        "esac", "f()", "f", "!", "\n", "read y", "set -e", "exit", "return", "break", "eval",
        "${x:-$y}", "$((x + 1))", "*", "trap 'echo t' EXIT", "cat", ":", "shift", "unset x",
    ]), 0..14)) {
        let script = tokens.join(" ");
        assert!(run(&script).contains("[exit "), "{script}");
    }

    #[test]
    fn bytes_end(script in prop::collection::vec(any::<u8>(), 0..30)) {
        let mut guest = Guest::new();
        let shown = guest.run_bytes("sh", &script);
        assert!(shown.contains("[exit "), "{shown}");
    }
}
