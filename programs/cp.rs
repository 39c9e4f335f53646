//! cp: copy files and trees.
//!
//! Follows: POSIX.1-2024 cp; options and messages of GNU coreutils 9.1. Left out: backups, sparse
//! files, extended attributes.

use serde::{Deserialize, Serialize};

use crate::fs::FileType;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::tree::{Copier, CopyOptions, base_name, join};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Cp>("cp");

const SPEC: Spec = Spec::new(
    "usage: cp [-adfinpPrRuvL] [-T] SOURCE DEST\n   \
     or: cp [OPTION]... SOURCE... DIRECTORY\n   \
     or: cp [OPTION]... -t DIRECTORY SOURCE...\n\
     Copy files.\n\n  \
     -a, --archive      as -dpR\n  \
     -d, -P, --no-dereference  copy symbolic links as links\n  \
     -L, --dereference  copy what they point to\n  \
     -f, --force        remove what cannot be written\n  \
     -i, --interactive  ask before overwriting\n  \
     -n, --no-clobber   never overwrite\n  \
     -p, --preserve     keep mode, owner and times\n  \
     -r, -R, --recursive  copy directories\n  \
     -t, --target-directory=DIRECTORY\n  \
     -T, --no-target-directory\n  \
     -u, --update       only what is newer\n  \
     -v, --verbose      say what is copied",
    "adfinpPrRuvLt:T",
)
.long(&[
    ("archive", b'a'),
    ("dereference", b'L'),
    ("force", b'f'),
    ("interactive", b'i'),
    ("no-clobber", b'n'),
    ("no-dereference", b'P'),
    ("no-target-directory", b'T'),
    ("preserve", b'p'),
    ("recursive", b'R'),
    ("target-directory", b't'),
    ("update", b'u'),
    ("verbose", b'v'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Cp(Copier);

impl Tool for Cp {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let has = |letters: &[u8]| letters.iter().any(|letter| options.has(*letter));
        let mut copier = Copier::new(CopyOptions {
            recursive: has(b"arR"),
            keep_links: has(b"adP") && options.last_of(b"adPL") != Some(b'L'),
            preserve: has(b"ap"),
            force: has(b"f"),
            no_clobber: options.last_of(b"fin") == Some(b'n'),
            update: has(b"u"),
            ask: options.last_of(b"in") == Some(b'i'),
            verbose: has(b"v"),
        });
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
        if options.has(b'T') && sources.len() > 1 {
            let message = format!("extra operand {}", quote(&sources[1]));
            return Err(out.misuse(1, message));
        }
        if !directory && (sources.len() > 1 || options.has(b't')) {
            let why = into.map_or_else(|errno| errno, |_| crate::base::Errno::ENOTDIR);
            return Err(out.fail(1, format_args!("target {}: {why}", quote(&target))));
        }
        if !directory && into.is_err() && target.ends_with(b"/") && !has(b"arR") {
            let message = format!("cannot create regular file {}: Not a directory", quote(&target));
            return Err(out.fail(1, message));
        }
        for source in sources {
            let to = if directory && !options.has(b'T') {
                join(&target, base_name(source))
            } else {
                target.clone()
            };
            copier.add(source.clone(), to);
        }
        Ok(Self(copier))
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        Ok(if self.0.step(out, sys)? { Step::Again } else { Step::Exit(out.status()) })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn copies_files_into_directories() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "text\n");
        guest.run("mkdir /tmp/d", "");
        expect![[r#"
            '/tmp/a' -> '/tmp/b'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("cp -v /tmp/a /tmp/b", ""));
        expect![[r#"
            [exit 0]
        "#]]
        .assert_eq(&guest.run("cp /tmp/a /tmp/b /tmp/d", ""));
        expect![[r#"
            text
            text
            [exit 0]
        "#]]
        .assert_eq(&guest.run("cat /tmp/b /tmp/d/b", ""));
    }

    #[test]
    fn copies_trees_with_their_links_and_modes() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/a/b", "");
        guest.file("/tmp/a/b/f", "x");
        guest.run("chmod 600 /tmp/a/b/f", "");
        guest.run("chmod 550 /tmp/a/b", "");
        guest.run("ln -s b/f /tmp/a/l", "");
        expect![[r#"
            '/tmp/a' -> '/tmp/c'
            '/tmp/a/b' -> '/tmp/c/b'
            '/tmp/a/b/f' -> '/tmp/c/b/f'
            '/tmp/a/l' -> '/tmp/c/l'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("cp -rv /tmp/a /tmp/c", ""));
        expect![[r#"
            dr-xr-x---
            -rw-------
            lrwxrwxrwx
            [exit 0]
        "#]]
        .assert_eq(&guest.run("stat -c %A /tmp/c/b /tmp/c/b/f /tmp/c/l", ""));
        expect![[r#"
            [stderr]
            cp: cannot copy a directory, '/tmp/a', into itself, '/tmp/a/x'
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cp -r /tmp/a /tmp/a/x", ""));
    }

    #[test]
    fn complains_as_gnu_does() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "");
        expect![[r#"
            [stderr]
            cp: cannot stat 'x': No such file or directory
            cp: -r not specified; omitting directory '/etc'
            cp: '/tmp/a' and '/tmp/a' are the same file
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cp x /etc /tmp/a /tmp", ""));
        expect![[r#"
            [stderr]
            cp: missing destination file operand after 'x'
            Try 'cp --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cp x", ""));
        expect![[r#"
            [stderr]
            cp: target 'y': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cp /tmp/a /tmp/a y", ""));
        expect![[r#"
            [stderr]
            cp: cannot create regular file 'no/b': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("cp /tmp/a no/b", ""));
    }
}
