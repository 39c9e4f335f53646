//! ps: list processes, as `/proc` tells of them.
//!
//! Follows: POSIX.1-2024 ps; columns and BSD options of procps-ng 4.0. Left out: selection by
//! anything but all, terminal and pid.

use bstr::{BString, ByteSlice};

use crate::base::Fd;
use crate::kernel::program::calendar::Civil;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, number, once};
use crate::kernel::program::users::Users;
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Ps>("ps");

const SPEC: Spec = Spec::operands_only(
    "usage: ps [-AefFl] [-o FORMAT] [-p PIDS] [aux]\n\
     List processes: those of this terminal, or\n\n  \
     -A, -e    all\n  \
     -f        full lines\n  \
     -l        long lines\n  \
     -o FORMAT the columns named, such as pid,ppid,user,stat,tty,time,comm,args\n  \
     -p PIDS   these\n  \
     a, x, u   of all users, without terminal too, with resources",
);

/// Clock ticks a second in `/proc` (Linux `USER_HZ`).
const USER_HZ: u64 = 100;
/// Bytes of one `/proc` file that are looked at.
const FILE_MAX: usize = 1 << 16;

#[derive(Clone)]
struct Ps;

/// A process.
struct Process {
    pid: u64,
    ppid: u64,
    pgid: u64,
    sid: u64,
    tty: u64,
    foreground: i64,
    uid: u32,
    state: char,
    priority: i64,
    nice: i64,
    /// In clock ticks.
    cpu: u64,
    started: u64,
    virtual_kib: u64,
    resident_kib: u64,
    comm: BString,
    args: BString,
}

/// What is asked for.
#[derive(Default)]
struct Request {
    all: bool,
    /// `a`: everybody's, if they have a terminal. `x`: one's own, without one too.
    bsd_all: bool,
    bsd_without_tty: bool,
    bsd: bool,
    pids: Vec<u64>,
    columns: Vec<(Column, String)>,
    headers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Pid,
    Ppid,
    Pgid,
    Sid,
    User,
    Uid,
    State,
    Stat,
    Tty,
    Time,
    Clock,
    Elapsed,
    Start,
    Cpu,
    Memory,
    C,
    Priority,
    Nice,
    Virtual,
    Resident,
    Flags,
    Wait,
    Size,
    Address,
    Comm,
    Args,
}

impl Compute for Ps {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let request = request(&options.operands, out)?;
        let users = Users::load(sys);
        let me = sys.os().credentials()?.euid().0;
        let own_tty = read_stat(&BString::from("/proc/self"), sys).map_or(0, |process| process.tty);
        let mut processes = Vec::new();
        for entry in sys.fs().read_dir("/proc")? {
            if !entry.name.iter().all(u8::is_ascii_digit) {
                continue;
            }
            let mut path = BString::from("/proc/");
            path.extend_from_slice(&entry.name);
            // A process that ended in the meantime is simply not listed.
            let Some(process) = read_stat(&path, sys) else { continue };
            let wanted = if !request.pids.is_empty() {
                request.pids.contains(&process.pid)
            } else if request.bsd {
                (request.bsd_all || process.uid == me)
                    && (request.bsd_without_tty || process.tty != 0)
            } else {
                request.all || process.uid == me && process.tty == own_tty
            };
            if wanted || request.all {
                processes.push(process);
            }
        }
        processes.sort_by_key(|process| process.pid);
        let width = match (sys.io().is_tty(Fd::STDOUT), sys.term().size(Fd::STDOUT)) {
            (true, Ok((columns, _))) => usize::from(columns),
            _ => usize::MAX,
        };
        let world = World {
            now: sys.os().clock().secs,
            boot: boot_time(sys),
            uptime: uptime(sys),
            memory_kib: memory(sys),
        };
        print(&request, &processes, &users, &world, width, out);
        let found = request.pids.is_empty() || !processes.is_empty();
        Ok(u8::from(!found))
    }
}

/// What is the same for all processes.
struct World {
    now: i64,
    boot: i64,
    /// In clock ticks.
    uptime: u64,
    memory_kib: u64,
}

fn request(operands: &[BString], out: &mut Out) -> Result<Request, End> {
    let mut request = Request { headers: true, ..Request::default() };
    let (mut full, mut long, mut user) = (false, false, false);
    let mut words = operands.iter();
    while let Some(word) = words.next() {
        let (unix, letters) = match word.strip_prefix(b"-") {
            Some(letters) => (true, letters),
            None if word.iter().all(u8::is_ascii_digit) => {
                request.pids.extend(number::<u64>(word));
                continue;
            }
            None => (false, word.as_slice()),
        };
        for (index, letter) in letters.iter().enumerate() {
            let rest = &letters[index + 1..];
            match (unix, letter) {
                (true, b'A' | b'e') => request.all = true,
                (true, b'a') => (request.bsd, request.bsd_all) = (true, true),
                (true, b'f' | b'F') => full = true,
                (_, b'l') => long = true,
                (true, b'w') | (false, b'w' | b'f') => {}
                (_, b'o' | b'p') => {
                    let value = if rest.is_empty() { words.next() } else { None };
                    let value = value.map_or(rest, |value| value.as_slice());
                    if value.is_empty() {
                        return Err(misuse(out, "list of format specifiers must follow -o"));
                    }
                    if *letter == b'p' {
                        let pids = value.split(|byte| b", ".contains(byte));
                        request.pids.extend(pids.filter_map(number::<u64>));
                    } else {
                        columns(value, &mut request, out)?;
                    }
                    break;
                }
                (false, b'a') => (request.bsd, request.bsd_all) = (true, true),
                (false, b'x') => (request.bsd, request.bsd_without_tty) = (true, true),
                (false, b'u') => (request.bsd, user) = (true, true),
                _ => return Err(misuse(out, "unsupported option (BSD syntax)")),
            }
        }
    }
    if request.columns.is_empty() {
        let (format, titles) = if user {
            ("user,pid,pcpu,pmem,vsz,rss,tty,stat,start,clock,args", "COMMAND")
        } else if long {
            ("flags,state,uid,pid,ppid,c,pri,ni,addr,sz,wchan,tty,time,comm", "CMD")
        } else if full {
            ("uid_name,pid,ppid,c,start,tty,time,args", "CMD")
        } else if request.bsd {
            ("pid,tty,stat,clock,args", "COMMAND")
        } else {
            ("pid,tty,time,comm", "CMD")
        };
        columns(format.as_bytes(), &mut request, out)?;
        if let Some((_, title)) = request.columns.last_mut() {
            *title = titles.to_owned();
        }
        if full
            && !user
            && let Some((column, title)) = request.columns.first_mut()
        {
            (*column, *title) = (Column::User, "UID".to_owned());
        }
        for (column, title) in &mut request.columns {
            if *column == Column::Start && full {
                *title = "STIME".to_owned();
            }
        }
    }
    Ok(request)
}

fn misuse(out: &mut Out, message: &str) -> End {
    out.error(format!("error: {message}\n\n{}\n", SPEC.usage));
    End::Exit(1)
}

fn columns(text: &[u8], request: &mut Request, out: &mut Out) -> Result<(), End> {
    for name in text.split(|byte| b", ".contains(byte)).filter(|name| !name.is_empty()) {
        let (name, title) = match name.split_once_str("=") {
            Some((name, title)) => (name, Some(title.to_str_lossy().into_owned())),
            None => (name, None),
        };
        let name = name.to_str_lossy();
        let (column, usual) = match &*name {
            "pid" => (Column::Pid, "PID"),
            "ppid" => (Column::Ppid, "PPID"),
            "pgid" | "pgrp" => (Column::Pgid, "PGID"),
            "sid" | "sess" | "session" => (Column::Sid, "SID"),
            "user" | "euser" | "uname" | "ruser" | "uid_name" => (Column::User, "USER"),
            "uid" | "euid" => (Column::Uid, "UID"),
            "state" | "s" => (Column::State, "S"),
            "stat" => (Column::Stat, "STAT"),
            "tty" | "tt" | "tname" => (Column::Tty, "TTY"),
            "time" | "cputime" => (Column::Time, "TIME"),
            "clock" | "bsdtime" => (Column::Clock, "TIME"),
            "etime" => (Column::Elapsed, "ELAPSED"),
            "start" | "stime" | "bsdstart" | "start_time" => (Column::Start, "START"),
            "pcpu" | "%cpu" => (Column::Cpu, "%CPU"),
            "pmem" | "%mem" => (Column::Memory, "%MEM"),
            "c" => (Column::C, "C"),
            "pri" => (Column::Priority, "PRI"),
            "ni" | "nice" => (Column::Nice, "NI"),
            "vsz" | "vsize" => (Column::Virtual, "VSZ"),
            "rss" => (Column::Resident, "RSS"),
            "flags" | "f" => (Column::Flags, "F"),
            "wchan" => (Column::Wait, "WCHAN"),
            "sz" => (Column::Size, "SZ"),
            "addr" => (Column::Address, "ADDR"),
            "comm" | "ucmd" => (Column::Comm, "COMMAND"),
            "args" | "cmd" | "command" => (Column::Args, "COMMAND"),
            other => {
                return Err(misuse(
                    out,
                    &format!("unknown user-defined format specifier \"{other}\""),
                ));
            }
        };
        request.columns.push((column, title.unwrap_or_else(|| usual.to_owned())));
    }
    request.headers = request.columns.iter().any(|(_, title)| !title.is_empty());
    Ok(())
}

fn print(
    request: &Request,
    processes: &[Process],
    users: &Users,
    world: &World,
    width: usize,
    out: &mut Out,
) {
    let rows: Vec<Vec<String>> = processes
        .iter()
        .map(|process| {
            request.columns.iter().map(|(column, _)| cell(*column, process, users, world)).collect()
        })
        .collect();
    let titles: Vec<String> = request.columns.iter().map(|(_, title)| title.clone()).collect();
    let last = request.columns.len().saturating_sub(1);
    let lines = request.headers.then_some(&titles).into_iter().chain(&rows);
    for row in lines {
        let mut line = String::new();
        for (index, ((column, title), field)) in request.columns.iter().zip(row).enumerate() {
            let (least, right) = shape(*column);
            let least = least.max(title.chars().count());
            if index == last && !right {
                line.push_str(field);
            } else if right {
                line.push_str(&format!("{field:>least$}"));
            } else {
                line.push_str(&format!("{field:<least$}"));
            }
            if index != last {
                line.push(' ');
            }
        }
        let shown: String = line.chars().take(width).collect();
        out.text(shown);
        out.text("\n");
    }
}

/// How wide a column is at least, and whether it lines up on the right.
const fn shape(column: Column) -> (usize, bool) {
    match column {
        Column::Pid | Column::Ppid | Column::Pgid | Column::Sid => (7, true),
        Column::User => (8, false),
        Column::Uid => (5, true),
        Column::State => (1, false),
        Column::Stat => (4, false),
        Column::Tty => (8, false),
        Column::Time => (8, true),
        Column::Clock => (6, true),
        Column::Elapsed => (11, true),
        Column::Start => (5, false),
        Column::Cpu | Column::Memory => (4, true),
        Column::C => (2, true),
        Column::Priority | Column::Nice => (3, true),
        Column::Virtual => (6, true),
        Column::Resident => (5, true),
        Column::Flags => (1, true),
        Column::Wait => (6, false),
        Column::Size => (5, true),
        Column::Address => (4, false),
        Column::Comm => (15, false),
        Column::Args => (27, false),
    }
}

fn cell(column: Column, process: &Process, users: &Users, world: &World) -> String {
    let lifetime = world.uptime.saturating_sub(process.started);
    let seconds = process.cpu / USER_HZ;
    match column {
        Column::Pid => process.pid.to_string(),
        Column::Ppid => process.ppid.to_string(),
        Column::Pgid => process.pgid.to_string(),
        Column::Sid => process.sid.to_string(),
        Column::User => {
            let name = users.user_name(crate::base::Uid(process.uid));
            if name.len() > 8 {
                format!("{}+", name.chars().take(7).collect::<String>())
            } else {
                name
            }
        }
        Column::Uid => process.uid.to_string(),
        Column::State => process.state.to_string(),
        Column::Stat => {
            let leader = if process.sid == process.pid { "s" } else { "" };
            let front = u64::try_from(process.foreground).is_ok_and(|group| group == process.pgid);
            format!("{}{leader}{}", process.state, if front { "+" } else { "" })
        }
        Column::Tty => tty_name(process.tty),
        Column::Time => {
            format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        Column::Clock => format!("{}:{:02}", seconds / 60, seconds % 60),
        Column::Elapsed => elapsed(lifetime / USER_HZ),
        Column::Start => {
            let started = i64::try_from(process.started / USER_HZ).unwrap_or(i64::MAX);
            let began = Civil::new(world.boot.saturating_add(started));
            let now = Civil::new(world.now);
            if (began.year, began.yearday) == (now.year, now.yearday) {
                format!("{:02}:{:02}", began.hour, began.minute)
            } else if began.year == now.year {
                format!("{}{:02}", began.month_short(), began.day)
            } else {
                began.year.to_string()
            }
        }
        Column::Cpu => tenths(process.cpu.saturating_mul(1000) / lifetime.max(1)),
        Column::Memory => {
            tenths(process.resident_kib.saturating_mul(1000) / world.memory_kib.max(1))
        }
        Column::C => (process.cpu.saturating_mul(100) / lifetime.max(1)).min(99).to_string(),
        Column::Priority => (process.priority + 60).to_string(),
        Column::Nice => process.nice.to_string(),
        Column::Virtual => process.virtual_kib.to_string(),
        Column::Resident => process.resident_kib.to_string(),
        Column::Flags => if process.uid == 0 { "4" } else { "0" }.to_owned(),
        Column::Wait | Column::Address => "-".to_owned(),
        Column::Size => (process.virtual_kib / 4).to_string(),
        Column::Comm if process.state == 'Z' => format!("{} <defunct>", process.comm),
        Column::Comm => process.comm.to_string(),
        Column::Args if process.args.is_empty() && process.state == 'Z' => {
            format!("[{}] <defunct>", process.comm)
        }
        Column::Args if process.args.is_empty() => format!("[{}]", process.comm),
        Column::Args => process.args.to_string(),
    }
}

fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn elapsed(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let seconds = seconds % 60;
    match (days, hours) {
        (0, 0) => format!("{minutes:02}:{seconds:02}"),
        (0, _) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        _ => format!("{days}-{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// The name of a terminal by its device number: major 4 is `ttyN`, 136 is `pts/N`, 0 is none.
fn tty_name(device: u64) -> String {
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff);
    match major {
        4 if minor >= 64 => format!("ttyS{}", minor - 64),
        4 => format!("tty{minor}"),
        5 if minor == 1 => "console".to_owned(),
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        _ => "?".to_owned(),
    }
}

/// Reads `/proc/PID/stat` and `cmdline`; `None` when the process is gone.
fn read_stat(path: &BString, sys: &mut Sys<'_>) -> Option<Process> {
    let file = |name: &str| {
        let mut path = path.clone();
        path.extend_from_slice(name.as_bytes());
        path
    };
    let stat = sys.fs().read_file(file("/stat"), FILE_MAX).ok()?;
    let uid = sys.fs().stat(path).ok()?.uid.0;
    let mut args = sys.fs().read_file(file("/cmdline"), FILE_MAX).unwrap_or_default();
    if args.last() == Some(&0) {
        args.pop();
    }
    args.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    // The name stands in parentheses and may hold anything, even parentheses.
    let (open, close) = (stat.find_byte(b'(')?, stat.rfind_byte(b')')?);
    let comm = BString::from(stat.get(open + 1..close)?);
    let pid = number(stat.get(..open)?.trim_ascii())?;
    let fields: Vec<&[u8]> = stat
        .get(close + 1..)?
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|field| !field.is_empty())
        .collect();
    let field = |index: usize| fields.get(index).and_then(number::<u64>).unwrap_or(0);
    let signed = |index: usize| {
        let text = fields.get(index).copied().unwrap_or_default().to_str().unwrap_or_default();
        text.parse::<i64>().unwrap_or(0)
    };
    Some(Process {
        pid,
        ppid: field(1),
        pgid: field(2),
        sid: field(3),
        tty: field(4),
        foreground: signed(5),
        uid,
        state: fields.first()?.first().copied().map(char::from)?,
        cpu: field(11).saturating_add(field(12)),
        priority: signed(15),
        nice: signed(16),
        started: field(19),
        virtual_kib: field(20) / 1024,
        resident_kib: field(21).saturating_mul(4),
        comm,
        args: args.into(),
    })
}

/// Time since boot, in clock ticks.
fn uptime(sys: &mut Sys<'_>) -> u64 {
    let text = sys.fs().read_file("/proc/uptime", FILE_MAX).unwrap_or_default();
    let mut parts = text.split(|byte| *byte == b'.' || *byte == b' ');
    let seconds: u64 = parts.next().and_then(number).unwrap_or(0);
    seconds.saturating_mul(USER_HZ).saturating_add(parts.next().and_then(number).unwrap_or(0))
}

/// When the machine was turned on, in seconds since the epoch.
fn boot_time(sys: &mut Sys<'_>) -> i64 {
    let now = sys.os().clock().secs;
    now.saturating_sub(i64::try_from(uptime(sys) / USER_HZ).unwrap_or(i64::MAX))
}

fn memory(sys: &mut Sys<'_>) -> u64 {
    let text = sys.fs().read_file("/proc/meminfo", FILE_MAX).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(b"MemTotal:"));
    line.and_then(|line| line.trim_ascii().split(|byte| *byte == b' ').next().and_then(number))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{elapsed, tenths, tty_name};
    use crate::testing::run;

    #[test]
    fn lists_itself() {
        expect![[r#"
                PID CMD
                  1 /sbin/init
                  3 ps -o pid=PID,args=CMD
            [exit 0]
        "#]]
        .assert_eq(&run("ps -o pid=PID,args=CMD", ""));
        expect![[r#"
            [stderr]
            error: unknown user-defined format specifier "x"
        "#]]
        .assert_eq(
            &run("ps -o x", "").split("\n\nusage").next().map(|text| format!("{text}\n")).unwrap(),
        );
    }

    #[test]
    fn numbers_read_as_people_expect() {
        assert_eq!(elapsed(59), "00:59");
        assert_eq!(elapsed(3_661), "01:01:01");
        assert_eq!(elapsed(90_061), "1-01:01:01");
        assert_eq!(tenths(125), "12.5");
        assert_eq!(tty_name(4 << 8 | 1), "tty1");
        assert_eq!(tty_name(136 << 8 | 3), "pts/3");
        assert_eq!(tty_name(0), "?");
    }
}
