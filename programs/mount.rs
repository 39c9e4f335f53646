//! mount: list what is mounted.
//!
//! Follows: util-linux mount, without operands. Left out: mounting.

use bstr::ByteSlice;

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Mount>("mount");

const SPEC: Spec = Spec::new(
    "usage: mount [-t TYPE]\n\
     List what is mounted.\n\n  \
     -t TYPE  only filesystems of that type",
    "lt:",
);

/// Bytes of `/proc/mounts` that are read.
const FILE_MAX: usize = 1 << 16;

#[derive(Clone)]
struct Mount;

impl Compute for Mount {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        if !options.operands.is_empty() {
            return Err(out.fail(1, "only listing is possible here"));
        }
        let mounts = sys.fs().read_file("/proc/mounts", FILE_MAX)?;
        for line in mounts.lines() {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
            let [source, at, kind, flags, ..] = fields.as_slice() else { continue };
            if options.value(b't').is_none_or(|wanted| wanted == kind) {
                for part in [source, &b" on "[..], at, b" type ", kind, b" (", flags, b")\n"] {
                    out.text(part);
                }
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn lists_what_is_mounted() {
        assert_eq!(run("mount -t proc", ""), "proc on /proc type proc (rw,noatime)\n[exit 0]\n");
    }
}
