//! One bare atomic in memory that a child made by `fork` shares.

use std::ops::Deref;
use std::ptr::{NonNull, null_mut};
#[allow(clippy::disallowed_types, reason = "for targets that are bare atomics")]
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::link::OpenError;

/// The smallest page of any supported system.
const PAGE: usize = 4096;

/// A page of which the first word is used. Each handle is of another page; what shares a page with
/// another is a copy in another process.
#[derive(Debug)]
pub(crate) struct SharedLine<A: Atomic>(NonNull<A>);

/// An atomic word.
///
/// # Safety
///
/// Zeros are one, its alignment is at most that of a page, and all its methods may be called by
/// several processes.
pub(crate) unsafe trait Atomic: Sync {}

// SAFETY: it is a number.
#[allow(clippy::disallowed_types, reason = "as above")]
unsafe impl Atomic for AtomicU32 {}
// SAFETY: it is a number.
#[allow(clippy::disallowed_types, reason = "as above")]
unsafe impl Atomic for AtomicU64 {}

// SAFETY: it owns its page, and the word in it may be used by any thread.
unsafe impl<A: Atomic> Send for SharedLine<A> {}
// SAFETY: as above.
unsafe impl<A: Atomic> Sync for SharedLine<A> {}

impl<A: Atomic> SharedLine<A> {
    /// One that is zero.
    ///
    /// # Errors
    ///
    /// The system's refusal.
    pub(crate) fn new() -> Result<Self, OpenError> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice, which overlaps no other.
        let page = unsafe { mmap_anonymous(null_mut(), PAGE, access, MapFlags::SHARED) }?;
        NonNull::new(page.cast()).map(Self).ok_or_else(|| "the system mapped a page at address 0".into())
    }
}

impl<A: Atomic> Deref for SharedLine<A> {
    type Target = A;

    #[inline(always)]
    fn deref(&self) -> &A {
        // SAFETY: the page is mapped while this lives, began as zeros, and holds nothing else.
        unsafe { self.0.as_ref() }
    }
}

impl<A: Atomic> Drop for SharedLine<A> {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and nobody else's.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), PAGE) };
    }
}
