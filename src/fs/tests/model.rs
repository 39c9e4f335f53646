//! A filesystem against a plain model of one, step by step.
//!
//! The model is a table of nodes and recursion; it knows neither images nor layers nor chunks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::{Just, Strategy, any, prop};
use proptest::{prop_assert_eq, prop_oneof, proptest};

use super::saves::round_trip;
use super::{Fixture, call, fixture};
use crate::base::Errno;
use crate::fs::{Follow, InodeKind, Kind, Node, OpenFlags};

type Id = usize;

#[derive(Clone, Debug, PartialEq)]
enum Thing {
    File(Vec<u8>),
    Dir(BTreeMap<String, Id>),
    Link(String),
}

/// The model: things by id, never forgotten, so that files in use need no care.
#[derive(Clone, Debug)]
struct Model {
    things: Vec<Thing>,
    parents: BTreeMap<Id, Id>,
}

/// What is done about a symbolic link at the end.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Follow,
    /// Follow it only before a slash.
    Stay,
    /// Follow it, but never past a slash, where `open` makes nothing.
    Create,
}

/// Where a path leads: a directory, the last name unless there is none, and what it stands for.
struct Spot {
    dir: Id,
    name: Option<String>,
    dots: &'static str,
    thing: Option<Id>,
    slash: bool,
}

impl Model {
    fn dir(&self, id: Id) -> Result<&BTreeMap<String, Id>, Errno> {
        match &self.things[id] {
            Thing::Dir(entries) => Ok(entries),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn dir_mut(&mut self, id: Id) -> &mut BTreeMap<String, Id> {
        match &mut self.things[id] {
            Thing::Dir(entries) => entries,
            other => panic!("{other:?} is no directory"),
        }
    }

    fn is_dir(&self, id: Id) -> bool {
        matches!(self.things[id], Thing::Dir(_))
    }

    /// Walks a path, all symbolic links followed but perhaps the last.
    fn walk(&self, path: &str, end: End) -> Result<Spot, Errno> {
        let mut slash = path.ends_with('/');
        let mut left: VecDeque<String> =
            path.split('/').filter(|part| !part.is_empty()).map(String::from).collect();
        let (mut dir, mut links) = (0, 0);
        loop {
            let Some(part) = left.pop_front() else {
                return Ok(Spot { dir, name: None, dots: "/", thing: Some(dir), slash });
            };
            let entries = self.dir(dir)?;
            let last = left.is_empty();
            if part == "." || part == ".." {
                let at = if part == "." { dir } else { self.parents[&dir] };
                let dots = if part == "." { "." } else { ".." };
                if last {
                    return Ok(Spot { dir: at, name: None, dots, thing: Some(at), slash });
                }
                dir = at;
                continue;
            }
            let thing = entries.get(&part).copied();
            match thing.map(|id| &self.things[id]) {
                Some(Thing::Link(target))
                    if !last
                        || end == End::Follow
                        || slash && end == End::Stay
                        || end == End::Create && !slash =>
                {
                    links += 1;
                    if links > 40 {
                        return Err(Errno::ELOOP);
                    }
                    if target.starts_with('/') {
                        dir = 0;
                    }
                    slash |= last && target.ends_with('/');
                    for part in target.split('/').filter(|part| !part.is_empty()).rev() {
                        left.push_front(part.into());
                    }
                }
                _ if last => return Ok(Spot { dir, name: Some(part), dots: "", thing, slash }),
                Some(Thing::Dir(_)) => dir = thing.unwrap(),
                Some(_) => return Err(Errno::ENOTDIR),
                None => return Err(Errno::ENOENT),
            }
        }
    }

    /// The parent walk of calls that make and remove names: the last link is not followed, even
    /// before a slash.
    fn spot(&self, path: &str) -> Result<Spot, Errno> {
        let slash = path.ends_with('/');
        let spot = self.walk(path.trim_end_matches('/'), End::Stay)?;
        Ok(Spot { slash, ..spot })
    }

    fn find(&self, path: &str, follow: bool) -> Result<Id, Errno> {
        let spot = self.walk(path, if follow { End::Follow } else { End::Stay })?;
        let id = spot.thing.ok_or(Errno::ENOENT)?;
        if spot.slash && !self.is_dir(id) { Err(Errno::ENOTDIR) } else { Ok(id) }
    }

    fn add(&mut self, dir: Id, name: String, thing: Thing) -> Id {
        let id = self.things.len();
        if matches!(thing, Thing::Dir(_)) {
            self.parents.insert(id, dir);
        }
        self.things.push(thing);
        self.dir_mut(dir).insert(name, id);
        id
    }

    fn make(&mut self, path: &str, thing: Thing) -> Result<(), Errno> {
        let spot = self.spot(path)?;
        let name = match spot.name {
            Some(name) if spot.thing.is_none() => name,
            _ => return Err(Errno::EEXIST),
        };
        if spot.slash && !matches!(thing, Thing::Dir(_)) {
            return Err(Errno::ENOENT);
        }
        self.add(spot.dir, name, thing);
        Ok(())
    }

    fn open_to_write(&mut self, path: &str) -> Result<Id, Errno> {
        let spot = self.walk(path, End::Create)?;
        let Some(name) = spot.name else { return Err(Errno::EISDIR) };
        if spot.slash {
            return Err(Errno::EISDIR);
        }
        match spot.thing {
            Some(id) if self.is_dir(id) => Err(Errno::EISDIR),
            Some(id) => Ok(id),
            None => Ok(self.add(spot.dir, name, Thing::File(vec![]))),
        }
    }

    fn file(&mut self, id: Id) -> &mut Vec<u8> {
        match &mut self.things[id] {
            Thing::File(bytes) => bytes,
            other => panic!("{other:?} is no file"),
        }
    }

    fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        let spot = self.spot(path)?;
        let Some(name) = spot.name else { return Err(Errno::EISDIR) };
        match spot.thing.ok_or(Errno::ENOENT)? {
            id if self.is_dir(id) => return Err(Errno::EISDIR),
            _ if spot.slash => return Err(Errno::ENOTDIR),
            _ => {}
        }
        self.dir_mut(spot.dir).remove(&name);
        Ok(())
    }

    fn rmdir(&mut self, path: &str) -> Result<(), Errno> {
        let spot = self.spot(path)?;
        let Some(name) = spot.name else {
            return Err(match spot.dots {
                "." => Errno::EINVAL,
                ".." => Errno::ENOTEMPTY,
                _ => Errno::EBUSY,
            });
        };
        let id = spot.thing.ok_or(Errno::ENOENT)?;
        if !self.dir(id)?.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        self.dir_mut(spot.dir).remove(&name);
        Ok(())
    }

    fn link(&mut self, old: &str, new: &str) -> Result<(), Errno> {
        let id = self.find(old, false)?;
        let spot = self.spot(new)?;
        let Some(name) = spot.name.filter(|_| spot.thing.is_none()) else {
            return Err(Errno::EEXIST);
        };
        if spot.slash {
            return Err(Errno::ENOENT);
        }
        if self.is_dir(id) {
            return Err(Errno::EPERM);
        }
        self.dir_mut(spot.dir).insert(name, id);
        Ok(())
    }

    fn is_above(&self, ancestor: Id, mut dir: Id) -> bool {
        while dir != ancestor && dir != 0 {
            dir = self.parents[&dir];
        }
        dir == ancestor
    }

    fn rename(&mut self, old: &str, new: &str) -> Result<(), Errno> {
        let (from, to) = (self.spot(old)?, self.spot(new)?);
        let (Some(from_name), Some(to_name)) = (from.name, to.name) else {
            return Err(Errno::EBUSY);
        };
        let id = from.thing.ok_or(Errno::ENOENT)?;
        let directory = self.is_dir(id);
        if !directory && (from.slash || to.slash) {
            return Err(Errno::ENOTDIR);
        }
        if directory && self.is_above(id, to.dir) {
            return Err(Errno::EINVAL);
        }
        if let Some(target) = to.thing {
            if self.is_dir(target) && self.is_above(target, from.dir) {
                return Err(Errno::ENOTEMPTY);
            }
            if target == id {
                return Ok(());
            }
            match (directory, self.is_dir(target)) {
                (true, false) => return Err(Errno::ENOTDIR),
                (false, true) => return Err(Errno::EISDIR),
                (true, true) if !self.dir(target)?.is_empty() => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
        }
        self.dir_mut(from.dir).remove(&from_name);
        self.dir_mut(to.dir).insert(to_name, id);
        if directory {
            self.parents.insert(id, to.dir);
        }
        Ok(())
    }

    /// Every path, with what is there and how many names it has.
    fn listing(&self) -> Vec<(String, Thing, usize)> {
        let mut names: BTreeMap<Id, usize> = BTreeMap::new();
        for thing in self.reachable() {
            if let Thing::Dir(entries) = &self.things[thing] {
                entries.values().for_each(|id| *names.entry(*id).or_default() += 1);
            }
        }
        let (mut list, mut left) = (Vec::new(), vec![(String::new(), 0)]);
        while let Some((path, id)) = left.pop() {
            let links = match &self.things[id] {
                Thing::Dir(entries) => {
                    let inner = entries.iter();
                    left.extend(inner.map(|(name, id)| (format!("{path}/{name}"), *id)));
                    2 + entries.values().filter(|id| self.is_dir(**id)).count()
                }
                _ => names[&id],
            };
            list.push((path, self.things[id].clone(), links));
        }
        list.into_iter().map(|(path, thing, links)| (path, forget_ids(thing), links)).collect()
    }

    fn reachable(&self) -> BTreeSet<Id> {
        let (mut seen, mut left) = (BTreeSet::new(), vec![0]);
        while let Some(id) = left.pop() {
            if seen.insert(id)
                && let Thing::Dir(entries) = &self.things[id]
            {
                left.extend(entries.values());
            }
        }
        seen
    }
}

fn forget_ids(thing: Thing) -> Thing {
    match thing {
        Thing::Dir(entries) => Thing::Dir(entries.into_keys().map(|name| (name, 0)).collect()),
        thing => thing,
    }
}

/// The real filesystem's listing, in the model's words.
fn listing(f: &mut Fixture) -> Vec<(String, Thing, usize)> {
    let (mut list, mut left) = (Vec::new(), vec![(String::new(), f.root)]);
    while let Some((path, node)) = left.pop() {
        let stat = call!(f.stat(node)).unwrap();
        let thing = match f.vfs.kind(node).unwrap() {
            Kind::Inode(InodeKind::Directory(_)) => {
                let entries = call!(f.entries(node)).unwrap();
                for entry in &entries {
                    let inner = Node { ino: entry.ino, ..node };
                    left.push((format!("{path}/{}", entry.name), inner));
                }
                Thing::Dir(entries.into_iter().map(|entry| (entry.name.to_string(), 0)).collect())
            }
            Kind::Inode(InodeKind::Symlink(target)) => Thing::Link(target.to_string()),
            _ => Thing::File(f.read_node(node).unwrap()),
        };
        list.push((path, thing, stat.nlink as usize));
    }
    list
}

/// The model of what the fixture begins with.
fn beginning(f: &mut Fixture) -> Model {
    let mut model =
        Model { things: vec![Thing::Dir(BTreeMap::new())], parents: BTreeMap::from([(0, 0)]) };
    let mut all = listing(f);
    all.sort_by_key(|(path, ..)| path.clone());
    for (path, thing, _) in all.into_iter().skip(1) {
        let thing =
            if matches!(thing, Thing::Dir(_)) { Thing::Dir(BTreeMap::new()) } else { thing };
        model.make(&path, thing).unwrap();
    }
    model
}

#[derive(Clone, Debug)]
enum Op {
    Mkdir(String),
    Rmdir(String),
    Unlink(String),
    Write(String, usize, Vec<u8>),
    Truncate(String, usize),
    Link(String, String),
    Symlink(String, String),
    Rename(String, String),
    Hold(String),
    LetGo,
    Find(String, bool),
    Reload,
}

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => prop::sample::select(vec!["a", "b", "c"]),
        2 => prop::sample::select(vec!["etc", "passwd", "var", "tmp", "home", "ann"]),
        1 => prop::sample::select(vec![".", ".."]),
    ];
    (prop::collection::vec(part, 1..4), prop::bool::weighted(0.1))
        .prop_map(|(parts, slash)| format!("/{}{}", parts.join("/"), if slash { "/" } else { "" }))
}

fn op() -> impl Strategy<Value = Op> {
    let run = (any::<u8>(), prop_oneof![0..9usize, 60_000..70_000usize])
        .prop_map(|(byte, count)| vec![byte; count]);
    prop_oneof![
        4 => path().prop_map(Op::Mkdir),
        2 => path().prop_map(Op::Rmdir),
        2 => path().prop_map(Op::Unlink),
        4 => (path(), 0..9usize, run).prop_map(|(path, at, bytes)| Op::Write(path, at, bytes)),
        1 => (path(), 0..70_000usize).prop_map(|(path, len)| Op::Truncate(path, len)),
        2 => (path(), path()).prop_map(|(old, new)| Op::Link(old, new)),
        2 => (prop_oneof![path(), path().prop_map(|path| path[1..].into())], path())
            .prop_map(|(target, path)| Op::Symlink(target, path)),
        4 => (path(), path()).prop_map(|(old, new)| Op::Rename(old, new)),
        1 => path().prop_map(Op::Hold),
        1 => Just(Op::LetGo),
        2 => (path(), any::<bool>()).prop_map(|(path, follow)| Op::Find(path, follow)),
        1 => Just(Op::Reload),
    ]
}

/// Both worlds, and files held open in them.
struct Pair {
    f: Fixture,
    model: Model,
    held: Vec<(Node, Id)>,
}

impl Pair {
    fn apply(&mut self, op: &Op) -> (Result<(), Errno>, Result<(), Errno>) {
        let Self { f, model, held } = self;
        match op {
            Op::Mkdir(path) => (
                call!(f.mkdir(path.as_bytes(), 0o755)).map(|_| ()),
                model.make(path, Thing::Dir(BTreeMap::new())),
            ),
            Op::Rmdir(path) => (call!(f.rmdir(path.as_bytes())), model.rmdir(path)),
            Op::Unlink(path) => (call!(f.unlink(path.as_bytes())), model.unlink(path)),
            Op::Write(path, at, bytes) => {
                let flags = OpenFlags::WRONLY | OpenFlags::CREAT;
                let real = call!(f.open(path.as_bytes(), flags, 0o644));
                let ours = model.open_to_write(path);
                if let (Ok(node), Ok(id)) = (real, ours) {
                    let count = call!(f.write_at(node, *at as u64, bytes)).unwrap();
                    assert_eq!(count, bytes.len());
                    let file = model.file(id);
                    let end = if bytes.is_empty() { 0 } else { at + bytes.len() };
                    file.resize(file.len().max(end), 0);
                    if end > 0 {
                        file[*at..end].copy_from_slice(bytes);
                    }
                }
                (real.map(|_| ()), ours.map(|_| ()))
            }
            Op::Truncate(path, len) => {
                let real = call!(f.resolve(path.as_bytes(), Follow::Yes));
                let real = real.and_then(|node| call!(f.truncate(node, *len as u64)));
                let ours = model.find(path, true).and_then(|id| match &mut model.things[id] {
                    Thing::File(bytes) => {
                        bytes.resize(*len, 0);
                        Ok(())
                    }
                    _ => Err(Errno::EISDIR),
                });
                (real, ours)
            }
            Op::Link(old, new) => {
                (call!(f.link(old.as_bytes(), new.as_bytes())), model.link(old, new))
            }
            Op::Symlink(target, path) => (
                call!(f.symlink(target.as_bytes(), path.as_bytes())).map(|_| ()),
                model.make(path, Thing::Link(target.clone())),
            ),
            Op::Rename(old, new) => {
                (call!(f.rename(old.as_bytes(), new.as_bytes())), model.rename(old, new))
            }
            Op::Hold(path) => {
                let real = call!(f.open(path.as_bytes(), OpenFlags::RDONLY, 0));
                let ours = model.find(path, true);
                if let (Ok(node), Ok(id)) = (real, ours) {
                    f.vfs.retain(node);
                    held.push((node, id));
                }
                (real.map(|_| ()), ours.map(|_| ()))
            }
            Op::LetGo => {
                held.pop().into_iter().for_each(|(node, _)| f.vfs.release(node));
                (Ok(()), Ok(()))
            }
            Op::Find(path, follow) => {
                let how = if *follow { Follow::Yes } else { Follow::No };
                let real = call!(f.resolve(path.as_bytes(), how)).map(|_| ());
                (real, model.find(path, *follow).map(|_| ()))
            }
            Op::Reload => {
                f.vfs = round_trip(f);
                (Ok(()), Ok(()))
            }
        }
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(200))]
    #[test]
    fn the_filesystem_behaves_as_the_model(ops in prop::collection::vec(op(), 1..40)) {
        let mut f = fixture();
        let model = beginning(&mut f);
        let mut pair = Pair { f, model, held: vec![] };
        for op in &ops {
            let (real, ours) = pair.apply(op);
            prop_assert_eq!(real, ours, "{:?}", op);
            prop_assert_eq!(pair.f.vfs.check(), Ok(()), "{:?}", op);
            for (node, id) in pair.held.clone() {
                if let Thing::File(bytes) = &pair.model.things[id] {
                    prop_assert_eq!(&pair.f.read_node(node).unwrap(), bytes);
                }
            }
        }
        prop_assert_eq!(listing(&mut pair.f), pair.model.listing());
        // With nobody holding anything, nothing is left that has no name.
        for (node, _) in pair.held.drain(..) {
            pair.f.vfs.release(node);
        }
        let names = pair.model.reachable().len() as u64;
        let stat = pair.f.vfs.statvfs(pair.f.root).unwrap();
        prop_assert_eq!(stat.inodes - stat.inodes_free, names);
    }
}
