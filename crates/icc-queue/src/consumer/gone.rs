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
    /// producer that is stopped, or silent for a day, lives; and where each producer begins before
    /// another ends, one lives at any time. Asking costs a system call.
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
            if self.queue.some_producer_lives().unwrap_or(true) {
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
    /// Whether any producer lives. Of all at one moment: one may begin just before another ends.
    pub(crate) fn some_producer_lives(&self) -> Result<bool, BufferError> {
        self.buffer.some_holder_lives(0..self.ledgers().max(1))
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::{Mpmc, Queue, QueueSpec};
    use icc_seqlock::primitive::{AtomicU8, Ordering};

    /// Each producer begins before the one before it ends: at any moment one lives, and nobody is told that
    /// none does.
    fn hand_over(queue: &Queue<u64, Mpmc>, asks: u32) {
        let (first, is_over) = (queue.producer().unwrap(), AtomicU8::new(0));
        std::thread::scope(|scope| {
            let handing_over = scope.spawn(|| {
                let (mut last, mut count) = (first, 0_u64);
                while is_over.load(Ordering::Relaxed) == 0 {
                    let next = queue.producer().unwrap();
                    drop(last);
                    (last, count) = (next, count + 1);
                }
                count
            });
            let none_lives = || queue.some_producer_lives() == Ok(false) || queue.living_producers() == Ok(0);
            let wrong = (0..asks).filter(|_| none_lives()).count();
            is_over.store(1, Ordering::Relaxed);
            let count = handing_over.join().unwrap();
            assert_eq!(wrong, 0, "none seemed to live, in {count} handovers");
            assert!(count > 0);
        });
    }

    #[test]
    fn a_handover_is_no_end() {
        hand_over(&Queue::new(QueueSpec::new(8).max_producers(4)).unwrap(), if cfg!(miri) { 20 } else { 100_000 });
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_handover_of_a_shared_queue_is_no_end() {
        let queue = Queue::anonymous(QueueSpec::new(8).max_producers(4), &crate::Options::new()).unwrap();
        hand_over(&queue, 100_000);
    }
}
