//! Waking a thread of this process for a reason of the program's own.

use crate::{Bell, Waitable};
use core::fmt;
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering};

/// Something of your own to wait for beside queues and vectors: to end a [`WaitSet`](crate::WaitSet)'s
/// wait from another thread of this process, such as to shut down or to hand over work.
///
/// Clones are of the same notifier. [`notify`](Self::notify) any number of times; whoever
/// [takes](Self::take) finds out once.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Bell, Notifier, WaitSet};
///
/// let mut stop = Notifier::new();
/// let other = stop.clone();
/// let thread = std::thread::spawn(move || other.notify());
/// let ready = WaitSet::new().wait(&mut [&mut stop], None)?;
/// assert!(ready.contains(0) && stop.take() && !stop.take());
/// # thread.join().unwrap();
/// # Ok::<(), icc_buffer::WaitSetError>(())
/// ```
#[derive(Clone)]
pub struct Notifier {
    /// How often it was notified since it was taken.
    pending: Arc<AtomicU64>,
    bell: Bell,
}

impl Notifier {
    /// One that nobody has notified yet.
    #[must_use]
    pub fn new() -> Self {
        Self { pending: Arc::new(AtomicU64::new(0)), bell: Bell::private() }
    }

    /// Wakes whoever waits for this, or lets the next wait end at once. What was done before happens
    /// before what follows the [`take`](Self::take) that finds it.
    ///
    /// A system call if somebody sleeps, else some nanoseconds.
    #[doc(alias = "signal")]
    #[doc(alias = "wake")]
    pub fn notify(&self) {
        // Release: pairs with the Acquire in `take`.
        self.pending.fetch_add(1, Ordering::Release);
        self.bell.ring();
    }

    /// Whether anybody has notified since the last call. Never waits.
    #[must_use = "what is taken is there no more"]
    pub fn take(&self) -> bool {
        let mut found = self.pending.load(Ordering::Relaxed);
        while found != 0 {
            // Acquire: pairs with the Release in `notify`, with each of those that are taken. Tries
            // again only if somebody notified or took meanwhile.
            match self.pending.compare_exchange(found, 0, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => found = now,
            }
        }
        false
    }
}

impl Waitable for Notifier {
    fn bell(&self) -> Option<&Bell> {
        Some(&self.bell)
    }

    fn is_ready(&self) -> bool {
        // Relaxed: `take` orders.
        self.pending.load(Ordering::Relaxed) != 0
    }
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("is_notified", &self.is_ready()).finish_non_exhaustive()
    }
}
