//! cmp: whether two files are the same.
//!
//! Follows: POSIX.1-2024 cmp; options and messages of GNU diffutils 3.8.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::fs::OpenFlags;
use crate::kernel::program::input::Input;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, about};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, tool};
use crate::kernel::program::{Program, Step, Stop, Sys};

pub(super) const PROGRAM: Program = tool::<Cmp>("cmp");

const SPEC: Spec = Spec::new(
    "usage: cmp [-ls] FILE1 [FILE2]\n\
     Compare two files byte by byte; - is standard input.\n\n  \
     -l, --verbose  every byte that differs\n  \
     -s, --quiet, --silent  only the exit status",
    "ls",
)
.long(&[("quiet", b's'), ("silent", b's'), ("verbose", b'l')])
.misuse(2);

#[derive(Clone, Serialize, Deserialize)]
struct Cmp {
    names: [BString; 2],
    inputs: Vec<Input>,
    every: bool,
    quiet: bool,
    byte: u64,
    line: u64,
    differs: bool,
}

impl Tool for Cmp {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let names = match options.operands.as_slice() {
            [] => return Err(out.misuse(2, "missing operand after 'cmp'")),
            [one] => [one.clone(), "-".into()],
            [one, two, ..] => [one.clone(), two.clone()],
        };
        let mut inputs = Vec::new();
        for name in &names {
            if name == "-" {
                inputs.push(Input::default());
                continue;
            }
            match sys.fs().open(name, OpenFlags::RDONLY, 0) {
                Ok(fd) => inputs.push(Input::new(fd)),
                Err(Stop::Fail(_)) if options.has(b's') => return Err(End::Exit(2)),
                Err(Stop::Fail(errno)) => return Err(out.fail(2, about(name, errno))),
                Err(block) => return Err(block.into()),
            }
        }
        let (every, quiet) = (options.has(b'l'), options.has(b's'));
        Ok(Self { names, inputs, every, quiet, byte: 0, line: 1, differs: false })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let [first, second] = self.inputs.as_mut_slice() else { return Ok(Step::Exit(2)) };
        let ended = [first.peek(sys)?.1, second.peek(sys)?.1];
        let (a, b) = (first.rest(), second.rest());
        let length = a.len().min(b.len());
        if length == 0 {
            let shorter = match (a.is_empty() && ended[0], b.is_empty() && ended[1]) {
                (true, true) => return Ok(Step::Exit(u8::from(self.differs))),
                (true, false) => 0,
                _ => 1,
            };
            if !self.quiet {
                let (name, byte) = (&self.names[shorter], self.byte);
                let place = match byte {
                    0 => "which is empty".to_owned(),
                    _ if self.every => format!("after byte {byte}"),
                    _ => format!("after byte {byte}, in line {}", self.line),
                };
                out.warn(format_args!("EOF on {name} {place}"));
            }
            return Ok(Step::Exit(1));
        }
        for (a, b) in a.iter().zip(b) {
            self.byte += 1;
            if a != b {
                self.differs = true;
                if self.quiet {
                    return Ok(Step::Exit(1));
                }
                if !self.every {
                    let [one, two] = &self.names;
                    let (byte, line) = (self.byte, self.line);
                    out.text(format!("{one} {two} differ: byte {byte}, line {line}\n"));
                    return Ok(Step::Exit(1));
                }
                out.text(format!("{} {a:3o} {b:3o}\n", self.byte));
            }
            self.line += u64::from(*a == b'\n');
        }
        first.consume(length);
        second.consume(length);
        burn_bytes(length, sys);
        Ok(Step::Again)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn compares() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "one\ntwo\n").file("/tmp/b", "one\ntow\n").file("/tmp/c", "one\n");
        assert_eq!(guest.run("cmp /tmp/a -", "one\ntwo\n"), "[exit 0]\n");
        assert_eq!(
            guest.run("cmp /tmp/a /tmp/b", ""),
            "/tmp/a /tmp/b differ: byte 6, line 2\n[exit 1]\n"
        );
        assert_eq!(guest.run("cmp -l /tmp/a /tmp/b", ""), "6 167 157\n7 157 167\n[exit 1]\n");
        expect![[r#"
            [stderr]
            cmp: EOF on /tmp/c after byte 4, in line 2
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cmp /tmp/a /tmp/c", ""));
    }
}
