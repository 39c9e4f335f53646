//! Pathname expansion: a pattern becomes the paths that match it, sorted.
//!
//! Components are matched one after the other, over the list of all paths so far, so that depth
//! is no recursion. Each directory that is read burns fuel; the number of paths is limited.
//! Follows: POSIX.1-2024 XCU 2.14.3.

use super::super::error::{Eval, Halt};
use super::super::pattern::{self, Pattern};
use super::super::shell::Shell;
use crate::base::limits;
use crate::fs::FileType;
use crate::kernel::Sys;

impl Shell {
    /// Appends the paths a pattern matches to the words; itself, as text, if there are none.
    pub(super) fn append_paths(&mut self, source: &[u8], sys: &mut Sys<'_>) -> Eval<()> {
        let before = self.words.len();
        if !self.options.noglob && is_active(source) {
            for path in paths(source, sys)? {
                self.words.push(&path);
            }
        }
        if self.words.len() == before {
            self.words.push(&pattern::unescape(source));
        }
        Ok(())
    }
}

/// Whether an escaped pattern has anything but escaped text.
fn is_active(source: &[u8]) -> bool {
    let mut bytes = source.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// All paths that match, sorted by bytes.
fn paths(source: &[u8], sys: &mut Sys<'_>) -> Eval<Vec<Vec<u8>>> {
    let mut found: Vec<Vec<u8>> = vec![Vec::new()];
    let mut rest = source;
    while !rest.is_empty() {
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        found.iter_mut().for_each(|path| path.extend_from_slice(&rest[..slashes]));
        rest = &rest[slashes..];
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let (component, after) = rest.split_at(end);
        rest = after;
        if component.is_empty() {
            found.retain(|path| is_directory(path, sys));
        } else if is_active(component) {
            found = matching(&found, component, !rest.is_empty(), sys)?;
        } else {
            let name = pattern::unescape(component);
            found.iter_mut().for_each(|path| path.extend_from_slice(&name));
            found.retain(|path| sys.fs().lstat(path).is_ok());
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn is_directory(path: &[u8], sys: &mut Sys<'_>) -> bool {
    sys.fs().stat(path).is_ok_and(|stat| stat.kind == FileType::Directory)
}

/// The entries of directories that match a component.
fn matching(
    directories: &[Vec<u8>],
    component: &[u8],
    more: bool,
    sys: &mut Sys<'_>,
) -> Eval<Vec<Vec<u8>>> {
    let compiled = Pattern::new(component);
    // A leading period is only matched by a period.
    let period = component.first() == Some(&b'.') || component.starts_with(b"\\.");
    let mut found = Vec::new();
    for directory in directories {
        let path: &[u8] = if directory.is_empty() { b"." } else { directory };
        let Ok(entries) = sys.fs().read_dir(path) else { continue };
        let dots = [&b"."[..], b".."].into_iter().filter(|_| period);
        let names = dots.chain(entries.iter().map(|entry| &entry.name[..]));
        for name in names {
            let hidden = name.first() == Some(&b'.') && !period;
            if hidden || !compiled.matches(name) {
                continue;
            }
            let path = [directory, name].concat();
            if more && !is_directory(&path, sys) {
                continue;
            }
            if found.len() >= limits::SHELL_PATHS_MAX {
                return Err(Halt::error("too many paths match"));
            }
            found.push(path);
        }
        sys.os().burn(u32::try_from(entries.len() / 8).unwrap_or(u32::MAX));
    }
    Ok(found)
}
