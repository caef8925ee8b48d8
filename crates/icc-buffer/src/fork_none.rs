//! Stands in where there is no shared memory: `fork` copies all that an id protects.

/// Tells whether this process is a child that `fork` made of the one that took an id, from
/// [`IdLock::fork_guard`](crate::IdLock::fork_guard). Here it never is.
#[derive(Clone, Copy, Debug)]
pub struct ForkGuard(());

impl ForkGuard {
    /// Whether this process is such a child.
    #[inline(always)]
    #[must_use]
    pub fn is_child(&self) -> bool {
        false
    }

    pub(crate) fn untold() -> Self {
        Self(())
    }
}
