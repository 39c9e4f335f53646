//! tee: copy standard input to standard output and to files.
//!
//! Follows: POSIX.1-2024 tee; messages of GNU coreutils 9.1.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::Fd;
use crate::fs::OpenFlags;
use crate::kernel::program::input::Input;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, about};
use crate::kernel::program::shapes::{End, Tool, burn_bytes, tool};
use crate::kernel::program::{Program, Step, Stop, Sys};
use crate::kernel::{Action, Signal};

pub(super) const PROGRAM: Program = tool::<Tee>("tee");

const SPEC: Spec = Spec::new(
    "usage: tee [-ai] [FILE]...\n\
     Copy standard input to standard output and to FILEs.\n\n  \
     -a, --append             add to FILEs\n  \
     -i, --ignore-interrupts  ignore SIGINT",
    "ai",
)
.long(&[("append", b'a'), ("ignore-interrupts", b'i')]);

#[derive(Clone, Serialize, Deserialize)]
struct Tee {
    input: Input,
    files: Vec<Copy>,
    #[serde(with = "serde_bytes")]
    chunk: Vec<u8>,
}

/// A file, and how much of the chunk it has.
#[derive(Clone, Serialize, Deserialize)]
struct Copy {
    name: BString,
    fd: Fd,
    done: u32,
}

impl Tool for Tee {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        if options.has(b'i') {
            sys.os().set_action(Signal::INT, Action::Ignore)?;
        }
        let mode = if options.has(b'a') { OpenFlags::APPEND } else { OpenFlags::TRUNC };
        let mut files = Vec::new();
        for name in &options.operands {
            match sys.fs().open(name, OpenFlags::WRONLY | OpenFlags::CREAT | mode, 0o666) {
                Ok(fd) => files.push(Copy { name: name.clone(), fd, done: 0 }),
                Err(Stop::Fail(errno)) => out.complain(about(name, errno)),
                Err(block) => return Err(block.into()),
            }
        }
        Ok(Self { input: Input::default(), files, chunk: Vec::new() })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let mut failed = None;
        for (index, file) in self.files.iter_mut().enumerate() {
            let rest = self.chunk.get(file.done as usize..).unwrap_or_default();
            if rest.is_empty() {
                continue;
            }
            match sys.io().write(file.fd, rest) {
                Ok(count) => file.done += u32::try_from(count).unwrap_or(u32::MAX),
                Err(Stop::Fail(errno)) => {
                    out.complain(about(&file.name, errno));
                    failed = Some(index);
                }
                Err(block) => return Err(block.into()),
            }
        }
        if let Some(index) = failed {
            self.files.remove(index);
        }
        let length = self.chunk.len();
        if self.files.iter().any(|file| (file.done as usize) < length) {
            return Ok(Step::Again);
        }
        let Some(chunk) = self.input.chunk(sys)? else { return Ok(Step::Exit(out.status())) };
        out.text(chunk);
        self.chunk = chunk.to_vec();
        self.files.iter_mut().for_each(|file| file.done = 0);
        burn_bytes(self.chunk.len(), sys);
        Ok(Step::Again)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn copies_to_every_file() {
        let mut guest = Guest::new();
        expect![[r#"
            one
            two
            [stderr]
            tee: /no/x: No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("tee /tmp/a /no/x", "one\ntwo\n"));
        guest.run("tee -a /tmp/a", "three\n");
        assert_eq!(guest.run("cat /tmp/a", ""), "one\ntwo\nthree\n[exit 0]\n");
    }
}
