//! What a bridge needs of a network: a small trait, so that another engine can take zenoh's place.

use crate::error::WireError;
use std::time::Duration;

/// What is called for each frame that arrives. It must not wait.
pub type OnFrame = Box<dyn FnMut(&[u8]) + Send>;
/// What answers a question: any number of answers.
pub type Answer = Box<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync>;
/// Ends what it stands for when it is dropped.
pub type Guard = Box<dyn Send>;

/// What becomes of a frame that the network cannot take at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Congestion {
    /// It is dropped for whoever is too slow, and told there as lost.
    #[default]
    Drop,
    /// The sender waits: then it is the sender that falls behind its source, or holds it up.
    Wait,
}

/// The most bytes that answers to one question have together.
pub const MOST_ANSWERED: usize = 1 << 28;

/// A network.
///
/// Keys are paths such as `site/quotes`. Whatever is sent under a key reaches everybody who listens there,
/// in order from each sender, or not at all.
pub trait Wire: Send + Sync {
    /// A way to send frames under `key`.
    ///
    /// # Errors
    ///
    /// [`WireError`] if the network refuses.
    fn sender(&self, key: &str, congestion: Congestion) -> Result<Box<dyn Sender>, WireError>;

    /// Calls `on_frame` for each frame under `key`, in one thread at a time, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// [`WireError`] if the network refuses.
    fn listen(&self, key: &str, on_frame: OnFrame) -> Result<Guard, WireError>;

    /// Answers whoever asks under `key`, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// [`WireError`] if the network refuses.
    fn answer(&self, key: &str, answer: Answer) -> Result<Guard, WireError>;

    /// Asks everybody who answers under `key`, and waits for all answers, but not longer than `timeout`, and not
    /// for more than [`MOST_ANSWERED`] bytes: what comes after them is left out.
    ///
    /// # Errors
    ///
    /// [`WireError`] if the network refuses.
    fn ask(&self, key: &str, question: &[u8], timeout: Duration) -> Result<Vec<Vec<u8>>, WireError>;
}

/// A way to send frames, from [`Wire::sender`].
pub trait Sender: Send {
    /// Sends a frame to all who listen.
    ///
    /// # Errors
    ///
    /// [`WireError`] if it was not even given to the network.
    fn send(&mut self, frame: Vec<u8>) -> Result<(), WireError>;
}
