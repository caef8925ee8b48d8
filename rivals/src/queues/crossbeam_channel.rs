//! `crossbeam-channel`, bounded: the general channel most programs use.
//!
//! Promises: lossless, one process, many producers and consumers; each message goes to *one*
//! consumer, so it is no broadcast. No data race.

use std::time::Duration;

use ::crossbeam_channel as channel;
use icc_bench::link::{Link, Message, OpenError, OpenedToSleep, Polled, Receiver, Sender, Sleeper, Target, Waking};

use super::{CAPACITY, Ends};

pub(crate) struct CrossbeamChannel;

impl Target for CrossbeamChannel {
    const NAME: &'static str = "crossbeam-channel";
    const TELLS_LOSS: bool = true;
    const MANY_PRODUCERS: bool = true;
    type Link<T: Message> = ChannelLink<T>;

    fn open<T: Message>() -> Result<ChannelLink<T>, OpenError> {
        let (sender, receiver) = channel::bounded(CAPACITY);
        Ok(ChannelLink(Ends::new(ChannelSender(sender), ChannelReceiver(receiver))))
    }
}

pub(crate) struct ChannelLink<T>(Ends<ChannelSender<T>, ChannelReceiver<T>>);

pub(crate) struct ChannelSender<T>(channel::Sender<T>);

pub(crate) struct ChannelReceiver<T>(channel::Receiver<T>);

impl<T: Message> Link<T> for ChannelLink<T> {
    type Sender<'link> = ChannelSender<T>;
    type Receiver<'link> = ChannelReceiver<T>;

    fn ends(&mut self) -> Result<(ChannelSender<T>, ChannelReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for ChannelSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // It fails when the other end is gone, and then the round is over.
        let _ = self.0.send(*message);
    }
}

impl<T: Message> Receiver<T> for ChannelReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_recv() {
            Ok(message) => {
                *into = message;
                Polled::Message
            }
            Err(_) => Polled::Empty,
        }
    }
}

impl Waking for CrossbeamChannel {
    const NAME: &'static str = <Self as Target>::NAME;
    type Sender<T: Message> = ChannelSender<T>;
    type Sleeper<T: Message> = ChannelReceiver<T>;

    fn open_to_sleep<T: Message>() -> OpenedToSleep<ChannelSender<T>, ChannelReceiver<T>> {
        let (sender, receiver) = channel::bounded(CAPACITY);
        Ok((ChannelSender(sender), ChannelReceiver(receiver)))
    }
}

impl<T: Message> Sleeper<T> for ChannelReceiver<T> {
    /// Looks for a moment before it sleeps, always.
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        match self.0.recv_timeout(timeout) {
            Ok(message) => {
                *into = message;
                Polled::Message
            }
            Err(_) => Polled::Empty,
        }
    }
}
