//! Who holds which id: in private memory a bit each, in shared memory a lock that the kernel keeps.

use core::{fmt, ops::Range};
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering};

/// Ids are below this.
pub const MAX_IDS: u32 = 1024;

/// A held id, from [`Buffer::take_id`](crate::Buffer::take_id). Dropping it sets the id free.
///
/// In shared memory the id is a lock on an open file description of its own: a byte of the buffer's file, far beyond its
/// end. The kernel drops it when the last process that has that description closes it or ends, in whatever way. A child made
/// by `fork` inherits the description: the id then counts as held until parent *and* child have dropped it or ended. `exec`
/// closes it, so for a child process that runs another program this is the moment in which it starts. Both err on the safe
/// side: an id that is free may look held, never the other way round.
pub struct IdLock {
    id: u32,
    _held: Held,
}

enum Held {
    InMemory {
        _bit: Bit,
    },
    #[cfg(all(target_os = "linux", not(icc_loom)))]
    InFile {
        _file: std::fs::File,
    },
}

struct Bit {
    ids: Arc<[AtomicU64; WORDS]>,
    id: u32,
}

const WORDS: usize = MAX_IDS as usize / 64;

impl IdLock {
    /// The id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// `file` is an open file description of its own, which holds the lock.
    #[cfg(all(target_os = "linux", not(icc_loom)))]
    pub(crate) fn in_file(id: u32, file: std::fs::File) -> Self {
        Self { id, _held: Held::InFile { _file: file } }
    }
}

impl fmt::Debug for IdLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdLock").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The ids held in private memory, a bit each.
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
                // Acquire: pairs with the Release in `Bit::drop`, so that all that the holder before did comes first. Tries again
                // only if another id of this word was taken or dropped in between.
                match words[word].compare_exchange(seen, seen | bit, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        let bit = Bit { ids: Arc::clone(words), id };
                        return Some(IdLock { id, _held: Held::InMemory { _bit: bit } });
                    }
                    Err(found) => seen = found,
                }
            }
        }
        None
    }

    pub(crate) fn taken(&self, id: u32) -> bool {
        let (word, bit) = place(id);
        // Acquire: as in `take`, for whoever finds the id free.
        self.0.get(word).is_some_and(|word| word.load(Ordering::Acquire) & bit != 0)
    }
}

impl Drop for Bit {
    fn drop(&mut self) {
        let (word, bit) = place(self.id);
        // The bit is set, so taking it away touches no other. Release: pairs with the Acquire in `take`.
        self.ids[word].fetch_add(bit.wrapping_neg(), Ordering::Release);
    }
}

fn place(id: u32) -> (usize, u64) {
    (id as usize / 64, 1 << (id % 64))
}
