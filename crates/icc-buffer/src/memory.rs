//! What a buffer lives in.

use crate::ids::{IdLock, Ids};
use crate::{BufferError, heap::Allocation};
use core::{ops::Range, ptr::NonNull};

/// The memory under a buffer, and who holds which id in it.
pub(crate) enum Memory {
    Heap(Allocation, Ids),
    #[cfg(target_os = "linux")]
    Mapped(crate::shared::Mapping),
}

impl Memory {
    pub(crate) fn start(&self) -> NonNull<u8> {
        match self {
            Self::Heap(allocation, _) => allocation.start(),
            #[cfg(target_os = "linux")]
            Self::Mapped(mapping) => mapping.start(),
        }
    }

    pub(crate) fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        match self {
            Self::Heap(_, taken) => Ok(taken.take(ids)),
            #[cfg(target_os = "linux")]
            Self::Mapped(mapping) => crate::shared::take_id(mapping, ids),
        }
    }

    pub(crate) fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        match self {
            Self::Heap(_, taken) => Ok(taken.taken(id)),
            #[cfg(target_os = "linux")]
            Self::Mapped(mapping) => crate::shared::holder_lives(mapping, id),
        }
    }
}
