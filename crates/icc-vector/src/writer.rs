//! What a writer tells of itself.

use crate::{Mode, Payload, SeqlockVector, Writer};
use core::{fmt, ops::Range};
use icc_buffer::Placement;

impl<T: Payload, M: Mode, P: Placement> Writer<T, M, P> {
    /// The slots that this writer may write.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The vector.
    #[must_use]
    pub fn vector(&self) -> &SeqlockVector<T, M, P> {
        &self.vector
    }

    /// Whether this is the copy of a writer in a child process made by `fork`, which is still its
    /// parent's: drop it, and ask the vector for one of the child's own. Costs a load.
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.lock.is_forked()
    }
}

impl<T: Payload, M: Mode, P: Placement> fmt::Debug for Writer<T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("range", &self.range).field("vector", &self.vector).finish_non_exhaustive()
    }
}
