//! What a queue keeps in its buffer, beside the slots.

use crate::ledger::COUNTERS_EACH;
use icc_buffer::Kind;
use icc_seqlock::primitive::bound;

/// What the header says of a queue's mode.
pub(crate) const ONE_PRODUCER: u64 = 1;
pub(crate) const MANY_PRODUCERS: u64 = 2;

/// What the header says of every queue.
pub(crate) const KIND: Kind = Kind::new("queue");
/// What the header says of every queue whose messages are bytes of any number.
#[cfg(not(icc_loom))]
pub(crate) const BYTES_KIND: Kind = Kind::new("bytes");

/// Words of the header: the first sequence number, the mode, the most producers at a time.
pub(crate) const FIRST: usize = 0;
pub(crate) const MODE: usize = 1;
pub(crate) const PRODUCERS: usize = 2;
/// And how often a group delivers a message at most, in the low eight bits, 0 without groups; above, how
/// long a consumer that holds may make a producer wait, as [`Evict::code`](crate::Evict::code) says it, 0
/// if none can.
pub(crate) const DELIVERIES: usize = 3;
pub(crate) const EVICT: usize = 3;
pub(crate) const EVICT_SHIFT: u32 = 8;

/// Counter 0: how many sequence numbers are given out. With one producer it is stored once in
/// [`UNCOUNTED`] messages.
pub(crate) const HEAD: usize = 0;

/// The most messages that one producer completes before it stores the head: it does before it begins the
/// next. The slots tell of those that are not counted yet.
///
/// A store to another line after each message keeps the processor from asking for the next slot's
/// line while it waits for this one's: with a consumer on another core, 28 million messages of 56
/// bytes a second where the head is stored after each, 50 where it is after every second one; of 8
/// bytes 148, with every second 157, fourth 224, eighth 239 (Zen 4; never: 51 and 237). So where the
/// compiler keeps the producer's own count in a register; where it stores that after each message,
/// the rate at 56 bytes is the first of these.
pub(crate) const UNCOUNTED: u64 = bound(8, 2);

/// How many counters a queue has: the head and, of many producers, what belongs to each.
pub(crate) const fn counters(mode: u64, producers: u32) -> usize {
    if mode == ONE_PRODUCER { 1 } else { 1 + COUNTERS_EACH * producers as usize }
}
