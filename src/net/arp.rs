//! Neighbours: which Ethernet address an IP address has, as ARP finds out.
//!
//! An entry lives as in Linux. A packet for an unknown neighbour makes it *incomplete*: the packet
//! waits, a request goes out, and twice more each second. An answer makes it *reachable* and lets
//! the packets go; no answer makes it *failed*, and the packets come back as "host unreachable".
//! Thirty seconds after the last confirmation an entry is *stale*; it costs nothing until a packet
//! uses it, which starts a *delay* of five seconds and then up to three *probes*.
//!
//! Invariant: entries are ordered by (interface, address); `timers` holds exactly the timers that
//! entries carry; `waiting` is how many packets wait in all.
//! Follows: RFC 826, the states of RFC 4861 §7.3.2. Left out: proxy ARP, conflict detection.

use core::fmt;
use core::net::Ipv4Addr;
use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::proto::{ethernet, ipv4};
use super::{Frame, InterfaceId, InterfaceName, Mac};
use crate::base::limits::{NEIGHBOUR_QUEUE_MAX, NEIGHBOURS_MAX, NEIGHBOURS_QUEUE_MAX};
use crate::base::{Tick, Ticks};

/// How long a confirmation counts (Linux `base_reachable_time`).
const REACHABLE_TIME: Ticks = Ticks::from_secs(30);
/// How long a stale entry is used before it is asked (Linux `delay_first_probe_time`).
const DELAY_TIME: Ticks = Ticks::from_secs(5);
/// Between two requests (Linux `retrans_time`).
const RETRY_TIME: Ticks = Ticks::from_secs(1);
/// Requests before giving up (Linux `mcast_solicit` and `ucast_solicit`).
const REQUESTS_MAX: u8 = 3;

/// What is known of a neighbour (`ip neigh`'s states).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NeighbourState {
    /// Asked, no answer yet.
    Incomplete,
    /// Confirmed recently.
    Reachable,
    /// Known, but not confirmed recently.
    Stale,
    /// Stale and in use: about to be asked.
    Delay,
    /// Stale, in use, and asked.
    Probe,
    /// Did not answer.
    Failed,
    /// Set by the administrator.
    Permanent,
}

impl NeighbourState {
    /// The name that `ip neigh` prints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "INCOMPLETE",
            Self::Reachable => "REACHABLE",
            Self::Stale => "STALE",
            Self::Delay => "DELAY",
            Self::Probe => "PROBE",
            Self::Failed => "FAILED",
            Self::Permanent => "PERMANENT",
        }
    }
}

/// One line of the neighbour table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighbourView {
    /// Where it is.
    pub interface: InterfaceId,
    /// Its IP address.
    pub address: Ipv4Addr,
    /// Its Ethernet address, if known.
    pub mac: Option<Mac>,
    /// What is known of it.
    pub state: NeighbourState,
}

/// As `ip neigh` prints it.
impl fmt::Display for NeighbourView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dev {}", self.address, InterfaceName(self.interface))?;
        if let Some(mac) = self.mac {
            write!(f, " lladdr {mac}")?;
        }
        write!(f, " {}", self.state.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Knowledge {
    Incomplete { requests: u8, timer: Tick, waiting: VecDeque<Frame> },
    Known { mac: Mac, confirmed: Option<Tick>, verification: Option<Verification> },
    Failed,
    Permanent { mac: Mac },
}

/// A stale entry in use: no request yet means that the delay is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Verification {
    requests: u8,
    timer: Tick,
}

type Key = (InterfaceId, Ipv4Addr);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Neighbour {
    key: Key,
    knowledge: Knowledge,
}

impl Neighbour {
    const fn timer(&self) -> Option<Tick> {
        match &self.knowledge {
            Knowledge::Incomplete { timer, .. }
            | Knowledge::Known { verification: Some(Verification { timer, .. }), .. } => {
                Some(*timer)
            }
            _ => None,
        }
    }

    fn waiting(&self) -> u32 {
        match &self.knowledge {
            Knowledge::Incomplete { waiting, .. } => {
                u32::try_from(waiting.len()).unwrap_or(u32::MAX)
            }
            _ => 0,
        }
    }

    const fn view(&self, now: Tick) -> NeighbourView {
        let (mac, state) = match &self.knowledge {
            Knowledge::Incomplete { .. } => (None, NeighbourState::Incomplete),
            Knowledge::Failed => (None, NeighbourState::Failed),
            Knowledge::Permanent { mac } => (Some(*mac), NeighbourState::Permanent),
            Knowledge::Known {
                mac, verification: Some(Verification { requests: 0, .. }), ..
            } => (Some(*mac), NeighbourState::Delay),
            Knowledge::Known { mac, verification: Some(_), .. } => {
                (Some(*mac), NeighbourState::Probe)
            }
            Knowledge::Known { mac, confirmed, .. } if is_fresh(*confirmed, now) => {
                (Some(*mac), NeighbourState::Reachable)
            }
            Knowledge::Known { mac, .. } => (Some(*mac), NeighbourState::Stale),
        };
        NeighbourView { interface: self.key.0, address: self.key.1, mac, state }
    }
}

const fn is_fresh(confirmed: Option<Tick>, now: Tick) -> bool {
    match confirmed {
        Some(Tick(confirmed)) => now.0.saturating_sub(confirmed) < REACHABLE_TIME.0,
        None => false,
    }
}

/// What to do with a packet for a neighbour.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// Send it to this address.
    Send(Mac, Frame),
    /// It waits; a request has to go out.
    Ask,
    /// It waits for the answer to an earlier request.
    Wait,
    /// It, or one that waited before it, was dropped: no room.
    Dropped,
}

/// What a timer asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Ask everybody, or the neighbour itself where it was known.
    Ask { interface: InterfaceId, address: Ipv4Addr, to: Option<Mac> },
    /// The neighbour does not answer: these packets can't be delivered.
    Unreachable { waiting: VecDeque<Frame> },
}

/// The neighbour table of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Neighbours {
    entries: Vec<Neighbour>,
    timers: BTreeSet<(Tick, Key)>,
    waiting: u32,
}

impl Neighbours {
    fn find(&self, key: Key) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |entry| entry.key)
    }

    /// The address of a neighbour that was confirmed recently: the case that has to be fast.
    pub(super) fn fresh(
        &self,
        interface: InterfaceId,
        address: Ipv4Addr,
        now: Tick,
    ) -> Option<Mac> {
        let entry = &self.entries[self.find((interface, address)).ok()?];
        match entry.knowledge {
            Knowledge::Known { mac, confirmed, .. } if is_fresh(confirmed, now) => Some(mac),
            Knowledge::Permanent { mac } => Some(mac),
            _ => None,
        }
    }

    /// Sets an entry's knowledge and keeps timers and counts in step.
    fn set(&mut self, at: usize, knowledge: Knowledge) -> Knowledge {
        let entry = &mut self.entries[at];
        let (old_timer, old_waiting) = (entry.timer(), entry.waiting());
        let old = core::mem::replace(&mut entry.knowledge, knowledge);
        let (timer, waiting, key) = (entry.timer(), entry.waiting(), entry.key);
        self.waiting = self.waiting - old_waiting + waiting;
        if timer != old_timer {
            if let Some(timer) = old_timer {
                self.timers.remove(&(timer, key));
            }
            self.timers.extend(timer.map(|timer| (timer, key)));
        }
        old
    }

    /// Decides what happens to a packet for a neighbour that [`Self::fresh`] does not know.
    pub(super) fn resolve(
        &mut self,
        interface: InterfaceId,
        address: Ipv4Addr,
        frame: Frame,
        now: Tick,
    ) -> Resolution {
        let key = (interface, address);
        let at = match self.find(key) {
            Ok(at) => at,
            Err(_) => match self.insert(key) {
                Some(at) => at,
                None => return Resolution::Dropped,
            },
        };
        match &mut self.entries[at].knowledge {
            Knowledge::Permanent { mac } => Resolution::Send(*mac, frame),
            Knowledge::Known { mac, confirmed, verification } => {
                let (mac, confirmed) = (*mac, *confirmed);
                if verification.is_none() && !is_fresh(confirmed, now) {
                    let verification = Verification { requests: 0, timer: now + DELAY_TIME };
                    let verification = Some(verification);
                    self.set(at, Knowledge::Known { mac, confirmed, verification });
                }
                Resolution::Send(mac, frame)
            }
            Knowledge::Incomplete { waiting, .. } => {
                if waiting.len() >= NEIGHBOUR_QUEUE_MAX {
                    waiting.pop_front();
                    waiting.push_back(frame);
                    return Resolution::Dropped;
                }
                if self.waiting >= NEIGHBOURS_QUEUE_MAX {
                    return Resolution::Dropped;
                }
                waiting.push_back(frame);
                self.waiting += 1;
                Resolution::Wait
            }
            Knowledge::Failed => {
                if self.waiting >= NEIGHBOURS_QUEUE_MAX {
                    return Resolution::Dropped;
                }
                let waiting = VecDeque::from([frame]);
                let timer = now + RETRY_TIME;
                self.set(at, Knowledge::Incomplete { requests: 1, timer, waiting });
                Resolution::Ask
            }
        }
    }

    /// Makes room for a new entry, as failed; `None` when every entry is in use.
    fn insert(&mut self, key: Key) -> Option<usize> {
        if self.entries.len() >= NEIGHBOURS_MAX {
            let rank = |entry: &Neighbour| match entry.knowledge {
                Knowledge::Failed => Some(Tick::ZERO),
                Knowledge::Known { confirmed, verification: None, .. } => {
                    Some(confirmed.unwrap_or(Tick::ZERO))
                }
                _ => None,
            };
            let oldest = self.entries.iter().enumerate();
            let oldest = oldest.filter_map(|(at, entry)| Some((rank(entry)?, at))).min()?;
            self.entries.remove(oldest.1);
        }
        let at = self.find(key).err()?;
        if self.entries.len() < 4 {
            self.entries.reserve_exact(1);
        }
        self.entries.insert(at, Neighbour { key, knowledge: Knowledge::Failed });
        Some(at)
    }

    /// Learns an address from an ARP packet; gives back the packets that waited for it.
    ///
    /// `confirms` is true of an answer to our request; `create` of a packet whose sender we shall
    /// answer, so that he is worth remembering.
    pub(super) fn learn(
        &mut self,
        (interface, address): (InterfaceId, Ipv4Addr),
        mac: Mac,
        (confirms, create): (bool, bool),
        now: Tick,
    ) -> VecDeque<Frame> {
        let key = (interface, address);
        let at = match self.find(key) {
            Ok(at) => at,
            Err(_) if !create => return VecDeque::new(),
            Err(_) => match self.insert(key) {
                Some(at) => at,
                None => return VecDeque::new(),
            },
        };
        let confirmed = match &self.entries[at].knowledge {
            Knowledge::Permanent { .. } => return VecDeque::new(),
            _ if confirms => Some(now),
            Knowledge::Known { mac: old, confirmed, verification: None } if *old == mac => {
                *confirmed
            }
            // He asks us just while we wonder about him: go on wondering.
            Knowledge::Known { mac: old, verification: Some(_), .. } if *old == mac => {
                return VecDeque::new();
            }
            Knowledge::Failed if !create => return VecDeque::new(),
            _ => None,
        };
        match self.set(at, Knowledge::Known { mac, confirmed, verification: None }) {
            Knowledge::Incomplete { waiting, .. } => waiting,
            _ => VecDeque::new(),
        }
    }

    /// Sets an entry for ever (`ip neigh add … nud permanent`); false when the table is full.
    /// Packets that waited come back.
    pub(super) fn set_permanent(&mut self, key: Key, mac: Mac) -> Option<VecDeque<Frame>> {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(_) => self.insert(key)?,
        };
        Some(match self.set(at, Knowledge::Permanent { mac }) {
            Knowledge::Incomplete { waiting, .. } => waiting,
            _ => VecDeque::new(),
        })
    }

    /// Forgets one entry; gives back how many packets waited for it, or `None` if there is none.
    pub(super) fn forget(&mut self, key: Key) -> Option<u32> {
        let at = self.find(key).ok()?;
        let waiting = self.entries[at].waiting();
        self.set(at, Knowledge::Failed);
        self.entries.remove(at);
        Some(waiting)
    }

    /// Forgets an interface's neighbours; gives back how many packets waited for them.
    pub(super) fn forget_interface(&mut self, interface: InterfaceId) -> u32 {
        let keys: Vec<Key> = self.entries.iter().map(|entry| entry.key).collect();
        let of_it = keys.into_iter().filter(|key| key.0 == interface);
        of_it.filter_map(|key| self.forget(key)).sum()
    }

    /// When [`Self::next_due`] has something.
    pub(super) fn due(&self) -> Option<Tick> {
        self.timers.first().map(|(tick, _)| *tick)
    }

    /// Handles one timer that is due.
    pub(super) fn next_due(&mut self, now: Tick) -> Option<Due> {
        let (tick, key) = *self.timers.first()?;
        if tick > now {
            return None;
        }
        // `timers` names entries with timers only; without one there is nothing to do.
        let Ok(at) = self.find(key) else {
            self.timers.remove(&(tick, key));
            return None;
        };
        let (interface, address) = key;
        let timer = now + RETRY_TIME;
        match &mut self.entries[at].knowledge {
            Knowledge::Incomplete { requests, waiting, .. } if *requests < REQUESTS_MAX => {
                let requests = *requests + 1;
                let waiting = core::mem::take(waiting);
                // `set` counts what the old entry holds, which was just moved out.
                self.waiting -= u32::try_from(waiting.len()).unwrap_or(0);
                self.set(at, Knowledge::Incomplete { requests, timer, waiting });
                Some(Due::Ask { interface, address, to: None })
            }
            Knowledge::Known { mac, confirmed, verification: Some(verification) }
                if verification.requests < REQUESTS_MAX =>
            {
                let (mac, confirmed) = (*mac, *confirmed);
                let verification =
                    Some(Verification { requests: verification.requests + 1, timer });
                self.set(at, Knowledge::Known { mac, confirmed, verification });
                Some(Due::Ask { interface, address, to: Some(mac) })
            }
            _ => {
                let waiting = match self.set(at, Knowledge::Failed) {
                    Knowledge::Incomplete { waiting, .. } => waiting,
                    _ => VecDeque::new(),
                };
                Some(Due::Unreachable { waiting })
            }
        }
    }

    pub(super) fn views(&self, now: Tick) -> Vec<NeighbourView> {
        self.entries.iter().map(|entry| entry.view(now)).collect()
    }

    pub(super) fn check(&self, interfaces: usize) -> Result<(), String> {
        if self.entries.len() > NEIGHBOURS_MAX || self.waiting > NEIGHBOURS_QUEUE_MAX {
            return Err("the neighbour table holds more than it can".to_owned());
        }
        for entry in &self.entries {
            let (interface, address) = entry.key;
            if interface.index() >= interfaces {
                return Err(format!("neighbour {address} is on no interface"));
            }
            if entry.waiting() as usize > NEIGHBOUR_QUEUE_MAX {
                return Err(format!("too many packets wait for neighbour {address}"));
            }
        }
        let headers = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;
        let short = |entry: &Neighbour| match &entry.knowledge {
            Knowledge::Incomplete { waiting, .. } => waiting.iter().any(|it| it.len() < headers),
            _ => false,
        };
        if self.entries.iter().any(short) {
            return Err("a packet that waits for a neighbour is too short".to_owned());
        }
        match self.entries.windows(2).find(|pair| pair[0].key >= pair[1].key) {
            Some(pair) => Err(format!("neighbour {} is out of order", pair[1].key.1)),
            None => Ok(()),
        }
    }
}

impl Serialize for Neighbours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Neighbours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries: Vec<Neighbour> = Vec::deserialize(deserializer)?;
        let timers = entries.iter().filter_map(|entry| Some((entry.timer()?, entry.key)));
        let timers = timers.collect();
        let waiting = entries.iter().fold(0u32, |sum, entry| sum.saturating_add(entry.waiting()));
        Ok(Self { entries, timers, waiting })
    }
}
