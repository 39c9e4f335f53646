//! Copying real files and folders into a machine.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hostscape::base::Errno;
use hostscape::kernel::Machine;

use super::user::User;
use crate::failure::Failure;

/// What `--copy-in` names.
#[derive(Clone, Debug)]
pub struct CopyIn {
    from: PathBuf,
    to: String,
}

/// The most that is copied in, all in all.
const BYTES_MAX: u64 = 256 << 20;
/// The most files and folders that are copied in, all in all.
const FILES_MAX: u64 = 100_000;

/// What everything that is copied in needs.
#[derive(Debug, Default)]
pub struct Need {
    bytes: u64,
    files: u64,
}

impl Need {
    /// Bytes on the machine's disk, about.
    pub fn room(&self) -> u64 {
        self.bytes + self.files * 8192
    }
}

impl FromStr for CopyIn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The guest's path is absolute, so the last `:/` divides, whatever the real one holds.
        let (from, to) = text
            .rfind(":/")
            .map(|colon| (&text[..colon], &text[colon + 1..]))
            .filter(|(from, _)| !from.is_empty())
            .ok_or("expected HOSTPATH:/guest/path, the second being absolute")?;
        Ok(Self { from: PathBuf::from(from), to: to.to_owned() })
    }
}

impl CopyIn {
    /// Adds what copying needs, about. What can't be read is reported by [`Self::copy`].
    pub fn measure(&self, need: &mut Need) -> Result<(), Failure> {
        let mut folders = vec![self.from.clone()];
        while let Some(path) = folders.pop() {
            let top = path == self.from;
            let found = if top { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
            let Ok(metadata) = found else { continue };
            need.files += 1;
            need.bytes += if metadata.is_file() { metadata.len() } else { 0 };
            if need.bytes > BYTES_MAX || need.files > FILES_MAX {
                return Err(Failure::new(format_args!(
                    "--copy-in: {} is too much, at most {} MiB and {FILES_MAX} files are copied; \
                     name a smaller folder",
                    self.from.display(),
                    BYTES_MAX >> 20
                )));
            }
            if metadata.is_dir() {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                folders.extend(entries.map(|entry| entry.path()));
            }
        }
        Ok(())
    }

    /// Copies into the machine, making the folders above.
    pub fn copy(&self, machine: &mut Machine, user: &User) -> Result<(), Failure> {
        make_parents(machine, &self.to)?;
        let mut waiting = vec![(self.from.clone(), self.to.trim_end_matches('/').to_owned())];
        while let Some((from, to)) = waiting.pop() {
            // What the command line names is followed, what lies below is copied as it is.
            let top = from == self.from;
            let found = if top { fs::metadata(&from) } else { fs::symlink_metadata(&from) };
            let metadata = found.map_err(|error| cannot(&from, &error))?;
            let to_guest = |errno| on_guest(&to, errno);
            let path = if to.is_empty() { "/" } else { to.as_str() }.as_bytes();
            if metadata.is_dir() {
                match machine.make_dir(path, mode(&metadata, 0o755)) {
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(errno) => return Err(to_guest(errno)),
                }
                machine.chmod(path, mode(&metadata, 0o755)).map_err(to_guest)?;
                for entry in fs::read_dir(&from).map_err(|error| cannot(&from, &error))? {
                    let entry = entry.map_err(|error| cannot(&from, &error))?;
                    let name = entry.file_name();
                    let name = name.to_str().ok_or_else(|| {
                        Failure::new(format_args!(
                            "{}: its name is not UTF-8; rename it to copy it in",
                            entry.path().display()
                        ))
                    })?;
                    waiting.push((entry.path(), format!("{to}/{name}")));
                }
            } else if metadata.is_symlink() {
                let target = fs::read_link(&from).map_err(|error| cannot(&from, &error))?;
                let target = target.as_os_str().as_encoded_bytes();
                machine.make_symlink(target, path).map_err(to_guest)?;
            } else if metadata.is_file() {
                let bytes = fs::read(&from).map_err(|error| cannot(&from, &error))?;
                machine.write_file(path, mode(&metadata, 0o644), &bytes).map_err(to_guest)?;
            } else {
                eprintln!(
                    "hostscape: --copy-in: {}: left out, it is a pipe, socket or device",
                    from.display()
                );
                continue;
            }
            machine.chown(path, user.uid, user.gid).map_err(to_guest)?;
        }
        Ok(())
    }
}

fn make_parents(machine: &mut Machine, path: &str) -> Result<(), Failure> {
    for (index, _) in path.match_indices('/').skip(1) {
        match machine.make_dir(&path.as_bytes()[..index], 0o755) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(on_guest(&path[..index], errno)),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn mode(metadata: &Metadata, _: u16) -> u16 {
    use std::os::unix::fs::PermissionsExt;
    u16::try_from(metadata.permissions().mode() & 0o7777).unwrap_or(0o755)
}

#[cfg(not(unix))]
fn mode(_: &Metadata, usual: u16) -> u16 {
    usual
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format_args!("--copy-in: {}: {error}", path.display()))
}

fn on_guest(path: &str, errno: Errno) -> Failure {
    Failure::new(format_args!("--copy-in: {path} on the machine: {errno}"))
}
