//! readlink: print where a symbolic link points, or a path without any.
//!
//! Follows: POSIX.1-2024 readlink; `-f` as GNU coreutils.

use bstr::{BString, ByteSlice};

use crate::base::{Errno, limits};
use crate::fs::FileType;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, first_operand, once};
use crate::kernel::program::tree::{base_name, join};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Readlink>("readlink");

const SPEC: Spec = Spec::new(
    "usage: readlink [-fn] FILE...\n\
     Print where symbolic links point.\n\n  \
     -f, --canonicalize  follow every link of the path\n  \
     -n, --no-newline    no newline at the end",
    "fn",
)
.long(&[("canonicalize", b'f'), ("no-newline", b'n')]);

#[derive(Clone)]
struct Readlink;

impl Compute for Readlink {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        first_operand(options, 1, out)?;
        for path in &options.operands {
            let target =
                if options.has(b'f') { canonical(path, sys) } else { sys.fs().readlink(path) };
            match target {
                Ok(target) => {
                    out.text(target);
                    if !options.has(b'n') {
                        out.text("\n");
                    }
                }
                Err(_) => out.fail_with(1),
            }
        }
        Ok(out.status())
    }
}

/// The path without links, `.` and `..`; its last component need not exist.
fn canonical(path: &BString, sys: &mut Sys<'_>) -> Result<BString, Errno> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    let mut done = if path.starts_with(b"/") { BString::from("/") } else { sys.fs().cwd()? };
    let mut rest: Vec<BString> = components(path);
    let mut links = 0;
    while let Some(component) = rest.pop() {
        if component == "." {
            continue;
        }
        if component == ".." {
            let parent = &done[..done.len() - base_name(&done).len()];
            let parent = parent.trim_end_with(|c| c == '/').len().max(1);
            done.truncate(parent);
            continue;
        }
        let next = join(&done, &component);
        match sys.fs().lstat(&next) {
            Ok(stat) if stat.kind == FileType::Symlink => {
                links += 1;
                if links > limits::SYMLINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                let target = sys.fs().readlink(&next)?;
                if target.starts_with(b"/") {
                    done = "/".into();
                }
                rest.extend(components(&target));
            }
            Ok(_) => done = next,
            Err(Errno::ENOENT) if rest.is_empty() => done = next,
            Err(errno) => return Err(errno),
        }
    }
    Ok(done)
}

/// The components of a path, the last one first.
fn components(path: &BString) -> Vec<BString> {
    let parts = path.split(|byte| *byte == b'/').rev().filter(|part| !part.is_empty());
    parts.map(BString::from).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::Guest;

    #[test]
    fn follows_links() {
        let mut guest = Guest::new();
        guest.run("mkdir /tmp/d", "");
        guest.run("ln -s d/../d /tmp/l", "");
        assert_eq!(guest.run("readlink /tmp/l /tmp/d", ""), "d/../d\n[exit 1]\n");
        assert_eq!(guest.run("readlink -f /tmp/./l/x", ""), "/tmp/d/x\n[exit 0]\n");
        guest.run("ln -s loop /tmp/loop", "");
        assert_eq!(guest.run("readlink -f /tmp/loop", ""), "[exit 1]\n");
    }
}
