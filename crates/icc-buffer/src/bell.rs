//! The bell: one word by which a producer wakes those who sleep, at the price of one load while
//! nobody does.
//!
//! Bit 0 says that somebody sleeps, the rest counts how often that began: the epoch.
//!
//! | who | does |
//! |---|---|
//! | producer, after a message or a batch: [`Bell::ring`] | keeps the compiler in order, loads the word; if it is odd, one system call clears bit 0 and wakes all |
//! | sleeper: [`Bell::wait`] | arms: an odd word stays as it is, an even one becomes `old + 3`; looks for a moment; makes a barrier on every producer's core; looks; waits in the kernel for that very word to change |
//!
//! # Why nobody is missed
//!
//! Let the sleeper have seen the odd word `w` before its barrier. A producer whose message was
//! published before that barrier is seen by the look after it. One that publishes later loads a word
//! at least as new as `w`. If that is odd, it rings. If it is even, somebody has rung after the
//! sleeper saw `w`, so `w` is gone, for an armed word is always a new one; and the kernel, which
//! compares before it lets the sleeper wait, lets it look again.
//!
//! Killed at any step: a producer has rung or has not, since clearing and waking are one call. If it
//! has published and not rung, the sleeper is up within a slice, and the next message of anybody
//! wakes it at once. A sleeper leaves an odd word, which costs the next producer one call.
//!
//! Two producers may both see the odd word and both call; clearing is the same if it is done twice,
//! so that costs one spare call for each of them and no more.

use crate::futex::{self, Expected, Scope, Word};
use crate::shared::Mapping;
use core::{fmt, ptr::NonNull};
use icc_seqlock::primitive::{Arc, Ordering, load_behind_stores, step};

/// What sleepers sleep at, and producers ring. A handle: clones are of the same bell.
///
/// The bells of queues and vectors are theirs. One of your own comes with a
/// [`Notifier`](crate::Notifier).
#[derive(Clone)]
pub struct Bell {
    /// Within `_home`.
    word: NonNull<Word>,
    scope: Scope,
    /// Whether the memory is mapped for writing.
    writable: bool,
    _home: Home,
}

// SAFETY: the word is an atomic, which any threads may share, and `_home` keeps its memory.
unsafe impl Send for Bell {}
// SAFETY: as above.
unsafe impl Sync for Bell {}

/// What keeps the memory.
#[derive(Clone)]
enum Home {
    Private { _line: Arc<Line> },
    Mapped { _mapping: Arc<Mapping> },
}

/// A word alone on its cache lines: producers load it for each message.
#[repr(align(128))]
struct Line(Word);

impl Bell {
    /// One in memory of this process, for its threads alone.
    #[must_use]
    pub fn private() -> Self {
        let line = Arc::new(Line(Word::new(0)));
        futex::register(Scope::Process);
        Self {
            word: NonNull::from(&line.0),
            scope: Scope::Process,
            writable: true,
            _home: Home::Private { _line: line },
        }
    }

    /// One in memory that processes share.
    ///
    /// # Safety
    ///
    /// `word` lies in `mapping`, is aligned to four bytes, and is accessed through atomics only.
    /// `mapping` is mapped for writing if `writable` is true.
    #[allow(dead_code, reason = "for the readers' file")]
    pub(crate) unsafe fn mapped(word: NonNull<u8>, mapping: Arc<Mapping>, writable: bool) -> Self {
        Self { word: word.cast(), scope: Scope::Machine, writable, _home: Home::Mapped { _mapping: mapping } }
    }

    /// Makes this process one that sleepers' barriers reach. For whoever is going to
    /// [`ring`](Self::ring), on the thread that does it, before the first time.
    ///
    /// Without it, or where the system refuses it, a sleeper that begins to sleep in the very moment
    /// of a message can be late by ten milliseconds.
    pub fn register_producer(&self) {
        futex::register(self.scope);
    }

    #[inline(always)]
    fn word(&self) -> &Word {
        // SAFETY: `_home` keeps the memory for as long as this handle lives; any bytes are a word.
        unsafe { self.word.as_ref() }
    }

    /// Wakes those who sleep here, if anybody does. After what they sleep for was published.
    ///
    /// A load and a branch if nobody sleeps; else a system call.
    ///
    /// The bell of memory that is mapped read-only cannot be rung: then this does nothing but that.
    #[inline(always)]
    pub fn ring(&self) {
        // Pairs with the barrier in `sleep_until`: either the sleeper sees what was published
        // before, or this sees its odd word.
        if load_behind_stores(self.word().value()) & 1 != 0 {
            step("rings");
            // SAFETY: `_home` keeps the memory, and this handle lives until the call is over.
            unsafe { wake(self.word, self.scope) };
            step("rung");
        }
    }

    /// As [`ring`](Self::ring), after a `SeqCst` fence of the caller's. Pairs with one of the sleeper's.
    pub(crate) fn ring_after_fence(&self) {
        // Relaxed: the fence orders it after what was published.
        if self.word().value().load(Ordering::Relaxed) & 1 != 0 {
            step("rings");
            // SAFETY: `_home` keeps the memory, and this handle lives until the call is over.
            unsafe { wake(self.word, self.scope) };
            step("rung");
        }
    }

    /// The word to wait at, which says that somebody sleeps; or, where that cannot be said, the word
    /// as it is.
    pub(crate) fn arm(&self) -> Armed<'_> {
        /// Each further round means that others armed or rang in between.
        const ROUNDS: u32 = 16;
        let (word, scope) = (self.word(), self.scope);
        // All relaxed: the sleeper's barrier orders this before its look.
        let mut found = word.value().load(Ordering::Relaxed);
        for _ in 0..ROUNDS {
            let expected = Expected { word, value: found, scope };
            if found & 1 == 1 {
                return Armed { expected, is_armed: true };
            }
            if !self.writable {
                return Armed { expected, is_armed: false };
            }
            let odd = found.wrapping_add(3);
            match word.value().compare_exchange(found, odd, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    step("armed");
                    return Armed { expected: Expected { value: odd, ..expected }, is_armed: true };
                }
                Err(now) => found = now,
            }
        }
        Armed { expected: Expected { word, value: found, scope }, is_armed: false }
    }

    /// Whose threads sleep here.
    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }
}

/// Wakes all who sleep at a word.
///
/// Not a method of the bell: a producer keeps its bell beside what it needs for each message, and a
/// call that gets a reference there makes the compiler load all of that again for each message. `C`,
/// which does not unwind: what an unwinding call leaves would have to be in memory at each message.
///
/// # Safety
///
/// There is such a word until this returns.
#[cold]
#[inline(never)]
unsafe extern "C" fn wake(word: NonNull<Word>, scope: Scope) {
    // SAFETY: the caller's promise; any bytes are a word.
    unsafe { word.as_ref() }.clear_and_wake(scope);
}

/// A word to wait at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed<'a> {
    pub(crate) expected: Expected<'a>,
    /// Whether producers are told.
    pub(crate) is_armed: bool,
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word().value().load(Ordering::Relaxed);
        f.debug_struct("Bell")
            .field("epoch", &(word >> 1))
            .field("somebody_sleeps", &(word & 1 == 1))
            .field("scope", &self.scope)
            .field("writable", &self.writable)
            .finish_non_exhaustive()
    }
}
