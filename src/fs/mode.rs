//! Modes: file types and permission bits in POSIX's numbers, and flags of `open` and `access`.
//!
//! Follows: POSIX.1-2024 `<sys/stat.h>`, `<fcntl.h>`, `<unistd.h>`.

use serde::{Deserialize, Serialize};

/// Set user id on execution.
pub const S_ISUID: u16 = 0o4000;
/// Set group id on execution; on a directory, new entries inherit its group.
pub const S_ISGID: u16 = 0o2000;
/// Sticky: in such a directory only owners remove entries.
pub const S_ISVTX: u16 = 0o1000;
/// Execution by the group, which decides whether `S_ISGID` means what it says.
pub const S_IXGRP: u16 = 0o0010;
/// The bits that `chmod` sets.
pub const PERMISSIONS: u16 = 0o7777;
/// The file type's bits in `st_mode`.
pub const S_IFMT: u32 = 0o170_000;

/// What an inode is, as `stat` tells it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum FileType {
    /// A file with bytes, program files included.
    #[default]
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A local socket's name.
    Socket,
}

impl FileType {
    /// The type's bits in `st_mode` (`S_IFREG` and so on).
    pub const fn bits(self) -> u32 {
        match self {
            Self::Regular => 0o100_000,
            Self::Directory => 0o040_000,
            Self::Symlink => 0o120_000,
            Self::Fifo => 0o010_000,
            Self::CharDevice => 0o020_000,
            Self::BlockDevice => 0o060_000,
            Self::Socket => 0o140_000,
        }
    }

    /// The letter `ls -l` begins a line with.
    pub const fn letter(self) -> char {
        match self {
            Self::Regular => '-',
            Self::Directory => 'd',
            Self::Symlink => 'l',
            Self::Fifo => 'p',
            Self::CharDevice => 'c',
            Self::BlockDevice => 'b',
            Self::Socket => 's',
        }
    }
}

bitflags::bitflags! {
    /// How a file is opened. One of `RDONLY`, `WRONLY`, `RDWR` is given; `RDONLY` has a bit of
    /// its own, so that "for reading" can be asked for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub struct OpenFlags: u32 {
        /// For reading.
        const RDONLY = 1;
        /// For writing.
        const WRONLY = 2;
        /// For reading and writing.
        const RDWR = 3;
        /// Create the file if it does not exist.
        const CREAT = 1 << 2;
        /// With `CREAT`: the file must not exist.
        const EXCL = 1 << 3;
        /// Cut a regular file to length 0.
        const TRUNC = 1 << 4;
        /// Every write goes to the end.
        const APPEND = 1 << 5;
        /// Never block.
        const NONBLOCK = 1 << 6;
        /// Closed by `exec`.
        const CLOEXEC = 1 << 7;
        /// Must be a directory.
        const DIRECTORY = 1 << 8;
        /// The last component must not be a symbolic link.
        const NOFOLLOW = 1 << 9;
        /// Does not become the controlling terminal.
        const NOCTTY = 1 << 10;
    }
}

impl OpenFlags {
    /// Whether reading is asked for.
    pub const fn readable(self) -> bool {
        self.contains(Self::RDONLY)
    }

    /// Whether writing is asked for.
    pub const fn writable(self) -> bool {
        self.contains(Self::WRONLY)
    }
}

bitflags::bitflags! {
    /// What `access` asks for; empty is `F_OK`, mere existence.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub struct AccessMode: u16 {
        /// Execute, or search a directory (`X_OK`).
        const EXEC = 1;
        /// Write (`W_OK`).
        const WRITE = 2;
        /// Read (`R_OK`).
        const READ = 4;
    }
}
