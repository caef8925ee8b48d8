//! What a producer waits for while a consumer that holds is in its way.

use crate::{Bell, Evict, Waitable};
use icc_buffer::Holders;
use std::time::Instant;

/// Room for one message, as one of the sources of a [`WaitSet`](crate::WaitSet): from
/// [`Producer::room`](crate::Producer::room), after [`TryProduceError::Full`](crate::TryProduceError::Full).
///
/// It is ready once there was room for that message. It is for trying again: another producer may have
/// been quicker, and then there is another [`Room`] to wait for. It changes nothing; so it is the next
/// try that evicts, and one that is waited for in vain for long is to be tried all the same.
///
/// A holder that reads wakes the wait. One that dies wakes nobody, and neither does one whose time is
/// over: a wait that shall find that soon must be short. Give it a timeout of some milliseconds, and
/// repeat it.
///
/// # Examples
///
/// ```
/// use icc_queue::{Evict, Queue, QueueSpec, TryProduceError, WaitSet};
/// use std::time::Duration;
///
/// let queue = Queue::<u64>::new(QueueSpec::new(2).holding(Evict::Never))?;
/// let mut producer = queue.producer()?;
/// let mut recorder = queue.holding_consumer("recorder")?;
/// (0..2).for_each(|n| _ = producer.produce(&n));
/// assert!(matches!(producer.try_produce(&2), Err(TryProduceError::Full { .. })));
///
/// let (set, mut room) = (WaitSet::new(), producer.room().expect("it is full"));
/// let slice = Duration::from_millis(5);
/// assert!(set.wait(&mut [&mut room], Some(slice))?.is_empty());
/// assert_eq!(recorder.try_consume(), Ok(0));
/// assert!(!set.wait(&mut [&mut room], Some(slice))?.is_empty());
/// assert_eq!(producer.try_produce(&2), Ok(2));
/// assert!(producer.room().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Room {
    /// The message that there was no room for, and when that was found first.
    blocked: (u64, Instant),
    capacity: u64,
    holders: Holders,
    evict: Evict,
}

impl Room {
    pub(crate) fn new(blocked: (u64, Instant), capacity: u64, holders: Holders, evict: Evict) -> Self {
        Self { blocked, capacity, holders, evict }
    }
}

impl Waitable for Room {
    fn bell(&self) -> Option<&Bell> {
        self.holders.bell()
    }

    fn is_ready(&self) -> bool {
        self.holders.slowest(self.blocked.0).is_none_or(|holder| holder.behind < self.capacity)
    }

    /// Whether the next try may evict one.
    fn is_given_up(&self, after_silence: bool) -> bool {
        if !after_silence {
            return false;
        }
        let is_dead = |holder| !self.holders.is_alive(&holder).unwrap_or(true);
        self.evict.is_over(self.blocked.1) || self.holders.slowest(self.blocked.0).is_some_and(is_dead)
    }
}
