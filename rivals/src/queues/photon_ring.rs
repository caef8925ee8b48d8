//! `photon-ring`: stamped slots, one producer, any number of consumers.
//!
//! Promises: lossy broadcast, one process. The copy goes by atomic words (its default feature), so
//! there is no data race for types without padding. `channel` is what its documentation calls the
//! fastest path, `try_recv` its busy poll. It advises `-C target-cpu=native`, which nothing here is
//! built with.

use ::photon_ring::{Publisher, Subscriber, TryRecvError, channel};
use icc_bench::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::{CAPACITY, Ends};

/// A message in the terms of `photon_ring::Pod`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Plain<T>(pub(super) T);

// SAFETY: a message is `bytemuck::Pod`: any bit pattern is one, there is no padding and nothing to
// drop. The wrapper has its layout.
unsafe impl<T: Message> ::photon_ring::Pod for Plain<T> {}

pub(crate) struct PhotonRing;

impl Target for PhotonRing {
    const NAME: &'static str = "photon-ring";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = PhotonLink<T>;

    fn open<T: Message>() -> Result<PhotonLink<T>, OpenError> {
        let (publisher, subscribable) = channel(CAPACITY);
        Ok(PhotonLink(Ends::new(PhotonSender(publisher), PhotonReceiver(subscribable.subscribe()))))
    }
}

impl Broadcast for PhotonRing {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = PhotonSender<T>;
    type Receiver<'store, T: Message> = PhotonReceiver<T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(PhotonSender<T>, Vec<PhotonReceiver<T>>) -> R,
    ) -> Result<R, OpenError> {
        // Its group of subscribers is one cursor that reads a message once for all of them; these
        // are as many readers.
        let (publisher, subscribable) = channel(CAPACITY);
        let subscribers = (0..consumers).map(|_| PhotonReceiver(subscribable.subscribe())).collect();
        Ok(body(PhotonSender(publisher), subscribers))
    }
}

pub(crate) struct PhotonLink<T: Message>(Ends<PhotonSender<T>, PhotonReceiver<T>>);

pub(crate) struct PhotonSender<T: Message>(Publisher<Plain<T>>);

pub(crate) struct PhotonReceiver<T: Message>(pub(super) Subscriber<Plain<T>>);

impl<T: Message> Link<T> for PhotonLink<T> {
    type Sender<'link> = PhotonSender<T>;
    type Receiver<'link> = PhotonReceiver<T>;

    fn ends(&mut self) -> Result<(PhotonSender<T>, PhotonReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for PhotonSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.publish(Plain(*message));
    }
}

impl<T: Message> Receiver<T> for PhotonReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_recv() {
            Ok(message) => {
                *into = message.0;
                Polled::Message
            }
            Err(TryRecvError::Empty) => Polled::Empty,
            Err(TryRecvError::Lagged { skipped }) => Polled::Lost(skipped),
        }
    }
}
