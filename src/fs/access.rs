//! Access: who is asking, and whether permission bits let them.
//!
//! Follows: POSIX.1-2024 §4.7 file access permissions, and Linux's capabilities as root has
//! them all: `CAP_DAC_OVERRIDE` reads, writes and searches anything but executes a file only if
//! somebody may; `CAP_FOWNER` is every file's owner; `CAP_FSETID` keeps set-id bits.

use serde::{Deserialize, Serialize};

use super::mode::AccessMode;
use crate::base::{Errno, Gid, Uid};

/// The ids a permission check goes by: a process's effective ones (its real ones in `access`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The user.
    pub uid: Uid,
    /// The group; also the group of what is created.
    pub gid: Gid,
    /// Supplementary groups.
    pub groups: Vec<Gid>,
}

impl Access {
    /// The superuser.
    pub const ROOT: Self = Self { uid: Uid::ROOT, gid: Gid::ROOT, groups: Vec::new() };

    /// Whether this is the superuser, who has every capability.
    pub fn is_root(&self) -> bool {
        self.uid == Uid::ROOT
    }

    /// Whether `group` is the caller's group or among the supplementary ones.
    pub fn in_group(&self, group: Gid) -> bool {
        self.gid == group || self.groups.contains(&group)
    }

    /// Whether the caller may change what only `owner` may.
    pub fn owns(&self, owner: Uid) -> bool {
        self.uid == owner || self.is_root()
    }

    /// Whether set-group-id may stay on a file of `group`.
    pub fn keeps_setgid(&self, group: Gid) -> bool {
        self.is_root() || self.in_group(group)
    }
}

/// What a permission check looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    pub mode: u16,
    pub uid: Uid,
    pub gid: Gid,
    pub directory: bool,
}

impl Guard {
    /// # Errors
    ///
    /// `EACCES` if the bits do not grant all of `want`.
    pub fn check(self, access: &Access, want: AccessMode) -> Result<(), Errno> {
        let want = want.bits();
        let granted = if access.is_root() {
            if self.directory || self.mode & 0o111 != 0 { 7 } else { 6 }
        } else if access.uid == self.uid {
            self.mode >> 6
        } else if access.in_group(self.gid) {
            self.mode >> 3
        } else {
            self.mode
        };
        if want & !granted & 7 == 0 { Ok(()) } else { Err(Errno::EACCES) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(mode: u16) -> Guard {
        Guard { mode, uid: Uid(10), gid: Gid(20), directory: false }
    }

    #[test]
    fn the_first_matching_class_decides() {
        let owner = Access { uid: Uid(10), gid: Gid(20), groups: vec![] };
        assert_eq!(guard(0o077).check(&owner, AccessMode::READ), Err(Errno::EACCES));
        let member = Access { uid: Uid(11), gid: Gid(1), groups: vec![Gid(20)] };
        assert_eq!(guard(0o707).check(&member, AccessMode::READ), Err(Errno::EACCES));
        let other = Access { uid: Uid(11), gid: Gid(1), groups: vec![] };
        assert_eq!(guard(0o004).check(&other, AccessMode::READ), Ok(()));
    }

    #[test]
    fn root_executes_only_what_somebody_may() {
        assert_eq!(guard(0o000).check(&Access::ROOT, AccessMode::READ | AccessMode::WRITE), Ok(()));
        assert_eq!(guard(0o666).check(&Access::ROOT, AccessMode::EXEC), Err(Errno::EACCES));
        assert_eq!(guard(0o001).check(&Access::ROOT, AccessMode::EXEC), Ok(()));
    }
}
