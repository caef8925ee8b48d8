//! The reference of being woken: a word, and the two system calls that wait for its change and wake.

use std::sync::Arc;
#[allow(clippy::disallowed_types, reason = "a bare atomic is what this target measures")]
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use rustix::thread::futex::{self, Flags, Timespec};

use super::raw::Word;
use crate::link::{Polled, Sender, Sleeper};

/// The reference's name in tables, in JSON and on the command line.
pub(crate) const NAME: &str = "bare futex";

#[allow(clippy::disallowed_types, reason = "a bare atomic is what this target measures")]
type Shared = Arc<CachePadded<AtomicU32>>;

/// Stores, and wakes the one that sleeps.
#[derive(Debug)]
pub(crate) struct FutexSender(Shared);

/// Sleeps until the word changes.
#[derive(Debug)]
pub(crate) struct FutexSleeper {
    word: Shared,
    last: u32,
}

/// A link that is one word of 32 bits. A message is a value other than the last.
pub(crate) fn ends() -> (FutexSender, FutexSleeper) {
    let word = Shared::default();
    (FutexSender(Arc::clone(&word)), FutexSleeper { word, last: 0 })
}

impl Sender<Word> for FutexSender {
    #[inline(always)]
    fn send(&mut self, message: &Word) {
        // Release: pairs with the load in `receive`, as a link that carried something would need it.
        self.0.store(message[0] as u32, Release);
        // Only says how many were woken. If it failed, the message would be found lost.
        let _ = futex::wake(&self.0, Flags::PRIVATE, 1);
    }
}

impl Sleeper<Word> for FutexSleeper {
    #[inline(always)]
    fn receive(&mut self, into: &mut Word, timeout: Duration) -> Polled {
        let since = Instant::now();
        loop {
            let value = self.word.load(Acquire);
            if value != self.last {
                self.last = value;
                into[0] = value.into();
                return Polled::Message;
            }
            let Some(left) = timeout.checked_sub(since.elapsed()) else { return Polled::Empty };
            let time = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
            // Whatever ends it, the word and the clock say what to do.
            let _ = futex::wait(&self.word, Flags::PRIVATE, value, Some(&time));
        }
    }
}
