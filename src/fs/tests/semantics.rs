//! What calls do: links, times, set-id bits, space, files in use, image and machine.

use super::{DISK, call, fixture};
use crate::base::limits::READ_MAX;
use crate::base::{Errno, Gid, Timestamp, Uid};
use crate::fs::{
    Access, AccessMode, FileType, Follow, InodeKind, Kind, OpenFlags, ProgramFile, SetTime,
    TmpfsOptions,
};

#[test]
fn names_count_as_links_and_directories_count_their_children() {
    let mut f = fixture();
    let before = f.stat("/tmp").unwrap().nlink;
    call!(f.mkdir(b"/tmp/d", 0o755)).unwrap();
    call!(f.mkdir(b"/tmp/d/e", 0o755)).unwrap();
    f.write_file("/tmp/d/x", b"x").unwrap();
    assert_eq!(f.stat("/tmp").unwrap().nlink, before + 1);
    assert_eq!(f.stat("/tmp/d").unwrap().nlink, 3);
    call!(f.link(b"/tmp/d/x", b"/tmp/y")).unwrap();
    assert_eq!(f.stat("/tmp/y").unwrap().nlink, 2);
    call!(f.rename(b"/tmp/d/e", b"/tmp/e")).unwrap();
    assert_eq!(f.stat("/tmp/d").unwrap().nlink, 2);
    assert_eq!(f.stat("/tmp").unwrap().nlink, before + 2);
    call!(f.rename(b"/tmp/e", b"/home/ann/e")).unwrap();
    assert_eq!(f.stat("/home/ann/e/..").unwrap().ino, f.stat("/home/ann").unwrap().ino);
    call!(f.unlink(b"/tmp/d/x")).unwrap();
    assert_eq!(f.stat("/tmp/y").unwrap().nlink, 1);
    f.vfs.check().unwrap();
}

#[test]
fn renaming_one_name_of_an_inode_onto_another_does_nothing() {
    let mut f = fixture();
    f.write_file("/tmp/x", b"x").unwrap();
    call!(f.link(b"/tmp/x", b"/tmp/y")).unwrap();
    let before = f.vfs.clone();
    call!(f.rename(b"/tmp/x", b"/tmp/y")).unwrap();
    assert_eq!(f.vfs, before);
}

#[test]
fn a_file_in_use_outlives_its_name() {
    let mut f = fixture();
    let free = f.vfs.statvfs(f.root).unwrap();
    let node = f.write_file("/tmp/x", b"still here").unwrap();
    f.vfs.retain(node);
    f.vfs.retain(node);
    call!(f.unlink(b"/tmp/x")).unwrap();
    assert_eq!(call!(f.stat(node)).unwrap().nlink, 0);
    assert_eq!(f.read_node(node).unwrap(), b"still here");
    f.vfs.check().unwrap();
    f.vfs.release(node);
    assert_eq!(f.read_node(node).unwrap(), b"still here");
    f.vfs.release(node);
    assert_eq!(f.read_node(node), Err(Errno::ENOENT));
    assert_eq!(f.vfs.statvfs(f.root).unwrap(), free);
    f.vfs.check().unwrap();
}

#[test]
fn a_removed_working_directory_is_empty_and_stays_so() {
    let mut f = fixture();
    f.cwd = call!(f.mkdir(b"/tmp/d", 0o755)).unwrap();
    f.vfs.retain(f.cwd);
    call!(f.rmdir(b"/tmp/d")).unwrap();
    assert_eq!(call!(f.path_of(f.cwd)), Err(Errno::ENOENT));
    assert_eq!(call!(f.mkdir(b"x", 0o755)), Err(Errno::ENOENT));
    assert_eq!(f.write_file("x", b""), Err(Errno::ENOENT));
    assert_eq!(f.stat("..").unwrap().ino, f.stat("/tmp").unwrap().ino);
    f.vfs.check().unwrap();
}

#[test]
fn paths_lead_back_from_directories() {
    let mut f = fixture();
    call!(f.mkdir(b"/tmp/d", 0o755)).unwrap();
    let dir = call!(f.mkdir(b"/tmp/d/e", 0o755)).unwrap();
    assert_eq!(call!(f.path_of(dir)).unwrap(), "/tmp/d/e");
    call!(f.rename(b"/tmp/d", b"/home/d")).unwrap();
    assert_eq!(call!(f.path_of(dir)).unwrap(), "/home/d/e");
    assert_eq!(call!(f.path_of(f.root)).unwrap(), "/");
    let options =
        TmpfsOptions { source: "none".into(), bytes: 1 << 20, mode: 0o755, read_only: false };
    call!(f.mount_tmpfs(b"/home/d/e", options)).unwrap();
    let inner = call!(f.mkdir(b"/home/d/e/f", 0o755)).unwrap();
    assert_eq!(call!(f.path_of(inner)).unwrap(), "/home/d/e/f");
    let top = f.find("/home/d/e").unwrap();
    assert_ne!(top, dir);
    assert_eq!(call!(f.path_of(top)).unwrap(), "/home/d/e");
    assert_eq!(f.find("/home/d/e/f/../..").unwrap(), f.find("/home/d").unwrap());
    f.root = f.find("/home/d").unwrap();
    f.cwd = inner;
    assert_eq!(call!(f.path_of(inner)).unwrap(), "/e/f");
    assert_eq!(f.find("../../../..").unwrap(), f.root);
    f.vfs.check().unwrap();
}

#[test]
fn times_follow_what_is_done() {
    let mut f = fixture();
    let times = |f: &mut super::Fixture, path: &str| {
        let stat = f.stat(path).unwrap();
        (stat.atime.secs, stat.mtime.secs, stat.ctime.secs)
    };
    let node = f.write_file("/tmp/x", b"x").unwrap();
    assert_eq!(times(&mut f, "/tmp/x"), (1000, 1000, 1000));
    f.now.secs = 2000;
    f.read_file("/tmp/x").unwrap();
    assert_eq!(times(&mut f, "/tmp/x"), (1000, 1000, 1000));
    call!(f.write_at(node, 0, b"y")).unwrap();
    assert_eq!(times(&mut f, "/tmp/x"), (1000, 2000, 2000));
    assert_eq!(times(&mut f, "/tmp").1, 1000);
    f.now.secs = 3000;
    call!(f.chmod(node, 0o600)).unwrap();
    assert_eq!(times(&mut f, "/tmp/x"), (1000, 2000, 3000));
    f.now.secs = 4000;
    call!(f.link(b"/tmp/x", b"/home/y")).unwrap();
    assert_eq!(times(&mut f, "/tmp/x"), (1000, 2000, 4000));
    assert_eq!(times(&mut f, "/home"), (0, 4000, 4000));
    let then = SetTime::To(Timestamp { secs: 7, nanos: 5 });
    call!(f.utimens(node, then, SetTime::Keep)).unwrap();
    assert_eq!(times(&mut f, "/tmp/x"), (7, 2000, 4000));
}

#[test]
fn new_files_take_group_and_bits_from_their_directory() {
    let mut f = fixture();
    let dir = call!(f.mkdir(b"/shared", 0o777)).unwrap();
    assert_eq!(f.stat("/shared").unwrap().mode, 0o755);
    call!(f.chown(dir, Some(Uid(1000)), Some(Gid(50)))).unwrap();
    call!(f.chmod(dir, 0o2777)).unwrap();
    f.become_user(1001);
    f.umask = 0;
    call!(f.mkdir(b"/shared/d", 0o755)).unwrap();
    let made = f.stat("/shared/d").unwrap();
    assert_eq!((made.uid, made.gid, made.mode), (Uid(1001), Gid(50), 0o2755));
    let flags = OpenFlags::WRONLY | OpenFlags::CREAT;
    call!(f.open(b"/shared/x", flags, 0o2770)).unwrap();
    let made = f.stat("/shared/x").unwrap();
    assert_eq!((made.gid, made.mode), (Gid(50), 0o770));
}

#[test]
fn set_id_bits_do_not_survive_strangers() {
    let mut f = fixture();
    let node = f.write_file("/tmp/x", b"x").unwrap();
    let mode = |f: &mut super::Fixture| f.stat("/tmp/x").unwrap().mode;
    call!(f.chmod(node, 0o6777)).unwrap();
    call!(f.write_at(node, 0, b"y")).unwrap();
    assert_eq!(mode(&mut f), 0o6777);
    f.become_user(1000);
    call!(f.write_at(node, 0, b"z")).unwrap();
    assert_eq!(mode(&mut f), 0o777);
    f.become_root();
    call!(f.chmod(node, 0o6777)).unwrap();
    call!(f.chown(node, Some(Uid(1000)), None)).unwrap();
    assert_eq!(mode(&mut f), 0o777);
    // A stranger to the group can't keep set-group-id by chmod.
    f.become_user(1000);
    call!(f.chmod(node, 0o2755)).unwrap();
    assert_eq!(mode(&mut f), 0o755);
}

#[test]
fn owners_give_files_to_their_own_groups_only() {
    let mut f = fixture();
    f.access = Access { uid: Uid(1000), gid: Gid(1000), groups: vec![Gid(20)] };
    let node = f.write_file("/tmp/x", b"").unwrap();
    assert_eq!(call!(f.chown(node, None, Some(Gid(20)))), Ok(()));
    assert_eq!(call!(f.chown(node, Some(Uid(1000)), Some(Gid(1000)))), Ok(()));
    assert_eq!(call!(f.chown(node, None, Some(Gid(30)))), Err(Errno::EPERM));
    assert_eq!(call!(f.chown(node, Some(Uid(1001)), None)), Err(Errno::EPERM));
}

#[test]
fn a_full_disk_takes_what_fits_and_gives_it_back() {
    let mut f = fixture();
    let before = f.vfs.statvfs(f.root).unwrap();
    let flags = OpenFlags::WRONLY | OpenFlags::CREAT;
    let node = call!(f.open(b"/tmp/big", flags, 0o644)).unwrap();
    let zeros = vec![7; 300_000];
    let (mut size, mut error) = (0, None);
    while error.is_none() {
        match call!(f.write_at(node, size, &zeros)) {
            Ok(count) => size += count as u64,
            Err(errno) => error = Some(errno),
        }
    }
    assert_eq!(error, Some(Errno::ENOSPC));
    assert_eq!(size, before.blocks_free * 4096);
    assert_eq!(f.vfs.statvfs(f.root).unwrap().blocks_free, 0);
    assert_eq!(call!(f.mkdir(b"/tmp/d", 0o755)), Err(Errno::ENOSPC));
    assert_eq!(f.names("/tmp").unwrap(), ["big"]);
    // Overwriting needs no space, nor does an empty file, nor moving a name.
    assert_eq!(call!(f.write_at(node, 10, b"x")), Ok(1));
    f.write_file("/tmp/empty", b"").unwrap();
    assert_eq!(f.write_file("/tmp/empty", b"x"), Err(Errno::ENOSPC));
    call!(f.rename(b"/tmp/empty", b"/tmp/e")).unwrap();
    f.vfs.check().unwrap();
    call!(f.unlink(b"/tmp/e")).unwrap();
    call!(f.truncate(node, 5)).unwrap();
    assert_eq!(f.vfs.statvfs(f.root).unwrap().blocks_free, before.blocks_free - 1);
    call!(f.unlink(b"/tmp/big")).unwrap();
    assert_eq!(f.vfs.statvfs(f.root).unwrap(), before);
}

#[test]
fn inodes_run_out_too() {
    let mut f = fixture();
    let free = f.vfs.statvfs(f.root).unwrap().inodes_free;
    for n in 0..free {
        f.write_file(&format!("/tmp/{n}"), b"").unwrap();
    }
    assert_eq!(f.write_file("/tmp/more", b""), Err(Errno::ENOSPC));
    call!(f.link(b"/tmp/0", b"/tmp/more")).unwrap();
    call!(f.unlink(b"/tmp/1")).unwrap();
    f.write_file("/tmp/1", b"").unwrap();
    f.vfs.check().unwrap();
}

#[test]
fn holes_take_no_space() {
    let mut f = fixture();
    let node = f.write_file("/tmp/x", b"").unwrap();
    call!(f.write_at(node, 1 << 40, b"end")).unwrap();
    let stat = f.stat("/tmp/x").unwrap();
    assert_eq!((stat.size, stat.blocks), ((1 << 40) + 3, 8));
    assert_eq!(f.read_node(node).unwrap().len(), READ_MAX);
    call!(f.truncate(node, 1 << 20)).unwrap();
    assert_eq!(f.stat("/tmp/x").unwrap().blocks, 0);
    let bytes = f.read_node(node).unwrap();
    assert!(bytes.len() == 1 << 20 && bytes.iter().all(|byte| *byte == 0));
    assert_eq!(call!(f.write_at(node, 16 << 40, b"x")), Err(Errno::EFBIG));
    assert_eq!(call!(f.truncate(node, (16 << 40) + 1)), Err(Errno::EFBIG));
}

#[test]
fn a_machine_holds_only_what_it_changed() {
    let mut f = fixture();
    let mut other = fixture();
    let image = f.image.clone();
    f.write_file("/etc/passwd", b"changed").unwrap();
    call!(f.unlink(b"/bin/sh")).unwrap();
    call!(f.rmdir(b"/bin")).unwrap();
    assert_eq!(f.names("/").unwrap(), ["etc", "home", "tmp", "var"]);
    assert_eq!(other.names("/").unwrap(), ["bin", "etc", "home", "tmp", "var"]);
    assert!(other.read_file("/etc/passwd").unwrap().starts_with(b"root:"));
    assert_eq!(f.image.digest(), image.digest());
    call!(f.mkdir(b"/bin", 0o755)).unwrap();
    assert_eq!(f.names("/bin").unwrap(), Vec::<String>::new());
    f.vfs.check().unwrap();
}

#[test]
fn a_directory_is_read_piecemeal_in_order() {
    let mut f = fixture();
    for name in ["b", "a", "passwe", "zz"] {
        f.write_file(&format!("/etc/{name}"), b"").unwrap();
    }
    call!(f.unlink(b"/etc/zz")).unwrap();
    let dir = f.find("/etc").unwrap();
    let (mut names, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let some = call!(f.entries_after(dir, after.as_deref(), 2)).unwrap();
        let Some(last) = some.last() else { break };
        after = Some(last.name.to_vec());
        names.extend(some.into_iter().map(|entry| entry.name));
    }
    assert_eq!(names, ["a", "b", "passwd", "passwe"]);
}

#[test]
fn programs_read_as_binaries_and_their_copies_run() {
    let mut f = fixture();
    let node = f.find("/bin/sh").unwrap();
    let bytes = f.read_file("/bin/sh").unwrap();
    assert!(bytes.starts_with(b"\x7fELF"));
    let stat = f.stat("/bin/sh").unwrap();
    assert_eq!((stat.size, stat.kind), (bytes.len() as u64, FileType::Regular));
    assert!(matches!(f.vfs.kind(node), Ok(Kind::Inode(InodeKind::Program(_)))));
    let copy = f.write_file("/tmp/copy", &bytes).unwrap();
    assert_eq!(*f.vfs.program(copy).unwrap(), ProgramFile::new("sh"));
    call!(f.write_at(copy, 9000, b"virus")).unwrap();
    assert_eq!(f.vfs.program(copy), None);
    // Changing a program file makes it bytes.
    call!(f.write_at(node, bytes.len() as u64, b"!")).unwrap();
    assert_eq!(f.vfs.program(node), None);
    assert_eq!(f.read_file("/bin/sh").unwrap(), [&bytes[..], b"!"].concat());
    f.vfs.check().unwrap();
}

#[test]
fn access_asks_for_all_of_its_bits() {
    let mut f = fixture();
    let (sh, passwd) = (f.find("/bin/sh").unwrap(), f.find("/etc/passwd").unwrap());
    assert_eq!(call!(f.access(passwd, AccessMode::EXEC)), Err(Errno::EACCES));
    f.become_user(1000);
    assert_eq!(call!(f.access(sh, AccessMode::READ | AccessMode::EXEC)), Ok(()));
    assert_eq!(call!(f.access(sh, AccessMode::READ | AccessMode::WRITE)), Err(Errno::EACCES));
    assert_eq!(call!(f.access(sh, AccessMode::empty())), Ok(()));
}

#[test]
fn names_are_bytes() {
    let mut f = fixture();
    let path = b"/tmp/\xff \n";
    call!(f.mkdir(path, 0o755)).unwrap();
    let dir = call!(f.resolve(path, Follow::No)).unwrap();
    assert_eq!(call!(f.path_of(dir)).unwrap(), path.as_slice());
}

#[test]
fn an_untouched_machine_is_small() {
    let f = fixture();
    assert!(size_of_val(&f.vfs) <= 256, "{}", size_of_val(&f.vfs));
    let saved = postcard::to_allocvec(&f.vfs).unwrap();
    assert!(saved.len() < 48, "{}", saved.len());
    assert_eq!(DISK, f.vfs.statvfs(f.root).unwrap().blocks * 4096);
}
