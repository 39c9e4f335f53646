//! rmdir: remove empty directories.
//!
//! Follows: POSIX.1-2024 rmdir; messages of GNU coreutils 9.1.

use bstr::{BString, ByteSlice};

use crate::base::Errno;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, first_operand, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Rmdir>("rmdir");

const SPEC: Spec = Spec::new(
    "usage: rmdir [-pv] DIRECTORY...\n\
     Remove empty directories.\n\n  \
     -p, --parents  then their parents, as far as the path names them\n  \
     -v, --verbose  say what is removed\n      \
     --ignore-fail-on-non-empty",
    "pvI",
)
.long(&[("parents", b'p'), ("verbose", b'v'), ("ignore-fail-on-non-empty", b'I')]);

#[derive(Clone)]
struct Rmdir;

impl Compute for Rmdir {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        first_operand(options, 1, out)?;
        for operand in &options.operands {
            let mut path = operand.clone();
            while remove(&path, options, out, sys) && options.has(b'p') {
                let Some(slash) = path.trim_end_with(|c| c == '/').rfind_byte(b'/') else { break };
                path = BString::from(path[..slash].trim_end_with(|c| c == '/'));
                if path.is_empty() {
                    break;
                }
            }
        }
        Ok(out.status())
    }
}

fn remove(path: &BString, options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> bool {
    if options.has(b'v') {
        out.text(format!("rmdir: removing directory, {}\n", quote(path)));
    }
    match sys.fs().rmdir(path) {
        Ok(()) => true,
        Err(Errno::ENOTEMPTY) if options.has(b'I') => false,
        Err(errno) => {
            out.complain(format_args!("failed to remove {}: {errno}", quote(path)));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn removes_empty_directories_only() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/a/b /tmp/c", "");
        guest.file("/tmp/c/f", "");
        expect![[r#"
            [stderr]
            rmdir: failed to remove '/tmp/c': Directory not empty
            rmdir: failed to remove '/tmp/c/f': Not a directory
            rmdir: failed to remove '/tmp/x': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("rmdir /tmp/a/b /tmp/a /tmp/c /tmp/c/f /tmp/x", ""));
    }
}
