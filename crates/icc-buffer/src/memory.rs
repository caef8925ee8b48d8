//! What a buffer lives in, and what all handles to it share.

use crate::heap::Allocation;
use crate::ids::{IdLock, Ids};
use crate::shared::{self, Mapping};
use crate::{BufferError, Kind};
use core::{ops::Range, ptr::NonNull};

/// The memory under a buffer, and what is fixed for the buffer's life.
pub(crate) struct Memory {
    pub(crate) block: Block,
    pub(crate) facts: Facts,
}

/// What was given at creation. For shared memory, a copy that nobody can change any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) counters: usize,
    pub(crate) words: [u64; 4],
    pub(crate) instance: u64,
}

/// Where the bytes are, and who holds which id.
pub(crate) enum Block {
    Heap(Allocation, Ids),
    Mapped(Mapping),
}

impl Memory {
    pub(crate) fn start(&self) -> NonNull<u8> {
        match &self.block {
            Block::Heap(allocation, _) => allocation.start(),
            Block::Mapped(mapping) => mapping.start(),
        }
    }

    /// The mapping, if it is shared.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        match &self.block {
            Block::Heap(..) => None,
            Block::Mapped(mapping) => Some(mapping),
        }
    }

    pub(crate) fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        match &self.block {
            Block::Heap(_, taken) => Ok(taken.take(ids)),
            Block::Mapped(mapping) => shared::take_id(mapping, ids),
        }
    }

    pub(crate) fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        match &self.block {
            Block::Heap(_, taken) => Ok(taken.taken(id)),
            Block::Mapped(mapping) => shared::holder_lives(mapping, id),
        }
    }
}
