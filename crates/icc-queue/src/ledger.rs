//! Who holds which ticket: a producer's claim record, and the proof that a ticket's owner is dead.
//!
//! A ledger says which tickets its producer took last, complete or not. The low two bits are the
//! state; the ticket is above them. Two bits of the ticket are cut off, which does no harm: tickets
//! under way at one time are less than a ring apart, and no ring has 2^62 slots.
//!
//! Nothing says that tickets are complete: the slots do. Nobody asks for the owner of a ticket
//! whose slot is complete.

use crate::QueueReader;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{bound, spin_loop};

/// Counters for each producer: its ledger, and how many tickets that speaks of.
pub(crate) const COUNTERS_EACH: usize = 2;

/// Polls of the slot of a message under way before its owner is asked after: it takes far longer to
/// ask the kernel than an owner that runs takes to complete its message. A few microseconds; under
/// loom every poll is another's turn, so there is none.
const POLLS_BEFORE_PROOF: u32 = bound(256, 0);

/// Loads of the ledger of a producer that is claiming.
const POLLS_OF_A_CLAIM: u32 = bound(64, 1);
/// The most messages of the dead that are found at once.
const LONGEST_RUN: u64 = 4096;

/// No ticket since this producer began.
pub(crate) const IDLE: u64 = 0;
/// About to take tickets, or just has: nobody knows yet which.
pub(crate) const CLAIMING: u64 = 1;
const ONE: u64 = 2;
/// As many as the count says. A word of its own that single messages do not need to store.
const SEVERAL: u64 = 3;

/// Took `count` tickets from `first` on.
#[inline(always)]
pub(crate) fn holding(first: u64, count: u64) -> u64 {
    first << 2 | if count == 1 { ONE } else { SEVERAL }
}

/// How far after ticket `n` the first one is that the producer may hold, not counting those before
/// `n`; none if it holds none from there on. `count` is that of its several.
fn first_held(ledger: u64, count: u64, n: u64) -> Option<u64> {
    let held = match ledger & 3 {
        IDLE => return None,
        ONE => 1,
        SEVERAL => count,
        _ => return Some(0),
    };
    // In the 62 bits that a ledger has, as a signed distance.
    let after = ((ledger & !3).wrapping_sub(n << 2)).cast_signed() >> 2;
    if after > 0 {
        return Some(after.cast_unsigned());
    }
    (after.unsigned_abs() < held).then_some(0)
}

/// Whether the producer may hold one of the `count_of_them` tickets `first`, `first + lap`, and so
/// on.
fn holds_one_of(ledger: u64, count: u64, first: u64, lap: u64, count_of_them: u64) -> bool {
    let held = match ledger & 3 {
        IDLE => return false,
        ONE => 1,
        SEVERAL => count,
        _ => return true,
    };
    // As in `first_held`.
    let after = (ledger & !3).wrapping_sub(first << 2).cast_signed() >> 2;
    if after < 0 {
        // It began before: the first of them counts, or one a whole number of laps later.
        let held = held.saturating_sub(after.unsigned_abs());
        return held > 0 && count_of_them > 0;
    }
    // The next of them at or after its first.
    let next = after.cast_unsigned().next_multiple_of(lap);
    next / lap < count_of_them && next - after.cast_unsigned() < held
}

/// The counter that is producer `id`'s ledger.
#[inline(always)]
pub(crate) const fn ledger_of(id: u32) -> usize {
    1 + COUNTERS_EACH * id as usize
}

/// The counter that says how many tickets, from the one in the ledger on, producer `id` took, if
/// those were several.
#[inline(always)]
pub(crate) const fn count_of(id: u32) -> usize {
    ledger_of(id) + 1
}

impl<T: Payload> QueueReader<T> {
    /// Whether the owners of the tickets in the slot of `n` that are `laps`, or fewer, laps before
    /// it are proven to be dead. All were seen to be taken, and their slot, which the caller checks
    /// once more, not to be complete for any of them. The same proof as in
    /// [`dead_until`](Self::dead_until).
    pub(crate) fn owners_are_dead(&self, n: u64, laps: u64) -> bool {
        let (oldest, lap) = (self.geometry.laps_before(n, laps), self.geometry.capacity());
        !(0..self.ledgers()).any(|id| {
            let (ledger, count) = self.claim_record(id);
            holds_one_of(ledger, count, oldest, lap, laps) && self.may_live(id)
        })
    }

    /// The ledger of producer `id` and the count beside it.
    ///
    /// A producer that is claiming may be about to say which tickets it took: it is given a moment,
    /// or many of them together would seldom all be seen at another time.
    fn claim_record(&self, id: u32) -> (u64, u64) {
        let mut ledger = CLAIMING;
        for _ in 0..POLLS_OF_A_CLAIM {
            // Acquire, here and below: pair with the Release stores in `mpmc::claim` and
            // `Mpmc::register`.
            ledger = self.counter(ledger_of(id)).load_acquire();
            if ledger & 3 != CLAIMING {
                break;
            }
            spin_loop();
        }
        // The count after the ledger, so that it is that of the tickets found there, or a later
        // one.
        (ledger, self.counter(count_of(id)).load_acquire())
    }

    /// Where the run of tickets from `n` on ends that are not complete and whose owners are proven
    /// to be dead, if that of `n` is. All tickets before `end` were seen to be taken.
    ///
    /// One look at the ledgers serves the whole run, and each is asked after once. By cases, for
    /// the owner of a ticket of it: it stored `CLAIMING`, took the ticket with a Release, and the
    /// caller saw the ticket taken with an Acquire. So a load of its ledger here finds `CLAIMING`,
    /// or the ticket, or something later.
    ///
    /// - It is alive and still writing: its ledger says so, and so does its lock: not dead.
    /// - It is alive, has completed `n` and claimed nothing since: its ledger still says `n`: not
    ///   dead. The caller polls the slot again and finds `n` complete, if not at once.
    /// - It is alive and has gone on: it completed `n` first, and stored what is found here with
    ///   Release after: `CLAIMING`, the next count (beside the ledger of `n`, perhaps) or the next
    ///   ticket. `CLAIMING` is taken for alive; with the others the last look at the slot, after an
    ///   Acquire, finds `n` complete: not dead.
    /// - It was dropped, and its successor stored `IDLE`: as before, since the id was dropped with
    ///   Release and taken with Acquire.
    /// - It is dead: no living producer has such a ledger (its id may have gone to another, who
    ///   began with `IDLE`).
    fn dead_until(&self, n: u64, end: u64) -> Option<u64> {
        let mut tickets = end.wrapping_sub(n);
        for id in 0..self.ledgers() {
            let (ledger, count) = self.claim_record(id);
            match first_held(ledger, count, n) {
                Some(after) if after < tickets && self.may_live(id) => tickets = after,
                _ => {}
            }
        }
        let incomplete = |&m: &u64| self.geometry.ahead(self.slot(m).version(), m) < 0;
        let run = (0..tickets).map(|after| n.wrapping_add(after)).take_while(incomplete).count() as u64;
        (run > 0).then(|| n.wrapping_add(run))
    }

    /// If message `n`, which is not there, never will be, because its producer died: where the run
    /// of such messages ends. Proven, not guessed.
    pub(crate) fn abandoned_from(&self, n: u64) -> Option<u64> {
        let taken = self.produced().wrapping_sub(n);
        if taken.cast_signed() <= 0 || self.arrives(n) {
            return None;
        }
        // No more than the ring keeps: memory may hold any number. And no more than takes a few
        // microseconds: the next poll asks for the rest.
        self.dead_until(n, n.wrapping_add(taken.min(self.geometry.capacity()).min(LONGEST_RUN)))
    }

    /// Whether message `n`, whose ticket is taken, becomes complete meanwhile.
    fn arrives(&self, n: u64) -> bool {
        (0..POLLS_BEFORE_PROOF).any(|_| {
            spin_loop();
            self.geometry.ahead(self.slot(n).version(), n) >= 0
        })
    }

    /// Whether the producer with this id lives. One whose death the system does not prove does.
    fn may_live(&self, id: u32) -> bool {
        self.buffer.holder_lives(id).unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{HEAD, MANY_PRODUCERS, ONE_PRODUCER, counters};

    #[test]
    fn a_ledger_holds_its_tickets_and_no_others() {
        for first in [0, 5, 1 << 61, (1 << 62) - 2, u64::MAX - 3] {
            let at = |by: i64| first.wrapping_add_signed(by);
            let one = holding(first, 1);
            assert_eq!(
                [-2, -1, 0, 1].map(|by| first_held(one, 9, at(by))),
                [Some(2), Some(1), Some(0), None],
                "{first:#x}"
            );
            let three = holding(first, 3);
            let held = [-1, 0, 1, 2, 3, 4].map(|by| first_held(three, 3, at(by)));
            assert_eq!(held, [Some(1), Some(0), Some(0), Some(0), None, None], "{first:#x}");
            assert_eq!((first_held(IDLE, 3, first), first_held(CLAIMING, 3, first)), (None, Some(0)));
        }
    }

    /// Against a search through all of them.
    #[test]
    fn a_ledger_holds_one_of_several_tickets() {
        let lap = 4;
        for base in [0, 1 << 61, (1 << 62) - 20, u64::MAX - 20] {
            for (from, count, laps) in
                (0..24).flat_map(|from| (1..10).flat_map(move |count| (0..5).map(move |laps| (from, count, laps))))
            {
                // Tickets base + 8, base + 12, ... against base + from and on.
                let (oldest, ledger) = (base_plus(base, 8), holding(base_plus(base, from), count));
                let expected = (0..laps).any(|k| (from..from + count).contains(&(8 + k * lap)));
                assert_eq!(holds_one_of(ledger, count, oldest, lap, laps), expected, "{base:#x} {from} {count} {laps}");
            }
            assert!(!holds_one_of(IDLE, 9, base, lap, 3) && holds_one_of(CLAIMING, 0, base, lap, 3));
        }
    }

    fn base_plus(base: u64, by: u64) -> u64 {
        base.wrapping_add(by)
    }

    #[test]
    fn several_that_are_none_hold_none() {
        assert_eq!((first_held(holding(5, 0), 0, 5), first_held(holding(5, 0), 0, 4)), (None, Some(1)));
        assert!(!holds_one_of(holding(5, 0), 0, 5, 4, 1));
    }

    /// Each number of a counter belongs to one producer, or to the head.
    #[test]
    fn counters_are_told_apart() {
        for producers in [1, 2, 64] {
            let mut all: Vec<_> = (0..producers).flat_map(|id| [ledger_of(id), count_of(id)]).chain([HEAD]).collect();
            all.sort_unstable();
            assert_eq!(all, (0..counters(MANY_PRODUCERS, producers)).collect::<Vec<_>>());
        }
        assert_eq!(counters(ONE_PRODUCER, 1), HEAD + 1);
    }

    #[cfg(not(icc_loom))]
    mod proofs {
        use super::*;
        use crate::{Mpmc, Queue, QueueSpec};
        use icc_seqlock::primitive::Ordering;

        /// A ring of eight. Producer 0 lives.
        fn queue(first: u64) -> Queue<u64, Mpmc> {
            Queue::new(QueueSpec::new(8).starting_at(first)).unwrap()
        }

        /// Says in the ledger of a producer which tickets it has.
        fn say(queue: &Queue<u64, Mpmc>, id: u32, ledger: u64, count: u64) {
            queue.atomic(count_of(id)).store(count, Ordering::Release);
            queue.atomic(ledger_of(id)).store(ledger, Ordering::Release);
        }

        /// Against a search, ticket by ticket, whatever the dead left in their ledgers.
        #[test]
        fn no_message_of_the_living_is_given_up() {
            const TAKEN: u64 = 7;
            const COMPLETE: u64 = 4;
            for first in [0, 1 << 61, u64::MAX - 4] {
                let queue = queue(first);
                let _living = queue.producer().unwrap();
                let at = |by| first.wrapping_add(by);
                queue.head().fetch_add(TAKEN, Ordering::AcqRel);
                // SAFETY: no producer of the test writes this slot.
                unsafe { queue.cell(at(COMPLETE)).write_at(queue.geometry.complete(at(COMPLETE)), &0) };
                say(&queue, 1, holding(first, TAKEN), TAKEN);
                say(&queue, 2, CLAIMING, 0);
                let check = |ledger, count, holds: &dyn Fn(u64) -> bool| {
                    say(&queue, 0, ledger, count);
                    for n in 0..TAKEN + 3 {
                        let is_nobodys = |m: &u64| *m < TAKEN && *m != COMPLETE && !holds(*m);
                        let run = (n..).take_while(is_nobodys).count() as u64;
                        let expected = (run > 0).then(|| at(n + run));
                        assert_eq!(queue.abandoned_from(at(n)), expected, "{ledger:#x}, {count}: from {n}");
                    }
                };
                for (from, count) in (0..TAKEN).flat_map(|from| (1..4).map(move |count| (from, count))) {
                    check(holding(at(from), count), count, &|m| (from..from + count).contains(&m));
                }
                check(IDLE, 9, &|_| false);
                check(CLAIMING, 0, &|_| true);
            }
        }

        /// Likewise, of the tickets in one slot.
        #[test]
        fn a_slot_is_left_if_no_owner_of_its_tickets_lives() {
            for first in [0, u64::MAX - 20] {
                let queue = queue(first);
                let _living = queue.producer().unwrap();
                let at = |by| first.wrapping_add(by);
                say(&queue, 1, holding(first, 64), 64);
                say(&queue, 2, CLAIMING, 0);
                for (laps, n) in (1..4).flat_map(|laps| (24..34).map(move |n| (laps, n))) {
                    let owned = || (1..=laps).map(|lap| n - 8 * lap);
                    for (from, count) in (0..34).flat_map(|from| [1, 2, 9].map(|count| (from, count))) {
                        say(&queue, 0, holding(at(from), count), count);
                        let is_left = !owned().any(|ticket| (from..from + count).contains(&ticket));
                        assert_eq!(queue.owners_are_dead(at(n), laps), is_left, "{n}, {laps}: {count} from {from}");
                    }
                    say(&queue, 0, IDLE, 9);
                    assert!(queue.owners_are_dead(at(n), laps));
                    say(&queue, 0, CLAIMING, 9);
                    assert!(!queue.owners_are_dead(at(n), laps));
                }
            }
        }
    }
}
