//! Telling a process from the children that `fork` makes of it.
//!
//! Each process that takes an id in shared memory has one page that the kernel clears in a child
//! made by `fork` (`MADV_WIPEONFORK`, Linux 4.14), and a word in it that is 1. A child finds 0
//! there, whatever its process id is, and takes a page of its own when it takes an id itself.

use core::{fmt, num::NonZeroUsize, ptr::NonNull};
use icc_seqlock::primitive::{AtomicU64, Ordering};
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};

/// Tells whether this process is a child that `fork` made of the one that took an id, from
/// [`IdLock::fork_guard`](crate::IdLock::fork_guard).
///
/// Such a child has a copy of every handle, and would write under the same numbers as its parent.
///
/// Copying it costs nothing, and so does dropping it. It needs Linux 4.14; before that, no child is
/// told from its parent. A child made by `vfork` is not told from it either.
#[derive(Clone, Copy)]
pub struct ForkGuard(&'static AtomicU64);

/// What the word is in the process that took the id.
const TAKER: u64 = 1;
/// What it is where children cannot be told from their parents.
const UNKNOWN: u64 = 2;

/// For ids in memory that `fork` copies, and for kernels that clear no page.
static UNTOLD: AtomicU64 = AtomicU64::new(UNKNOWN);
/// The address of this process's word, or of its parent's, which is 0; null before there is any.
static CURRENT: AtomicU64 = AtomicU64::new(0);

const PAGE: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

impl ForkGuard {
    /// Whether this process is such a child. A relaxed load and a comparison: for each message.
    ///
    /// Always `false` if the id is one in private memory, of which `fork` makes a separate copy.
    #[inline(always)]
    #[must_use]
    pub fn is_child(&self) -> bool {
        // Relaxed: only this process writes the word, before any guard of it exists.
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Whether this process certainly is the one that took the id.
    pub(crate) fn is_taker(&self) -> bool {
        // Relaxed: as above.
        self.0.load(Ordering::Relaxed) == TAKER
    }

    /// One that never tells of a child.
    pub(crate) fn untold() -> Self {
        Self(&UNTOLD)
    }

    /// That of this process.
    pub(crate) fn current() -> Self {
        // Acquire: pairs with the Release below.
        let address = CURRENT.load(Ordering::Acquire);
        if let Some(word) = word_at(address)
            && word.load(Ordering::Relaxed) == TAKER
        {
            return Self(word);
        }
        let Some(page) = clearing_page() else { return Self::untold() };
        let new = page.as_ptr().expose_provenance() as u64;
        // SAFETY: the page is mapped for writing, aligned, and nobody else's yet.
        unsafe { page.as_ref() }.store(TAKER, Ordering::Relaxed);
        // Release: pairs with the Acquire above: the word is 1 for whoever finds the address. The
        // page of the parent is left to the copies of its guards. Relaxed if it fails: another
        // thread was quicker, and the address is loaded again.
        if CURRENT.compare_exchange(address, new, Ordering::Release, Ordering::Relaxed).is_ok() {
            // SAFETY: the page is never unmapped from here on, and its word is an atomic.
            return Self(unsafe { page.as_ref() });
        }
        // SAFETY: this thread mapped the page above, and nobody else knows of it.
        let _ = unsafe { munmap(page.cast(), PAGE.get()) };
        Self::current()
    }
}

/// The word at an address that `CURRENT` held.
fn word_at(address: u64) -> Option<&'static AtomicU64> {
    let word = NonNull::new(core::ptr::with_exposed_provenance_mut::<AtomicU64>(address as usize))?;
    // SAFETY: `current` stored the address, of an aligned word in a page that it never unmaps and
    // whose address it exposed.
    Some(unsafe { word.as_ref() })
}

/// A page of zeros that `fork` clears in the child, if the kernel knows how.
fn clearing_page() -> Option<NonNull<AtomicU64>> {
    let (access, flags) = (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_PRIVATE);
    // SAFETY: a new mapping at an address of the kernel's choice, which overlaps no other.
    let page = unsafe { mmap_anonymous(None, PAGE, access, flags) }.ok()?;
    // SAFETY: the advice is for that page alone, which nobody has written to.
    if unsafe { madvise(page, PAGE.get(), MmapAdvise::MADV_WIPEONFORK) }.is_err() {
        // SAFETY: mapped above, and nobody knows of it.
        let _ = unsafe { munmap(page, PAGE.get()) };
        return None;
    }
    Some(page.cast())
}

impl fmt::Debug for ForkGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkGuard").field("is_child", &self.is_child()).finish()
    }
}
