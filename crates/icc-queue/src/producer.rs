//! The writing end, in either mode.

use crate::gate::{Gate, Waiting};
use crate::mode::sealed::Properties;
use crate::{BatchTooLong, Mode, ProducerError, Queue, Room, Spmc, TryProduceError};
use core::{fmt, ops::Range, time::Duration};
use icc_buffer::Bell;
use icc_seqlock::{Payload, Source};
use std::time::Instant;

/// A writing end of a queue, from [`Queue::producer`].
///
/// Knows nothing of consumers: it never waits for one and never reads what one writes. (In a
/// [wakeable](crate::QueueSpec::wakeable) queue, one word: whether anybody sleeps.)
///
/// It cannot be cloned, so that in [`Spmc`] mode there is never a second one; in
/// [`Mpmc`](crate::Mpmc) mode ask the queue for another:
///
/// ```compile_fail,E0599
/// # let queue = icc_queue::Queue::<u64>::new(2).unwrap();
/// let producer = queue.producer().unwrap();
/// let another = producer.clone();
/// ```
#[doc(alias = "publisher")]
#[doc(alias = "sender")]
pub struct Producer<T, M: Mode = Spmc> {
    pub(crate) queue: Queue<T, M>,
    pub(crate) state: <M as Properties>::State,
    /// Where consumers sleep, in a wakeable queue.
    bell: Option<Bell>,
    /// What it passes before it overwrites.
    pub(crate) gate: Gate<T>,
}

impl<T: Payload, M: Mode> Queue<T, M> {
    /// A producer.
    ///
    /// In [`Spmc`] mode there is one at a time: another is available once it is dropped or its
    /// process has ended, and goes on where it stopped. One that was killed in the middle of a
    /// message leaves it half-written: its successor's first message takes that place and that
    /// sequence number, so nothing else is lost and no consumer notices.
    ///
    /// In [`Mpmc`](crate::Mpmc) mode there are as many as were asked for at creation, 64 by
    /// default, in all processes together.
    ///
    /// Of a [wakeable](crate::QueueSpec::wakeable) queue, get it on the thread that produces. A
    /// producer that goes to another thread wakes consumers as well, but one that begins to sleep in
    /// the very moment of a message may be late by ten milliseconds.
    ///
    /// # After `fork`
    ///
    /// A child process made by `fork` gets a copy of the producer, which is still its parent's:
    /// both would write under the same sequence numbers, and messages would be lost untold. In the
    /// child, [`try_produce`](Producer::try_produce) fails with a typed error;
    /// [`produce`](Producer::produce), which has none, is checked in debug builds only. Dropping
    /// the copy releases nothing. Drop it, and ask the queue for one of the child's own.
    ///
    /// # Errors
    ///
    /// [`ProducerError::Taken`] while the one producer lives, in whatever process.
    /// [`ProducerError::TooMany`] if as many live as the queue takes. [`ProducerError::Buffer`] if
    /// the system refuses the lock that tells.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Mpmc, Queue};
    ///
    /// let queue = Queue::<u64, Mpmc>::new(1024)?;
    /// let mut consumer = queue.consumer();
    /// std::thread::scope(|scope| {
    ///     for name in 0..4 {
    ///         let mut producer = queue.producer().expect("fewer than 64");
    ///         scope.spawn(move || producer.produce(&name));
    ///     }
    /// });
    /// assert_eq!((0..4).map(|_| consumer.try_consume().unwrap()).sum::<u64>(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "publisher")]
    #[doc(alias = "sender")]
    pub fn producer(&self) -> Result<Producer<T, M>, ProducerError> {
        let state = M::register(self)?;
        let bell = self.bell().inspect(|bell| bell.register_producer()).cloned();
        let gate = self.gate()?;
        Ok(Producer { queue: self.clone(), state, bell, gate })
    }
}

impl<T: Payload, M: Mode> Producer<T, M> {
    /// Puts `message` into the queue and returns its sequence number.
    ///
    /// It overwrites the message that is `capacity` older, read or not. It never waits for
    /// consumers.
    ///
    /// In [`Spmc`] mode it never waits at all. In [`Mpmc`](crate::Mpmc) mode it waits for another
    /// producer only if that one is still writing the message that is `capacity` older, and is then
    /// a whole ring behind; if it was killed there, its place is taken once the system tells that
    /// it is dead. A ring with room for a few messages of each producer makes that wait rare. While
    /// it waits it spins, then yields its core, then sleeps, so that a peer of lower priority on
    /// the same core can go on; in a signal handler that interrupted such a peer's `produce`, it
    /// never returns: use [`try_produce`](Self::try_produce) there, and in real-time threads.
    #[doc(alias = "publish")]
    #[doc(alias = "send")]
    #[doc(alias = "push")]
    #[inline(always)]
    pub fn produce(&mut self, message: &T) -> u64 {
        self.put(message)
    }

    /// [`produce`](Self::produce), of a value or of bytes.
    #[inline(always)]
    pub(crate) fn put(&mut self, message: impl Source<T>) -> u64 {
        M::produce(&self.queue, &mut self.state, self.bell.as_ref(), &mut self.gate, message)
    }

    /// Puts `message` into the queue and returns its sequence number, if that needs no waiting.
    ///
    /// In [`Spmc`] mode it always succeeds. In [`Mpmc`](crate::Mpmc) mode it does what
    /// [`produce`](Self::produce) does, but gives up where that would wait for another producer; it
    /// costs a little more, a compare-exchange in place of an addition.
    ///
    /// # Errors
    ///
    /// [`TryProduceError::Busy`] if another producer is a whole ring behind;
    /// [`TryProduceError::Forked`] in a child process made by `fork`. Nothing was produced,
    /// and no sequence number taken.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<u64, icc_queue::Mpmc>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// assert_eq!(producer.try_produce(&7), Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn try_produce(&mut self, message: &T) -> Result<u64, TryProduceError> {
        self.try_put(message)
    }

    /// [`try_produce`](Self::try_produce), of a value or of bytes.
    #[inline(always)]
    pub(crate) fn try_put(&mut self, message: impl Source<T>) -> Result<u64, TryProduceError> {
        let n = M::try_produce(&self.queue, &mut self.state, &mut self.gate, message)?;
        self.ring();
        Ok(n)
    }

    /// [`put_batch`](Self::put_batch), of some messages that are no more than the queue keeps, if that needs no
    /// waiting.
    #[cfg(not(icc_loom))]
    pub(crate) fn try_put_batch(
        &mut self,
        messages: impl ExactSizeIterator<Item: Source<T>>,
    ) -> Result<Range<u64>, TryProduceError> {
        let produced = M::try_produce_batch(&self.queue, &mut self.state, &mut self.gate, messages)?;
        self.ring();
        Ok(produced)
    }

    /// As [`try_produce`](Self::try_produce), but tries for up to `timeout`: while a consumer that
    /// [holds](crate::QueueReader::holding_consumer) is a whole ring behind, or another producer is.
    ///
    /// It spins, yields its core, and then sleeps until a holder has read something. It returns within a
    /// millisecond after the timeout, as far as the system gives it a core.
    ///
    /// # Errors
    ///
    /// As [`try_produce`](Self::try_produce), once the time is over; [`TryProduceError::Forked`] at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Evict, Queue, QueueSpec, TryProduceError};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(2).holding(Evict::Never))?;
    /// let mut producer = queue.producer()?;
    /// let mut slow = queue.holding_consumer("slow")?;
    /// let soon = Duration::from_millis(1);
    /// assert_eq!(producer.produce_timeout(&0, soon), Ok(0));
    /// assert_eq!(producer.produce_timeout(&1, soon), Ok(1));
    /// assert_eq!(producer.produce_timeout(&2, soon), Err(TryProduceError::Full { by: 0, behind: 2 }));
    /// assert_eq!(slow.try_consume(), Ok(0));
    /// assert_eq!(producer.produce_timeout(&2, soon), Ok(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn produce_timeout(&mut self, message: &T, timeout: Duration) -> Result<u64, TryProduceError> {
        self.retry_for(timeout, |producer| producer.try_produce(message))
    }

    /// Tries again while there is no room, for up to `timeout`.
    pub(crate) fn retry_for(
        &mut self,
        timeout: Duration,
        mut attempt: impl FnMut(&mut Self) -> Result<u64, TryProduceError>,
    ) -> Result<u64, TryProduceError> {
        let deadline = Instant::now().checked_add(timeout);
        let mut waiting = Waiting::default();
        loop {
            let reason = match attempt(self) {
                Err(reason @ (TryProduceError::Full { .. } | TryProduceError::Busy { .. })) => reason,
                done => return done,
            };
            if deadline.is_some_and(|at| Instant::now() >= at) {
                return Err(reason);
            }
            match reason {
                TryProduceError::Full { .. } => self.gate.wait_once(&mut waiting, deadline),
                _ => waiting.give_way(),
            }
        }
    }

    /// What to wait for after [`TryProduceError::Full`]: for programs that wait for several things at once.
    /// None after anything else.
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        self.gate.room()
    }

    /// Puts `messages` into the queue, in order and with no other's between, and returns their
    /// sequence numbers. Waits as [`produce`](Self::produce) does. Nothing happens if there are
    /// none.
    ///
    /// # Errors
    ///
    /// [`BatchTooLong`] if there are more than the queue keeps; none was produced.
    #[inline]
    pub fn produce_batch(&mut self, messages: &[T]) -> Result<Range<u64>, BatchTooLong> {
        self.put_batch(messages.iter())
    }

    /// [`produce_batch`](Self::produce_batch), of values or of bytes.
    #[inline(always)]
    pub(crate) fn put_batch(
        &mut self,
        messages: impl ExactSizeIterator<Item: Source<T>>,
    ) -> Result<Range<u64>, BatchTooLong> {
        let (len, capacity) = (messages.len(), self.queue.capacity());
        if len > capacity {
            return Err(BatchTooLong { len, capacity });
        }
        if len == 0 {
            let next = self.queue.produced();
            return Ok(next..next);
        }
        let produced = M::produce_batch(&self.queue, &mut self.state, &mut self.gate, messages);
        self.ring();
        Ok(produced)
    }

    /// Wakes the consumers that sleep, after something was produced.
    #[inline(always)]
    pub(crate) fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }

    /// The sequence number of the next message. With many producers, another may take it first.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.queue.produced()
    }

    /// Whether this is the copy of a producer in a child process made by `fork`: see
    /// [`Queue::producer`]. Costs a load.
    #[must_use]
    pub fn is_forked(&self) -> bool {
        M::is_forked(&self.state)
    }

    /// The queue, to attach consumers to.
    #[must_use]
    pub fn queue(&self) -> &Queue<T, M> {
        &self.queue
    }
}

#[cfg(all(test, not(icc_loom)))]
impl<T: Payload> Producer<T, crate::Mpmc> {
    pub(crate) fn id(&self) -> u32 {
        self.state.lock.id()
    }
}

impl<T, M: Mode> fmt::Debug for Producer<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("queue", &self.queue).finish_non_exhaustive()
    }
}
