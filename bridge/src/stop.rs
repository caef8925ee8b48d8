//! Ending a bridge from another thread, or a signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish to end. Clones are the same one.
///
/// # Examples
///
/// ```
/// use icc_bridge::Stop;
///
/// let stop = Stop::new();
/// let same = stop.clone();
/// std::thread::spawn(move || same.set()).join().unwrap();
/// assert!(stop.is_set());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Not set yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What a signal handler can set.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
