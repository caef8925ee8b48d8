//! A round on one core.

use super::error::RoundError;
use super::pair::Panicked;
use super::pin::pin_current_thread;
use super::round::Round;
use super::setup::Setup;

/// Runs a round on a thread of its own, pinned to the setup's first core. Pinning lasts as long as its thread.
pub(crate) fn on_one_core(
    setup: &Setup,
    body: impl FnOnce() -> Result<Round, RoundError> + Send,
) -> Result<Round, RoundError> {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                pin_current_thread(setup.cores.first)?;
                body()
            })
            .join()
    })
    .map_err(|_| Panicked)?
}
