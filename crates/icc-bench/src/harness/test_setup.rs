//! A setup for tests that measure: they run one after the other.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pin::{self, Cores};
use super::setup::Setup;

/// A setup, and the right to be the only test that uses one: two that spin on the same core would take each other for
/// targets that lose messages.
pub(crate) struct TestSetup {
    setup: Setup,
    _turn: MutexGuard<'static, ()>,
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
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Self { setup: Setup::uncompared(cores), _turn: turn }
    }

    /// The same with another patience.
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.setup.patience = patience;
        self
    }
}
