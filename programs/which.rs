//! which: where commands are.
//!
//! Follows: debianutils which.

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
            if options.has(b'a') && !name.contains(&b'/') {
                for dir in path.split(|byte| *byte == b':') {
                    found.extend(sys.shell().which(join(dir, name)));
                }
            } else {
                found.extend(sys.shell().which(name));
            }
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

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn finds_commands() {
        assert_eq!(run("which which nothing init", ""), "/bin/which\n/bin/init\n[exit 1]\n");
        assert_eq!(run("which -a init", ""), "/bin/init\n/sbin/init\n[exit 0]\n");
    }
}
