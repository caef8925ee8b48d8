//! A setup for tests that measure: such tests never run at the same time.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pin::{self, Cores};
use super::setup::Setup;

/// A setup, and the lock that makes this the only test with one: two that spin on the same core
/// would make each other's targets seem to lose messages.
pub(crate) struct TestSetup {
    setup: Setup,
    _guard: MutexGuard<'static, ()>,
}

impl Deref for TestSetup {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.setup
    }
}

impl TestSetup {
    /// On two cores; none, said aloud, where there is only one.
    pub(crate) fn on_two_cores() -> Option<Self> {
        match pin::choose(&pin::available_cores(), |core| vec![core]) {
            Ok(cores) => Some(Self::on(cores)),
            Err(error) => {
                eprintln!("skipped: {error}");
                None
            }
        }
    }

    /// On one core.
    pub(crate) fn on_one_core() -> Self {
        let core = pin::available_cores()[0];
        Self::on(Cores { first: core, second: core })
    }

    fn on(cores: Cores) -> Self {
        static LOCK: Mutex<()> = Mutex::new(());
        let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        Self { setup: Setup::uncompared(cores), _guard: guard }
    }

    /// The same with another timeout.
    pub(crate) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.setup.timeout = timeout;
        self
    }
}
