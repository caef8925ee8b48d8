//! The reference of being woken: a word, and the two system calls that wait for its change and wake.

use std::sync::Arc;
#[allow(clippy::disallowed_types, reason = "a bare atomic is what this target measures")]
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::{Duration, Instant};

use rustix::thread::futex::{self, Flags, Timespec};

use super::raw::Word;
use super::shared_line::SharedLine;
use crate::link::{OpenedToSleep, Polled, Sender, Sleeper};

/// The reference's name in tables, in JSON and on the command line.
pub(crate) const NAME: &str = "bare futex";

/// The same where the sleeper is in another process.
pub(crate) const OF_PROCESSES: &str = "bare futex, processes";

/// A word of 32 bits, in memory that `fork` shares if `flags` are those of several processes.
#[derive(Clone, Debug)]
#[allow(clippy::disallowed_types, reason = "a bare atomic is what this target measures")]
struct Shared {
    word: Arc<SharedLine<AtomicU32>>,
    flags: Flags,
}

/// Stores, and wakes the one that sleeps.
#[derive(Debug)]
pub(crate) struct FutexSender(Shared);

/// Sleeps until the word changes.
#[derive(Debug)]
pub(crate) struct FutexSleeper {
    shared: Shared,
    last: u32,
}

/// A link that is one word of 32 bits, within a process. A message is a value other than the last.
///
/// # Errors
///
/// The system's refusal of a page.
pub(crate) fn ends() -> OpenedToSleep<FutexSender, FutexSleeper> {
    ends_with(Flags::PRIVATE)
}

/// The same, whose sleeper may be in a child.
///
/// # Errors
///
/// As above.
pub(crate) fn ends_of_processes() -> OpenedToSleep<FutexSender, FutexSleeper> {
    ends_with(Flags::empty())
}

fn ends_with(flags: Flags) -> OpenedToSleep<FutexSender, FutexSleeper> {
    let shared = Shared { word: Arc::new(SharedLine::new()?), flags };
    Ok((FutexSender(shared.clone()), FutexSleeper { shared, last: 0 }))
}

impl Sender<Word> for FutexSender {
    #[inline(always)]
    fn send(&mut self, message: &Word) {
        // Release: pairs with the load in `receive`, as a link that carried something would need it.
        let Shared { word, flags } = &self.0;
        word.store(message[0] as u32, Release);
        // Only says how many were woken. If it failed, the message would be found lost.
        let _ = futex::wake(word, *flags, 1);
    }
}

impl Sleeper<Word> for FutexSleeper {
    #[inline(always)]
    fn receive(&mut self, into: &mut Word, timeout: Duration) -> Polled {
        let Shared { word, flags } = &self.shared;
        let since = Instant::now();
        loop {
            let value = word.load(Acquire);
            if value != self.last {
                self.last = value;
                into[0] = value.into();
                return Polled::Message;
            }
            let Some(left) = timeout.checked_sub(since.elapsed()) else { return Polled::Empty };
            let time = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
            // Whatever ends it, the word and the clock say what to do.
            let _ = futex::wait(word, *flags, value, Some(&time));
        }
    }
}
