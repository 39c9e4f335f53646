//! Accounts: users and groups of a variant as `/etc/passwd`, `/etc/shadow` and `/etc/group`.
//!
//! Once the image is built these files are the truth; nothing else remembers the accounts.
//! Follows: passwd(5), shadow(5), group(5).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::schema::{Password, UserFile, VariantFile};
use crate::base::limits::ACCOUNTS_MAX;
use crate::base::{Gid, Uid};

/// A user with everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user's number.
    pub uid: Uid,
    /// The primary group's number.
    pub gid: Gid,
    /// The full name.
    pub full_name: String,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
    /// The second field of `/etc/shadow`.
    pub secret: String,
}

/// Users by number and groups by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// In ascending order of uid, then name.
    pub users: Vec<User>,
    /// Group name → number and members.
    pub groups: BTreeMap<String, (Gid, Vec<String>)>,
}

impl Accounts {
    /// The accounts of a merged variant. What is missing or too much is left out; the check names
    /// it.
    pub fn new(file: &VariantFile) -> Self {
        let mut groups: BTreeMap<String, (Gid, Vec<String>)> = file
            .groups
            .iter()
            .take(ACCOUNTS_MAX)
            .filter_map(|(name, group)| {
                Some((name.clone(), (Gid(group.gid?), group.members.clone())))
            })
            .collect();
        let mut users = Vec::new();
        for (name, user) in file.users.iter().take(ACCOUNTS_MAX) {
            let Some(uid) = user.uid else { continue };
            // As `useradd` does: a group of one's own, unless another is named.
            let own = || (Gid(uid), Vec::new());
            let gid = match &user.group {
                None => groups.entry(name.clone()).or_insert_with(own).0,
                Some(group) => groups.get(group).map_or(Gid(uid), |(gid, _)| *gid),
            };
            for group in &user.groups {
                if let Some((_, members)) = groups.get_mut(group)
                    && !members.contains(name)
                {
                    members.push(name.clone());
                }
            }
            users.push(resolved_user(name, user, Uid(uid), gid));
        }
        users.sort_by(|a, b| (a.uid, &a.name).cmp(&(b.uid, &b.name)));
        Self { users, groups }
    }

    /// The number of a user.
    pub fn uid(&self, name: &str) -> Option<Uid> {
        self.users.iter().find(|user| user.name == name).map(|user| user.uid)
    }

    /// The number of a group.
    pub fn gid(&self, name: &str) -> Option<Gid> {
        self.groups.get(name).map(|(gid, _)| *gid)
    }

    /// The text of `/etc/passwd`.
    pub fn passwd(&self) -> String {
        self.users.iter().fold(String::new(), |mut text, user| {
            let User { name, uid, gid, full_name, home, shell, .. } = user;
            writeln!(text, "{name}:x:{uid}:{gid}:{full_name}:{home}:{shell}")
                .expect("a string takes all that is written");
            text
        })
    }

    /// The text of `/etc/shadow`. Passwords were last changed on day 20,454 (2026-01-01), so that
    /// none is asked to be changed at the first login.
    pub fn shadow(&self) -> String {
        self.users.iter().fold(String::new(), |mut text, User { name, secret, .. }| {
            writeln!(text, "{name}:{secret}:20454:0:99999:7:::")
                .expect("a string takes all that is written");
            text
        })
    }

    /// The text of `/etc/group`.
    pub fn group(&self) -> String {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(name, (gid, _))| (*gid, name.as_str()));
        groups.into_iter().fold(String::new(), |mut text, (name, (gid, members))| {
            writeln!(text, "{name}:x:{gid}:{}", members.join(","))
                .expect("a string takes all that is written");
            text
        })
    }
}

fn resolved_user(name: &str, user: &UserFile, uid: Uid, gid: Gid) -> User {
    let secret = match &user.password {
        None | Some(Password::Locked) => "*".to_owned(),
        Some(Password::Empty) => String::new(),
        Some(Password::Hash(hash)) => hash.clone(),
    };
    User {
        name: name.to_owned(),
        uid,
        gid,
        full_name: user.full_name.clone().unwrap_or_default(),
        home: user.home.clone().unwrap_or_else(|| format!("/home/{name}")),
        shell: user.shell.clone().unwrap_or_else(|| "/bin/sh".to_owned()),
        secret,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn writes_the_three_files() {
        let text = r#"(
            users: {
                "root": (uid: 0, home: "/root", full_name: "root", password: Empty),
                "ann": (uid: 1000, groups: ["wheel", "users"], password: Hash("$6$x$y")),
                "daemon": (uid: 1, group: "users", home: "/", shell: "/usr/sbin/nologin"),
            },
            groups: {"users": (gid: 100), "wheel": (gid: 10, members: ["root"])},
        )"#;
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let accounts = Accounts::new(&options.from_str(text).unwrap());
        let files = [accounts.passwd(), accounts.shadow(), accounts.group()];
        expect![[r#"
            root:x:0:0:root:/root:/bin/sh
            daemon:x:1:100::/:/usr/sbin/nologin
            ann:x:1000:1000::/home/ann:/bin/sh

            root::20454:0:99999:7:::
            daemon:*:20454:0:99999:7:::
            ann:$6$x$y:20454:0:99999:7:::

            root:x:0:
            wheel:x:10:root,ann
            users:x:100:ann
            ann:x:1000:
        "#]]
        .assert_eq(&files.join("\n"));
    }
}
