//! Steps: what walks and calls are made of, each looking at one inode.

use std::borrow::Cow;

use bstr::BStr;

use super::access::Guard;
use super::inode::{Inode, ROOT_INO};
use super::mode::FileType;
use super::mount::{Files, Mount, MountId, Node, SyntheticTree};
use super::tree::Tree;
use super::vfs::{Context, Vfs};
use crate::base::limits::{NAME_MAX, TREE_DEPTH_MAX};
use crate::base::{Errno, Ino};

/// Where a mount's files come from.
#[derive(Clone, Copy)]
pub(super) enum FilesRef<'a> {
    Tree(&'a Tree),
    Synthetic(SyntheticTree),
}

/// An inode as a walk passes it.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    Tree(&'a Tree, &'a Inode),
    Synthetic(Guard, FileType),
}

impl View<'_> {
    pub fn guard(&self) -> Guard {
        match self {
            Self::Tree(_, inode) => inode.guard(),
            Self::Synthetic(guard, _) => *guard,
        }
    }

    pub fn file_type(&self) -> FileType {
        match self {
            Self::Tree(_, inode) => inode.kind.file_type(),
            Self::Synthetic(_, kind) => *kind,
        }
    }
}

impl Vfs {
    pub(super) fn mount(&self, id: MountId) -> Option<&Mount> {
        let index = self.mounts.binary_search_by_key(&id, |mount| mount.id).ok()?;
        self.mounts.get(index)
    }

    pub(super) fn files(&self, id: MountId) -> Result<FilesRef<'_>, Errno> {
        if id == MountId::ROOT {
            return Ok(FilesRef::Tree(&self.root));
        }
        match &self.mount(id).ok_or(Errno::ENOENT)?.files {
            Files::Tree(tree) => Ok(FilesRef::Tree(tree)),
            Files::Synthetic(tree) => Ok(FilesRef::Synthetic(*tree)),
        }
    }

    /// # Errors
    ///
    /// `EPERM` if the mount has no storage: what can't be done to a synthetic tree.
    pub(super) fn tree(&self, id: MountId) -> Result<&Tree, Errno> {
        match self.files(id)? {
            FilesRef::Tree(tree) => Ok(tree),
            FilesRef::Synthetic(_) => Err(Errno::EPERM),
        }
    }

    pub(super) fn tree_mut(&mut self, id: MountId) -> Result<&mut Tree, Errno> {
        if id == MountId::ROOT {
            return Ok(&mut self.root);
        }
        let found = self.mounts.binary_search_by_key(&id, |mount| mount.id);
        match &mut self.mounts[found.map_err(|_| Errno::ENOENT)?].files {
            Files::Tree(tree) => Ok(tree),
            Files::Synthetic(_) => Err(Errno::EPERM),
        }
    }

    pub(super) fn is_read_only(&self, id: MountId) -> Result<bool, Errno> {
        if id == MountId::ROOT {
            return Ok(self.root_read_only);
        }
        Ok(self.mount(id).ok_or(Errno::ENOENT)?.read_only)
    }

    /// # Errors
    ///
    /// `EROFS` if the node's filesystem is read-only, `ENOENT` if it or the inode is gone,
    /// `EPERM` if the tree has no storage.
    pub(super) fn writable(&self, node: Node) -> Result<&Inode, Errno> {
        let inode = self.tree(node.mount)?.get(node.ino).ok_or(Errno::ENOENT)?;
        if self.is_read_only(node.mount)? { Err(Errno::EROFS) } else { Ok(inode) }
    }

    pub(super) fn inode_mut(&mut self, node: Node) -> Result<&mut Inode, Errno> {
        self.tree_mut(node.mount)?.get_mut(node.ino).ok_or(Errno::ENOENT)
    }

    pub(super) fn look(&self, context: &Context<'_>, node: Node) -> Result<View<'_>, Errno> {
        match self.files(node.mount)? {
            FilesRef::Tree(tree) => Ok(View::Tree(tree, tree.get(node.ino).ok_or(Errno::ENOENT)?)),
            FilesRef::Synthetic(tree) => {
                let stat = context.synthetic.stat(tree, node.ino)?;
                let directory = stat.kind == FileType::Directory;
                let guard = Guard { mode: stat.mode, uid: stat.uid, gid: stat.gid, directory };
                Ok(View::Synthetic(guard, stat.kind))
            }
        }
    }

    pub(super) fn file_type(&self, context: &Context<'_>, node: Node) -> Result<FileType, Errno> {
        Ok(self.look(context, node)?.file_type())
    }

    /// The inode a name stands for, without what is mounted on it.
    pub(super) fn lookup_below(
        &self,
        context: &Context<'_>,
        dir: Node,
        name: &BStr,
    ) -> Result<Node, Errno> {
        if name.len() > NAME_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let ino = match self.files(dir.mount)? {
            FilesRef::Tree(tree) => {
                let inode = tree.get(dir.ino).ok_or(Errno::ENOENT)?;
                let directory = inode.directory().ok_or(Errno::ENOTDIR)?;
                tree.child(dir.ino, directory, name).ok_or(Errno::ENOENT)?
            }
            FilesRef::Synthetic(tree) => context.synthetic.lookup(tree, dir.ino, name)?,
        };
        Ok(Node { mount: dir.mount, ino })
    }

    /// The node a name stands for.
    pub(super) fn lookup(
        &self,
        context: &Context<'_>,
        dir: Node,
        name: &BStr,
    ) -> Result<Node, Errno> {
        Ok(self.top(self.lookup_below(context, dir, name)?))
    }

    /// What is seen at a node: the root of what is mounted on it last.
    pub(super) fn top(&self, mut node: Node) -> Node {
        while let Some(mount) = self.mounts.iter().find(|mount| mount.on == node) {
            node = Node { mount: mount.id, ino: ROOT_INO };
        }
        node
    }

    /// Whether something is mounted on a node.
    pub(super) fn is_mount_point(&self, node: Node) -> bool {
        self.mounts.iter().any(|mount| mount.on == node)
    }

    /// A directory's parent and its name there; nothing for the top of everything.
    pub(super) fn place(
        &self,
        context: &Context<'_>,
        dir: Node,
    ) -> Result<Option<(Node, Cow<'_, BStr>)>, Errno> {
        let mut dir = dir;
        while dir.ino == ROOT_INO {
            match self.mount(dir.mount) {
                Some(mount) => dir = mount.on,
                None => return Ok(None),
            }
        }
        let (ino, name) = match self.files(dir.mount)? {
            FilesRef::Tree(tree) => {
                let inode = tree.get(dir.ino).ok_or(Errno::ENOENT)?;
                let directory = inode.directory().ok_or(Errno::ENOTDIR)?;
                if inode.nlink == 0 {
                    return Err(Errno::ENOENT);
                }
                (directory.parent, Cow::Borrowed(&*directory.name))
            }
            FilesRef::Synthetic(tree) => {
                let (parent, name) = context.synthetic.parent(tree, dir.ino)?;
                (parent, Cow::Owned(name))
            }
        };
        Ok(Some((Node { mount: dir.mount, ino }, name)))
    }

    /// The directory above, which at the caller's root is itself.
    pub(super) fn parent(&self, context: &Context<'_>, dir: Node) -> Result<Node, Errno> {
        let mut dir = dir;
        loop {
            if dir == context.root {
                return Ok(dir);
            }
            if dir.ino != ROOT_INO {
                break;
            }
            match self.mount(dir.mount) {
                Some(mount) => dir = mount.on,
                None => return Ok(dir),
            }
        }
        let ino = match self.files(dir.mount)? {
            FilesRef::Tree(tree) => {
                let inode = tree.get(dir.ino).ok_or(Errno::ENOENT)?;
                inode.directory().ok_or(Errno::ENOTDIR)?.parent
            }
            FilesRef::Synthetic(tree) => context.synthetic.parent(tree, dir.ino)?.0,
        };
        Ok(self.top(Node { mount: dir.mount, ino }))
    }

    pub(super) fn target(&self, context: &Context<'_>, link: Node) -> Result<Cow<'_, [u8]>, Errno> {
        match self.files(link.mount)? {
            FilesRef::Tree(tree) => {
                Ok(Cow::Borrowed(tree.target(link.ino).ok_or(Errno::EINVAL)?.as_slice()))
            }
            FilesRef::Synthetic(tree) => {
                Ok(Cow::Owned(context.synthetic.readlink(tree, link.ino)?.into()))
            }
        }
    }

    pub(super) fn jump(&self, context: &Context<'_>, link: Node) -> Option<Node> {
        match self.files(link.mount).ok()? {
            FilesRef::Tree(_) => None,
            FilesRef::Synthetic(tree) => context.synthetic.jump(tree, link.ino),
        }
    }

    /// Whether `ino` is a directory's ancestor or itself, within one filesystem.
    pub(super) fn is_ancestor(&self, ancestor: Node, dir: Node) -> Result<bool, Errno> {
        let tree = self.tree(dir.mount)?;
        let mut at = dir.ino;
        for _ in 0..TREE_DEPTH_MAX {
            if at == ancestor.ino {
                return Ok(true);
            }
            if at == ROOT_INO {
                return Ok(false);
            }
            let inode = tree.get(at).ok_or(Errno::ENOENT)?;
            at = inode.directory().ok_or(Errno::ENOTDIR)?.parent;
        }
        Err(Errno::ELOOP)
    }

    /// The inode numbers' type, for modules that build nodes.
    pub(super) fn node(mount: MountId, ino: Ino) -> Node {
        Node { mount, ino }
    }
}
