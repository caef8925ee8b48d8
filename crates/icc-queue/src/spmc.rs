//! Producing alone: plain stores only.

use crate::gate::Gate;
use crate::layout::{ONE_PRODUCER, UNCOUNTED};
use crate::mode::Mode;
use crate::mode::sealed::{Producing, Properties};
use crate::{ProducerError, Queue, TryProduceError};
use core::ops::Range;
use icc_buffer::{Bell, IdLock, Packed};
use icc_seqlock::{Payload, Source, primitive::Ordering, primitive::step};

/// One producer at a time, any number of consumers. The cheapest: plain stores only.
///
/// Slots are packed: several small messages arrive with one cache line.
#[derive(Clone, Copy, Debug)]
pub struct Spmc;

impl Mode for Spmc {}

impl Properties for Spmc {
    type Placement = Packed;
    type State = State;
    const CODE: u64 = ONE_PRODUCER;
}

/// What the one producer knows.
#[derive(Debug)]
pub struct State {
    /// The sequence number of the next message. The producer alone decides it; the shared head
    /// follows.
    pub(crate) next: u64,
    /// Before which messages there is more to do than to go on: those whose number has none of these
    /// bits. In a plain queue each eighth, to count those before. In a wakeable one each, to ring. In
    /// one that can be held as many as there is room for. So a plain queue's producer asks at no
    /// message whether there is a bell or somebody that holds.
    attention: u64,
    /// The proof of being alone.
    pub(crate) lock: IdLock,
}

impl State {
    /// Leaves out what is between: message `n` is the next one.
    pub(crate) fn skip_to(&mut self, n: u64, is_gated: bool) {
        self.next = n;
        if is_gated {
            // It has not passed the gate.
            self.attention = 0;
        }
    }
}

impl Producing for Spmc {
    fn register<T: Payload>(queue: &Queue<T, Self>) -> Result<State, ProducerError> {
        let lock = queue.buffer().take_id(0..1)?.ok_or_else(|| ProducerError::Taken { path: queue.place() })?;
        // With those that its predecessor completed and did not count.
        let next = queue.produced();
        // Counted now, and not with the next multiple of `UNCOUNTED`: if this producer died before
        // that, the head would be further behind than `produced` looks, and the next successor
        // would write complete messages again. Release: as in `produce`.
        queue.head().store(next, Ordering::Release);
        let attention = if queue.is_wakeable() || queue.evicts().is_some() { 0 } else { UNCOUNTED - 1 };
        Ok(State { next, attention, lock })
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
        debug_assert!(!state.lock.is_forked(), "the producer of the parent process");
        let n = state.next;
        // Before all branches: so the compiler finds out once for many messages what this needs.
        let (cell, complete) = (queue.cell(n), queue.geometry.complete(n));
        if n & state.attention == 0 {
            if n.is_multiple_of(UNCOUNTED) {
                // Release: pairs with the Acquire load in `QueueReader::produced`. After the messages
                // before, so never ahead of what is complete.
                queue.head().store(n, Ordering::Release);
                step("counted");
            }
            if gate.is_there() {
                state.attention = gate.pass_several(n);
            }
            // SAFETY: as below.
            unsafe { cell.write_at(complete, message) };
            state.next = n.wrapping_add(1);
            step("complete");
            if let Some(bell) = bell {
                bell.ring();
            }
            return n;
        }
        // SAFETY: the queue has one producer at a time, borrowed mutably here; taking the lock that
        // proves it ordered all that the one before did before this. So no other write to any slot
        // runs, and all earlier ones happen before.
        unsafe { cell.write_at(complete, message) };
        state.next = n.wrapping_add(1);
        step("complete");
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
        gate.try_pass(state.next)?;
        Ok(Self::produce(queue, state, None, gate, message))
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
        // What the last may overwrite, those before it may.
        gate.try_pass(state.next.wrapping_add(messages.len() as u64 - 1))?;
        Ok(Self::produce_batch(queue, state, gate, messages))
    }

    #[inline(always)]
    fn produce_batch<T: Payload>(
        queue: &Queue<T, Self>,
        state: &mut State,
        gate: &mut Gate<T>,
        messages: impl ExactSizeIterator<Item: Source<T>>,
    ) -> Range<u64> {
        let first = state.next;
        for message in messages {
            Self::produce(queue, state, None, gate, message);
        }
        first..state.next
    }
}
