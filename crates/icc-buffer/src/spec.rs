//! What a layer above asks for in a buffer.

use crate::GroupNames;
use core::fmt;

/// What the slots are used as: a tag of up to eight characters, given by the layer above.
///
/// Stored in the header, so that nobody attaches to a queue as if it were a vector. Give your own
/// structure its own tag.
///
/// # Examples
///
/// ```
/// use icc_buffer::Kind;
///
/// const JOURNAL: Kind = Kind::new("journal");
/// assert_eq!(JOURNAL.to_string(), "journal");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind(pub(crate) [u8; 8]);

impl Kind {
    /// The kind with this tag: one to eight of `a` to `z`, `0` to `9` and `-`.
    ///
    /// # Panics
    ///
    /// If the tag is anything else; in a constant, at compile time.
    #[must_use]
    pub const fn new(tag: &str) -> Self {
        let tag = tag.as_bytes();
        assert!(!tag.is_empty() && tag.len() <= 8, "a kind has one to eight characters");
        let (mut bytes, mut rest) = ([0; 8], tag);
        while let [first, after @ ..] = rest {
            assert!(matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-'), "a kind consists of a to z, 0 to 9 and -");
            bytes[tag.len() - rest.len()] = *first;
            rest = after;
        }
        Self(bytes)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may come from shared memory, so it may hold anything.
        let end = self.0.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        write!(f, "{}", self.0[..end].escape_ascii())
    }
}

/// What a buffer is to be.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Kind, Packed, Spec};
///
/// let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("journal"), 16).counters(2))?;
/// assert_eq!((buffer.len(), buffer.counter_count()), (16, 2));
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec {
    /// What the slots are used as.
    pub kind: Kind,
    /// The number of slots, at least 1.
    pub len: usize,
    /// The number of counters for the layer above, each on its own cache lines. None unless asked
    /// for.
    pub counters: usize,
    /// Words that belong to the layer above, fixed for the buffer's life. Zeros unless given.
    pub words: [u64; 4],
    /// Whether its readers can sleep and be woken: see [`wakeable`](Self::wakeable).
    pub wakeable: bool,
    /// Whether its readers can be seen: see [`seen`](Self::seen).
    pub seen: bool,
    /// Whether its readers can hold: see [`holding`](Self::holding).
    pub holding: bool,
    /// Whether what its slots hold may have gaps: see [`gaps`](Self::gaps).
    pub gaps: bool,
    /// The instance of the buffer that it repeats; 0 for none: see [`repeating`](Self::repeating).
    pub source: u64,
    /// The groups of readers that share words of their own: see [`groups`](Self::groups).
    pub groups: GroupNames,
    /// How many words each group has.
    pub group_words: usize,
}

impl Spec {
    /// A buffer of `len` slots, without counters.
    #[must_use]
    pub const fn new(kind: Kind, len: usize) -> Self {
        Self {
            kind,
            len,
            counters: 0,
            words: [0; 4],
            wakeable: false,
            seen: false,
            holding: false,
            gaps: false,
            source: 0,
            groups: GroupNames::new(),
            group_words: 0,
        }
    }

    /// With this many counters.
    #[must_use]
    pub const fn counters(mut self, counters: usize) -> Self {
        self.counters = counters;
        self
    }

    /// With these words.
    #[must_use]
    pub const fn words(mut self, words: [u64; 4]) -> Self {
        self.words = words;
        self
    }

    /// With a bell, on which readers sleep in the kernel until a writer wakes them.
    ///
    /// It lies in memory that readers write to as well, beside the buffer: in a file
    /// `NAME.INSTANCE.readers`, in a second memfd, or on the heap.
    #[must_use]
    pub const fn wakeable(mut self) -> Self {
        self.wakeable = true;
        self
    }

    /// Whether there is memory that readers write to.
    pub(crate) const fn has_readers(&self) -> bool {
        self.wakeable || self.seen || self.holding
    }

    /// With entries that readers take to be seen:
    /// [`take_entry`](crate::ReadOnlyBuffer::take_entry).
    ///
    /// They lie where the bell of a [wakeable](Self::wakeable) buffer does. Writers neither read nor
    /// write them.
    #[must_use]
    pub const fn seen(mut self) -> Self {
        self.seen = true;
        self
    }

    /// With entries by which readers hold: [`hold`](crate::ReadOnlyBuffer::hold). Writers must look at
    /// them before they overwrite what a reader may not have read.
    ///
    /// They lie where the bell of a [wakeable](Self::wakeable) buffer does. A version that does not
    /// know of them does not write to such a buffer.
    #[must_use]
    pub const fn holding(mut self) -> Self {
        self.holding = true;
        self
    }

    /// Whose writers may leave out what the layer above numbers, such as messages of a queue.
    ///
    /// This crate only notes it in the header, so that a version that does not know of gaps neither
    /// reads nor writes such a buffer.
    #[must_use]
    pub const fn gaps(mut self) -> Self {
        self.gaps = true;
        self
    }

    /// That repeats what another buffer holds, perhaps one of another machine: the one with this
    /// [`instance`](crate::ReadOnlyBuffer::instance).
    ///
    /// This crate only notes it in the header.
    #[must_use]
    pub const fn repeating(mut self, source: u64) -> Self {
        self.source = source;
        self
    }

    /// With groups of readers that share so many words each, all zero at first:
    /// [`ReadOnlyBuffer::group`](crate::ReadOnlyBuffer::group).
    ///
    /// They lie beside the buffer, each in a file `NAME.INSTANCE.group-G`, or on the heap. A buffer in
    /// a memfd has none. Writers of the buffer neither read nor write them.
    #[must_use]
    pub const fn groups(mut self, names: GroupNames, words: usize) -> Self {
        (self.groups, self.group_words) = (names, words);
        self
    }
}

/// What an opened buffer must be. The handle's own types say the rest: the element type and, for a
/// writing handle, the placement.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Expected, Kind};
///
/// let any_length = Expected::new(Kind::new("journal"));
/// let just_this = any_length.len(64).word(0, 7);
/// assert_eq!((just_this.len, just_this.words[0]), (Some(64), Some(7)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// What the slots are used as.
    pub kind: Kind,
    /// The number of slots, if only this number will do.
    pub len: Option<usize>,
    /// The words of the layer above that must have a certain value.
    pub words: [Option<u64>; 4],
    /// Whether it must be [wakeable](Spec::wakeable). One that is may be opened in any case.
    pub wakeable: bool,
    /// Whether it must be one whose readers can be [seen](Spec::seen). One that is may be opened in
    /// any case.
    pub seen: bool,
    /// Whether it must be one whose readers can [hold](Spec::holding). One that is may be opened in
    /// any case.
    pub holding: bool,
    /// Whether it must be one with [gaps](Spec::gaps). One that is may be opened in any case.
    pub gaps: bool,
}

impl Expected {
    /// A buffer of this kind, of any length.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, len: None, words: [None; 4], wakeable: false, seen: false, holding: false, gaps: false }
    }

    /// With exactly this many slots.
    #[must_use]
    pub const fn len(mut self, len: usize) -> Self {
        self.len = Some(len);
        self
    }

    /// With this value in word `index`.
    ///
    /// # Panics
    ///
    /// If `index` is more than 3.
    #[must_use]
    pub const fn word(mut self, index: usize, value: u64) -> Self {
        self.words[index] = Some(value);
        self
    }

    /// That is [wakeable](Spec::wakeable).
    #[must_use]
    pub const fn wakeable(mut self) -> Self {
        self.wakeable = true;
        self
    }

    /// Whose readers can be [seen](Spec::seen).
    #[must_use]
    pub const fn seen(mut self) -> Self {
        self.seen = true;
        self
    }

    /// Whose readers can [hold](Spec::holding).
    #[must_use]
    pub const fn holding(mut self) -> Self {
        self.holding = true;
        self
    }

    /// That is one with [gaps](Spec::gaps).
    #[must_use]
    pub const fn gaps(mut self) -> Self {
        self.gaps = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_readers_if_any_of_three_is_asked_for() {
        for asked in 0..8_u8 {
            let [wakeable, seen, holding] = [1, 2, 4].map(|bit| asked & bit != 0);
            let spec = Spec { wakeable, seen, holding, ..Spec::new(Kind::new("test"), 1) };
            assert_eq!(spec.has_readers(), asked != 0, "{asked}");
        }
    }
}
