//! `tokio::sync::broadcast`: the broadcast channel of asynchronous programs, used without a
//! runtime.
//!
//! Promises: lossy broadcast, one process, many producers. A lock on each slot and one on the tail;
//! no data race.

use icc_bench::link::{Broadcast, Link, ManyProducers, Message, OpenError, Polled, Receiver, Sender, Target};
use tokio::sync::broadcast::{self, error::TryRecvError};

use super::{CAPACITY, Ends};

pub(crate) struct TokioBroadcast;

impl Target for TokioBroadcast {
    const NAME: &'static str = "tokio broadcast";
    const TELLS_LOSS: bool = true;
    const MANY_PRODUCERS: bool = true;
    type Link<T: Message> = BroadcastLink<T>;

    fn open<T: Message>() -> Result<BroadcastLink<T>, OpenError> {
        let (sender, receiver) = broadcast::channel(CAPACITY);
        Ok(BroadcastLink(Ends::new(BroadcastSender(sender), BroadcastReceiver(receiver))))
    }
}

impl ManyProducers for TokioBroadcast {
    const NAME: &'static str = <Self as Target>::NAME;
    type Sender<T: Message> = BroadcastSender<T>;
    type Receiver<T: Message> = BroadcastReceiver<T>;

    fn open_for_two<T: Message>() -> Result<([BroadcastSender<T>; 2], BroadcastReceiver<T>), OpenError> {
        let (sender, receiver) = broadcast::channel(CAPACITY);
        Ok(([BroadcastSender(sender.clone()), BroadcastSender(sender)], BroadcastReceiver(receiver)))
    }
}

impl Broadcast for TokioBroadcast {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = BroadcastSender<T>;
    type Receiver<'store, T: Message> = BroadcastReceiver<T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(BroadcastSender<T>, Vec<BroadcastReceiver<T>>) -> R,
    ) -> Result<R, OpenError> {
        let (sender, _) = broadcast::channel(CAPACITY);
        let receivers = (0..consumers).map(|_| BroadcastReceiver(sender.subscribe())).collect();
        Ok(body(BroadcastSender(sender), receivers))
    }
}

pub(crate) struct BroadcastLink<T>(Ends<BroadcastSender<T>, BroadcastReceiver<T>>);

pub(crate) struct BroadcastSender<T>(broadcast::Sender<T>);

pub(crate) struct BroadcastReceiver<T>(broadcast::Receiver<T>);

impl<T: Message> Link<T> for BroadcastLink<T> {
    type Sender<'link> = BroadcastSender<T>;
    type Receiver<'link> = BroadcastReceiver<T>;

    fn ends(&mut self) -> Result<(BroadcastSender<T>, BroadcastReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for BroadcastSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // It fails when the other end is gone, and then the round is over.
        let _ = self.0.send(*message);
    }
}

impl<T: Message> Receiver<T> for BroadcastReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_recv() {
            Ok(message) => {
                *into = message;
                Polled::Message
            }
            Err(TryRecvError::Lagged(count)) => Polled::Lost(count),
            Err(TryRecvError::Empty | TryRecvError::Closed) => Polled::Empty,
        }
    }
}
