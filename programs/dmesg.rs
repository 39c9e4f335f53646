//! dmesg: print the kernel's log.
//!
//! Follows: util-linux dmesg. Left out: everything but printing.

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Dmesg>("dmesg");

const SPEC: Spec = Spec::new(
    "usage: dmesg [-t]\n\
     Print the kernel's log.\n\n  \
     -t, --notime  without times",
    "tT",
)
.long(&[("notime", b't')]);

#[derive(Clone)]
struct Dmesg;

impl Compute for Dmesg {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        for line in sys.os().log_lines() {
            if !options.has(b't') {
                let millis = line.uptime.0;
                out.text(format!("[{:5}.{:03}000] ", millis / 1000, millis % 1000));
            }
            out.text(&line.text);
            out.text("\n");
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn tells_of_the_boot() {
        let log = run("dmesg", "");
        assert!(
            log.starts_with("[    0.") && log.contains("Linux") | log.contains("version"),
            "{log}"
        );
        assert!(!run("dmesg -t", "").starts_with('['));
    }
}
