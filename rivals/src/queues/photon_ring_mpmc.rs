//! `photon-ring` for many producers: `channel_mpmc`.
//!
//! Promises: lossy broadcast, one process. A producer waits for those that took an earlier ticket
//! and have not finished, for ever if one has stopped there. Otherwise as
//! [`photon_ring`](super::photon_ring).

use ::photon_ring::{MpPublisher, channel_mpmc};
use icc_bench::link::{Link, ManyProducers, Message, OpenError, Sender, Target};

use super::photon_ring::{PhotonReceiver, Plain};
use super::{CAPACITY, Ends};

pub(crate) struct PhotonRingMpmc;

const NAME: &str = "photon-ring mpmc";

impl Target for PhotonRingMpmc {
    const NAME: &'static str = NAME;
    const TELLS_LOSS: bool = true;
    const MANY_PRODUCERS: bool = true;
    type Link<T: Message> = PhotonMpmcLink<T>;

    fn open<T: Message>() -> Result<PhotonMpmcLink<T>, OpenError> {
        let (publisher, subscribable) = channel_mpmc(CAPACITY);
        Ok(PhotonMpmcLink(Ends::new(PhotonMpmcSender(publisher), PhotonReceiver(subscribable.subscribe()))))
    }
}

impl ManyProducers for PhotonRingMpmc {
    const NAME: &'static str = NAME;
    type Sender<T: Message> = PhotonMpmcSender<T>;
    type Receiver<T: Message> = PhotonReceiver<T>;

    fn open_for_two<T: Message>() -> Result<([PhotonMpmcSender<T>; 2], PhotonReceiver<T>), OpenError> {
        let (publisher, subscribable) = channel_mpmc(CAPACITY);
        let senders = [PhotonMpmcSender(publisher.clone()), PhotonMpmcSender(publisher)];
        Ok((senders, PhotonReceiver(subscribable.subscribe())))
    }
}

pub(crate) struct PhotonMpmcLink<T: Message>(Ends<PhotonMpmcSender<T>, PhotonReceiver<T>>);

pub(crate) struct PhotonMpmcSender<T: Message>(MpPublisher<Plain<T>>);

impl<T: Message> Link<T> for PhotonMpmcLink<T> {
    type Sender<'link> = PhotonMpmcSender<T>;
    type Receiver<'link> = PhotonReceiver<T>;

    fn ends(&mut self) -> Result<(PhotonMpmcSender<T>, PhotonReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for PhotonMpmcSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.publish(Plain(*message));
    }
}
