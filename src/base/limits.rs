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
/// Bytes of one complete shell command, its here-documents included. Beyond: a syntax error.
pub const SHELL_COMMAND_MAX: usize = 4 * 1024 * 1024;
/// Constructs open at once while a shell command is read. Beyond: a syntax error.
pub const SHELL_NESTING_MAX: usize = 4_000;
/// Bytes of one value, field or captured output in a shell. Beyond: a shell error.
pub const SHELL_VALUE_MAX: usize = 4 * 1024 * 1024;
/// Bytes of all variables of a shell, or of all words of one command. Beyond: a shell error.
pub const SHELL_MEMORY: usize = 32 * 1024 * 1024;
/// Function calls, `eval`s and `.`s inside one another in a shell (as dash). Beyond: a shell error.
pub const SHELL_CALLS_MAX: u32 = 1_000;
/// Elements of a shell pattern that has a `*`: bounds the cost of a match. Beyond: no match.
pub const SHELL_PATTERN_MAX: usize = 1_024;
/// Instructions of one arithmetic expression. Beyond: a shell error.
pub const SHELL_ARITH_MAX: usize = 100_000;
/// Paths one shell pattern may yield. Beyond: a shell error.
pub const SHELL_PATHS_MAX: usize = 100_000;
/// Commands a shell remembers as jobs. Beyond: a shell error.
pub const SHELL_JOBS_MAX: usize = 1_000;
