//! Links: what joins interfaces of machines, and what befalls frames on the way.

use serde::{Deserialize, Serialize};

use super::Frame;
use crate::base::prng::{Owner, Prng, Ratio};
use crate::base::{LinkId, Tick, Ticks};

/// The properties of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSpec {
    /// Time a frame takes from end to end; at least one tick.
    pub delay: Ticks,
    /// Up to this much is added to the delay, evenly distributed, so frames may overtake.
    pub jitter: Ticks,
    /// Chance that a frame is lost.
    pub loss: Ratio,
    /// Bits per second, or `None` for as fast as you like.
    pub bandwidth: Option<u64>,
    /// Largest IP packet that fits.
    pub mtu: u32,
    /// Whether it works at all.
    pub up: bool,
}

impl Default for LinkSpec {
    fn default() -> Self {
        Self {
            delay: Ticks(1),
            jitter: Ticks::ZERO,
            loss: Ratio::ZERO,
            bandwidth: None,
            mtu: 1500,
            up: true,
        }
    }
}

/// Why a link did not carry a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LinkDrop {
    /// The link is down.
    Down,
    /// Bad luck.
    Loss,
    /// The sender's queue is full.
    Queue,
    /// The frame is larger than the link's MTU.
    Oversize,
    /// The link has no such port.
    Port,
}

/// A link's state: its luck, its queues, its counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which link of the world it is.
    pub id: LinkId,
    /// How it behaves; may be changed at any time.
    pub spec: LinkSpec,
    prng: Prng,
}

impl Link {
    /// A link with `ports` ends.
    pub fn new(id: LinkId, spec: LinkSpec, ports: u32, world_seed: u64) -> Self {
        let _ = ports;
        Self { id, spec, prng: Prng::new(world_seed, Owner::Link(id.0)) }
    }

    /// Sends `frame` in at `port`; says when it comes out at the other ports. On a link with more
    /// than two ports every other port gets a copy at that tick.
    ///
    /// # Errors
    ///
    /// The reason the frame was dropped; it is counted.
    pub fn transmit(&mut self, now: Tick, port: u32, frame: &Frame) -> Result<Tick, LinkDrop> {
        let _ = (port, frame);
        Ok(now + self.spec.delay)
    }
}
