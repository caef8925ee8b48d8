//! A place in a queue that can be noted and gone back to.

/// A place in one queue: what a consumer notes, to go on there later.
///
/// Two numbers, to be stored wherever you like. The instance tells the queue from every other, also
/// from a later one of the same name, which [`consumer_at`](crate::QueueReader::consumer_at)
/// refuses.
///
/// # Examples
///
/// ```
/// use icc_queue::{Position, Queue};
///
/// let queue = Queue::<u64>::new(8)?;
/// let mut producer = queue.producer()?;
/// let mut consumer = queue.consumer();
/// (0..3).for_each(|n| _ = producer.produce(&n));
/// consumer.try_consume()?;
///
/// let noted = consumer.position();
/// let stored = [noted.instance, noted.sequence]; // to a file, and back
/// let mut restarted = queue.consumer_at(Position::new(stored[0], stored[1]))?;
/// assert_eq!(restarted.try_consume(), Ok(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Position {
    /// Which queue: [`QueueReader::instance`](crate::QueueReader::instance), or its
    /// [`source`](crate::QueueReader::source) if it repeats another. So a position noted in one is one of
    /// the other, too.
    pub instance: u64,
    /// The sequence number of the message.
    pub sequence: u64,
}

impl Position {
    /// The position of message `sequence` in the queue with this instance.
    #[must_use]
    pub const fn new(instance: u64, sequence: u64) -> Self {
        Self { instance, sequence }
    }
}
