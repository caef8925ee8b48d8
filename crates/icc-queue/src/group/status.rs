//! What a group and its workers are at, for people.

use super::Group;
use super::board::{Board, KEPT_ASIDE, Of};
use super::word::{EMPTY, FINISHES, Judged};
#[cfg(all(target_os = "linux", not(icc_loom)))]
use super::words_of;
use crate::QueueReader;
use icc_buffer::BufferError;
use icc_seqlock::Payload;
use icc_seqlock::primitive::Ordering;
use std::time::{Duration, SystemTime};

/// What a group is at, from [`Group::status`].
///
/// Whoever may write to the group's file may make it up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupStatus {
    /// What it is called.
    pub name: String,
    /// The first message that is the group's own; none if it has had no worker yet.
    pub start: Option<u64>,
    /// Its workers: the living, and those that died and whose place nobody has taken yet.
    pub workers: Vec<WorkerStatus>,
    /// How many messages were handled. Up to one too few for each worker that was killed.
    pub handled: u64,
    /// How many messages the group lost: exactly, once each worker has done what it is at.
    pub lost: u64,
    /// How many messages were set aside.
    pub set_aside: u64,
    /// How many of those are not [listed](Group::set_aside), for want of room.
    pub not_listed: u64,
    /// How many messages that the queue keeps are to be handled: those that a worker is at included.
    pub waiting: u64,
}

/// A worker of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStatus {
    /// Which it is.
    pub id: u32,
    /// Whether it lives, by the lock that the kernel keeps. A stopped process lives.
    pub is_alive: bool,
    /// The message that it is at.
    pub at: Option<u64>,
    /// How many messages workers of this id handled.
    pub handled: u64,
    /// When it came; none if that is no time.
    pub since: Option<SystemTime>,
    /// The id of its process, in its own pid namespace: for people, never to decide by.
    pub process: u32,
}

impl<T: Payload> Group<T> {
    /// What the group is at. Looks at each slot of the ring and, in shared memory, makes a system call
    /// for each worker: not for a hot loop. It may be outdated at once.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if a system call fails.
    pub fn status(&self) -> Result<GroupStatus, BufferError> {
        status(&self.queue, &self.board, &self.name, self.start())
    }
}

/// What all groups of a queue are at, whose messages have so many bytes.
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub(crate) fn statuses<T: Payload>(queue: &QueueReader<T>, message: usize) -> Result<Vec<GroupStatus>, BufferError> {
    let of_group = |name: String| {
        let no_group = || BufferError::NoGroup { group: name.clone(), buffer: queue.place() };
        let words = words_of(queue.capacity(), message).ok_or_else(no_group)?;
        let words = queue.buffer.group(&name, words)?;
        let board = Board::new(words, queue.geometry, message).ok_or_else(no_group)?;
        status(queue, &board, &name, board.begun(queue.produced()))
    };
    queue.groups().into_iter().map(of_group).collect()
}

fn status<T: Payload>(
    queue: &QueueReader<T>,
    board: &Board,
    name: &str,
    start: Option<u64>,
) -> Result<GroupStatus, BufferError> {
    let head = queue.produced();
    let ids = || 0..board.ids_taken();
    let sum = |of| ids().fold(0, |sum: u64, id| sum.wrapping_add(board.load(id, of)));
    let workers = ids().filter(|&id| board.load(id, Of::Tenancy) & 1 == 1);
    let workers = workers.map(|id| worker(board, id, head)).collect::<Result<_, _>>()?;
    let listed = (0..KEPT_ASIDE).filter(|&entry| board.aside(entry, 0).load(Ordering::Relaxed) & 3 > 1).count();
    let set_aside = sum(Of::Aside);
    Ok(GroupStatus {
        name: name.to_owned(),
        start,
        workers,
        handled: sum(Of::Handled),
        lost: sum(Of::Lost),
        set_aside,
        not_listed: set_aside.saturating_sub(listed as u64),
        waiting: start.map_or(0, |start| waiting(queue, board, start, head)),
    })
}

fn worker(board: &Board, id: u32, head: u64) -> Result<WorkerStatus, BufferError> {
    let hand = board.hand(id);
    let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(board.load(id, Of::Since)));
    Ok(WorkerStatus {
        id,
        is_alive: board.words().holder_lives(id)?,
        at: (hand.state() != EMPTY && hand.state() != FINISHES).then(|| hand.number(head)),
        handled: board.load(id, Of::Handled),
        since,
        process: board.load(id, Of::Process) as u32,
    })
}

/// How many messages that the ring keeps are not settled.
fn waiting<T: Payload>(queue: &QueueReader<T>, board: &Board, start: u64, head: u64) -> u64 {
    let kept = head.wrapping_sub(start).cast_signed().clamp(0, board.ring.capacity().cast_signed()).cast_unsigned();
    let open = |&back: &u64| {
        let n = head.wrapping_sub(back);
        queue.is_intact(n) && board.look(n).judge(board.ring, n, start) != Judged::Settled
    };
    (1..=kept).filter(open).count() as u64
}
