//! Tests of the parser: what source becomes, and what is refused.

use expect_test::{Expect, expect};
use proptest::prelude::{any, prop, proptest};

use super::super::code::{Joint, Node, Op, Param, Shape, Span, Unit};
use super::{Aliases, Parsed, Parser};

fn word(unit: &Unit, word: u32) -> String {
    let text = |span: Span| String::from_utf8_lossy(unit.text(span)).into_owned();
    let name = |param: Param| match param {
        Param::Variable(name) => unit.names[name as usize].to_string(),
        other => format!("{other:?}"),
    };
    match unit.words[word as usize].shape {
        Shape::Constant(span) => format!("'{}'", text(span)),
        Shape::Ops(ops) => {
            let shown: Vec<String> = unit.ops[ops.range()]
                .iter()
                .map(|op| match *op {
                    Op::Text(span) => format!("'{}'", text(span)),
                    Op::Pattern(span) => format!("pattern {}", text(span)),
                    Op::Loose(span) => format!("loose '{}'", text(span)),
                    Op::Tilde(span) => format!("~{}", text(span)),
                    Op::Param { param, quoted } => {
                        format!("{}{}", name(param), if quoted { " quoted" } else { "" })
                    }
                    Op::Command { node: id, .. } => format!("$({})", node(unit, id)),
                    Op::Arith { text: span, .. } => format!("$(({}))", text(span)),
                    other => format!("{other:?}"),
                })
                .collect();
            format!("[{}]", shown.join(", "))
        }
    }
}

fn words(unit: &Unit, links: Span) -> String {
    unit.links[links.range()].iter().map(|id| word(unit, *id)).collect::<Vec<_>>().join(" ")
}

fn node(unit: &Unit, id: u32) -> String {
    let nodes =
        |span: Span| unit.links[span.range()].iter().map(|id| node(unit, *id)).collect::<Vec<_>>();
    match unit.nodes[id as usize] {
        Node::Empty => "nothing".into(),
        Node::Simple(simple) => {
            let mut shown: Vec<String> = unit.assignments[simple.assignments.range()]
                .iter()
                .map(|a| format!("{}={}", unit.names[a.name as usize], word(unit, a.word)))
                .collect();
            shown.push(words(unit, simple.words));
            shown.extend(
                unit.redirections[simple.redirections.range()]
                    .iter()
                    .map(|r| format!("{}{:?}{}", r.fd, r.kind, word(unit, r.word))),
            );
            shown.retain(|part| !part.is_empty());
            shown.join(" ")
        }
        Node::Pipeline { stages, negated } => {
            format!("{}<{}>", if negated { "!" } else { "" }, nodes(stages).join(" | "))
        }
        Node::AndOr(steps) | Node::List(steps) => {
            let shown: Vec<String> = unit.steps[steps.range()]
                .iter()
                .map(|step| {
                    let joint = match step.joint {
                        Joint::Then => ";",
                        Joint::Background => "&",
                        Joint::And => "and",
                        Joint::Or => "or",
                    };
                    format!("{joint} {}", node(unit, step.node))
                })
                .collect();
            format!("<{}>", shown.join(" "))
        }
        Node::Subshell(body) => format!("({})", node(unit, body)),
        Node::If { arms, otherwise } => {
            format!("if {:?} else {:?}", nodes(arms), otherwise.map(|id| node(unit, id)))
        }
        Node::Loop { until, condition, body } => {
            format!("loop until={until} {} do {}", node(unit, condition), node(unit, body))
        }
        Node::For { name, words: list, body, .. } => format!(
            "for {} in {:?} do {}",
            unit.names[name as usize],
            list.map(|list| words(unit, list)),
            node(unit, body)
        ),
        Node::Case { word: id, arms, .. } => {
            let arms: Vec<String> = unit.arms[arms.range()]
                .iter()
                .map(|arm| format!("{}: {}", words(unit, arm.patterns), node(unit, arm.body)))
                .collect();
            format!("case {} {arms:?}", word(unit, id))
        }
        Node::Function { name, body } => {
            format!("function {} {}", unit.names[name as usize], node(unit, body))
        }
        Node::Redirected { body, redirections, .. } => {
            let shown: Vec<String> = unit.redirections[redirections.range()]
                .iter()
                .map(|r| format!("{}{:?}{}", r.fd, r.kind, word(unit, r.word)))
                .collect();
            format!("{{{}}} {}", node(unit, body), shown.join(" "))
        }
    }
}

fn show(parser: &mut Parser, lines: &mut Vec<String>) {
    for _ in 0..100_000 {
        match parser.next_command(&mut Aliases::new()) {
            Ok(Parsed::Command(code)) => lines.push(node(&code, code.root)),
            Ok(Parsed::Blank) => {}
            Ok(Parsed::More) => return,
            Ok(Parsed::End) => return lines.push("end".into()),
            Err(error) => return lines.push(format!("line {}: {}", error.line, error.message)),
        }
    }
    panic!("the parser does not end");
}

/// Parses at once, and byte by byte with a save and a load between bytes; both must agree.
fn parse(source: &[u8]) -> String {
    let mut whole = Vec::new();
    show(&mut Parser::of(source, 1), &mut whole);
    let mut piecemeal = Vec::new();
    let mut parser = Parser::new(1);
    for (index, byte) in source.iter().enumerate() {
        parser.feed(&[*byte]);
        show(&mut parser, &mut piecemeal);
        if piecemeal.last().is_some_and(|last| last.starts_with("line ")) {
            break;
        }
        if index < 200 {
            let saved = postcard::to_allocvec(&parser).unwrap();
            parser = postcard::from_bytes(&saved).unwrap();
        }
    }
    if piecemeal.last() != whole.last() {
        parser.finish();
        show(&mut parser, &mut piecemeal);
    }
    assert_eq!(whole, piecemeal, "{:?}", String::from_utf8_lossy(source));
    whole.join("\n")
}

fn check(source: &str, expected: Expect) {
    expected.assert_eq(&parse(source.as_bytes()));
}

#[test]
fn simple_commands() {
    check(
        "echo a 'b c' \"d $x\" $y* \\* [ ~/z u=~:~root\n",
        expect![[r#"
        'echo' 'a' 'b c' ['d ', x quoted] [y, pattern *] '*' '[' [~, '/z'] 'u=~:~root'
        end"#]],
    );
    check(
        "a=1 b=~/x:~ c= cmd >f 2>&1 <<E arg\nbody $x\nE\n",
        expect![[r#"
        a='1' b=[~, '/x:', ~] c='' 'cmd' 'arg' 1Write'f' 2Duplicate'1' 0Document['body ', x quoted, '
        ']
        end"#]],
    );
    check(
        "export a=~ b='c d' x~\n",
        expect![[r#"
        'export' ['a=', ~] 'b=c d' 'x~'
        end"#]],
    );
}

#[test]
fn parameters() {
    check(
        "echo ${a} ${#a} $# $12 ${12} \"$@\" ${a:-b c'd'*} \"${a:=x y}\" ${a##*/} ${a?} ${a%\"$b\"} ${#} ${a+}\n",
        expect![[r#"
            'echo' [a] [Length { param: Variable(1), quoted: false }] [Count] [Positional(1), '2'] [Positional(12)] [At quoted] [Default(Use { param: Variable(1), colon: true, quoted: false, skip: 4 }), loose 'b c', 'd', loose '*'] [Assign(Use { param: Variable(1), colon: true, quoted: true, skip: 3 }), 'x y', AssignEnd(Use { param: Variable(1), colon: true, quoted: true, skip: 0 })] [TrimBegin, pattern */, TrimEnd { param: Variable(1), trim: LongPrefix, quoted: false }] [Require(Use { param: Variable(1), colon: false, quoted: false, skip: 2 }), RequireEnd(Use { param: Variable(1), colon: false, quoted: false, skip: 0 })] [TrimBegin, b quoted, TrimEnd { param: Variable(1), trim: ShortSuffix, quoted: false }] [Count] [Alternate(Use { param: Variable(1), colon: false, quoted: false, skip: 1 })]
            end"#]],
    );
    check(
        "echo ${a!b} ${}\n",
        expect![[r#"
        'echo' [BadSubstitution] [BadSubstitution]
        end"#]],
    );
}

#[test]
fn substitutions() {
    check(
        "echo $(a; b) \"`c \\`d\\``\" $((1 + x)) $(( $x * (2) )) $( (a) ) $(case x in x) y;; esac)\n",
        expect![[r#"
            'echo' [$(<; 'a' ; 'b'>)] [$('c' [$('d')])] [$((1 + x))] [ArithBegin, ' ', x quoted, ' * (2) ', ArithEnd { quoted: false }] [$(('a'))] [$(case 'x' ["'x': 'y'"])]
            end"#]],
    );
    check(
        "cat <<A <<-'B' && echo $(cat <<C\nc\nC\n)\na$x\\$\nA\n\tb $x\n\tB\n",
        expect![[r#"
        <; 'cat' 0Document['a', x quoted, '$
        '] 0Document'b $x
        ' and 'echo' [$('cat' 0Document'c
        ')]>
        end"#]],
    );
}

#[test]
fn lists() {
    check(
        "a; b & c && d || e | f\n",
        expect![[r#"
        <; 'a' & 'b' ; <; 'c' and 'd' or <'e' | 'f'>>>
        end"#]],
    );
    check(
        "! a | b; (c; d) >x; { e; } 2>y\n\n\nf\n",
        expect![[r#"
        <; !<'a' | 'b'> ; {(<; 'c' ; 'd'>)} 1Write'x' ; {'e'} 2Write'y'>
        'f'
        end"#]],
    );
}

#[test]
fn compounds() {
    check(
        "if a; then b; elif c\nthen d; else e; fi\n",
        expect![[r#"
        if ["'a'", "'b'", "'c'", "'d'"] else Some("'e'")
        end"#]],
    );
    check(
        "while a; do b; done; until c; do d; done <f\n",
        expect![[r#"
        <; loop until=false 'a' do 'b' ; {loop until=true 'c' do 'd'} 0Read'f'>
        end"#]],
    );
    check(
        "for i in 1 $x; do a; done; for i do b; done; for i\nin a\ndo c\ndone\n",
        expect![[r#"
        <; for i in Some("'1' [x]") do 'a' ; for i in None do 'b' ; for i in Some("'a'") do 'c'>
        end"#]],
    );
    check(
        "case $x in a|b) c;; (*) d; esac; case y in\n esac\n",
        expect![[r#"
        <; case [x] ["'a' 'b': 'c'", "[pattern *]: 'd'"] ; case 'y' []>
        end"#]],
    );
    check(
        "f() { a; }; g() (b) >f\nh()\n\nc\n",
        expect![[r#"
        <; function f 'a' ; function g {('b')} 1Write'f'>
        function h 'c'
        end"#]],
    );
}

#[test]
fn line_ends() {
    check(
        "a \\\nb # comment\n# comment\nc'\n'd \"e\\\nf\" g&\\\n&h",
        expect![[r#"
        'a' 'b'
        <; 'c
        d' 'ef' 'g' and 'h'>
        end"#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn errors() {
    let sources = [
        "if",
        "if x; fi",
        "then",
        "(",
        ")",
        "a;;",
        "echo 'a",
        "echo \"a",
        "echo `a",
        "echo ${a",
        "echo $((1",
        "echo $(a",
        "for 1 in a; do b; done",
        "for a b",
        "case",
        "case a b",
        "case a in b",
        "case a in b) c",
        "f-x() { a; }",
        "exit() { a; }",
        "f( x",
        "a > ",
        "a >\n",
        "a | | b",
        "a &&",
        "a && \n)",
        "{ a",
        "{ a; ) ",
        "while a; done",
        "do",
        "; a",
        "a && ; b",
        "! ! a",
        "cat <<E",
        "echo a\nif\n\n",
        "if ; then",
        "()",
        "a & ; b",
        "a (b)",
        "{ a; } b",
        "$(if)",
        "in",
    ];
    let shown: Vec<String> =
        sources.iter().map(|source| format!("{source:?} → {}", parse(source.as_bytes()))).collect();
    expect![[r#"
        "if" → line 1: end of file unexpected (expecting "then")
        "if x; fi" → line 1: "fi" unexpected (expecting "then")
        "then" → line 1: "then" unexpected
        "(" → line 1: end of file unexpected (expecting ")")
        ")" → line 1: ")" unexpected
        "a;;" → line 1: ";;" unexpected
        "echo 'a" → line 1: Unterminated quoted string
        "echo \"a" → line 1: Unterminated quoted string
        "echo `a" → line 1: EOF in backquote substitution
        "echo ${a" → line 1: Missing '}'
        "echo $((1" → line 1: Missing '))'
        "echo $(a" → line 1: end of file unexpected (expecting ")")
        "for 1 in a; do b; done" → line 1: Bad for loop variable
        "for a b" → line 1: word unexpected (expecting "do")
        "case" → line 1: end of file unexpected (expecting word)
        "case a b" → line 1: word unexpected (expecting "in")
        "case a in b" → line 1: end of file unexpected (expecting ")")
        "case a in b) c" → line 1: end of file unexpected (expecting ";;")
        "f-x() { a; }" → line 1: Bad function name
        "exit() { a; }" → line 1: Bad function name
        "f( x" → line 1: word unexpected (expecting ")")
        "a > " → line 1: end of file unexpected
        "a >\n" → line 2: newline unexpected
        "a | | b" → line 1: "|" unexpected
        "a &&" → line 1: end of file unexpected
        "a && \n)" → line 2: ")" unexpected
        "{ a" → line 1: end of file unexpected (expecting "}")
        "{ a; ) " → line 1: ")" unexpected (expecting "}")
        "while a; done" → line 1: "done" unexpected (expecting "do")
        "do" → line 1: "do" unexpected
        "; a" → line 1: ";" unexpected
        "a && ; b" → line 1: ";" unexpected
        "! ! a" → line 1: "!" unexpected
        "cat <<E" → 'cat' 0Document''
        end
        "echo a\nif\n\n" → 'echo' 'a'
        line 4: end of file unexpected (expecting "then")
        "if ; then" → line 1: ";" unexpected
        "()" → line 1: ")" unexpected
        "a & ; b" → line 1: ";" unexpected
        "a (b)" → line 1: word unexpected (expecting ")")
        "{ a; } b" → line 1: word unexpected
        "$(if)" → line 1: ")" unexpected
        "in" → line 1: "in" unexpected"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn depth_is_an_error_and_not_a_crash() {
    for opening in ["(", "$(", "{ ", "if ", "${a-", "$((", "\"$(", "while ", "f() ", "! "] {
        let deep = opening.repeat(100_000);
        let mut lines = Vec::new();
        show(&mut Parser::of(deep.as_bytes(), 1), &mut lines);
        let last = lines.pop().unwrap();
        assert!(last.starts_with("line 1: "), "{opening} {last}");
    }
}

#[test]
fn long_lines_are_refused_without_being_kept() {
    let long = "a".repeat(10_000_000);
    let mut lines = Vec::new();
    show(&mut Parser::of(long.as_bytes(), 1), &mut lines);
    assert_eq!(lines, ["line 1: command too long"]);
}

proptest! {
    #[test]
    fn bytes_never_panic(source in prop::collection::vec(any::<u8>(), 0..60)) {
        parse(&source);
    }

    #[test]
    fn token_soup_never_panics(tokens in prop::collection::vec(prop::sample::select(vec![
        "if", "then", "else", "elif", "fi", "while", "do", "done", "for", "x", "in", "case", "esac",
        ";;", ";", "\n", "&", "&&", "|", "||", "(", ")", "{", "}", "!", "$(", "`", "\"", "'", "${x-",
        "${x%", "$((", "))", "}", "<<E", "E", ">", "2>&1", "a=1", "$x", "\\", "#c", "f()", "*", "~",
    ]), 0..24), spaced in any::<bool>()) {
        parse(tokens.join(if spaced { " " } else { "" }).as_bytes());
    }
}
