//! ln: make links to files.
//!
//! Follows: POSIX.1-2024 ln; messages of GNU coreutils 9.1. Left out: backups, `-r`.

use bstr::BString;

use crate::base::Errno;
use crate::fs::FileType;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote, quote_if_needed};
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::tree::{base_name, join};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Ln>("ln");

const SPEC: Spec = Spec::new(
    "usage: ln [-fnsvT] TARGET [LINK]\n   \
     or: ln [OPTION]... TARGET... DIRECTORY\n\
     Make links to files, hard links unless told otherwise.\n\n  \
     -f, --force     remove what is in the way\n  \
     -n, --no-dereference  a LINK that points to a directory is replaced\n  \
     -s, --symbolic  make symbolic links\n  \
     -T, --no-target-directory\n  \
     -v, --verbose   say what is linked",
    "fnsvT",
)
.long(&[
    ("force", b'f'),
    ("no-dereference", b'n'),
    ("no-target-directory", b'T'),
    ("symbolic", b's'),
    ("verbose", b'v'),
]);

#[derive(Clone)]
struct Ln;

impl Compute for Ln {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let here = BString::from(".");
        let (targets, link) = match options.operands.as_slice() {
            [] => return Err(out.misuse(1, "missing file operand")),
            [only] => (core::slice::from_ref(only), &here),
            [targets @ .., link] => (targets, link),
        };
        let into = if options.has(b'n') { sys.fs().lstat(link) } else { sys.fs().stat(link) };
        let directory =
            !options.has(b'T') && into.is_ok_and(|stat| stat.kind == FileType::Directory);
        if !directory && targets.len() > 1 {
            let why = into.map_or_else(|errno| errno, |_| Errno::ENOTDIR);
            return Err(out.fail(1, format_args!("target {}: {why}", quote(link))));
        }
        for target in targets {
            let link = if directory { join(link, base_name(target)) } else { link.clone() };
            make(target, &link, options, out, sys);
        }
        Ok(out.status())
    }
}

fn make(target: &BString, link: &BString, options: &Options, out: &mut Out, sys: &mut Sys<'_>) {
    let symbolic = options.has(b's');
    if !symbolic {
        match sys.fs().lstat(target) {
            Ok(stat) if stat.kind == FileType::Directory => {
                out.complain(format_args!(
                    "{}: hard link not allowed for directory",
                    quote_if_needed(target)
                ));
                return;
            }
            Ok(_) => {}
            Err(errno) => {
                out.complain(format_args!("failed to access {}: {errno}", quote(target)));
                return;
            }
        }
    }
    let attempt = |sys: &mut Sys<'_>| match symbolic {
        true => sys.fs().symlink(target, link),
        false => sys.fs().link(target, link),
    };
    let mut made = attempt(sys);
    if made == Err(Errno::EEXIST) && options.has(b'f') && sys.fs().unlink(link).is_ok() {
        made = attempt(sys);
    }
    let (kind, arrow) = if symbolic { ("symbolic", "->") } else { ("hard", "=>") };
    match made {
        Ok(()) if options.has(b'v') => {
            out.text(format!("{} {arrow} {}\n", quote(link), quote(target)));
        }
        Ok(()) => {}
        // As GNU does: a name that is taken is the link's fault, anything else the pair's.
        Err(errno) if symbolic || errno == Errno::EEXIST => {
            out.complain(format_args!("failed to create {kind} link {}: {errno}", quote(link)));
        }
        Err(errno) => out.complain(format_args!(
            "failed to create {kind} link {} {arrow} {}: {errno}",
            quote(link),
            quote(target)
        )),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn makes_both_kinds_of_links() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "x\n");
        expect![[r#"
            '/tmp/s' -> 'a'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ln -sv a /tmp/s", ""));
        expect![[r#"
            '/tmp/h' => '/tmp/a'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ln -v /tmp/a /tmp/h", ""));
        assert_eq!(guest.run("stat -c %h /tmp/a", ""), "2\n[exit 0]\n");
        expect![[r#"
            [stderr]
            ln: failed to create symbolic link '/tmp/s': File exists
            [exit 1]
        "#]]
        .assert_eq(&guest.run("ln -s b /tmp/s", ""));
        expect![[r#"
            [stderr]
            ln: failed to access 'no': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("ln no /tmp/x", ""));
        assert_eq!(guest.run("ln -sf b /tmp/s", ""), "[exit 0]\n");
        assert_eq!(guest.run("readlink /tmp/s", ""), "b\n[exit 0]\n");
    }
}
