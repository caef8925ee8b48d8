//! The vector as readers see it: nothing here can write.

use crate::mode::ModeKind;
use crate::register::{self, Blocks};
use crate::{Changes, OutOfRange, ReadAllError, ReadError, Snapshot, TryReadError};
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use icc_buffer::{Bell, Counter, Payload, ReadOnlyBuffer};
use icc_seqlock::primitive::bound;
use icc_seqlock::{Reader, Tag};

/// A vector that can only be read.
///
/// `open` attaches to a vector in shared memory without being able to write to it: the processor
/// itself stops any write, and no writer notices. It opens vectors of every mode and placement;
/// what it needs to know of them it reads once and checks. [`SeqlockVector`](crate::SeqlockVector)
/// derefs to this, so all methods here are its own too.
///
/// This is a handle: clone it, send it to other threads.
///
/// # Waiting
///
/// Methods that begin with `try` make one attempt. The others wait while a writer is writing the
/// slot: they back off for some tens of microseconds, then yield up to 10,000 times, with a short
/// sleep after every 64, and check now and then whether that writer is alive. They end with the
/// value, [`WriterDied`](crate::WriterDied) or [`Busy`](crate::Busy). They always return, and a
/// returned value is never torn.
// Invariant: `buffer` has `counters` counters, as many as a vector of mode `kind` needs.
#[doc(alias = "subscriber")]
pub struct VectorReader<T> {
    pub(crate) buffer: ReadOnlyBuffer<T>,
    pub(crate) blocks: Blocks,
    /// Whether other processes may have it, so that its writers can die in the middle of a write.
    /// In models they always can.
    pub(crate) shared: bool,
    kind: ModeKind,
    counters: u32,
}

// A panic leaves no broken state: a handle has none of its own, and the slots hold plain bytes that
// are read whole or not at all.
impl<T> UnwindSafe for VectorReader<T> {}
impl<T> RefUnwindSafe for VectorReader<T> {}

impl<T: Payload> VectorReader<T> {
    /// # Safety
    ///
    /// `buffer` has as many counters as a vector of mode `kind` needs.
    pub(crate) unsafe fn over(buffer: ReadOnlyBuffer<T>, kind: ModeKind) -> Self {
        let counters = register::counters(kind.is_tracked());
        debug_assert_eq!(buffer.counter_count(), counters);
        let (blocks, shared) = (Blocks::new(buffer.len()), bound(buffer.is_shared(), true));
        Self { blocks, shared, kind, counters: counters as u32, buffer }
    }

    /// The number of slots, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a vector is never empty")]
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether writers count changes ([`Tracked`](crate::Tracked)), so that a
    /// [`poll`](Changes::poll) need not read every slot.
    #[inline]
    #[must_use]
    pub fn is_tracked(&self) -> bool {
        self.kind.is_tracked()
    }

    /// The bell at which this handle's readers sleep, if the vector is
    /// [wakeable](crate::VectorSpec::wakeable) and, in shared memory, this process may read its
    /// readers' file. For waiting for several vectors and queues at once.
    #[must_use]
    pub fn bell(&self) -> Option<&Bell> {
        self.buffer.bell()
    }

    /// Whether the vector is [wakeable](crate::VectorSpec::wakeable): whether its writers wake those
    /// who sleep.
    #[must_use]
    pub fn is_wakeable(&self) -> bool {
        self.buffer.is_wakeable()
    }

    /// Which vector it [repeats](crate::VectorSpec::repeating), by instance; none if it repeats none.
    #[must_use]
    pub fn source(&self) -> Option<u64> {
        Some(self.buffer.source()).filter(|&source| source != 0)
    }

    /// A random number, never 0, that tells this vector from every other, also from a later one of
    /// the same name.
    #[must_use]
    pub fn instance(&self) -> u64 {
        self.buffer.instance()
    }

    /// What slot `index` is called, if the vector's creator
    #[cfg_attr(target_os = "linux", doc = " [named](icc_buffer::Options::keys) its slots.")]
    #[cfg_attr(not(target_os = "linux"), doc = " named its slots.")]
    ///
    /// Only vectors in shared memory have names. They come from another process: escape them before you
    /// show them.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use icc_vector::{Options, SeqlockVector, VectorReader};
    ///
    /// let name = format!("icc-vector-keys-{}", std::process::id());
    /// let options = Options::new().keys(["EURUSD", "USDJPY"]);
    /// let rates = SeqlockVector::<f64>::create(&name, 2, &options)?;
    ///
    /// let reader = VectorReader::<f64>::open(&name, &Options::new())?;
    /// assert_eq!((reader.key(0), reader.find("USDJPY"), reader.find("GBPUSD")), (Some("EURUSD"), Some(1), None));
    /// icc_vector::remove(&name)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn key(&self, index: usize) -> Option<&str> {
        self.buffer.keys()?.get(index)
    }

    /// The slot that is called so, if there is one: see [`key`](Self::key). Looks at one name after the
    /// other: ask once, and keep the index.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.buffer.keys()?.find(name)
    }

    /// The value of slot `index`: zeros if it was never written.
    ///
    /// Returning by value can cost a second copy; for large values use
    /// [`read_into`](Self::read_into).
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is no such slot, or it cannot be read; see [waiting](Self#waiting).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// assert_eq!(health.read(1)?, 200);
    /// assert_eq!(health.read(0)?, 0);
    /// let error = health.read(3).unwrap_err();
    /// assert_eq!(error.to_string(), "slot 3 does not exist: the vector has 3 slots, 0..3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "get")]
    #[doc(alias = "load")]
    #[inline]
    pub fn read(&self, index: usize) -> Result<T, ReadError> {
        self.check(index)?;
        // SAFETY: the index was checked.
        unsafe { self.read_unchecked(index) }
    }

    /// As [`read`](Self::read), without the check of the index.
    ///
    /// # Safety
    ///
    /// As [`read_into_unchecked`](Self::read_into_unchecked).
    #[inline(always)]
    unsafe fn read_unchecked(&self, index: usize) -> Result<T, ReadError> {
        /// A value of up to so many bytes may stay in registers.
        const SMALL: usize = 256;
        if size_of::<T>() > SMALL {
            let mut value = T::zeroed();
            // SAFETY: the caller's promise is the same.
            return unsafe { self.read_into_unchecked(index, &mut value) }.map(|_| value);
        }
        // SAFETY: the caller's promise is the same.
        let slot = unsafe { self.buffer.slot_unchecked(index) };
        // No function but the copy has a reference to the value, so it need not be in memory.
        self.until_read(index, || slot.try_read())
    }

    /// The value of slot `index`, or none if it was never written.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &0)?;
    /// assert_eq!(health.read_if_written(1)?, Some(0));
    /// assert_eq!(health.read_if_written(2)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_if_written(&self, index: usize) -> Result<Option<T>, ReadError> {
        let mut value = T::zeroed();
        Ok((self.read_into(index, &mut value)? != 0).then_some(value))
    }

    /// Copies the value of slot `index` into `out` and returns its version: 0 if it was never
    /// written, 2 more for each write.
    ///
    /// The primary operation: one copy, straight into the caller's memory.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read). If there is no such slot, `out` stays as it was; else it holds a
    /// valid but meaningless value.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let mut out = 9;
    /// assert_eq!(health.read_into(1, &mut out)?, 0);
    /// health.write(1, &200)?;
    /// assert_eq!((health.read_into(1, &mut out)?, out), (2, 200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        self.check(index)?;
        // SAFETY: the index was checked.
        unsafe { self.read_into_unchecked(index, out) }
    }

    /// As [`read_into`](Self::read_into), without the check of the index.
    ///
    /// # Errors
    ///
    /// [`ReadError::WriterDied`] or [`ReadError::Busy`].
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let mut out = 9;
    /// // SAFETY: there are three slots.
    /// assert_eq!(unsafe { health.read_into_unchecked(2, &mut out) }, Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub unsafe fn read_into_unchecked(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        // SAFETY: the caller's promise is the same.
        match unsafe { self.buffer.slot_unchecked(index) }.try_read_into(out) {
            Ok(version) => Ok(version),
            Err(_) => self.read_contended(index, out),
        }
    }

    /// Copies the value of slot `index` into `out` and returns its version, if one attempt gets it.
    /// Never waits.
    ///
    /// # Errors
    ///
    /// [`TryReadError::BeingWritten`] if a write was under way or crossed the copy; `out` then
    /// holds a valid but meaningless value. [`writer_died`](Self::writer_died) tells whether to try
    /// again. [`TryReadError::OutOfRange`] if there is no such slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert_eq!(health.try_read_into(1, &mut 0), Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_read_into(&self, index: usize, out: &mut T) -> Result<u64, TryReadError> {
        self.check(index)?;
        Ok(self.slot(index).try_read_into(out)?)
    }

    /// Copies the value of slot `index` into `out` and returns its version, if that is newer than
    /// `version`.
    ///
    /// `None` means that no newer value was complete at that moment, also when the slot's writer
    /// died since. Waits only if a newer value exists and is being overwritten.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let (mut seen, mut out) = (health.version(1)?, 0);
    /// assert_eq!(health.read_into_if_newer(1, seen, &mut out)?, None);
    /// health.write(1, &200)?;
    /// if let Some(version) = health.read_into_if_newer(1, seen, &mut out)? {
    ///     seen = version;
    /// }
    /// assert_eq!((seen, out), (2, 200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_into_if_newer(&self, index: usize, version: u64, out: &mut T) -> Result<Option<u64>, ReadError> {
        self.check(index)?;
        match self.slot(index).try_read_into_if_newer(version, out) {
            Ok(newer) => Ok(newer),
            Err(_) => self.read_contended(index, out).map(Some),
        }
    }

    /// The version of slot `index`: 0 if it was never written, odd while it is being written. It
    /// may have changed by the time this returns.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert_eq!(health.version(2)?, 0);
    /// assert_eq!(health.write(2, &1)?, 2);
    /// assert_eq!(health.version(2)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn version(&self, index: usize) -> Result<u64, OutOfRange> {
        self.check(index)?;
        let found = self.slot(index).version();
        Ok(Tag::completed(found) | found & 1)
    }

    /// Copies the values of all slots into `out`, in order, each read when its turn comes.
    ///
    /// Each value is whole, but they are not of one moment: writes may come between two of them.
    /// For the values of one moment take a [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    ///
    /// [`ReadAllError::WrongLen`] if `out` is not as long as the vector. [`ReadAllError::Read`] if
    /// a slot cannot be read; those before it were. [`iter`](Self::iter) goes on after such a slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// let mut all = [9; 3];
    /// health.read_all_into(&mut all)?;
    /// assert_eq!(all, [0, 200, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_all_into(&self, out: &mut [T]) -> Result<(), ReadAllError> {
        if out.len() != self.len() {
            return Err(ReadAllError::WrongLen { given: out.len(), len: self.len() });
        }
        self.read_range_into(0, out)
    }

    /// Copies the values of the slots from `first` on into `out`, as
    /// [`read_all_into`](Self::read_all_into) does.
    ///
    /// # Errors
    ///
    /// [`ReadAllError::Read`] if a slot does not exist (nothing was read then), or cannot be read;
    /// those before it were.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// let mut two = [9; 2];
    /// health.read_range_into(1, &mut two)?;
    /// assert_eq!(two, [200, 0]);
    /// assert!(health.read_range_into(2, &mut two).is_err());
    /// health.read_range_into(usize::MAX, &mut [])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_range_into(&self, first: usize, out: &mut [T]) -> Result<(), ReadAllError> {
        if let Some(more) = out.len().checked_sub(1) {
            self.check(first.saturating_add(more))?;
        }
        let stride = self.buffer.stride();
        // `first` may be anything where nothing is asked for.
        let mut offset = first.wrapping_mul(stride);
        for (value, index) in out.iter_mut().zip(first..) {
            // SAFETY: the last index was checked, and the others are less; this is the offset of slot `index`.
            let slot = unsafe { self.buffer.slot_at_unchecked(offset) };
            if slot.try_read_into(value).is_err() {
                self.read_contended(index, value)?;
            }
            offset += stride;
        }
        Ok(())
    }

    /// The values of all slots in order, each read when its turn comes.
    ///
    /// Each value is whole, but they are not of one moment: writes may come between two of them.
    ///
    /// # Examples
    ///
    /// ```
    /// let positions = icc_vector::SeqlockVector::<f64>::new(3)?;
    /// positions.write(0, &1.5)?;
    /// positions.write(2, &2.0)?;
    /// assert_eq!(positions.iter().sum::<Result<f64, _>>()?, 3.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { vector: self, next: 0 }
    }

    /// Prepares to take snapshots of these slots, in this order: see [`Snapshot`], with an example.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if one of them does not exist.
    pub fn snapshot(&self, indices: impl Into<Vec<usize>>) -> Result<Snapshot<T>, OutOfRange> {
        let indices = indices.into();
        indices.iter().try_for_each(|&index| self.check(index))?;
        Ok(Snapshot::new(self.clone(), indices))
    }

    /// A cursor over changes. Its first poll yields every slot that was ever written. See
    /// [`Changes`].
    #[doc(alias = "subscribe")]
    #[doc(alias = "watch")]
    #[must_use]
    pub fn changes(&self) -> Changes<T> {
        Changes::from_start(self.clone())
    }

    /// A cursor over changes from now on. See [`Changes`].
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// assert_eq!(health.changes().poll().count(), 1);
    /// assert_eq!(health.changes_from_now().poll().count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "subscribe")]
    #[must_use]
    pub fn changes_from_now(&self) -> Changes<T> {
        Changes::from_now(self.clone())
    }

    #[inline(always)]
    pub(crate) fn check(&self, index: usize) -> Result<(), OutOfRange> {
        if index < self.len() { Ok(()) } else { Err(OutOfRange { index, len: self.len() }) }
    }

    /// A slot whose index was checked.
    #[inline(always)]
    pub(crate) fn slot(&self, index: usize) -> Reader<'_, T> {
        assert!(index < self.len(), "the caller checked the index");
        // SAFETY: just checked; where the caller did so in sight, the compiler drops this check.
        unsafe { self.buffer.slot_unchecked(index) }
    }

    /// Counter `index` of those that a vector of this mode has.
    #[inline(always)]
    pub(crate) fn counter(&self, index: usize) -> Counter<'_> {
        assert!(index < self.counters as usize, "a counter that a vector of this mode does not have");
        // SAFETY: the invariant of this type.
        unsafe { self.buffer.counter_unchecked(index) }
    }
}

impl<T> Clone for VectorReader<T> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), ..*self }
    }
}

impl<T> fmt::Debug for VectorReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, mode) = (self.buffer.len(), format_args!("{}", self.kind.name()));
        f.debug_struct("VectorReader").field("len", &len).field("mode", &mode).finish_non_exhaustive()
    }
}

/// The values of all slots, from [`VectorReader::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    vector: &'a VectorReader<T>,
    next: usize,
}

impl<T: Payload> Iterator for Iter<'_, T> {
    type Item = Result<T, ReadError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        if index == self.vector.len() {
            return None;
        }
        self.next += 1;
        // SAFETY: never more than the length, and not the length.
        Some(unsafe { self.vector.read_unchecked(index) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.vector.len() - self.next;
        (left, Some(left))
    }
}

impl<T: Payload> ExactSizeIterator for Iter<'_, T> {}

impl<'a, T: Payload> IntoIterator for &'a VectorReader<T> {
    type Item = Result<T, ReadError>;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
