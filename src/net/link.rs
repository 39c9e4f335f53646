//! Links: what joins interfaces of machines.

use serde::{Deserialize, Serialize};

use crate::base::Ticks;
use crate::base::prng::Ratio;

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
