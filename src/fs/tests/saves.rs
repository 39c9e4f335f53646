//! Saves: a filesystem loaded is the one saved, equal ones are saved alike, damage is found.

use std::sync::Arc;

use proptest::prelude::any;
use proptest::{prop_assert, proptest};

use super::{Fixture, call, fixture};
use crate::base::digest::Digest;
use crate::fs::{Image, OpenFlags, TmpfsOptions, Vfs};

fn reload(f: &Fixture, vfs: &mut Vfs) {
    let image = &f.image;
    vfs.relink(&|digest| (digest == image.digest()).then(|| Arc::clone(image))).unwrap();
}

pub(super) fn round_trip(f: &Fixture) -> Vfs {
    let bytes = postcard::to_allocvec(&f.vfs).unwrap();
    let mut binary: Vfs = postcard::from_bytes(&bytes).unwrap();
    reload(f, &mut binary);
    let text = ron::to_string(&f.vfs).unwrap();
    let mut readable: Vfs = ron::from_str(&text).unwrap();
    reload(f, &mut readable);
    assert_eq!(binary, f.vfs);
    assert_eq!(readable, f.vfs);
    assert_eq!(postcard::to_allocvec(&binary).unwrap(), bytes);
    assert_eq!(ron::to_string(&readable).unwrap(), text);
    binary.check().unwrap();
    binary
}

fn busy() -> Fixture {
    let mut f = fixture();
    let options =
        TmpfsOptions { source: "tmpfs".into(), bytes: 1 << 20, mode: 0o1777, read_only: false };
    call!(f.mount_tmpfs(b"/tmp", options)).unwrap();
    f.write_file("/tmp/long", &[5; 200_000]).unwrap();
    let sparse = f.write_file("/etc/sparse", b"start").unwrap();
    call!(f.write_at(sparse, 150_000, b"end")).unwrap();
    call!(f.mkdir(b"/etc/d", 0o700)).unwrap();
    call!(f.rename(b"/home/ann", b"/etc/d/ann")).unwrap();
    call!(f.unlink(b"/etc/passwd")).unwrap();
    let held = f.write_file("/tmp/\u{1f980}", b"\xff\0").unwrap();
    f.vfs.retain(held);
    call!(f.unlink("/tmp/\u{1f980}".as_bytes())).unwrap();
    f
}

#[test]
fn a_busy_filesystem_survives_both_formats() {
    let f = busy();
    f.vfs.check().unwrap();
    round_trip(&f);
}

#[test]
fn an_image_survives_both_formats() {
    let image = fixture().image;
    let binary: Image = postcard::from_bytes(&postcard::to_allocvec(&*image).unwrap()).unwrap();
    let readable: Image = ron::from_str(&ron::to_string(&*image).unwrap()).unwrap();
    assert_eq!(binary, *image);
    assert_eq!(readable.digest(), image.digest());
}

#[test]
fn what_was_changed_back_is_not_saved() {
    let mut f = fixture();
    f.now = crate::base::Timestamp::default();
    let untouched = postcard::to_allocvec(&f.vfs).unwrap();
    let before = f.vfs.clone();
    let passwd = f.find("/etc/passwd").unwrap();
    let dir = f.find("/etc").unwrap();
    for node in [passwd, dir] {
        let mode = call!(f.stat(node)).unwrap().mode;
        call!(f.chmod(node, 0o700)).unwrap();
        assert_ne!(postcard::to_allocvec(&f.vfs).unwrap(), untouched);
        call!(f.chmod(node, mode)).unwrap();
    }
    call!(f.rename(b"/etc/passwd", b"/etc/p")).unwrap();
    call!(f.rename(b"/etc/p", b"/etc/passwd")).unwrap();
    call!(f.rename(b"/home/ann", b"/etc/ann")).unwrap();
    call!(f.rename(b"/etc/ann", b"/home/ann")).unwrap();
    assert_eq!(postcard::to_allocvec(&f.vfs).unwrap(), untouched);
    assert_eq!(f.vfs, before);
}

#[test]
fn content_is_saved_alike_however_it_was_written() {
    let bytes: Vec<u8> = (0..150_000u32).map(|n| (n % 251) as u8).collect();
    let mut whole = fixture();
    let at_once = whole.write_file("/tmp/x", &bytes).unwrap();
    let mut pieces = fixture();
    let node = pieces.write_file("/tmp/x", b"").unwrap();
    assert_eq!(node, at_once);
    call!(pieces.write_at(node, 0, &vec![1; 180_000])).unwrap();
    call!(pieces.truncate(node, 77)).unwrap();
    for (index, piece) in bytes.chunks(997).enumerate() {
        call!(pieces.write_at(node, index as u64 * 997, piece)).unwrap();
    }
    assert_eq!(pieces.vfs, whole.vfs);
    assert_eq!(Digest::of(&pieces.vfs), Digest::of(&whole.vfs));
}

#[test]
fn a_missing_image_is_named_and_nothing_panics() {
    let f = fixture();
    let bytes = postcard::to_allocvec(&f.vfs).unwrap();
    let mut loaded: Vfs = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(loaded.relink(&|_| None), Err(f.image.digest()));
    assert!(loaded.check().is_err());
    assert!(loaded.resolve(&f.context(), b"/etc", crate::fs::Follow::Yes).is_err());
    assert!(loaded.open(&f.context(), b"/x", OpenFlags::RDWR | OpenFlags::CREAT, 0).is_err());
}

/// One part of a readable save, replaced, and what `check` says of it.
#[test]
fn damage_is_found() {
    let mut f = fixture();
    call!(f.mkdir(b"/a", 0o755)).unwrap();
    call!(f.mkdir(b"/a/b", 0o755)).unwrap();
    f.write_file("/a/x", b"x").unwrap();
    let text = ron::to_string(&f.vfs).unwrap();
    let number = |f: &mut Fixture, path: &str| f.stat(path).unwrap().ino.0;
    let (a, b, x) = (number(&mut f, "/a"), number(&mut f, "/a/b"), number(&mut f, "/a/x"));
    let mut found = String::new();
    for (from, to) in [
        (format!("b\"x\":{x}"), "b\"x\":99".into()),
        (format!("b\"x\":{x}"), format!("b\"x\":{a}")),
        (format!("b\"x\":{x}"), "b\"x\":0".into()),
        (format!("b\"x\":{x}"), format!("b\"/\":{x}")),
        (format!("b\"x\":{x}"), format!("b\"x\":{x},b\"y\":{x}")),
        (format!("parent:{a},name:b\"b\""), format!("parent:{b},name:b\"b\"")),
        ("parent:1,name:b\"a\"".into(), format!("parent:{b},name:b\"a\"")),
        ("nlink:3".into(), "nlink:2".into()),
        ("len:2".into(), "len:3".into()),
        (format!("next:{}", x + 1), format!("next:{x}")),
        ("pages:".into(), "pages:1".into()),
    ] {
        let damaged = text.replacen(&from, &to, 1);
        found += &format!("{from} -> {to}: {}\n", finding(&f, &damaged));
    }
    expect_test::expect![[r#"
        b"x":13 -> b"x":99: filesystem 0, inode 11: an entry leads to no inode
        b"x":13 -> b"x":11: filesystem 0, inode 11: the directory believes itself elsewhere
        b"x":13 -> b"x":0: filesystem 0, inode 11: an entry is gone that never was
        b"x":13 -> b"/":13: filesystem 0, inode 11: an entry's name is illegal
        b"x":13 -> b"x":13,b"y":13: filesystem 0, inode 11: the count of entries is wrong
        parent:11,name:b"b" -> parent:12,name:b"b": filesystem 0, inode 12: the directory believes itself elsewhere
        parent:1,name:b"a" -> parent:12,name:b"a": filesystem 0, inode 11: the directory believes itself elsewhere
        nlink:3 -> nlink:2: filesystem 0, inode 11: the link count is wrong
        len:2 -> len:3: filesystem 0, inode 11: the count of entries is wrong
        next:14 -> next:13: filesystem 0, inode 13: the number is out of range
        pages: -> pages:1: filesystem 0, inode 0: the count of pages is wrong
    "#]].assert_eq(&found);
    assert_eq!(finding(&f, &text), "sound");
}

fn finding(f: &Fixture, text: &str) -> String {
    let result = ron::from_str(text).map_err(|error| error.to_string());
    let result = result.and_then(|mut vfs: Vfs| {
        reload(f, &mut vfs);
        vfs.check().map_err(|damage| damage.to_string())
    });
    result.err().unwrap_or_else(|| "sound".into())
}

#[test]
fn circles_and_bad_mounts_are_found() {
    // The names of two directories change places with their parents'.
    let mut f = fixture();
    call!(f.mkdir(b"/a", 0o755)).unwrap();
    call!(f.mkdir(b"/a/b", 0o755)).unwrap();
    call!(f.mkdir(b"/a/b/a", 0o755)).unwrap();
    call!(f.mkdir(b"/b", 0o755)).unwrap();
    let (a, b, low) = (f.stat("/a").unwrap(), f.stat("/b").unwrap(), f.stat("/a/b/a").unwrap());
    let (a, b, low) = (a.ino, b.ino, low.ino);
    let text = ron::to_string(&f.vfs).unwrap();
    let text = text
        .replace(&format!("b\"a\":{a},b\"b\":{b}"), &format!("b\"a\":{low},b\"b\":{b}"))
        .replace(&format!("{{b\"a\":{low}}}"), &format!("{{b\"a\":{a}}}"));
    let middle = a.0 + 1;
    let swapped = text
        .replace(&format!("{a}:Some((kind:Directory((parent:1,"), "@")
        .replace(
            &format!("{low}:Some((kind:Directory((parent:{middle},"),
            &format!("{low}:Some((kind:Directory((parent:1,"),
        )
        .replace('@', &format!("{a}:Some((kind:Directory((parent:{middle},"));
    assert_eq!(
        finding(&f, &swapped),
        format!("filesystem 0, inode {a}: the directory is its own ancestor")
    );

    let f = busy();
    let text = ron::to_string(&f.vfs).unwrap();
    assert_eq!(finding(&f, &text), "sound");
    let mut found = String::new();
    for (from, to) in [
        ("next_mount:2", "next_mount:1"),
        ("id:1,on:(mount:0,", "id:1,on:(mount:1,"),
        ("id:1,on:(mount:0,ino:8)", "id:1,on:(mount:0,ino:3)"),
        ("id:1,on:(mount:0,ino:8)", "id:1,on:(mount:0,ino:99)"),
        ("uses:{(mount:1,ino:3):1}", "uses:{}"),
        ("uses:{(mount:1,ino:3):1}", "uses:{(mount:1,ino:3):1,(mount:2,ino:1):1}"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        found += &format!("{from} -> {to}: {}\n", finding(&f, &text.replacen(from, to, 1)));
    }
    expect_test::expect![[r#"
        next_mount:2 -> next_mount:1: filesystem 1, inode 0: the mount's number is yet to be given out
        id:1,on:(mount:0, -> id:1,on:(mount:1,: filesystem 1, inode 0: mounted on a later mount
        id:1,on:(mount:0,ino:8) -> id:1,on:(mount:0,ino:3): filesystem 1, inode 0: mounted on something that is no directory
        id:1,on:(mount:0,ino:8) -> id:1,on:(mount:0,ino:99): filesystem 1, inode 0: mounted on something that is no directory
        uses:{(mount:1,ino:3):1} -> uses:{}: filesystem 1, inode 3: an inode without names is not in use
        uses:{(mount:1,ino:3):1} -> uses:{(mount:1,ino:3):1,(mount:2,ino:1):1}: filesystem 2, inode 1: an inode is in use that does not exist
    "#]].assert_eq(&found);
}

#[test]
fn illegal_chunks_are_refused() {
    for text in [
        "(len:5,chunks:[(0,b\"123456\")])",
        "(len:5,chunks:[(0,b\"1234\")])",
        "(len:5,chunks:[(0,b\"\")])",
        "(len:5,chunks:[(1,b\"12345\")])",
        "(len:5,chunks:[(0,b\"12345\"),(0,b\"12345\")])",
        "(len:99999999999999999,chunks:[])",
    ] {
        assert!(ron::from_str::<crate::fs::Data>(text).is_err(), "{text}");
    }
    let hole: crate::fs::Data = ron::from_str("(len:5,chunks:[])").unwrap();
    assert_eq!(hole.len(), 5);
}

proptest! {
    #[test]
    fn damaged_saves_are_refused_or_harmless(
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<proptest::sample::Index>(),
        truncated in any::<bool>(),
    ) {
        let mut f = busy();
        let mut bytes = postcard::to_allocvec(&f.vfs).unwrap();
        // The long runs of content are not worth damaging.
        let head = bytes.len().min(1200);
        let index = at.index(head);
        bytes[index] = byte;
        if truncated {
            bytes.truncate(cut.index(bytes.len()));
        }
        let Ok(mut vfs) = postcard::from_bytes::<Vfs>(&bytes) else { return Ok(()) };
        if vfs.relink(&|digest| (digest == f.image.digest()).then(|| Arc::clone(&f.image))).is_err()
            || vfs.check().is_err()
        {
            return Ok(());
        }
        f.vfs = vfs;
        exercise(&mut f);
        prop_assert!(f.vfs.check().is_ok());
    }
}

/// Uses everything; nothing may panic.
fn exercise(f: &mut Fixture) {
    for path in ["/tmp/n", "/etc/n", "/etc/d/n"] {
        let _ = f.write_file(path, &[1; 10_000]);
        let _ = call!(f.mkdir(format!("{path}d").as_bytes(), 0o755));
        let _ = call!(f.rename(path.as_bytes(), b"/etc/moved"));
    }
    for path in ["/tmp/long", "/etc/sparse", "/bin/sh", "/etc/d/ann", "/etc/d", "/tmp"] {
        let Ok(node) = f.find(path) else { continue };
        let _ = call!(f.stat(node));
        let mut bytes = Vec::new();
        let _ = call!(f.read_at(node, 100, &mut bytes, 300_000));
        let _ = call!(f.write_at(node, 70_000, b"change"));
        let _ = call!(f.truncate(node, 66_000));
        let _ = call!(f.entries(node));
        let _ = call!(f.path_of(node));
        let _ = call!(f.unlink(path.as_bytes()));
        let _ = call!(f.rmdir(path.as_bytes()));
    }
}
