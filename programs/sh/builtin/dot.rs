//! `.`: runs the commands of a file.

use super::{Builtin, Outcome};
use crate::base::Errno;
use crate::fs::{FileType, OpenFlags};
use crate::kernel::Stop;
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::exec::OWN_FDS;
use crate::programs::sh::frame::{Frame, Origin, Role, Source};
use crate::programs::sh::shell::Shell;
use crate::programs::sh::vars;

pub(super) const BUILTIN: Builtin = Builtin::special(".", dot);

fn dot(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let first = if shell.words.at(1) == b"--" { 2 } else { 1 };
    let Some(name) = shell.words.get(first) else { return Ok(Outcome::Status(0)) };
    let path = if name.contains(&b'/') { name.to_vec() } else { search(shell, name, sys)? };
    let fd = match sys.fs().open(&path, OpenFlags::RDONLY, 0) {
        Ok(fd) => fd,
        Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
        Err(Stop::Fail(errno)) => {
            let reason = if errno == Errno::ENOENT { "No such file" } else { errno.message() };
            return Err(Halt::about(&[b"cannot open ", &path[..]].concat(), reason));
        }
    };
    let own = sys.io().dup_from(fd, OWN_FDS, true);
    let _ = sys.io().close(fd);
    let own = own?;
    shell.deeper()?;
    shell.frames.pop();
    let source = Source::input(Origin::File(own), Role::File);
    shell.frames.push(Frame::Source(Box::new(source)));
    Ok(Outcome::Frame)
}

/// The file of this name in the directories of `PATH`; it need not be executable.
fn search(shell: &Shell, name: &[u8], sys: &mut Sys<'_>) -> Eval<Vec<u8>> {
    let list = shell.vars.get(vars::PATH).map_or(&b""[..], |list| list);
    for directory in list.split(|byte| *byte == b':') {
        let slash: &[u8] = if directory.is_empty() { b"" } else { b"/" };
        let path = [directory, slash, name].concat();
        if sys.fs().stat(&path).is_ok_and(|stat| stat.kind == FileType::Regular) {
            return Ok(path);
        }
    }
    Err(Halt::about(name, "not found"))
}
