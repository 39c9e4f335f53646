//! Tilde expansion: home directories, from `HOME` and `/etc/passwd`.

use bstr::ByteSlice;

use super::super::shell::Shell;
use super::super::vars;
use crate::base::limits;
use crate::kernel::Sys;

impl Shell {
    pub(super) fn append_home(&mut self, user: &[u8], sys: &mut Sys<'_>) {
        let home = if user.is_empty() {
            self.vars.get(vars::HOME).map(|home| home.to_vec())
        } else {
            home_of(user, sys)
        };
        match home {
            Some(home) => self.expansion.literal(&home),
            None => {
                self.expansion.literal(b"~");
                self.expansion.literal(user);
            }
        }
    }
}

fn home_of(user: &[u8], sys: &mut Sys<'_>) -> Option<Vec<u8>> {
    let passwd = sys.fs().read_file("/etc/passwd", limits::SHELL_VALUE_MAX).ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split_str(":");
        (fields.next() == Some(user)).then(|| fields.nth(4).map(<[u8]>::to_vec)).flatten()
    })
}
