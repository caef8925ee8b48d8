//! What groups of readers share: words of their own beside the buffer, a lock each for those that
//! work.
//!
//! In shared memory a file for each group, `NAME.INSTANCE.group-G`, so that they need no permission
//! to write to the buffer itself. What the words mean is the business of the layer above.

use crate::BufferError;
use crate::ids::{IdLock, Ids};
use crate::shared::{self, Mapping};
use core::{fmt, ops::Range, ptr::NonNull};
use icc_seqlock::Payload;
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, prefetch_for_write};
use std::path::Path;

/// Words in a line.
const WORDS: usize = 16;

/// A pair of cache lines. Any bytes are valid ones.
#[repr(C, align(128))]
pub(crate) struct Line([AtomicU64; WORDS]);

#[cfg(not(icc_loom))]
const _: () = assert!(size_of::<Line>() == 128);

/// The words that a group of readers shares, from
/// [`ReadOnlyBuffer::group`](crate::ReadOnlyBuffer::group). A handle: clones are of the same.
///
/// Nothing in them is to be trusted in shared memory: whoever may write to the group's file may
/// change any word at any time.
#[derive(Clone)]
pub struct GroupWords {
    /// Within `home`.
    lines: NonNull<Line>,
    len: usize,
    home: Home,
}

// SAFETY: the words are atomics, which any threads may share, and `home` keeps their memory.
unsafe impl Send for GroupWords {}
// SAFETY: as above.
unsafe impl Sync for GroupWords {}

/// What keeps the memory.
#[derive(Clone)]
enum Home {
    Private(Arc<Private>),
    /// And whether it is mapped for writing.
    Mapped {
        mapping: Arc<Mapping>,
        writable: bool,
    },
}

struct Private {
    lines: Box<[Line]>,
    ids: Ids,
}

impl GroupWords {
    /// In memory of this process, all zero.
    pub(crate) fn private(lines: usize) -> Self {
        let line = |_| Line(core::array::from_fn(|_| AtomicU64::new(0)));
        let private = Arc::new(Private { lines: (0..lines).map(line).collect(), ids: Ids::default() });
        // The slice does not move as long as `home` lives.
        let start = NonNull::from(&*private.lines).cast();
        Self { lines: start, len: lines, home: Home::Private(private) }
    }

    /// # Safety
    ///
    /// There are `len` lines in `mapping`, at `offset` from its start, which is a multiple of their
    /// alignment. It is mapped for writing if `writable` is true. This process accesses them through
    /// atomics only.
    pub(crate) unsafe fn mapped(mapping: Mapping, offset: usize, len: usize, writable: bool) -> Self {
        // SAFETY: within the mapping, by the caller.
        let lines = unsafe { mapping.start().add(offset) }.cast();
        Self { lines, len, home: Home::Mapped { mapping: Arc::new(mapping), writable } }
    }

    /// The number of words, a multiple of 16: as many as fill a pair of cache lines.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    #[inline(always)]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len * WORDS
    }

    /// Word `index`, or `None` past the end. Only to be loaded if they are not
    /// [writable](Self::is_writable).
    #[inline]
    #[must_use]
    pub fn word(&self, index: usize) -> Option<&AtomicU64> {
        // SAFETY: the index was checked.
        (index < self.len()).then(|| unsafe { self.word_unchecked(index) })
    }

    /// Word `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    #[must_use]
    pub unsafe fn word_unchecked(&self, index: usize) -> &AtomicU64 {
        debug_assert!(index < self.len());
        // SAFETY: there are `len` lines, which `home` keeps for longer than the reference lives,
        // aligned and atomic, as `private` made them or `mapped` was promised.
        unsafe { &self.lines.add(index / WORDS).as_ref().0[index % WORDS] }
    }

    /// Requests the cache line of word `index` for writing, and does not wait for it. Nothing past the
    /// end.
    #[inline(always)]
    pub fn prefetch_for_write(&self, index: usize) {
        if let Some(word) = self.word(index) {
            prefetch_for_write(core::ptr::from_ref(word).cast());
        }
    }

    /// Copies a value into the words from `index` on. False, and nothing is done, if it does not fit.
    ///
    /// Word by word, each a relaxed store: whoever reads meanwhile gets parts of both. The layer above
    /// says when it is complete.
    pub fn store_value<T: Payload>(&self, index: usize, value: &T) -> bool {
        let bytes = bytemuck::bytes_of(value);
        if !self.has_room(index, bytes.len()) {
            return false;
        }
        for (words, bytes) in (index..).zip(bytes.chunks(8)) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            // SAFETY: there is room.
            unsafe { self.word_unchecked(words) }.store(u64::from_ne_bytes(word), Ordering::Relaxed);
        }
        true
    }

    /// Copies a value out of the words from `index` on, as [`store_value`](Self::store_value) put it
    /// there, or whatever bytes there are. None if there are fewer.
    #[must_use]
    pub fn load_value<T: Payload>(&self, index: usize) -> Option<T> {
        let mut value = T::zeroed();
        let bytes = bytemuck::bytes_of_mut(&mut value);
        if !self.has_room(index, bytes.len()) {
            return None;
        }
        for (words, bytes) in (index..).zip(bytes.chunks_mut(8)) {
            // SAFETY: there is room.
            let word = unsafe { self.word_unchecked(words) }.load(Ordering::Relaxed).to_ne_bytes();
            bytes.copy_from_slice(&word[..bytes.len()]);
        }
        Some(value)
    }

    fn has_room(&self, index: usize, bytes: usize) -> bool {
        index.checked_add(bytes.div_ceil(8)).is_some_and(|end| end <= self.len())
    }

    /// Whether they may be written: always in private memory, else with permission to.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        match &self.home {
            Home::Private(_) => true,
            Home::Mapped { writable, .. } => *writable,
        }
    }

    /// Where the group's file is; none in private memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.home {
            Home::Private(_) => None,
            Home::Mapped { mapping, .. } => Some(mapping.path()),
        }
    }

    /// Takes the first id of `ids` that nobody of this group holds, or none if all are held. As
    /// [`Buffer::take_id`](crate::Buffer::take_id), but tries once.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the group's file cannot be opened for writing or locked.
    pub fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        match &self.home {
            Home::Private(private) => Ok(private.ids.take(ids)),
            Home::Mapped { mapping, writable: false } => {
                Err(BufferError::PermissionDenied { path: mapping.path().to_owned(), doing: "write" })
            }
            Home::Mapped { mapping, .. } => shared::take_id(mapping, ids),
        }
    }

    /// Whether somebody holds `id` of this group. In shared memory a system call.
    ///
    /// `false` proves that the last holder dropped it or is dead.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system call fails.
    pub fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        let ids = id..id.saturating_add(1);
        match &self.home {
            Home::Private(private) => Ok(private.ids.taken(ids)),
            Home::Mapped { mapping, .. } => shared::holder_lives(mapping, ids),
        }
    }
}

impl fmt::Debug for GroupWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupWords").field("len", &self.len()).field("path", &self.path()).finish_non_exhaustive()
    }
}

/// The names of a buffer's groups, up to eight: each of one to 32 of `a` to `z`, `A` to `Z`, `0` to
/// `9`, `-` and `_`.
///
/// # Examples
///
/// ```
/// use icc_buffer::GroupNames;
///
/// const GROUPS: GroupNames = GroupNames::new().with("orders").with("audit");
/// assert_eq!(GROUPS.iter().collect::<Vec<_>>(), ["orders", "audit"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupNames {
    names: [[u8; GroupNames::MAX_BYTES]; GroupNames::MAX],
    count: usize,
    /// What was wrong with one that was given, and which it was.
    fault: Option<(usize, &'static str)>,
}

impl GroupNames {
    /// The most groups.
    pub const MAX: usize = 8;
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { names: [[0; Self::MAX_BYTES]; Self::MAX], count: 0, fault: None }
    }

    /// With one more. A name that cannot be one is an error when the buffer is created,
    /// [`BufferError::BadGroup`].
    #[must_use]
    pub const fn with(mut self, name: &str) -> Self {
        if self.fault.is_some() {
            return self;
        }
        if self.count == Self::MAX {
            self.fault = Some((self.count, "a buffer has at most 8 groups"));
            return self;
        }
        let bytes = name.as_bytes();
        let mut at = 0;
        while at < bytes.len() && at < Self::MAX_BYTES {
            if !matches!(bytes[at], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_') {
                self.fault = Some((self.count, "its name has other characters than letters, digits, `-` and `_`"));
            }
            self.names[self.count][at] = bytes[at];
            at += 1;
        }
        if bytes.is_empty() {
            self.fault = Some((self.count, "its name is empty"));
        } else if bytes.len() > Self::MAX_BYTES {
            self.fault = Some((self.count, "its name is longer than 32 bytes"));
        }
        let mut other = 0;
        while other < self.count {
            if same(&self.names[other], &self.names[self.count]) && self.fault.is_none() {
                self.fault = Some((self.count, "another has the same name"));
            }
            other += 1;
        }
        self.count += 1;
        self
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names[..self.count].iter().map(shown)
    }

    /// An error if one of them cannot be a name, or there are too many.
    pub(crate) fn check(&self) -> Result<(), BufferError> {
        match self.fault {
            None => Ok(()),
            Some((index, reason)) => {
                let name = self.names.get(index).map(|name| String::from_utf8_lossy(name));
                let name = name.unwrap_or_default().trim_end_matches('\0').to_owned();
                Err(BufferError::BadGroup { index, name, reason })
            }
        }
    }
}

impl Default for GroupNames {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for GroupNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

const fn same(one: &[u8; GroupNames::MAX_BYTES], other: &[u8; GroupNames::MAX_BYTES]) -> bool {
    let mut at = 0;
    while at < GroupNames::MAX_BYTES {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

fn shown(name: &[u8; GroupNames::MAX_BYTES]) -> &str {
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    str::from_utf8(&name[..end]).unwrap_or("?")
}

/// How many lines have room for so many words.
pub(crate) const fn lines_for(words: usize) -> usize {
    if words < WORDS { 1 } else { words.div_ceil(WORDS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_are_told() {
        let told = |names: GroupNames| match names.check() {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        assert_eq!(told(GroupNames::new().with("orders").with("A-b_9")), "");
        for (bad, says) in [("", "empty"), ("a/b", "other characters"), ("é", "other"), (&"x".repeat(33), "longer")] {
            let text = told(GroupNames::new().with("orders").with(bad).with("fine"));
            assert!(text.contains(says), "{bad:?}: {text}");
        }
        assert!(told(GroupNames::new().with("a").with("b").with("a")).contains("same name"));
        let many =
            (0..9).fold(GroupNames::new(), |names, n| names.with(["a", "b", "c", "d", "e", "f", "g", "h", "i"][n]));
        assert!(told(many).contains("at most 8"));
    }

    #[test]
    fn words_are_found_by_their_index() {
        let words = GroupWords::private(lines_for(17));
        assert_eq!(words.len(), 32);
        for index in 0..32 {
            words.word(index).unwrap().store(index as u64, Ordering::Relaxed);
        }
        assert!((0..32).all(|index| words.clone().word(index).unwrap().load(Ordering::Relaxed) == index as u64));
        assert!(words.word(32).is_none());
    }

    #[test]
    fn values_go_in_and_come_out() {
        let words = GroupWords::private(1);
        let value = *b"thirteen byte";
        assert!(words.store_value(14, &value));
        assert_eq!(words.load_value(14), Some(value));
        assert!(!words.store_value(15, &value) && !words.store_value(usize::MAX, &value));
        assert_eq!(words.load_value::<[u8; 13]>(15), None);
    }
}
