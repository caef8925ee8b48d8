//! Producing together: a ticket for each message, and a ledger that says who holds it.

use crate::alone::Ahead;
use crate::gate::Gate;
use crate::layout::MANY_PRODUCERS;
use crate::ledger::{self, CLAIMING, IDLE, count_of, ledger_of};
use crate::mode::Mode;
use crate::mode::sealed::{Producing, Properties};
use crate::{ProducerError, Queue, TryProduceError};
use core::ops::Range;
use icc_buffer::{Bell, IdLock, OwnLines};
use icc_seqlock::primitive::{Backoff, Ordering, bound, fence, step};
use icc_seqlock::{Payload, Seqlock, Source};

/// Rounds of waiting before a producer that waits for another asks whether that one lives.
const ROUNDS_PER_PROOF: u32 = bound(16, 1);

/// Many producers, up to a number given at creation, any number of consumers. A message costs one
/// atomic addition more.
///
/// Each slot has cache lines of its own, since different cores write neighbouring ones at the same
/// time: a pair of them, or, where the processor is faster so, one if a message fits it.
#[derive(Clone, Copy, Debug)]
pub struct Mpmc;

impl Mode for Mpmc {}

impl Properties for Mpmc {
    type Placement = OwnLines;
    type State = State;
    const CODE: u64 = MANY_PRODUCERS;
}

/// What each producer knows.
#[derive(Debug)]
pub struct State {
    /// Its id: which ledger is its own.
    pub(crate) lock: IdLock,
    /// How often [`try_claim`] found its slot not ready.
    refusals: u32,
    /// Whether a message is produced by nothing but its ticket and its slot: there is no bell, and nobody
    /// can hold. Known before the ticket is taken, since whatever is loaded after that is loaded late.
    is_plain: bool,
    pub(crate) ahead: Ahead,
}

impl Producing for Mpmc {
    fn register<T: Payload>(queue: &Queue<T, Self>) -> Result<State, ProducerError> {
        let max = queue.ledgers();
        let lock = queue.buffer().take_id(0..max)?;
        let lock = lock.ok_or_else(|| ProducerError::TooMany { max, path: queue.place() })?;
        // What a dead holder of this id left there no longer matters: only the ledgers of the
        // living do. Release: whoever sees this sees that the id was taken.
        queue.atomic(ledger_of(lock.id())).store(IDLE, Ordering::Release);
        let is_plain = !queue.is_wakeable() && queue.evicts().is_none();
        Ok(State { lock, refusals: 0, is_plain, ahead: Ahead::new() })
    }

    #[inline(always)]
    fn is_forked(state: &State) -> bool {
        state.lock.is_forked()
    }

    #[inline(always)]
    fn produce<T: Payload>(
        queue: &Queue<T, Self>,
        state: &mut State,
        bell: Option<&Bell>,
        gate: &mut Gate<T>,
        message: impl Source<T>,
    ) -> u64 {
        if state.is_plain {
            let n = claim(queue, state, 1);
            write(queue, state, n, message);
            step("complete");
            state.ahead.produced(queue, n);
            return n;
        }
        gate.before_claim();
        let n = claim(queue, state, 1);
        gate.pass(n);
        write(queue, state, n, message);
        step("complete");
        if let Some(bell) = bell {
            bell.ring();
        }
        state.ahead.produced(queue, n);
        n
    }

    #[inline(always)]
    fn try_produce<T: Payload>(
        queue: &Queue<T, Self>,
        state: &mut State,
        gate: &mut Gate<T>,
        message: impl Source<T>,
    ) -> Result<u64, TryProduceError> {
        if state.lock.is_forked() {
            return Err(TryProduceError::Forked);
        }
        let n = try_claim(queue, state, gate, 1)?;
        fill(queue, queue.cell(n), n, message);
        step("complete");
        state.ahead.produced(queue, n);
        Ok(n)
    }

    fn try_produce_batch<T: Payload>(
        queue: &Queue<T, Self>,
        state: &mut State,
        gate: &mut Gate<T>,
        messages: impl ExactSizeIterator<Item: Source<T>>,
    ) -> Result<Range<u64>, TryProduceError> {
        if state.lock.is_forked() {
            return Err(TryProduceError::Forked);
        }
        let first = try_claim(queue, state, gate, messages.len() as u64)?;
        let mut n = first;
        for message in messages {
            fill(queue, queue.cell(n), n, message);
            n = n.wrapping_add(1);
        }
        step("complete");
        Ok(first..n)
    }

    #[inline(always)]
    fn produce_batch<T: Payload>(
        queue: &Queue<T, Self>,
        state: &mut State,
        gate: &mut Gate<T>,
        messages: impl ExactSizeIterator<Item: Source<T>>,
    ) -> Range<u64> {
        gate.before_claim();
        let first = claim(queue, state, messages.len() as u64);
        let mut n = first;
        for message in messages {
            gate.pass(n);
            write(queue, state, n, message);
            n = n.wrapping_add(1);
        }
        step("complete");
        first..n
    }
}

/// Takes `count` tickets, at least one, and returns the first.
///
/// The ledger stays at them when they are complete. To say so would be one more store a message,
/// and every store before the next `fetch_add` makes that later.
#[inline(always)]
fn claim<T: Payload>(queue: &Queue<T, Mpmc>, state: &State, count: u64) -> u64 {
    debug_assert!(!state.lock.is_forked(), "the producer of the parent process");
    let id = state.lock.id();
    announce(queue, id, count);
    // Release: whoever sees the ticket taken sees `CLAIMING` or something later in the ledger.
    // Acquire: so that a producer that looks for the owner of an earlier ticket does.
    let first = queue.head().fetch_add(count, Ordering::AcqRel);
    step("claimed");
    queue.atomic(ledger_of(id)).store(ledger::holding(first, count), Ordering::Release);
    step("held");
    first
}

/// Says in the ledger that this producer is about to take so many tickets.
#[inline(always)]
fn announce<T: Payload>(queue: &Queue<T, Mpmc>, id: u32, count: u64) {
    // Release, both, and that of the ticket: pair with the Acquire loads in `owner_is_dead`. Whoever
    // sees a word of this claim sees that the messages of the claim before are complete.
    queue.atomic(ledger_of(id)).store(CLAIMING, Ordering::Release);
    if count != 1 {
        queue.atomic(count_of(id)).store(count, Ordering::Release);
    }
    step("claiming");
}

/// Takes `count` tickets, at least one, whose slots are ready to be written, and no others; returns the
/// first.
///
/// They are taken only while their slots stand a lap behind, or those that should have moved them on
/// are dead. Nobody but the tickets' owner can move the slots from there, so they are written without
/// waiting.
// Inlined, as all that leads to it: a call takes 4 of 14 ns (AMD Zen 4, 32 bytes).
#[inline(always)]
fn try_claim<T: Payload>(
    queue: &Queue<T, Mpmc>,
    state: &mut State,
    gate: &mut Gate<T>,
    count: u64,
) -> Result<u64, TryProduceError> {
    /// Exchanges that others may win.
    const ATTEMPTS: u32 = bound(64, 3);
    let (head, ledger) = (queue.head(), queue.atomic(ledger_of(state.lock.id())));
    // Relaxed: a guess, which the exchange below decides.
    let mut n = head.load(Ordering::Relaxed);
    for _ in 0..ATTEMPTS {
        // Before anything is written to the ledger: see `claim`.
        gate.try_pass(n.wrapping_add(count - 1))?;
        match state.readiness(queue, n, count) {
            Readiness::Ready => {}
            Readiness::Taken => {
                // Acquire: pairs with the Release that completed it, after which the head is seen to be
                // further.
                fence(Ordering::Acquire);
                n = head.load(Ordering::Relaxed);
                continue;
            }
            Readiness::Behind => {
                // Unless the guess was out of date.
                match head.load(Ordering::Relaxed) {
                    now if now == n => return Err(TryProduceError::Busy { n }),
                    now => n = now,
                }
                continue;
            }
        }
        announce(queue, state.lock.id(), count);
        // AcqRel: as in `claim`.
        match head.compare_exchange(n, n.wrapping_add(count), Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => {
                step("claimed");
                // Release: as in `claim`.
                ledger.store(ledger::holding(n, count), Ordering::Release);
                step("held");
                return Ok(n);
            }
            Err(found) => n = found,
        }
        // Release: no ticket was taken, and `CLAIMING` would hide the death of others while this
        // one lives.
        ledger.store(IDLE, Ordering::Release);
    }
    Err(TryProduceError::Busy { n })
}

/// Whether slots can be written that nobody has a ticket for, as far as this producer can tell.
enum Readiness {
    Ready,
    /// Somebody has taken one.
    Taken,
    /// Somebody who may live is still to write one for an earlier ticket.
    Behind,
}

impl State {
    /// Whether the slots of the `count` tickets from `n` on are ready.
    #[inline(always)]
    fn readiness<T: Payload>(&mut self, queue: &Queue<T, Mpmc>, n: u64, count: u64) -> Readiness {
        let mut asks = None;
        for m in (0..count).map(|more| n.wrapping_add(more)) {
            let ahead = queue.geometry.ahead(queue.cell(m).version(), m);
            if ahead > -2 {
                return Readiness::Taken;
            }
            if ahead < -2 && !(*asks.get_or_insert_with(|| self.asks()) && may_take_over(queue, m, ahead)) {
                return Readiness::Behind;
            }
        }
        Readiness::Ready
    }

    /// Whether it is time to ask who lives: now and then, since that takes system calls.
    fn asks(&mut self) -> bool {
        self.refusals = self.refusals.wrapping_add(1);
        self.refusals.is_multiple_of(ROUNDS_PER_PROOF)
    }
}

/// Whether the slot of `n`, which is `ahead` of it by less than -2, was left by the dead.
#[cold]
fn may_take_over<T: Payload>(queue: &Queue<T, Mpmc>, n: u64, ahead: i64) -> bool {
    // Acquire: with the relaxed load of the head, pairs with the Release of those that took the
    // earlier tickets: their ledgers say so. (Who waits has a ticket, which it took with Acquire.)
    fence(Ordering::Acquire);
    is_left(queue, n, ahead)
}

/// Writes message `n`, whose ticket this producer holds.
#[inline(always)]
fn write<T: Payload>(queue: &Queue<T, Mpmc>, state: &State, n: u64, message: impl Source<T>) {
    let (cell, ring) = (queue.cell(n), queue.geometry);
    if state.ahead.asks() {
        // The look alone would fetch a line for reading that another core has, and the write request it again.
        queue.request(n);
    }
    if cell.version() != ring.complete(n).wrapping_sub(2) {
        wait_for_slot(queue, n);
    }
    fill(queue, cell, n, message);
}

/// Writes message `n` into its cell. This producer holds its ticket, and the cell is ready.
#[inline(always)]
fn fill<T: Payload>(queue: &Queue<T, Mpmc>, cell: &Seqlock<T>, n: u64, message: impl Source<T>) {
    // Acquire: pairs with the Release store that completed the message one lap earlier. Its bytes
    // come before ours.
    fence(Ordering::Acquire);
    // SAFETY: the cell is that of `n`. The ticket makes this producer the only one to write `n`. The write of the message
    // one lap earlier is complete, and so are those before it, or their owners are dead; what they
    // did happens before this by the fence or by the lock that told of their death. The next write
    // to this slot waits for this one likewise. (Whoever writes to the memory without a producer is
    // outside of this protocol, and trusted as a process that may write: see SECURITY.md.)
    unsafe { cell.write_at(queue.geometry.complete(n), message) }
}

/// Waits until the message one lap before `n` is complete, or nobody lives who could complete it.
#[cold]
fn wait_for_slot<T: Payload>(queue: &Queue<T, Mpmc>, n: u64) {
    let (cell, ring) = (queue.cell(n), queue.geometry);
    // This may take long, and what this producer wrote before, in its batch, is there.
    if let Some(bell) = queue.bell() {
        bell.ring();
    }
    let mut backoff = Backoff::new();
    let mut rounds = 0_u32;
    loop {
        let ahead = ring.ahead(cell.version(), n);
        // More than -2 cannot be, unless somebody wrote garbage into shared memory. Better garbage
        // than a hang.
        if ahead >= -2 {
            return;
        }
        rounds = rounds.wrapping_add(1);
        backoff.wait();
        if rounds.is_multiple_of(ROUNDS_PER_PROOF) && is_left(queue, n, ahead) {
            return;
        }
    }
}

/// Whether the slot of `n`, which was seen `ahead` of it by less than -2, will never be moved on:
/// every ticket of this slot that the version shows to be open, up to `n`, has a dead owner. The
/// last of them may itself have been waiting for one that lives.
fn is_left<T: Payload>(queue: &Queue<T, Mpmc>, n: u64, ahead: i64) -> bool {
    let open = (ahead.unsigned_abs() - 1) / 2;
    queue.owners_are_dead(n, open) && queue.geometry.ahead(queue.cell(n).version(), n) == ahead
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::ledger::{holding, ledger_of};
    use crate::{Mpmc, Park, Queue, QueueSpec, TryProduceError};
    use icc_seqlock::primitive::{Ordering, thread};
    use std::time::Duration;

    /// Three producers in one slot: the first lives and writes, the second died waiting for it, the
    /// third waits for both.
    #[test]
    fn whoever_waits_behind_the_dead_waits_for_the_living_before_them() {
        let queue = Queue::<u64, Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let slow = queue.producer().unwrap();
        let mut third = queue.producer().unwrap();
        assert_eq!(queue.head().fetch_add(1, Ordering::AcqRel), 0);
        queue.atomic(ledger_of(slow.id())).store(holding(0, 1), Ordering::Release);
        assert_eq!(third.produce(&1), 1);
        assert_eq!(queue.head().fetch_add(1, Ordering::AcqRel), 2, "nobody's: its owner died");
        assert_eq!(third.produce(&3), 3);
        thread::scope(|scope| {
            let waiting = scope.spawn(move || third.produce(&4));
            thread::sleep(Duration::from_millis(100));
            assert!(!waiting.is_finished(), "it did not wait for the first, who lives");
            // SAFETY: ticket 0 is the slow producer's, which does not write itself.
            unsafe { queue.cell(0).write_at(queue.geometry.complete(0), &0) };
            assert_eq!(waiting.join().unwrap(), 4);
        });
        let received: Vec<_> = consumer.drain().flatten().collect();
        assert_eq!(received, [3, 4]);
    }

    /// One death does not end a queue in which all others only try.
    #[test]
    fn trying_takes_over_from_the_dead() {
        for first in [0, u64::MAX - 5] {
            let spec = QueueSpec::new(4).starting_at(first);
            let queue = Queue::<u64, Mpmc>::new(spec).unwrap();
            let mut trying = queue.producer().unwrap();
            queue.head().fetch_add(1, Ordering::AcqRel);
            for k in 1..20 {
                let produced = (0..100).find_map(|_| trying.try_produce(&k).ok());
                assert_eq!(produced, Some(first.wrapping_add(k)), "stuck behind the dead");
            }
        }
    }

    /// A producer that must wait in the middle of a batch wakes those who sleep for what it wrote.
    #[test]
    #[cfg(target_os = "linux")]
    fn sleepers_are_woken_before_a_wait() {
        use icc_testing::wait_until;
        let spec = QueueSpec::new(4).wakeable();
        let queue = Queue::<u64, Mpmc>::new(spec).unwrap();
        let mut producer = queue.producer().unwrap();
        // Ticket 0 is a living producer's, which does not write itself.
        let slow = queue.producer().unwrap();
        queue.head().fetch_add(1, Ordering::AcqRel);
        queue.atomic(ledger_of(slow.id())).store(holding(0, 1), Ordering::Release);
        let mut consumer = queue.consumer_at(queue.position(1)).unwrap();
        let sleeps = || format!("{:?}", queue.bell()).contains("somebody_sleeps: true");
        std::thread::scope(|scope| {
            let slept = scope.spawn(move || consumer.consume(&mut Park::new(Duration::ZERO)));
            wait_until("the consumer sleeps", sleeps);
            let batch = scope.spawn(move || producer.produce_batch(&[1, 2, 3, 4]));
            assert_eq!(slept.join().unwrap(), Ok(1));
            wait_until("the producer rings", || !sleeps());
            assert!(!batch.is_finished());
            // SAFETY: as said above.
            unsafe { queue.cell(0).write_at(queue.geometry.complete(0), &0) };
            assert_eq!(batch.join().unwrap(), Ok(1..5));
        });
    }

    /// Across the wrap of the versions, which have fewer bits that count than a word.
    #[test]
    fn trying_passes_the_wrap() {
        let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(4).starting_at(u64::MAX - 5)).unwrap();
        let mut trying = queue.producer().unwrap();
        for k in 0..20 {
            assert_eq!(trying.try_produce(&k), Ok((u64::MAX - 5).wrapping_add(k)));
        }
    }

    #[test]
    fn trying_takes_no_ticket_that_it_cannot_use() {
        let queue = Queue::<u64, Mpmc>::new(2).unwrap();
        let slow = queue.producer().unwrap();
        let mut trying = queue.producer().unwrap();
        assert_eq!(queue.head().fetch_add(1, Ordering::AcqRel), 0);
        queue.atomic(ledger_of(slow.id())).store(holding(0, 1), Ordering::Release);
        assert_eq!(trying.try_produce(&1), Ok(1));
        for _ in 0..3 {
            assert_eq!(trying.try_produce(&2), Err(TryProduceError::Busy { n: 2 }));
            assert_eq!(queue.produced(), 2, "a ticket was taken");
        }
        // SAFETY: ticket 0 is the slow producer's, which does not write itself.
        unsafe { queue.cell(0).write_at(queue.geometry.complete(0), &0) };
        assert_eq!(trying.try_produce(&2), Ok(2));
    }
}
