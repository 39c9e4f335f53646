//! Links: what joins interfaces of machines, and what befalls frames on the way.
//!
//! A link with two ports is a cable; one with more is a segment on which every port hears what
//! any other says. A link only tells when a frame comes out: keeping it until then, and handing
//! copies to every other port, is the world's part.
//!
//! Invariant: every frame offered is counted once, as carried or under the reason it was dropped.

use serde::{Deserialize, Serialize};

use super::Frame;
use super::proto::ethernet;
use crate::base::limits::{LINK_PORTS_MAX, LINK_QUEUE_MAX};
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
    /// Bits per second in each direction, or `None` for as fast as you like.
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

/// What was offered to one port of a link, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCounters {
    /// Frames carried to the other ports.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames dropped because the link was down.
    pub down: u64,
    /// Frames lost by chance.
    pub lost: u64,
    /// Frames for which the queue had no room.
    pub queue_full: u64,
    /// Frames over the MTU.
    pub oversize: u64,
}

impl LinkCounters {
    /// Frames offered, carried or not.
    pub const fn offered(&self) -> u64 {
        self.frames + self.down + self.lost + self.queue_full + self.oversize
    }

    fn note(&mut self, fate: Result<Tick, LinkDrop>, bytes: usize) {
        let counter = match fate {
            Ok(_) => {
                self.bytes = self.bytes.wrapping_add(bytes as u64);
                &mut self.frames
            }
            Err(LinkDrop::Down) => &mut self.down,
            Err(LinkDrop::Loss) => &mut self.lost,
            Err(LinkDrop::Queue) => &mut self.queue_full,
            Err(LinkDrop::Oversize) => &mut self.oversize,
            // A port that does not exist has no counters; the caller made a mistake.
            Err(LinkDrop::Port) => return,
        };
        *counter = counter.wrapping_add(1);
    }
}

/// One end of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Port {
    /// When the last bit offered so far will have left, in nanoseconds since the beginning: a
    /// tick is too coarse, since a fast link sends dozens of frames in one.
    free_at: u64,
    counters: LinkCounters,
}

/// A link's state: its luck, its queues, its counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which link of the world it is.
    pub id: LinkId,
    /// How it behaves; may be changed at any time.
    pub spec: LinkSpec,
    prng: Prng,
    ports: Vec<Port>,
}

const NANOS_PER_TICK: u64 = 1_000_000;

impl Link {
    /// A link with `ports` ends (two for a cable), at most 4096.
    pub fn new(id: LinkId, spec: LinkSpec, ports: u32, world_seed: u64) -> Self {
        let ports = vec![Port::default(); ports.min(LINK_PORTS_MAX) as usize];
        Self { id, spec, prng: Prng::new(world_seed, Owner::Link(id.0)), ports }
    }

    /// How many ends it has.
    pub fn ports(&self) -> u32 {
        u32::try_from(self.ports.len()).unwrap_or(u32::MAX)
    }

    /// Gives it this many ends; those that stay keep their queues and counters.
    pub fn set_ports(&mut self, ports: u32) {
        self.ports.resize(ports.min(LINK_PORTS_MAX) as usize, Port::default());
    }

    /// Takes one end away; those behind it move up.
    pub fn remove_port(&mut self, port: u32) {
        if (port as usize) < self.ports.len() {
            self.ports.remove(port as usize);
        }
    }

    /// Counts a frame for which there was no room on the medium.
    pub fn refuse(&mut self, port: u32, frame: &Frame) {
        if let Some(port) = self.ports.get_mut(port as usize) {
            port.counters.note(Err(LinkDrop::Queue), frame.len());
        }
    }

    /// What was offered at one end.
    pub fn counters(&self, port: u32) -> Option<LinkCounters> {
        self.ports.get(port as usize).map(|port| port.counters)
    }

    /// Sends `frame` in at `port`; says when it comes out at the other ports. On a link with more
    /// than two ports every other port gets a copy at that tick; luck is drawn once for all.
    ///
    /// # Errors
    ///
    /// The reason the frame was dropped; it is counted.
    pub fn transmit(&mut self, now: Tick, port: u32, frame: &Frame) -> Result<Tick, LinkDrop> {
        let port = self.ports.get_mut(port as usize).ok_or(LinkDrop::Port)?;
        let fate = carry(&self.spec, &mut self.prng, port, now, frame.len());
        port.counters.note(fate, frame.len());
        fate
    }

    /// Checks what a savegame claims.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.spec.delay < Ticks(1) {
            return Err(format!("link {} has no delay, at least one tick is needed", self.id));
        }
        if self.ports.len() > LINK_PORTS_MAX as usize {
            return Err(format!("link {} has more than {LINK_PORTS_MAX} ports", self.id));
        }
        Ok(())
    }
}

fn carry(
    spec: &LinkSpec,
    prng: &mut Prng,
    port: &mut Port,
    now: Tick,
    length: usize,
) -> Result<Tick, LinkDrop> {
    if !spec.up {
        return Err(LinkDrop::Down);
    }
    if length > (spec.mtu as usize).saturating_add(ethernet::HEADER_LENGTH) {
        return Err(LinkDrop::Oversize);
    }
    let sent = match spec.bandwidth {
        None => now,
        Some(bandwidth) => send_bits(bandwidth, port, now, length)?,
    };
    // Lost frames take their time on the medium like any other.
    if prng.chance(spec.loss) {
        return Err(LinkDrop::Loss);
    }
    let jitter = match spec.jitter {
        Ticks::ZERO => Ticks::ZERO,
        Ticks(jitter) => Ticks(prng.below(jitter.saturating_add(1))),
    };
    Ok(sent + spec.delay.max(Ticks(1)) + jitter)
}

/// Queues a frame behind those before it; the tick in which its last bit has left.
fn send_bits(bandwidth: u64, port: &mut Port, now: Tick, length: usize) -> Result<Tick, LinkDrop> {
    let bandwidth = u128::from(bandwidth.max(1));
    let now_nanos = now.0.saturating_mul(NANOS_PER_TICK);
    let start = port.free_at.max(now_nanos);
    let waiting = u128::from(start - now_nanos) * bandwidth / 8_000_000_000;
    if waiting + length as u128 > u128::from(LINK_QUEUE_MAX) {
        return Err(LinkDrop::Queue);
    }
    let nanos = (length as u128 * 8_000_000_000).div_ceil(bandwidth);
    port.free_at = start.saturating_add(u64::try_from(nanos).unwrap_or(u64::MAX));
    // Nanoseconds run out long before ticks do; then frames no longer wait for one another.
    Ok(Tick(port.free_at / NANOS_PER_TICK).max(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn link(spec: LinkSpec) -> Link {
        Link::new(LinkId(1), spec, 2, 7)
    }

    fn frame(length: usize) -> Frame {
        Frame(vec![0; length])
    }

    #[test]
    fn delay_is_added_and_drops_are_counted() {
        let mut link = link(LinkSpec { delay: Ticks(5), ..LinkSpec::default() });
        assert_eq!(link.transmit(Tick(10), 0, &frame(100)), Ok(Tick(15)));
        assert_eq!(link.transmit(Tick(10), 0, &frame(1515)), Err(LinkDrop::Oversize));
        assert_eq!(link.transmit(Tick(10), 2, &frame(100)), Err(LinkDrop::Port));
        link.spec.up = false;
        assert_eq!(link.transmit(Tick(10), 0, &frame(100)), Err(LinkDrop::Down));
        let counters = link.counters(0).unwrap();
        assert_eq!((counters.frames, counters.bytes, counters.offered()), (1, 100, 3));
        assert_eq!(link.counters(1).unwrap(), LinkCounters::default());
    }

    #[test]
    fn a_slow_link_spreads_frames_out_and_fills_up() {
        // 1000 bytes at 1 Mbit/s take 8 ms.
        let spec = LinkSpec { bandwidth: Some(1_000_000), ..LinkSpec::default() };
        let mut link = link(spec);
        let arrivals: Vec<u64> =
            (0..3).map(|_| link.transmit(Tick(0), 0, &frame(1000)).unwrap().0).collect();
        assert_eq!(arrivals, [9, 17, 25]);
        assert_eq!(link.transmit(Tick(0), 1, &frame(1000)), Ok(Tick(9)), "other direction");
        let carried = (0..1000).take_while(|_| link.transmit(Tick(0), 0, &frame(1000)).is_ok());
        assert_eq!(carried.count(), 259, "256 KiB of queue");
        assert_eq!(link.transmit(Tick(0), 0, &frame(1000)), Err(LinkDrop::Queue));
        assert!(link.transmit(Tick(5000), 0, &frame(1000)).is_ok(), "it drains");
    }

    #[test]
    fn a_fast_link_sends_many_frames_in_a_tick() {
        let spec = LinkSpec { bandwidth: Some(1_000_000_000), ..LinkSpec::default() };
        let mut link = link(spec);
        let arrivals: Vec<u64> =
            (0..100).map(|_| link.transmit(Tick(0), 0, &frame(1250)).unwrap().0).collect();
        // 10 microseconds each: the hundredth ends exactly at the tick.
        assert_eq!(arrivals.iter().filter(|tick| **tick == 1).count(), 99);
        assert_eq!(arrivals.last(), Some(&2));
    }

    #[test]
    fn luck_is_the_links_own_and_continues_after_a_load() {
        let spec = LinkSpec { loss: Ratio::percent(30), jitter: Ticks(9), ..LinkSpec::default() };
        let mut first = link(spec);
        for tick in 0..100 {
            let _ = first.transmit(Tick(tick), 0, &frame(60));
        }
        let bytes = postcard::to_allocvec(&first).unwrap();
        let mut second: Link = postcard::from_bytes(&bytes).unwrap();
        let run = |link: &mut Link| -> Vec<_> {
            (100..200).map(|tick| link.transmit(Tick(tick), 0, &frame(60))).collect()
        };
        let fates = run(&mut first);
        assert_eq!(fates, run(&mut second));
        assert!(fates.contains(&Err(LinkDrop::Loss)));
        let text = ron::to_string(&first).unwrap();
        assert_eq!(ron::from_str::<Link>(&text).unwrap(), first);
    }

    proptest! {
        #[test]
        fn nothing_arrives_in_the_same_tick_or_uncounted(
            delay: u64, jitter: u64, bandwidth: Option<u64>, loss in 0u32..1_100_000,
            mtu: u32, now: u64, lengths in proptest::collection::vec(0usize..3000, 1..40),
        ) {
            let spec = LinkSpec {
                delay: Ticks(delay), jitter: Ticks(jitter), bandwidth,
                loss: Ratio { parts_per_million: loss }, mtu, up: true,
            };
            let mut link = link(spec);
            for length in &lengths {
                if let Ok(arrival) = link.transmit(Tick(now), 1, &frame(*length)) {
                    prop_assert!(arrival > Tick(now) || arrival == Tick::NEVER);
                }
            }
            prop_assert_eq!(link.counters(1).unwrap().offered(), lengths.len() as u64);
        }
    }
}
