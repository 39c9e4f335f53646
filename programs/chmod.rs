//! chmod: change modes.
//!
//! Follows: POSIX.1-2024 chmod; messages of GNU coreutils 9.1.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::fs::FileType;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::tree::{is_dots, join};
use crate::kernel::program::{Program, Step, Sys, mode};

pub(super) const PROGRAM: Program = tool::<Chmod>("chmod");

/// Letters of modes are options to the parser, since `-w` is a mode that begins with a dash.
const SPEC: Spec = Spec::new(
    "usage: chmod [-cfRv] MODE[,MODE]... FILE...\n   \
     or: chmod [OPTION]... --reference=FILE FILE...\n\
     Change the modes of FILEs. A MODE is octal, or [ugoa]*[-+=]([rwxXst]*|[ugo]).\n\n  \
     -c, --changes    say what changes\n  \
     -f, --silent     no messages\n  \
     -R, --recursive  directories with all they hold\n  \
     -v, --verbose    say what is done",
    "cfRvrwxXstugoa\x01:",
)
.long(&[
    ("changes", b'c'),
    ("quiet", b'f'),
    ("recursive", b'R'),
    ("reference", 1),
    ("silent", b'f'),
    ("verbose", b'v'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Chmod {
    change: BString,
    umask: u16,
    /// Files to change, the next one last; whether each was named on the command line.
    pending: Vec<(BString, bool)>,
    recursive: bool,
    silent: bool,
    verbose: bool,
    changes: bool,
}

impl Tool for Chmod {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let letters = options.given.iter().map(|(letter, _)| *letter);
        let minus: Vec<u8> = letters.filter(|letter| b"rwxXstugoa".contains(letter)).collect();
        let mut operands = options.operands.as_slice();
        let change = if let Some(path) = options.value(1) {
            let stat = sys.fs().stat(path);
            let failed = |errno| format!("failed to get attributes of {}: {errno}", quote(path));
            let stat = stat.map_err(|errno| out.fail(1, failed(errno)))?;
            BString::from(format!("{:05o}", stat.mode))
        } else if !minus.is_empty() {
            let mut change = BString::from("-");
            change.extend_from_slice(&minus);
            change
        } else {
            let Some((first, rest)) = operands.split_first() else {
                return Err(out.misuse(1, "missing operand"));
            };
            operands = rest;
            first.clone()
        };
        let umask = sys.fs().umask(0);
        sys.fs().umask(umask);
        if mode::change(&change, 0, false, umask).is_none() {
            return Err(out.misuse(1, format_args!("invalid mode: {}", quote(&change))));
        }
        if operands.is_empty() {
            let after = format!("missing operand after {}", quote(&change));
            return Err(out.misuse(1, after));
        }
        Ok(Self {
            change,
            umask,
            pending: operands.iter().rev().map(|path| (path.clone(), true)).collect(),
            recursive: options.has(b'R'),
            silent: options.has(b'f'),
            verbose: options.has(b'v'),
            changes: options.has(b'c'),
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let Some((path, operand)) = self.pending.pop() else {
            return Ok(Step::Exit(out.status()));
        };
        // Links met on the way are left alone; one that is named is followed.
        let stat = if operand { sys.fs().stat(&path) } else { sys.fs().lstat(&path) };
        let stat = match stat {
            Ok(stat) => stat,
            Err(errno) => {
                self.complain(format!("cannot access {}: {errno}", quote(&path)), out);
                return Ok(Step::Again);
            }
        };
        if stat.kind == FileType::Symlink {
            return Ok(Step::Again);
        }
        let directory = stat.kind == FileType::Directory;
        let new = mode::change(&self.change, stat.mode, directory, self.umask).unwrap_or(stat.mode);
        match sys.fs().chmod(&path, new) {
            Ok(()) => self.say(&path, stat.mode, new, out),
            Err(errno) => {
                self.complain(format!("changing permissions of {}: {errno}", quote(&path)), out);
            }
        }
        if directory && self.recursive {
            match sys.fs().read_dir(&path) {
                Ok(entries) => {
                    let names = entries.into_iter().rev().map(|entry| entry.name);
                    let names = names.filter(|name| !is_dots(name));
                    self.pending.extend(names.map(|name| (join(&path, &name), false)));
                }
                Err(errno) => {
                    self.complain(format!("cannot read directory {}: {errno}", quote(&path)), out);
                }
            }
        }
        Ok(Step::Again)
    }
}

impl Chmod {
    fn complain(&self, message: String, out: &mut Out) {
        if self.silent {
            out.fail_with(1);
        } else {
            out.complain(message);
        }
    }

    fn say(&self, path: &BString, old: u16, new: u16, out: &mut Out) {
        let bits =
            |mode: u16| format!("{mode:04o} ({})", &mode::letters(FileType::Regular, mode)[1..]);
        if old != new && (self.verbose || self.changes) {
            let (old, new) = (bits(old), bits(new));
            out.text(format!("mode of {} changed from {old} to {new}\n", quote(path)));
        } else if self.verbose {
            out.text(format!("mode of {} retained as {}\n", quote(path), bits(new)));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn changes_modes() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/d/e", "");
        guest.file("/tmp/d/f", "");
        expect![[r#"
            mode of '/tmp/d' changed from 0755 (rwxr-xr-x) to 0750 (rwxr-x---)
            mode of '/tmp/d/e' changed from 0755 (rwxr-xr-x) to 0750 (rwxr-x---)
            mode of '/tmp/d/f' changed from 0644 (rw-r--r--) to 0640 (rw-r-----)
            [exit 0]
        "#]]
        .assert_eq(&guest.run("chmod -cR o= /tmp/d", ""));
        assert_eq!(guest.run("chmod -w /tmp/d/f", ""), "[exit 0]\n");
        assert_eq!(guest.run("stat -c %a /tmp/d/f", ""), "440\n[exit 0]\n");
        expect![[r#"
            [stderr]
            chmod: invalid mode: 'z'
            Try 'chmod --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&guest.run("chmod z /tmp/d", ""));
        expect![[r#"
            [stderr]
            chmod: changing permissions of '/tmp': Operation not permitted
            [exit 1]
        "#]]
        .assert_eq(&guest.user(1000).run("chmod 0 /tmp", ""));
    }
}
