//! Groups: each message of a queue to one worker.
//!
//! # The protocol
//!
//! A group has a claim word for each slot of the ring, and a line for each worker. A worker claims a
//! message by one exchange of its slot's word, so at any moment a message is somebody's or anybody's. The
//! word says which lap of the slot it speaks of, and laps only go forward: a message is claimed from the
//! word of an earlier lap, or from its own if it was given back.
//!
//! What makes a claim one lap further than the next proves that the messages between were lost, and
//! counts them. Nobody else does.
//!
//! A worker says in its own line what it is about to claim, has, and is done with. So whoever finds it
//! dead, by the lock on its id that the kernel keeps, knows what it had: see `settle`.
//!
//! Each worker goes through the messages on its own, from the lowest that may be free on, and passes those
//! that others have. What is given back behind it is told in one word that all look at.

mod aside;
mod board;
mod claim;
mod error;
mod hold;
mod settle;
mod status;
#[cfg(all(test, not(icc_loom)))]
mod tests;
mod wait;
mod word;
mod worker;

pub use aside::SetAside;
pub use claim::Claim;
pub use error::{ClaimError, ClaimTimeoutError, GroupError, GroupLost, TryClaimError};
pub use status::{GroupStatus, WorkerStatus};
pub use worker::Worker;

pub(crate) use board::words_of;
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub(crate) use status::statuses;

use crate::layout::DELIVERIES;
use crate::{Position, QueueReader, StartError};
use board::Board;
use core::fmt;
use icc_buffer::BufferError;
use icc_seqlock::Payload;
use icc_seqlock::primitive::Ordering;
use word::nearest;

/// A group of workers, each message of the queue to one of them: from [`QueueReader::group`].
///
/// Other consumers and other groups of the same queue see every message as ever. A handle: clone it, and
/// get workers from it in any thread.
pub struct Group<T> {
    queue: QueueReader<T>,
    board: Board,
    name: String,
}

/// Where a group begins: which messages are its own. For [`Group::worker_from`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupStart {
    /// At the oldest message that the queue keeps.
    Oldest,
    /// At the next message produced.
    Newest,
    /// At this message: one that is kept, or the next one produced.
    At(Position),
}

impl<T: Payload> QueueReader<T> {
    /// The group of workers that the queue's creator called so, with
    /// [`QueueSpec::group`](crate::QueueSpec::group).
    ///
    /// In shared memory it lies in a file of its own, `NAME.INSTANCE.group-NAME`, which is opened by this
    /// call, for writing if that is allowed.
    ///
    /// # Errors
    ///
    /// [`GroupError::Buffer`] with [`BufferError::NoGroup`] if there is none of this name, or the queue
    /// was removed; others if the file cannot be used.
    ///
    /// # Examples
    ///
    /// Three workers, and a consumer that sees everything:
    ///
    /// ```
    /// use icc_queue::{Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(1024).group("orders"))?;
    /// let mut recorder = queue.consumer();
    /// let mut producer = queue.producer()?;
    /// (0..100).for_each(|n| { producer.produce(&n); });
    ///
    /// let group = queue.group("orders")?;
    /// let handled: u64 = std::thread::scope(|scope| {
    ///     let work = || {
    ///         let mut worker = group.worker().expect("fewer than 256");
    ///         let mut handled = 0;
    ///         while let Ok(claim) = worker.try_claim() {
    ///             handled += 1;
    ///             claim.done();
    ///         }
    ///         handled
    ///     };
    ///     let threads: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
    ///     threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    /// });
    /// assert_eq!((handled, recorder.drain().count()), (100, 100));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "consumer group")]
    #[doc(alias = "work queue")]
    pub fn group(&self, name: &str) -> Result<Group<T>, GroupError> {
        let needed = words_of(self.capacity(), size_of::<T>());
        let no_group = || BufferError::NoGroup { group: name.to_owned(), buffer: self.place() };
        let words = self.buffer.group(name, needed.ok_or_else(no_group)?)?;
        let board = Board::new(words, self.geometry, size_of::<T>()).ok_or_else(no_group)?;
        Ok(Group { queue: self.clone(), board, name: name.to_owned() })
    }

    /// The names of the queue's groups. In shared memory they are looked for in its directory.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.buffer.group_names()
    }

    /// How often a message is delivered at most.
    fn most_deliveries(&self) -> u8 {
        match u8::try_from(self.buffer.words()[DELIVERIES] & 0xff) {
            Ok(most @ 1..) => most,
            _ => crate::QueueSpec::DELIVERIES,
        }
    }
}

impl<T: Payload> Group<T> {
    /// A worker of this group, which goes on where the group is. If it has had none yet, it begins at the
    /// oldest message that the queue keeps.
    ///
    /// As many as 256 live at a time, in all processes together.
    ///
    /// # Errors
    ///
    /// [`GroupError::TooMany`] if as many live; [`GroupError::Buffer`] if the group's file cannot be used,
    /// such as without permission to write to it.
    pub fn worker(&self) -> Result<Worker<T>, GroupError> {
        self.worker_from(GroupStart::Oldest)
    }

    /// A worker of this group, which begins at `start` if it has had no worker yet. Else it goes on where
    /// the group is, whatever is asked for.
    ///
    /// Messages before the group's beginning are none of its business, and not lost.
    ///
    /// # Errors
    ///
    /// As [`worker`](Self::worker). [`GroupError::Start`] if the group has not begun and the position is
    /// not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{GroupStart, Queue, QueueSpec, TryClaimError};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(8).group("orders"))?;
    /// let mut producer = queue.producer()?;
    /// producer.produce(&1);
    /// let mut worker = queue.group("orders")?.worker_from(GroupStart::Newest)?;
    /// assert!(matches!(worker.try_claim(), Err(TryClaimError::Empty)));
    /// producer.produce(&2);
    /// assert_eq!(*worker.try_claim()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn worker_from(&self, start: GroupStart) -> Result<Worker<T>, GroupError> {
        if !self.board.words().is_writable() {
            let path = self.board.words().path().map(std::path::Path::to_owned).unwrap_or_default();
            return Err(BufferError::PermissionDenied { path, doing: "write" }.into());
        }
        let start = match self.start() {
            Some(start) => start,
            None => self.begin(start)?,
        };
        let limit = self.queue.most_deliveries();
        Worker::join(self.queue.clone(), self.board.clone(), &self.name, start, limit)
    }

    /// Where the group began.
    fn start(&self) -> Option<u64> {
        self.board.begun(self.queue.produced())
    }

    /// Lets the group begin, unless another worker does.
    fn begin(&self, start: GroupStart) -> Result<u64, StartError> {
        let n = match start {
            GroupStart::Oldest => self.queue.oldest(),
            GroupStart::Newest => self.queue.produced(),
            GroupStart::At(position) => self.queue.consumer_at(position)?.next_sequence(),
        };
        // Relaxed: as in `Board::begun`.
        match self.board.start().compare_exchange(0, n << 1 | 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Ok(n),
            Err(found) => Ok(nearest(found >> 1, 63, n)),
        }
    }

    /// The messages that were set aside, since each was delivered as often as the queue's creator
    /// [allows](crate::QueueSpec::max_deliveries) and never done: up to 16 of them. How many there are in
    /// all, [`status`](Self::status) tells.
    ///
    /// A message set aside holds nobody up: the group has passed it.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(8).group("orders").max_deliveries(2))?;
    /// queue.producer()?.produce(&13);
    /// let group = queue.group("orders")?;
    /// let mut worker = group.worker()?;
    /// while let Ok(claim) = worker.try_claim() {
    ///     claim.give_back();
    /// }
    /// let bad = &group.set_aside()[0];
    /// assert_eq!((bad.sequence, bad.deliveries, bad.message), (0, 2, Some(13)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "poisoned")]
    #[doc(alias = "dead letter")]
    #[must_use]
    pub fn set_aside(&self) -> Vec<SetAside<T>> {
        self.board.read_aside(self.queue.produced())
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The queue whose messages it handles.
    #[must_use]
    pub fn queue(&self) -> &QueueReader<T> {
        &self.queue
    }
}

impl<T> Clone for Group<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), board: self.board.clone(), name: self.name.clone() }
    }
}

impl<T> fmt::Debug for Group<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("name", &self.name).finish_non_exhaustive()
    }
}
