//! env: print the environment, or run a command in a changed one.
//!
//! Follows: POSIX.1-2024 env; options and messages of GNU coreutils 9.1. Left out: `-S`.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::Errno;
use crate::base::strings::Strings;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Env>("env");

const SPEC: Spec = Spec::new(
    "usage: env [-i0] [-u NAME] [-C DIR] [NAME=VALUE]... [COMMAND [ARG]...]\n\
     Print the environment, or run COMMAND in it.\n\n  \
     -0, --null                end lines with NUL\n  \
     -C, --chdir=DIR           change to DIR before\n  \
     -i, --ignore-environment  begin with an empty one\n  \
     -u, --unset=NAME          without NAME",
    "+iu:0C:",
)
.long(&[("chdir", b'C'), ("ignore-environment", b'i'), ("null", b'0'), ("unset", b'u')])
.misuse(125);

#[derive(Clone, Serialize, Deserialize)]
struct Env {
    env: Strings,
    command: Vec<BString>,
}

impl Tool for Env {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let mut operands = options.operands.as_slice();
        // A lone dash is -i, as it always was.
        let dash = operands.first().is_some_and(|first| first == "-");
        operands = &operands[usize::from(dash)..];
        let ignore = dash || options.has(b'i');
        let mut env = if ignore { Strings::new() } else { sys.shell().env().clone() };
        for name in options.values(b'u') {
            if name.is_empty() || name.contains(&b'=') {
                let why = Errno::EINVAL;
                return Err(out.fail(125, format_args!("cannot unset {}: {why}", quote(name))));
            }
            env.remove_value(name);
        }
        while let [first, rest @ ..] = operands
            && let Some((name, value)) = first.split_once_str("=")
        {
            env.set_value(name, value);
            operands = rest;
        }
        if let Some(dir) = options.value(b'C') {
            let moved = sys.fs().chdir(dir);
            moved.map_err(|errno| {
                out.fail(125, format_args!("cannot change directory to {}: {errno}", quote(dir)))
            })?;
        }
        if operands.is_empty() {
            let end = if options.has(b'0') { "\0" } else { "\n" };
            for entry in env.iter() {
                out.text(entry);
                out.text(end);
            }
            return Err(End::Exit(0));
        }
        Ok(Self { env, command: operands.to_vec() })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let Some(name) = self.command.first() else { return Ok(Step::Exit(0)) };
        // The command is looked for in the new environment's PATH.
        let found = sys.shell().which_in(name, self.env.value_of("PATH"));
        let args: Strings = self.command.iter().collect();
        let failed = match found.and_then(|path| sys.os().exec(path, &args, &self.env)) {
            Ok(()) => return Err(End::Replaced),
            Err(errno) => errno,
        };
        let status = if failed == Errno::ENOENT { 127 } else { 126 };
        Err(out.fail(status, format_args!("{}: {failed}", quote(name))))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::run;

    #[test]
    fn prints_and_changes_the_environment() {
        assert_eq!(run("env", ""), "PATH=/bin:/sbin\nHOME=/root\n[exit 0]\n");
        assert_eq!(run("env -i A=1 B=2", ""), "A=1\nB=2\n[exit 0]\n");
        assert_eq!(run("env -u HOME A= env", ""), "PATH=/bin:/sbin\nA=\n[exit 0]\n");
        assert_eq!(run("env false -x", ""), "[exit 1]\n");
    }

    #[test]
    fn failures_have_their_own_statuses() {
        expect![[r#"
            [stderr]
            env: 'nothing': No such file or directory
            [exit 127]
        "#]]
        .assert_eq(&run("env nothing", ""));
        expect![[r#"
            [stderr]
            env: '/tmp': Permission denied
            [exit 126]
        "#]]
        .assert_eq(&run("env /tmp", ""));
    }
}
