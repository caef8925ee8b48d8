//! What a buffer lives in, and what all handles to it share.

use crate::groups::GroupWords;
use crate::heap::Allocation;
use crate::ids::{IdLock, Ids};
use crate::keys::Keys;
use crate::readers::Readers;
use crate::shared::{self, Mapping};
use crate::{BufferError, Kind, Spec};
use core::{ops::Range, ptr::NonNull, time::Duration};
use icc_seqlock::primitive::sleep;
use std::time::Instant;

/// The memory under a buffer, and what is fixed for the buffer's life.
pub(crate) struct Memory {
    /// The names of its slots, if it has any.
    pub(crate) keys: Option<Keys>,
    pub(crate) block: Block,
    pub(crate) facts: Facts,
    /// What its readers write to, if it has that and this handle has access to it.
    pub(crate) readers: Option<Readers>,
    /// Why this handle has none, although the buffer has.
    pub(crate) readers_refused: Option<BufferError>,
    /// Of private memory, the words of its groups. Of shared memory they are opened when they are asked
    /// for.
    pub(crate) groups: Vec<(String, GroupWords)>,
}

/// What was given at creation. For shared memory, a copy that nobody can change any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) counters: usize,
    pub(crate) words: [u64; 4],
    pub(crate) instance: u64,
    /// The instance of the buffer that it repeats; 0 for none.
    pub(crate) source: u64,
    /// Whether it has a bell, which this handle may still lack.
    pub(crate) wakeable: bool,
    /// Whether it has entries, likewise.
    pub(crate) seen: bool,
    /// Whether readers can hold, likewise.
    pub(crate) holding: bool,
    /// Whether what the layer above numbers may have gaps.
    pub(crate) gaps: bool,
}

impl Facts {
    pub(crate) fn of(spec: &Spec, instance: u64) -> Self {
        let Spec { kind, counters, words, wakeable, seen, holding, gaps, source, .. } = *spec;
        Self { kind, counters, words, instance, source, wakeable, seen, holding, gaps }
    }

    /// Whether there is memory that readers write to.
    pub(crate) fn has_readers(&self) -> bool {
        self.wakeable || self.seen || self.holding
    }

    /// Whether a writer must have access to it.
    pub(crate) fn needs_readers(&self) -> bool {
        self.wakeable || self.holding
    }
}

/// Where the bytes are, and who holds which id.
pub(crate) enum Block {
    Heap(Allocation, Ids),
    Mapped(Mapping),
}

/// Between two attempts to take an id: twice as long each time, up to the second.
const SHORTEST_PAUSE: Duration = Duration::from_micros(500);
const LONGEST_PAUSE: Duration = Duration::from_millis(8);

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

    /// In shared memory, tries for some 20 ms before it finds that all are held: the ids of a
    /// process that was just killed are free only once the kernel is done with it, and with its
    /// children that were between `fork` and `exec`.
    pub(crate) fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        match &self.block {
            Block::Heap(_, taken) => Ok(taken.take(ids)),
            Block::Mapped(_) => self.take_id_within(ids, Duration::from_millis(20)),
        }
    }

    pub(crate) fn take_id_within(&self, ids: Range<u32>, timeout: Duration) -> Result<Option<IdLock>, BufferError> {
        let deadline = Instant::now().checked_add(timeout);
        let mut pause = SHORTEST_PAUSE;
        loop {
            let done = match &self.block {
                Block::Heap(_, taken) => Ok(taken.take(ids.clone())),
                Block::Mapped(mapping) => shared::take_id(mapping, ids.clone()),
            };
            if !matches!(done, Ok(None) | Err(BufferError::Obstructed { .. })) {
                return done;
            }
            let left = deadline.map_or(LONGEST_PAUSE, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return done;
            }
            sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The words of a group of the buffer with this instance.
    pub(crate) fn group(&self, name: &str, words: usize) -> Result<GroupWords, BufferError> {
        match &self.block {
            Block::Heap(..) => {
                let found = self.groups.iter().find(|(group, _)| group == name);
                let found = found.map(|(_, words)| words.clone());
                found.ok_or_else(|| BufferError::NoGroup { group: name.to_owned(), buffer: None })
            }
            Block::Mapped(mapping) => shared::open_group(mapping, self.facts.instance, name, words),
        }
    }

    pub(crate) fn names_of_groups(&self) -> Vec<String> {
        match &self.block {
            Block::Heap(..) => self.groups.iter().map(|(name, _)| name.clone()).collect(),
            Block::Mapped(mapping) => shared::names_of_groups(mapping, self.facts.instance),
        }
    }

    pub(crate) fn holder_lives(&self, ids: Range<u32>) -> Result<bool, BufferError> {
        match &self.block {
            Block::Heap(_, taken) => Ok(taken.taken(ids)),
            Block::Mapped(mapping) => shared::holder_lives(mapping, ids),
        }
    }
}
