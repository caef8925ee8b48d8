//! What can go wrong with a group.

use crate::{HoldError, StartError, geometry::Geometry};
use core::time::Duration;
use icc_buffer::BufferError;
use std::path::PathBuf;

/// Why there is no group, or no worker of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// As many workers of the group live as it takes.
    #[error("the group already has its maximum of {max} workers{}: drop one first", At(path))]
    TooMany {
        /// The most at a time.
        max: u32,
        /// Where the group is; none in private memory.
        path: Option<PathBuf>,
    },
    /// The group cannot begin at the message asked for.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The queue is one of which groups hold, and this worker cannot: such as since 64 hold already.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// There is no such group, or the system refuses it.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

struct At<'a>(&'a Option<PathBuf>);

impl core::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| write!(f, " in {}", path.display()))
    }
}

/// Messages that a group lost: overwritten before a worker had claimed them or, if it died or gave them
/// back, was done; or left by a producer that died. Each is told to one worker.
///
/// They are those of one slot of the ring: `first`, `first + step`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the group lost {count} messages ({first}, and every {step}th after it)")]
pub struct GroupLost {
    /// The sequence number of the first.
    pub first: u64,
    /// How many there are, at least one.
    pub count: u64,
    /// From one to the next: the queue's capacity.
    pub step: u64,
}

impl GroupLost {
    /// So many messages of the slot of `n`, those before it; none if that is none.
    pub(super) fn before(n: u64, count: u64, ring: Geometry) -> Option<Self> {
        (count > 0).then(|| Self { first: ring.laps_before(n, count), count, step: ring.capacity() })
    }

    /// Message `n`, and those of its slot that are before it.
    pub(super) fn and(before: Option<Self>, n: u64, ring: Geometry) -> Self {
        let one = Self { first: n, count: 1, step: ring.capacity() };
        before.map_or(one, |before| Self { count: before.count.wrapping_add(1), ..before })
    }

    /// Their sequence numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        let Self { first, count, step } = *self;
        (0..count).map(move |index| first.wrapping_add(step.wrapping_mul(index)))
    }
}

/// Why there is no message to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryClaimError {
    /// There is none that nobody has.
    #[error("there is no message to claim")]
    Empty,
    /// The group lost messages. The next call goes on.
    #[error("sped past: {0}")]
    SpedPast(GroupLost),
    /// This is the copy that a child process got by `fork`; the worker is its parent's.
    #[error("this worker is that of the parent process: after `fork`, the child needs one of its own")]
    Forked,
}

/// Why waiting for a message to claim ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// As [`TryClaimError::SpedPast`].
    #[error("sped past: {0}")]
    SpedPast(GroupLost),
    /// As [`TryClaimError::Forked`].
    #[error("this worker is that of the parent process: after `fork`, the child needs one of its own")]
    Forked,
}

/// Why waiting for a message to claim, for some time, ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimTimeoutError {
    /// There was none in that time.
    #[error("no message to claim within {after:?}: ask again, or check that a producer lives")]
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// As [`TryClaimError::SpedPast`].
    #[error("sped past: {0}")]
    SpedPast(GroupLost),
    /// As [`TryClaimError::Forked`].
    #[error("this worker is that of the parent process: after `fork`, the child needs one of its own")]
    Forked,
}
