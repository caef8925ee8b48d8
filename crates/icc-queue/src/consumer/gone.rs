//! Consuming that waits for as long as a producer lives.

use super::wait::SPINS_PER_CLOCK;
use super::{Consumer, SILENCE};
use crate::{ConsumeError, Lost, QueueReader, TryConsumeError, WaitStrategy, Waited};
use core::{iter, time::Duration};
use icc_buffer::BufferError;
use icc_seqlock::Payload;
use std::time::Instant;

/// Between two times of asking whether a producer lives, at most.
pub(crate) const LONGEST: Duration = Duration::from_millis(64);

impl<T: Payload> Consumer<T> {
    /// The next message. Waits for it, as `wait` says, for as long as a producer lives.
    ///
    /// After a millisecond without a message it asks whether any producer lives, and again after
    /// twice as long each time, up to 64 milliseconds. Only the locks tell that the kernel keeps: a
    /// producer that is stopped, or silent for a day, lives. Asking costs a system call for each
    /// producer that there may be, until one is found alive.
    ///
    /// The queue is at its end when all that was produced has been read or reported as lost, and no
    /// producer lives. A queue that has had no producer yet is not at its end: nothing was produced,
    /// and this consumer has met none. Another producer may come later, and so may messages, which
    /// the next call then gives: where producers are replaced by others,
    /// [`consume`](Self::consume) waits for those.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::ProducersGone`] at the end; [`ConsumeError::SpedPast`] as with
    /// [`try_consume`](Self::try_consume). If the system does not tell who lives, it goes on waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{BusySpin, ConsumeError, Queue};
    ///
    /// let queue = Queue::<u64>::new(16)?;
    /// let mut consumer = queue.consumer();
    /// let mut producer = queue.producer()?;
    /// std::thread::spawn(move || (0..10).for_each(|n| { producer.produce(&n); }));
    ///
    /// let mut sum = 0;
    /// while let Ok(message) = consumer.consume_until_gone(&mut BusySpin) {
    ///     sum += message;
    /// }
    /// assert_eq!(sum, 45);
    /// assert_eq!(consumer.consume_until_gone(&mut BusySpin), Err(ConsumeError::ProducersGone));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn consume_until_gone(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<T, ConsumeError> {
        let mut message = T::zeroed();
        self.consume_into_until_gone(&mut message, wait).map(|_| message)
    }

    /// Copies the next message into `out` and returns its sequence number. Waits for it, as
    /// [`consume_until_gone`](Self::consume_until_gone) does.
    ///
    /// # Errors
    ///
    /// As [`consume_until_gone`](Self::consume_until_gone). When sped past, `out` may hold a valid but
    /// meaningless value.
    #[inline]
    pub fn consume_into_until_gone(
        &mut self,
        out: &mut T,
        wait: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, ConsumeError> {
        match self.try_consume_into(out) {
            Ok(n) => Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => Err(ConsumeError::SpedPast(lost)),
            Err(TryConsumeError::Empty) => self.await_end(out, wait),
        }
    }

    /// The messages, each waited for as `wait` says, or the [`Lost`] ones in their place, until all
    /// producers are gone: what [`consume_until_gone`](Self::consume_until_gone) gives, for a `for`
    /// loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{BusySpin, Queue};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut consumer = queue.consumer();
    /// let mut producer = queue.producer()?;
    /// (0..6).for_each(|n| { producer.produce(&n); });
    /// drop(producer);
    ///
    /// let (mut received, mut lost) = (0, 0);
    /// for message in consumer.until_gone(&mut BusySpin) {
    ///     match message {
    ///         Ok(_) => received += 1,
    ///         Err(missed) => lost += missed.count(),
    ///     }
    /// }
    /// assert_eq!((received, lost), (4, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn until_gone(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> impl Iterator<Item = Result<T, Lost>> {
        iter::from_fn(move || self.consume_until_gone(wait).map_or_else(ConsumeError::lost_or_end, |one| Some(Ok(one))))
    }

    fn await_end(&mut self, out: &mut T, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<u64, ConsumeError> {
        let (mut round, mut slice) = (0_u64, SILENCE);
        let mut ask_at = Instant::now() + slice;
        let mut living = 0;
        loop {
            let kept_core = self.pause(wait, round, Some(ask_at)) == Waited::Spun;
            round += 1;
            match self.try_consume_into(out) {
                Ok(n) => return Ok(n),
                Err(TryConsumeError::SpedPast(lost)) => return Err(ConsumeError::SpedPast(lost)),
                Err(TryConsumeError::Empty) if kept_core && !round.is_multiple_of(SPINS_PER_CLOCK) => continue,
                Err(TryConsumeError::Empty) if Instant::now() < ask_at => continue,
                Err(TryConsumeError::Empty) => {}
            }
            if self.queue.some_producer_lives(&mut living).unwrap_or(true) {
                self.met_producer = true;
            } else {
                // What they produced before they ended is there by now.
                match self.try_consume_into(out) {
                    Ok(n) => return Ok(n),
                    Err(TryConsumeError::SpedPast(lost)) => return Err(ConsumeError::SpedPast(lost)),
                    Err(TryConsumeError::Empty) if self.is_at_end() => return Err(ConsumeError::ProducersGone),
                    Err(TryConsumeError::Empty) => {}
                }
            }
            slice = (slice * 2).min(LONGEST);
            ask_at = Instant::now() + slice;
        }
    }

    /// Whether nothing more comes, if no producer lives and the next message is not there: all numbers
    /// that were given out are behind it (a message that one of many left is reported as lost first),
    /// and there has been a producer.
    pub(crate) fn is_at_end(&self) -> bool {
        let produced = self.queue.produced();
        let had_producer = self.met_producer || produced != self.queue.first();
        had_producer && produced.wrapping_sub(self.next).cast_signed() <= 0
    }
}

impl<T> QueueReader<T> {
    /// Whether any producer lives. Asks first for the one that was found last.
    pub(crate) fn some_producer_lives(&self, last: &mut u32) -> Result<bool, BufferError> {
        let all = self.ledgers().max(1);
        for id in iter::once(*last).chain(0..all) {
            if self.buffer.holder_lives(id)? {
                *last = id;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
