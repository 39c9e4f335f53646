//! The network: sockets, interfaces, routes, names.
//!
//! Follows: POSIX.1-2024 `<sys/socket.h>`. Sockets are descriptors: [`Io`](super::Io) reads,
//! writes, polls and closes them.

use core::net::{Ipv4Addr, SocketAddrV4};

use bstr::ByteSlice;

use crate::base::{Errno, Fd, limits};
use crate::fs::OpenFlags;
use crate::kernel::file::Object;
use crate::kernel::program::Stop;
use crate::kernel::wait::{Wait, WaitKey};
use crate::net::{
    EchoEvent, Environment, Interface, InterfaceId, NeighbourView, Prefix, Received, Route,
    Shutdown, SocketId, SocketKind, Stack,
};

use super::Sys;

/// The face for the network; see [`Sys::ip`].
pub struct Ip<'s, 'a>(pub(super) &'s mut Sys<'a>);

/// Why a name has no address (POSIX `getaddrinfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// `EAI_NONAME`.
    #[error("Name or service not known")]
    Unknown,
    /// `EAI_AGAIN`.
    #[error("Temporary failure in name resolution")]
    Again,
}

impl Ip<'_, '_> {
    fn id(&mut self, fd: Fd) -> Result<SocketId, Errno> {
        match self.0.machine.file_of(self.0.pid, fd)?.1.object {
            Object::Socket(socket) => Ok(socket),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    fn net<R>(&mut self, call: impl FnOnce(&mut Stack, &mut Environment<'_>) -> R) -> R {
        self.0.machine.with_net(call)
    }

    /// Turns "would wait" into a wait for the socket, unless it is non-blocking.
    fn blocking<T>(&mut self, fd: Fd, result: Result<T, Errno>) -> Result<T, Stop> {
        match result {
            Err(Errno::EAGAIN | Errno::EINPROGRESS | Errno::EALREADY) => {
                let (_, file) = self.0.machine.file_of(self.0.pid, fd)?;
                if file.flags.contains(OpenFlags::NONBLOCK) {
                    return Err(result.err().unwrap_or(Errno::EAGAIN).into());
                }
                let id = self.id(fd)?;
                Err(Stop::Block(Wait::on(WaitKey::Socket(id))))
            }
            other => Ok(other?),
        }
    }

    fn install(&mut self, socket: SocketId) -> Result<Fd, Errno> {
        let file = self.0.machine.files.insert(Object::Socket(socket), None, OpenFlags::RDWR);
        let file = match file {
            Ok(file) => file,
            Err(errno) => {
                self.net(|stack, environment| stack.close(socket, environment));
                return Err(errno);
            }
        };
        self.0.machine.add_fd(self.0.pid, file, Fd(0), false)
    }

    /// Makes a socket.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`, `ENOBUFS`: too many.
    pub fn socket(&mut self, kind: SocketKind) -> Result<Fd, Errno> {
        self.0.process()?.fds.lowest_free(Fd(0))?;
        let socket = self.net(|stack, _| stack.socket(kind))?;
        self.install(socket)
    }

    /// Gives a socket a local address; port 0 draws one.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` (bound already); `EACCES`: a port below 1024
    /// without being the superuser.
    pub fn bind(&mut self, fd: Fd, address: SocketAddrV4) -> Result<(), Errno> {
        let id = self.id(fd)?;
        if (1..1024).contains(&address.port()) && self.0.require_root().is_err() {
            return Err(Errno::EACCES);
        }
        self.net(|stack, environment| stack.bind(id, address, environment))
    }

    /// Connects: a TCP socket shakes hands, another remembers its peer.
    ///
    /// # Errors
    ///
    /// `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`; `EISCONN`. Blocks until the
    /// handshake is over; `EINPROGRESS` instead when the socket is non-blocking.
    pub fn connect(&mut self, fd: Fd, peer: SocketAddrV4) -> Result<(), Stop> {
        let id = self.id(fd)?;
        if let Some(errno) = self.net(|stack, _| stack.take_error(id)) {
            return Err(errno.into());
        }
        let result = self.net(|stack, environment| stack.connect(id, peer, environment));
        // A blocked step runs again: a handshake that ended meanwhile is this call's success.
        let done = result == Err(Errno::EISCONN)
            && self.net(|stack, _| stack.peer_address(id)) == Ok(peer);
        self.blocking(fd, if done { Ok(()) } else { result })
    }

    /// Lets a TCP socket accept connections.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP`: not TCP. `EINVAL`: connected. `EADDRINUSE`.
    pub fn listen(&mut self, fd: Fd, backlog: u32) -> Result<(), Errno> {
        let id = self.id(fd)?;
        self.net(|stack, environment| stack.listen(id, backlog, environment))
    }

    /// Takes the next connection; returns its descriptor and the peer's address.
    ///
    /// # Errors
    ///
    /// `EINVAL`: not listening. `EMFILE`, `ENFILE`. Blocks while there is none.
    pub fn accept(&mut self, fd: Fd) -> Result<(Fd, SocketAddrV4), Stop> {
        self.0.process()?.fds.lowest_free(Fd(0))?;
        let id = self.id(fd)?;
        let result = self.net(|stack, _| stack.accept(id));
        let (socket, peer) = self.blocking(fd, result)?;
        Ok((self.install(socket)?, peer))
    }

    /// Sends a datagram.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE`, `ENETUNREACH`, `EHOSTUNREACH`, `ECONNREFUSED`. Blocks while there is no room.
    pub fn send_to(&mut self, fd: Fd, bytes: &[u8], to: SocketAddrV4) -> Result<usize, Stop> {
        let id = self.id(fd)?;
        self.0.burn_bytes(bytes.len());
        let result = self.net(|stack, environment| stack.send_to(id, bytes, to, environment));
        self.blocking(fd, result)
    }

    /// Takes the next datagram's first `max` bytes and says where it came from.
    ///
    /// # Errors
    ///
    /// `ECONNREFUSED` and the like, when the network said so. Blocks while there is none.
    pub fn recv_from(&mut self, fd: Fd, into: &mut Vec<u8>, max: usize) -> Result<Received, Stop> {
        let id = self.id(fd)?;
        let result = self.net(|stack, environment| stack.recv_from(id, into, max, environment));
        self.blocking(fd, result)
    }

    /// Sends an ICMP echo request through an [`SocketKind::Echo`] socket.
    ///
    /// # Errors
    ///
    /// `ENETUNREACH`, `EHOSTUNREACH`, `EMSGSIZE`.
    pub fn send_echo(
        &mut self,
        fd: Fd,
        to: Ipv4Addr,
        sequence: u16,
        payload: &[u8],
    ) -> Result<(), Stop> {
        let id = self.id(fd)?;
        let result =
            self.net(|stack, environment| stack.send_echo(id, to, sequence, payload, environment));
        self.blocking(fd, result)
    }

    /// Takes the next answer to this socket's echo requests, or ICMP error about one.
    ///
    /// # Errors
    ///
    /// None of its own. Blocks while there is none.
    pub fn recv_echo(&mut self, fd: Fd) -> Result<EchoEvent, Stop> {
        let id = self.id(fd)?;
        let result = self.net(|stack, _| stack.recv_echo(id));
        self.blocking(fd, result)
    }

    /// Shuts one direction down, or both.
    ///
    /// # Errors
    ///
    /// `ENOTCONN`.
    pub fn shutdown(&mut self, fd: Fd, how: Shutdown) -> Result<(), Errno> {
        let id = self.id(fd)?;
        self.net(|stack, environment| stack.shutdown(id, how, environment))
    }

    /// The socket's own address.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTSOCK`.
    pub fn local_address(&mut self, fd: Fd) -> Result<SocketAddrV4, Errno> {
        let id = self.id(fd)?;
        self.0.machine.net.local_address(id)
    }

    /// The address it is connected to.
    ///
    /// # Errors
    ///
    /// `ENOTCONN`.
    pub fn peer_address(&mut self, fd: Fd) -> Result<SocketAddrV4, Errno> {
        let id = self.id(fd)?;
        self.0.machine.net.peer_address(id)
    }

    /// Sets the TTL of packets that leave through a socket (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// `EINVAL`: 0.
    pub fn set_ttl(&mut self, fd: Fd, ttl: u8) -> Result<(), Errno> {
        let id = self.id(fd)?;
        self.net(|stack, _| stack.set_ttl(id, ttl))
    }

    /// Allows datagrams to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTSOCK`.
    pub fn set_broadcast(&mut self, fd: Fd, on: bool) -> Result<(), Errno> {
        let id = self.id(fd)?;
        self.net(|stack, _| stack.set_broadcast(id, on))
    }

    /// Allows a local address that old connections still use (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTSOCK`.
    pub fn set_reuse_address(&mut self, fd: Fd, on: bool) -> Result<(), Errno> {
        let id = self.id(fd)?;
        self.net(|stack, _| stack.set_reuse_address(id, on))
    }

    /// The error that waits at a socket (`SO_ERROR`), which is forgotten.
    ///
    /// # Errors
    ///
    /// `EBADF`, `ENOTSOCK`.
    pub fn take_error(&mut self, fd: Fd) -> Result<Option<Errno>, Errno> {
        let id = self.id(fd)?;
        Ok(self.net(|stack, _| stack.take_error(id)))
    }

    /// The interfaces; their places are their ids.
    pub fn interfaces(&self) -> &[Interface] {
        self.0.machine.net.interfaces()
    }

    /// The interface of a name, such as `eth0`.
    ///
    /// # Errors
    ///
    /// `ENODEV`: none.
    pub fn interface(&self, name: impl AsRef<[u8]>) -> Result<InterfaceId, Errno> {
        self.0.machine.net.interface_named(name.as_ref()).ok_or(Errno::ENODEV)
    }

    /// Sets an interface up or down.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `ENODEV`.
    pub fn set_up(&mut self, interface: InterfaceId, up: bool) -> Result<(), Errno> {
        self.0.require_root()?;
        self.net(|stack, environment| stack.set_up(interface, up, environment))
    }

    /// Sets the largest packet an interface sends, in bytes.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `ENODEV`, `EINVAL`.
    pub fn set_mtu(&mut self, interface: InterfaceId, mtu: u32) -> Result<(), Errno> {
        self.0.require_root()?;
        self.net(|stack, _| stack.set_mtu(interface, mtu))
    }

    /// Gives an interface an address.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `EEXIST`, `ENODEV`, `EINVAL`.
    pub fn add_address(&mut self, interface: InterfaceId, address: Prefix) -> Result<(), Errno> {
        self.0.require_root()?;
        self.net(|stack, environment| stack.add_address(interface, address, environment))
    }

    /// Takes an address away from an interface.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `EADDRNOTAVAIL`, `ENODEV`.
    pub fn remove_address(&mut self, interface: InterfaceId, address: Prefix) -> Result<(), Errno> {
        self.0.require_root()?;
        self.net(|stack, environment| stack.remove_address(interface, address, environment))
    }

    /// The routes, most specific first.
    pub fn routes(&self) -> Vec<Route> {
        self.0.machine.net.routes().iter().cloned().collect()
    }

    /// Adds a route.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `EEXIST`, `ENETUNREACH` (its gateway), `ENODEV`, `EINVAL`.
    pub fn add_route(&mut self, route: Route) -> Result<(), Errno> {
        self.0.require_root()?;
        self.net(|stack, _| stack.add_route(route))
    }

    /// Removes a route.
    ///
    /// # Errors
    ///
    /// `EPERM`: not the superuser. `ESRCH`: no such route.
    pub fn remove_route(
        &mut self,
        destination: Prefix,
        gateway: Option<Ipv4Addr>,
        interface: Option<InterfaceId>,
    ) -> Result<Route, Errno> {
        self.0.require_root()?;
        self.net(|stack, _| stack.remove_route(destination, gateway, interface))
    }

    /// The route a packet to `destination` would take.
    ///
    /// # Errors
    ///
    /// `ENETUNREACH`: none.
    pub fn route_to(&self, destination: Ipv4Addr) -> Result<Route, Errno> {
        self.0.machine.net.route_to(destination)
    }

    /// The neighbours whose hardware addresses are known or asked for.
    pub fn neighbours(&self) -> Vec<NeighbourView> {
        self.0.machine.net.neighbours(self.0.machine.now)
    }

    /// The address of a host: dotted, or by `/etc/hosts`.
    ///
    /// # Errors
    ///
    /// As [`ResolveError`] says.
    pub fn resolve(&mut self, name: impl AsRef<[u8]>) -> Result<Ipv4Addr, ResolveError> {
        let name = name.as_ref();
        let text = name.to_str().map_err(|_| ResolveError::Unknown)?;
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        let hosts = self.0.fs().read_file("/etc/hosts", limits::HOSTS_MAX).unwrap_or_default();
        hosts
            .lines()
            .filter_map(|line| {
                let line = line.split_str("#").next()?;
                let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                let address = words.next()?.to_str().ok()?.parse::<Ipv4Addr>().ok()?;
                words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
            })
            .next()
            .ok_or(ResolveError::Unknown)
    }
}
