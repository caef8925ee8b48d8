//! A group of a holding queue: producers overwrite no message that it has not settled.
//!
//! Each worker holds by an entry of its own, and shows in it not where it is itself but which message is
//! the oldest that the *group* has not settled. So the group holds for as long as one of its workers lives,
//! and which of them it is does not matter: one that comes shows that message before it does anything
//! else, while those that were there before still hold it.
//!
//! A worker that sleeps shows nothing, so whoever moves on wakes it.

use super::GroupError;
use super::board::Board;
use super::word::{Judged, Taken};
use crate::{HoldError, QueueReader};
use icc_buffer::{Held, ReaderEntry};
use icc_seqlock::Payload;
use icc_seqlock::primitive::bound;

/// A worker's part in that.
#[derive(Debug)]
pub(super) struct Hold {
    entry: ReaderEntry,
    /// The oldest message that was not settled when it looked last.
    oldest: u64,
    /// Claims from one time of showing that to the next.
    pub(super) period: u32,
}

impl Hold {
    /// Begins to hold for the group that began at `start`; none if the queue is not one for that.
    pub(super) fn begin<T: Payload>(
        queue: &QueueReader<T>,
        board: &Board,
        name: &str,
        start: u64,
    ) -> Result<Option<Self>, GroupError> {
        /// Each further one means that producers went round the ring while it began to hold.
        const ROUNDS: u32 = bound(16, 2);
        if !queue.buffer.is_holding() {
            return Ok(None);
        }
        let (ring, label) = (board.ring, format!("group {name}"));
        let later = |one: u64, other: u64| if one.wrapping_sub(other).cast_signed() < 0 { other } else { one };
        for _ in 0..ROUNDS {
            // First from the newest message, so that nobody has a reason to evict it before it knows which is
            // the oldest: that one others hold until then, or nobody.
            let Held { entry, head, .. } =
                queue.buffer.hold(&label, None, || queue.produced()).map_err(HoldError::from)?;
            if entry.holds() {
                let oldest = later(start, queue.oldest_of(head));
                let period = (ring.capacity() / 8).clamp(1, 256) as u32;
                let mut hold = Self { entry, oldest, period };
                hold.go_on(queue, board, start);
                hold.entry.publish(hold.oldest, 0, 0);
                return Ok(Some(hold));
            }
        }
        Err(HoldError::Evicted { times: ROUNDS }.into())
    }

    /// Shows the oldest message that is not settled, if that is another than before. True if it is.
    pub(super) fn show<T: Payload>(
        &mut self,
        queue: &QueueReader<T>,
        board: &Board,
        start: u64,
        (handled, lost): (u64, u64),
    ) -> bool {
        let moved = self.go_on(queue, board, start);
        if moved {
            self.entry.publish(self.oldest, handled, lost);
        }
        moved
    }

    fn go_on<T: Payload>(&mut self, queue: &QueueReader<T>, board: &Board, start: u64) -> bool {
        let (before, head) = (self.oldest, queue.produced());
        // No more than the ring keeps, whatever the words say.
        for _ in 0..=board.ring.capacity() {
            if head.wrapping_sub(self.oldest).cast_signed() <= 0 || !self.is_settled(queue, board, start) {
                break;
            }
            self.oldest = self.oldest.wrapping_add(1);
        }
        self.oldest != before
    }

    /// Whether there is something to show.
    pub(super) fn is_behind<T: Payload>(&self, queue: &QueueReader<T>, board: &Board, start: u64) -> bool {
        queue.produced().wrapping_sub(self.oldest).cast_signed() > 0 && self.is_settled(queue, board, start)
    }

    /// Whether the oldest message is settled by now, or gone from the ring.
    fn is_settled<T: Payload>(&self, queue: &QueueReader<T>, board: &Board, start: u64) -> bool {
        let n = self.oldest;
        match board.ring.ahead(queue.slot(n).version(), n) {
            0 => board.look(n).judge(board.ring, n, start) == Judged::Settled,
            // Not there yet; but if its producer died, a worker settled it.
            ..0 => {
                board.look(n).taken(board.ring, n) == Taken::Yes
                    && board.look(n).judge(board.ring, n, start) == Judged::Settled
            }
            _ => true,
        }
    }

    /// Whether producers still wait for it.
    pub(super) fn holds(&self) -> bool {
        self.entry.holds()
    }
}
