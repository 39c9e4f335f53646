//! rm: remove files and trees.
//!
//! Follows: POSIX.1-2024 rm; messages of GNU coreutils 9.1. Left out: `-I`.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::tree::{RemoveOptions, Remover, base_name, is_dots};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Rm>("rm");

const SPEC: Spec = Spec::new(
    "usage: rm [-dfirRv] [FILE]...\n\
     Remove files.\n\n  \
     -d, --dir        remove empty directories too\n  \
     -f, --force      never ask, and ignore what is not there\n  \
     -i               ask before each removal\n  \
     -r, -R, --recursive  remove directories and what is in them\n  \
     -v, --verbose    say what is removed\n      \
     --no-preserve-root  allow even /",
    "dfirRvP",
)
.long(&[
    ("dir", b'd'),
    ("force", b'f'),
    ("interactive", b'i'),
    ("no-preserve-root", b'P'),
    ("recursive", b'r'),
    ("verbose", b'v'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Rm(Remover);

impl Tool for Rm {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let recursive = options.has(b'r') || options.has(b'R');
        let mut remover = Remover::new(RemoveOptions {
            recursive,
            empty_directories: options.has(b'd'),
            force: options.last_of(b"fi") == Some(b'f'),
            verbose: options.has(b'v'),
            ask: options.last_of(b"fi") == Some(b'i'),
        });
        if options.operands.is_empty() && !options.has(b'f') {
            return Err(out.misuse(1, "missing operand"));
        }
        let mut paths = Vec::new();
        for path in &options.operands {
            if recursive && is_dots(base_name(path)) {
                out.complain(format_args!(
                    "refusing to remove '.' or '..' directory: skipping {}",
                    quote(path)
                ));
            } else if recursive && !options.has(b'P') && is_root(path, sys) {
                out.complain("it is dangerous to operate recursively on '/'");
                out.complain("use --no-preserve-root to override this failsafe");
            } else {
                paths.push(path.clone());
            }
        }
        remover.add(paths.into_iter());
        Ok(Self(remover))
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        Ok(if self.0.step(out, sys)? { Step::Again } else { Step::Exit(out.status()) })
    }
}

fn is_root(path: &BString, sys: &mut Sys<'_>) -> bool {
    let (Ok(root), Ok(stat)) = (sys.fs().lstat("/"), sys.fs().lstat(path)) else { return false };
    (stat.dev, stat.ino) == (root.dev, root.ino)
        || path.trim_with(|c| c == '/').is_empty() && !path.is_empty()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn removes_trees_from_the_leaves_up() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/a/b/c /tmp/a/d", "");
        guest.file("/tmp/a/b/f", "x");
        expect![[r#"
            removed directory '/tmp/a/b/c'
            removed '/tmp/a/b/f'
            removed directory '/tmp/a/b'
            removed directory '/tmp/a/d'
            removed directory '/tmp/a'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("rm -rv /tmp/a", ""));
    }

    #[test]
    fn refuses_what_gnu_refuses() {
        let mut guest = Guest::new();
        expect![[r#"
            [stderr]
            rm: cannot remove '/tmp': Is a directory
            rm: cannot remove 'x': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("rm /tmp x", ""));
        expect![[r#"
            [stderr]
            rm: it is dangerous to operate recursively on '/'
            rm: use --no-preserve-root to override this failsafe
            rm: refusing to remove '.' or '..' directory: skipping '.'
            [exit 1]
        "#]]
        .assert_eq(&guest.run("rm -rf / . nothing", ""));
        assert_eq!(guest.run("rm -f", ""), "[exit 0]\n");
    }

    #[test]
    fn asks_when_told_to() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "x").file("/tmp/b", "");
        expect![[r#"
            removed '/tmp/b'
            [stderr]
            rm: remove regular file '/tmp/a'? rm: remove regular empty file '/tmp/b'? 
            [exit 0]
        "#]]
        .assert_eq(&guest.run("rm -iv /tmp/a /tmp/b", "n\ny\n"));
    }
}
