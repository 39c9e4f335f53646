//! Users of a machine, from its own files.

use bstr::{BString, ByteSlice};
use hostscape::base::{Gid, Uid};
use hostscape::kernel::Machine;

use crate::failure::Failure;

/// Longest account file that is looked at.
const FILE_MAX: usize = 1 << 20;

/// A line of `/etc/passwd`, with the groups its user is a member of.
pub struct User {
    pub name: BString,
    pub uid: Uid,
    pub gid: Gid,
    pub groups: Vec<Gid>,
    pub home: BString,
    pub shell: BString,
}

/// Finds a user by name.
pub fn find(machine: &mut Machine, name: &str) -> Result<User, Failure> {
    let passwd = read(machine, "/etc/passwd")?;
    let mut known = Vec::new();
    for line in passwd.lines() {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let &[login, _, uid, gid, _, home, shell] = fields.as_slice() else { continue };
        if login != name.as_bytes() {
            known.push(login.as_bstr().to_string());
            continue;
        }
        let (Some(uid), Some(gid)) = (number(uid), number(gid)) else { continue };
        return Ok(User {
            name: login.into(),
            uid: Uid(uid),
            gid: Gid(gid),
            groups: groups(machine, login)?,
            home: home.into(),
            shell: shell.into(),
        });
    }
    Err(Failure::new(format_args!(
        "the machine has no user {name:?}; give --user one of: {}",
        known.join(", ")
    )))
}

fn groups(machine: &mut Machine, login: &[u8]) -> Result<Vec<Gid>, Failure> {
    let group = read(machine, "/etc/group")?;
    let mut found = Vec::new();
    for line in group.lines() {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let &[_, _, gid, members] = fields.as_slice() else { continue };
        if members.split(|byte| *byte == b',').any(|member| member == login) {
            found.extend(number(gid).map(Gid));
        }
    }
    Ok(found)
}

fn read(machine: &mut Machine, path: &str) -> Result<Vec<u8>, Failure> {
    machine
        .read_file(path.as_bytes(), FILE_MAX)
        .map_err(|errno| Failure::new(format_args!("the machine's {path}: {errno}")))
}

fn number(field: &[u8]) -> Option<u32> {
    field.to_str().ok()?.parse().ok()
}
