//! What a queue is to be.

use crate::{Evict, QueueError, geometry::Geometry};
use icc_buffer::{GroupNames, MAX_IDS};
use icc_seqlock::primitive::bound;

/// What a queue is to be. A number alone is a capacity: `Queue::new(1024)`.
///
/// # Examples
///
/// ```
/// use icc_queue::{Mpmc, Queue, QueueSpec};
///
/// let spec = QueueSpec::new(1024).starting_at(1_000_000).max_producers(200);
/// let queue = Queue::<u64, Mpmc>::new(spec)?;
/// assert_eq!(queue.producer()?.produce(&7), 1_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueSpec {
    /// The number of messages that the ring keeps: a power of two, at least 2.
    pub capacity: usize,
    /// The sequence number of the first message. 0 unless given.
    pub first: u64,
    /// The most producers at a time, in a queue for many: 1 to 1,024. 64 unless given.
    pub max_producers: u32,
    /// Whether consumers can sleep and be woken: see [`wakeable`](Self::wakeable).
    pub wakeable: bool,
    /// Whether consumers can be seen: see [`seen`](Self::seen).
    pub seen: bool,
    /// Whether consumers can hold, and what becomes of one that is behind: see
    /// [`holding`](Self::holding).
    pub holding: Option<Evict>,
    /// Whether the producer may leave numbers out: see [`gaps`](Self::gaps).
    pub gaps: bool,
    /// The instance of the queue that it repeats; 0 for none: see [`repeating`](Self::repeating).
    pub source: u64,
    /// Groups of workers: see [`group`](Self::group).
    pub groups: GroupNames,
    /// How often a group's message is delivered at most: see [`max_deliveries`](Self::max_deliveries).
    pub max_deliveries: u8,
    /// The bytes of a slot of a queue of bytes: see [`slot_size`](Self::slot_size).
    pub slot_size: usize,
}

impl QueueSpec {
    /// What [`max_deliveries`](Self::max_deliveries) is unless given.
    pub const DELIVERIES: u8 = 8;

    /// What [`slot_size`](Self::slot_size) is unless given.
    pub const SLOT_SIZE: usize = 256;

    /// The most that [`max_producers`](Self::max_producers) can be.
    pub const MOST_PRODUCERS: u32 = MAX_IDS;

    /// A queue that keeps the last `capacity` messages.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self {
            capacity,
            first: 0,
            max_producers: bound(64, 2),
            wakeable: false,
            seen: false,
            holding: None,
            gaps: false,
            source: 0,
            groups: GroupNames::new(),
            max_deliveries: Self::DELIVERIES,
            slot_size: Self::SLOT_SIZE,
        }
    }

    /// With sequence numbers that begin at `first`.
    ///
    /// To continue where an earlier queue or a recording ended. Sequence numbers wrap from
    /// `u64::MAX` to 0.
    #[must_use]
    pub const fn starting_at(mut self, first: u64) -> Self {
        self.first = first;
        self
    }

    /// With at most this many producers at a time. Each takes 256 bytes beside the ring. Of a queue
    /// with one producer, ignored.
    #[must_use]
    pub const fn max_producers(mut self, producers: u32) -> Self {
        self.max_producers = producers;
        self
    }

    /// Whose consumers can sleep in the kernel until a message wakes them, with [`Park`](crate::Park).
    ///
    /// Producers then look after each message, or batch of them, whether anybody sleeps: a load and a
    /// branch, and a system call if somebody does. The word they look at lies in memory that consumers
    /// write to: in shared memory in a file of its own, `NAME.INSTANCE.readers`, whose permissions are
    /// [`Options::readers_mode`](icc_buffer::Options::readers_mode), or in a second `memfd`. Consumers
    /// still map the ring itself read-only.
    ///
    /// It belongs to the queue, as its capacity does, and not to how its files are made, so it is
    /// asked for here: for queues in private memory, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Park, Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(1024).wakeable())?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// std::thread::scope(|scope| {
    ///     let consumed = scope.spawn(move || consumer.consume(&mut Park::default()));
    ///     producer.produce(&7);
    ///     assert_eq!(consumed.join().expect("no panic"), Ok(7));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn wakeable(mut self) -> Self {
        self.wakeable = true;
        self
    }

    /// Whose consumers can be seen, each under a label of its own:
    /// [`seen_as`](crate::Consumer::seen_as), [`readers`](crate::QueueReader::readers).
    ///
    /// Costs producers nothing, and consumers that are not seen neither. In shared memory those that
    /// are write where they are into a file of its own, `NAME.INSTANCE.readers`, whose permissions
    /// are [`Options::readers_mode`](icc_buffer::Options::readers_mode), or a second `memfd`. The
    /// ring itself is still mapped read-only.
    #[must_use]
    pub const fn seen(mut self) -> Self {
        self.seen = true;
        self
    }

    /// Whose consumers can hold, and lose nothing:
    /// [`holding_consumer`](crate::QueueReader::holding_consumer).
    ///
    /// Producers do not overwrite what one that holds has not read: they wait, and after the time that
    /// `evict` says they go on without it. So a producer of such a queue can wait for consumers.
    /// Consumers that do not hold are as in any queue.
    ///
    /// A producer looks at those that hold once in half a ring, and more often when one is behind. In
    /// shared memory they write where they are into a file of its own, `NAME.INSTANCE.readers`, whose
    /// permissions are [`Options::readers_mode`](icc_buffer::Options::readers_mode), or a second
    /// `memfd`: whoever may write to it can make producers wait for as long as `evict` allows.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Evict, Queue, QueueSpec};
    /// use std::time::Duration;
    ///
    /// let evict = Evict::After(Duration::from_secs(1));
    /// let queue = Queue::<u64>::new(QueueSpec::new(4).holding(evict))?;
    /// let mut producer = queue.producer()?;
    /// let mut recorder = queue.holding_consumer("recorder")?;
    ///
    /// let recording = std::thread::spawn(move || {
    ///     (0..1_000).map(|_| recorder.consume(&mut icc_queue::BusySpin).expect("it loses nothing")).sum::<u64>()
    /// });
    /// (0..1_000).for_each(|n| { producer.produce(&n); });
    /// assert_eq!(recording.join().expect("no panic"), 499_500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn holding(mut self, evict: Evict) -> Self {
        self.holding = Some(evict);
        self
    }

    /// Whose one producer may leave sequence numbers out, with
    /// [`produce_at`](crate::Producer::produce_at).
    ///
    /// For a queue that repeats another one under the same numbers, such as one of another machine, when
    /// some of its messages did not arrive. A consumer that comes to such a gap finds out after some
    /// silence, and is told of it as [`Lost`](crate::Lost), at once in one piece. Everything else is as in
    /// any queue; programs in other languages must know of gaps to read it.
    #[must_use]
    pub const fn gaps(mut self) -> Self {
        self.gaps = true;
        self
    }

    /// That repeats another queue, perhaps one of another machine, under the same sequence numbers: the one
    /// with this [`instance`](crate::QueueReader::instance). Then a [`Position`](crate::Position) noted in
    /// either is one of both. Mostly with [`gaps`](Self::gaps).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Queue, QueueSpec};
    ///
    /// let there = Queue::<u64>::new(8)?;
    /// let here = Queue::<u64>::new(QueueSpec::new(8).gaps().repeating(there.instance()))?;
    /// let (mut producer, mut mirror) = (there.producer()?, here.producer()?);
    /// (0..3).for_each(|n| _ = producer.produce(&n));
    /// (0..3).for_each(|n| _ = mirror.produce(&n));
    ///
    /// let mut consumer = there.consumer_from_oldest();
    /// consumer.try_consume()?;
    /// let mut elsewhere = here.consumer_at(consumer.position())?;
    /// assert_eq!(elsewhere.try_consume(), Ok(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn repeating(mut self, source: u64) -> Self {
        self.source = source;
        self
    }

    /// With a group of workers of this name, of which each message goes to one:
    /// [`QueueReader::group`](crate::QueueReader::group). Up to eight, each of its own name: one to 32 letters,
    /// digits, `-` and `_`. Any other is an error when the queue is created.
    ///
    /// Costs producers nothing, and consumers that are no workers neither. In shared memory each group has
    /// a file of its own, `NAME.INSTANCE.group-NAME`, of about 33 KB, 8 bytes for each message that the
    /// queue keeps, and 16 messages more. Its permissions are
    /// [`Options::readers_mode`](icc_buffer::Options::readers_mode). Workers still map the ring itself
    /// read-only. A queue in shared memory without a name has no groups.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Queue, QueueSpec};
    ///
    /// let spec = QueueSpec::new(1024).group("orders").group("audit");
    /// let queue = Queue::<u64>::new(spec)?;
    /// assert_eq!(queue.groups(), ["orders", "audit"]);
    /// assert!(Queue::<u64>::new(QueueSpec::new(1024).group("no/name")).is_err());
    /// # Ok::<(), icc_queue::QueueError>(())
    /// ```
    #[must_use]
    pub const fn group(mut self, name: &str) -> Self {
        self.groups = self.groups.with(name);
        self
    }

    /// How often a message is delivered to a worker of a group at most: 1 to 255, 8 unless given. One that
    /// was given back, or whose worker died, as often as that, is
    /// [set aside](crate::Group::set_aside).
    #[must_use]
    pub const fn max_deliveries(mut self, deliveries: u8) -> Self {
        self.max_deliveries = deliveries;
        self
    }

    /// Whose slots have this many bytes, in a queue of messages of any length ([`bytes`](crate::bytes)); of
    /// any other, ignored. A multiple of 8, from 40 to 65,536; 256 unless given.
    ///
    /// Each slot has room for 32 bytes less, and a message takes as many slots as it needs. So a slot is best
    /// chosen for most messages to fit one. Slots lie a power of two apart up to 64 bytes, and a multiple of
    /// 64 above (with many producers, of 128, or on Zen 3 64 if they fit): other sizes leave memory unused.
    #[must_use]
    pub const fn slot_size(mut self, bytes: usize) -> Self {
        self.slot_size = bytes;
        self
    }

    /// That, if there are groups and it can be.
    pub(crate) fn deliveries(&self) -> Result<u64, QueueError> {
        match self.max_deliveries {
            0 => Err(QueueError::Deliveries),
            most => Ok(most.into()),
        }
    }

    /// What the ring's arithmetic needs, if this can be a queue.
    pub(crate) fn geometry(&self) -> Result<Geometry, QueueError> {
        let asked = self.max_producers;
        if asked == 0 || asked > Self::MOST_PRODUCERS {
            return Err(QueueError::Producers { asked, max: Self::MOST_PRODUCERS });
        }
        Geometry::new(self.capacity).ok_or(QueueError::Capacity { asked: self.capacity })
    }
}

impl From<usize> for QueueSpec {
    fn from(capacity: usize) -> Self {
        Self::new(capacity)
    }
}
