//! What every handle has: it can be closed, by another thread as well, and is its process's own.

use crate::error::{Failure, Kind, Result};
use icc_buffer::{Notifier, WaitSet, Waitable};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// How long a wait sleeps before it looks for signals to Python and for who else wants the handle.
const SLICE: Duration = Duration::from_millis(100);

/// Something that one thread at a time uses, until it is closed.
///
/// A thread that holds the lock never waits for the interpreter: it either is attached to it already and
/// calls no Python code, or detached and not in need of it. So two threads cannot wait for each other.
pub(crate) struct Handle<T> {
    inner: Mutex<Option<T>>,
    closed: AtomicBool,
    /// Ends a wait: told by whoever closes.
    notifier: Notifier,
    process: u32,
    what: &'static str,
}

impl<T: Send> Handle<T> {
    pub(crate) fn new(inner: T, what: &'static str) -> Self {
        Self {
            inner: Mutex::new(Some(inner)),
            closed: AtomicBool::new(false),
            notifier: Notifier::new(),
            process: std::process::id(),
            what,
        }
    }

    /// Fails in a child process made by `fork`, and once it is closed.
    fn check(&self) -> Result<()> {
        let Self { process, what, .. } = *self;
        let here = std::process::id();
        if here != process {
            let text = format!(
                "this {what} belongs to process {process}, and this is its child {here}, made by fork: open another one here"
            );
            return Err(Failure::new(Kind::Forked, text));
        }
        // Relaxed: whoever misses it finds the lock's content gone.
        if self.closed.load(Ordering::Relaxed) { Err(self.is_closed()) } else { Ok(()) }
    }

    fn is_closed(&self) -> Failure {
        Failure::new(Kind::Closed, format_args!("this {} is closed", self.what))
    }

    /// A panic cannot leave it half-changed: the library's calls are whole.
    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Runs what is short, while the thread is attached. `act` calls no Python code.
    pub(crate) fn with<R>(&self, py: Python<'_>, act: impl FnOnce(&mut T) -> Result<R>) -> PyResult<R> {
        self.check()?;
        loop {
            let tried = match self.inner.try_lock() {
                Ok(guard) => Some(guard),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(mut guard) = tried {
                let inner = guard.as_mut().ok_or_else(|| self.is_closed())?;
                return Ok(act(inner)?);
            }
            // Another thread is at it, perhaps for as long as a slice.
            py.detach(|| drop(self.lock()));
            self.check()?;
        }
    }

    /// Runs what may take a while, without the interpreter.
    pub(crate) fn detached<R: Send>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&mut T) -> Result<R> + Send,
    ) -> PyResult<R> {
        self.check()?;
        let done = py.detach(|| act(self.lock().as_mut().ok_or_else(|| self.is_closed())?));
        Ok(done?)
    }

    /// Lets it go, also while another thread waits with it, which then fails.
    pub(crate) fn close(&self, py: Python<'_>) {
        if std::process::id() != self.process {
            // It is the parent's; and its lock may be one that nobody here will ever let go.
            return;
        }
        self.closed.store(true, Ordering::Relaxed);
        self.notifier.notify();
        // Dropped detached, and after the lock.
        py.detach(|| {
            let inner = self.lock().take();
            drop(inner);
        });
    }

    /// Ends a wait of another thread early, once.
    pub(crate) fn interrupt(&self) {
        self.notifier.notify();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.check().is_ok()
    }

    /// Waits until it is ready or the time is over, without the interpreter, and tells which. Signals to
    /// Python run their handlers, which may raise.
    pub(crate) fn wait(
        &self,
        py: Python<'_>,
        timeout: Option<f64>,
        source: fn(&mut T) -> &mut dyn Waitable,
    ) -> PyResult<bool> {
        let deadline = match timeout {
            None => None,
            Some(seconds) if seconds >= 0.0 => {
                Duration::try_from_secs_f64(seconds).ok().and_then(|timeout| Instant::now().checked_add(timeout))
            }
            Some(seconds) => {
                return Err(Failure::new(Kind::Argument, format_args!("a timeout of {seconds} seconds")).into());
            }
        };
        loop {
            let left = deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            let (ready, told) = self.detached(py, |inner| {
                let mut own = self.notifier.clone();
                let ready = WaitSet::new().wait(&mut [source(inner), &mut own], Some(left.min(SLICE)));
                let ready = ready.map_err(|error| Failure::new(Kind::System, error))?;
                Ok((ready.contains(0), ready.contains(1) && self.notifier.take()))
            })?;
            py.check_signals()?;
            if ready || told || left <= SLICE && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.check()?;
                return Ok(ready);
            }
        }
    }
}
