//! Messages that were set aside, since they were delivered too often: a list of a few copies.
//!
//! An entry is taken once and stays. Its first word is `number 62 | state 2`.

use super::board::{Board, KEPT_ASIDE};
use super::word::nearest;
use crate::QueueReader;
use icc_seqlock::Payload;
use icc_seqlock::primitive::Ordering;

/// Somebody writes it.
const RESERVED: u64 = 1;
/// With a copy of the message.
const COMPLETE: u64 = 2;
/// Without: the ring had it no longer.
const WITHOUT: u64 = 3;

/// A message that was set aside, from [`Group::set_aside`](crate::Group::set_aside).
///
/// Whoever may write to the group's file may make it up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetAside<T> {
    /// Its sequence number.
    pub sequence: u64,
    /// How often it was delivered.
    pub deliveries: u8,
    /// A copy of it; none if a worker was killed while it made one, and the ring had the message no
    /// longer.
    pub message: Option<T>,
}

impl Board {
    /// Keeps a copy of message `n`, if there is room. May be done again by another, after the first was
    /// killed meanwhile.
    pub(super) fn keep_aside<T: Payload>(&self, queue: &QueueReader<T>, n: u64, deliveries: u8) {
        let key = n << 2;
        let Some(entry) = (0..KEPT_ASIDE).find(|&entry| self.reserve_aside(entry, key)) else { return };
        let mut copy = T::zeroed();
        let is_there = queue.slot(n).try_read_at(self.ring.complete(n), &mut copy).is_ok();
        self.aside(entry, 1).store(deliveries.into(), Ordering::Relaxed);
        self.words().store_value(self.aside_copy(entry), &copy);
        // Release: pairs with the Acquire in `read_aside`.
        self.aside(entry, 0).store(key | if is_there { COMPLETE } else { WITHOUT }, Ordering::Release);
    }

    /// Whether the entry is that of this message, or is now.
    fn reserve_aside(&self, entry: usize, key: u64) -> bool {
        let head = self.aside(entry, 0);
        // Relaxed: only one at a time has this message in its hand.
        match head.compare_exchange(0, key | RESERVED, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(found) => found == key | RESERVED,
        }
    }

    /// The messages set aside of which there are entries. `reference` is near their numbers.
    pub(super) fn read_aside<T: Payload>(&self, reference: u64) -> Vec<SetAside<T>> {
        let read = |entry| {
            // Acquire: pairs with the Release in `keep_aside`.
            let head = self.aside(entry, 0).load(Ordering::Acquire);
            let sequence = nearest(head >> 2, 62, reference);
            let deliveries = self.aside(entry, 1).load(Ordering::Relaxed) as u8;
            let message = match head & 3 {
                COMPLETE => self.words().load_value(self.aside_copy(entry)),
                WITHOUT => None,
                _ => return None,
            };
            Some(SetAside { sequence, deliveries, message })
        };
        (0..KEPT_ASIDE).filter_map(read).collect()
    }
}
