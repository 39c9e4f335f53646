//! Every bound of the engine, each with its reason. At a bound guests get an errno.

/// Longest file name in bytes (Linux `NAME_MAX`). Beyond: `ENAMETOOLONG`.
pub const NAME_MAX: usize = 255;
/// Longest path in bytes, terminator counted (Linux `PATH_MAX`). Beyond: `ENAMETOOLONG`.
pub const PATH_MAX: usize = 4096;
/// Symbolic links followed in one path walk (Linux `MAXSYMLINKS`). Beyond: `ELOOP`.
pub const SYMLINKS_MAX: u32 = 40;
/// Hard links to one inode (ext4). Beyond: `EMLINK`.
pub const LINK_MAX: u32 = 65_000;
/// Entries of one directory: bounds what a listing may cost. Beyond: `ENOSPC`.
pub const DIR_ENTRIES_MAX: usize = 1_000_000;
/// Capacity of a pipe in bytes (Linux default).
pub const PIPE_CAPACITY: usize = 65_536;
/// Writes up to this size into a pipe are atomic (POSIX `PIPE_BUF`, Linux value).
pub const PIPE_BUF: usize = 4096;
/// Open files of one process (Linux default soft `RLIMIT_NOFILE`). Beyond: `EMFILE`.
pub const OPEN_FILES_MAX: u32 = 1024;
/// Open files of one machine. Beyond: `ENFILE`.
pub const MACHINE_OPEN_FILES_MAX: usize = 65_536;
/// Bytes of arguments and environment together (Linux with an 8 MiB stack). Beyond: `E2BIG`.
pub const ARG_MAX: usize = 2 * 1024 * 1024;
/// Processes of one machine, zombies counted, unless its variant says less. Beyond: `EAGAIN`.
pub const PROCESSES_MAX: usize = 32_768;
/// Events waiting for one process. Beyond: `EAGAIN` to the sender, and a counter.
pub const EVENTS_MAX: usize = 256;
/// Bytes a tty holds for readers in cooked mode (Linux `N_TTY_BUF_SIZE`). Beyond: dropped with a bell.
pub const TTY_INPUT_MAX: usize = 4096;
/// Bytes an attached embedder may leave untaken before writers to the tty wait.
pub const TTY_OUTPUT_MAX: usize = 65_536;
/// Echo held back while output is stopped; more is dropped (Linux `N_TTY_BUF_SIZE`).
pub const TTY_ECHO_MAX: usize = 4096;
/// Columns and rows of a screen: at least two columns, since the emulator needs them.
pub const SCREEN_COLUMNS: core::ops::RangeInclusive<u16> = 2..=1000;
/// Rows of a screen.
pub const SCREEN_ROWS: core::ops::RangeInclusive<u16> = 1..=500;
/// Bytes of the kernel's log (`dmesg`); older lines are dropped.
pub const KERNEL_LOG_MAX: usize = 16 * 1024;
/// `#!` interpreters that may name one another (Linux `BINPRM_MAX_RECURSION`). Beyond: `ELOOP`.
pub const INTERPRETERS_MAX: u32 = 4;
/// Length of the `#!` line that is looked at (Linux `BINPRM_BUF_SIZE`).
pub const SHEBANG_MAX: usize = 256;
/// Bytes one process may hold in its own state before allocation fails with `ENOMEM`.
pub const PROCESS_MEMORY: usize = 64 * 1024 * 1024;
/// Pipes of one machine that get the full capacity; later ones hold one atomic block each.
pub const FULL_SIZE_PIPES: usize = 256;
/// Capacity in bytes of a pipe whose other end is the embedder: a tick's worth of bytes and more.
pub const STREAM_CAPACITY: usize = 1024 * 1024;
/// Fuel one process may spend before the next one's turn.
pub const FUEL_SLICE: i64 = 2000;
/// Longest line of the kernel's log in bytes; the rest is cut off (Linux `LOG_LINE_MAX`).
pub const KERNEL_LOG_LINE_MAX: usize = 992;
/// Largest file in bytes (ext4 with 4 KiB blocks). Beyond: `EFBIG`.
pub const FILE_SIZE_MAX: u64 = 16 << 40;
/// Filesystems mounted on one machine: each is looked at when a path is walked. Beyond: `ENOSPC`.
pub const MOUNTS_MAX: usize = 64;
/// Ancestors looked at when a directory moves to another parent. Beyond: `ELOOP`.
pub const TREE_DEPTH_MAX: u32 = 65_536;
/// Bytes of `/etc/hosts` that the resolver reads.
pub const HOSTS_MAX: usize = 1024 * 1024;
