//! What the ring of a system holds.

use bytemuck::{Pod, Zeroable};
use core::time::Duration;
use icc_schema::Describe;

/// Stands for no hop.
pub(crate) const NOBODY: u8 = u8::MAX;

/// How much earlier than its cause a stamp may be, in nanoseconds: other cores' counters agree to less.
const EARLY: u64 = 1_000;
/// The longest that a message may have been under way, in nanoseconds.
const LONGEST: u64 = 24 * 3_600 * 1_000_000_000;

/// One message's way through one hop: 32 bytes in the ring of its system.
///
/// It comes from shared memory. [`Reader::read`](crate::Reader::read) yields only those that can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Timing {
    /// When the cause entered the system.
    #[describe(unit = "ns")]
    pub(crate) origin: u64,
    /// When the hop had the message.
    #[describe(unit = "ns")]
    pub(crate) arrived: u64,
    /// When it published what came of it.
    #[describe(unit = "ns")]
    pub(crate) left: u64,
    /// From publishing to arriving; 4.29 s stand for any time longer.
    #[describe(unit = "ns")]
    pub(crate) waited: u32,
    /// How many messages it stands for.
    pub(crate) every: u16,
    /// Which hop.
    pub(crate) hop: u8,
    /// Which hop it came from; 255 if it entered the system here.
    pub(crate) from: u8,
}

impl Timing {
    /// The hop, an index into [`Reader::names`](crate::Reader::names).
    #[must_use]
    pub fn hop(&self) -> usize {
        self.hop.into()
    }

    /// The hop that published what this one consumed; none if the cause entered the system here.
    #[must_use]
    pub fn from(&self) -> Option<usize> {
        (self.from != NOBODY).then_some(self.from.into())
    }

    /// How many messages it stands for: those of which it is the sample.
    #[must_use]
    pub fn every(&self) -> u64 {
        self.every.into()
    }

    /// When the cause entered the system, in the nanoseconds of the system's [`Clock`](crate::Clock). All
    /// timings of one cause have the same.
    #[must_use]
    pub fn origin(&self) -> u64 {
        self.origin
    }

    /// When the hop had the message.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// When it published what came of it.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// From its being published to its arriving here. 4.29 s stand for any longer time; 0 where the cause
    /// entered the system.
    #[must_use]
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited.into())
    }

    /// From its arriving to the publishing of what came of it.
    #[must_use]
    pub fn worked(&self) -> Duration {
        Duration::from_nanos(self.left.saturating_sub(self.arrived))
    }

    /// From the cause's entering the system to the publishing of what came of it here.
    #[must_use]
    pub fn since_origin(&self) -> Duration {
        Duration::from_nanos(self.left.saturating_sub(self.origin))
    }

    /// Whether it can be: the times are in order, and near each other.
    pub(crate) fn is_plausible(&self) -> bool {
        let Self { origin, arrived, left, .. } = *self;
        origin != 0
            && self.every != 0
            && self.hop != NOBODY
            && origin <= arrived.saturating_add(EARLY)
            && arrived <= left.saturating_add(EARLY)
            && left.saturating_sub(origin) < LONGEST
    }
}
