//! The system calls of waking: futexes, and the barrier that one thread makes on all others' cores.
//!
//! What the kernel does, as far as it matters here:
//!
//! - Waiting compares the word and joins the queue in one step with regard to a wake.
//! - `FUTEX_WAKE_OP` changes the word and wakes in one step, always: the comparison that it also
//!   makes concerns a second wake only.
//! - To wake all is to wake `i32::MAX`. Private and shared calls never meet, so a word has one
//!   [`Scope`].
//! - Waiting at a word in memory mapped read-only works; waking with an operation does not.

pub(crate) use crate::woken::{Scope, Woken};
use core::time::Duration;
use icc_seqlock::primitive::{AtomicU32, sleep};
use rustix::io::Errno;
use rustix::thread::futex::{self, ClockId, Flags, Timespec, Wait, WaitFlags, WaitPtr, WaitvFlags, WakeOp, WakeOpCmp};
use rustix::thread::{MembarrierCommand, membarrier};
use rustix::time::clock_gettime;

/// At how many words at most one call waits.
pub(crate) const MOST_WORDS: usize = 128;

/// A word to wait at. Any bytes are a valid one.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Word(AtomicU32);

/// A word as it was found, to wait for its change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) word: &'a Word,
    pub(crate) value: u32,
    pub(crate) scope: Scope,
}

impl Word {
    pub(crate) fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }

    #[inline(always)]
    pub(crate) fn value(&self) -> &AtomicU32 {
        &self.0
    }

    /// Clears bit 0 and wakes everybody who waits here, in one step.
    pub(crate) fn clear_and_wake(&self, scope: Scope) {
        let Self(word) = self;
        let all = i32::MAX.cast_unsigned();
        // What it returns only says how many were woken. It fails if the kernel lacks the call, and
        // the sleepers' slices then are what wakes them.
        let _ = futex::wake_op(word, flags(scope), all, 0, word, WakeOp::AndN, WakeOpCmp::Lt, 1, 0);
    }
}

impl Expected<'_> {
    /// Waits for so long, while the word is as expected.
    pub(crate) fn wait(self, time: Duration) -> Woken {
        let time = Timespec::try_from(time).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        how(futex::wait(&self.word.0, flags(self.scope), self.value, Some(&time)))
    }
}

/// Waits for so long, while all of these words are as expected. [`MOST_WORDS`] at most, else it is
/// refused, as it is by kernels before Linux 5.16.
pub(crate) fn wait_any(words: &[Expected<'_>], time: Duration) -> Woken {
    if let &[word] = words {
        return word.wait(time);
    }
    if words.len() > MOST_WORDS {
        return Woken::Refused;
    }
    let mut waits = [Wait::new(); MOST_WORDS];
    for (wait, expected) in waits.iter_mut().zip(words) {
        wait.val = expected.value.into();
        wait.uaddr = WaitPtr::new(core::ptr::from_ref(expected.word).cast_mut().cast());
        wait.flags = match expected.scope {
            Scope::Process => WaitFlags::SIZE_U32 | WaitFlags::PRIVATE,
            Scope::Machine => WaitFlags::SIZE_U32,
        };
    }
    // This call takes the end of the wait and not its length.
    let now = clock_gettime(ClockId::Monotonic);
    let end = Timespec::try_from(time).ok().and_then(|time| now.checked_add(time));
    how(futex::waitv(&waits[..words.len()], WaitvFlags::empty(), end.as_ref(), ClockId::Monotonic).map(|_| ()))
}

fn how(result: Result<(), Errno>) -> Woken {
    match result {
        Ok(()) | Err(Errno::AGAIN | Errno::INTR) => Woken::Changed,
        Err(Errno::TIMEDOUT) => Woken::TimedOut,
        Err(_) => Woken::Refused,
    }
}

fn flags(scope: Scope) -> Flags {
    match scope {
        Scope::Process => Flags::PRIVATE,
        Scope::Machine => Flags::empty(),
    }
}

/// Makes this process one whose threads [`heavy_barrier`] reaches. The kernel keeps that through
/// `fork` and forgets it in `exec`.
pub(crate) fn register(scope: Scope) -> bool {
    let command = match scope {
        Scope::Process => MembarrierCommand::RegisterPrivateExpedited,
        Scope::Machine => MembarrierCommand::RegisterGlobalExpedited,
    };
    membarrier(command).is_ok()
}

/// A barrier on this thread's core and on all on which a [registered](register) thread runs: of
/// this process, or of any. The other half of [`load_behind_stores`]. False if the system refuses it.
///
/// [`load_behind_stores`]: icc_seqlock::primitive::load_behind_stores
pub(crate) fn heavy_barrier(scope: Scope) -> bool {
    // So that the torture that counts missed wakes can be seen to find some.
    if cfg!(icc_no_barrier) {
        return true;
    }
    let command = match scope {
        Scope::Process => MembarrierCommand::PrivateExpedited,
        Scope::Machine => MembarrierCommand::GlobalExpedited,
    };
    membarrier(command).is_ok()
}

/// Sleeps without being woken by anybody.
pub(crate) fn doze(time: Duration) {
    sleep(time);
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use core::ptr::NonNull;
    use icc_seqlock::primitive::Ordering;
    use memmap2::{MmapOptions, MmapRaw};
    use std::thread;

    /// Longer than any test takes.
    const NEVER: Duration = Duration::from_secs(60);

    fn mappings() -> (MmapRaw, MmapRaw, MmapRaw) {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        let map = |options: &MmapOptions| options.map_raw(&file).unwrap();
        (map(&MmapOptions::new()), map(&MmapOptions::new()), MmapOptions::new().map_raw_read_only(&file).unwrap())
    }

    fn word(map: &MmapRaw) -> &Word {
        // SAFETY: a page begins there, and its bytes are accessed as words only.
        unsafe { NonNull::new(map.as_mut_ptr()).unwrap().cast().as_ref() }
    }

    /// Rings until all of these threads have ended their waits, and returns how.
    fn rung(word: &Word, scope: Scope, waits: [&(dyn Fn() -> Woken + Sync); 3]) -> [Woken; 3] {
        thread::scope(|scope_of_threads| {
            let threads = waits.map(|wait| scope_of_threads.spawn(wait));
            // Once all of them are surely in the kernel, one call wakes all. Were they not, they
            // would find another word, which counts as well.
            thread::sleep(Duration::from_millis(50));
            word.clear_and_wake(scope);
            threads.map(|thread| thread.join().unwrap())
        })
    }

    #[test]
    fn one_call_clears_and_wakes_all() {
        let word = Word::new(7);
        let wait = || Expected { word: &word, value: 7, scope: Scope::Process }.wait(NEVER);
        assert_eq!(rung(&word, Scope::Process, [&wait; 3]), [Woken::Changed; 3]);
        assert_eq!(word.value().load(Ordering::Relaxed), 6);
        word.clear_and_wake(Scope::Process);
        assert_eq!(word.value().load(Ordering::Relaxed), 6, "clearing twice is clearing once");
    }

    /// Other processes have other mappings of the same memory, some of them read-only.
    #[test]
    fn other_mappings_are_woken() {
        let (here, there, read_only) = mappings();
        word(&here).value().store(5, Ordering::Relaxed);
        let waits = [&here, &there, &read_only].map(|map| {
            let word = word(map);
            move || Expected { word, value: 5, scope: Scope::Machine }.wait(NEVER)
        });
        assert_eq!(rung(word(&here), Scope::Machine, [&waits[0], &waits[1], &waits[2]]), [Woken::Changed; 3]);
        assert_eq!(word(&read_only).value().load(Ordering::Relaxed), 4);
    }

    /// One wait at words of both kinds.
    #[test]
    fn any_of_several() {
        if icc_testing::emulator_lacks(icc_testing::Feature::WaitAtSeveral) {
            return;
        }
        let (here, there, _) = mappings();
        let private = Word::new(1);
        word(&here).value().store(3, Ordering::Relaxed);
        let wait = || {
            let shared = Expected { word: word(&there), value: 3, scope: Scope::Machine };
            wait_any(&[Expected { word: &private, value: 1, scope: Scope::Process }, shared], NEVER)
        };
        assert_eq!(rung(word(&here), Scope::Machine, [&wait; 3]), [Woken::Changed; 3]);
        word(&here).value().store(3, Ordering::Relaxed);
        assert_eq!(rung(&private, Scope::Process, [&wait; 3]), [Woken::Changed; 3]);
    }

    #[test]
    fn ends() {
        if icc_testing::emulator_lacks(icc_testing::Feature::WaitAtSeveral) {
            return;
        }
        let words = [Word::new(1), Word::new(1)];
        let as_found = |value| words.each_ref().map(|word| Expected { word, value, scope: Scope::Process });
        let short = Duration::from_millis(1);
        assert_eq!(as_found(1)[0].wait(short), Woken::TimedOut);
        assert_eq!(wait_any(&as_found(1), short), Woken::TimedOut);
        assert_eq!(as_found(3)[0].wait(NEVER), Woken::Changed);
        assert_eq!(wait_any(&as_found(3), NEVER), Woken::Changed);
        assert_eq!(wait_any(&[as_found(1)[0]; MOST_WORDS], short), Woken::TimedOut);
        assert_eq!(wait_any(&[as_found(1)[0]; MOST_WORDS + 1], NEVER), Woken::Refused);
    }
}
