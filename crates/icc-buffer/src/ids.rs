//! Who holds which id: one bit each in private memory, a lock that the kernel keeps in shared
//! memory.

use crate::fork::ForkGuard;
use crate::shared::FileLock;
use core::{fmt, ops::Range};
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, bound, release};

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
    InMemory { bit: Bit },
    InFile { lock: FileLock, is_joint: bool },
}

struct Bit {
    ids: Arc<Words>,
    id: u32,
    /// Whether others may have it, too: then they are counted.
    is_joint: bool,
    /// Whether this one is not counted any more.
    has_left: bool,
}

struct Words {
    held: [AtomicU64; WORDS],
    /// How many have each of the first ids jointly.
    joint: [AtomicU64; JOINT],
}

/// Ids below this can be had jointly.
const JOINT: usize = bound(64, 2);

const WORDS: usize = MAX_IDS as usize / 64;

impl IdLock {
    /// The id.
    #[must_use]
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

    pub(crate) fn in_file(id: u32, lock: FileLock, taker: ForkGuard, is_joint: bool) -> Self {
        Self { id, taker, held: Some(Held::InFile { lock, is_joint }) }
    }

    /// Lets others have the id as well, by [`Ids::join`] or `shared::join_id`.
    pub(crate) fn share(&mut self) {
        match &mut self.held {
            Some(Held::InMemory { bit }) => bit.share(),
            Some(Held::InFile { lock, is_joint }) => *is_joint = lock.become_alone(false),
            None => {}
        }
    }

    /// Leaves the id, if others have it. True if nobody has: then this one has it alone, until it is
    /// dropped.
    pub(crate) fn leave(&mut self) -> bool {
        match &mut self.held {
            Some(Held::InMemory { bit }) => bit.leave(),
            Some(Held::InFile { lock, is_joint }) => !*is_joint || lock.become_alone(true),
            None => false,
        }
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
pub(crate) struct Ids(Arc<Words>);

impl Default for Ids {
    fn default() -> Self {
        let zero = |_| AtomicU64::new(0);
        Self(Arc::new(Words { held: core::array::from_fn(zero), joint: core::array::from_fn(zero) }))
    }
}

impl Ids {
    pub(crate) fn take(&self, ids: Range<u32>) -> Option<IdLock> {
        let Self(all) = self;
        let words = &all.held;
        for id in ids.start..ids.end.min(MAX_IDS) {
            let (word, bit) = place(id);
            let mut seen = words[word].load(Ordering::Relaxed);
            while seen & bit == 0 {
                // Acquire: pairs with the Release in `Bit::drop`, so that everything the last
                // holder did comes first. Tries again only if another id of this word was taken or
                // dropped meanwhile.
                match words[word].compare_exchange(seen, seen | bit, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        let bit = Bit { ids: Arc::clone(all), id, is_joint: false, has_left: false };
                        let held = Some(Held::InMemory { bit });
                        return Some(IdLock { id, taker: ForkGuard::untold(), held });
                    }
                    Err(found) => seen = found,
                }
            }
        }
        None
    }

    /// Takes an id that others have jointly. None if nobody has, or somebody has it alone.
    pub(crate) fn join(&self, id: u32) -> Option<IdLock> {
        let Self(all) = self;
        let count = all.joint.get(id as usize)?;
        let mut found = count.load(Ordering::Relaxed);
        while found != 0 {
            // Acquire: pairs with the Release in `Bit::share`.
            match count.compare_exchange(found, found + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    let bit = Bit { ids: Arc::clone(all), id, is_joint: true, has_left: false };
                    return Some(IdLock { id, taker: ForkGuard::untold(), held: Some(Held::InMemory { bit }) });
                }
                Err(now) => found = now,
            }
        }
        None
    }

    pub(crate) fn taken(&self, id: u32) -> bool {
        let (word, bit) = place(id);
        // Acquire: as in `take`, for a caller that finds the id free.
        self.0.held.get(word).is_some_and(|word| word.load(Ordering::Acquire) & bit != 0)
    }
}

impl Bit {
    fn share(&mut self) {
        if let Some(count) = self.ids.joint.get(self.id as usize) {
            self.is_joint = true;
            // Release: pairs with the Acquire in `Ids::join`.
            count.store(1, Ordering::Release);
        }
    }

    /// True if it is now had alone, or was.
    fn leave(&mut self) -> bool {
        match self.ids.joint.get(self.id as usize) {
            Some(count) if self.is_joint => {
                self.has_left = true;
                // AcqRel: what all others did before they left comes before what the last one does.
                let was_last = count.fetch_add(u64::MAX, Ordering::AcqRel) == 1;
                (self.is_joint, self.has_left) = (!was_last, !was_last);
                was_last
            }
            _ => true,
        }
    }
}

impl Drop for Bit {
    fn drop(&mut self) {
        if self.has_left || !self.leave() {
            return;
        }
        let (word, bit) = place(self.id);
        // The bit is set, so subtracting it changes no other bit. Release: pairs with the Acquire
        // in `take`.
        self.ids.held[word].fetch_add(bit.wrapping_neg(), Ordering::Release);
    }
}

fn place(id: u32) -> (usize, u64) {
    (id as usize / 64, 1 << (id % 64))
}
