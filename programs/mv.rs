//! mv: rename files, or move them to another filesystem.
//!
//! Follows: POSIX.1-2024 mv; options and messages of GNU coreutils 9.1. Left out: backups.

use std::collections::VecDeque;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::Errno;
use crate::fs::{FileType, Stat};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::tree::{
    Copier, CopyOptions, Question, RemoveOptions, Remover, base_name, join,
};
use crate::kernel::program::{Program, Step, Stop, Sys};

pub(super) const PROGRAM: Program = tool::<Mv>("mv");

const SPEC: Spec = Spec::new(
    "usage: mv [-finuv] [-T] SOURCE DEST\n   \
     or: mv [OPTION]... SOURCE... DIRECTORY\n   \
     or: mv [OPTION]... -t DIRECTORY SOURCE...\n\
     Rename SOURCE to DEST, or move SOURCEs to DIRECTORY.\n\n  \
     -f, --force        never ask\n  \
     -i, --interactive  ask before overwriting\n  \
     -n, --no-clobber   never overwrite\n  \
     -t, --target-directory=DIRECTORY\n  \
     -T, --no-target-directory\n  \
     -u, --update       only what is newer\n  \
     -v, --verbose      say what is done",
    "finuvt:T",
)
.long(&[
    ("force", b'f'),
    ("interactive", b'i'),
    ("no-clobber", b'n'),
    ("no-target-directory", b'T'),
    ("target-directory", b't'),
    ("update", b'u'),
    ("verbose", b'v'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Mv {
    moves: VecDeque<(BString, BString)>,
    /// The first of the moves crosses filesystems: copied, then removed.
    crossing: Option<(Copier, Remover)>,
    question: Question,
    ask: bool,
    no_clobber: bool,
    update: bool,
    verbose: bool,
}

impl Tool for Mv {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let (sources, target) = match (options.value(b't'), options.operands.as_slice()) {
            (Some(target), [_, ..]) => (options.operands.as_slice(), target.to_owned()),
            (None, [sources @ .., target]) if !sources.is_empty() => (sources, target.clone()),
            (None, [only]) => {
                let message = format!("missing destination file operand after {}", quote(only));
                return Err(out.misuse(1, message));
            }
            _ => return Err(out.misuse(1, "missing file operand")),
        };
        let into = sys.fs().stat(&target);
        let directory = into.is_ok_and(|stat| stat.kind == FileType::Directory);
        if !directory && (sources.len() > 1 || options.has(b't')) {
            let why = into.map_or_else(|errno| errno, |_| Errno::ENOTDIR);
            return Err(out.fail(1, format_args!("target {}: {why}", quote(&target))));
        }
        let moves = sources.iter().map(|source| {
            let to = if directory && !options.has(b'T') {
                join(&target, base_name(source))
            } else {
                target.clone()
            };
            (source.clone(), to)
        });
        Ok(Self {
            moves: moves.collect(),
            crossing: None,
            question: Question::default(),
            ask: options.last_of(b"fin") == Some(b'i'),
            no_clobber: options.last_of(b"fin") == Some(b'n'),
            update: options.has(b'u'),
            verbose: options.has(b'v'),
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        if let Some((copier, remover)) = &mut self.crossing {
            if copier.step(out, sys)? {
                return Ok(Step::Again);
            }
            if copier.failures == 0 && remover.step(out, sys)? {
                return Ok(Step::Again);
            }
            self.crossing = None;
            self.moves.pop_front();
        }
        let Some((from, to)) = self.moves.front().cloned() else {
            return Ok(Step::Exit(out.status()));
        };
        if self.rename(&from, &to, out, sys)? {
            self.moves.pop_front();
        }
        Ok(Step::Again)
    }
}

impl Mv {
    /// Moves one file; false when it has to be copied.
    fn rename(
        &mut self,
        from: &BString,
        to: &BString,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<bool, Stop> {
        let stat = match sys.fs().lstat(from) {
            Ok(stat) => stat,
            Err(errno) => {
                out.complain(format_args!("cannot stat {}: {errno}", quote(from)));
                return Ok(true);
            }
        };
        if let Ok(target) = sys.fs().lstat(to)
            && !self.may_replace(from, to, (&stat, &target), out, sys)?
        {
            return Ok(true);
        }
        match sys.fs().rename(from, to) {
            Ok(()) if self.verbose => {
                out.text(format!("renamed {} -> {}\n", quote(from), quote(to)));
            }
            Ok(()) => {}
            Err(Errno::EXDEV) => {
                let mut copier = Copier::new(CopyOptions {
                    recursive: true,
                    keep_links: true,
                    preserve: true,
                    force: true,
                    verbose: self.verbose,
                    ..CopyOptions::default()
                });
                copier.add(from.clone(), to.clone());
                let mut remover = Remover::new(RemoveOptions {
                    recursive: true,
                    verbose: self.verbose,
                    ..RemoveOptions::default()
                });
                remover.add([from.clone()].into_iter());
                self.crossing = Some((copier, remover));
                return Ok(false);
            }
            Err(Errno::EINVAL) => out.complain(format_args!(
                "cannot move {} to a subdirectory of itself, {}",
                quote(from),
                quote(to)
            )),
            Err(errno) => {
                out.complain(format_args!("cannot move {} to {}: {errno}", quote(from), quote(to)));
            }
        }
        Ok(true)
    }

    fn may_replace(
        &mut self,
        from: &BString,
        to: &BString,
        (stat, target): (&Stat, &Stat),
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<bool, Stop> {
        if (stat.dev, stat.ino) == (target.dev, target.ino) {
            out.complain(format_args!("{} and {} are the same file", quote(from), quote(to)));
            return Ok(false);
        }
        match (stat.kind == FileType::Directory, target.kind == FileType::Directory) {
            (true, false) => {
                out.complain(format_args!(
                    "cannot overwrite non-directory {} with directory {}",
                    quote(to),
                    quote(from)
                ));
                return Ok(false);
            }
            (false, true) => {
                out.complain(format_args!(
                    "cannot overwrite directory {} with non-directory",
                    quote(to)
                ));
                return Ok(false);
            }
            _ => {}
        }
        if self.no_clobber || self.update && stat.mtime <= target.mtime {
            return Ok(false);
        }
        Ok(!self.ask || self.question.ask(&format!("overwrite {}", quote(to)), out, sys)?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn renames_and_moves_into_directories() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "1\n").file("/tmp/b", "2\n");
        guest.run("mkdir /tmp/d", "");
        expect![[r#"
            renamed '/tmp/a' -> '/tmp/d/a'
            renamed '/tmp/b' -> '/tmp/d/b'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("mv -v /tmp/a /tmp/b /tmp/d", ""));
        expect![[r#"
            [stderr]
            mv: cannot move '/tmp/d' to a subdirectory of itself, '/tmp/d/d'
            mv: cannot stat 'x': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("mv /tmp/d x /tmp/d", ""));
        assert_eq!(guest.run("mv -n /tmp/d/a /tmp/d/b", ""), "[exit 0]\n");
        assert_eq!(guest.run("cat /tmp/d/a /tmp/d/b", ""), "1\n2\n[exit 0]\n");
    }
}
