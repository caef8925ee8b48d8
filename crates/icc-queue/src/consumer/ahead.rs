//! Asking for slots ahead of the one that is read.
//!
//! A consumer that is behind its one producer waits for the lines of one message after the other. If it asks for
//! those of later messages beforehand, they come together. One that is at its producer's heels would only take
//! lines away that are about to be written: so it checks now and then whether it is behind. Many producers ask for
//! slots themselves, and the two would take the lines from each other.

use super::Consumer;
use icc_seqlock::Payload;
use icc_seqlock::primitive::asks_ahead;

/// A consumer checks after each so many messages whether it is behind: a power of two.
pub(super) const LOOK: u64 = 64;
/// How many messages ahead it asks for slots. It is behind if there are twice as many.
const AHEAD: u64 = 24;
/// Bytes of a cache line.
const LINE: usize = 64;

/// Tells the compiler that where this is called is no place for the straight way.
///
/// Reading 56 bytes that are in the cache, one to 32 consumers in turn: 5 to 21 % less time, of 8 bytes 13 to 23 %, where the
/// processor was slow at the time; 1 to 10 %, and none, where it was fast (Zen 3, one core, four interleaved runs in all).
#[cold]
#[inline(always)]
fn seldom() {}

impl<T: Payload> Consumer<T> {
    /// After message `n`, if that was there at once.
    #[inline(always)]
    pub(crate) fn took(&mut self, n: u64) {
        if n & self.attention == 0 {
            seldom();
            if self.attention != LOOK - 1 {
                self.queue.buffer.prefetch_whole(self.queue.geometry.index(n.wrapping_add(AHEAD)));
            }
            if n.is_multiple_of(LOOK) {
                self.look(n);
            }
        }
    }

    /// After a message was looked for in vain.
    #[inline(always)]
    pub(crate) fn caught_up(&mut self) {
        self.attention = LOOK - 1;
    }

    #[cold]
    #[inline(never)]
    fn look(&mut self, n: u64) {
        let is_behind = asks_ahead() && self.queue.ledgers() == 0 && self.queue.is_there(n.wrapping_add(2 * AHEAD));
        // Where several slots share a line, one of them is asked for.
        let slots_a_line = (LINE / self.queue.buffer.stride()).next_power_of_two() as u64;
        self.attention = if is_behind { slots_a_line - 1 } else { LOOK - 1 };
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::*;
    use crate::{Mpmc, Producer, Queue, Spmc};

    /// How many messages are there when the consumer looks first, and whether it asks ahead from then on.
    fn asks_with(queue: &Queue<u64, Spmc>, producer: &mut Producer<u64>, lead: u64) -> bool {
        let mut consumer = queue.consumer();
        let next = consumer.next_sequence();
        assert!(next.is_multiple_of(LOOK));
        (0..=lead).for_each(|n| _ = producer.produce(&n));
        consumer.try_consume().unwrap();
        let asks = consumer.attention != LOOK - 1;
        consumer.drain().for_each(|message| assert!(message.is_ok()));
        assert_eq!(consumer.attention, LOOK - 1, "it has caught up");
        while !producer.next_sequence().is_multiple_of(LOOK) {
            producer.produce(&0);
        }
        asks
    }

    #[test]
    fn a_consumer_asks_ahead_while_it_is_behind() {
        let queue = Queue::<u64>::new(256).unwrap();
        let mut producer = queue.producer().unwrap();
        assert!(!asks_with(&queue, &mut producer, 2 * AHEAD - 1));
        assert_eq!(asks_with(&queue, &mut producer, 2 * AHEAD), asks_ahead());
        assert_eq!(asks_with(&queue, &mut producer, 200), asks_ahead());
    }

    /// There, what is so far ahead is a later lap of the slot that is read.
    #[test]
    fn not_in_a_ring_that_is_too_small() {
        let queue = Queue::<u64>::new(16).unwrap();
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        for n in 0..4 * LOOK {
            producer.produce(&n);
            assert_eq!(consumer.try_consume(), Ok(n));
            assert_eq!(consumer.attention, LOOK - 1);
        }
    }

    #[test]
    fn not_where_producers_do() {
        let queue = Queue::<u64, Mpmc>::new(256).unwrap();
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        (0..200).for_each(|n| _ = producer.produce(&n));
        assert!(consumer.try_consume().is_ok());
        assert_eq!(consumer.attention, LOOK - 1);
    }

    #[test]
    fn one_slot_of_each_line() {
        let queue = Queue::<u8>::new(256).unwrap();
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        (0..200).for_each(|n| _ = producer.produce(&n));
        assert!(consumer.try_consume().is_ok());
        assert_eq!(consumer.attention, if asks_ahead() { 3 } else { LOOK - 1 });
    }
}
