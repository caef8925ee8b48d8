//! `tokio::sync::mpsc`, bounded: how tasks usually hand each other messages. Measured where the receiver
//! sleeps, awaited by a runtime of its own thread.
//!
//! Promises: lossless, one process, many producers, one consumer. No data race.

use std::time::Duration;

use icc_bench::link::{Message, OpenedToSleep, Polled, Sender, Sleeper, Waking};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout as within;

use super::CAPACITY;

pub(crate) struct TokioMpsc;

impl Waking for TokioMpsc {
    const NAME: &'static str = "tokio mpsc";
    type Sender<T: Message> = MpscSender<T>;
    type Sleeper<T: Message> = Awaiting<T>;

    fn open_to_sleep<T: Message>() -> OpenedToSleep<MpscSender<T>, Awaiting<T>> {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok((MpscSender(sender), Awaiting { receiver, runtime }))
    }
}

pub(crate) struct MpscSender<T>(mpsc::Sender<T>);

pub(crate) struct Awaiting<T> {
    receiver: mpsc::Receiver<T>,
    runtime: Runtime,
}

impl<T: Message> Sender<T> for MpscSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // There is room, for one message is under way at a time; without a receiver the round is over.
        let _ = self.0.try_send(*message);
    }
}

impl<T: Message> Sleeper<T> for Awaiting<T> {
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        let Self { receiver, runtime } = self;
        match runtime.block_on(async { within(timeout, receiver.recv()).await }) {
            Ok(Some(message)) => {
                *into = message;
                Polled::Message
            }
            Ok(None) | Err(_) => Polled::Empty,
        }
    }
}
