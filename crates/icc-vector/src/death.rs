//! Waiting for a slot's writer, which may be dead.

use crate::lines;
use crate::patience::{Patience, Round};
use crate::{Busy, Mode, ReadError, VectorReader, WriterDied};
use icc_buffer::Placement;
use icc_seqlock::primitive::{Ordering, fence};
use icc_seqlock::{BeingWritten, Payload, Tag};

impl<T: Payload, M: Mode, P: Placement> VectorReader<T, M, P> {
    /// Reads a slot that was being written a moment ago. The index is in range.
    #[cold]
    pub(crate) fn read_patiently(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        let slot = self.slot(index);
        let mut patience = Patience::default();
        loop {
            let version = match slot.try_read_into(out) {
                Ok(version) => return Ok(version),
                Err(BeingWritten { version }) => version,
            };
            match patience.round() {
                Round::Again => {}
                Round::Look if self.writer_died(index, version) => return Err(WriterDied { index }.into()),
                Round::Look => {}
                Round::GiveUp(attempts) => return Err(Busy { index, attempts }.into()),
            }
        }
    }

    /// Whether the writer that left slot `index` at `version`, which was seen there, is proven to be dead.
    ///
    /// An odd version names its writer, who took its lock before and stored that version with Release, and an Acquire fence follows
    /// here: so the lock, asked for below, was taken, and is found free only if it was dropped since. By cases, for that writer:
    ///
    /// - It is alive and still writing: its lock is held: not dead.
    /// - It has completed the write and was dropped since: the last look at the slot, after the lock was found free, finds the
    ///   version of that write or a later one: not dead.
    /// - It is dead and nobody has its id: its lock is free and the version stands.
    /// - It is dead and another has got its id: before that one's first write, [`DEAD`](lines::DEAD) was put in place of the
    ///   tag. Until then the lock is held: not proven, for that moment.
    ///
    /// A tag that no writer has, left by somebody who writes garbage, is nobody's.
    #[cold]
    pub(crate) fn writer_died(&self, index: usize, version: u64) -> bool {
        if !self.mortal || version & 1 == 0 {
            return false;
        }
        // Acquire: with the load of `version`, pairs with the Release in `Seqlock::try_write_over`, `write_alone` and `recover`.
        fence(Ordering::Acquire);
        let lives = lines::id_of(Tag::of(version)).is_some_and(|id| self.may_live(id));
        !lives && self.slot(index).version() == version
    }

    /// Whether the writer that is at slot `index`, if one is, is proven to be dead.
    #[cfg(icc_loom)]
    #[doc(hidden)]
    pub fn proves_death(&self, index: usize) -> bool {
        self.writer_died(index, self.slot(index).version())
    }

    /// Whether the writer with this id lives. One whose death the system does not prove does.
    pub(crate) fn may_live(&self, id: u32) -> bool {
        self.buffer.holder_lives(id).unwrap_or(true)
    }

    /// All ids below this may have been taken, none beyond.
    pub(crate) fn seats(&self) -> u32 {
        self.line(lines::SEATS).load_acquire().min(u64::from(lines::WRITERS)) as u32
    }
}
