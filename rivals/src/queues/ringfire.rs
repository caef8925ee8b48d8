//! `ringfire`: a ring in shared memory, one producer, consumers in any process.
//!
//! Promises: lossy broadcast by default, across processes; each ring is a file in `/dev/shm`.
//! Readers copy with a plain `memcpy` that the writer may cross, which is formally a data race.
//! `recv_status` is its poll that tells of losses. `FutexWait` is its way to sleep.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ::ringfire::{FutexWait, RecvStatus, RingConsumer, RingHeader, RingProducer, WaitStrategy};
use icc_bench::link::{
    Broadcast, Link, Message, OpenError, OpenedToSleep, Polled, Receiver, Sender, Sleeper, Target, Waking,
    WakingProcess,
};

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

pub(super) fn new_path() -> String {
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

impl Waking for Ringfire {
    const NAME: &'static str = <Self as Target>::NAME;
    type Sender<T: Message> = RingfireSender<T>;
    type Sleeper<T: Message> = RingfireReceiver<T>;

    fn open_to_sleep<T: Message>() -> OpenedToSleep<RingfireSender<T>, RingfireReceiver<T>> {
        let path = new_path();
        let producer = RingProducer::create(&path, CAPACITY as u64)?;
        let consumer = RingConsumer::builder().start_from_head().attach(&path)?;
        Ok((RingfireSender(producer), RingfireReceiver(consumer)))
    }
}

impl WakingProcess for Ringfire {
    const NAME: &'static str = "ringfire, processes";
}

/// Its futex, until the time is over. A wait of this library has no other end than a message, so this
/// one unwinds from it.
struct Until {
    futex: FutexWait,
    since: Instant,
    timeout: Duration,
}

/// What it unwinds with.
struct Over;

impl WaitStrategy for Until {
    #[inline(always)]
    fn wait(&mut self, header: &RingHeader, cursor: u64) {
        if self.since.elapsed() >= self.timeout {
            resume_unwind(Box::new(Over));
        }
        self.futex.wait(header, cursor);
    }

    #[inline(always)]
    fn reset(&mut self) {
        self.futex.reset();
    }
}

impl<T: Message> Sleeper<T> for RingfireReceiver<T> {
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        // It sleeps at once, for 50 ms at most, as long as by its default.
        let futex = FutexWait::new(0, Some(Duration::from_millis(50)));
        let mut wait = Until { futex, since: Instant::now(), timeout };
        match catch_unwind(AssertUnwindSafe(|| self.0.recv_blocking(&mut wait))) {
            Ok(message) => {
                *into = message;
                Polled::Message
            }
            Err(panic) if panic.is::<Over>() => Polled::Empty,
            Err(panic) => resume_unwind(panic),
        }
    }
}
