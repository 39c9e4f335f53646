//! Trees of the kernel's: a small one, walked through, read and left again.

use bstr::{BStr, BString};

use super::{Fixture, fixture};
use crate::base::{Errno, Ino, Uid};
use crate::fs::{
    Access, AccessMode, Context, DirEntry, FileType, Follow, Kind, Node, OpenFlags, Stat,
    Synthetic, SyntheticTree,
};

/// `/proc` of one process: `self` → `7`, `7/name`, `7/exe` → a path, `7/cwd` jumps.
struct Fake {
    cwd: Node,
}

const ROOT: u64 = 1;
const SELF: u64 = 2;
const SEVEN: u64 = 3;
const NAME: u64 = 4;
const EXE: u64 = 5;
const CWD: u64 = 6;

impl Fake {
    fn list(dir: Ino) -> &'static [(&'static str, u64)] {
        match dir.0 {
            ROOT => &[("7", SEVEN), ("self", SELF)],
            SEVEN => &[("cwd", CWD), ("exe", EXE), ("name", NAME)],
            _ => &[],
        }
    }
}

impl Synthetic for Fake {
    fn lookup(&self, _: SyntheticTree, dir: Ino, name: &BStr) -> Result<Ino, Errno> {
        let found = Self::list(dir).iter().find(|(entry, _)| name == entry);
        found.map(|(_, ino)| Ino(*ino)).ok_or(Errno::ENOENT)
    }

    fn parent(&self, _: SyntheticTree, dir: Ino) -> Result<(Ino, BString), Errno> {
        let _ = dir;
        Ok((Ino(ROOT), "7".into()))
    }

    fn stat(&self, _: SyntheticTree, ino: Ino) -> Result<Stat, Errno> {
        let (kind, mode) = match ino.0 {
            ROOT => (FileType::Directory, 0o555),
            SEVEN => (FileType::Directory, 0o500),
            NAME => (FileType::Regular, 0o444),
            _ => (FileType::Symlink, 0o777),
        };
        Ok(Stat { ino, kind, mode, uid: Uid(7), ..Stat::default() })
    }

    fn entries(&self, _: SyntheticTree, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
        let list = Self::list(dir).iter();
        let entry = |(name, ino): &(&str, u64)| {
            let kind = self.stat(SyntheticTree(0), Ino(*ino))?.kind;
            Ok(DirEntry { name: (*name).into(), ino: Ino(*ino), kind })
        };
        list.map(entry).collect()
    }

    fn readlink(&self, _: SyntheticTree, ino: Ino) -> Result<BString, Errno> {
        match ino.0 {
            SELF => Ok("7".into()),
            EXE => Ok("/bin/sh".into()),
            _ => Ok("(somewhere)".into()),
        }
    }

    fn read(&self, _: SyntheticTree, ino: Ino, out: &mut Vec<u8>) -> Result<(), Errno> {
        if ino.0 != NAME {
            return Err(Errno::EINVAL);
        }
        out.extend_from_slice(b"seven\n");
        Ok(())
    }

    fn jump(&self, _: SyntheticTree, ino: Ino) -> Option<Node> {
        (ino.0 == CWD).then_some(self.cwd)
    }
}

/// Runs `test` with the fake mounted on `/home`.
fn with_fake(test: impl FnOnce(&mut Fixture, &Fake)) {
    let mut f = fixture();
    let fake = Fake { cwd: f.find("/etc").unwrap() };
    let context = Context { synthetic: &fake, ..f.context() };
    let mut vfs = f.vfs.clone();
    vfs.mount_synthetic(&context, b"/home", "proc", SyntheticTree(0)).unwrap();
    f.vfs = vfs;
    test(&mut f, &fake);
    f.vfs.check().unwrap();
}

#[test]
fn links_lead_through_and_out() {
    with_fake(|f, fake| {
        let context = Context { synthetic: fake, ..f.context() };
        let find = |path: &str| f.vfs.resolve(&context, path.as_bytes(), Follow::Yes);
        let name = find("/home/self/name").unwrap();
        assert_eq!(name, find("/home/7/../self/./name").unwrap());
        assert_eq!(find("/home/self/exe").unwrap(), find("/bin/sh").unwrap());
        assert_eq!(find("/home/self/exe/x"), Err(Errno::ENOTDIR));
        assert_eq!(find("/home/self/cwd/passwd").unwrap(), find("/etc/passwd").unwrap());
        assert_eq!(find("/home/self/cwd").unwrap(), fake.cwd);
        assert_eq!(find("/home/.."), find("/"));
        assert_eq!(find("/home/8"), Err(Errno::ENOENT));
        let mut bytes = Vec::new();
        assert_eq!(f.vfs.read_at(&context, name, 2, &mut bytes, 3), Ok(3));
        assert_eq!(bytes, b"ven");
        assert!(matches!(f.vfs.kind(name), Ok(Kind::Synthetic(SyntheticTree(0)))));
    });
}

#[test]
fn directories_are_listed_and_know_their_path() {
    with_fake(|f, fake| {
        let context = Context { synthetic: fake, ..f.context() };
        let seven = f.vfs.resolve(&context, b"/home/self", Follow::Yes).unwrap();
        assert_eq!(f.vfs.path_of(&context, seven).unwrap(), "/home/7");
        let after = f.vfs.entries_after(&context, seven, Some(b"cwd"), 1).unwrap();
        assert_eq!(after.len(), 1);
        assert_eq!(after[0].name, "exe");
        let link = f.vfs.resolve(&context, b"/home/self", Follow::No).unwrap();
        assert_eq!(f.vfs.readlink(&context, link).unwrap(), "7");
    });
}

#[test]
fn permissions_hold_and_nothing_can_be_made() {
    with_fake(|f, fake| {
        let nobody = Access { uid: Uid(9), ..Access::default() };
        let context = Context { synthetic: fake, access: &nobody, ..f.context() };
        assert_eq!(f.vfs.resolve(&context, b"/home/7/name", Follow::Yes), Err(Errno::EACCES));
        let context = Context { access: &Access::ROOT, ..context };
        let mut vfs = f.vfs.clone();
        let flags = OpenFlags::WRONLY | OpenFlags::CREAT;
        assert_eq!(vfs.open(&context, b"/home/new", flags, 0o644), Err(Errno::ENOENT));
        assert_eq!(vfs.mkdir(&context, b"/home/new", 0o755), Err(Errno::ENOENT));
        assert_eq!(vfs.unlink(&context, b"/home/self"), Err(Errno::EPERM));
        assert_eq!(vfs.rename(&context, b"/home/7", b"/home/8"), Err(Errno::EPERM));
        assert_eq!(vfs.link(&context, b"/etc/passwd", b"/home/x"), Err(Errno::EXDEV));
        let name = vfs.open(&context, b"/home/7/name", OpenFlags::WRONLY, 0).unwrap();
        assert_eq!(vfs.write_at(&context, name, 0, b"x"), Err(Errno::EACCES));
        assert_eq!(vfs.chmod(&context, name, 0o777), Err(Errno::EPERM));
        assert_eq!(vfs.access(&context, name, AccessMode::READ), Ok(()));
    });
}
