//! The handle that reads and writes.

use crate::placement::{chosen, possible};
use crate::{BufferError, IdLock, Placement, ReadOnlyBuffer, Spec};
use core::{fmt, marker::PhantomData, ops::Deref, ops::Range, time::Duration};
use icc_seqlock::{Payload, Seqlock, primitive::AtomicU64};

/// A header, some counters, and a number of slots, each a [`Seqlock<T>`], in one block of memory.
///
/// This handle reads and writes. Cloning it is cheap and gives another handle to the same memory,
/// which is freed or unmapped with the last one. It can do everything that a [`ReadOnlyBuffer`]
/// can. The memory is in one of three places:
///
/// - [`private`](Self::private): on the heap of this process;
/// - [`create`](Self::create), [`open`](Self::open), [`open_or_create`](Self::open_or_create): a
///   file that other processes open by name, in `/dev/shm` unless a path is given;
/// - [`anonymous`](Self::anonymous), [`from_fd`](Self::from_fd): a `memfd` without a name, passed
///   on by descriptor.
///
/// The last two exist on Linux.
///
/// # Invariants
///
/// The memory is mapped for writing, and the slots are placed as `P` says. Those of `()`, which stand
/// for slots of a type that is not known, may be any distance apart.
#[doc(alias("shm", "shared memory", "mmap"))]
#[repr(transparent)]
pub struct Buffer<T, P> {
    reader: ReadOnlyBuffer<T>,
    _placement: PhantomData<fn() -> P>,
}

impl<T: Payload, P: Placement> Buffer<T, P> {
    /// A buffer in memory of this process, all slots at version 0 and holding zeros, all counters
    /// 0.
    ///
    /// All its pages are touched, so that no later access takes a page fault.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the number of slots is 0, or more than fit the address space or the
    /// memory.
    pub fn private(spec: Spec) -> Result<Self, BufferError> {
        Ok(Self::writable(ReadOnlyBuffer::private(&spec, chosen::<P>(size_of::<Seqlock<T>>()))?))
    }

    /// `reader`'s memory is mapped for writing, and its stride is one of `P`.
    pub(crate) fn writable(reader: ReadOnlyBuffer<T>) -> Self {
        debug_assert!(size_of::<T>() == 0 || possible::<P>(size_of::<Seqlock<T>>()).contains(&reader.stride()));
        Self { reader, _placement: PhantomData }
    }

    /// Slot `index`, or `None` past the end.
    #[inline]
    pub fn slot(&self, index: usize) -> Option<&Seqlock<T>> {
        // SAFETY: the index was checked.
        (index < self.len()).then(|| unsafe { self.slot_unchecked(index) })
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](ReadOnlyBuffer::len).
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, index: usize) -> &Seqlock<T> {
        let [usual, other] = const { possible::<P>(size_of::<Seqlock<T>>()) };
        let is_known = size_of::<T>() != 0 && usual == other;
        let offset = if is_known { index * usual } else { self.reader.offset_of(index) };
        // SAFETY: the caller's promise, and the invariant of the placement.
        unsafe { self.reader.cell(offset) }
    }
}

impl<T, P> Buffer<T, P> {
    /// Counter `index`, or `None` past the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::Ordering;
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let spec = Spec::new(Kind::new("example"), 3).counters(2).words([7, 0, 0, 0]);
    /// let buffer = Buffer::<u64, Packed>::private(spec)?;
    /// let written = buffer.counter(1).expect("there are two");
    /// buffer.slot(2).expect("there are three").write(&9);
    /// written.fetch_add(1, Ordering::Release); // whoever sees this count sees the write
    /// assert_eq!(buffer.read_only().counter(1).expect("there are two").load_acquire(), 1);
    /// assert!(buffer.counter(2).is_none());
    /// assert_eq!((buffer.len(), buffer.counter_count(), buffer.words()), (3, 2, [7, 0, 0, 0]));
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    #[inline]
    pub fn counter(&self, index: usize) -> Option<&AtomicU64> {
        // SAFETY: the index was checked.
        (index < self.counter_count()).then(|| unsafe { self.counter_unchecked(index) })
    }

    /// Counter `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`counter_count`](ReadOnlyBuffer::counter_count).
    #[inline(always)]
    pub unsafe fn counter_unchecked(&self, index: usize) -> &AtomicU64 {
        // SAFETY: the caller's promise is the same.
        unsafe { self.reader.atomic(index) }
    }

    /// The same buffer, as a handle whose type cannot write.
    #[inline(always)]
    #[must_use]
    pub fn read_only(&self) -> &ReadOnlyBuffer<T> {
        &self.reader
    }

    /// Takes the first id of `ids` that nobody holds, or none if all are held. Only ids below
    /// [`MAX_IDS`](crate::MAX_IDS) exist.
    ///
    /// The id is free again once the [`IdLock`] is dropped or, in shared memory, its process has
    /// ended, however it ended. The kernel needs a moment for that, so in shared memory this tries
    /// for some 20 ms before it returns none.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the buffer's file cannot be opened or locked.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8))?;
    /// let first = buffer.take_id(0..2)?.expect("free");
    /// let second = buffer.take_id(0..2)?.expect("free");
    /// assert_eq!((first.id(), second.id()), (0, 1));
    /// assert!(buffer.take_id(0..2)?.is_none());
    ///
    /// drop(first);
    /// assert!(!buffer.holder_lives(0)?);
    /// assert!(buffer.holder_lives(1)?);
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    pub fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        self.reader.memory().take_id(ids)
    }

    /// As [`take_id`](Self::take_id), but tries again and again until `timeout` is over, sleeping
    /// between: for a process that takes the place of one that was just killed.
    ///
    /// Before the kernel frees the ids of a killed process it frees its memory, which takes a tenth
    /// of a second for a few GiB, and writes its core dump, if it writes one.
    ///
    /// # Errors
    ///
    /// As [`take_id`](Self::take_id).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8))?;
    /// let held = buffer.take_id_within(0..1, Duration::from_secs(5))?.expect("free");
    /// assert!(buffer.take_id_within(0..1, Duration::from_millis(1))?.is_none());
    /// # drop(held);
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    pub fn take_id_within(&self, ids: Range<u32>, timeout: Duration) -> Result<Option<IdLock>, BufferError> {
        self.reader.memory().take_id_within(ids, timeout)
    }
}

impl<T, P> Deref for Buffer<T, P> {
    type Target = ReadOnlyBuffer<T>;

    #[inline(always)]
    fn deref(&self) -> &ReadOnlyBuffer<T> {
        &self.reader
    }
}

impl<T, P> Clone for Buffer<T, P> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone(), _placement: PhantomData }
    }
}

impl<T, P> fmt::Debug for Buffer<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Buffer").field(&self.reader).finish()
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::*;
    use crate::{Kind, OwnLines};

    /// Whichever was chosen: each slot is its own, and what is written is read there.
    #[test]
    fn slots_are_found_at_either_distance() {
        for stride in possible::<OwnLines>(size_of::<Seqlock<[u64; 7]>>()) {
            let reader = ReadOnlyBuffer::private(&Spec::new(Kind::new("test"), 5), stride).unwrap();
            let buffer = Buffer::<[u64; 7], OwnLines>::writable(reader);
            assert_eq!(buffer.stride(), stride);
            for index in 0..5 {
                buffer.slot(index).unwrap().write(&[index as u64; 7]);
            }
            let address = |index| std::ptr::from_ref(buffer.slot(index).unwrap()).addr();
            for index in 0..5 {
                assert_eq!(buffer.read_only().slot(index).unwrap().read(), [index as u64; 7], "{stride} bytes apart");
                assert_eq!(address(index), address(0) + index * stride);
            }
            assert!(buffer.slot(5).is_none());
        }
    }
}
