//! Receivers that sleep.

use std::time::Duration;

use super::channel::{OpenError, Polled, Sender};
use super::message::Message;

/// The receiving end of a link, where its thread sleeps in the kernel while there is nothing.
pub trait Sleeper<T>: Send {
    /// Copies the next message into `into`; sleeps at once where there is none.
    ///
    /// After about `timeout` without a message it returns [`Polled::Empty`]. What `into` holds after
    /// anything but [`Polled::Message`] is unspecified.
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled;
}

/// Both ends of a link whose receiver sleeps, or why there is none.
pub type OpenedToSleep<S, R> = Result<(S, R), OpenError>;

/// A structure under measurement whose sender wakes a receiver that sleeps.
pub trait Waking: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// The sending end, which wakes.
    type Sender<T: Message>: Sender<T>;

    /// The receiving end, which sleeps. It sees every message sent after it was made.
    type Sleeper<T: Message>: Sleeper<T>;

    /// Makes a fresh link. Called on a thread that is not pinned: threads that are started here may
    /// run on any core.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from being made.
    fn open_to_sleep<T: Message>() -> OpenedToSleep<Self::Sender<T>, Self::Sleeper<T>>;
}

/// The same where the sleeper may be in another process: what a child made by `fork` after the link
/// was opened receives there is what the parent sends.
pub trait WakingProcess: Waking {
    /// The name in tables, in JSON and on the command line, of that.
    const NAME: &'static str;
}
