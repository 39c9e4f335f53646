//! whoami: print the effective user's name.
//!
//! Follows: GNU coreutils 9.1 whoami.

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::users::Users;
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Whoami>("whoami");

const SPEC: Spec = Spec::new("usage: whoami\nPrint the effective user's name.", "");

#[derive(Clone)]
struct Whoami;

impl Compute for Whoami {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        if let Some(extra) = options.operands.first() {
            return Err(out.misuse(1, format_args!("extra operand {}", quote(extra))));
        }
        let uid = sys.os().credentials()?.euid();
        let user = Users::load(sys).by_uid(uid);
        let user =
            user.ok_or_else(|| out.fail(1, format_args!("cannot find name for user ID {uid}")))?;
        out.text(user.name);
        out.text("\n");
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Guest;

    #[test]
    fn prints_a_name() {
        let mut guest = Guest::new();
        assert_eq!(guest.run("whoami", ""), "root\n[exit 0]\n");
        assert_eq!(guest.user(1000).run("whoami", ""), "alice\n[exit 0]\n");
        let unknown = "[stderr]\nwhoami: cannot find name for user ID 5\n[exit 1]\n";
        assert_eq!(guest.user(5).run("whoami", ""), unknown);
    }
}
