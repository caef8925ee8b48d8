//! A queue whose consumer sleeps at once where there is nothing, in each way that it can.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use icc_async::ConsumerStream;
use icc_queue::{ConsumeTimeoutError, Options, Park, Queue, QueueSpec, Spmc, WaitSet};

use super::queue::{QueueReceiver, QueueSender};
use crate::link::{CAPACITY, Message, OpenedToSleep, Polled, Receiver, Sleeper, Waking, WakingProcess};

/// Waits with `Park`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParkQueue;

/// The same in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedParkQueue;

/// Waits with a `WaitSet` of this one queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitSetQueue;

/// The same in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedWaitSetQueue;

/// A stream of `icc_async`, polled by a thread that parks in between: two threads are woken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamQueue;

fn spec() -> QueueSpec {
    QueueSpec::new(CAPACITY).wakeable()
}

macro_rules! waking {
    ($($target:ident: $name:literal, $queue:expr, $sleeper:ident;)*) => {
        $(
            impl Waking for $target {
                const NAME: &'static str = $name;
                type Sender<T: Message> = QueueSender<T, Spmc>;
                type Sleeper<T: Message> = $sleeper<T>;

                fn open_to_sleep<T: Message>() -> OpenedToSleep<QueueSender<T, Spmc>, $sleeper<T>> {
                    let queue: Queue<T, Spmc> = $queue?;
                    let sleeper = $sleeper::of(QueueReceiver(queue.consumer()));
                    Ok((QueueSender(queue.producer()?), sleeper))
                }
            }
        )*
    };
}

waking! {
    ParkQueue: "icc-queue Park", Queue::new(spec()), ParkSleeper;
    SharedParkQueue: "icc-queue Park, shared", Queue::anonymous(spec(), &Options::new()), ParkSleeper;
    WaitSetQueue: "icc-queue WaitSet", Queue::new(spec()), WaitSetSleeper;
    SharedWaitSetQueue: "icc-queue WaitSet, shared", Queue::anonymous(spec(), &Options::new()), WaitSetSleeper;
    StreamQueue: "icc-async stream", Queue::new(spec()), StreamSleeper;
}

impl WakingProcess for SharedParkQueue {
    const NAME: &'static str = "icc-queue Park, processes";
}

impl WakingProcess for SharedWaitSetQueue {
    const NAME: &'static str = "icc-queue WaitSet, processes";
}

/// A consumer that parks.
#[derive(Debug)]
pub(crate) struct ParkSleeper<T>(QueueReceiver<T>);

impl<T: Message> ParkSleeper<T> {
    fn of(receiver: QueueReceiver<T>) -> Self {
        Self(receiver)
    }
}

impl<T: Message> Sleeper<T> for ParkSleeper<T> {
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        let QueueReceiver(consumer) = &mut self.0;
        match consumer.consume_into_timeout(into, &mut Park::new(Duration::ZERO), timeout) {
            Ok(_) => Polled::Message,
            Err(ConsumeTimeoutError::SpedPast(lost)) => Polled::Lost(lost.count()),
            // Its time is over.
            Err(_) => Polled::Empty,
        }
    }
}

/// A consumer, and the set it is in.
#[derive(Debug)]
pub(crate) struct WaitSetSleeper<T>(QueueReceiver<T>);

impl<T: Message> WaitSetSleeper<T> {
    fn of(receiver: QueueReceiver<T>) -> Self {
        Self(receiver)
    }
}

impl<T: Message> Sleeper<T> for WaitSetSleeper<T> {
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        let set = WaitSet::spinning(Duration::ZERO);
        let since = Instant::now();
        loop {
            let left = timeout.saturating_sub(since.elapsed());
            let ready = set.wait(&mut [&mut self.0.0], Some(left));
            match self.0.poll(into) {
                // One source and a timeout: it never fails.
                Polled::Empty if ready.is_ok_and(|ready| !ready.is_empty()) && !left.is_zero() => {}
                polled => return polled,
            }
        }
    }
}

/// A stream that a thread polls, which parks in between.
#[derive(Debug)]
pub(crate) struct StreamSleeper<T: Message>(ConsumerStream<T>);

impl<T: Message> StreamSleeper<T> {
    /// Polled once, so that the thread that watches for streams is started here: started by a pinned
    /// thread, it would stay on that one's core, which in the next round is the sender's.
    fn of(QueueReceiver(consumer): QueueReceiver<T>) -> Self {
        let mut stream = ConsumerStream::new(consumer);
        // Nothing was sent yet, so there is nothing to take.
        let _ = stream.poll_message(&mut Context::from_waker(Waker::noop()));
        Self(stream)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<T: Message> Sleeper<T> for StreamSleeper<T> {
    #[inline(always)]
    fn receive(&mut self, into: &mut T, timeout: Duration) -> Polled {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let since = Instant::now();
        loop {
            match self.0.poll_message(&mut context) {
                Poll::Ready(Ok(message)) => {
                    *into = message;
                    return Polled::Message;
                }
                Poll::Ready(Err(lost)) => return Polled::Lost(lost.count()),
                Poll::Pending => {}
            }
            let Some(left) = timeout.checked_sub(since.elapsed()) else { return Polled::Empty };
            thread::park_timeout(left);
        }
    }
}
