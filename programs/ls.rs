//! ls: list files and directories.
//!
//! Follows: POSIX.1-2024 ls; options, layout and messages of GNU coreutils 9.1. Deviates: names
//! are sorted by their bytes. Left out: `-Z`, `--time-style`.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::{Errno, Fd};
use crate::fs::{FileType, Stat};
use crate::kernel::program::calendar::Civil;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote, quote_if_needed};
use crate::kernel::program::shapes::{End, Tool, human, number, tool};
use crate::kernel::program::tree::{is_dots, join};
use crate::kernel::program::users::Users;
use crate::kernel::program::{Program, Step, Sys, mode};

pub(super) const PROGRAM: Program = tool::<Ls>("ls");

const SPEC: Spec = Spec::new(
    "usage: ls [-1aAcCdfFghHilLnopqrRsStUx] [FILE]...\n\
     List FILEs, or the working directory.\n\n  \
     -1               one name a line\n  \
     -a, --all        names that begin with a dot too\n  \
     -A, --almost-all as -a, without . and ..\n  \
     -c               by, and with, time of change\n  \
     -C               in columns\n  \
     -d, --directory  directories themselves, not what they hold\n  \
     -F, --classify   a mark after names that are not plain files\n  \
     -g               as -l, without owner\n  \
     -h, --human-readable  sizes such as 1.5K\n  \
     -i, --inode      inode numbers\n  \
     -l               long lines\n  \
     -L, --dereference  what symbolic links point to\n  \
     -n, --numeric-uid-gid  as -l, owners by number\n  \
     -o               as -l, without group\n  \
     -p               / after directories\n  \
     -Q, --quote-name names in double quotes\n  \
     -r, --reverse    backwards\n  \
     -R, --recursive  directories below too\n  \
     -s, --size       size in blocks\n  \
     -S               largest first\n  \
     -t               newest first\n  \
     -U, -f           as the directory has them\n  \
     -x               in columns, read line by line\n      \
     --color[=WHEN]   names in colour: always, auto or never",
    "1aAcCdfFghHilLnopqQrRsStuUxk\x01::\x02",
)
.long(&[
    ("all", b'a'),
    ("almost-all", b'A'),
    ("classify", b'F'),
    ("color", 1),
    ("dereference", b'L'),
    ("directory", b'd'),
    ("group-directories-first", 2),
    ("human-readable", b'h'),
    ("inode", b'i'),
    ("numeric-uid-gid", b'n'),
    ("quote-name", b'Q'),
    ("recursive", b'R'),
    ("reverse", b'r'),
    ("size", b's'),
])
.misuse(2);

#[derive(Clone, Serialize, Deserialize)]
struct Ls {
    style: Style,
    /// Directories to list, the next one last.
    pending: Vec<BString>,
    headers: bool,
    printed: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Style {
    layout: Layout,
    width: u32,
    hidden: Hidden,
    sort: Sort,
    reverse: bool,
    directories_first: bool,
    recursive: bool,
    dereference: bool,
    inodes: bool,
    blocks: bool,
    human: bool,
    numeric: bool,
    owner: bool,
    group: bool,
    marks: Marks,
    quoting: Quoting,
    colour: bool,
    change_time: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Layout {
    Lines,
    Columns,
    Across,
    Long,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Hidden {
    Left,
    ButDots,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Sort {
    Name,
    Time,
    Size,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Marks {
    None,
    Directories,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Quoting {
    Literal,
    Shell,
    C,
}

/// A file to be listed.
struct File {
    name: BString,
    shown: String,
    stat: Option<Stat>,
    target: Option<(BString, Option<Stat>)>,
}

impl Tool for Ls {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        let style = Style::new(options, sys);
        let mut ls = Self { style, pending: Vec::new(), headers: false, printed: false };
        let here = [BString::from(".")];
        let operands = if options.operands.is_empty() { &here } else { &options.operands[..] };
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for operand in operands {
            // A link on the command line is followed unless the long form shows links.
            let follow = ls.style.dereference
                || options.has(b'H')
                || !(ls.style.layout == Layout::Long || options.has(b'd') || options.has(b'F'));
            let stat = if follow {
                sys.fs().stat(operand).or_else(|_| sys.fs().lstat(operand))
            } else {
                sys.fs().lstat(operand)
            };
            match stat {
                Ok(stat) if stat.kind == FileType::Directory && !options.has(b'd') => {
                    directories.push(ls.file(operand, operand, Some(stat), sys));
                }
                Ok(stat) => files.push(ls.file(operand, operand, Some(stat), sys)),
                Err(errno) => {
                    out.warn(format_args!("cannot access {}: {errno}", quote(operand)));
                    out.fail_with(2);
                }
            }
        }
        ls.sort(&mut files);
        ls.sort(&mut directories);
        ls.headers = ls.style.recursive || operands.len() > 1;
        ls.printed = !files.is_empty();
        ls.print(&files, out, sys);
        ls.pending.extend(directories.into_iter().rev().map(|file| file.name));
        Ok(ls)
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let Some(path) = self.pending.pop() else { return Ok(Step::Exit(out.status())) };
        match sys.fs().read_dir(&path) {
            Ok(entries) => {
                let names = entries.into_iter().map(|entry| entry.name).collect();
                self.directory(&path, names, out, sys);
            }
            Err(errno) => {
                out.warn(format_args!("cannot open directory {}: {errno}", quote(&path)));
                out.fail_with(if self.printed { 1 } else { 2 });
            }
        }
        Ok(Step::Again)
    }
}

impl Style {
    fn new(options: &Options, sys: &mut Sys<'_>) -> Self {
        let tty = sys.io().is_tty(Fd::STDOUT);
        let columns = sys.shell().getenv("COLUMNS").and_then(number::<u32>);
        let width = columns
            .or_else(|| sys.term().size(Fd::STDOUT).ok().map(|(columns, _)| columns.into()))
            .filter(|width| *width > 0)
            .unwrap_or(80);
        let layout = match options.last_of(b"1Clxngo") {
            Some(b'1') if [b'l', b'n', b'g', b'o'].iter().any(|l| options.has(*l)) => Layout::Long,
            Some(b'1') => Layout::Lines,
            Some(b'C') => Layout::Columns,
            Some(b'x') => Layout::Across,
            Some(_) => Layout::Long,
            None if tty => Layout::Columns,
            None => Layout::Lines,
        };
        let colour = options.has(1)
            && match options.value(1) {
                Some(when) if when == "auto" || when == "tty" => tty,
                Some(when) => when != "never" && when != "no",
                None => true,
            };
        Self {
            layout,
            width,
            hidden: match options.last_of(b"aAf") {
                Some(b'A') => Hidden::ButDots,
                Some(_) => Hidden::All,
                None => Hidden::Left,
            },
            sort: match options.last_of(b"tSUf") {
                Some(b't') => Sort::Time,
                Some(b'S') => Sort::Size,
                Some(_) => Sort::None,
                None if options.has(b'c') && layout != Layout::Long => Sort::Time,
                None => Sort::Name,
            },
            reverse: options.has(b'r'),
            directories_first: options.has(2),
            recursive: options.has(b'R') && !options.has(b'd'),
            dereference: options.has(b'L'),
            inodes: options.has(b'i'),
            blocks: options.has(b's'),
            human: options.has(b'h'),
            numeric: options.has(b'n'),
            owner: !options.has(b'g'),
            group: !options.has(b'o'),
            marks: match options.last_of(b"Fp") {
                Some(b'F') => Marks::All,
                Some(_) => Marks::Directories,
                None => Marks::None,
            },
            quoting: match (options.has(b'Q'), tty) {
                (true, _) => Quoting::C,
                (false, true) => Quoting::Shell,
                (false, false) => Quoting::Literal,
            },
            colour,
            change_time: options.has(b'c'),
        }
    }
}

impl Ls {
    fn directory(&mut self, path: &BString, names: Vec<BString>, out: &mut Out, sys: &mut Sys<'_>) {
        if self.headers {
            if self.printed {
                out.text("\n");
            }
            out.text(shown_path(path, self.style.quoting));
            out.text(":\n");
        }
        self.printed = true;
        let mut names = names;
        names.retain(|name| !is_dots(name));
        if self.style.hidden == Hidden::All {
            names.extend([".".into(), "..".into()]);
        }
        let mut files = Vec::with_capacity(names.len());
        for name in names {
            if self.style.hidden == Hidden::Left && name.starts_with(b".") {
                continue;
            }
            let full = join(path, &name);
            let stat = if self.style.dereference {
                sys.fs().stat(&full).or_else(|_| sys.fs().lstat(&full))
            } else {
                sys.fs().lstat(&full)
            };
            if let Err(errno) = stat
                && errno != Errno::EACCES
            {
                out.warn(format_args!("cannot access {}: {errno}", quote(&full)));
                out.fail_with(1);
            }
            files.push(self.file(&name, &full, stat.ok(), sys));
        }
        self.sort(&mut files);
        if self.style.layout == Layout::Long || self.style.blocks {
            let blocks: u64 =
                files.iter().filter_map(|file| file.stat).map(|stat| stat.blocks).sum();
            let total =
                if self.style.human { human(blocks * 512) } else { blocks.div_ceil(2).to_string() };
            out.text(format!("total {total}\n"));
        }
        self.print(&files, out, sys);
        if self.style.recursive {
            let below = files.iter().rev().filter(|file| {
                !is_dots(&file.name)
                    && file.stat.is_some_and(|stat| stat.kind == FileType::Directory)
            });
            self.pending.extend(below.map(|file| join(path, &file.name)));
        }
    }

    fn file(&self, name: &BString, path: &BString, stat: Option<Stat>, sys: &mut Sys<'_>) -> File {
        let link = stat.is_some_and(|stat| stat.kind == FileType::Symlink);
        let target = (link && self.style.layout == Layout::Long)
            .then(|| sys.fs().readlink(path).ok().map(|to| (to, sys.fs().stat(path).ok())))
            .flatten();
        File { name: name.clone(), shown: shown(name, self.style.quoting), stat, target }
    }

    fn sort(&self, files: &mut [File]) {
        let style = &self.style;
        if style.sort == Sort::None {
            return;
        }
        let time = |file: &File| {
            file.stat.map(|stat| if style.change_time { stat.ctime } else { stat.mtime })
        };
        files.sort_by(|a, b| {
            let by = match style.sort {
                Sort::Time => time(b).cmp(&time(a)),
                Sort::Size => b.stat.map(|stat| stat.size).cmp(&a.stat.map(|stat| stat.size)),
                Sort::Name | Sort::None => core::cmp::Ordering::Equal,
            };
            let order = by.then_with(|| a.name.cmp(&b.name));
            if style.reverse { order.reverse() } else { order }
        });
        if style.directories_first {
            let plain = |file: &File| file.stat.is_none_or(|stat| stat.kind != FileType::Directory);
            files.sort_by_key(plain);
        }
    }

    fn print(&self, files: &[File], out: &mut Out, sys: &mut Sys<'_>) {
        if files.is_empty() {
            return;
        }
        match self.style.layout {
            Layout::Long => self.print_long(files, out, sys),
            Layout::Lines => {
                for file in files {
                    let (text, _) = self.cell(file, files);
                    out.text(text);
                    out.text("\n");
                }
            }
            Layout::Columns | Layout::Across => self.print_columns(files, out),
        }
    }

    /// A name with all that goes with it in short forms, and its width.
    fn cell(&self, file: &File, files: &[File]) -> (Vec<u8>, usize) {
        let mut text = Vec::new();
        let mut width = 0;
        let column = |value: &dyn Fn(&File) -> String| {
            let widest = files.iter().map(|file| value(file).len()).max().unwrap_or(0);
            format!("{:>widest$} ", value(file))
        };
        if self.style.inodes {
            let prefix =
                column(&|file: &File| file.stat.map_or("?".into(), |stat| stat.ino.to_string()));
            width += prefix.len();
            text.extend_from_slice(prefix.as_bytes());
        }
        if self.style.blocks {
            let prefix = column(&|file: &File| match file.stat {
                Some(stat) if self.style.human => human(stat.blocks * 512),
                Some(stat) => stat.blocks.div_ceil(2).to_string(),
                None => "?".into(),
            });
            width += prefix.len();
            text.extend_from_slice(prefix.as_bytes());
        }
        width += self.name(file, files, &mut text);
        (text, width)
    }

    /// Adds a name with colour and mark; gives its width on the screen.
    fn name(&self, file: &File, files: &[File], text: &mut Vec<u8>) -> usize {
        let mut width = 0;
        // Where one name is quoted, the others are set in by the width of the quote.
        if self.style.quoting == Quoting::Shell
            && !is_quoted(&file.shown)
            && files.iter().any(|file| is_quoted(&file.shown))
        {
            text.push(b' ');
            width += 1;
        }
        let colour = file.stat.filter(|_| self.style.colour).and_then(|stat| colour(&stat, file));
        if let Some(colour) = colour {
            text.extend_from_slice(format!("\x1b[{colour}m").as_bytes());
        }
        match self.style.quoting {
            Quoting::Literal => text.extend_from_slice(&file.name),
            _ => text.extend_from_slice(file.shown.as_bytes()),
        }
        width += file.shown.chars().count();
        if colour.is_some() {
            text.extend_from_slice(b"\x1b[0m");
        }
        if file.target.is_none()
            && let Some(mark) = file.stat.and_then(|stat| mark(&stat, self.style.marks))
        {
            text.push(mark);
            width += 1;
        }
        width
    }

    fn print_columns(&self, files: &[File], out: &mut Out) {
        let cells: Vec<(Vec<u8>, usize)> =
            files.iter().map(|file| self.cell(file, files)).collect();
        let width = self.style.width as usize;
        let across = self.style.layout == Layout::Across;
        let (columns, widths) = fit(&cells, width, across);
        let rows = cells.len().div_ceil(columns);
        for row in 0..rows {
            let index = |column| if across { row * columns + column } else { column * rows + row };
            for (column, width) in widths.iter().enumerate() {
                let Some((text, length)) = cells.get(index(column)) else { continue };
                out.text(text);
                let last = column + 1 == columns || index(column + 1) >= cells.len();
                if !last {
                    out.text(" ".repeat(width.saturating_sub(*length)));
                }
            }
            out.text("\n");
        }
    }

    fn print_long(&self, files: &[File], out: &mut Out, sys: &mut Sys<'_>) {
        let users = if self.style.numeric { Users::default() } else { Users::load(sys) };
        let now = sys.os().clock();
        let rows: Vec<[String; 8]> =
            files.iter().map(|file| self.columns(file, &users, now.secs)).collect();
        let widest =
            |index: usize| rows.iter().map(|row| row[index].chars().count()).max().unwrap_or(0);
        let widths: [usize; 8] = core::array::from_fn(widest);
        for (file, row) in files.iter().zip(&rows) {
            let mut line = Vec::new();
            for (index, (field, width)) in row.iter().zip(widths).enumerate() {
                if width == 0 {
                    continue;
                }
                // Owner and group read from the left, numbers from the right.
                let text = match index {
                    4 | 5 if !self.style.numeric => format!("{field:<width$} "),
                    2 => format!("{field:<width$} "),
                    _ => format!("{field:>width$} "),
                };
                line.extend_from_slice(text.as_bytes());
            }
            self.name(file, files, &mut line);
            if let Some((target, stat)) = &file.target {
                line.extend_from_slice(b" -> ");
                line.extend_from_slice(shown_path(target, self.style.quoting).as_slice());
                if let Some(mark) = stat.and_then(|stat| mark(&stat, self.style.marks)) {
                    line.push(mark);
                }
            }
            line.push(b'\n');
            out.text(line);
        }
    }

    /// Inode, blocks, mode, links, owner, group, size, time; empty where not asked for.
    fn columns(&self, file: &File, users: &Users, now: i64) -> [String; 8] {
        let style = &self.style;
        let Some(stat) = file.stat else {
            let row = ["?", "?", "??????????", "?", "?", "?", "?", "           ?"];
            let mut row = row.map(str::to_owned);
            for (index, shown) in
                [(0, style.inodes), (1, style.blocks), (4, style.owner), (5, style.group)]
            {
                if !shown {
                    row[index].clear();
                }
            }
            return row;
        };
        let size = match stat.kind {
            FileType::CharDevice | FileType::BlockDevice => {
                format!("{}, {}", stat.rdev.0, stat.rdev.1)
            }
            _ if style.human => human(stat.size),
            _ => stat.size.to_string(),
        };
        let blocks = if style.human {
            human(stat.blocks * 512)
        } else {
            stat.blocks.div_ceil(2).to_string()
        };
        let when = if style.change_time { stat.ctime } else { stat.mtime };
        let only = |shown: bool, text: String| if shown { text } else { String::new() };
        [
            only(style.inodes, stat.ino.to_string()),
            only(style.blocks, blocks),
            mode::letters(stat.kind, stat.mode),
            stat.nlink.to_string(),
            only(style.owner, users.user_name(stat.uid)),
            only(style.group, users.group_name(stat.gid)),
            size,
            date(when.secs, now),
        ]
    }
}

/// `Nov 20 21:46` for the last half year, `Nov 20  2025` for other times.
fn date(secs: i64, now: i64) -> String {
    const HALF_YEAR: i64 = 31_556_952 / 2;
    let civil = Civil::new(secs);
    let (month, day) = (civil.month_short(), civil.day);
    if secs > now - HALF_YEAR && secs <= now {
        format!("{month} {day:2} {:02}:{:02}", civil.hour, civil.minute)
    } else {
        format!("{month} {day:2} {:5}", civil.year)
    }
}

/// The largest number of columns that `cells` fit into, and the columns' widths.
fn fit(cells: &[(Vec<u8>, usize)], width: usize, across: bool) -> (usize, Vec<usize>) {
    // The narrowest column is a character and two spaces.
    let most = (width / 3).clamp(1, cells.len().max(1));
    for columns in (2..=most).rev() {
        let rows = cells.len().div_ceil(columns);
        // Fewer columns may be used than asked for, when rows are filled downwards.
        let used = if across { columns } else { cells.len().div_ceil(rows) };
        if used != columns {
            continue;
        }
        let mut widths = vec![0; columns];
        for (index, (_, length)) in cells.iter().enumerate() {
            let column = if across { index % columns } else { index / rows };
            let padding = if column + 1 == columns { 0 } else { 2 };
            widths[column] = widths[column].max(length + padding);
        }
        if widths.iter().sum::<usize>() < width {
            return (columns, widths);
        }
    }
    (1, vec![0])
}

fn is_quoted(shown: &str) -> bool {
    shown.starts_with(['\'', '"'])
}

fn shown(name: &[u8], quoting: Quoting) -> String {
    match quoting {
        Quoting::Literal => name.to_str_lossy().into_owned(),
        Quoting::Shell => quote_if_needed(name),
        Quoting::C => format!("\"{}\"", name.escape_bytes().to_string().replace('"', "\\\"")),
    }
}

fn shown_path(path: &BString, quoting: Quoting) -> Vec<u8> {
    match quoting {
        Quoting::Literal => path.to_vec(),
        _ => shown(path, quoting).into_bytes(),
    }
}

/// The character that `-F` puts after a name.
fn mark(stat: &Stat, marks: Marks) -> Option<u8> {
    match (stat.kind, marks) {
        (_, Marks::None) => None,
        (FileType::Directory, _) => Some(b'/'),
        (_, Marks::Directories) => None,
        (FileType::Symlink, _) => Some(b'@'),
        (FileType::Fifo, _) => Some(b'|'),
        (FileType::Socket, _) => Some(b'='),
        (FileType::Regular, _) if stat.mode & 0o111 != 0 => Some(b'*'),
        _ => None,
    }
}

/// The colour of a name, as GNU's built-in database has it.
fn colour(stat: &Stat, file: &File) -> Option<&'static str> {
    Some(match stat.kind {
        FileType::Directory if stat.mode & 0o1002 == 0o1002 => "30;42",
        FileType::Directory if stat.mode & 0o002 != 0 => "34;42",
        FileType::Directory => "01;34",
        FileType::Symlink if matches!(file.target, Some((_, None))) => "40;31;01",
        FileType::Symlink => "01;36",
        FileType::Fifo => "40;33",
        FileType::Socket => "01;35",
        FileType::CharDevice | FileType::BlockDevice => "40;33;01",
        FileType::Regular if stat.mode & 0o4000 != 0 => "37;41",
        FileType::Regular if stat.mode & 0o2000 != 0 => "30;43",
        FileType::Regular if stat.mode & 0o111 != 0 => "01;32",
        FileType::Regular => return None,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::fit;
    use crate::testing::Guest;

    #[test]
    fn lists_names() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/d/sub", "");
        guest.file("/tmp/d/b", "12345").file("/tmp/d/a", "").file("/tmp/d/.h", "");
        guest.run("ln -s b /tmp/d/l", "");
        guest.run("chmod 755 /tmp/d/a", "");
        assert_eq!(guest.run("ls /tmp/d", ""), "a\nb\nl\nsub\n[exit 0]\n");
        assert_eq!(guest.run("ls -A /tmp/d", ""), ".h\na\nb\nl\nsub\n[exit 0]\n");
        assert_eq!(guest.run("ls -aF /tmp/d", ""), "./\n../\n.h\na*\nb\nl@\nsub/\n[exit 0]\n");
        assert_eq!(guest.run("ls -rS /tmp/d/a /tmp/d/b", ""), "/tmp/d/a\n/tmp/d/b\n[exit 0]\n");
        assert_eq!(guest.run("ls -C /tmp/d", ""), "a  b  l  sub\n[exit 0]\n");
        assert_eq!(guest.run("ls -d /tmp/d", ""), "/tmp/d\n[exit 0]\n");
        expect![[r#"
            /tmp/d:
            a
            b
            l
            sub

            /tmp/d/sub:
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ls -R /tmp/d", ""));
    }

    #[test]
    fn long_lines_line_up() {
        let mut guest = Guest::new();
        guest.run("mkdir -p /tmp/d", "");
        guest.file("/tmp/d/b", "x".repeat(5000)).file("/tmp/d/a", "");
        guest.run("ln -s b /tmp/d/l", "");
        guest.run("touch -d @0 /tmp/d/a /tmp/d/b", "");
        expect![[r#"
            -rw-r--r-- 1 root root    0 Jan  1  1970 /tmp/d/a
            -rw-r--r-- 1 root root 5000 Jan  1  1970 /tmp/d/b
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ls -l /tmp/d/a /tmp/d/b", ""));
        expect![[r#"
            -rw-r--r-- 1 0 0 4.9K Jan  1  1970 /tmp/d/b
            [exit 0]
        "#]]
        .assert_eq(&guest.run("ls -nh /tmp/d/b", ""));
    }

    #[test]
    fn says_what_cannot_be_listed() {
        let mut guest = Guest::new();
        expect![[r#"
            [stderr]
            ls: cannot access 'x': No such file or directory
            [exit 2]
        "#]]
        .assert_eq(&guest.run("ls x", ""));
    }

    #[test]
    fn columns_are_as_many_as_fit() {
        let cells: Vec<(Vec<u8>, usize)> = (0..10).map(|_| (b"12345678".to_vec(), 8)).collect();
        assert_eq!(fit(&cells, 80, false).0, 5);
        assert_eq!(fit(&cells, 20, false).0, 2);
        assert_eq!(fit(&cells, 5, false).0, 1);
        assert_eq!(fit(&cells, 80, true).0, 8);
    }
}
