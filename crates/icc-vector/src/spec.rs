//! What a vector is to be.

/// What a vector is to be. A number alone is a length: `SeqlockVector::new(3)`.
///
/// # Examples
///
/// ```
/// use icc_vector::{Park, SeqlockVector, VectorSpec};
/// use std::time::Duration;
///
/// let health = SeqlockVector::<u32>::new(VectorSpec::new(3).wakeable())?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| health.write(1, &200));
///     let mut out = 0;
///     health.wait_for_change(1, 0, &mut out, Duration::from_secs(10), &mut Park::default())?;
///     assert_eq!(out, 200);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorSpec {
    /// The number of slots, at least 1.
    pub len: usize,
    /// Whether readers can sleep and be woken: see [`wakeable`](Self::wakeable).
    pub wakeable: bool,
    /// The instance of the vector that it repeats; 0 for none: see [`repeating`](Self::repeating).
    pub source: u64,
}

impl VectorSpec {
    /// A vector of `len` slots.
    #[must_use]
    pub const fn new(len: usize) -> Self {
        Self { len, wakeable: false, source: 0 }
    }

    /// Whose readers can sleep in the kernel until a change wakes them, with [`Park`](crate::Park).
    ///
    /// Writers then look after each write whether anybody sleeps: a load and a branch, and a system
    /// call if somebody does, whichever slot that one waits for. The word they look at lies in memory
    /// that readers write to: in shared memory in a file of its own, `NAME.INSTANCE.readers`, whose
    /// permissions are [`Options::readers_mode`](icc_buffer::Options::readers_mode), or in a second
    /// `memfd`. Readers still map the vector itself read-only.
    #[must_use]
    pub const fn wakeable(mut self) -> Self {
        self.wakeable = true;
        self
    }

    /// That repeats another vector, perhaps one of another machine: the one with this
    /// [`instance`](crate::VectorReader::instance). It is noted, and nothing else.
    #[must_use]
    pub const fn repeating(mut self, source: u64) -> Self {
        self.source = source;
        self
    }
}

impl From<usize> for VectorSpec {
    fn from(len: usize) -> Self {
        Self::new(len)
    }
}
