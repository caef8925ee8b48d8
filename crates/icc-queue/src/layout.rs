//! What a queue keeps in its buffer, beside the slots.

use crate::ledger::COUNTERS_EACH;
use crate::mode::ONE_PRODUCER;
use icc_buffer::Kind;

/// What the header says of every queue.
pub(crate) const KIND: Kind = Kind::new("queue");

/// Words of the header: the first sequence number, the mode, the most producers at a time.
pub(crate) const FIRST: usize = 0;
pub(crate) const MODE: usize = 1;
pub(crate) const PRODUCERS: usize = 2;

/// Counter 0: how many sequence numbers are given out.
pub(crate) const HEAD: usize = 0;

/// How many counters a queue has: the head and, of many producers, what belongs to each.
pub(crate) const fn counters(mode: u64, producers: u32) -> usize {
    if mode == ONE_PRODUCER { 1 } else { 1 + COUNTERS_EACH * producers as usize }
}
