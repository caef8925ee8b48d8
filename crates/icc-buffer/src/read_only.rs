//! The handle that only reads: it knows where the parts of a buffer are, and keeps its memory.

use crate::counter::{Counter, CounterLine};
use crate::entries::Entries;
use crate::groups::{GroupWords, lines_for};
use crate::heap::Allocation;
use crate::holding::{Held, Holders};
use crate::ids::Ids;
use crate::keys::Keys;
use crate::layout::Layout;
use crate::memory::{Block, Facts, Memory};
use crate::placement::Step;
use crate::readers::Readers;
use crate::{Bell, Buffer, BufferError, EntryError, EntryStatus, MAX_IDS, ReaderEntry, Spec, instance};
use core::{fmt, marker::PhantomData, ops::Range, ptr::NonNull};
use icc_seqlock::primitive::{Arc, AtomicU64, prefetch_cell, prefetch_line};
use icc_seqlock::{Payload, Reader, Seqlock};

/// A buffer that this handle cannot write to.
///
/// [`open`](Self::open) maps the memory read-only: the processor itself stops any write through it,
/// even by a stray pointer. [`Buffer::read_only`] gives one for memory that the process maps for
/// writing anyway. Both are the same type and cost the same to read through, so a layer above needs
/// only one kind of consumer. The type does not say how the slots are placed: a reader takes the
/// distance between them from the header, which is checked once.
///
/// Nothing here writes. All loads are relaxed and of at most eight bytes, or vector loads, with
/// fences: exactly what memory mapped read-only supports.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Kind, Packed, Spec};
///
/// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 3))?;
/// let reader = buffer.read_only().clone();
/// buffer.slot(1).expect("there are three").write(&7);
///
/// let mut value = 0;
/// let slot = reader.slot(1).expect("there are three");
/// assert_eq!((slot.try_read_into(&mut value), value), (Ok(2), 7));
/// assert_eq!(slot.read_if_newer(2), None);
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
///
/// It has no way to write:
///
/// ```compile_fail,E0599
/// # use icc_buffer::{Buffer, Kind, Packed, Spec};
/// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 1)).unwrap();
/// buffer.read_only().slot(0).unwrap().write(&7);
/// ```
///
/// # Invariants
///
/// Found once, and never read from the memory itself again: `memory` holds `facts.counters`
/// `CounterLine`s at `counters` and `len` slots at `slots`, `stride` bytes apart, all aligned and
/// initialised, for as long as any handle lives. In this process, counters and slots are only
/// accessed through atomics.
// In this order: what every poll reads is adjacent, at the start.
#[repr(C)]
pub struct ReadOnlyBuffer<T> {
    slots: NonNull<u8>,
    step: Step<T>,
    len: usize,
    counters: NonNull<CounterLine>,
    memory: Arc<Memory>,
    _slots: PhantomData<Seqlock<T>>,
}

// SAFETY: a handle gives out shared references to seqlocks and atomics only, which threads may
// share if `T: Send`.
unsafe impl<T: Send> Send for ReadOnlyBuffer<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for ReadOnlyBuffer<T> {}

impl<T: Payload> ReadOnlyBuffer<T> {
    /// On the heap, prefaulted. `stride` is that of a placement.
    pub(crate) fn private(spec: &Spec, stride: usize) -> Result<Self, BufferError> {
        let layout = Layout::new::<T>(spec.len, stride, spec.counters, 0)?;
        let block = Block::Heap(Allocation::new::<T>(&layout)?, Ids::default());
        let facts = Facts::of(spec, instance::new());
        let readers = facts.has_readers().then(|| Readers::private(facts.wakeable, facts.holding));
        spec.groups.check()?;
        let words = |name: &str| (name.to_owned(), GroupWords::private(lines_for(spec.group_words)));
        let groups = spec.groups.iter().map(words).collect();
        let memory = Memory { block, facts, readers, readers_refused: None, groups, keys: None };
        // SAFETY: the allocation was made for this layout.
        Ok(unsafe { Self::over(memory, &layout, spec.len) })
    }

    /// A handle to `memory`, which was laid out for `len` slots and `facts.counters` counters.
    ///
    /// # Safety
    ///
    /// `layout` is `Layout::new::<T>(len, stride, counters, schema)` for these, some `schema`, and
    /// the `stride` of a placement: nothing else may become a [`Step`]. `memory` has at least
    /// `total_size` bytes, aligned to `align`, readable until it is dropped, and initialised where
    /// counters and slots lie (any bytes are valid ones: every bit pattern of an `AtomicU64` and of
    /// a [`Payload`] is). This process accesses those through atomics only from
    /// now on.
    pub(crate) unsafe fn over(memory: Memory, layout: &Layout, len: usize) -> Self {
        // SAFETY: both offsets are within `total_size`, by `Layout::new`.
        let (slots, counters) =
            unsafe { (memory.start().add(layout.slots_offset), memory.start().add(layout.counters_offset).cast()) };
        Self { slots, step: Step::of(layout.stride), len, counters, memory: Arc::new(memory), _slots: PhantomData }
    }

    /// Slot `index`, or `None` past the end.
    #[inline]
    pub fn slot(&self, index: usize) -> Option<Reader<'_, T>> {
        // SAFETY: the index was checked.
        (index < self.len).then(|| unsafe { self.slot_unchecked(index) })
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, index: usize) -> Reader<'_, T> {
        // SAFETY: the caller's promise, and this buffer's own stride.
        unsafe { self.cell(self.offset_of(index)) }.reader()
    }

    /// From the first slot to this one, which is none past the end.
    #[inline(always)]
    pub(crate) fn offset_of(&self, index: usize) -> usize {
        self.step.times(index)
    }

    /// The slot that begins so many bytes after the first one.
    ///
    /// To go through many slots: from one to the next it is the addition of a [`stride`](Self::stride), where an
    /// index has to be multiplied by one that is known at run time alone.
    ///
    /// # Safety
    ///
    /// `offset` is a number less than [`len`](Self::len) times [`stride`](Self::stride).
    #[inline(always)]
    pub unsafe fn slot_at_unchecked(&self, offset: usize) -> Reader<'_, T> {
        // SAFETY: the caller's promise.
        unsafe { self.cell(offset) }.reader()
    }

    /// The cell at `offset` from the first one.
    ///
    /// # Safety
    ///
    /// `offset` is a number less than [`len`](Self::len) times this buffer's stride.
    #[inline(always)]
    pub(crate) unsafe fn cell(&self, offset: usize) -> &Seqlock<T> {
        debug_assert!(offset < self.step.times(self.len) && offset.is_multiple_of(self.step.times(1)));
        // SAFETY: by the invariants there are `len` slots at this distance, and the caller's offset
        // is that of one of them. The reference lives no longer than this handle, which keeps the
        // memory.
        unsafe { self.slots.add(offset).cast().as_ref() }
    }

    /// Requests the first cache line of slot `index`, and does not wait for it. Nothing past the end.
    #[inline(always)]
    pub fn prefetch(&self, index: usize) {
        if index < self.len {
            // SAFETY: the index was checked.
            prefetch_line(unsafe { self.cell_start(index) }.as_ptr());
        }
    }

    /// Requests the cache lines of slot `index` for reading, unless they are very many, and does not wait for
    /// them. Nothing past the end. For readers of slots in a row that are behind.
    #[inline(always)]
    pub fn prefetch_whole(&self, index: usize) {
        if index < self.len {
            // SAFETY: the index was checked.
            prefetch_cell(unsafe { self.cell_start(index) }.as_ptr(), self.stride());
        }
    }

    /// Where slot `index` begins: a pointer to the memory, not to the slot alone.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    pub(crate) unsafe fn cell_start(&self, index: usize) -> NonNull<u8> {
        // SAFETY: as in `cell`.
        unsafe { self.slots.add(self.step.times(index)) }
    }
}

impl<T> ReadOnlyBuffer<T> {
    /// This buffer as one that can be written, for layers that keep their writing handle as a
    /// wrapper of their reading one.
    ///
    /// # Safety
    ///
    /// This handle is a copy of one that a [`Buffer<T, P>`](Buffer) derefs to, so that the memory
    /// is mapped for writing and its slots are placed as `P` says.
    #[inline(always)]
    #[must_use]
    pub unsafe fn as_writable<P>(&self) -> &Buffer<T, P> {
        // SAFETY: a `Buffer` is a transparent wrapper of this type; what it asks for beyond is the
        // caller's promise.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }

    /// The number of slots, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a buffer is never empty")]
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes from one slot to the next.
    #[inline]
    #[must_use]
    pub fn stride(&self) -> usize {
        self.step.times(1)
    }

    /// The number of counters.
    #[inline]
    #[must_use]
    pub fn counter_count(&self) -> usize {
        self.memory.facts.counters
    }

    /// Counter `index`, or `None` past the end.
    #[inline]
    pub fn counter(&self, index: usize) -> Option<Counter<'_>> {
        // SAFETY: the index was checked.
        (index < self.counter_count()).then(|| unsafe { self.counter_unchecked(index) })
    }

    /// Counter `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`counter_count`](Self::counter_count).
    #[inline(always)]
    pub unsafe fn counter_unchecked(&self, index: usize) -> Counter<'_> {
        // SAFETY: the caller's promise is the same.
        Counter(unsafe { self.atomic(index) })
    }

    /// The word of counter `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`counter_count`](Self::counter_count).
    #[inline(always)]
    pub(crate) unsafe fn atomic(&self, index: usize) -> &AtomicU64 {
        debug_assert!(index < self.counter_count());
        // SAFETY: by the invariants there are as many counters, and the caller's index is one of
        // them.
        unsafe { &self.counters.add(index).as_ref().0 }
    }

    /// The words given at creation. A copy that was made when this process created or opened the
    /// buffer; nobody can change it.
    #[inline]
    #[must_use]
    pub fn words(&self) -> [u64; 4] {
        self.memory.facts.words
    }

    /// A random number, never 0, that no other buffer has, not even a later one of the same name.
    #[inline]
    #[must_use]
    pub fn instance(&self) -> u64 {
        self.memory.facts.instance
    }

    /// The instance of the buffer that this one repeats: see [`Spec::repeating`](crate::Spec::repeating).
    /// 0 if it repeats none.
    #[inline]
    #[must_use]
    pub fn source(&self) -> u64 {
        self.memory.facts.source
    }

    /// What the slots are called, if the creator said so.
    #[must_use]
    pub fn keys(&self) -> Option<&Keys> {
        self.memory.keys.as_ref()
    }

    /// Whether what the layer above numbers may have gaps: see [`Spec::gaps`].
    #[inline]
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        self.memory.facts.gaps
    }

    /// Whether the memory is shared with other processes, or can be.
    #[inline]
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.memory.mapping().is_some()
    }

    /// Where readers sleep in the kernel until a writer wakes them, if the buffer is
    /// [wakeable](Spec::wakeable) and this handle has access to it.
    ///
    /// A layer above rings it after each message or change, or batch of them, on a handle that
    /// writes, and lets readers wait at it.
    #[inline]
    #[must_use]
    pub fn bell(&self) -> Option<&Bell> {
        let Memory { readers, facts, .. } = &*self.memory;
        readers.as_ref().filter(|_| facts.wakeable).and_then(Readers::bell)
    }

    /// Whether the buffer is [wakeable](Spec::wakeable), also if this handle has no access to its
    /// [bell](Self::bell).
    #[must_use]
    pub fn is_wakeable(&self) -> bool {
        self.memory.facts.wakeable
    }

    /// Takes an entry in which this reader shows where it is, under a label for people to read: at
    /// most 64 bytes of UTF-8. Several readers may have the same.
    ///
    /// `cursor` is the number of the next message it will read. It counts as a reader that lives
    /// until the entry is dropped or its process ends.
    ///
    /// # Errors
    ///
    /// [`EntryError::NotSeen`] if the buffer was created without [`seen`](Spec::seen);
    /// [`EntryError::NoneLeft`] if 192 living readers have all; [`EntryError::BadLabel`];
    /// [`EntryError::Buffer`] if the readers' file cannot be used, such as without permission to
    /// write to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8).seen())?;
    /// let entry = buffer.take_entry("recorder", 3)?;
    /// entry.publish(5, 1, 1);
    ///
    /// let seen = &buffer.entries()?[0];
    /// assert_eq!((seen.label.as_str(), seen.cursor, seen.is_alive), ("recorder", 5, true));
    /// drop(entry);
    /// assert!(buffer.entries()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_entry(&self, label: &str, cursor: u64) -> Result<ReaderEntry, EntryError> {
        match &*self.memory {
            Memory { facts: Facts { seen: true, .. }, readers: Some(readers), .. } => {
                readers.entries().take(label, cursor)
            }
            Memory { facts: Facts { seen: true, .. }, readers_refused: Some(error), .. } => Err(error.clone().into()),
            memory => Err(EntryError::NotSeen { path: memory.mapping().map(|mapping| mapping.path().to_owned()) }),
        }
    }

    /// Every reader that has an entry, the living and those that ended without letting it go and
    /// whose entry nobody has taken yet. None if the buffer was created without
    /// [`seen`](Spec::seen) and [`holding`](Spec::holding).
    ///
    /// In shared memory a system call for each: not for a hot loop. It may be outdated at once, and
    /// whoever may write to the readers' file may make it up. Permission to read that file is enough.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if this handle has no access to the entries, or a system call fails.
    pub fn entries(&self) -> Result<Vec<EntryStatus>, BufferError> {
        match &*self.memory {
            Memory { facts: Facts { seen: false, holding: false, .. }, .. } => Ok(Vec::new()),
            Memory { readers: Some(readers), .. } => readers.entries().list(),
            Memory { readers_refused, .. } => readers_refused.clone().map_or(Ok(Vec::new()), Err),
        }
    }

    /// Takes an entry that holds: from now on, writers overwrite nothing from the reader's cursor on,
    /// until it [shows](ReaderEntry::publish) that it went on, lets go, dies or is evicted.
    ///
    /// `head` gives the number of the next message, as it is known to this process. The cursor is
    /// that number, or `asked`. Returned with the entry is the cursor, and the number of the next
    /// message after writers can see the entry: from then on it holds, and whatever is not older than
    /// what writers may overwrite without a look at the entries is there.
    ///
    /// # Errors
    ///
    /// As [`take_entry`](Self::take_entry), with [`EntryError::NotHolding`] if the buffer was created
    /// without [`holding`](Spec::holding), and [`EntryError::NoneLeft`] if 64 living readers hold.
    pub fn hold(&self, label: &str, asked: Option<u64>, head: impl Fn() -> u64) -> Result<Held, EntryError> {
        self.holding()?.hold(label, asked, &head)
    }

    /// What writers look at before they overwrite: who holds what.
    ///
    /// # Errors
    ///
    /// [`EntryError::NotHolding`] if the buffer was created without [`holding`](Spec::holding);
    /// [`EntryError::Buffer`] if this handle has no access to the readers' file.
    pub fn holding_readers(&self) -> Result<Holders, EntryError> {
        self.holding().map(Holders::of)
    }

    fn holding(&self) -> Result<&Entries, EntryError> {
        match &*self.memory {
            Memory { facts: Facts { holding: true, .. }, readers: Some(readers), .. } => Ok(readers.entries()),
            Memory { facts: Facts { holding: true, .. }, readers_refused: Some(error), .. } => {
                Err(error.clone().into())
            }
            memory => Err(EntryError::NotHolding { path: memory.mapping().map(|mapping| mapping.path().to_owned()) }),
        }
    }

    /// Whether readers can [hold](Self::hold).
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.memory.facts.holding
    }

    /// Whether readers can take [entries](Self::take_entry).
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.memory.facts.seen
    }

    /// The words that a [group](Spec::groups) of readers shares, of which there are `words`.
    ///
    /// In shared memory this opens the group's file, for writing if that is allowed.
    ///
    /// # Errors
    ///
    /// [`BufferError::NoGroup`] if the creator named none like this, or the buffer was removed; others
    /// if the file cannot be used.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::Ordering;
    /// use icc_buffer::{Buffer, BufferError, GroupNames, Kind, Packed, Spec};
    ///
    /// let groups = GroupNames::new().with("orders");
    /// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8).groups(groups, 20))?;
    /// let words = buffer.group("orders", 20)?;
    /// words.word(3).expect("there are 20").store(7, Ordering::Relaxed);
    /// assert_eq!(buffer.group("orders", 20)?.word(3).expect("there are 20").load(Ordering::Relaxed), 7);
    /// assert!(matches!(buffer.group("audit", 20), Err(BufferError::NoGroup { .. })));
    /// # Ok::<(), BufferError>(())
    /// ```
    pub fn group(&self, name: &str, words: usize) -> Result<GroupWords, BufferError> {
        self.memory.group(name, words)
    }

    /// The names of its groups. In shared memory they are looked for in the buffer's directory.
    #[must_use]
    pub fn group_names(&self) -> Vec<String> {
        self.memory.names_of_groups()
    }

    /// Whether somebody holds `id`. In shared memory this is a system call: not for a hot loop.
    ///
    /// `false` proves that the last holder dropped it or is dead. The answer may be outdated at
    /// once: somebody else may take the id.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system call fails.
    pub fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        self.memory.holder_lives(id..id.saturating_add(1))
    }

    /// Whether somebody holds one of `ids`. In shared memory this is one system call.
    ///
    /// `false` proves that there was a moment at which nobody did. To ask for one after the other with
    /// [`holder_lives`](Self::holder_lives) proves less: where a holder ends just after the next one took an id that
    /// was asked for before, none is found. (In private memory, ids are seen at one moment by 64, from the last to the
    /// first. As the lowest free id is taken first, a holder can be missed there only if 64 others come and go meanwhile.)
    ///
    /// # Errors
    ///
    /// As [`holder_lives`](Self::holder_lives).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8))?;
    /// let held = buffer.take_id(3..4)?.expect("free");
    /// assert_eq!((buffer.some_holder_lives(0..8), buffer.some_holder_lives(4..8)), (Ok(true), Ok(false)));
    /// drop(held);
    /// assert_eq!(buffer.some_holder_lives(0..8), Ok(false));
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    pub fn some_holder_lives(&self, ids: Range<u32>) -> Result<bool, BufferError> {
        self.memory.holder_lives(ids)
    }

    /// How many of `ids` somebody holds: a [`holder_lives`](Self::holder_lives) for each. None is as
    /// sure as [`some_holder_lives`](Self::some_holder_lives).
    ///
    /// # Errors
    ///
    /// As [`holder_lives`](Self::holder_lives).
    pub fn holders(&self, ids: Range<u32>) -> Result<u32, BufferError> {
        let mut count = 0;
        for id in ids.start..ids.end.min(MAX_IDS) {
            count += u32::from(self.holder_lives(id)?);
        }
        if count == 0 {
            count = u32::from(self.some_holder_lives(ids)?);
        }
        Ok(count)
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl<T> Clone for ReadOnlyBuffer<T> {
    fn clone(&self) -> Self {
        Self { memory: Arc::clone(&self.memory), ..*self }
    }
}

impl<T> fmt::Debug for ReadOnlyBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnlyBuffer")
            .field("kind", &format_args!("{}", self.memory.facts.kind))
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
