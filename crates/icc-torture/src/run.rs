//! What every scenario is given: its time, and a place for its files.

use crate::tally::Tally;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// One scenario's time and place.
pub(crate) struct Run {
    /// Until when it makes new work.
    pub(crate) until: Instant,
    /// Set when the user wants it all to end.
    pub(crate) interrupted: Arc<AtomicBool>,
    /// For files, of its own.
    pub(crate) dir: PathBuf,
}

impl Run {
    /// Whether it is time to end.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until || self.interrupted.load(Ordering::Relaxed)
    }

    /// The same, with a part of the time that is left.
    pub(crate) fn part(&self, of: u32) -> Self {
        let until = Instant::now() + self.until.saturating_duration_since(Instant::now()) / of.max(1);
        Self { until, interrupted: Arc::clone(&self.interrupted), dir: self.dir.clone() }
    }

    /// A file that nobody uses yet.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}-{:x}", fastrand::u64(..)))
    }

    /// Waits a moment of random length, at most `most`.
    pub(crate) fn linger(&self, most: Duration) {
        std::thread::sleep(most.mul_f64(fastrand::f64()));
    }
}

/// What a thread has to tell: its tally, or that it panicked.
pub(crate) fn told(thread: ScopedJoinHandle<'_, Tally>) -> Tally {
    thread.join().unwrap_or_else(|_| Tally::crash())
}

/// Removes directories that runs left which were killed outright.
pub(crate) fn remove_stale(root: &Path, prefix: &str) {
    let Ok(entries) = root.read_dir() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix(prefix).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
