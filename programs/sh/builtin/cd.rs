//! `cd`: changes the working directory.

use super::{Builtin, Outcome};
use crate::kernel::Sys;
use crate::programs::sh::error::Eval;
use crate::programs::sh::error::Halt;
use crate::programs::sh::shell::Shell;
use crate::programs::sh::vars;

pub(super) const BUILTIN: Builtin = Builtin::new("cd", cd);

fn cd(shell: &mut Shell, sys: &mut Sys<'_>) -> Eval<Outcome> {
    let mut physical = false;
    let mut index = 1;
    while let Some(word) = shell.words.get(index) {
        match word {
            b"-L" => physical = false,
            b"-P" => physical = true,
            b"--" => {
                index += 1;
                break;
            }
            _ => break,
        }
        index += 1;
    }
    let value = |slot| shell.vars.get(slot).map(|value| value.to_vec());
    let (target, mut show) = match shell.words.get(index) {
        Some(b"-") => (value(vars::OLDPWD).unwrap_or_else(|| b".".to_vec()), true),
        Some(word) => (word.to_vec(), false),
        None => match value(vars::HOME) {
            Some(home) => (home, false),
            None => return Ok(Outcome::Status(0)),
        },
    };
    let old = value(vars::PWD);
    let mut reached = None;
    for directory in candidates(shell, &target) {
        let path = [&directory[..], &target].concat();
        if let Some(now) = enter(&path, old.as_deref(), physical, sys) {
            show |= !directory.is_empty();
            reached = Some(now);
            break;
        }
    }
    let Some(now) = reached else {
        return Err(Halt::error([b"can't cd to ", &target[..]].concat()));
    };
    if let Some(old) = old {
        shell.assign(vars::OLDPWD, &old)?;
        shell.vars.set_exported(vars::OLDPWD, true);
    }
    shell.assign(vars::PWD, &now)?;
    shell.vars.set_exported(vars::PWD, true);
    if show {
        shell.output.print(&now);
        shell.output.print(b"\n");
    }
    Ok(Outcome::Status(0))
}

/// What may stand before the target: nothing, or the directories of `CDPATH`.
fn candidates(shell: &Shell, target: &[u8]) -> Vec<Vec<u8>> {
    let list = shell.vars.value_of(b"CDPATH").filter(|_| {
        let first = target.split(|byte| *byte == b'/').next().unwrap_or_default();
        !matches!(first, b"" | b"." | b"..")
    });
    let Some(list) = list else { return vec![Vec::new()] };
    let directories = list.split(|byte| *byte == b':').map(|directory| match directory {
        b"" => Vec::new(),
        _ => [directory, b"/"].concat(),
    });
    directories.chain([Vec::new()]).collect()
}

/// Goes to a path; returns the directory's name, by way of links unless `physical`.
fn enter(path: &[u8], old: Option<&[u8]>, physical: bool, sys: &mut Sys<'_>) -> Option<Vec<u8>> {
    if path.is_empty() {
        return None;
    }
    if !physical {
        let whole = match (path.first(), old) {
            (Some(b'/'), _) | (_, None) => path.to_vec(),
            (_, Some(old)) => [old, b"/", path].concat(),
        };
        let logical = normal(&whole);
        if whole.starts_with(b"/") && sys.fs().chdir(&logical).is_ok() {
            return Some(logical);
        }
    }
    sys.fs().chdir(path).ok()?;
    sys.fs().cwd().ok().map(Into::into)
}

/// A path without `.`, `..` and doubled slashes.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    let mut normal = Vec::new();
    for name in names {
        normal.push(b'/');
        normal.extend_from_slice(name);
    }
    if normal.is_empty() { b"/".to_vec() } else { normal }
}
