//! The system calls of waking under loom. A mutex makes of comparing the word and joining its queue
//! one step with regard to a wake. There is no time: whoever is not woken sleeps for ever, which
//! loom reports. The barrier is a fence.

pub(crate) use crate::woken::{Scope, Woken};
use core::time::Duration;
use icc_seqlock::primitive::{Arc, AtomicU32, Condvar, Mutex, MutexGuard, Ordering, fence, thread};

pub(crate) const MOST_WORDS: usize = 4;

/// A word, and who waits at it.
#[derive(Debug)]
pub(crate) struct Word {
    value: AtomicU32,
    waiting: Mutex<Vec<Arc<Sleep>>>,
}

/// A thread's sleep, at one word or several.
#[derive(Debug)]
struct Sleep {
    is_over: Mutex<bool>,
    over: Condvar,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) word: &'a Word,
    pub(crate) value: u32,
    pub(crate) scope: Scope,
}

impl Word {
    pub(crate) fn new(value: u32) -> Self {
        Self { value: AtomicU32::new(value), waiting: Mutex::new(Vec::new()) }
    }

    pub(crate) fn value(&self) -> &AtomicU32 {
        &self.value
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Sleep>>> {
        self.waiting.lock().expect("nobody panics with this lock")
    }

    pub(crate) fn clear_and_wake(&self, _scope: Scope) {
        let mut waiting = self.lock();
        let mut found = self.value.load(Ordering::Relaxed);
        while let Err(now) = self.value.compare_exchange(found, found & !1, Ordering::Relaxed, Ordering::Relaxed) {
            found = now;
        }
        for sleep in waiting.drain(..) {
            *sleep.is_over.lock().expect("nobody panics with this lock") = true;
            sleep.over.notify_one();
        }
    }
}

impl Expected<'_> {
    pub(crate) fn wait(self, time: Duration) -> Woken {
        wait_any(&[self], time)
    }
}

pub(crate) fn wait_any(words: &[Expected<'_>], _time: Duration) -> Woken {
    // Not by parking: loom forgets that a thread was unparked while it waited for a mutex.
    let sleep = Arc::new(Sleep { is_over: Mutex::new(false), over: Condvar::new() });
    for expected in words {
        let mut waiting = expected.word.lock();
        // A read-modify-write sees the newest value, as the kernel does.
        let newest = &expected.word.value;
        let (value, same) = (expected.value, Ordering::Relaxed);
        if newest.compare_exchange(value, value, same, same).is_err() {
            return Woken::Changed;
        }
        waiting.push(Arc::clone(&sleep));
    }
    let mut is_over = sleep.is_over.lock().expect("nobody panics with this lock");
    while !*is_over {
        is_over = sleep.over.wait(is_over).expect("nobody panics with this lock");
    }
    Woken::Changed
}

pub(crate) fn register(_scope: Scope) -> bool {
    true
}

pub(crate) fn heavy_barrier(_scope: Scope) -> bool {
    fence(Ordering::SeqCst);
    true
}

/// Without time, that a doze is over is all there is to it.
pub(crate) fn doze(_time: Duration) {
    thread::yield_now();
}
