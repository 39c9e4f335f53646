//! chown: change owners.
//!
//! Follows: POSIX.1-2024 chown; messages of GNU coreutils 9.1. Left out: `--from`.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::{Gid, Uid};
use crate::fs::FileType;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::tree::{is_dots, join};
use crate::kernel::program::users::Users;
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Chown>("chown");

const SPEC: Spec = Spec::new(
    "usage: chown [-fhRv] [OWNER][:[GROUP]] FILE...\n   \
     or: chown [OPTION]... --reference=FILE FILE...\n\
     Change the owner and group of FILEs.\n\n  \
     -f, --silent     no messages\n  \
     -h, --no-dereference  links themselves\n  \
     -R, --recursive  directories with all they hold\n  \
     -v, --verbose    say what is done",
    "fhRv\x01:",
)
.long(&[
    ("no-dereference", b'h'),
    ("quiet", b'f'),
    ("recursive", b'R'),
    ("reference", 1),
    ("silent", b'f'),
    ("verbose", b'v'),
]);

#[derive(Clone, Serialize, Deserialize)]
struct Chown {
    uid: Option<Uid>,
    gid: Option<Gid>,
    /// Files to change, the next one last; whether each was named on the command line.
    pending: Vec<(BString, bool)>,
    links: bool,
    recursive: bool,
    silent: bool,
    verbose: bool,
}

impl Tool for Chown {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let mut operands = options.operands.as_slice();
        let (uid, gid) = if let Some(path) = options.value(1) {
            let stat = sys.fs().stat(path);
            let failed = |errno| format!("failed to get attributes of {}: {errno}", quote(path));
            let stat = stat.map_err(|errno| out.fail(1, failed(errno)))?;
            (Some(stat.uid), Some(stat.gid))
        } else {
            let Some((owner, rest)) = operands.split_first() else {
                return Err(out.misuse(1, "missing operand"));
            };
            operands = rest;
            let Some(_) = rest.first() else {
                return Err(out.misuse(1, format_args!("missing operand after {}", quote(owner))));
            };
            owners(owner, &Users::load(sys), out)?
        };
        Ok(Self {
            uid,
            gid,
            pending: operands.iter().rev().map(|path| (path.clone(), true)).collect(),
            links: options.has(b'h'),
            recursive: options.has(b'R'),
            silent: options.has(b'f'),
            verbose: options.has(b'v'),
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let Some((path, operand)) = self.pending.pop() else {
            return Ok(Step::Exit(out.status()));
        };
        let follow = operand && !self.links && !self.recursive;
        let stat = if follow { sys.fs().stat(&path) } else { sys.fs().lstat(&path) };
        let stat = match stat {
            Ok(stat) => stat,
            Err(errno) => {
                self.complain(format!("cannot access {}: {errno}", quote(&path)), out);
                return Ok(Step::Again);
            }
        };
        let changed = match follow {
            true => sys.fs().chown(&path, self.uid, self.gid),
            false => sys.fs().lchown(&path, self.uid, self.gid),
        };
        match changed {
            Ok(()) if self.verbose => out.text(format!("changed ownership of {}\n", quote(&path))),
            Ok(()) => {}
            Err(errno) => {
                self.complain(format!("changing ownership of {}: {errno}", quote(&path)), out);
            }
        }
        if self.recursive && stat.kind == FileType::Directory {
            match sys.fs().read_dir(&path) {
                Ok(entries) => {
                    let names = entries.into_iter().rev().map(|entry| entry.name);
                    let names = names.filter(|name| !is_dots(name));
                    self.pending.extend(names.map(|name| (join(&path, &name), false)));
                }
                Err(errno) => {
                    self.complain(format!("cannot read directory {}: {errno}", quote(&path)), out);
                }
            }
        }
        Ok(Step::Again)
    }
}

impl Chown {
    fn complain(&self, message: String, out: &mut Out) {
        if self.silent {
            out.fail_with(1);
        } else {
            out.complain(message);
        }
    }
}

/// `OWNER`, `OWNER:GROUP`, `:GROUP` or `OWNER:`, which means the owner's own group.
fn owners(text: &BString, users: &Users, out: &mut Out) -> Result<(Option<Uid>, Option<Gid>), End> {
    let split = text
        .find_byte(b':')
        .or_else(|| text.find_byte(b'.').filter(|_| users.uid_or_number(text).is_none()));
    let (owner, group) = match split {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (&text[..], None),
    };
    let uid = match owner {
        b"" => None,
        owner => Some(
            users
                .uid_or_number(owner)
                .ok_or_else(|| out.fail(1, format_args!("invalid user: {}", quote(text))))?,
        ),
    };
    let gid = match group {
        None => None,
        Some(b"") => uid.and_then(|uid| users.by_uid(uid)).map(|user| user.gid),
        Some(group) => Some(
            users
                .gid_or_number(group)
                .ok_or_else(|| out.fail(1, format_args!("invalid group: {}", quote(text))))?,
        ),
    };
    Ok((uid, gid))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn changes_owners() {
        let mut guest = Guest::new();
        guest.run("mkdir /tmp/d", "");
        guest.file("/tmp/d/f", "");
        assert_eq!(guest.run("chown -R alice: /tmp/d", ""), "[exit 0]\n");
        assert_eq!(guest.run("stat -c %U:%G /tmp/d/f", ""), "alice:alice\n[exit 0]\n");
        assert_eq!(guest.run("chown 7:8 /tmp/d", ""), "[exit 0]\n");
        assert_eq!(guest.run("stat -c %u:%g /tmp/d", ""), "7:8\n[exit 0]\n");
        expect![[r#"
            [stderr]
            chown: invalid user: 'bob'
            [exit 1]
        "#]]
        .assert_eq(&guest.run("chown bob /tmp/d", ""));
        expect![[r#"
            [stderr]
            chown: changing ownership of '/tmp/d': Operation not permitted
            [exit 1]
        "#]]
        .assert_eq(&guest.user(1000).run("chown root /tmp/d", ""));
    }
}
