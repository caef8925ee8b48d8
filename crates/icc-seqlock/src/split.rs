//! A cell with one writer, known to the borrow checker.

use crate::primitive::Ordering::Relaxed;
use crate::{BeingWritten, Payload, Seqlock};
use core::fmt;

impl<T: Payload> Seqlock<T> {
    /// Lends the cell to one writer and any number of readers.
    ///
    /// The writer needs no read-modify-write, since the mutable borrow proves that it is the only
    /// one.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_seqlock::Seqlock;
    ///
    /// let mut cell = Seqlock::new([0_u64; 4]);
    /// let (mut writer, reader) = cell.split();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || (1..=100).for_each(|n| { writer.write(&[n; 4]); }));
    ///     for _ in 0..2 {
    ///         scope.spawn(move || {
    ///             let [first, rest @ ..] = reader.read();
    ///             assert!(rest.iter().all(|&word| word == first));
    ///         });
    ///     }
    /// });
    /// assert_eq!(cell.read(), [100; 4]);
    /// ```
    ///
    /// For threads that outlive the caller, leak the cell once at the program's start:
    /// `Box::leak(Box::new(Seqlock::new(value))).split()` gives handles for `'static`.
    ///
    /// There is never a second writer:
    ///
    /// ```compile_fail,E0499
    /// let mut cell = icc_seqlock::Seqlock::new(0_u64);
    /// let (mut one, _) = cell.split();
    /// let (mut two, _) = cell.split();
    /// one.write(&1);
    /// ```
    ///
    /// ```compile_fail,E0599
    /// let mut cell = icc_seqlock::Seqlock::new(0_u64);
    /// let (one, _) = cell.split();
    /// let two = one.clone();
    /// ```
    pub fn split(&mut self) -> (Writer<'_, T>, Reader<'_, T>) {
        let cell = &*self;
        (Writer { cell, version: cell.version() }, cell.reader())
    }
}

/// The only writer of a [`Seqlock`], from [`Seqlock::split`]. Not `Clone`: that is what makes it
/// cheap.
pub struct Writer<'a, T> {
    cell: &'a Seqlock<T>,
    /// The cell's version. Nobody else changes it while this handle lives.
    version: u64,
}

impl<T: Payload> Writer<'_, T> {
    /// Writes `value` with plain stores and returns its version. Never waits.
    #[inline]
    pub fn write(&mut self, value: &T) -> u64 {
        // From an odd version it skips to the next odd one, so the cell never looks stable while it
        // is written.
        let odd = self.version.wrapping_add(1) | 1;
        self.cell.version.store(odd, Relaxed);
        self.version = self.cell.publish(odd.wrapping_add(1), value);
        self.version
    }

    /// Changes the value in one step, and returns its version. Never waits.
    #[inline]
    pub fn update(&mut self, change: impl FnOnce(&mut T)) -> u64 {
        let mut value = T::zeroed();
        // Alone, so nothing can cross the copy.
        self.cell.storage.load(&mut value);
        change(&mut value);
        self.write(&value)
    }

    /// The version of the last write.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl<T> fmt::Debug for Writer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A handle that can only read a [`Seqlock`], from [`Seqlock::split`] or [`Seqlock::reader`]. It is
/// `Copy`.
///
/// Its methods are those of the cell; see there. Some wait for a live writer. In shared memory a
/// writer may be dead or hostile, and then they wait for ever: use the methods whose names begin
/// with `try` there.
///
/// It has no way to write:
///
/// ```compile_fail,E0599
/// let cell = icc_seqlock::Seqlock::new(0_u64);
/// cell.reader().write(&7);
/// ```
pub struct Reader<'a, T> {
    pub(crate) cell: &'a Seqlock<T>,
}

impl<T> Clone for Reader<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Reader<'_, T> {}

impl<T: Payload> Reader<'_, T> {
    /// See [`Seqlock::read`].
    #[inline]
    pub fn read(&self) -> T {
        self.cell.read()
    }

    /// See [`Seqlock::read_into`].
    #[inline]
    pub fn read_into(&self, out: &mut T) -> u64 {
        self.cell.read_into(out)
    }

    /// See [`Seqlock::try_read`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy.
    #[inline]
    pub fn try_read(&self) -> Result<T, BeingWritten> {
        self.cell.try_read()
    }

    /// See [`Seqlock::try_read_into`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy.
    #[inline]
    pub fn try_read_into(&self, out: &mut T) -> Result<u64, BeingWritten> {
        self.cell.try_read_into(out)
    }

    /// See [`Seqlock::read_if_newer`].
    #[inline]
    pub fn read_if_newer(&self, version: u64) -> Option<(T, u64)> {
        self.cell.read_if_newer(version)
    }

    /// See [`Seqlock::read_into_if_newer`].
    #[inline]
    pub fn read_into_if_newer(&self, version: u64, out: &mut T) -> Option<u64> {
        self.cell.read_into_if_newer(version, out)
    }

    /// See [`Seqlock::try_read_into_if_newer`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a newer value was being overwritten.
    #[inline(always)]
    pub fn try_read_into_if_newer(&self, version: u64, out: &mut T) -> Result<Option<u64>, BeingWritten> {
        self.cell.try_read_into_if_newer(version, out)
    }

    /// See [`Seqlock::try_read_at`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found instead.
    #[inline(always)]
    pub fn try_read_at(&self, version: u64, out: &mut T) -> Result<(), BeingWritten> {
        self.cell.try_read_at(version, out)
    }

    /// See [`Seqlock::version`].
    #[inline]
    pub fn version(&self) -> u64 {
        self.cell.version()
    }
}

impl<T: Payload + fmt::Debug> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(self.cell).finish()
    }
}
