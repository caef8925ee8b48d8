//! Consumers that hold: they lose nothing, and producers wait for them.

use crate::layout::{EVICT, EVICT_SHIFT};
use crate::{Consumer, EntryError, Position, QueueReader, Seen, StartError};
use core::{fmt, time::Duration};
use icc_buffer::Held;
use icc_seqlock::Payload;
use icc_seqlock::primitive::bound;
use std::time::Instant;

/// What becomes of a consumer that holds and is a whole ring behind: part of
/// [`QueueSpec::holding`](crate::QueueSpec::holding).
///
/// The time counts for each message, from when a producer first finds that it cannot produce it. A
/// consumer whose process ended is evicted as soon as a producer finds that out, whatever is said here:
/// within 10 ms after the kernel frees its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evict {
    /// Producers never wait for it, so it holds only as long as it keeps up with them. It is told when it
    /// does not, as any consumer is, and that it holds no longer.
    AtOnce,
    /// Producers wait for it for so long, and then go on without it. What is shorter than a nanosecond is
    /// at once, and what is longer than two years never.
    After(Duration),
    /// Producers wait for as long as it lives: [`produce`](crate::Producer::produce) without bound, and
    /// for ever if its process is stopped for ever.
    Never,
}

/// What stands for [`Evict::Never`] there: it has 56 bits.
const NEVER: u64 = u64::MAX >> EVICT_SHIFT;

impl Evict {
    /// As a word of the header.
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::AtOnce => 1,
            Self::After(time) => u64::try_from(time.as_nanos()).map_or(NEVER, |nanos| nanos.min(NEVER - 1) + 1),
            Self::Never => NEVER,
        }
    }

    /// Whether a message that was found not to pass at this time has waited for so long.
    pub(crate) fn is_over(self, since: Instant) -> bool {
        match self {
            Self::AtOnce => true,
            Self::After(longest) => since.elapsed() >= longest,
            Self::Never => false,
        }
    }

    /// What a word of the header says; none if that is 0.
    pub(crate) fn of(code: u64) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::AtOnce),
            NEVER => Some(Self::Never),
            more => Some(Self::After(Duration::from_nanos(more - 1))),
        }
    }
}

impl fmt::Display for Evict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("at once"),
            Self::After(time) => write!(f, "after {time:?}"),
            Self::Never => f.write_str("never"),
        }
    }
}

/// Why a consumer cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldError {
    /// The queue was created without [`holding`](crate::QueueSpec::holding), 64 consumers hold already,
    /// the label is no label, or the readers' file cannot be used.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// There is no such position.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The message asked for is older than half a ring.
    #[error(
        "message {asked} is older than half the ring, and {next} is next: a consumer can hold from message {oldest} on; use \
         a larger ring, or begin there"
    )]
    TooOld {
        /// The message asked for.
        asked: u64,
        /// The oldest that a consumer can hold from.
        oldest: u64,
        /// The next one to be produced.
        next: u64,
    },
    /// Producers evicted it while it began to hold, each time that it tried.
    #[error(
        "producers are so fast, or evict so soon, that it was evicted {times} times before it held: use a larger ring"
    )]
    Evicted {
        /// How often it tried.
        times: u32,
    },
}

impl<T: Payload> QueueReader<T> {
    /// Attaches a consumer that holds: from the next message on it loses nothing, since producers wait
    /// for it.
    ///
    /// Only of a queue that was created for it: see [`QueueSpec::holding`](crate::QueueSpec::holding), which
    /// says for how long producers wait. The label is for people, as with
    /// [`seen_as`](Consumer::seen_as), and [`readers`](Self::readers) lists it.
    ///
    /// [`held_from`](Seen::held_from) tells which message is the first that it will get.
    /// [`holds`](Seen::holds) tells whether it still holds: it does not if it was a whole ring behind for
    /// so long that producers went on without it. Then it is a consumer as any other, and is told which
    /// messages it lost.
    ///
    /// Producers see where it is whenever nothing more is there, at the end of a batch, and after every
    /// eighth of the ring, of at most 256 messages. So one that stops in the middle of that holds up to
    /// so many messages more than it has not read.
    ///
    /// # Errors
    ///
    /// [`HoldError::Entry`] if the queue was created without, 64 consumers hold already, the label is too
    /// long, or there is no permission to write to the readers' file. [`HoldError::Evicted`].
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Evict, Queue, QueueSpec, TryProduceError};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(4).holding(Evict::Never))?;
    /// let mut producer = queue.producer()?;
    /// producer.produce(&0);
    /// let mut recorder = queue.holding_consumer("recorder")?;
    /// assert_eq!(recorder.held_from(), Some(1));
    ///
    /// (1..5).for_each(|n| { producer.produce(&n); });
    /// assert_eq!(producer.try_produce(&5), Err(TryProduceError::Full { by: 0, behind: 4 }));
    /// assert_eq!(recorder.try_consume(), Ok(1));
    /// assert_eq!(producer.try_produce(&5), Ok(5));
    /// assert!(recorder.holds());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holding_consumer(&self, label: &str) -> Result<Seen<Consumer<T>>, HoldError> {
        self.hold(label, None)
    }

    /// As [`holding_consumer`](Self::holding_consumer), from the message at `position` on: for one that
    /// goes on where it stopped.
    ///
    /// The message must not be older than half a ring, seen from the next one. What lies before may be
    /// overwritten at any moment.
    ///
    /// # Errors
    ///
    /// As there; [`HoldError::TooOld`]; and [`HoldError::Start`] if the position is one of another queue, or
    /// its message is not there yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Evict, Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(8).holding(Evict::Never))?;
    /// let mut producer = queue.producer()?;
    /// (0..6).for_each(|n| { producer.produce(&n); });
    ///
    /// let noted = queue.position(3);
    /// let mut recorder = queue.holding_consumer_at("recorder", noted)?;
    /// assert_eq!((recorder.held_from(), recorder.try_consume()), (Some(3), Ok(3)));
    /// assert!(queue.holding_consumer_at("late", queue.position(1)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holding_consumer_at(&self, label: &str, position: Position) -> Result<Seen<Consumer<T>>, HoldError> {
        if position.instance != self.stream() {
            return Err(StartError::OtherInstance { asked: position, instance: self.stream() }.into());
        }
        self.hold(label, Some(position.sequence))
    }

    fn hold(&self, label: &str, asked: Option<u64>) -> Result<Seen<Consumer<T>>, HoldError> {
        /// Each further one means that producers went round the ring while it began to hold.
        const ROUNDS: u32 = bound(16, 2);
        for _ in 0..ROUNDS {
            // Before producers see it: one that asks for too much does not hold them up.
            self.check_held(asked, self.produced())?;
            let Held { entry, cursor, head, .. } = self.buffer.hold(label, asked, || self.produced())?;
            self.check_held(asked, head)?;
            if entry.holds() {
                return Ok(Seen::holding(Consumer::new(self.clone(), cursor), entry));
            }
        }
        Err(HoldError::Evicted { times: ROUNDS })
    }

    /// Whether a consumer can hold from this message on, if `next` is the number of the next one.
    fn check_held(&self, asked: Option<u64>, next: u64) -> Result<(), HoldError> {
        let Some(asked) = asked else { return Ok(()) };
        let kept = next.wrapping_sub(self.first()).min(self.geometry.capacity() / 2);
        let (behind, oldest) = (next.wrapping_sub(asked), next.wrapping_sub(kept));
        match behind.cast_signed() {
            ..0 => Err(StartError::NotYet { asked, oldest, next }.into()),
            _ if behind > kept => Err(HoldError::TooOld { asked, oldest, next }),
            _ => Ok(()),
        }
    }
}

impl<T> QueueReader<T> {
    /// What becomes of a consumer that [holds](Self::holding_consumer) and is a whole ring behind; none if
    /// the queue was created without [`holding`](crate::QueueSpec::holding).
    #[must_use]
    pub fn evicts(&self) -> Option<Evict> {
        if self.buffer.is_holding() { Evict::of(self.buffer.words()[EVICT] >> EVICT_SHIFT) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evictions_survive_the_header() {
        for evict in
            [Evict::AtOnce, Evict::Never, Evict::After(Duration::from_nanos(1)), Evict::After(Duration::from_secs(9))]
        {
            assert_eq!(Evict::of(evict.code()), Some(evict));
        }
        assert_eq!(Evict::of(Evict::After(Duration::ZERO).code()), Some(Evict::AtOnce));
        assert_eq!(Evict::of(Evict::After(Duration::MAX).code()), Some(Evict::Never));
    }
}
