//! id: print users and groups.
//!
//! Follows: POSIX.1-2024 id; options and messages of GNU coreutils 9.1.

use crate::base::{Gid, Uid};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::users::Users;
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Id>("id");

const SPEC: Spec = Spec::new(
    "usage: id [-gGnru] [USER]...\n\
     Print users and groups of USERs, or of this process.\n\n  \
     -g, --group   only the effective group\n  \
     -G, --groups  all groups\n  \
     -n, --name    names instead of numbers, with -g, -G or -u\n  \
     -r, --real    the real ids, with -g, -G or -u\n  \
     -u, --user    only the effective user",
    "agGnru",
)
.long(&[("group", b'g'), ("groups", b'G'), ("name", b'n'), ("real", b'r'), ("user", b'u')]);

#[derive(Clone)]
struct Id;

/// Whose ids are shown.
struct Subject {
    uid: Uid,
    euid: Uid,
    gid: Gid,
    egid: Gid,
    groups: Vec<Gid>,
}

impl Compute for Id {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let users = Users::load(sys);
        let choices = [b'g', b'G', b'u'].into_iter().filter(|letter| options.has(*letter)).count();
        if choices > 1 {
            return Err(out.misuse(1, "cannot print \"only\" of more than one choice"));
        }
        if choices == 0 && (options.has(b'n') || options.has(b'r')) {
            return Err(out.misuse(1, "cannot print only names or real IDs in default format"));
        }
        if options.operands.is_empty() {
            let own = sys.os().credentials()?.clone();
            let mut groups = vec![own.egid()];
            groups.extend(own.groups().iter().filter(|group| **group != own.egid()));
            let subject =
                Subject { uid: own.uid, euid: own.euid(), gid: own.gid, egid: own.egid(), groups };
            print(&subject, options, &users, out);
        }
        for name in &options.operands {
            let user = users
                .by_name(name)
                .or_else(|| users.uid_or_number(name).and_then(|uid| users.by_uid(uid)));
            let Some(user) = user else {
                out.complain(format_args!("{}: no such user", quote(name)));
                continue;
            };
            let groups = users.groups_of(&user);
            let (uid, gid) = (user.uid, user.gid);
            print(&Subject { uid, euid: uid, gid, egid: gid, groups }, options, &users, out);
        }
        Ok(out.status())
    }
}

fn print(subject: &Subject, options: &Options, users: &Users, out: &mut Out) {
    let (name, real) = (options.has(b'n'), options.has(b'r'));
    let user = |uid: Uid| if name { users.user_name(uid) } else { uid.to_string() };
    let group = |gid: &Gid| if name { users.group_name(*gid) } else { gid.to_string() };
    let line = if options.has(b'u') {
        user(if real { subject.uid } else { subject.euid })
    } else if options.has(b'g') {
        group(if real { &subject.gid } else { &subject.egid })
    } else if options.has(b'G') {
        subject.groups.iter().map(group).collect::<Vec<_>>().join(" ")
    } else {
        long(subject, users)
    };
    out.text(format!("{line}\n"));
}

fn long(subject: &Subject, users: &Users) -> String {
    let user = |uid: Uid| match users.by_uid(uid) {
        Some(user) => format!("{uid}({})", user.name),
        None => uid.to_string(),
    };
    let group = |gid: &Gid| match users.group_of(*gid) {
        Some(name) => format!("{gid}({name})"),
        None => gid.to_string(),
    };
    let mut line = format!("uid={} gid={}", user(subject.uid), group(&subject.gid));
    if subject.euid != subject.uid {
        line.push_str(&format!(" euid={}", user(subject.euid)));
    }
    if subject.egid != subject.gid {
        line.push_str(&format!(" egid={}", group(&subject.egid)));
    }
    let groups: Vec<String> = subject.groups.iter().map(group).collect();
    line.push_str(&format!(" groups={}", groups.join(",")));
    line
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn says_who_one_is() {
        let mut guest = Guest::new();
        assert_eq!(guest.run("id", ""), "uid=0(root) gid=0(root) groups=0(root)\n[exit 0]\n");
        expect![[r#"
            uid=1000(alice) gid=1000(alice) groups=1000(alice),5(tty)
            [stderr]
            id: 'bob': no such user
            [exit 1]
        "#]]
        .assert_eq(&guest.run("id alice bob", ""));
        assert_eq!(guest.run("id -Gn alice", ""), "alice tty\n[exit 0]\n");
        assert_eq!(guest.user(77).run("id", ""), "uid=77 gid=77 groups=77\n[exit 0]\n");
        assert_eq!(guest.run("id -un", ""), "77\n[exit 0]\n");
    }
}
