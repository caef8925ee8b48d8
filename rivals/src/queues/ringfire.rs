//! `ringfire`: a ring in shared memory, one producer, consumers in any process.
//!
//! Promises: lossy broadcast by default, across processes; each ring is a file in `/dev/shm`.
//! Readers copy with a plain `memcpy` that the writer may cross, which is formally a data race.
//! `recv_status` is its poll that tells of losses.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ::ringfire::{RecvStatus, RingConsumer, RingProducer};
use icc_bench::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::{CAPACITY, Ends};

pub(crate) struct Ringfire;

impl Target for Ringfire {
    const NAME: &'static str = "ringfire";
    /// It tells of losses, but one message of 49,196 was once neither received nor told as lost.
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = RingfireLink<T>;

    fn open<T: Message>() -> Result<RingfireLink<T>, OpenError> {
        let path = new_path();
        // The file goes when the producer is dropped, by the library's default.
        let producer = RingProducer::create(&path, CAPACITY as u64)?;
        let consumer = RingConsumer::builder().start_from_head().attach(&path)?;
        Ok(RingfireLink(Ends::new(RingfireSender(producer), RingfireReceiver(consumer))))
    }
}

fn new_path() -> String {
    static RINGS: AtomicUsize = AtomicUsize::new(0);
    format!("/dev/shm/icc-rivals-{}-{}", std::process::id(), RINGS.fetch_add(1, Relaxed))
}

impl Broadcast for Ringfire {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = RingfireSender<T>;
    type Receiver<'store, T: Message> = RingfireReceiver<T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(RingfireSender<T>, Vec<RingfireReceiver<T>>) -> R,
    ) -> Result<R, OpenError> {
        let path = new_path();
        let producer = RingProducer::create(&path, CAPACITY as u64)?;
        let attach = |_| Ok(RingfireReceiver(RingConsumer::builder().start_from_head().attach(&path)?));
        let receivers = (0..consumers).map(attach).collect::<Result<_, OpenError>>()?;
        Ok(body(RingfireSender(producer), receivers))
    }
}

pub(crate) struct RingfireLink<T: Message>(Ends<RingfireSender<T>, RingfireReceiver<T>>);

pub(crate) struct RingfireSender<T: Message>(RingProducer<T>);

pub(crate) struct RingfireReceiver<T: Message>(RingConsumer<T>);

impl<T: Message> Link<T> for RingfireLink<T> {
    type Sender<'link> = RingfireSender<T>;
    type Receiver<'link> = RingfireReceiver<T>;

    fn ends(&mut self) -> Result<(RingfireSender<T>, RingfireReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for RingfireSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.push(message);
    }
}

impl<T: Message> Receiver<T> for RingfireReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.recv_status() {
            RecvStatus::Ok(message) => {
                *into = message;
                Polled::Message
            }
            RecvStatus::Empty => Polled::Empty,
            RecvStatus::Lapped { skipped, .. } => Polled::Lost(skipped),
        }
    }
}
