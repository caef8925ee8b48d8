//! Who reads a queue: those of its consumers that are seen.

use crate::QueueReader;
use icc_buffer::{BufferError, ReaderKind};
use icc_seqlock::Payload;
use std::time::SystemTime;

/// A consumer that is seen, from [`QueueReader::readers`].
///
/// It is as the consumer showed it last: it may have gone on, by up to an eighth of the ring and at
/// most 256 messages, or further in a batch. Whoever may write to the readers' file may make it up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaderStatus {
    /// Which entry it has: no other reader has it at the same time.
    pub id: u32,
    /// What it is [seen as](crate::Consumer::seen_as). Consists of letters, digits, the signs of
    /// ASCII and spaces; whatever else it had is shown as `?`.
    pub label: String,
    /// What kind of reader it is.
    pub kind: ReaderKind,
    /// The sequence number of the next message it will read: none later than the next one to be
    /// produced, and none that the ring does not keep any more.
    pub cursor: u64,
    /// How many messages that the ring keeps, or just loses, it has not read. The capacity if it is
    /// further behind, and so loses messages.
    pub lag: u64,
    /// Whether it lives, by the lock that the kernel keeps: `false` proves that its process ended
    /// without dropping it. A stopped process lives.
    pub is_alive: bool,
    /// How many messages it received.
    pub received: u64,
    /// How many messages it lost.
    pub lost: u64,
    /// When it began to be seen; none if that is no time.
    pub since: Option<SystemTime>,
    /// The id of its process, in its own pid namespace: for people to read, never to decide by.
    pub process: u32,
}

impl<T: Payload> QueueReader<T> {
    /// The consumers that are [seen](crate::Consumer::seen_as), in all processes: the living, and
    /// those whose process ended and whose place nobody has taken yet. None if the queue was created
    /// without [`seen`](crate::QueueSpec::seen).
    ///
    /// In shared memory a system call for each; reads the producers' counter, too. Not for a hot
    /// loop. It may be outdated at once.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if there is no permission to read the readers' file, or a system call fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Queue, QueueReader, QueueSpec};
    ///
    /// let name = format!("icc-queue-readers-{}", std::process::id());
    /// let queue = Queue::<u64>::create(&name, QueueSpec::new(64).seen(), &Options::new())?;
    /// let consumer = queue.consumer().seen_as("risk")?;
    /// queue.producer()?.produce(&7);
    ///
    /// // In another process:
    /// for reader in QueueReader::<u64>::open(&name, &Options::new())?.readers()? {
    ///     println!("{} is {} behind, alive: {}", reader.label, reader.lag, reader.is_alive);
    ///     # assert_eq!((reader.label.as_str(), reader.lag, reader.is_alive), ("risk", 1, true));
    /// }
    /// icc_queue::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn readers(&self) -> Result<Vec<ReaderStatus>, BufferError> {
        let entries = self.buffer.entries()?;
        // After the cursors: none that is honest is later.
        let head = self.produced();
        let status = |entry: icc_buffer::EntryStatus| {
            // Signed: a cursor may be anything.
            let behind = head.wrapping_sub(entry.cursor).cast_signed().max(0).cast_unsigned();
            let lag = behind.min(self.geometry.capacity());
            let icc_buffer::EntryStatus { id, label, kind, is_alive, received, lost, since, process, .. } = entry;
            let cursor = head.wrapping_sub(lag);
            ReaderStatus { id, label, kind, cursor, lag, is_alive, received, lost, since, process }
        };
        Ok(entries.into_iter().map(status).collect())
    }

    /// Whether consumers can be [seen](crate::Consumer::seen_as).
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.buffer.is_seen()
    }
}
