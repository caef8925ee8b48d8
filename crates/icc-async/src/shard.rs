//! One thread of the crate, and the streams that it watches for.

use crate::entry::{Watch, Watched};
use icc_buffer::{Notifier, WaitSet, Waitable};
use icc_seqlock::primitive::Mutex;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How many streams one thread watches for: as many as one wait takes, and one place for the
/// [`Notifier`].
pub(crate) const MOST: usize = WaitSet::MOST - 1;

/// What a thread shares with the streams that it watches for.
pub(crate) struct Shard {
    /// Tells the thread that something was added, or that a stream is gone.
    control: Notifier,
    /// Entries to take on the list.
    added: Mutex<Vec<Watch>>,
    /// How long it sleeps at most, if something may happen that rings nothing.
    slice: Option<Duration>,
}

impl Shard {
    pub(crate) fn new(slice: Option<Duration>) -> Self {
        Self { control: Notifier::new(), added: Mutex::new(Vec::new()), slice }
    }

    /// Takes an entry on the list.
    pub(crate) fn add(&self, entry: Arc<dyn Watched>) {
        self.added.lock().unwrap_or_else(PoisonError::into_inner).push(Watch(entry));
    }

    /// Lets the thread look at its list again.
    pub(crate) fn notify(&self) {
        self.control.notify();
    }

    /// What the thread does. `linger` is how long it waits for new streams when it has none, and
    /// `end` says whether it may end then.
    ///
    /// A stream registers and then notifies. So either the wait below begins after that, and looks at
    /// the stream's source when the bells are armed and the barrier is made; or it ends at once. What
    /// is published before that look is found by it, and what is published later rings.
    pub(crate) fn run(&self, linger: Duration, end: impl Fn() -> bool) {
        let (set, mut control) = (WaitSet::spinning(Duration::ZERO), self.control.clone());
        let mut list: Vec<Watch> = Vec::new();
        loop {
            // Taken before the list is: who adds and notifies after this ends the next wait.
            let _ = control.take();
            list.append(&mut self.added.lock().unwrap_or_else(PoisonError::into_inner));
            list.retain(|watch| !watch.0.leave_if_gone());
            let timeout = if list.is_empty() { Some(linger) } else { self.slice };
            if list.is_empty() && linger.is_zero() && end() {
                return;
            }
            let timeout = timeout.filter(|time| !time.is_zero());
            let mut sources: Vec<&mut dyn Waitable> = vec![&mut control];
            sources.extend(list.iter_mut().map(|watch| watch as &mut dyn Waitable));
            let Ok(ready) = set.wait(&mut sources, timeout) else {
                unreachable!("a shard has at most {MOST} streams, and its notifier")
            };
            drop(sources);
            if ready.is_empty() && list.is_empty() && end() {
                return;
            }
            // From the last, so that the places of the others stay.
            let mut places: Vec<usize> = ready.iter().filter_map(|index| index.checked_sub(1)).collect();
            while let Some(place) = places.pop() {
                list.swap_remove(place).0.wake();
            }
        }
    }
}
