//! hello: greet somebody. The template for new programs: copy this file.
//!
//! Follows: GNU hello, in spirit. Left out: everything but the greeting.
//!
//! To add a program, copy this file to `programs/NAME.rs`, write it, and run `cargo xtask tidy`,
//! which puts it into the list of programs. Name it in the `programs` of an OS variant and it is
//! a command there. Nothing else has to be touched.

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

/// What the kernel knows of the program. `once` is the shape: this program computes all of its
/// output at one go. The others are `tool` (works in steps), `line_filter` and `byte_filter`.
pub(super) const PROGRAM: Program = once::<Hello>("hello");

/// Options in getopt's notation: `u` is a flag; `u:` would want a value.
const SPEC: Spec = Spec::new(
    "usage: hello [-u] [NAME]...\n\
     Greet each NAME, or the world.\n\n  \
     -u, --upper-case  greet loudly",
    "u",
)
.long(&[("upper-case", b'u')]);

/// The program's state. A program that computes all at once has none; one that works in steps
/// keeps here all it must remember from one step to the next, as plain serde data.
#[derive(Clone)]
struct Hello;

impl Compute for Hello {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, _sys: &mut Sys<'_>) -> Result<u8, End> {
        // Errors are returned through `?`, as in `sys.fs().stat(path)?`, or worded here:
        if let Some(nobody) = options.operands.iter().find(|name| name.is_empty()) {
            return Err(out.misuse(1, format_args!("invalid name '{nobody}'")));
        }
        let world = ["world".into()];
        let names = if options.operands.is_empty() { &world } else { &options.operands[..] };
        for name in names {
            let mut greeting = b"Hello, ".to_vec();
            greeting.extend_from_slice(name);
            greeting.extend_from_slice(b"!\n");
            if options.has(b'u') {
                greeting.make_ascii_uppercase();
            }
            // What is queued here leaves in order, however slowly a reader takes it.
            out.text(greeting);
        }
        // 0, or 1 once there was a complaint.
        Ok(out.status())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn greets_everybody() {
        expect![[r#"
            Hello, world!
            [exit 0]
        "#]]
        .assert_eq(&run("hello", ""));
        expect![[r#"
            HELLO, ALICE!
            HELLO, BOB!
            [exit 0]
        "#]]
        .assert_eq(&run("hello -u alice bob", ""));
    }

    #[test]
    fn explains_misuse() {
        expect![[r#"
            [stderr]
            hello: invalid option -- 'x'
            Try 'hello --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&run("hello -x", ""));
    }
}
