//! Credentials: who a process is and as whom it acts.
//!
//! Follows: POSIX.1-2024 `setuid`, `setgid`, `exec`.

use serde::{Deserialize, Serialize};

use crate::base::{Errno, Gid, Uid};
use crate::fs::Access;

/// Real, effective and saved ids, and supplementary groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Real user.
    pub uid: Uid,
    /// Saved set-user-id.
    pub suid: Uid,
    /// Real group.
    pub gid: Gid,
    /// Saved set-group-id.
    pub sgid: Gid,
    /// Effective user and group and the supplementary groups: what file permissions look at.
    pub access: Access,
}

impl Credentials {
    /// A user's credentials after login.
    pub fn login(uid: Uid, gid: Gid, groups: Vec<Gid>) -> Self {
        Self { uid, suid: uid, gid, sgid: gid, access: Access { uid, gid, groups } }
    }

    /// The superuser's.
    pub fn root() -> Self {
        Self::login(Uid::ROOT, Gid::ROOT, Vec::new())
    }

    /// Effective user.
    pub fn euid(&self) -> Uid {
        self.access.uid
    }

    /// Effective group.
    pub fn egid(&self) -> Gid {
        self.access.gid
    }

    /// Supplementary groups.
    pub fn groups(&self) -> &[Gid] {
        &self.access.groups
    }

    /// Whether the process acts as the superuser.
    pub fn is_root(&self) -> bool {
        self.euid() == Uid::ROOT
    }

    /// `setuid`: root takes on a user for good; others may return to their real or saved user.
    pub(crate) fn set_uid(&mut self, uid: Uid) -> Result<(), Errno> {
        if self.is_root() {
            (self.uid, self.suid) = (uid, uid);
        } else if uid != self.uid && uid != self.suid {
            return Err(Errno::EPERM);
        }
        self.access.uid = uid;
        Ok(())
    }

    /// `setgid`: as [`Self::set_uid`], for the group.
    pub(crate) fn set_gid(&mut self, gid: Gid) -> Result<(), Errno> {
        if self.is_root() {
            (self.gid, self.sgid) = (gid, gid);
        } else if gid != self.gid && gid != self.sgid {
            return Err(Errno::EPERM);
        }
        self.access.gid = gid;
        Ok(())
    }

    /// Whether a process with these credentials may signal one with `target`'s.
    pub(crate) fn may_signal(&self, target: &Self) -> bool {
        self.is_root()
            || [self.uid, self.euid()].iter().any(|id| *id == target.uid || *id == target.suid)
    }
}
