//! Tests of a machine's filesystem through its public face.
#![expect(clippy::disallowed_types, reason = "tests build images, which are shared")]

mod errno;
mod model;
mod saves;
mod semantics;
mod synthetic;

use std::sync::Arc;

use super::{
    Access, Context, Follow, Image, ImageBuilder, NoSynthetic, Node, OpenFlags, Stat, Vfs,
};
use crate::base::{Errno, Gid, Timestamp, Uid};

/// Bytes of the disks in these tests.
const DISK: u64 = 1024 * 1024;

/// A machine's filesystem, and somebody who uses it.
pub(super) struct Fixture {
    pub vfs: Vfs,
    pub image: Arc<Image>,
    pub access: Access,
    pub root: Node,
    pub cwd: Node,
    pub umask: u16,
    pub now: Timestamp,
}

/// Calls the filesystem with the fixture's context: `call!(fixture.mkdir(b"/a", 0o755))`.
macro_rules! call {
    ($fixture:ident . $verb:ident ( $($argument:expr),* )) => {{
        let (access, now) = ($fixture.access.clone(), $fixture.now);
        let context = $crate::fs::Context {
            access: &access,
            root: $fixture.root,
            cwd: $fixture.cwd,
            umask: $fixture.umask,
            now,
            synthetic: &$crate::fs::NoSynthetic,
        };
        $fixture.vfs.$verb(&context, $($argument),*)
    }};
}
pub(super) use call;

pub(super) fn small_image() -> Arc<Image> {
    let mut image = ImageBuilder::new();
    let (root, wheel) = (Uid::ROOT, Gid::ROOT);
    image
        .dir("/bin", 0o755, root, wheel)
        .unwrap()
        .program("/bin/sh", 0o755, root, wheel, "sh")
        .unwrap()
        .dir("/etc", 0o755, root, wheel)
        .unwrap()
        .file("/etc/passwd", 0o644, root, wheel, "root:x:0:0::/root:/bin/sh\n")
        .unwrap()
        .dir("/home/ann", 0o755, Uid(1000), Gid(1000))
        .unwrap()
        .dir("/tmp", 0o1777, root, wheel)
        .unwrap()
        .symlink("/var/tmp", "../tmp", root, wheel)
        .unwrap();
    image.build()
}

pub(super) fn fixture() -> Fixture {
    let image = small_image();
    let vfs = Vfs::new(Arc::clone(&image), DISK);
    let root = vfs.root();
    let now = Timestamp { secs: 1000, nanos: 0 };
    Fixture { vfs, image, access: Access::ROOT, root, cwd: root, umask: 0o022, now }
}

impl Fixture {
    pub fn become_user(&mut self, id: u32) {
        self.access = Access { uid: Uid(id), gid: Gid(id), groups: vec![] };
    }

    pub fn become_root(&mut self) {
        self.access = Access::ROOT;
    }

    pub fn write_file(&mut self, path: &str, bytes: &[u8]) -> Result<Node, Errno> {
        let flags = OpenFlags::WRONLY | OpenFlags::CREAT | OpenFlags::TRUNC;
        let node = call!(self.open(path.as_bytes(), flags, 0o666))?;
        let mut done = 0;
        while done < bytes.len() {
            done += call!(self.write_at(node, done as u64, &bytes[done..]))?;
        }
        Ok(node)
    }

    pub fn read_node(&mut self, node: Node) -> Result<Vec<u8>, Errno> {
        let mut bytes = Vec::new();
        call!(self.read_at(node, 0, &mut bytes, usize::MAX))?;
        Ok(bytes)
    }

    pub fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Errno> {
        let node = call!(self.open(path.as_bytes(), OpenFlags::RDONLY, 0))?;
        self.read_node(node)
    }

    pub fn find(&mut self, path: &str) -> Result<Node, Errno> {
        call!(self.resolve(path.as_bytes(), Follow::No))
    }

    pub fn stat(&mut self, path: &str) -> Result<Stat, Errno> {
        let node = self.find(path)?;
        call!(self.stat(node))
    }

    pub fn names(&mut self, path: &str) -> Result<Vec<String>, Errno> {
        let dir = self.find(path)?;
        Ok(call!(self.entries(dir))?.into_iter().map(|entry| entry.name.to_string()).collect())
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            access: &self.access,
            root: self.root,
            cwd: self.cwd,
            umask: self.umask,
            now: self.now,
            synthetic: &NoSynthetic,
        }
    }
}
