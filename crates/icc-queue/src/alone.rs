//! Asking for slots ahead, by a producer that is alone among many.

use crate::{Mpmc, Queue};
use core::time::Duration;
use icc_seqlock::Payload;
use icc_seqlock::primitive::asks_ahead;
use std::time::Instant;

/// At every so many messages a producer checks whether it is alone, and how often in a row it must find so.
const LOOK: u64 = 256;
const ALONE: u32 = 4;
/// In how long it produces so many if it asks for slots. If each message waits for something, it makes the message
/// later that slots are asked for after it.
const QUICK: Duration = if cfg!(test) { Duration::from_secs(1) } else { Duration::from_nanos(100 * LOOK) };
/// How many slots a producer that is alone asks for at a time, and so after every so many messages: a power of two.
/// Asking after each message would make each later that is waited for.
const AT_ONCE: u64 = 4;

/// How many messages ahead it asks for slots of payloads of this size.
///
/// Million messages a second from one producer to one consumer on another core, Sapphire Rapids:
///
/// | | 8 B | 56 B | 64 B | 120 B | 256 B |
/// |---|---|---|---|---|---|
/// | not at all | 16 to 21 | 16 to 21 | 10 | | 6 |
/// | 4 ahead | 20 | 55 | 37 | 36 | 35 |
/// | 24 ahead | 34 | 24 | 40 | 40 | 39 |
///
/// Why a line that one message fills is to be asked for late is not known.
const fn ahead(size: usize) -> u64 {
    if 24 < size && size <= 56 { 4 } else { 24 }
}

/// What a producer does to have its next slots here in time.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Whether this processor is faster if slots are requested before they are written.
    asks: bool,
    /// Apart from the producer: where that is written, each message loads its handles again.
    looks: Box<Looks>,
}

/// What a producer knows of its last checks whether it is alone.
#[derive(Debug, Default)]
struct Looks {
    /// Whether it seems to be the only one that produces, and produces one message after the other.
    alone: bool,
    /// At which message it checked last, when, and how often in a row it found so.
    at: u64,
    since: Option<Instant>,
    in_a_row: u32,
}

/// After a message at which all producers check: whether this one has had such a message often in a row, each soon
/// after the last. Every second one is even, so of two that take turns neither has.
#[cold]
#[inline(never)]
fn look(looks: &mut Looks, n: u64) {
    let now = Instant::now();
    let is_next = n.wrapping_sub(looks.at) <= LOOK + 1;
    let is_quick = looks.since.is_some_and(|last| now.saturating_duration_since(last) < QUICK);
    let in_a_row = if is_next && is_quick { looks.in_a_row.saturating_add(1) } else { 0 };
    *looks = Looks { alone: in_a_row >= ALONE, at: n, since: Some(now), in_a_row };
}

impl Ahead {
    pub(crate) fn new() -> Self {
        Self { asks: asks_ahead(), looks: Box::default() }
    }

    /// Whether slots are to be requested before they are written.
    #[inline(always)]
    pub(crate) fn asks(&self) -> bool {
        self.asks
    }

    /// After message `n`: requests slots that this producer will write soon, if it seems to be alone.
    ///
    /// The next ticket waits until all stores before it are done, and so until the last slot's lines are here.
    /// Two producers that both did this would take lines from each other that neither is about to write.
    #[inline(always)]
    pub(crate) fn produced<T: Payload>(&mut self, queue: &Queue<T, Mpmc>, n: u64) {
        if !self.asks {
            return;
        }
        // No count of its own messages: what is stored here makes the next ticket later.
        if n % LOOK == n / LOOK % 2 {
            look(&mut self.looks, n);
        }
        if self.looks.alone && n.is_multiple_of(AT_ONCE) {
            for more in 0..AT_ONCE {
                queue.request(n.wrapping_add(const { ahead(size_of::<T>()) } + more));
            }
        }
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::LOOK;
    use crate::{Mpmc, Producer, Queue};
    use icc_seqlock::primitive::asks_ahead;

    /// A producer that takes all tickets counts as alone; of two that take turns, or so many at a time that one
    /// has all those at which they check, neither does.
    #[test]
    fn one_of_two_is_not_alone() {
        let queue = Queue::<u64, Mpmc>::new(64).unwrap();
        let [mut one, mut other] = [(); 2].map(|()| queue.producer().unwrap());
        for run in [1, 2, LOOK - 1, LOOK, LOOK + 1, 2 * LOOK] {
            for _ in 0..16 {
                (0..run).for_each(|n| _ = one.produce(&n));
                (0..run).for_each(|n| _ = other.produce(&n));
            }
            assert!(!one.state.ahead.looks.alone && !other.state.ahead.looks.alone, "{run} in a row");
        }
        // Unless the system takes the core away for long, again and again.
        let is_alone = |one: &mut Producer<u64, Mpmc>| {
            (0..LOOK).for_each(|n| _ = one.produce(&n));
            one.state.ahead.looks.alone
        };
        assert_eq!((0..100).any(|_| is_alone(&mut one)), asks_ahead());
        (0..2 * LOOK).for_each(|n| _ = other.produce(&n));
        (0..2 * LOOK).for_each(|n| _ = one.produce(&n));
        assert!(!one.state.ahead.looks.alone);
    }
}
