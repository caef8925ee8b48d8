//! What readers write to, of a buffer whose creator allows it: the bell on which they sleep, and an
//! entry for each that wants to be seen or to hold.
//!
//! In shared memory a file or memfd of its own, so that readers need no permission to write to the
//! buffer itself.

use crate::Bell;
use crate::counter::CounterLine;
use crate::entries::{self, Entries};
use crate::shared::Mapping;
use core::mem::offset_of;
use icc_seqlock::primitive::Arc;

/// What lies behind the header of such a file, a line each. Any bytes are valid ones: all are plain
/// atomic numbers.
#[repr(C)]
pub(crate) struct Lines {
    /// The bell that is rung after messages, or changes of values.
    messages: CounterLine,
    /// The bell of writers that wait for room, and who has which entry.
    entries: entries::Lines,
}

/// The readers' memory of one buffer.
pub(crate) struct Readers {
    /// None if nobody rings it.
    bell: Option<Bell>,
    entries: Entries,
    mapping: Option<Arc<Mapping>>,
}

impl Readers {
    /// In memory of this process.
    pub(crate) fn private(wakeable: bool, holding: bool) -> Self {
        Self { bell: wakeable.then(Bell::private), entries: Entries::private(holding), mapping: None }
    }

    /// # Safety
    ///
    /// There are [`Lines`] in `mapping`, at `offset` from its start, which is a multiple of their
    /// alignment. It is mapped for writing if `writable` is true. This process accesses them
    /// through atomics only.
    pub(crate) unsafe fn mapped(mapping: Mapping, offset: usize, writable: bool) -> Self {
        let mapping = Arc::new(mapping);
        // SAFETY: within the mapping, by the caller.
        let bell = unsafe { mapping.start().add(offset + offset_of!(Lines, messages)) };
        // SAFETY: aligned, atomic and writable by the caller.
        let bell = Some(unsafe { Bell::mapped(bell, Arc::clone(&mapping), writable) });
        let beginning = offset + offset_of!(Lines, entries);
        // SAFETY: within the mapping, aligned, atomic and writable by the caller.
        let entries = unsafe { Entries::mapped(Arc::clone(&mapping), beginning, writable) };
        Self { bell, entries, mapping: Some(mapping) }
    }

    /// Where readers sleep until there are messages or changes.
    pub(crate) fn bell(&self) -> Option<&Bell> {
        self.bell.as_ref()
    }

    /// The entries of readers.
    pub(crate) fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The mapping, if it is shared.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_deref()
    }
}
