//! Structures with several producers or several consumers.

use super::channel::{OpenError, Receiver, Sender};
use super::message::Message;

/// Two producing ends and a consuming one, or why not.
pub type OpenedForTwo<S, R> = Result<([S; 2], R), OpenError>;

/// A queue under measurement that several producers may produce into at once, and that never waits
/// for a consumer.
pub trait ManyProducers: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// One producing end.
    type Sender<T: Message>: Sender<T>;

    /// The consuming end.
    type Receiver<T: Message>: Receiver<T>;

    /// Makes a fresh queue with two producing ends, and a consuming end that receives all they send
    /// or reports the loss.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from being made.
    fn open_for_two<T: Message>() -> OpenedForTwo<Self::Sender<T>, Self::Receiver<T>>;
}

/// A structure under measurement of which one thread may have several consumers, each of which sees
/// every message, or the newest if that is all that counts.
pub trait Broadcast: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// How many messages a consumer may be behind before it loses one: 1 if only the newest counts.
    const ROOM: usize;

    /// The producing end.
    type Sender<'store, T: Message>: Sender<T>;

    /// One of the consuming ends.
    type Receiver<'store, T: Message>: Receiver<T>;

    /// Makes a fresh structure with so many consumers and hands its ends to `body`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from being made.
    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl for<'store> FnOnce(Self::Sender<'store, T>, Vec<Self::Receiver<'store, T>>) -> R,
    ) -> Result<R, OpenError>;
}
