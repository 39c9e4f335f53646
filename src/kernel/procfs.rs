//! `/proc`: the machine's inside as files.
//!
//! Nothing is stored: every look-up and read computes what the machine's tables say now. Adding a
//! file is one line in [`MACHINE_FILES`] or [`PROCESS_FILES`] and one arm of `content`.
//!
//! Follows: Linux proc(5). Left out: what issue-sized parts of it (maps, io, limits) would show.

use std::fmt::Write as _;

use bstr::{BStr, BString, ByteSlice};

use crate::base::{Errno, Fd, Gid, Ino, Pid, Tick, Uid};
use crate::fs::{DirEntry, FileType, Kind, MountKind, Node, Stat, Synthetic, SyntheticTree};
use crate::net::Stack;

use super::boot::{ARCHITECTURE, KERNEL_NAME, KERNEL_RELEASE, KERNEL_VERSION};
use super::file::{FileTable, Object};
use super::machine::Machine;
use super::process::Process;
use super::signal::SignalSet;
use super::spec::Hardware;
use super::table::ProcessTable;

/// What the files of `/proc` are computed from.
pub(crate) struct ProcTree<'a> {
    /// Who looks: whose `self` is.
    pub(crate) pid: Pid,
    pub(crate) now: Tick,
    pub(crate) powered_on: Tick,
    pub(crate) processes: &'a ProcessTable,
    pub(crate) files: &'a FileTable,
    pub(crate) net: &'a Stack,
    pub(crate) hardware: &'a Hardware,
    pub(crate) hostname: &'a BString,
}

/// The machine's files by path below `/proc`, with their modes; directories end in a slash.
const MACHINE_FILES: &[(&str, u16)] = &[
    ("cmdline", 0o444),
    ("cpuinfo", 0o444),
    ("filesystems", 0o444),
    ("loadavg", 0o444),
    ("meminfo", 0o444),
    ("mounts", 0o444),
    ("net/", 0o555),
    ("net/arp", 0o444),
    ("net/dev", 0o444),
    ("net/route", 0o444),
    ("self", 0o777),
    ("stat", 0o444),
    ("sys/", 0o555),
    ("sys/kernel/", 0o555),
    ("sys/kernel/hostname", 0o644),
    ("sys/kernel/osrelease", 0o444),
    ("sys/kernel/ostype", 0o444),
    ("sys/kernel/pid_max", 0o444),
    ("sys/kernel/version", 0o444),
    ("sys/net/", 0o555),
    ("sys/net/ipv4/", 0o555),
    ("sys/net/ipv4/ip_forward", 0o644),
    ("uptime", 0o444),
    ("version", 0o444),
];

/// A process's files, with their modes.
const PROCESS_FILES: &[(&str, u16)] = &[
    ("cmdline", 0o444),
    ("comm", 0o444),
    ("cwd", 0o777),
    ("environ", 0o400),
    ("fd/", 0o500),
    ("root", 0o777),
    ("stat", 0o444),
    ("statm", 0o444),
    ("status", 0o444),
];

/// An inode of the tree. Its number packs what it is: the root is 1, the machine's files follow,
/// a process's have its pid above bit 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Root,
    Machine(usize),
    Process(Pid),
    ProcessFile(Pid, usize),
    Fd(Pid, Fd),
}

const PID_SHIFT: u32 = 24;
const FD_BIT: u64 = 1 << 23;

impl Entry {
    fn ino(self) -> Ino {
        let process = |pid: Pid, rest: u64| Ino((u64::from(pid.0) << PID_SHIFT) | rest);
        match self {
            Self::Root => Ino(1),
            Self::Machine(index) => Ino(2 + index as u64),
            Self::Process(pid) => process(pid, 0),
            Self::ProcessFile(pid, index) => process(pid, 1 + index as u64),
            Self::Fd(pid, fd) => process(pid, FD_BIT | u64::from(fd.0)),
        }
    }

    fn of(ino: Ino) -> Result<Self, Errno> {
        let pid = u32::try_from(ino.0 >> PID_SHIFT).map_err(|_| Errno::ENOENT)?;
        let rest = ino.0 & ((1 << PID_SHIFT) - 1);
        let index = |from: u64| usize::try_from(rest - from).map_err(|_| Errno::ENOENT);
        match (pid, rest) {
            (0, 0) => Err(Errno::ENOENT),
            (0, 1) => Ok(Self::Root),
            (0, _) => {
                let index = index(2)?;
                MACHINE_FILES.get(index).map(|_| Self::Machine(index)).ok_or(Errno::ENOENT)
            }
            (pid, 0) => Ok(Self::Process(Pid(pid))),
            (pid, rest) if rest & FD_BIT != 0 => {
                let fd = u32::try_from(rest & !FD_BIT).map_err(|_| Errno::ENOENT)?;
                Ok(Self::Fd(Pid(pid), Fd(fd)))
            }
            (pid, _) => {
                let index = index(1)?;
                let entry = Self::ProcessFile(Pid(pid), index);
                PROCESS_FILES.get(index).map(|_| entry).ok_or(Errno::ENOENT)
            }
        }
    }
}

/// The place in [`MACHINE_FILES`] of the file or directory called `name` in `directory` (a path
/// ending in a slash, or empty).
fn machine_child(directory: &str, name: &BStr) -> Option<usize> {
    MACHINE_FILES.iter().position(|(path, _)| {
        let child = path.strip_prefix(directory).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        child.is_some_and(|child| name == child.as_bytes())
    })
}

impl ProcTree<'_> {
    fn process(&self, pid: Pid) -> Result<&Process, Errno> {
        self.processes.get(pid).ok_or(Errno::ENOENT)
    }

    fn kind_and_mode(entry: Entry) -> (FileType, u16) {
        match entry {
            Entry::Root | Entry::Process(_) => (FileType::Directory, 0o555),
            Entry::Machine(index) => match MACHINE_FILES[index] {
                ("self", mode) => (FileType::Symlink, mode),
                (path, mode) if path.ends_with('/') => (FileType::Directory, mode),
                (_, mode) => (FileType::Regular, mode),
            },
            Entry::ProcessFile(_, index) => match PROCESS_FILES[index] {
                ("cwd" | "root", mode) => (FileType::Symlink, mode),
                (path, mode) if path.ends_with('/') => (FileType::Directory, mode),
                (_, mode) => (FileType::Regular, mode),
            },
            Entry::Fd(..) => (FileType::Symlink, 0o700),
        }
    }

    fn dir_entry(name: impl Into<BString>, entry: Entry) -> DirEntry {
        DirEntry { name: name.into(), ino: entry.ino(), kind: Self::kind_and_mode(entry).0 }
    }

    fn machine_entries(directory: &str) -> impl Iterator<Item = DirEntry> {
        MACHINE_FILES.iter().enumerate().filter_map(move |(index, (path, _))| {
            let rest = path.strip_prefix(directory)?;
            let name = rest.strip_suffix('/').unwrap_or(rest);
            let child = !name.is_empty() && !name.contains('/');
            child.then(|| Self::dir_entry(name, Entry::Machine(index)))
        })
    }

    fn machine_content(&self, path: &str) -> Result<BString, Errno> {
        let uptime = (self.now - self.powered_on).0;
        let memory = self.hardware.memory_bytes / 1024;
        let text = match path {
            "cmdline" => "root=/dev/sda1 console=tty1\n".to_owned(),
            "cpuinfo" => format!(
                "processor\t: 0\nvendor_id\t: Hostscape\nmodel name\t: Hostscape CPU\n\
                 cpu MHz\t\t: {}.000\nbogomips\t: {}.00\n\n",
                self.hardware.fuel_per_tick / 10,
                self.hardware.fuel_per_tick / 5
            ),
            "filesystems" => "nodev\tproc\nnodev\ttmpfs\n\thostfs\n".to_owned(),
            "loadavg" => {
                let running = self.processes.iter().filter(|p| p.state_letter() == 'R').count();
                let last = self.processes.iter().last().map_or(0, |process| process.pid.0);
                format!("0.00 0.00 0.00 {running}/{} {last}\n", self.processes.len())
            }
            "meminfo" => {
                let used = self.processes.memory() / 1024;
                let free = memory.saturating_sub(used);
                format!(
                    "MemTotal:       {memory:>8} kB\nMemFree:        {free:>8} kB\n\
                     MemAvailable:   {free:>8} kB\nBuffers:        {0:>8} kB\n\
                     Cached:         {0:>8} kB\nSwapTotal:      {0:>8} kB\n\
                     SwapFree:       {0:>8} kB\n",
                    0
                )
            }
            "net/arp" => super::proctext::arp(self.net, self.now),
            "net/dev" => super::proctext::dev(self.net),
            "net/route" => super::proctext::route(self.net),
            "stat" => format!(
                "cpu  0 0 0 {0} 0 0 0 0 0 0\ncpu0 0 0 0 {0} 0 0 0 0 0 0\nprocesses {1}\n",
                uptime / 10,
                self.processes.iter().last().map_or(0, |process| process.pid.0)
            ),
            "sys/kernel/hostname" => return Ok(line(self.hostname)),
            "sys/kernel/osrelease" => format!("{KERNEL_RELEASE}\n"),
            "sys/kernel/ostype" => format!("{KERNEL_NAME}\n"),
            "sys/kernel/pid_max" => "4194304\n".to_owned(),
            "sys/kernel/version" => format!("{KERNEL_VERSION}\n"),
            "sys/net/ipv4/ip_forward" => format!("{}\n", u8::from(self.net.forwarding())),
            "uptime" => {
                let (whole, hundredths) = (uptime / 1000, uptime % 1000 / 10);
                format!("{whole}.{hundredths:02} {whole}.{hundredths:02}\n")
            }
            "version" => {
                format!(
                    "{KERNEL_NAME} version {KERNEL_RELEASE} ({ARCHITECTURE}) {KERNEL_VERSION}\n"
                )
            }
            _ => return Err(Errno::EINVAL),
        };
        Ok(text.into())
    }

    fn process_content(&self, pid: Pid, name: &str) -> Result<BString, Errno> {
        let process = self.process(pid)?;
        Ok(match name {
            "cmdline" => process.args.as_bytes().into(),
            "comm" => line(&process.name),
            "environ" => process.env.as_bytes().into(),
            "stat" => self.stat_line(process),
            "statm" => {
                let pages = process.memory / 4096;
                format!("{pages} {pages} 0 0 0 {pages} 0\n").into()
            }
            "status" => self.status(process),
            _ => return Err(Errno::EINVAL),
        })
    }

    /// The 52 fields of `/proc/PID/stat`; one jiffy is 10 ms.
    fn stat_line(&self, process: &Process) -> BString {
        let mut text = BString::from(format!("{} (", process.pid));
        text.extend_from_slice(&process.name);
        let tty = process.tty.map_or(0, |tty| (4 << 8) | tty.0);
        let foreground = -1;
        let start = (process.started - self.powered_on).0 / 10;
        let cpu = process.fuel_used / u64::from(self.hardware.fuel_per_tick.max(1)) / 10;
        let _ = writeln!(
            TextSink(&mut text),
            ") {} {} {} {} {tty} {foreground} 0 0 0 0 0 {cpu} 0 0 0 20 0 1 0 {start} {} {} \
             18446744073709551615 0 0 0 0 0 0 {} 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
            process.state_letter(),
            process.ppid,
            process.pgid,
            process.sid,
            process.memory,
            process.memory / 4096,
            process.signals.ignored.mask()
        );
        text
    }

    fn status(&self, process: &Process) -> BString {
        let credentials = &process.credentials;
        let state = match process.state_letter() {
            'R' => "R (running)",
            'S' => "S (sleeping)",
            'T' => "T (stopped)",
            _ => "Z (zombie)",
        };
        let mut text = BString::from("Name:\t");
        text.extend_from_slice(&process.name);
        let groups: Vec<String> = credentials.groups().iter().map(Gid::to_string).collect();
        let mask = |set: SignalSet| format!("{:016x}", set.mask());
        let _ = write!(
            TextSink(&mut text),
            "\nUmask:\t{:04o}\nState:\t{state}\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{}\n\
             Uid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nFDSize:\t{}\nGroups:\t{} \n\
             VmSize:\t{:8} kB\nVmRSS:\t{:8} kB\nThreads:\t1\nSigPnd:\t{}\nSigIgn:\t{}\nSigCgt:\t{}\n",
            process.umask,
            process.ppid,
            credentials.uid,
            credentials.euid(),
            credentials.suid,
            credentials.euid(),
            credentials.gid,
            credentials.egid(),
            credentials.sgid,
            credentials.egid(),
            process.fds.iter().count(),
            groups.join(" "),
            process.memory / 1024,
            process.memory / 1024,
            mask(process.signals.pending),
            mask(process.signals.ignored),
            mask(process.signals.caught),
            pid = process.pid,
        );
        text
    }

    /// What `/proc/PID/fd/N` says it leads to.
    fn fd_target(&self, pid: Pid, fd: Fd) -> Result<BString, Errno> {
        let entry = self.process(pid)?.fds.get(fd).map_err(|_| Errno::ENOENT)?;
        let file = self.files.get(entry.file).ok_or(Errno::ENOENT)?;
        Ok(match file.object {
            Object::Inode => {
                let ino = file.node.map_or(0, |node| node.ino.0);
                format!("inode:[{ino}]")
            }
            Object::Null => "/dev/null".to_owned(),
            Object::Zero => "/dev/zero".to_owned(),
            Object::Full => "/dev/full".to_owned(),
            Object::Random => "/dev/urandom".to_owned(),
            Object::PipeReader(pipe) | Object::PipeWriter(pipe) => format!("pipe:[{}]", pipe.0),
            Object::Tty(tty) => format!("/dev/{tty}"),
            Object::Socket(socket) => format!("socket:[{}]", socket.0),
        }
        .into())
    }
}

fn line(text: &BString) -> BString {
    let mut line = text.clone();
    line.push(b'\n');
    line
}

struct TextSink<'a>(&'a mut BString);

impl core::fmt::Write for TextSink<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Synthetic for ProcTree<'_> {
    fn lookup(&self, _tree: SyntheticTree, dir: Ino, name: &BStr) -> Result<Ino, Errno> {
        let number = || name.to_str().ok().and_then(|text| text.parse::<u32>().ok());
        let found = match Entry::of(dir)? {
            Entry::Root => match number() {
                Some(pid) => self.processes.get(Pid(pid)).map(|_| Entry::Process(Pid(pid))),
                None => machine_child("", name).map(Entry::Machine),
            },
            Entry::Machine(index) => {
                machine_child(MACHINE_FILES[index].0, name).map(Entry::Machine)
            }
            Entry::Process(pid) => {
                self.process(pid)?;
                PROCESS_FILES
                    .iter()
                    .position(|(file, _)| name == file.trim_end_matches('/').as_bytes())
                    .map(|index| Entry::ProcessFile(pid, index))
            }
            Entry::ProcessFile(pid, index) if PROCESS_FILES[index].0 == "fd/" => {
                let fd = number().map(Fd);
                fd.filter(|fd| self.process(pid).is_ok_and(|p| p.fds.get(*fd).is_ok()))
                    .map(|fd| Entry::Fd(pid, fd))
            }
            _ => return Err(Errno::ENOTDIR),
        };
        found.map(Entry::ino).ok_or(Errno::ENOENT)
    }

    fn parent(&self, _tree: SyntheticTree, dir: Ino) -> Result<(Ino, BString), Errno> {
        Ok(match Entry::of(dir)? {
            Entry::Root => (Entry::Root.ino(), BString::default()),
            Entry::Machine(index) => {
                let path = MACHINE_FILES[index].0.trim_end_matches('/');
                let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
                let parent = format!("{above}/");
                let index = MACHINE_FILES.iter().position(|(other, _)| *other == parent);
                (index.map_or(Entry::Root, Entry::Machine).ino(), name.into())
            }
            Entry::Process(pid) => (Entry::Root.ino(), pid.to_string().into()),
            Entry::ProcessFile(pid, index) => {
                (Entry::Process(pid).ino(), PROCESS_FILES[index].0.trim_end_matches('/').into())
            }
            Entry::Fd(..) => return Err(Errno::ENOTDIR),
        })
    }

    fn stat(&self, _tree: SyntheticTree, ino: Ino) -> Result<Stat, Errno> {
        let entry = Entry::of(ino)?;
        let (uid, gid) = match entry {
            Entry::Process(pid) | Entry::ProcessFile(pid, _) | Entry::Fd(pid, _) => {
                let credentials = &self.process(pid)?.credentials;
                (credentials.euid(), credentials.egid())
            }
            Entry::Root | Entry::Machine(_) => (Uid::ROOT, Gid::ROOT),
        };
        let (kind, mode) = Self::kind_and_mode(entry);
        let nlink = if kind == FileType::Directory { 2 } else { 1 };
        Ok(Stat { ino, kind, mode, nlink, uid, gid, ..Stat::default() })
    }

    fn entries(&self, _tree: SyntheticTree, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
        let mut entries: Vec<DirEntry> = match Entry::of(dir)? {
            Entry::Root => {
                let processes = self.processes.iter();
                let of_process =
                    |it: &Process| Self::dir_entry(it.pid.to_string(), Entry::Process(it.pid));
                processes.map(of_process).chain(Self::machine_entries("")).collect()
            }
            Entry::Machine(index) if MACHINE_FILES[index].0.ends_with('/') => {
                Self::machine_entries(MACHINE_FILES[index].0).collect()
            }
            Entry::Process(pid) => {
                self.process(pid)?;
                let files = PROCESS_FILES.iter().enumerate();
                files
                    .map(|(index, (name, _))| {
                        let entry = Entry::ProcessFile(pid, index);
                        Self::dir_entry(name.trim_end_matches('/'), entry)
                    })
                    .collect()
            }
            Entry::ProcessFile(pid, index) if PROCESS_FILES[index].0 == "fd/" => {
                let fds = self.process(pid)?.fds.iter();
                fds.map(|(fd, _)| Self::dir_entry(fd.to_string(), Entry::Fd(pid, fd))).collect()
            }
            _ => return Err(Errno::ENOTDIR),
        };
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn readlink(&self, _tree: SyntheticTree, ino: Ino) -> Result<BString, Errno> {
        match Entry::of(ino)? {
            Entry::Machine(index) if MACHINE_FILES[index].0 == "self" => {
                Ok(self.pid.to_string().into())
            }
            Entry::Fd(pid, fd) => self.fd_target(pid, fd),
            Entry::ProcessFile(pid, index) => match PROCESS_FILES[index].0 {
                "cwd" | "root" => self.process(pid).map(|_| "/".into()),
                _ => Err(Errno::EINVAL),
            },
            _ => Err(Errno::EINVAL),
        }
    }

    fn read(&self, _tree: SyntheticTree, ino: Ino, out: &mut Vec<u8>) -> Result<(), Errno> {
        let content = match Entry::of(ino)? {
            entry if Self::kind_and_mode(entry).0 == FileType::Directory => {
                return Err(Errno::EISDIR);
            }
            Entry::Machine(index) => self.machine_content(MACHINE_FILES[index].0)?,
            Entry::ProcessFile(pid, index) => self.process_content(pid, PROCESS_FILES[index].0)?,
            _ => return Err(Errno::EINVAL),
        };
        out.extend_from_slice(&content);
        Ok(())
    }

    fn jump(&self, _tree: SyntheticTree, ino: Ino) -> Option<Node> {
        match Entry::of(ino).ok()? {
            Entry::ProcessFile(pid, index) => match PROCESS_FILES[index].0 {
                "cwd" => Some(self.processes.get(pid)?.cwd),
                "root" => Some(self.processes.get(pid)?.root),
                _ => None,
            },
            Entry::Fd(pid, fd) => {
                let entry = self.processes.get(pid)?.fds.get(fd).ok()?;
                self.files.get(entry.file)?.node
            }
            _ => None,
        }
    }
}

impl Machine {
    /// Reads a file with content, wherever that comes from.
    ///
    /// # Errors
    ///
    /// As [`Vfs::read_at`](crate::fs::Vfs::read_at).
    pub(crate) fn read_node(
        &mut self,
        pid: Pid,
        node: Node,
        offset: u64,
        into: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, Errno> {
        // The mounts are the filesystem's own, which a synthetic tree cannot see.
        if matches!(self.vfs.kind(node)?, Kind::Synthetic(_))
            && let Ok(Entry::Machine(index)) = Entry::of(node.ino)
            && MACHINE_FILES[index].0 == "mounts"
        {
            let text = self.mounts_text(pid);
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
            let count = max.min(text.len() - start);
            into.extend_from_slice(&text[start..start + count]);
            return Ok(count);
        }
        self.with_vfs(pid, |vfs, context| vfs.read_at(context, node, offset, into, max))
    }

    /// `/proc/mounts`.
    fn mounts_text(&mut self, pid: Pid) -> BString {
        self.with_vfs(pid, |vfs, context| {
            let mut text = BString::default();
            for mount in vfs.mounts() {
                let (source, kind) = match mount.kind {
                    MountKind::Disk => ("/dev/sda1".into(), "hostfs"),
                    MountKind::Tmpfs => (mount.source, "tmpfs"),
                    MountKind::Synthetic(_) => (mount.source, "proc"),
                };
                let on = vfs.path_of(context, mount.on).unwrap_or_default();
                let mode = if mount.read_only { "ro" } else { "rw" };
                let _ = writeln!(TextSink(&mut text), "{source} {on} {kind} {mode},noatime 0 0");
            }
            text
        })
    }

    /// Carries out a write to a file of `/proc`; opening it has checked permissions.
    ///
    /// # Errors
    ///
    /// `EINVAL`: not what the file takes. `EACCES`: takes nothing.
    pub(crate) fn write_proc(
        &mut self,
        _pid: Pid,
        node: Node,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let Entry::Machine(index) = Entry::of(node.ino)? else { return Err(Errno::EACCES) };
        let value = bytes.lines().next().unwrap_or_default().trim_ascii();
        match MACHINE_FILES[index].0 {
            "sys/net/ipv4/ip_forward" => {
                if !matches!(value, b"0" | b"1") {
                    return Err(Errno::EINVAL);
                }
                self.net.set_forwarding(value == b"1");
            }
            "sys/kernel/hostname" => self.hostname = value[..value.len().min(64)].into(),
            _ => return Err(Errno::EACCES),
        }
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inode_numbers_say_what_they_are() {
        let entries = [
            Entry::Root,
            Entry::Machine(0),
            Entry::Machine(MACHINE_FILES.len() - 1),
            Entry::Process(Pid(1)),
            Entry::ProcessFile(Pid(4_194_304), PROCESS_FILES.len() - 1),
            Entry::Fd(Pid(7), Fd(1023)),
        ];
        for entry in entries {
            assert_eq!(Entry::of(entry.ino()), Ok(entry));
        }
        assert_eq!(Entry::of(Ino(0)), Err(Errno::ENOENT));
        assert_eq!(Entry::of(Ino(u64::MAX)), Err(Errno::ENOENT));
        assert_eq!(Entry::of(Ino(5000)), Err(Errno::ENOENT));
    }

    #[test]
    fn the_tables_are_in_order_of_name() {
        assert!(MACHINE_FILES.is_sorted_by_key(|(path, _)| path));
        assert!(PROCESS_FILES.is_sorted_by_key(|(path, _)| path));
    }
}
