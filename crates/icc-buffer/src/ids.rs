//! Who holds which id: one bit each in private memory, a lock that the kernel keeps in shared
//! memory.

use crate::fork::ForkGuard;
use crate::shared::FileLock;
use core::{fmt, ops::Range};
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, release};

/// Ids are below this.
pub const MAX_IDS: u32 = 1024;

/// A held id, from [`Buffer::take_id`](crate::Buffer::take_id). Dropping it frees the id.
///
/// In shared memory the id is a lock on an open file description of its own: a byte of the buffer's
/// file, far beyond its end. Dropping this unlocks it at once. If its process ends instead, however
/// it ends, the kernel does.
///
/// A child made by `fork` inherits the description. Its copy of this releases nothing, and
/// [`is_forked`](Self::is_forked) tells it from its parent's. If the parent ends *without* dropping
/// this, the id counts as held until the child has ended, too, or has executed another program.
/// That errs on the safe side: an id that is free may look held, never the other way round.
/// (Before Linux 4.14 this also holds if the parent drops it.)
#[doc(alias("lock file", "pid file", "flock"))]
pub struct IdLock {
    id: u32,
    taker: ForkGuard,
    /// Present until the drop.
    held: Option<Held>,
}

/// Dropping it gives the id back.
enum Held {
    InMemory { _bit: Bit },
    InFile { _lock: FileLock },
}

struct Bit {
    ids: Arc<[AtomicU64; WORDS]>,
    id: u32,
}

const WORDS: usize = MAX_IDS as usize / 64;

impl IdLock {
    /// The id.
    #[must_use]
    #[inline]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether this is the copy that a child got by `fork`. The id is its parent's: the child must
    /// not write under it, and takes one of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8))?;
    /// let held = buffer.take_id(0..1)?.expect("free");
    /// assert!(!held.is_forked());
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.taker.is_child()
    }

    /// What tells that, to be kept where a write needs it.
    #[must_use]
    pub fn fork_guard(&self) -> ForkGuard {
        self.taker
    }

    pub(crate) fn in_file(id: u32, lock: FileLock, taker: ForkGuard) -> Self {
        Self { id, taker, held: Some(Held::InFile { _lock: lock }) }
    }
}

impl Drop for IdLock {
    fn drop(&mut self) {
        // In a model, the locks of a thread that dies are released later, as the kernel does it.
        let held = self.held.take();
        release(move || drop(held));
    }
}

impl fmt::Debug for IdLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdLock").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The ids held in private memory, one bit each.
pub(crate) struct Ids(Arc<[AtomicU64; WORDS]>);

impl Default for Ids {
    fn default() -> Self {
        Self(Arc::new(core::array::from_fn(|_| AtomicU64::new(0))))
    }
}

impl Ids {
    pub(crate) fn take(&self, ids: Range<u32>) -> Option<IdLock> {
        let Self(words) = self;
        for id in ids.start..ids.end.min(MAX_IDS) {
            let (word, bit) = place(id);
            let mut seen = words[word].load(Ordering::Relaxed);
            while seen & bit == 0 {
                // Acquire: pairs with the Release in `Bit::drop`, so that everything the last
                // holder did comes first. Tries again only if another id of this word was taken or
                // dropped meanwhile.
                match words[word].compare_exchange(seen, seen | bit, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        let bit = Bit { ids: Arc::clone(words), id };
                        let held = Some(Held::InMemory { _bit: bit });
                        return Some(IdLock { id, taker: ForkGuard::untold(), held });
                    }
                    Err(found) => seen = found,
                }
            }
        }
        None
    }

    /// Whether one of `ids` is held. Those of one word are seen at one moment. Words are looked at from the last to the
    /// first, since the lowest free id is taken first: who comes before a holder of a later word ends is in a word that
    /// is still to be looked at, unless that one is full.
    pub(crate) fn taken(&self, ids: Range<u32>) -> bool {
        let end = ids.end.min(MAX_IDS);
        (ids.start / 64..end.div_ceil(64)).rev().any(|word| {
            let before = |id: u32| u64::MAX.checked_shr(64 - id.saturating_sub(64 * word).min(64)).unwrap_or(0);
            // Acquire: as in `take`, for a caller that finds the id free.
            self.0[word as usize].load(Ordering::Acquire) & before(end) & !before(ids.start) != 0
        })
    }
}

impl Drop for Bit {
    fn drop(&mut self) {
        let (word, bit) = place(self.id);
        // The bit is set, so subtracting it changes no other bit. Release: pairs with the Acquire
        // in `take`.
        self.ids[word].fetch_add(bit.wrapping_neg(), Ordering::Release);
    }
}

fn place(id: u32) -> (usize, u64) {
    (id as usize / 64, 1 << (id % 64))
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::*;

    #[test]
    fn any_of_a_range_is_seen_and_none_beside_it() {
        let edges = [0, 1, 62, 63, 64, 65, 127, 128, 500, MAX_IDS - 1, MAX_IDS, u32::MAX];
        for held in [0, 1, 63, 64, 127, 500, MAX_IDS - 1] {
            let ids = Ids::default();
            let lock = ids.take(held..held + 1).unwrap();
            for start in edges {
                for end in edges {
                    assert_eq!(ids.taken(start..end), (start..end).contains(&held), "{held} in {start}..{end}");
                }
            }
            drop(lock);
            assert!(!ids.taken(0..MAX_IDS));
        }
    }
}
