//! What the readers of a wakeable buffer write to: the bell on which they sleep, and room for an
//! entry for each that wants to be seen or to hold.
//!
//! In shared memory a file or memfd of its own, so that readers need no permission to write to the
//! buffer itself.

use crate::Bell;
use crate::counter::CounterLine;
use crate::shared::Mapping;
use core::mem::offset_of;
use icc_seqlock::primitive::Arc;

/// What lies behind the header of such a file, a line each. Any bytes are valid ones: all are plain
/// atomic numbers.
#[repr(C)]
pub(crate) struct Lines {
    /// The bell that is rung after messages, or changes of values.
    messages: CounterLine,
    /// The bell of writers that wait for room. Nobody does yet.
    _room: CounterLine,
    /// Entries of readers that hold, and of those that are only seen: the one must not use up the
    /// other. Nobody takes one yet.
    _holding: [CounterLine; 64],
    _seen: [CounterLine; 192],
}

/// The readers' memory of one buffer.
pub(crate) struct Readers {
    bell: Bell,
    mapping: Option<Arc<Mapping>>,
}

impl Readers {
    /// In memory of this process.
    pub(crate) fn private() -> Self {
        Self { bell: Bell::private(), mapping: None }
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
        let bell = unsafe { Bell::mapped(bell, Arc::clone(&mapping), writable) };
        Self { bell, mapping: Some(mapping) }
    }

    /// Where readers sleep until there are messages or changes.
    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// The mapping, if it is shared.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_deref()
    }
}
