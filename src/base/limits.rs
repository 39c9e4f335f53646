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
/// Bytes recorded of a tty's output that nobody has taken; more is not kept.
pub const TTY_RECORD_MAX: usize = 4 * 1024 * 1024;
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
/// Addresses of one interface. Beyond: `ENOBUFS`.
pub const ADDRESSES_MAX: usize = 256;
/// Smallest MTU IPv4 allows (RFC 791). Below: `EINVAL`.
pub const MTU_MIN: u32 = 68;
/// Largest MTU, that of loopback (Linux). Beyond: `EINVAL`.
pub const MTU_MAX: u32 = 65_536;
/// Routes of one machine: a large generated internet's worth. Beyond: `ENOBUFS`.
pub const ROUTES_MAX: usize = 16_384;
/// Neighbours one machine remembers (Linux `gc_thresh3`). Beyond: the oldest is forgotten.
pub const NEIGHBOURS_MAX: usize = 1024;
/// Packets that wait for one neighbour to answer. Beyond: the oldest is dropped and counted.
pub const NEIGHBOUR_QUEUE_MAX: usize = 16;
/// Packets that wait for neighbours of one machine altogether. Beyond: dropped and counted.
pub const NEIGHBOURS_QUEUE_MAX: u32 = 512;
/// Packets a machine has sent itself that were not looked at yet (Linux `netdev_max_backlog`).
pub const LOOPBACK_QUEUE_MAX: usize = 1000;
/// Packets from itself that a machine handles in one call, so that none is endless.
pub const LOOPBACK_BURST_MAX: usize = 1000;
/// Packets of which one machine holds some fragments. Beyond: the oldest is given up.
pub const FRAGMENT_GROUPS_MAX: usize = 64;
/// Bytes of fragments one machine holds. Beyond: the oldest packet is given up.
pub const FRAGMENT_BYTES_MAX: u64 = 512 * 1024;
/// Sockets of one machine, those in the background counted. Beyond: `ENFILE`.
pub const SOCKETS_MAX: usize = 8192;
/// Connections a listener holds for `accept` (Linux `somaxconn` was 128 for long). Beyond: ignored.
pub const BACKLOG_MAX: u32 = 128;
/// Bytes a TCP socket holds that were not acknowledged yet. Beyond: `EAGAIN`.
pub const TCP_SEND_BUFFER: usize = 65_536;
/// Bytes a TCP socket holds for its reader: the largest window without scaling.
pub const TCP_RECEIVE_BUFFER: usize = 65_535;
/// Pieces a TCP socket holds that came out of order. Beyond: dropped, the peer sends them again.
pub const TCP_PIECES_MAX: usize = 128;
/// Bytes a datagram socket holds for its reader (Linux `rmem_default`). Beyond: dropped, counted.
pub const DATAGRAM_RECEIVE_BUFFER: u32 = 212_992;
/// Nesting of values in a savegame: bounds the stack that reading one takes.
pub const SAVE_NESTING_MAX: usize = 128;
/// Bytes of a compact savegame once unpacked. Beyond: refused.
pub const SAVE_BYTES_MAX: usize = 1 << 30;
/// Machines that a world may ever have had. Beyond: no more can be spawned.
pub const MACHINES_MAX: u32 = 1 << 24;
/// Links that a world may ever have had. Beyond: no more can be connected.
pub const LINKS_MAX: u32 = 1 << 24;
/// Ends of one link. Beyond: refused.
pub const LINK_PORTS_MAX: u32 = 4096;
/// Bytes in the queue of one end of a link with limited bandwidth. Beyond: dropped and counted.
pub const LINK_QUEUE_MAX: u64 = 256 * 1024;
/// Addresses that a LAN learns. Beyond: frames to further ones go to all its ports.
pub const LAN_ADDRESSES_MAX: usize = 4096;
/// Packets in flight on one link. Beyond: dropped, and counted.
pub const LINK_FLIGHT_MAX: u32 = 16_384;
/// Inputs queued for later ticks. Beyond: refused.
pub const INPUTS_MAX: usize = 1 << 20;
/// Notices that wait for the embedder. Beyond: the oldest are dropped, and counted.
pub const NOTICES_MAX: usize = 16_384;
/// Pipes of one machine that get the full capacity; later ones hold one atomic block each.
pub const FULL_SIZE_PIPES: usize = 256;
/// Capacity in bytes of a pipe whose other end is the embedder: a tick's worth of bytes and more.
pub const STREAM_CAPACITY: usize = 1024 * 1024;
/// Fuel one process may spend before the next one's turn.
pub const FUEL_SLICE: i64 = 2000;
/// Longest line of the kernel's log in bytes; the rest is cut off (Linux `LOG_LINE_MAX`).
pub const KERNEL_LOG_LINE_MAX: usize = 992;
/// Bytes of one RON file written by a designer: reading costs a few times its size in memory.
pub const DESIGN_FILE_MAX: usize = 8 * 1024 * 1024;
/// Levels of brackets in such a file: bounds the reader's use of the host's stack.
pub const DESIGN_DEPTH_MAX: usize = 32;
/// Values of such a file whose place is remembered for findings; later ones get their parent's.
pub const OUTLINE_NODES_MAX: usize = 1_000_000;
/// Findings listed about one file; the rest is counted.
pub const FINDINGS_MAX: usize = 100;
/// Variants that may extend one another in a row.
pub const VARIANT_DEPTH_MAX: usize = 16;
/// Files of one variant's folder.
pub const VARIANT_FILES_MAX: usize = 10_000;
/// Bytes of the files of one variant's folder together, and of an image: it is built in memory.
pub const VARIANT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Ethernet interfaces of one machine.
pub const INTERFACES_MAX: usize = 32;
/// Virtual terminals of one machine (Linux allows 63; a console switches among 12).
pub const TTYS_MAX: u32 = 12;
/// Machines of a world file; larger worlds are made in Rust.
pub const WORLD_MACHINES_MAX: usize = 100_000;
/// Ports of one link or LAN: a broadcast is copied to each.
pub const SEGMENT_PORTS_MAX: usize = 4096;
/// Machines that a world file writes into each other's `/etc/hosts`: the lines grow as the square.
pub const WORLD_HOSTS_MAX: usize = 256;
/// Machines and segments times networks for which a world file's routes are computed.
pub const AUTO_ROUTES_MAX: usize = 4_000_000;
/// Bytes to which filling in its templates may lengthen a file: values repeat without bound.
pub const TEMPLATE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of all files that a world file writes over its machines' images.
pub const WORLD_FILES_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Inodes of an image, which is built in memory.
pub const IMAGE_INODES_MAX: usize = 100_000;
/// Users, and groups, of a variant.
pub const ACCOUNTS_MAX: usize = 4096;
/// Largest file in bytes (ext4 with 4 KiB blocks). Beyond: `EFBIG`.
pub const FILE_SIZE_MAX: u64 = 16 << 40;
/// Bytes that one call reads from a file, which may be all holes. Beyond: a short read.
pub const READ_MAX: usize = 64 * 1024 * 1024;
/// Filesystems mounted on one machine: each is looked at when a path is walked. Beyond: `ENOSPC`.
pub const MOUNTS_MAX: usize = 64;
/// Ancestors looked at when a directory moves to another parent: bounds what that may cost.
/// Beyond: `ELOOP`.
pub const TREE_DEPTH_MAX: u32 = 4096;
/// Bytes of `/etc/hosts` that the resolver reads.
pub const HOSTS_MAX: usize = 1024 * 1024;
/// Bytes of output a program queues before it must write them: one pipe's worth.
pub const PROGRAM_OUTPUT: usize = 65_536;
