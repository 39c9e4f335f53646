//! stat: show everything about files.
//!
//! Follows: GNU coreutils 9.1 stat, layout and `-c`. Left out: `-t`, births.

use bstr::{BStr, BString};

use crate::base::Timestamp;
use crate::fs::{FileType, Stat};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{Compute, End, first_operand, once};
use crate::kernel::program::users::Users;
use crate::kernel::program::{Program, Sys, calendar, mode};

pub(super) const PROGRAM: Program = once::<StatCommand>("stat");

const SPEC: Spec = Spec::new(
    "usage: stat [-L] [-c FORMAT] FILE...\n\
     Show everything about FILEs.\n\n  \
     -c, --format=FORMAT  what FORMAT says: %a %A modes, %n name, %s size, %u %U %g %G\n                       \
     owners, %h links, %i inode, %F kind, %b %B blocks, %d %D device,\n                       \
     %f raw mode, %o block size, %N quoted name, %t %T device type,\n                       \
     %x %y %z times, %X %Y %Z times in seconds\n  \
     -L, --dereference    follow links",
    "c:L",
)
.long(&[("dereference", b'L'), ("format", b'c')]);

#[derive(Clone)]
struct StatCommand;

impl Compute for StatCommand {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        first_operand(options, 1, out)?;
        let users = Users::load(sys);
        for path in &options.operands {
            let stat = if options.has(b'L') { sys.fs().stat(path) } else { sys.fs().lstat(path) };
            let stat = match stat {
                Ok(stat) => stat,
                Err(errno) => {
                    out.complain(format_args!("cannot statx {}: {errno}", quote(path)));
                    continue;
                }
            };
            let target = sys.fs().readlink(path).ok().filter(|_| stat.kind == FileType::Symlink);
            let file = File { path, stat, target, users: &users };
            match options.value(b'c') {
                Some(format) => {
                    out.text(file.formatted(format));
                    out.text("\n");
                }
                None => out.text(file.long()),
            }
        }
        Ok(out.status())
    }
}

struct File<'a> {
    path: &'a BString,
    stat: Stat,
    target: Option<BString>,
    users: &'a Users,
}

impl File<'_> {
    fn long(&self) -> Vec<u8> {
        let device = match self.stat.kind {
            FileType::CharDevice | FileType::BlockDevice => "Device type: %t,%T",
            _ => "",
        };
        let name = if self.target.is_some() { "%N" } else { "%n" };
        let format = format!(
            "  File: {name}\n  Size: %s\tBlocks: %b\tIO Block: %o   %F\nDevice: %d\tInode: %i\t\
             Links: %h{}{device}\nAccess: (%P/%A)  Uid: (%U_)   Gid: (%G_)\n\
             Access: %x\nModify: %y\nChange: %z\n Birth: -\n",
            if device.is_empty() { "" } else { "     " },
        );
        // The long form pads some fields as no format letter does.
        let stat = &self.stat;
        let replaced = [
            ("%s\t", format!("{:<10}\t", stat.size)),
            ("%b\t", format!("{:<10} ", stat.blocks)),
            ("%o ", format!("{:<6} ", 4096)),
            ("%d\t", format!("{},{}\t", stat.dev >> 8, stat.dev & 0xff)),
            ("%i\t", format!("{:<11} ", stat.ino)),
            ("%P", format!("{:04o}", stat.mode)),
            ("%U_", format!("{:>5}/{:>8}", stat.uid, self.users.user_name(stat.uid))),
            ("%G_", format!("{:>5}/{:>8}", stat.gid, self.users.group_name(stat.gid))),
        ];
        let format = replaced.iter().fold(format, |text, (from, to)| text.replace(from, to));
        self.formatted(BStr::new(format.as_bytes()))
    }

    fn formatted(&self, format: &BStr) -> Vec<u8> {
        let mut text = Vec::new();
        let mut rest: &[u8] = format;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (b'%', [letter, after @ ..]) => {
                    rest = after;
                    self.field(*letter, &mut text);
                }
                _ => text.push(*first),
            }
        }
        text
    }

    fn field(&self, letter: u8, text: &mut Vec<u8>) {
        let stat = &self.stat;
        let shown = match letter {
            b'a' => format!("{:o}", stat.mode),
            b'A' => mode::letters(stat.kind, stat.mode),
            b'b' => stat.blocks.to_string(),
            b'B' => "512".to_owned(),
            b'd' => stat.dev.to_string(),
            b'D' => format!("{:x}", stat.dev),
            b'f' => format!("{:x}", stat.st_mode()),
            b'F' => mode::kind_words(stat.kind, stat.size).to_owned(),
            b'g' => stat.gid.to_string(),
            b'G' => self.users.group_name(stat.gid),
            b'h' => stat.nlink.to_string(),
            b'i' => stat.ino.to_string(),
            b'n' => return text.extend_from_slice(self.path),
            b'N' => match &self.target {
                Some(target) => format!("{} -> {}", quote(self.path), quote(target)),
                None => quote(self.path),
            },
            b'o' => "4096".to_owned(),
            b's' => stat.size.to_string(),
            b't' => format!("{:x}", stat.rdev.0),
            b'T' => format!("{:x}", stat.rdev.1),
            b'u' => stat.uid.to_string(),
            b'U' => self.users.user_name(stat.uid),
            b'x' => time(stat.atime),
            b'X' => stat.atime.secs.to_string(),
            b'y' => time(stat.mtime),
            b'Y' => stat.mtime.secs.to_string(),
            b'z' => time(stat.ctime),
            b'Z' => stat.ctime.secs.to_string(),
            b'w' => "-".to_owned(),
            b'W' => "0".to_owned(),
            b'%' => "%".to_owned(),
            other => return text.extend_from_slice(&[b'%', other]),
        };
        text.extend_from_slice(shown.as_bytes());
    }
}

fn time(at: Timestamp) -> String {
    String::from_utf8_lossy(&calendar::format(b"%Y-%m-%d %H:%M:%S.%N %z", at)).into_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    #[test]
    fn shows_what_is_asked_for() {
        let mut guest = Guest::new();
        guest.file("/tmp/a", "abc");
        guest.run("touch -d @0 /tmp/a", "");
        expect![[r#"
            3 644 -rw-r--r-- root regular file 1970-01-01 00:00:00.000000000 +0000 '/tmp/a'
            [exit 0]
        "#]]
        .assert_eq(&guest.run("stat -c '%s %a %A %U %F %y %N' /tmp/a", ""));
        expect![[r#"
            [stderr]
            stat: cannot statx 'x': No such file or directory
            [exit 1]
        "#]]
        .assert_eq(&guest.run("stat x", ""));
    }
}
