//! `tokio::sync::broadcast`: the broadcast channel of asynchronous programs. Polled, it is used without
//! a runtime; where its receiver sleeps, a runtime of the receiver's own thread awaits it.
//!
//! Promises: lossy broadcast, one process, many producers. A lock on each slot and one on the tail;
//! no data race.

use std::time::Duration;

use icc_bench::link::{
    Broadcast, Link, ManyProducers, Message, OpenError, OpenedToSleep, Polled, Receiver, Sender, Sleeper, Target, Waking,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use tokio::time::timeout as within;

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

impl Waking for TokioBroadcast {
    const NAME: &'static str = <Self as Target>::NAME;
    type Sender<T: Message> = BroadcastSender<T>;
    type Sleeper<T: Message> = Awaiting<T>;

    fn open_to_sleep<T: Message>() -> OpenedToSleep<BroadcastSender<T>, Awaiting<T>> {
        let (sender, receiver) = broadcast::channel(CAPACITY);
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok((BroadcastSender(sender), Awaiting { receiver, runtime }))
    }
}

pub(crate) struct Awaiting<T> {
    receiver: broadcast::Receiver<T>,
    runtime: Runtime,
}

impl<T: Message> Sleeper<T> for Awaiting<T> {
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        let Self { receiver, runtime } = self;
        match runtime.block_on(async { within(timeout, receiver.recv()).await }) {
            Ok(Ok(message)) => {
                *into = message;
                Polled::Message
            }
            Ok(Err(RecvError::Lagged(count))) => Polled::Lost(count),
            Ok(Err(RecvError::Closed)) | Err(_) => Polled::Empty,
        }
    }
}
