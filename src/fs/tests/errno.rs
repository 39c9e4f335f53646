//! Which error a call gives, as Linux gives it.

use super::{call, fixture};
use crate::base::Errno;
use crate::fs::{AccessMode, Follow, InodeKind, OpenFlags, SyntheticTree, TmpfsOptions};

const RW_CREAT: OpenFlags = OpenFlags::RDWR.union(OpenFlags::CREAT);

#[test]
fn paths() {
    let mut f = fixture();
    let long_name = "x".repeat(256);
    let long_path = "/./".repeat(1366);
    for (path, error) in [
        ("", Errno::ENOENT),
        ("/missing", Errno::ENOENT),
        ("/missing/x", Errno::ENOENT),
        ("/etc/passwd/x", Errno::ENOTDIR),
        ("/etc/passwd/", Errno::ENOTDIR),
        ("/etc/passwd/.", Errno::ENOTDIR),
        ("/etc/\0", Errno::EINVAL),
        (&long_name, Errno::ENAMETOOLONG),
        (&long_path, Errno::ENAMETOOLONG),
    ] {
        assert_eq!(f.stat(path).unwrap_err(), error, "{path}");
    }
    assert!(f.stat("/../../etc/./../etc//passwd").is_ok());
    assert!(f.stat("/var/tmp/").unwrap().kind == crate::fs::FileType::Directory);
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let mut f = fixture();
    f.write_file("/tmp/l0", b"end").unwrap();
    for n in 1..=41 {
        let (target, path) = (format!("l{}", n - 1), format!("/tmp/l{n}"));
        call!(f.symlink(target.as_bytes(), path.as_bytes())).unwrap();
    }
    assert_eq!(f.read_file("/tmp/l40").unwrap(), b"end");
    assert_eq!(f.read_file("/tmp/l41").unwrap_err(), Errno::ELOOP);
    call!(f.symlink(b"loop", b"/tmp/loop")).unwrap();
    assert_eq!(f.read_file("/tmp/loop").unwrap_err(), Errno::ELOOP);
    assert_eq!(f.read_file("/tmp/loop/x").unwrap_err(), Errno::ELOOP);
}

#[test]
fn every_directory_on_the_way_must_be_searchable() {
    let mut f = fixture();
    call!(f.mkdir(b"/private", 0o700)).unwrap();
    f.write_file("/private/x", b"").unwrap();
    f.become_user(1000);
    assert_eq!(f.stat("/private/x").unwrap_err(), Errno::EACCES);
    assert_eq!(f.stat("/private/missing").unwrap_err(), Errno::EACCES);
    assert_eq!(f.stat("/private/..").unwrap_err(), Errno::EACCES);
    assert!(f.stat("/private").is_ok());
}

#[test]
fn open() {
    let mut f = fixture();
    call!(f.mknod(b"/tmp/socket", InodeKind::Socket, 0o666)).unwrap();
    call!(f.symlink(b"/etc/new", b"/tmp/dangling")).unwrap();
    for (path, flags, error) in [
        ("/etc", OpenFlags::WRONLY, Errno::EISDIR),
        ("/etc", OpenFlags::RDONLY | OpenFlags::TRUNC, Errno::EISDIR),
        ("/etc", RW_CREAT, Errno::EISDIR),
        ("/etc/.", RW_CREAT, Errno::EISDIR),
        ("/", RW_CREAT, Errno::EISDIR),
        ("/etc/new/", RW_CREAT, Errno::EISDIR),
        ("/etc", RW_CREAT | OpenFlags::EXCL, Errno::EEXIST),
        ("/etc/passwd", RW_CREAT | OpenFlags::EXCL, Errno::EEXIST),
        ("/tmp/dangling", RW_CREAT | OpenFlags::EXCL, Errno::EEXIST),
        ("/tmp/dangling", RW_CREAT | OpenFlags::NOFOLLOW, Errno::ELOOP),
        ("/tmp/dangling", OpenFlags::RDONLY, Errno::ENOENT),
        ("/var/tmp", OpenFlags::RDONLY | OpenFlags::NOFOLLOW, Errno::ELOOP),
        (
            "/var/tmp",
            OpenFlags::RDONLY | OpenFlags::NOFOLLOW | OpenFlags::DIRECTORY,
            Errno::ENOTDIR,
        ),
        ("/etc/passwd", OpenFlags::RDONLY | OpenFlags::DIRECTORY, Errno::ENOTDIR),
        ("/etc/x", RW_CREAT | OpenFlags::DIRECTORY, Errno::EINVAL),
        ("/etc/passwd", OpenFlags::CREAT, Errno::EINVAL),
        ("/tmp/socket", OpenFlags::RDWR, Errno::ENXIO),
        ("/missing/x", RW_CREAT, Errno::ENOENT),
    ] {
        assert_eq!(call!(f.open(path.as_bytes(), flags, 0o644)), Err(error), "{path} {flags:?}");
    }
    call!(f.open(b"/tmp/dangling", RW_CREAT, 0o644)).unwrap();
    assert!(f.stat("/etc/new").is_ok());
}

#[test]
fn a_file_without_permissions_can_be_created_for_writing_but_not_opened_again() {
    let mut f = fixture();
    f.become_user(1000);
    call!(f.open(b"/tmp/x", RW_CREAT, 0)).unwrap();
    assert_eq!(call!(f.open(b"/tmp/x", RW_CREAT, 0)), Err(Errno::EACCES));
    assert_eq!(call!(f.open(b"/etc/x", RW_CREAT, 0)), Err(Errno::EACCES));
    assert_eq!(call!(f.open(b"/etc/passwd", OpenFlags::WRONLY, 0)), Err(Errno::EACCES));
    assert_eq!(
        call!(f.open(b"/etc/passwd", OpenFlags::RDONLY | OpenFlags::TRUNC, 0)),
        Err(Errno::EACCES)
    );
}

#[test]
fn making() {
    let mut f = fixture();
    assert_eq!(call!(f.mkdir(b"/", 0o755)), Err(Errno::EEXIST));
    assert_eq!(call!(f.mkdir(b"/etc/..", 0o755)), Err(Errno::EEXIST));
    assert_eq!(call!(f.mkdir(b"/etc/", 0o755)), Err(Errno::EEXIST));
    assert!(call!(f.mkdir(b"/etc/new/", 0o755)).is_ok());
    assert_eq!(call!(f.mknod(b"/etc/fifo/", InodeKind::Fifo, 0o644)), Err(Errno::ENOENT));
    assert_eq!(call!(f.symlink(b"", b"/etc/link")), Err(Errno::ENOENT));
    assert_eq!(call!(f.symlink(b"x", b"/etc/passwd")), Err(Errno::EEXIST));
    assert_eq!(call!(f.link(b"/etc", b"/tmp/etc")), Err(Errno::EPERM));
    assert_eq!(call!(f.link(b"/etc/passwd", b"/tmp")), Err(Errno::EEXIST));
    f.become_user(1000);
    let device = InodeKind::CharDevice { major: 1, minor: 3 };
    assert_eq!(call!(f.mknod(b"/tmp/null", device, 0o666)), Err(Errno::EPERM));
    assert_eq!(call!(f.mkdir(b"/etc/x", 0o755)), Err(Errno::EACCES));
    assert_eq!(call!(f.link(b"/etc/passwd", b"/etc/x")), Err(Errno::EACCES));
}

#[test]
fn removing() {
    let mut f = fixture();
    call!(f.mkdir(b"/tmp/d", 0o755)).unwrap();
    f.write_file("/tmp/d/x", b"").unwrap();
    for (path, error) in [
        ("/etc", Errno::EISDIR),
        ("/etc/", Errno::EISDIR),
        ("/etc/.", Errno::EISDIR),
        ("/", Errno::EISDIR),
        ("/etc/passwd/", Errno::ENOTDIR),
        ("/etc/missing", Errno::ENOENT),
    ] {
        assert_eq!(call!(f.unlink(path.as_bytes())), Err(error), "unlink {path}");
    }
    for (path, error) in [
        ("/etc/passwd", Errno::ENOTDIR),
        ("/var/tmp", Errno::ENOTDIR),
        ("/tmp/d", Errno::ENOTEMPTY),
        ("/tmp/d/.", Errno::EINVAL),
        ("/tmp/d/..", Errno::ENOTEMPTY),
        ("/", Errno::EBUSY),
        ("/missing", Errno::ENOENT),
    ] {
        assert_eq!(call!(f.rmdir(path.as_bytes())), Err(error), "rmdir {path}");
    }
    f.become_user(1000);
    assert_eq!(call!(f.unlink(b"/etc/passwd")), Err(Errno::EACCES));
    assert_eq!(call!(f.rmdir(b"/etc")), Err(Errno::EACCES));
}

#[test]
fn renaming() {
    let mut f = fixture();
    for dir in ["/tmp/a", "/tmp/a/b", "/tmp/e"] {
        call!(f.mkdir(dir.as_bytes(), 0o755)).unwrap();
    }
    f.write_file("/tmp/x", b"").unwrap();
    for (old, new, error) in [
        ("/tmp/a", "/tmp/a/b/c", Errno::EINVAL),
        ("/tmp/a", "/tmp/a/b", Errno::EINVAL),
        ("/tmp/a/b", "/tmp/a", Errno::ENOTEMPTY),
        ("/tmp/x", "/tmp/a", Errno::EISDIR),
        ("/tmp/a", "/tmp/x", Errno::ENOTDIR),
        ("/tmp/e", "/tmp/a", Errno::ENOTEMPTY),
        ("/tmp/x", "/tmp/y/", Errno::ENOTDIR),
        ("/tmp/x/", "/tmp/y", Errno::ENOTDIR),
        ("/tmp/.", "/tmp/y", Errno::EBUSY),
        ("/tmp/a", "/tmp/e/..", Errno::EBUSY),
        ("/tmp/missing", "/tmp/y", Errno::ENOENT),
        ("/tmp/x", "/missing/y", Errno::ENOENT),
    ] {
        let result = call!(f.rename(old.as_bytes(), new.as_bytes()));
        assert_eq!(result, Err(error), "{old} {new}");
    }
    f.become_user(1000);
    assert_eq!(call!(f.rename(b"/etc/passwd", b"/tmp/p")), Err(Errno::EACCES));
    // /tmp is sticky, and x is root's.
    assert_eq!(call!(f.rename(b"/tmp/x", b"/tmp/y")), Err(Errno::EPERM));
}

#[test]
fn sticky_directories_protect_the_files_of_others() {
    let mut f = fixture();
    f.become_user(1000);
    f.write_file("/tmp/mine", b"").unwrap();
    f.become_user(1001);
    assert_eq!(call!(f.unlink(b"/tmp/mine")), Err(Errno::EPERM));
    f.write_file("/tmp/other", b"").unwrap();
    assert_eq!(call!(f.rename(b"/tmp/other", b"/tmp/mine")), Err(Errno::EPERM));
    f.become_user(1000);
    assert_eq!(call!(f.unlink(b"/tmp/mine")), Ok(()));
}

#[test]
fn mounts() {
    let mut f = fixture();
    let options =
        TmpfsOptions { source: "tmpfs".into(), bytes: 65_536, mode: 0o1777, read_only: false };
    f.become_user(1000);
    assert_eq!(call!(f.mount_tmpfs(b"/tmp", options.clone())), Err(Errno::EPERM));
    f.become_root();
    f.write_file("/tmp/hidden", b"").unwrap();
    assert_eq!(call!(f.mount_tmpfs(b"/etc/passwd", options.clone())), Err(Errno::ENOTDIR));
    let id = call!(f.mount_tmpfs(b"/tmp", options.clone())).unwrap();
    assert_eq!(f.names("/tmp").unwrap(), Vec::<String>::new());
    assert_eq!(call!(f.rmdir(b"/tmp")), Err(Errno::EBUSY));
    assert_eq!(call!(f.rename(b"/tmp", b"/tmp2")), Err(Errno::EBUSY));
    assert_eq!(call!(f.rename(b"/home", b"/tmp")), Err(Errno::EBUSY));
    let inner = f.write_file("/tmp/x", b"x").unwrap();
    assert_eq!(call!(f.rename(b"/tmp/x", b"/etc/x")), Err(Errno::EXDEV));
    assert_eq!(call!(f.link(b"/tmp/x", b"/etc/x")), Err(Errno::EXDEV));
    call!(f.set_read_only(id, true)).unwrap();
    assert_eq!(call!(f.open(b"/tmp/x", OpenFlags::WRONLY, 0)), Err(Errno::EROFS));
    assert_eq!(call!(f.open(b"/tmp/y", RW_CREAT, 0)), Err(Errno::EROFS));
    assert_eq!(call!(f.unlink(b"/tmp/x")), Err(Errno::EROFS));
    assert_eq!(call!(f.write_at(inner, 0, b"y")), Err(Errno::EROFS));
    assert_eq!(call!(f.chmod(inner, 0o600)), Err(Errno::EROFS));
    assert_eq!(call!(f.access(inner, AccessMode::WRITE)), Err(Errno::EROFS));
    f.vfs.retain(inner);
    assert_eq!(call!(f.unmount(b"/tmp")), Err(Errno::EBUSY));
    f.vfs.release(inner);
    assert_eq!(call!(f.unmount(b"/etc")), Err(Errno::EINVAL));
    assert_eq!(call!(f.unmount(b"/")), Err(Errno::EBUSY));
    call!(f.mount_tmpfs(b"/tmp", options)).unwrap();
    call!(f.unmount(b"/tmp")).unwrap();
    assert_eq!(f.read_file("/tmp/x").unwrap(), b"x");
    call!(f.unmount(b"/tmp")).unwrap();
    assert_eq!(f.names("/tmp").unwrap(), ["hidden"]);
    assert_eq!(call!(f.stat(inner)).unwrap_err(), Errno::ENOENT);
}

#[test]
fn changing_attributes() {
    let mut f = fixture();
    let passwd = f.find("/etc/passwd").unwrap();
    let link = call!(f.resolve(b"/var/tmp", Follow::No)).unwrap();
    assert_eq!(call!(f.chmod(link, 0o600)), Err(Errno::EOPNOTSUPP));
    f.become_user(1000);
    assert_eq!(call!(f.chmod(passwd, 0o666)), Err(Errno::EPERM));
    assert_eq!(call!(f.chown(passwd, Some(f.access.uid), None)), Err(Errno::EPERM));
    use crate::fs::SetTime;
    assert_eq!(call!(f.utimens(passwd, SetTime::Now, SetTime::Now)), Err(Errno::EACCES));
    assert_eq!(call!(f.utimens(passwd, SetTime::Now, SetTime::Keep)), Err(Errno::EPERM));
    assert_eq!(call!(f.utimens(passwd, SetTime::Keep, SetTime::Keep)), Ok(()));
}

#[test]
fn a_tree_without_an_answer_is_missing() {
    let mut f = fixture();
    call!(f.mount_synthetic(b"/etc", "proc", SyntheticTree(0))).unwrap();
    assert_eq!(f.stat("/etc").unwrap_err(), Errno::ENOENT);
    assert_eq!(call!(f.open(b"/etc/x", RW_CREAT, 0)), Err(Errno::ENOENT));
}
