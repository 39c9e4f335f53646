//! which: where commands are.
//!
//! Follows: debianutils which.

use bstr::BString;

use crate::fs::{AccessMode, FileType};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::tree::join;
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Which>("which");

const SPEC: Spec = Spec::new(
    "usage: which [-as] COMMAND...\n\
     Print where COMMANDs are.\n\n  \
     -a  every place, not just the first\n  \
     -s  only the exit status",
    "as",
)
.misuse(2);

#[derive(Clone)]
struct Which;

impl Compute for Which {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let path = sys.shell().getenv("PATH").map(|path| path.to_vec()).unwrap_or_default();
        for name in &options.operands {
            let mut found = Vec::new();
            if name.contains(&b'/') {
                found.push(name.clone());
            } else if options.has(b'a') {
                found.extend(path.split(|byte| *byte == b':').map(|dir| join(dir, name)));
            } else {
                found.extend(sys.shell().which(name));
            }
            found.retain(|path| is_command(path, sys));
            if found.is_empty() {
                out.fail_with(1);
            }
            for path in found.iter().filter(|_| !options.has(b's')) {
                out.text(path);
                out.text("\n");
            }
        }
        Ok(if options.operands.is_empty() { 1 } else { out.status() })
    }
}

/// Whether a path leads to a file that may be run.
fn is_command(path: &BString, sys: &mut Sys<'_>) -> bool {
    sys.fs().stat(path).is_ok_and(|stat| stat.kind == FileType::Regular)
        && sys.fs().access(path, AccessMode::EXEC).is_ok()
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn finds_commands() {
        assert_eq!(run("which which nothing init", ""), "/bin/which\n/bin/init\n[exit 1]\n");
        assert_eq!(run("which -a init", ""), "/bin/init\n/sbin/init\n[exit 0]\n");
        assert_eq!(run("which /bin/cat", ""), "/bin/cat\n[exit 0]\n");
        assert_eq!(run("which /no/such /bin /etc/passwd", ""), "[exit 1]\n");
        assert_eq!(run("which -a nothing ./nothing", ""), "[exit 1]\n");
    }
}
