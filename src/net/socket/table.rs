//! The table of sockets, with the indexes that find them.
//!
//! Invariant: `index`, `timers` and each socket's `filed` follow from the sockets themselves; a
//! load rebuilds them. Ids are never given out twice.

use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tcp::{State, Tcp};
use super::{Protocol, Readiness, Socket, SocketId, SocketKind};
use crate::base::limits::{BACKLOG_MAX, SOCKETS_MAX};
use crate::base::{Errno, Tick};

/// What a packet must match to belong to a socket. Unspecified addresses and port 0 match all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::net) struct Key {
    pub(in crate::net) kind: SocketKind,
    pub(in crate::net) port: u16,
    pub(in crate::net) remote: SocketAddrV4,
    pub(in crate::net) local: Ipv4Addr,
}

/// The remote address of sockets that hear everybody.
const ANYBODY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);

impl Key {
    /// The key of a socket that hears everybody.
    pub(in crate::net) const fn open(kind: SocketKind, port: u16, local: Ipv4Addr) -> Self {
        Self { kind, port, remote: ANYBODY, local }
    }

    /// Whether it hears everybody.
    pub(super) fn is_open(&self) -> bool {
        self.remote == ANYBODY
    }
}

/// Where the indexes have a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Filed {
    key: Option<Key>,
    due: Option<Tick>,
}

impl Socket {
    fn key(&self) -> Option<Key> {
        let (kind, port, local) = (self.kind(), self.local.port(), *self.local.ip());
        if port == 0 {
            return None;
        }
        match &self.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => (connection.state != State::Closed)
                .then_some(Key { kind, port, remote: connection.remote, local }),
            // The identifier alone tells whose an answer is.
            Protocol::Echo(_) => Some(Key::open(kind, port, Ipv4Addr::UNSPECIFIED)),
            Protocol::Udp(_) | Protocol::Tcp(_) => {
                Some(Key { kind, port, remote: self.remote.unwrap_or(ANYBODY), local })
            }
        }
    }

    fn due(&self) -> Option<Tick> {
        match &self.protocol {
            Protocol::Tcp(Tcp::Connection(connection)) => connection.due(),
            _ => None,
        }
    }
}

/// The sockets of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::net) struct Sockets {
    /// How many ids were given out.
    given: u32,
    sockets: BTreeMap<SocketId, Socket>,
    index: BTreeMap<Key, SocketId>,
    timers: BTreeSet<(Tick, SocketId)>,
}

impl Sockets {
    /// Adds a socket. At the limit the oldest connection in TIME-WAIT has to go.
    pub(super) fn add(&mut self, socket: Socket) -> Result<SocketId, Errno> {
        if self.sockets.len() >= SOCKETS_MAX {
            let waits = |socket: &Socket| !socket.owned && socket.state() == Some(State::TimeWait);
            let oldest = self.sockets.iter().find(|(_, socket)| waits(socket));
            let oldest = oldest.map(|(id, _)| *id).ok_or(Errno::ENFILE)?;
            self.remove(oldest);
        }
        self.given = self.given.checked_add(1).ok_or(Errno::ENFILE)?;
        let id = SocketId(self.given);
        self.sockets.insert(id, socket);
        self.file(id);
        Ok(id)
    }

    pub(super) fn remove(&mut self, id: SocketId) -> Option<Socket> {
        let socket = self.sockets.remove(&id)?;
        if let Some(key) = socket.filed.key
            && self.index.get(&key) == Some(&id)
        {
            self.index.remove(&key);
        }
        if let Some(due) = socket.filed.due {
            self.timers.remove(&(due, id));
        }
        Some(socket)
    }

    /// A socket that a program holds.
    pub(in crate::net) fn get(&self, id: SocketId) -> Result<&Socket, Errno> {
        self.sockets.get(&id).filter(|socket| socket.owned).ok_or(Errno::EBADF)
    }

    /// A socket, held or not.
    pub(super) fn any(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(&id)
    }

    /// Changes a socket that a program holds.
    pub(in crate::net) fn change<T>(
        &mut self,
        id: SocketId,
        change: impl FnOnce(&mut Socket) -> T,
    ) -> Result<T, Errno> {
        self.get(id)?;
        self.change_any(id, change).ok_or(Errno::EBADF)
    }

    /// Changes a socket, held or not, and keeps the indexes in step.
    pub(super) fn change_any<T>(
        &mut self,
        id: SocketId,
        change: impl FnOnce(&mut Socket) -> T,
    ) -> Option<T> {
        let result = change(self.sockets.get_mut(&id)?);
        self.file(id);
        Some(result)
    }

    /// Changes a socket, and tells `ready` when it became ready for something and a program may
    /// care.
    pub(in crate::net) fn observe<T>(
        &mut self,
        id: SocketId,
        ready: &mut Vec<SocketId>,
        change: impl FnOnce(&mut Socket) -> T,
    ) -> Option<T> {
        let (before, result, after, owned) = self.change_any(id, |socket| {
            let before = socket.readiness();
            let result = change(socket);
            (before, result, socket.readiness(), socket.owned)
        })?;
        if owned && after.adds_to(before) {
            ready.push(id);
        }
        Some(result)
    }

    /// Brings the indexes up to date about one socket.
    fn file(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let filed = Filed { key: socket.key(), due: socket.due() };
        let old = core::mem::replace(&mut socket.filed, filed);
        if old.key != filed.key {
            if let Some(key) = old.key.filter(|key| self.index.get(key) == Some(&id)) {
                self.index.remove(&key);
            }
            if let Some(key) = filed.key {
                self.index.entry(key).or_insert(id);
            }
        }
        if old.due != filed.due {
            if let Some(due) = old.due {
                self.timers.remove(&(due, id));
            }
            self.timers.extend(filed.due.map(|due| (due, id)));
        }
    }

    /// The socket with exactly this key.
    pub(in crate::net) fn at(&self, key: &Key) -> Option<SocketId> {
        self.index.get(key).copied()
    }

    /// The socket a packet to this machine alone belongs to: the one that is most particular.
    pub(in crate::net) fn find(
        &self,
        kind: SocketKind,
        port: u16,
        local: Ipv4Addr,
        remote: SocketAddrV4,
    ) -> Option<SocketId> {
        let connected = Key { kind, port, remote, local };
        let listening = || {
            let bound = self.at(&Key::open(kind, port, local));
            bound.or_else(|| self.at(&Key::open(kind, port, Ipv4Addr::UNSPECIFIED)))
        };
        self.at(&connected).or_else(listening)
    }

    /// The sockets a packet to everybody belongs to.
    pub(in crate::net) fn group(
        &self,
        kind: SocketKind,
        port: u16,
        local: Ipv4Addr,
        remote: SocketAddrV4,
    ) -> Vec<SocketId> {
        let hears = |(key, _): &(&Key, &SocketId)| {
            (key.is_open() || key.remote == remote)
                && (key.local.is_unspecified() || key.local == local)
        };
        self.on_port(kind, port).filter(hears).map(|(_, id)| *id).collect()
    }

    /// The sockets that have a local port.
    pub(super) fn on_port(
        &self,
        kind: SocketKind,
        port: u16,
    ) -> impl Iterator<Item = (&Key, &SocketId)> {
        let first = Key::open(kind, port, Ipv4Addr::UNSPECIFIED);
        self.index.range(first..).take_while(move |(key, _)| (key.kind, key.port) == (kind, port))
    }

    /// When the first timer is due.
    pub(in crate::net) fn due(&self) -> Option<Tick> {
        self.timers.first().map(|(tick, _)| *tick)
    }

    /// The socket whose timer is due.
    pub(super) fn next_due(&self, now: Tick) -> Option<SocketId> {
        self.timers.first().filter(|(tick, _)| *tick <= now).map(|(_, id)| *id)
    }

    /// All sockets, those in the background too.
    pub(in crate::net) fn iter(&self) -> impl Iterator<Item = (SocketId, &Socket)> {
        self.sockets.iter().map(|(id, socket)| (*id, socket))
    }

    pub(in crate::net) fn check(&self) -> Result<(), String> {
        if self.sockets.len() > SOCKETS_MAX {
            return Err(format!(
                "{} sockets, at most {SOCKETS_MAX} are allowed",
                self.sockets.len()
            ));
        }
        let mut keys = BTreeSet::new();
        let mut half_open: BTreeMap<SocketId, u32> = BTreeMap::new();
        for (id, socket) in &self.sockets {
            if *id == SocketId(0) || id.0 > self.given {
                return Err(format!("socket {} was never given out", id.0));
            }
            if socket.key().is_some_and(|key| !keys.insert(key)) {
                return Err(format!("socket {} has the addresses of another", id.0));
            }
            socket.check().map_err(|error| format!("socket {}: {error}", id.0))?;
            if let Protocol::Tcp(Tcp::Connection(connection)) = &socket.protocol
                && let Some(parent) = connection.parent
            {
                *half_open.entry(parent).or_default() += 1;
            }
        }
        for (id, socket) in &self.sockets {
            let Protocol::Tcp(Tcp::Listening(listener)) = &socket.protocol else { continue };
            let children = half_open.remove(id).unwrap_or(0);
            let held = listener.queue.len() as u64 + u64::from(children);
            let known = |child: &SocketId| {
                self.sockets.get(child).is_some_and(|child| child.state().is_some())
            };
            if children != listener.half_open
                || held > u64::from(BACKLOG_MAX)
                || !listener.queue.iter().all(known)
            {
                return Err(format!("listening socket {} holds what is not there", id.0));
            }
        }
        match half_open.first_key_value() {
            Some((parent, _)) => Err(format!("socket {} is no listener", parent.0)),
            None => Ok(()),
        }
    }
}

impl Readiness {
    /// Whether something is ready here that was not before.
    pub(super) const fn adds_to(self, before: Self) -> bool {
        self.readable && !before.readable
            || self.writable && !before.writable
            || self.hangup && !before.hangup
            || self.error && !before.error
    }
}

impl Serialize for Sockets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.given, &self.sockets).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sockets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (given, sockets) = <(u32, BTreeMap<SocketId, Socket>)>::deserialize(deserializer)?;
        let mut table = Self { given, sockets, index: BTreeMap::new(), timers: BTreeSet::new() };
        let ids: Vec<SocketId> = table.sockets.keys().copied().collect();
        ids.into_iter().for_each(|id| table.file(id));
        Ok(table)
    }
}
