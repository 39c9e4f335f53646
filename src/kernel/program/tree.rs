//! Whole trees of files: [`Remover`] and [`Copier`], which cp, mv and rm share.
//!
//! Invariant: what is left to do is a stack of tasks, so a tree of any depth costs no recursion,
//! a step does one task, and a save in the middle of a copy goes on at the same byte.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd, Ino};
use crate::fs::OpenFlags;
use crate::fs::{FileType, SetTime, Stat};
use crate::kernel::program::input::Input;
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::{Stop, Sys, mode};

/// How much of a file is copied in one go.
const CHUNK: usize = 65_536;

/// `dir/name`, with one slash.
pub fn join(dir: &[u8], name: &[u8]) -> BString {
    let mut path = BString::from(dir);
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The last component of a path, trailing slashes aside.
pub fn base_name(path: &[u8]) -> &[u8] {
    let trimmed = path.trim_end_with(|c| c == '/');
    match trimmed.rfind_byte(b'/') {
        Some(slash) => &trimmed[slash + 1..],
        None if trimmed.is_empty() && !path.is_empty() => b"/",
        None => trimmed,
    }
}

/// A yes-or-no question to whoever types on standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    asked: bool,
    stdin: Input,
}

impl Question {
    /// Asks once and gives the answer; end-of-file is a no.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn ask(&mut self, text: &str, out: &mut Out, sys: &mut Sys<'_>) -> Result<bool, Stop> {
        if !self.asked {
            let mut line = out.name().to_vec();
            line.extend_from_slice(format!(": {text}? ").as_bytes());
            out.error(line);
            self.asked = true;
        }
        let yes = self
            .stdin
            .line(sys)?
            .is_some_and(|line| line.starts_with_str("y") || line.starts_with_str("Y"));
        self.asked = false;
        Ok(yes)
    }
}

/// How files are removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveOptions {
    /// Directories go with all they hold.
    pub recursive: bool,
    /// Empty directories go.
    pub empty_directories: bool,
    /// What is not there is fine.
    pub force: bool,
    /// Say what was removed.
    pub verbose: bool,
    /// Ask before each removal.
    pub ask: bool,
}

/// Removes files and trees, as rm does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remover {
    options: RemoveOptions,
    tasks: Vec<Removal>,
    question: Question,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Removal {
    Path(BString),
    /// A directory whose entries are on the stack above; `kept` once one of them stayed.
    Directory {
        path: BString,
        kept: bool,
    },
}

impl Remover {
    /// A remover with nothing to do yet.
    pub fn new(options: RemoveOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Adds paths to remove, before those added earlier.
    pub fn add(&mut self, paths: impl DoubleEndedIterator<Item = BString>) {
        self.tasks.extend(paths.rev().map(Removal::Path));
    }

    /// Does one task; false when none is left.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] while a question is not answered. Failures are complaints.
    pub fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<bool, Stop> {
        match self.tasks.last().cloned() {
            None => return Ok(false),
            Some(Removal::Path(path)) => self.remove(&path, out, sys)?,
            Some(Removal::Directory { path, kept }) => self.leave(&path, kept, out, sys)?,
        }
        Ok(true)
    }

    fn remove(&mut self, path: &BString, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), Stop> {
        let stat = match sys.fs().lstat(path) {
            Ok(stat) => stat,
            Err(Errno::ENOENT | Errno::ENOTDIR) if self.options.force => {
                self.tasks.pop();
                return Ok(());
            }
            Err(errno) => {
                self.give_up(path, errno, out);
                return Ok(());
            }
        };
        if stat.kind == FileType::Directory {
            return self.enter(path, out, sys);
        }
        let what = mode::kind_words(stat.kind, stat.size);
        if self.options.ask
            && !self.question.ask(&format!("remove {what} {}", quote(path)), out, sys)?
        {
            self.keep();
            return Ok(());
        }
        match sys.fs().unlink(path) {
            Ok(()) => {
                self.tasks.pop();
                if self.options.verbose {
                    out.text(format!("removed {}\n", quote(path)));
                }
            }
            Err(errno) => self.give_up(path, errno, out),
        }
        Ok(())
    }

    fn enter(&mut self, path: &BString, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), Stop> {
        if !self.options.recursive {
            if self.options.empty_directories {
                self.tasks.pop();
                self.tasks.push(Removal::Directory { path: path.clone(), kept: false });
            } else {
                self.give_up(path, Errno::EISDIR, out);
            }
            return Ok(());
        }
        let entries = match sys.fs().read_dir(path) {
            Ok(entries) => entries,
            Err(errno) => {
                self.give_up(path, errno, out);
                return Ok(());
            }
        };
        let mut names = entries.into_iter().map(|entry| entry.name).filter(|name| !is_dots(name));
        let mut names: Vec<BString> = names.by_ref().collect();
        if self.options.ask && !names.is_empty() {
            let question = format!("descend into directory {}", quote(path));
            if !self.question.ask(&question, out, sys)? {
                self.keep();
                return Ok(());
            }
        }
        self.tasks.pop();
        self.tasks.push(Removal::Directory { path: path.clone(), kept: false });
        names.reverse();
        self.tasks.extend(names.into_iter().map(|name| Removal::Path(join(path, &name))));
        Ok(())
    }

    fn leave(
        &mut self,
        path: &BString,
        kept: bool,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<(), Stop> {
        let question = format!("remove directory {}", quote(path));
        if kept || (self.options.ask && !self.question.ask(&question, out, sys)?) {
            self.keep();
            return Ok(());
        }
        match sys.fs().rmdir(path) {
            Ok(()) => {
                self.tasks.pop();
                if self.options.verbose {
                    out.text(format!("removed directory {}\n", quote(path)));
                }
            }
            Err(errno) => self.give_up(path, errno, out),
        }
        Ok(())
    }

    fn give_up(&mut self, path: &BString, errno: Errno, out: &mut Out) {
        out.complain(format_args!("cannot remove {}: {errno}", quote(path)));
        self.keep();
    }

    /// The path on top stays, and with it the directories it is in.
    fn keep(&mut self) {
        self.tasks.pop();
        let mut below = self.tasks.iter_mut().rev();
        if let Some(Removal::Directory { kept, .. }) =
            below.find(|task| matches!(task, Removal::Directory { .. }))
        {
            *kept = true;
        }
    }
}

/// What a copy keeps of its original, and what it does when something is in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyOptions {
    /// Directories are copied with all they hold.
    pub recursive: bool,
    /// Symbolic links are copied as links.
    pub keep_links: bool,
    /// Mode, owner and times are copied.
    pub preserve: bool,
    /// Files that cannot be opened for writing are removed first.
    pub force: bool,
    /// Existing files stay.
    pub no_clobber: bool,
    /// Existing files stay unless they are older.
    pub update: bool,
    /// Ask before overwriting.
    pub ask: bool,
    /// Say what is copied.
    pub verbose: bool,
}

/// Copies files and trees, as cp does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copier {
    options: CopyOptions,
    tasks: Vec<Copying>,
    current: Option<Transfer>,
    /// Where files with several links were copied to, so that the copies are links too.
    linked: BTreeMap<(u64, Ino), BString>,
    question: Question,
    /// How many complaints there were.
    pub failures: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Copying {
    Path {
        from: BString,
        to: BString,
        operand: bool,
    },
    /// A directory whose entries were copied: its mode and times are set last.
    Directory {
        to: BString,
        stat: Stat,
        made: bool,
    },
}

/// A file being copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Transfer {
    from: BString,
    to: BString,
    stat: Stat,
    reader: Fd,
    writer: Option<Fd>,
    #[serde(with = "serde_bytes")]
    chunk: Vec<u8>,
    sent: u32,
}

impl Copier {
    /// A copier with nothing to do yet.
    pub fn new(options: CopyOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Adds a file to copy, after those added earlier are done.
    pub fn add(&mut self, from: impl Into<BString>, to: impl Into<BString>) {
        let task = Copying::Path { from: from.into(), to: to.into(), operand: true };
        self.tasks.insert(0, task);
    }

    /// Does one task or copies one chunk; false when nothing is left.
    ///
    /// # Errors
    ///
    /// [`Stop::Block`] alone; failures are complaints.
    pub fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<bool, Stop> {
        if self.current.is_some() {
            self.transfer(out, sys)?;
            return Ok(true);
        }
        match self.tasks.last().cloned() {
            None => return Ok(false),
            Some(Copying::Path { from, to, operand }) => {
                self.copy(&from, &to, operand, out, sys)?;
            }
            Some(Copying::Directory { to, stat, made }) => {
                self.tasks.pop();
                if self.options.preserve {
                    self.preserve(&to, &stat, out, sys);
                } else if made {
                    let mask = sys.fs().umask(0);
                    sys.fs().umask(mask);
                    // The directory was made writable for its owner; now it gets its own mode.
                    let _ = sys.fs().chmod(&to, stat.mode & !mask);
                }
            }
        }
        Ok(true)
    }

    fn complain(&mut self, message: String, out: &mut Out) {
        out.complain(message);
        self.failures = self.failures.saturating_add(1);
    }

    fn copy(
        &mut self,
        from: &BString,
        to: &BString,
        operand: bool,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<(), Stop> {
        let stat = if self.options.keep_links || !operand && self.options.recursive {
            sys.fs().lstat(from)
        } else {
            sys.fs().stat(from)
        };
        let stat = match stat {
            Ok(stat) => stat,
            Err(errno) => {
                self.tasks.pop();
                self.complain(format!("cannot stat {}: {errno}", quote(from)), out);
                return Ok(());
            }
        };
        let target = sys.fs().stat(to).ok();
        if let Some(target) = &target
            && !self.may_replace(from, to, (&stat, target), out, sys)?
        {
            self.tasks.pop();
            return Ok(());
        }
        if stat.kind == FileType::Regular
            || !self.options.recursive
                && stat.kind != FileType::Directory
                && stat.kind != FileType::Symlink
        {
            return self.open(from, to, stat, out, sys);
        }
        self.tasks.pop();
        match stat.kind {
            FileType::Directory => self.enter(from, to, stat, target.is_some(), out, sys),
            FileType::Symlink => {
                let made = sys.fs().readlink(from).and_then(|text| {
                    if target.is_some() || sys.fs().lstat(to).is_ok() {
                        sys.fs().unlink(to)?;
                    }
                    sys.fs().symlink(&text, to)
                });
                self.made(made, "symbolic link", (from, to, &stat), out, sys);
            }
            FileType::Fifo => {
                let made = sys.fs().mkfifo(to, stat.mode);
                self.made(made, "fifo", (from, to, &stat), out, sys);
            }
            _ => self.complain(
                format!("cannot create special file {}: {}", quote(to), Errno::EPERM),
                out,
            ),
        }
        Ok(())
    }

    /// Whether what is at `to` may be overwritten.
    fn may_replace(
        &mut self,
        from: &BString,
        to: &BString,
        (stat, target): (&Stat, &Stat),
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<bool, Stop> {
        let directories = (stat.kind == FileType::Directory, target.kind == FileType::Directory);
        if (stat.dev, stat.ino) == (target.dev, target.ino) && !directories.0 {
            let message = format!("{} and {} are the same file", quote(from), quote(to));
            self.complain(message, out);
            return Ok(false);
        }
        match directories {
            (true, true) => return Ok(true),
            (true, false) => {
                let message = format!(
                    "cannot overwrite non-directory {} with directory {}",
                    quote(to),
                    quote(from)
                );
                self.complain(message, out);
                return Ok(false);
            }
            (false, true) => {
                let message =
                    format!("cannot overwrite directory {} with non-directory", quote(to));
                self.complain(message, out);
                return Ok(false);
            }
            (false, false) => {}
        }
        if self.options.no_clobber || self.options.update && stat.mtime <= target.mtime {
            return Ok(false);
        }
        Ok(!self.options.ask || self.question.ask(&format!("overwrite {}", quote(to)), out, sys)?)
    }

    fn enter(
        &mut self,
        from: &BString,
        to: &BString,
        stat: Stat,
        exists: bool,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) {
        if !self.options.recursive {
            let message = format!("-r not specified; omitting directory {}", quote(from));
            return self.complain(message, out);
        }
        if self.is_own_copy(&stat, to, sys) {
            let message =
                format!("cannot copy a directory, {}, into itself, {}", quote(from), quote(to));
            return self.complain(message, out);
        }
        if !exists {
            if let Err(errno) = sys.fs().mkdir(to, stat.mode | 0o700) {
                let message = format!("cannot create directory {}: {errno}", quote(to));
                return self.complain(message, out);
            }
            self.say(from, to, out);
        }
        let entries = match sys.fs().read_dir(from) {
            Ok(entries) => entries,
            Err(errno) => {
                return self.complain(format!("cannot access {}: {errno}", quote(from)), out);
            }
        };
        self.tasks.push(Copying::Directory { to: to.clone(), stat, made: !exists });
        let names = entries.into_iter().map(|entry| entry.name).filter(|name| !is_dots(name));
        let names: Vec<BString> = names.collect();
        self.tasks.extend(names.into_iter().rev().map(|name| Copying::Path {
            from: join(from, &name),
            to: join(to, &name),
            operand: false,
        }));
    }

    /// Whether `to` lies in the directory that is copied: one of its parents is that directory.
    fn is_own_copy(&self, stat: &Stat, to: &BString, sys: &mut Sys<'_>) -> bool {
        let mut parent = to.clone();
        while let Some(slash) = parent.trim_end_with(|c| c == '/').rfind_byte(b'/') {
            parent.truncate(slash.max(1));
            let same =
                sys.fs().stat(&parent).is_ok_and(|at| (at.dev, at.ino) == (stat.dev, stat.ino));
            if same || parent == "/" {
                return same;
            }
        }
        sys.fs().stat(".").is_ok_and(|at| (at.dev, at.ino) == (stat.dev, stat.ino))
    }

    fn open(
        &mut self,
        from: &BString,
        to: &BString,
        stat: Stat,
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) -> Result<(), Stop> {
        if self.options.preserve
            && stat.nlink > 1
            && let Some(first) = self.linked.get(&(stat.dev, stat.ino)).cloned()
        {
            self.tasks.pop();
            let _ = sys.fs().unlink(to);
            let made = sys.fs().link(&first, to);
            if let Err(errno) = made {
                let message = format!("cannot create hard link {}: {errno}", quote(to));
                self.complain(message, out);
            }
            return Ok(());
        }
        let reader = match sys.fs().open(from, OpenFlags::RDONLY, 0) {
            Ok(reader) => reader,
            Err(Stop::Fail(errno)) => {
                self.tasks.pop();
                self.complain(format!("cannot open {} for reading: {errno}", quote(from)), out);
                return Ok(());
            }
            Err(block) => return Err(block),
        };
        self.tasks.pop();
        self.current = Some(Transfer {
            from: from.clone(),
            to: to.clone(),
            stat,
            reader,
            writer: None,
            chunk: Vec::new(),
            sent: 0,
        });
        Ok(())
    }

    fn transfer(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), Stop> {
        let Some(transfer) = &mut self.current else { return Ok(()) };
        let Some(writer) = transfer.writer else {
            return self.create(out, sys);
        };
        if transfer.sent as usize == transfer.chunk.len() {
            transfer.chunk.clear();
            transfer.sent = 0;
            match sys.io().read(transfer.reader, &mut transfer.chunk, CHUNK) {
                Ok(0) => {
                    self.finish(None, out, sys);
                    return Ok(());
                }
                Ok(_) => {}
                Err(Stop::Fail(errno)) => {
                    let message = format!("error reading {}: {errno}", quote(&transfer.from));
                    self.finish(Some(message), out, sys);
                    return Ok(());
                }
                Err(block) => return Err(block),
            }
        }
        let rest = transfer.chunk.get(transfer.sent as usize..).unwrap_or_default();
        match sys.io().write(writer, rest) {
            Ok(count) => transfer.sent += u32::try_from(count).unwrap_or(u32::MAX),
            Err(Stop::Fail(errno)) => {
                let message = format!("error writing {}: {errno}", quote(&transfer.to));
                self.finish(Some(message), out, sys);
            }
            Err(block) => return Err(block),
        }
        Ok(())
    }

    fn create(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), Stop> {
        let Some(transfer) = &mut self.current else { return Ok(()) };
        let flags = OpenFlags::WRONLY | OpenFlags::CREAT | OpenFlags::TRUNC;
        let permissions = if self.options.preserve { 0o600 } else { transfer.stat.mode & 0o777 };
        let mut opened = sys.fs().open(&transfer.to, flags, permissions);
        if self.options.force
            && matches!(opened, Err(Stop::Fail(_)))
            && sys.fs().unlink(&transfer.to).is_ok()
        {
            opened = sys.fs().open(&transfer.to, flags, permissions);
        }
        match opened {
            Ok(writer) => {
                transfer.writer = Some(writer);
                let (from, to) = (transfer.from.clone(), transfer.to.clone());
                self.say(&from, &to, out);
            }
            Err(Stop::Fail(errno)) => {
                let message =
                    format!("cannot create regular file {}: {errno}", quote(&transfer.to));
                self.finish(Some(message), out, sys);
            }
            Err(block) => return Err(block),
        }
        Ok(())
    }

    fn finish(&mut self, failure: Option<String>, out: &mut Out, sys: &mut Sys<'_>) {
        let Some(transfer) = self.current.take() else { return };
        for fd in [Some(transfer.reader), transfer.writer].into_iter().flatten() {
            // Both are open, and closing loses nothing.
            let _ = sys.io().close(fd);
        }
        match failure {
            Some(message) => self.complain(message, out),
            None if self.options.preserve => {
                self.preserve(&transfer.to, &transfer.stat, out, sys);
                if transfer.stat.nlink > 1 {
                    let key = (transfer.stat.dev, transfer.stat.ino);
                    self.linked.insert(key, transfer.to);
                }
            }
            None => {}
        }
    }

    fn made(
        &mut self,
        made: Result<(), Errno>,
        what: &str,
        (from, to, stat): (&BString, &BString, &Stat),
        out: &mut Out,
        sys: &mut Sys<'_>,
    ) {
        match made {
            Ok(()) => {
                self.say(from, to, out);
                if self.options.preserve {
                    self.preserve(to, stat, out, sys);
                }
            }
            Err(errno) => {
                self.complain(format!("cannot create {what} {}: {errno}", quote(to)), out);
            }
        }
    }

    fn preserve(&mut self, to: &BString, stat: &Stat, out: &mut Out, sys: &mut Sys<'_>) {
        // As cp does: only root can give files away, and for others that is no failure.
        let owned = sys.fs().lchown(to, Some(stat.uid), Some(stat.gid)).is_ok();
        if stat.kind == FileType::Symlink {
            return;
        }
        let mode = if owned { stat.mode } else { stat.mode & 0o1777 };
        let kept = sys
            .fs()
            .chmod(to, mode)
            .and_then(|()| sys.fs().utimens(to, SetTime::To(stat.atime), SetTime::To(stat.mtime)));
        if let Err(errno) = kept {
            self.complain(format!("preserving times for {}: {errno}", quote(to)), out);
        }
    }

    fn say(&self, from: &BString, to: &BString, out: &mut Out) {
        if self.options.verbose {
            out.text(format!("{} -> {}\n", quote(from), quote(to)));
        }
    }
}

/// Whether a directory entry is `.` or `..`.
pub fn is_dots(name: &[u8]) -> bool {
    name == b"." || name == b".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_after_the_last_slash() {
        assert_eq!(base_name(b"/a/b"), b"b");
        assert_eq!(base_name(b"a/b//"), b"b");
        assert_eq!(base_name(b"///"), b"/");
        assert_eq!(base_name(b"b"), b"b");
        assert_eq!(join(b"/", b"x"), "/x");
        assert_eq!(join(b"a", b"x"), "a/x");
    }
}
