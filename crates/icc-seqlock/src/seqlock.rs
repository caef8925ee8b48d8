//! The cell: what it holds, and reading it.

use crate::primitive::{AtomicU64, Backoff, Ordering::Acquire, Ordering::Relaxed, fence};
use crate::{BeingWritten, Payload, Reader, Tag, storage::Storage};
use core::fmt;

/// One value that is written often and read by anyone, never locked against its readers.
///
/// Readers copy the value out and check afterwards that no write crossed the copy. They never write
/// to the cell, so any number of them leaves the writer's cost unchanged.
///
/// # Encoding
///
/// `version` is even while the value is stable and odd while it is being written. Every finished
/// write adds two; a new cell stands at 0. Only writers store it. It has 64 bits: at a write a
/// nanosecond it wraps after 292 years. The upper seven bits of an odd version can name the writer:
/// see [`Tag`].
///
/// The layout is fixed: the version at offset 0, then the value at offset 8 or, if that is more, at
/// its own alignment. A cell of zero bytes is a valid cell that was never written.
///
/// # Why a read is never torn
///
/// A reader loads `version` (call it `v`), fences, copies, fences, and loads `version` again.
///
/// - *The copy misses part of the write that ended at `v`.* Cannot be: the writer stored `v` with
///   `Release` after the bytes, and the reader's first `Acquire` fence follows its load of `v`. All
///   bytes of that write happen before the copy.
/// - *The copy took a byte of a later write.* That writer stored an odd version, then a `Release`
///   fence, then the byte. The reader's second `Acquire` fence follows its load of the byte, so the
///   two fences synchronise, and the second load of `version` sees the odd version or something
///   later. It differs from `v`; the copy is dropped.
///
/// The bytes of a dropped copy may be mixed, yet they were read atomically and every mixture is a
/// valid `T`.
///
/// # Examples
///
/// ```
/// use icc_seqlock::Seqlock;
///
/// static POSITION: Seqlock<[f64; 3]> = Seqlock::new([0.0; 3]);
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| POSITION.write(&[1.0, 2.0, 3.0]));
///     scope.spawn(|| {
///         let position = POSITION.read();
///         assert!(position == [0.0; 3] || position == [1.0, 2.0, 3.0]);
///     });
/// });
/// ```
///
/// A cell is shared between threads only if its value may be sent between them:
///
/// ```compile_fail,E0277
/// use core::marker::PhantomData;
/// use icc_seqlock::Seqlock;
///
/// fn shared<T: Sync>(_: T) {}
/// shared(Seqlock::new(PhantomData::<*const u8>)); // `*const u8` cannot be sent between threads
/// ```
#[doc(alias("sequence lock", "latch"))]
#[repr(C)]
pub struct Seqlock<T> {
    pub(crate) version: AtomicU64,
    pub(crate) storage: Storage<T>,
}

impl<T: Payload> Seqlock<T> {
    /// A handle that only reads this cell.
    #[inline(always)]
    #[must_use]
    pub const fn reader(&self) -> Reader<'_, T> {
        Reader { cell: self }
    }

    /// The current version: even if the value is stable, odd while it is being written.
    ///
    /// It may have changed by the time this returns. A relaxed load: it orders nothing.
    #[inline]
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    /// The value.
    ///
    /// Waits for a live writer to finish, as long as writes keep crossing its copy. It spins; with
    /// the feature `std` it then yields its core, and then sleeps. Without `std` it only spins: a
    /// thread of higher priority on the writer's core would spin for ever. Real-time threads use
    /// [`try_read`](Self::try_read) or [`read_into_bounded`](Self::read_into_bounded). So does
    /// whoever reads a cell in shared memory: one whose writer died in mid-write stays odd until it
    /// is [recovered](Self::recover).
    ///
    /// Returning by value can cost a second copy, and needs room for the value twice on the stack;
    /// for large values use [`read_into`](Self::read_into).
    #[inline]
    pub fn read(&self) -> T {
        /// A value of up to so many bytes may stay in registers.
        const SMALL: usize = 256;
        if size_of::<T>() > SMALL {
            let mut value = T::zeroed();
            self.read_into(&mut value);
            return value;
        }
        let mut backoff = Backoff::new();
        loop {
            match self.try_read() {
                Ok(value) => return value,
                Err(BeingWritten { .. }) => wait(&mut backoff),
            }
        }
    }

    /// Copies the value into `out` and returns its version.
    ///
    /// Waits as [`read`](Self::read) does. This is the primary operation: one copy, straight into
    /// the caller's memory.
    #[inline]
    pub fn read_into(&self, out: &mut T) -> u64 {
        let mut backoff = Backoff::new();
        loop {
            match self.try_read_into(out) {
                Ok(version) => return version,
                Err(BeingWritten { .. }) => wait(&mut backoff),
            }
        }
    }

    /// Copies the value into `out` and returns its version, if one of `attempts` succeeds.
    ///
    /// Spins between them, and never gives the core away: for real-time threads that can wait as
    /// long as a few writes take, and no longer.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if writes crossed every attempt, or none was allowed. `out` then holds a
    /// valid but meaningless value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use icc_seqlock::Seqlock;
    /// let cell = Seqlock::new(7_u32);
    /// let mut value = 0;
    /// assert_eq!((cell.read_into_bounded(100, &mut value), value), (Ok(0), 7));
    /// ```
    #[inline]
    pub fn read_into_bounded(&self, attempts: u32, out: &mut T) -> Result<u64, BeingWritten> {
        let mut backoff = Backoff::new();
        let mut last = BeingWritten { version: self.version() };
        for _ in 0..attempts {
            match self.try_read_into(out) {
                Ok(version) => return Ok(version),
                Err(crossed) => last = crossed,
            }
            backoff.spin();
        }
        Err(last)
    }

    /// The value, if one attempt succeeds. Never waits.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy.
    #[inline]
    pub fn try_read(&self) -> Result<T, BeingWritten> {
        let version = self.whole_version()?;
        let mut value = T::zeroed();
        copy_checked(&self.version, version, || self.storage.load_value(&mut value)).map(|()| value)
    }

    /// Copies the value into `out` and returns its version, if one attempt succeeds. Never waits.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy. `out` then holds a valid but
    /// meaningless value, possibly mixed from several.
    #[inline]
    pub fn try_read_into(&self, out: &mut T) -> Result<u64, BeingWritten> {
        let version = self.whole_version()?;
        self.copy_out(version, out).map(|()| version)
    }

    /// The value and its version, if that is newer than `version`.
    ///
    /// `None` means that no newer value was complete at the time of the check. Waits, as
    /// [`read`](Self::read) does, only if there is a newer value and it is being overwritten.
    ///
    /// # Examples
    ///
    /// ```
    /// # use icc_seqlock::Seqlock;
    /// let cell = Seqlock::new(1_u32);
    /// let seen = cell.version();
    /// assert_eq!(cell.read_if_newer(seen), None);
    /// cell.write(&2);
    /// assert_eq!(cell.read_if_newer(seen), Some((2, seen + 2)));
    /// ```
    #[inline]
    pub fn read_if_newer(&self, version: u64) -> Option<(T, u64)> {
        let mut value = T::zeroed();
        self.read_into_if_newer(version, &mut value).map(|version| (value, version))
    }

    /// Copies the value into `out` and returns its version, if that is newer than `version`.
    ///
    /// As [`read_if_newer`](Self::read_if_newer), without the second copy. `out` is unchanged if no
    /// newer value was complete. Only while the call runs may it hold a meaningless value.
    #[inline]
    pub fn read_into_if_newer(&self, version: u64, out: &mut T) -> Option<u64> {
        let mut backoff = Backoff::new();
        loop {
            match self.try_read_into_if_newer(version, out) {
                Ok(newer) => return newer,
                Err(BeingWritten { .. }) => wait(&mut backoff),
            }
        }
    }

    /// As [`read_into_if_newer`](Self::read_into_if_newer), with one attempt. Never waits.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a newer value was there and is being overwritten. `out` then holds a
    /// valid but meaningless value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use icc_seqlock::Seqlock;
    /// let cell = Seqlock::new(1_u32);
    /// let (seen, mut value) = (cell.version(), 0);
    /// assert_eq!(cell.try_read_into_if_newer(seen, &mut value), Ok(None));
    /// cell.write(&2);
    /// assert_eq!(cell.try_read_into_if_newer(seen, &mut value), Ok(Some(seen + 2)));
    /// assert_eq!(value, 2);
    /// ```
    #[inline(always)]
    pub fn try_read_into_if_newer(&self, version: u64, out: &mut T) -> Result<Option<u64>, BeingWritten> {
        let found = self.version.load(Relaxed);
        // One branch while there is nothing new.
        if (found <= version) | (found & 1 == 1) {
            return if Tag::completed(found) <= version { Ok(None) } else { Err(BeingWritten { version: found }) };
        }
        self.copy_out(found, out).map(|()| Some(found))
    }

    /// Copies the value into `out` if the cell stands at exactly `version`. Never waits.
    ///
    /// For structures that know which version a cell must have, such as rings.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found instead, before or after the copy. `out` then holds
    /// a valid but meaningless value if the copy had begun.
    #[inline]
    pub fn try_read_at(&self, version: u64, out: &mut T) -> Result<(), BeingWritten> {
        let found = self.version.load(Relaxed);
        if found != version {
            // A caller that expects an exact version polls for it. Not in `read_into_if_newer`:
            // that would take the lines of a cell that is written again and again away from its
            // writer.
            self.storage.prefetch(found & 1 == 1);
            return Err(BeingWritten { version: found });
        }
        self.copy_out(version, out)
    }

    /// The version, if no write is under way.
    #[inline(always)]
    fn whole_version(&self) -> Result<u64, BeingWritten> {
        let version = self.version.load(Relaxed);
        if version & 1 == 1 {
            return Err(BeingWritten { version });
        }
        Ok(version)
    }

    /// Copies the bytes and checks that the version still is `seen`, an even one loaded before.
    #[inline(always)]
    fn copy_out(&self, seen: u64, out: &mut T) -> Result<(), BeingWritten> {
        copy_checked(&self.version, seen, || self.storage.load(out))
    }

    /// Consumes the cell and returns its value.
    pub fn into_inner(self) -> T {
        self.storage.into_inner()
    }
}

/// Waits a round. It knows nothing of the value that is being read: one to which no function has a
/// reference is returned in registers.
#[cold]
#[inline(never)]
fn wait(backoff: &mut Backoff) {
    backoff.wait();
}

/// Runs `copy`, which copies a cell's bytes out, and checks that its `version` still is `seen`, an
/// even one loaded before.
#[inline(always)]
pub(crate) fn copy_checked(version: &AtomicU64, seen: u64, copy: impl FnOnce()) -> Result<(), BeingWritten> {
    // Acquire: with the relaxed load of `seen`, pairs with the Release store in `publish`. A fence
    // and not an acquire load, because memory mapped read-only supports relaxed loads only; and a
    // poll that finds nothing is then free of it.
    fence(Acquire);
    copy();
    // Acquire: pairs with the Release fence in `publish`. If the copy took a byte of a later write,
    // the load below sees its odd version.
    fence(Acquire);
    match version.load(Relaxed) {
        found if found == seen => Ok(()),
        version => Err(BeingWritten { version }),
    }
}

impl<T: Payload + Default> Default for Seqlock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Payload> From<T> for Seqlock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Shows a whole value or none: after a few crossed attempts it prints `<being written>` instead.
impl<T: Payload + fmt::Debug> fmt::Debug for Seqlock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ATTEMPTS: usize = 16;
        let mut cell = f.debug_struct("Seqlock");
        let mut value = T::zeroed();
        match (0..ATTEMPTS).find_map(|_| self.try_read_into(&mut value).ok()) {
            Some(version) => cell.field("version", &version).field("value", &value),
            None => cell.field("version", &self.version()).field("value", &format_args!("<being written>")),
        };
        cell.finish()
    }
}
