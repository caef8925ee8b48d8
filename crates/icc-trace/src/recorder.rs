//! What a hop has that records.

use crate::Clock;
use crate::timing::Timing;
use core::fmt;
use icc_queue::{Mpmc, Producer};

/// Records that are dropped without trying after one that could not be written: another hop was stopped
/// or killed while it wrote its own, a whole ring ago. To find out takes a system call.
const REST: u32 = 16;

/// What a hop has that records.
pub struct Recorder {
    pub(crate) clock: Clock,
    pub(crate) id: u8,
    every: u16,
    /// How many causes come before the next that is traced.
    left_out: u16,
    /// How many records are dropped before the next that is tried.
    rest: u32,
    pub(crate) dropped: u64,
    ring: Producer<Timing, Mpmc>,
}

impl Recorder {
    pub(crate) fn new(clock: Clock, id: u8, ring: Producer<Timing, Mpmc>) -> Self {
        Self { clock, id, every: 1, left_out: 0, rest: 0, dropped: 0, ring }
    }

    pub(crate) fn sample(&mut self, every: u16) {
        (self.every, self.left_out) = (every, 0);
    }

    /// For how many the next cause stands, if it is traced.
    #[inline(always)]
    pub(crate) fn next_sample(&mut self) -> Option<u16> {
        if self.left_out > 0 {
            self.left_out -= 1;
            return None;
        }
        self.left_out = self.every - 1;
        Some(self.every)
    }

    /// Puts a timing into the ring, if that can be done at once.
    #[inline(always)]
    pub(crate) fn put(&mut self, timing: &Timing) {
        if self.rest > 0 || self.ring.try_produce(timing).is_err() {
            self.drop_one();
        }
    }

    #[cold]
    fn drop_one(&mut self) {
        self.dropped += 1;
        self.rest = self.rest.checked_sub(1).unwrap_or(REST);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("id", &self.id)
            .field("every", &self.every)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}
