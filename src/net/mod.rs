//! One machine's network, and the links between machines.
//!
//! [`Stack`] takes frames in ([`Stack::receive`]), puts frames out ([`Environment::out`]), tells
//! when time matters to it ([`Stack::due`], [`Stack::poll`]) and serves sockets, which never
//! block: `EAGAIN` says that they would. [`Link`] says when and whether a frame that
//! left one machine reaches the next.

mod arp;
mod buffer;
pub mod checksum;
mod configure;
mod forward;
mod fragment;
pub mod frame;
mod icmp;
pub mod interface;
pub mod link;
pub mod mac;
pub mod prefix;
pub mod proto;
pub mod route;
pub mod socket;
pub mod stack;
#[cfg(test)]
mod tests;

pub use arp::{NeighbourState, NeighbourView};
pub use frame::Frame;
pub use interface::{Interface, InterfaceId, InterfaceKind, InterfaceName, Traffic};
pub use link::{Link, LinkCounters, LinkDrop, LinkSpec};
pub use mac::Mac;
pub use prefix::Prefix;
pub use route::{Route, RouteOrigin, Routes};
pub use socket::{EchoEvent, Readiness, Received, Shutdown, SocketId, SocketKind, SocketView};
pub use stack::{Environment, IpCounters, Stack};
