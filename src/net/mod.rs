//! One machine's network, and the links between machines.
//!
//! [`Stack`] takes frames in ([`Stack::receive`]), puts frames out ([`Environment::out`]), tells
//! when time matters to it ([`Stack::due`], [`Stack::poll`]) and serves sockets, which never
//! block: `EAGAIN` says that they would. [`Link`](link::Link) says when and whether a frame that
//! left one machine reaches the next.

pub mod checksum;
pub mod frame;
pub mod interface;
pub mod link;
pub mod mac;
pub mod prefix;
pub mod proto;
pub mod route;
pub mod socket;
pub mod stack;

pub use frame::Frame;
pub use interface::{Interface, InterfaceId, InterfaceKind, InterfaceName};
pub use link::{Link, LinkDrop, LinkSpec};
pub use mac::Mac;
pub use prefix::Prefix;
pub use route::{Route, RouteOrigin, Routes};
pub use socket::{EchoEvent, Readiness, Received, Shutdown, SocketId, SocketKind};
pub use stack::{Environment, NeighbourState, NeighbourView, Stack};
