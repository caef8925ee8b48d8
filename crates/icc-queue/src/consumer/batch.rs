//! Several messages at once.

use super::Consumer;
use crate::Lost;
use core::{fmt, iter::FusedIterator};
use icc_seqlock::Payload;

impl<T: Payload> Consumer<T> {
    /// Copies the next messages into `out`, as many as are there and fit, and returns how many.
    /// Never waits.
    ///
    /// They follow each other: the first has the sequence number that
    /// [`next_sequence`](Self::next_sequence) gave before the call. 0 if none is there, or `out` is
    /// empty. What `out` holds beyond the messages may have been overwritten with a valid but
    /// meaningless value.
    ///
    /// # Errors
    ///
    /// [`Lost`] if the first of them was overwritten, as with [`try_consume`](Self::try_consume).
    /// If a later one was, those before it are returned, and the next call reports the loss.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<u64>::new(8)?;
    /// # let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// (0..5).for_each(|n| { producer.produce(&n); });
    ///
    /// let mut batch = [0; 3];
    /// assert_eq!(consumer.try_consume_batch(&mut batch), Ok(3));
    /// assert_eq!(batch, [0, 1, 2]);
    /// assert_eq!(consumer.next_sequence(), 3);
    /// assert_eq!(consumer.try_consume_batch(&mut batch), Ok(2));
    /// assert_eq!(batch[..2], [3, 4]);
    /// assert_eq!(consumer.try_consume_batch(&mut batch), Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_consume_batch(&mut self, out: &mut [T]) -> Result<usize, Lost> {
        let mut count = 0;
        for message in out {
            match self.take(message) {
                Ok(_) => count += 1,
                // A slot that is ahead stays ahead: what is not reported now will be.
                Err(ahead) if count == 0 => return self.miss(ahead).map_or(Ok(0), Err),
                Err(_) => break,
            }
        }
        Ok(count)
    }

    /// An iterator over what is there: each message, or the [`Lost`] ones in its place. Never
    /// waits.
    ///
    /// It ends where nothing more is there, and where the consumer
    /// [stopped](crate::Recovery::Stop). It gives at most one item more than the queue keeps
    /// messages: a loss and all that was there when it began. So it ends even if the producer is as
    /// fast.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Lost, Queue};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// (0..6).for_each(|n| { producer.produce(&n); });
    ///
    /// let all: Vec<Result<u64, Lost>> = consumer.drain().collect();
    /// assert_eq!(all, [Err(Lost { first: 0, next: 2 }), Ok(2), Ok(3), Ok(4), Ok(5)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drain(&mut self) -> Drain<'_, T> {
        Drain { left: self.queue.geometry.capacity() + 1, consumer: self }
    }
}

/// An iterator over the messages that are there, from [`Consumer::drain`]. Dropping it early loses
/// nothing.
pub struct Drain<'a, T> {
    consumer: &'a mut Consumer<T>,
    /// How many items it may still give.
    left: u64,
}

impl<'a, T: Payload> Drain<'a, T> {
    /// The same with the sequence number of each message.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<u8>::new(4)?;
    /// # let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// [7, 8].iter().for_each(|message| { producer.produce(message); });
    ///
    /// let all: Vec<_> = consumer.drain().numbered().collect();
    /// assert_eq!(all, [Ok((0, 7)), Ok((1, 8))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn numbered(self) -> Numbered<'a, T> {
        Numbered(self)
    }

    #[inline(always)]
    fn step(&mut self) -> Option<Result<(u64, T), Lost>> {
        if self.left == 0 {
            return None;
        }
        let mut message = T::zeroed();
        match self.consumer.take(&mut message) {
            Ok(n) => {
                self.left -= 1;
                Some(Ok((n, message)))
            }
            Err(ahead) => {
                let lost = self.consumer.miss(ahead);
                let over = lost.is_none() || self.consumer.stopped().is_some();
                self.left = if over { 0 } else { self.left - 1 };
                lost.map(Err)
            }
        }
    }
}

impl<T: Payload> Iterator for Drain<'_, T> {
    type Item = Result<T, Lost>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(|item| item.map(|(_, message)| message))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, usize::try_from(self.left).ok())
    }
}

impl<T: Payload> FusedIterator for Drain<'_, T> {}

impl<T> fmt::Debug for Drain<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("consumer", &self.consumer).field("left", &self.left).finish()
    }
}

/// An iterator over the messages that are there, each with its sequence number, from
/// [`Drain::numbered`].
pub struct Numbered<'a, T>(Drain<'a, T>);

impl<T> fmt::Debug for Numbered<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Numbered").field(&self.0).finish()
    }
}

impl<T: Payload> Iterator for Numbered<'_, T> {
    type Item = Result<(u64, T), Lost>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.step()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T: Payload> FusedIterator for Numbered<'_, T> {}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::{Lost, Mpmc, Queue};
    use icc_seqlock::primitive::Ordering;

    /// The second of four messages is overwritten while the first is still there: its producer was
    /// quicker.
    #[test]
    fn a_loss_in_the_middle_is_told_by_the_next_batch() {
        let queue = Queue::<u64, Mpmc>::new(4).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer();
        (0..4).for_each(|n| {
            producer.produce(&n);
        });
        queue.head().fetch_add(1, Ordering::AcqRel);
        assert_eq!(producer.produce(&5), 5);

        let mut out = [7; 4];
        assert_eq!(
            consumer.clone().drain().collect::<Vec<_>>(),
            [Ok(0), Err(Lost { first: 1, next: 2 }), Ok(2), Ok(3)]
        );
        assert_eq!(consumer.try_consume_batch(&mut out), Ok(1));
        assert_eq!((out[0], consumer.received(), consumer.lost()), (0, 1, 0));
        assert_eq!(consumer.try_consume_batch(&mut out), Err(Lost { first: 1, next: 2 }));
        assert_eq!(consumer.try_consume_batch(&mut out), Ok(2));
        assert_eq!((out[..2].to_vec(), consumer.received(), consumer.lost()), (vec![2, 3], 3, 1));
        assert_eq!(consumer.try_consume_batch(&mut out), Ok(0));
    }
}
