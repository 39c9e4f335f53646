//! uname: print what the system says it is.
//!
//! Follows: POSIX.1-2024 uname; options and order of GNU coreutils 9.1.

use bstr::BString;

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Uname>("uname");

const SPEC: Spec = Spec::new(
    "usage: uname [-amnoprsv]\n\
     Print what the system says it is.\n\n  \
     -a, --all               all of it\n  \
     -m, --machine           the hardware\n  \
     -n, --nodename          the host name\n  \
     -o, --operating-system  the operating system\n  \
     -p, --processor         the processor\n  \
     -i, --hardware-platform the platform\n  \
     -r, --kernel-release    the kernel's release\n  \
     -s, --kernel-name       the kernel's name (default)\n  \
     -v, --kernel-version    the kernel's version",
    "amnopirsv",
)
.long(&[
    ("all", b'a'),
    ("hardware-platform", b'i'),
    ("kernel-name", b's'),
    ("kernel-release", b'r'),
    ("kernel-version", b'v'),
    ("machine", b'm'),
    ("nodename", b'n'),
    ("operating-system", b'o'),
    ("processor", b'p'),
]);

#[derive(Clone)]
struct Uname;

impl Compute for Uname {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        if let Some(extra) = options.operands.first() {
            return Err(out.misuse(1, format_args!("extra operand {}", quote(extra))));
        }
        let uname = sys.os().uname();
        let fields = [
            (b's', uname.sysname.clone()),
            (b'n', uname.nodename),
            (b'r', uname.release),
            (b'v', uname.version),
            (b'm', uname.machine),
            // With -a, GNU leaves out what is unknown: processor and platform.
            (b'p', "unknown".into()),
            (b'i', "unknown".into()),
            (b'o', uname.sysname),
        ];
        let all = options.has(b'a');
        let shown = |(letter, value): &(u8, BString)| {
            options.has(*letter)
                || all && value != "unknown"
                || options.given.is_empty() && *letter == b's'
        };
        let words: Vec<BString> =
            fields.into_iter().filter(shown).map(|(_, value)| value).collect();
        out.text(bstr::join(" ", words));
        out.text("\n");
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn says_what_is_asked_for() {
        assert_eq!(run("uname -n", ""), "guest\n[exit 0]\n");
        assert_eq!(run("uname -np", ""), "guest unknown\n[exit 0]\n");
        assert_eq!(run("uname", ""), run("uname -s", ""));
        assert!(run("uname -a", "").contains(" guest "));
    }
}
