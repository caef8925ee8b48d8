//! Being seen: a consumer that shows where it is.

use crate::{
    ConsumeError, ConsumeTimeoutError, Consumer, EntryError, Lost, QueueReader, TryConsumeError, WaitStrategy,
};
use core::{fmt, iter, ops::Deref, ops::DerefMut, time::Duration};
use icc_buffer::ReaderEntry;
use icc_seqlock::Payload;
use sealed::Place;

/// One that does not come to the end of what is there shows where it is after at most this many
/// messages.
const MOST: u64 = 256;

/// A consumer that is seen: [`QueueReader::readers`] lists it, in any process. From
/// [`Consumer::seen_as`], and the same of an untyped consumer.
///
/// It derefs to the consumer, whose other methods it has, too. What it reads through its own, it
/// shows: it stores where it is, and what it received and lost, into a cache line of its own whenever
/// nothing more is there, at the end of a batch, when it lost something, and after every eighth of the
/// ring, of at most 256 messages. (What is read through `&mut` to the consumer itself shows with the
/// next of these.) Producers do not look at it, so it costs them nothing.
///
/// Dropping it lets go of its entry. If its process ends without that, it is listed as one that does
/// not live, until another consumer takes the place. The copy in a child made by `fork` shows
/// nothing.
pub struct Seen<C> {
    consumer: C,
    /// None if there was no entry for it.
    entry: Option<ReaderEntry>,
    /// Where it was when it showed that last.
    shown_at: u64,
    period: u64,
    /// The first message that it was promised.
    held_from: Option<u64>,
}

/// A consumer that is to be seen cannot be, and works on unnoticed: it is in here.
///
/// # Examples
///
/// Seen if that can be, with a word to whoever reads the log if not:
///
/// ```
/// use icc_queue::Queue;
///
/// let queue = Queue::<u64>::new(1024)?;
/// let mut consumer = queue.consumer().seen_as("risk").unwrap_or_else(|unseen| {
///     eprintln!("{unseen}");
///     unseen.unseen()
/// });
/// queue.producer()?.produce(&7);
/// assert_eq!(consumer.try_consume(), Ok(7));
/// assert!(queue.readers()?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SeenError<C> {
    /// The consumer as it was.
    pub consumer: C,
    /// Why it is not seen.
    pub reason: EntryError,
}

pub(crate) mod sealed {
    /// Where a consumer is.
    pub trait Place {
        /// What changes with each message that it receives or loses.
        fn next(&self) -> u64;
        /// The next message's number, how many were received and how many lost.
        fn totals(&self) -> [u64; 3];
    }
}

impl<T: Payload> Place for Consumer<T> {
    #[inline(always)]
    fn next(&self) -> u64 {
        self.next
    }

    fn totals(&self) -> [u64; 3] {
        [self.next_sequence(), self.received(), self.lost()]
    }
}

impl<C: Place> Seen<C> {
    pub(crate) fn new<T>(consumer: C, queue: &QueueReader<T>, label: &str) -> Result<Self, SeenError<C>> {
        let [cursor, ..] = consumer.totals();
        match queue.buffer.take_entry(label, cursor) {
            Ok(entry) => Ok(Self::over(consumer, queue, entry, None)),
            Err(reason) => Err(SeenError { consumer, reason }),
        }
    }

    fn over<T>(consumer: C, queue: &QueueReader<T>, entry: ReaderEntry, held_from: Option<u64>) -> Self {
        // An eighth of the ring: one that held a whole ring's worth of messages back would wait for
        // the producers, and they for it.
        let period = (queue.geometry.capacity() / 8).clamp(1, MOST);
        let mut seen = Self { shown_at: consumer.next(), consumer, entry: Some(entry), period, held_from };
        seen.show();
        seen
    }

    #[cold]
    pub(crate) fn show(&mut self) {
        self.shown_at = self.consumer.next();
        if let Some(entry) = &self.entry {
            let [cursor, received, lost] = self.consumer.totals();
            entry.publish(cursor, received, lost);
        }
    }

    /// After one message.
    #[inline(always)]
    pub(crate) fn received_one(&mut self) {
        if self.consumer.next().wrapping_sub(self.shown_at) >= self.period {
            self.show();
        }
    }

    /// Where it comes to rest for a while.
    #[inline(always)]
    pub(crate) fn rest(&mut self) {
        if self.consumer.next() != self.shown_at {
            self.show();
        }
    }

    /// After an attempt to read one message.
    #[inline(always)]
    pub(crate) fn tried(&mut self, done: Result<u64, TryConsumeError>) -> Result<u64, TryConsumeError> {
        match done {
            Ok(_) => self.received_one(),
            Err(TryConsumeError::Empty) => self.rest(),
            // Also if it stays where it is.
            Err(TryConsumeError::SpedPast(_)) => self.show(),
        }
        done
    }

    /// After a batch.
    #[inline(always)]
    pub(crate) fn tried_batch(&mut self, done: Result<usize, Lost>) -> Result<usize, Lost> {
        match done {
            Ok(_) => self.rest(),
            Err(_) => self.show(),
        }
        done
    }

    /// The same, of another consumer that is in the same place.
    #[cfg(not(icc_loom))]
    pub(crate) fn map<D>(self, change: impl FnOnce(C) -> D) -> Seen<D> {
        let Self { consumer, entry, shown_at, period, held_from } = self;
        Seen { consumer: change(consumer), entry, shown_at, period, held_from }
    }

    /// The first message that it was promised when it began to [hold](QueueReader::holding_consumer); none
    /// if it is only seen. It gets this and all that follow, for as long as it [holds](Self::holds).
    #[must_use]
    pub fn held_from(&self) -> Option<u64> {
        self.held_from
    }

    /// Whether it [holds](QueueReader::holding_consumer): producers wait for it. False once they went on
    /// without it, and then for good. Whenever it is told of lost messages, this is false, unless those
    /// are a dead producer's or were left out by one, or somebody wrote garbage into the readers' file.
    ///
    /// In the copy in a child made by `fork`, false.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.entry.as_ref().is_some_and(ReaderEntry::holds)
    }

    /// The consumer, which is not seen any more, and does not hold.
    #[must_use]
    pub fn into_consumer(self) -> C {
        self.consumer
    }
}

impl<C: Place> SeenError<C> {
    /// The consumer as one that is seen by nobody, for where both are to be of one type.
    #[must_use]
    pub fn unseen(self) -> Seen<C> {
        Seen { shown_at: self.consumer.next(), consumer: self.consumer, entry: None, period: MOST, held_from: None }
    }
}

impl<T: Payload> Consumer<T> {
    /// This consumer as one that is seen: [`QueueReader::readers`], in any process, lists it under
    /// this label, with where it is and what it received and lost.
    ///
    /// The label is for people: up to 64 bytes, and several consumers may have the same.
    ///
    /// # Errors
    ///
    /// The error has the consumer in it, which works on as before. Its reason is
    /// [`EntryError::NotSeen`] if the queue was created without [`seen`](crate::QueueSpec::seen);
    /// [`EntryError::NoneLeft`] if 192 living consumers are seen; [`EntryError::BadLabel`];
    /// [`EntryError::Buffer`] if the readers' file cannot be used, such as without permission to write
    /// to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(1024).seen())?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer().seen_as("recorder")?;
    /// (0..5).for_each(|n| { producer.produce(&n); });
    /// consumer.try_consume_batch(&mut [0; 3])?;
    ///
    /// let seen = &queue.readers()?[0];
    /// assert_eq!((seen.label.as_str(), seen.lag, seen.received), ("recorder", 2, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::result_large_err, reason = "it gives the consumer back, as success does")]
    pub fn seen_as(self, label: &str) -> Result<Seen<Self>, SeenError<Self>> {
        let queue = self.queue.clone();
        Seen::new(self, &queue, label)
    }
}

impl<T: Payload> Seen<Consumer<T>> {
    pub(crate) fn holding(consumer: Consumer<T>, entry: ReaderEntry) -> Self {
        let (queue, from) = (consumer.queue.clone(), consumer.next);
        Self::over(consumer, &queue, entry, Some(from))
    }

    // Always inlined: returned through memory, a message of 56 bytes took 8 ns in place of 3.
    /// As [`Consumer::try_consume`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline(always)]
    pub fn try_consume(&mut self) -> Result<T, TryConsumeError> {
        let mut message = T::zeroed();
        self.try_consume_into(&mut message).map(|_| message)
    }

    /// As [`Consumer::try_consume_into`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline(always)]
    pub fn try_consume_into(&mut self, out: &mut T) -> Result<u64, TryConsumeError> {
        let done = self.consumer.try_consume_into(out);
        self.tried(done)
    }

    /// As [`Consumer::try_consume_batch`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn try_consume_batch(&mut self, out: &mut [T]) -> Result<usize, Lost> {
        let done = self.consumer.try_consume_batch(out);
        self.tried_batch(done)
    }

    /// As [`Consumer::drain`].
    pub fn drain(&mut self) -> impl Iterator<Item = Result<T, Lost>> + '_ {
        let mut left = self.queue.geometry.capacity() + 1;
        let mut is_over = false;
        iter::from_fn(move || {
            if left == 0 || is_over {
                self.rest();
                return None;
            }
            left -= 1;
            match self.try_consume() {
                Ok(message) => Some(Ok(message)),
                Err(TryConsumeError::Empty) => {
                    is_over = true;
                    None
                }
                Err(TryConsumeError::SpedPast(lost)) => {
                    is_over = self.stopped().is_some();
                    Some(Err(lost))
                }
            }
        })
        .fuse()
    }

    /// As [`Consumer::consume`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn consume(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<T, Lost> {
        let mut message = T::zeroed();
        self.consume_into(&mut message, wait).map(|_| message)
    }

    /// As [`Consumer::consume_into`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn consume_into(&mut self, out: &mut T, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<u64, Lost> {
        // Once without waiting, so that it shows where it is before it waits.
        let done = match self.try_consume_into(out) {
            Ok(n) => return Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => return Err(lost),
            Err(TryConsumeError::Empty) => self.consumer.consume_into(out, wait),
        };
        match done {
            Ok(_) => self.received_one(),
            Err(_) => self.show(),
        }
        done
    }

    /// As [`Consumer::consume_timeout`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn consume_timeout(
        &mut self,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<T, ConsumeTimeoutError> {
        let mut message = T::zeroed();
        self.consume_into_timeout(&mut message, wait, timeout).map(|_| message)
    }

    /// As [`Consumer::consume_into_timeout`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn consume_into_timeout(
        &mut self,
        out: &mut T,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<u64, ConsumeTimeoutError> {
        let done = match self.try_consume_into(out) {
            Ok(n) => return Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => return Err(ConsumeTimeoutError::SpedPast(lost)),
            Err(TryConsumeError::Empty) => self.consumer.consume_into_timeout(out, wait, timeout),
        };
        self.show();
        done
    }
}

impl<T: Payload> Seen<Consumer<T>> {
    /// As [`Consumer::consume_until_gone`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn consume_until_gone(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<T, ConsumeError> {
        let mut message = T::zeroed();
        self.consume_into_until_gone(&mut message, wait).map(|_| message)
    }

    /// As [`Consumer::consume_into_until_gone`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn consume_into_until_gone(
        &mut self,
        out: &mut T,
        wait: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, ConsumeError> {
        let done = match self.try_consume_into(out) {
            Ok(n) => return Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => return Err(ConsumeError::SpedPast(lost)),
            Err(TryConsumeError::Empty) => self.consumer.consume_into_until_gone(out, wait),
        };
        match done {
            Ok(_) => self.received_one(),
            Err(_) => self.show(),
        }
        done
    }

    /// As [`Consumer::until_gone`].
    pub fn until_gone(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> impl Iterator<Item = Result<T, Lost>> {
        iter::from_fn(move || self.consume_until_gone(wait).map_or_else(ConsumeError::lost_or_end, |one| Some(Ok(one))))
    }
}

impl<C> Deref for Seen<C> {
    type Target = C;

    #[inline(always)]
    fn deref(&self) -> &C {
        &self.consumer
    }
}

impl<C> DerefMut for Seen<C> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut C {
        &mut self.consumer
    }
}

impl<C: fmt::Debug> fmt::Debug for Seen<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("consumer", &self.consumer).field("entry", &self.entry).finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for SeenError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<C> fmt::Display for SeenError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the consumer is not seen: {}", self.reason)
    }
}

impl<C> core::error::Error for SeenError<C> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.reason)
    }
}
