//! mkdir: make directories.
//!
//! Follows: POSIX.1-2024 mkdir; messages of GNU coreutils 9.1.

use bstr::BString;

use crate::base::Errno;
use crate::fs::FileType;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, first_operand, once};
use crate::kernel::program::{Program, Sys, mode};

pub(super) const PROGRAM: Program = once::<Mkdir>("mkdir");

const SPEC: Spec = Spec::new(
    "usage: mkdir [-pv] [-m MODE] DIRECTORY...\n\
     Make directories.\n\n  \
     -m, --mode=MODE  permissions, as in chmod\n  \
     -p, --parents    make parents too; existing directories are fine\n  \
     -v, --verbose    say what is made",
    "m:pv",
)
.long(&[("mode", b'm'), ("parents", b'p'), ("verbose", b'v')]);

#[derive(Clone)]
struct Mkdir;

impl Compute for Mkdir {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        first_operand(options, 1, out)?;
        let umask = sys.fs().umask(0);
        sys.fs().umask(umask);
        let mode = match options.value(b'm') {
            None => None,
            Some(text) => Some(
                mode::change(text, 0o777, true, umask)
                    .ok_or_else(|| out.fail(1, format_args!("invalid mode {}", quote(text))))?,
            ),
        };
        for path in &options.operands {
            if options.has(b'p') {
                make_parents(path, options.has(b'v'), out, sys);
            }
            make(path, mode, options.has(b'p'), options.has(b'v'), out, sys);
        }
        Ok(out.status())
    }
}

fn make(
    path: &BString,
    mode: Option<u16>,
    exists_is_fine: bool,
    verbose: bool,
    out: &mut Out,
    sys: &mut Sys<'_>,
) {
    let made = sys.fs().mkdir(path, mode.unwrap_or(0o777)).and_then(|()| match mode {
        // The umask does not apply to a mode that was asked for.
        Some(mode) => sys.fs().chmod(path, mode),
        None => Ok(()),
    });
    match made {
        Ok(()) if verbose => out.text(format!("mkdir: created directory {}\n", quote(path))),
        Ok(()) => {}
        Err(Errno::EEXIST) if exists_is_fine && is_directory(path, sys) => {}
        Err(errno) => {
            out.complain(format_args!("cannot create directory {}: {errno}", quote(path)));
        }
    }
}

/// Makes what leads to `path`; what goes wrong shows when `path` itself is made.
fn make_parents(path: &BString, verbose: bool, out: &mut Out, sys: &mut Sys<'_>) {
    for (at, _) in path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/') {
        let parent = BString::from(&path[..at]);
        if !parent.ends_with(b"/")
            && path[at..].iter().any(|byte| *byte != b'/')
            && sys.fs().mkdir(&parent, 0o777).is_ok()
            && verbose
        {
            out.text(format!("mkdir: created directory {}\n", quote(&parent)));
        }
    }
}

fn is_directory(path: &BString, sys: &mut Sys<'_>) -> bool {
    sys.fs().stat(path).is_ok_and(|stat| stat.kind == FileType::Directory)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn makes_directories_and_their_parents() {
        let mut guest = Guest::new();
        expect![[r#"
            mkdir: created directory '/tmp/a'
            mkdir: created directory '/tmp/a/b'
            mkdir: created directory '/tmp/a/b//c'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("mkdir -pv /tmp/a/b//c /tmp/a", ""));
        assert_eq!(guest.run("mkdir -m 1750 /tmp/d", ""), "[exit 0]\n");
        expect![[r#"
            drwxr-x--T
            [exit 0]
        "#]]
        .assert_eq(&guest.run("stat -c %A /tmp/d", ""));
    }

    #[test]
    fn says_what_is_in_the_way() {
        let mut guest = Guest::new();
        guest.file("/tmp/f", "");
        expect![[r#"
            [stderr]
            mkdir: cannot create directory '/tmp': File exists
            mkdir: cannot create directory '/x/y': No such file or directory
            mkdir: cannot create directory '/tmp/f/g': Not a directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("mkdir /tmp /x/y /tmp/f/g", ""));
        expect![[r#"
            [stderr]
            mkdir: missing operand
            Try 'mkdir --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&guest.run("mkdir", ""));
    }
}
