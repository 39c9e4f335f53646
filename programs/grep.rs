//! grep: print lines that match a pattern.
//!
//! Follows: POSIX.1-2024 grep; options and messages of GNU grep 3.8. Left out: back-references,
//! `-P`, `-z`, `--include`.

use std::collections::VecDeque;

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::{Fd, limits};
use crate::fs::FileType;
use crate::fs::OpenFlags;
use crate::kernel::program::input::Input;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, about};
use crate::kernel::program::pattern::{Pattern, Syntax, Whole};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, number, tool};
use crate::kernel::program::tree::{is_dots, join};
use crate::kernel::program::{Program, Step, Stop, Sys};

pub(super) const PROGRAM: Program = tool::<Grep>("grep");

const SPEC: Spec = Spec::new(
    "usage: grep [OPTION]... PATTERNS [FILE]...\n\
     Print lines of FILEs, or of standard input, that match any of PATTERNS.\n\n  \
     -A, --after-context=NUM   lines after a match too\n  \
     -B, --before-context=NUM  lines before a match too\n  \
     -C, --context=NUM         both\n  \
     -c, --count               only how many lines match\n  \
     -e, --regexp=PATTERNS     patterns, one a line\n  \
     -E, --extended-regexp     extended expressions\n  \
     -f, --file=FILE           patterns from FILE\n  \
     -F, --fixed-strings       plain text\n  \
     -G, --basic-regexp        basic expressions (default)\n  \
     -h, --no-filename         no file names\n  \
     -H, --with-filename       always file names\n  \
     -i, --ignore-case         upper and lower case are one\n  \
     -l, --files-with-matches  only names of files that match\n  \
     -L, --files-without-match only names of files that do not\n  \
     -m, --max-count=NUM       no more than NUM lines of a file\n  \
     -n, --line-number         line numbers\n  \
     -o, --only-matching       only what matches\n  \
     -q, --quiet, --silent     only the exit status\n  \
     -r, -R, --recursive       files of directories too\n  \
     -s, --no-messages         no messages about files\n  \
     -v, --invert-match        lines that do not match\n  \
     -w, --word-regexp         matches are whole words\n  \
     -x, --line-regexp         matches are whole lines\n      \
     --color[=WHEN]        show matches in colour",
    "A:B:C:ce:Ef:FGhHilLm:noqrRsvwxy\x01::0123456789a",
)
.long(&[
    ("after-context", b'A'),
    ("basic-regexp", b'G'),
    ("before-context", b'B'),
    ("color", 1),
    ("colour", 1),
    ("context", b'C'),
    ("count", b'c'),
    ("extended-regexp", b'E'),
    ("file", b'f'),
    ("files-with-matches", b'l'),
    ("files-without-match", b'L'),
    ("fixed-strings", b'F'),
    ("ignore-case", b'i'),
    ("invert-match", b'v'),
    ("line-number", b'n'),
    ("line-regexp", b'x'),
    ("max-count", b'm'),
    ("no-filename", b'h'),
    ("no-messages", b's'),
    ("only-matching", b'o'),
    ("quiet", b'q'),
    ("recursive", b'r'),
    ("regexp", b'e'),
    ("silent", b'q'),
    ("text", b'a'),
    ("with-filename", b'H'),
    ("word-regexp", b'w'),
])
.misuse(2);

/// Bytes of a pattern file that are read.
const PATTERNS_MAX: usize = 1 << 20;

#[derive(Clone, Serialize, Deserialize)]
struct Grep {
    pattern: Pattern,
    invert: bool,
    show: Show,
    numbers: bool,
    names: bool,
    silent: bool,
    recursive: bool,
    colour: bool,
    text: bool,
    max: Option<u64>,
    before: u64,
    after: u64,
    /// Files to search, the next one last; whether each was named on the command line.
    pending: Vec<(BString, bool)>,
    current: Option<Search>,
    matched: bool,
    failed: bool,
    /// Whether a context was printed, so that the next one is set apart.
    separated: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Show {
    Lines,
    Matches,
    Count,
    Names,
    NamesWithout,
    Nothing,
}

/// A file being searched.
#[derive(Clone, Serialize, Deserialize)]
struct Search {
    name: BString,
    input: Input,
    line: u64,
    selected: u64,
    binary: bool,
    /// Lines to print after a match, still.
    after: u64,
    /// Lines that may come before a match.
    held: VecDeque<BString>,
    /// The number of the last line that was printed.
    printed: u64,
}

impl Tool for Grep {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let mut operands = options.operands.as_slice();
        let sources = patterns(options, &mut operands, out, sys)?;
        let syntax = match options.last_of(b"EFG") {
            Some(b'E') => Syntax::Extended,
            Some(b'F') => Syntax::Fixed,
            _ if out.name().ends_with(b"egrep") => Syntax::Extended,
            _ if out.name().ends_with(b"fgrep") => Syntax::Fixed,
            _ => Syntax::Basic,
        };
        let whole = match (options.has(b'x'), options.has(b'w')) {
            (true, _) => Whole::Text,
            (_, true) => Whole::Word,
            _ => Whole::Any,
        };
        let ignore_case = options.has(b'i') || options.has(b'y');
        let pattern = Pattern::new(&sources, syntax, whole, ignore_case)
            .map_err(|reason| out.fail(2, reason))?;
        let recursive = options.has(b'r') || options.has(b'R');
        let mut pending: Vec<(BString, bool)> =
            operands.iter().rev().map(|operand| (operand.clone(), true)).collect();
        if pending.is_empty() {
            pending.push((if recursive { "" } else { "-" }.into(), true));
        }
        let names = match options.last_of(b"hH") {
            Some(letter) => letter == b'H',
            None => recursive || pending.len() > 1,
        };
        let number = |letter, out: &mut Out| context(options, letter, out);
        let digits = options.given.iter().map(|(letter, _)| *letter);
        let digits: Vec<u8> = digits.filter(u8::is_ascii_digit).collect();
        let both = number(b'C', out)?.or(crate::kernel::program::shapes::number(digits));
        let colour = match options.value(1) {
            Some(when) => when == "always" || when != "never" && sys.io().is_tty(Fd::STDOUT),
            None => options.has(1) && sys.io().is_tty(Fd::STDOUT),
        };
        Ok(Self {
            pattern,
            invert: options.has(b'v'),
            show: show(options),
            numbers: options.has(b'n'),
            names,
            silent: options.has(b's'),
            recursive,
            colour,
            text: options.has(b'a'),
            max: number(b'm', out)?,
            before: number(b'B', out)?.or(both).unwrap_or(0),
            after: number(b'A', out)?.or(both).unwrap_or(0),
            pending,
            current: None,
            matched: false,
            failed: false,
            separated: false,
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        if self.current.is_none() && !self.open(out, sys)? {
            return Ok(Step::Exit(match (self.matched, self.failed) {
                (true, true) if self.show == Show::Nothing => 0,
                (_, true) => 2,
                (matched, false) => u8::from(!matched),
            }));
        }
        let Some(search) = &mut self.current else { return Ok(Step::Again) };
        let line = match search.input.line(sys) {
            Ok(Some(line)) => BString::from(line),
            Ok(None) => {
                self.finish(out, sys);
                return Ok(Step::Again);
            }
            Err(Stop::Fail(errno)) => {
                let message = about(&search.name, errno);
                self.complain(&message, out);
                self.finish(out, sys);
                return Ok(Step::Again);
            }
            Err(block) => return Err(block.into()),
        };
        burn_bytes(line.len(), sys);
        self.line(&line, out, sys);
        if self.matched && self.show == Show::Nothing {
            return Ok(Step::Exit(0));
        }
        Ok(Step::Again)
    }
}

impl Grep {
    /// Opens the next file; false when none is left.
    fn open(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<bool, Stop> {
        while let Some((path, operand)) = self.pending.last().cloned() {
            let input = if path == "-" && operand {
                Ok(Input::default())
            } else {
                self.open_path(&path, operand, sys)
            };
            match input {
                Ok(input) => {
                    self.pending.pop();
                    let name = if path == "-" { "(standard input)".into() } else { path };
                    self.current = Some(Search {
                        name,
                        input,
                        line: 0,
                        selected: 0,
                        binary: false,
                        after: 0,
                        held: VecDeque::new(),
                        printed: 0,
                    });
                    return Ok(true);
                }
                // It was a directory, whose files are pending now, or a device to pass over.
                Err(Stop::Fail(crate::base::Errno::EISDIR)) if self.recursive => {}
                Err(Stop::Fail(errno)) => {
                    self.pending.pop();
                    self.complain(&about(&path, errno), out);
                }
                Err(block) => return Err(block),
            }
        }
        Ok(false)
    }

    fn open_path(
        &mut self,
        path: &BString,
        operand: bool,
        sys: &mut Sys<'_>,
    ) -> Result<Input, Stop> {
        use crate::base::Errno::EISDIR;
        if self.recursive {
            let shown = if path.is_empty() { BString::from(".") } else { path.clone() };
            let stat = if operand { sys.fs().stat(&shown)? } else { sys.fs().lstat(&shown)? };
            match stat.kind {
                FileType::Directory => {
                    let entries = sys.fs().read_dir(&shown)?;
                    self.pending.pop();
                    let names = entries.into_iter().rev().map(|entry| entry.name);
                    let names = names.filter(|name| !is_dots(name));
                    self.pending.extend(names.map(|name| (join(path, &name), false)));
                    return Err(EISDIR.into());
                }
                FileType::Regular => {}
                _ if operand => {}
                _ => {
                    self.pending.pop();
                    return Err(EISDIR.into());
                }
            }
        }
        Ok(Input::new(sys.fs().open(path, OpenFlags::RDONLY, 0)?))
    }

    fn complain(&mut self, message: &str, out: &mut Out) {
        self.failed = true;
        if !self.silent {
            out.warn(message);
        }
    }

    fn line(&mut self, line: &BString, out: &mut Out, sys: &mut Sys<'_>) {
        let Some(search) = &mut self.current else { return };
        search.line += 1;
        search.binary |= !self.text && line.contains(&0);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if self.pattern.is_match(text) == self.invert {
            self.unselected(line, out);
            return;
        }
        self.matched = true;
        search.selected += 1;
        let enough = self.max.is_some_and(|max| search.selected >= max);
        let binary = search.binary;
        match self.show {
            Show::Lines | Show::Matches if binary => {
                let message = format!("{}: binary file matches\n", search.name);
                out.text(format!("{}: {message}", out.name()));
                return self.leave(sys);
            }
            Show::Lines => self.selected(line, out),
            Show::Matches => self.matches(text, out),
            Show::Count => {}
            Show::Names | Show::NamesWithout | Show::Nothing => return self.finish(out, sys),
        }
        if enough {
            self.finish(out, sys);
        }
    }

    fn unselected(&mut self, line: &BString, out: &mut Out) {
        if self.show != Show::Lines {
            return;
        }
        let Some(search) = &mut self.current else { return };
        if search.after > 0 {
            search.after -= 1;
            self.print(line, b'-', out);
        } else if self.before > 0 {
            search.held.push_back(line.clone());
            let bytes: usize = search.held.iter().map(|line| line.len()).sum();
            if search.held.len() as u64 > self.before || bytes > limits::PROCESS_MEMORY {
                search.held.pop_front();
            }
        }
    }

    fn selected(&mut self, line: &BString, out: &mut Out) {
        let Some(search) = &mut self.current else { return };
        let held = core::mem::take(&mut search.held);
        let first = search.line - held.len() as u64;
        if (self.before > 0 || self.after > 0)
            && self.separated
            && (search.printed + 1 != first || search.printed == 0)
        {
            out.text("--\n");
        }
        self.separated = true;
        let now = search.line;
        for (index, line) in held.iter().enumerate() {
            if let Some(search) = &mut self.current {
                search.line = first + index as u64;
            }
            self.print(line, b'-', out);
        }
        if let Some(search) = &mut self.current {
            search.line = now;
            search.after = self.after;
        }
        self.print(line, b':', out);
    }

    fn print(&mut self, line: &BString, mark: u8, out: &mut Out) {
        self.prefix(mark, out);
        if let Some(search) = &mut self.current {
            search.printed = search.line;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if self.colour && mark == b':' && !self.invert {
            let mut at = 0;
            while let Some(found) = self.pattern.find(text, at) {
                if found.is_empty() {
                    if found.end >= text.len() {
                        break;
                    }
                    out.text(&text[at..found.end + 1]);
                    at = found.end + 1;
                    continue;
                }
                out.text(&text[at..found.start]);
                out.text("\x1b[01;31m\x1b[K");
                out.text(&text[found.clone()]);
                out.text("\x1b[m\x1b[K");
                at = found.end;
            }
            out.text(&text[at..]);
        } else {
            out.text(text);
        }
        out.text("\n");
    }

    fn matches(&mut self, text: &[u8], out: &mut Out) {
        let mut at = 0;
        while !self.invert
            && at <= text.len()
            && let Some(found) = self.pattern.find(text, at)
        {
            at = found.end + usize::from(found.is_empty());
            if found.is_empty() {
                continue;
            }
            self.prefix(b':', out);
            if self.colour {
                out.text("\x1b[01;31m\x1b[K");
            }
            out.text(&text[found]);
            out.text(if self.colour { "\x1b[m\x1b[K\n" } else { "\n" });
        }
    }

    fn prefix(&self, mark: u8, out: &mut Out) {
        let Some(search) = &self.current else { return };
        if self.names {
            out.text(&search.name);
            out.text([mark]);
        }
        if self.numbers {
            out.text(search.line.to_string());
            out.text([mark]);
        }
    }

    /// Says what is to be said about a file as a whole, and leaves it.
    fn finish(&mut self, out: &mut Out, sys: &mut Sys<'_>) {
        if let Some(search) = &self.current {
            let some = search.selected > 0;
            if self.show == Show::Count {
                if self.names {
                    out.text(&search.name);
                    out.text(":");
                }
                out.text(format!("{}\n", search.selected));
            }
            if self.show == Show::Names && some || self.show == Show::NamesWithout && !some {
                out.text(&search.name);
                out.text("\n");
            }
        }
        self.leave(sys);
    }

    fn leave(&mut self, sys: &mut Sys<'_>) {
        if let Some(search) = self.current.take()
            && search.input.fd() != Fd::STDIN
        {
            // A file that was only read loses nothing when its close fails.
            let _ = sys.io().close(search.input.fd());
        }
    }
}

fn show(options: &Options) -> Show {
    if options.has(b'q') {
        return Show::Nothing;
    }
    match options.last_of(b"lL") {
        Some(b'l') => Show::Names,
        Some(_) => Show::NamesWithout,
        None if options.has(b'c') => Show::Count,
        None if options.has(b'o') => Show::Matches,
        None => Show::Lines,
    }
}

fn context(options: &Options, letter: u8, out: &mut Out) -> Result<Option<u64>, End> {
    let Some(text) = options.value(letter) else { return Ok(None) };
    let what = if letter == b'm' { "invalid max count" } else { "invalid context length argument" };
    match number(text) {
        Some(value) => Ok(Some(value)),
        None if letter == b'm' => Err(out.fail(2, what)),
        None => Err(out.fail(2, format_args!("{text}: {what}"))),
    }
}

/// The patterns of `-e` and `-f`, or the first operand, which then is none any more.
fn patterns(
    options: &Options,
    operands: &mut &[BString],
    out: &mut Out,
    sys: &mut Sys<'_>,
) -> Result<Vec<BString>, End> {
    let mut sources = Vec::new();
    let mut add = |text: &[u8]| sources.extend(text.split_str("\n").map(BString::from));
    options.values(b'e').for_each(|text| add(text));
    for path in options.values(b'f') {
        let path = if path == "-" { "/dev/stdin".into() } else { path };
        let text = sys.fs().read_file(path, PATTERNS_MAX);
        let text = text.map_err(|errno| out.fail(2, about(path, errno)))?;
        if !text.is_empty() {
            add(text.strip_suffix(b"\n").unwrap_or(&text));
        }
    }
    if options.has(b'e') || options.has(b'f') {
        return Ok(sources);
    }
    let Some((first, rest)) = operands.split_first() else {
        out.error("Usage: grep [OPTION]... PATTERNS [FILE]...\n");
        out.error("Try 'grep --help' for more information.\n");
        return Err(End::Exit(2));
    };
    add(first);
    *operands = rest;
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{Guest, run};

    #[test]
    fn prints_lines_that_match() {
        let text = "one\ntwo\nThree\nfour four";
        assert_eq!(run("grep o", text), "one\ntwo\nfour four\n[exit 0]\n");
        assert_eq!(run("grep -v o", text), "Three\n[exit 0]\n");
        assert_eq!(run("grep -ic T", text), "2\n[exit 0]\n");
        assert_eq!(run("grep -n -E 'one|T'", text), "1:one\n3:Three\n[exit 0]\n");
        assert_eq!(run("grep -o fo.", text), "fou\nfou\n[exit 0]\n");
        assert_eq!(run("grep -w fou", text), "[exit 1]\n");
        assert_eq!(run("grep -xF one", text), "one\n[exit 0]\n");
        assert_eq!(run("grep -q two", text), "[exit 0]\n");
        assert_eq!(run("grep -m1 o", text), "one\n[exit 0]\n");
        assert_eq!(run("grep -e one -e two", text), "one\ntwo\n[exit 0]\n");
    }

    #[test]
    fn shows_context() {
        expect![[r#"
            1-a
            2:b
            3-c
            --
            6-f
            7:b
            [exit 0]
        "#]]
        .assert_eq(&run("grep -n -C1 b", "a\nb\nc\nd\ne\nf\nb\n"));
    }

    #[test]
    fn searches_files_and_trees() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/d/e", "");
        guest.file("/tmp/d/x", "hit\nmiss\n").file("/tmp/d/e/y", "hit\n");
        expect![[r#"
            /tmp/d/e/y:hit
            /tmp/d/x:hit
            [exit 0]
        "#]]
        .assert_eq(&guest.run("grep -r hit /tmp/d", ""));
        expect![[r#"
            /tmp/d/x
            [exit 0]
        "#]]
        .assert_eq(&guest.run("grep -rl miss /tmp/d", ""));
        expect![[r#"
            /tmp/d:0
            /tmp/d/x:1
            [stderr]
            grep: no: No such file or directory
            grep: /tmp/d: Is a directory
            [exit 2]
        "#]]
        .assert_eq(&guest.run("grep -c hit no /tmp/d /tmp/d/x", ""));
    }

    #[test]
    fn binary_files_are_only_reported() {
        expect![[r#"
            grep: (standard input): binary file matches
            [exit 0]
        "#]]
        .assert_eq(&run("grep a", "\0a\na\n"));
        expect![[r#"
            [stderr]
            grep: Unmatched [, [^, [:, [., or [=
            [exit 2]
        "#]]
        .assert_eq(&run("grep [", ""));
    }
}
