//! Users and groups as `/etc/passwd` and `/etc/group` tell them.
//!
//! Follows: POSIX.1-2024 `getpwnam`, `getgrgid` and their kind; the files are the only truth.

use bstr::{BStr, BString, ByteSlice};

use crate::base::{Gid, Uid};
use crate::kernel::program::Sys;
use crate::kernel::program::shapes::number;

/// Bytes of an account file that are looked at: far more than any machine's users need.
const FILE_MAX: usize = 1 << 20;

/// A line of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: BString,
    /// `x` when the password is in `/etc/shadow`.
    pub password: BString,
    /// The user id.
    pub uid: Uid,
    /// The primary group.
    pub gid: Gid,
    /// Full name and the like.
    pub gecos: BString,
    /// The home directory.
    pub home: BString,
    /// The login shell.
    pub shell: BString,
}

/// The account files of a machine as they were when they were loaded.
#[derive(Clone, Debug, Default)]
pub struct Users {
    passwd: Vec<u8>,
    group: Vec<u8>,
}

impl Users {
    /// Reads the account files; one that cannot be read counts as empty.
    pub fn load(sys: &mut Sys<'_>) -> Self {
        Self {
            passwd: sys.fs().read_file("/etc/passwd", FILE_MAX).unwrap_or_default(),
            group: sys.fs().read_file("/etc/group", FILE_MAX).unwrap_or_default(),
        }
    }

    /// The user of a name.
    pub fn by_name(&self, name: impl AsRef<[u8]>) -> Option<User> {
        self.users().find(|user| user.name == name.as_ref())
    }

    /// The user of an id.
    pub fn by_uid(&self, uid: Uid) -> Option<User> {
        self.users().find(|user| user.uid == uid)
    }

    /// The name of a user, or the number where there is no such user.
    pub fn user_name(&self, uid: Uid) -> String {
        self.by_uid(uid).map_or_else(|| uid.to_string(), |user| user.name.to_string())
    }

    /// The name of a group, or the number where there is no such group.
    pub fn group_name(&self, gid: Gid) -> String {
        self.group_of(gid).map_or_else(|| gid.to_string(), |name| name.to_string())
    }

    /// The name of a group.
    pub fn group_of(&self, gid: Gid) -> Option<&BStr> {
        self.groups().find(|(_, id, _)| *id == gid).map(|(name, ..)| name)
    }

    /// The id of a group.
    pub fn gid_of(&self, group: impl AsRef<[u8]>) -> Option<Gid> {
        self.groups().find(|(name, ..)| **name == *group.as_ref()).map(|(_, gid, _)| gid)
    }

    /// A user given by name or number, as chown takes it.
    pub fn uid_or_number(&self, user: &[u8]) -> Option<Uid> {
        self.by_name(user).map(|user| user.uid).or_else(|| number(user).map(Uid))
    }

    /// A group given by name or number.
    pub fn gid_or_number(&self, group: &[u8]) -> Option<Gid> {
        self.gid_of(group).or_else(|| number(group).map(Gid))
    }

    /// The groups a user belongs to, the primary one first.
    pub fn groups_of(&self, user: &User) -> Vec<Gid> {
        let mut groups = vec![user.gid];
        for (_, gid, members) in self.groups() {
            if members.split_str(",").any(|member| user.name == member) && !groups.contains(&gid) {
                groups.push(gid);
            }
        }
        groups
    }

    fn users(&self) -> impl Iterator<Item = User> {
        self.passwd.lines().filter_map(|line| {
            let mut fields = line.split_str(":");
            let mut next = || fields.next().map(BString::from);
            Some(User {
                name: next()?,
                password: next()?,
                uid: Uid(number(next()?)?),
                gid: Gid(number(next()?)?),
                gecos: next()?,
                home: next()?,
                shell: next()?,
            })
        })
    }

    fn groups(&self) -> impl Iterator<Item = (&BStr, Gid, &BStr)> {
        self.group.lines().filter_map(|line| {
            let mut fields = line.split_str(":");
            let name = fields.next()?.as_bstr();
            let gid = Gid(number(fields.nth(1)?)?);
            Some((name, gid, fields.next().unwrap_or_default().as_bstr()))
        })
    }
}
