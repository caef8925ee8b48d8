//! What is sent, whatever it is.

use crate::about::About;
use crate::error::BridgeError;
use icc_queue::WaitStrategy;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A source that is open.
pub(super) trait Source {
    fn about(&self) -> About;
    /// The next frame, if there is something, and how many messages and losses it tells.
    fn fill(&mut self) -> Option<(Vec<u8>, u64, u64)>;
    /// The number of what is sent next.
    fn next(&self) -> u64;
    /// Waits until there is something, or until then, or less.
    fn wait(&mut self, wait: &mut dyn WaitStrategy, round: u64, until: Instant);
    /// Whether the name still leads to it.
    fn is_current(&self) -> bool;
    /// What answers whoever asks for everything.
    fn state(&self) -> Option<Box<dyn Fn() -> Vec<Vec<u8>> + Send>> {
        None
    }
}

/// What a bridge that holds is called.
pub(super) const LABEL: &str = "icc-bridge";

/// Why a queue cannot be held.
pub(super) fn at(path: &Path) -> impl FnOnce(icc_queue::HoldError) -> BridgeError {
    let path: PathBuf = path.to_owned();
    move |source| BridgeError::Hold { path, source }
}
