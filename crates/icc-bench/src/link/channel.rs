//! One sender, one receiver.

use super::message::Message;

/// The sending end of a link.
pub trait Sender<T>: Send {
    /// Sends one message.
    ///
    /// A broadcast structure never waits here. One that promises to lose nothing may wait for room.
    fn send(&mut self, message: &T);
}

/// The receiving end of a link.
pub trait Receiver<T>: Send {
    /// Polls once: copies a message into `into` if there is one, and returns without waiting.
    ///
    /// What `into` holds after anything but [`Polled::Message`] is unspecified.
    fn poll(&mut self, into: &mut T) -> Polled;
}

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// A message, now in the caller's buffer.
    Message,
    /// Nothing new.
    Empty,
    /// The receiver was sped past, and this many messages are lost.
    Lost(u64),
}

/// One directed link that carries messages of type `T`.
///
/// The ends borrow from the link, so that a structure with borrowing handles fits as well as one
/// with owned handles.
pub trait Link<T>: Send {
    /// The sending end.
    type Sender<'link>: Sender<T>
    where
        Self: 'link;

    /// The receiving end. It sees every message sent after this call of [`ends`](Link::ends).
    type Receiver<'link>: Receiver<T>
    where
        Self: 'link;

    /// Both ends; each goes to a thread of its own.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from handing out its ends.
    fn ends(&mut self) -> Result<(Self::Sender<'_>, Self::Receiver<'_>), OpenError>;
}

/// A structure under measurement: something that makes links for messages of any size.
///
/// A rival is measured by implementing this for a marker type and adding it to the
/// [`Catalogue`](crate::catalogue::Catalogue).
pub trait Target: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// Whether its receiver reports exactly how many messages it lost. False where only the newest
    /// value counts.
    const TELLS_LOSS: bool;

    /// Whether several producers may produce at once, which even the best such structure pays for
    /// with a ticket a message.
    const MANY_PRODUCERS: bool = false;

    /// The link it makes for messages of type `T`.
    type Link<T: Message>: Link<T>;

    /// Makes a fresh link.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from being made.
    fn open<T: Message>() -> Result<Self::Link<T>, OpenError>;
}

/// A link could not be made, in its structure's own words.
pub type OpenError = Box<dyn std::error::Error + Send + Sync>;
