//! A broadcast ring with one consumer and one producer, or two.

use icc_queue::{Consumer, Mode, Mpmc, Options, Producer, Queue, Spmc, TryConsumeError};

use crate::link::{
    Broadcast, CAPACITY, Link, ManyProducers, Message, OpenError, OpenedForTwo, Polled, Receiver, Sender, Target,
};

/// `icc_queue::Queue` with one producer, plain stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpmcQueue;

/// `icc_queue::Queue` with one producer, in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedSpmcQueue;

/// `icc_queue::Queue` for many producers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MpmcQueue;

/// The same in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedMpmcQueue;

/// A target, in the mode and memory that it names.
macro_rules! targets {
    ($($target:ident: $name:literal, $mode:ident, $many:literal, $queue:expr;)*) => {
        $(
            impl Target for $target {
                const NAME: &'static str = $name;
                const TELLS_LOSS: bool = true;
                const MANY_PRODUCERS: bool = $many;
                type Link<T: Message> = QueueLink<T, $mode>;

                fn open<T: Message>() -> Result<QueueLink<T, $mode>, OpenError> {
                    Ok(QueueLink($queue?))
                }
            }

            impl Broadcast for $target {
                const NAME: &'static str = $name;
                const ROOM: usize = CAPACITY;
                type Sender<'store, T: Message> = QueueSender<T, $mode>;
                type Receiver<'store, T: Message> = QueueReceiver<T>;

                fn with_ends<T: Message, R>(
                    consumers: usize,
                    body: impl FnOnce(QueueSender<T, $mode>, Vec<QueueReceiver<T>>) -> R,
                ) -> Result<R, OpenError> {
                    let QueueLink(queue) = Self::open()?;
                    let receivers = (0..consumers).map(|_| QueueReceiver(queue.consumer())).collect();
                    Ok(body(QueueSender(queue.producer()?), receivers))
                }
            }
        )*
    };
}

targets! {
    SpmcQueue: "icc-queue spmc", Spmc, false, Queue::new(CAPACITY);
    SharedSpmcQueue: "icc-queue spmc, shared", Spmc, false, Queue::anonymous(CAPACITY, &Options::new());
    MpmcQueue: "icc-queue mpmc", Mpmc, true, Queue::new(CAPACITY);
    SharedMpmcQueue: "icc-queue mpmc, shared", Mpmc, true, Queue::anonymous(CAPACITY, &Options::new());
}

macro_rules! many_producers {
    ($($target:ident),*) => {
        $(
            impl ManyProducers for $target {
                const NAME: &'static str = <Self as Target>::NAME;
                type Sender<T: Message> = QueueSender<T, Mpmc>;
                type Receiver<T: Message> = QueueReceiver<T>;

                fn open_for_two<T: Message>() -> OpenedForTwo<Self::Sender<T>, Self::Receiver<T>> {
                    let QueueLink(queue) = Self::open()?;
                    let senders = [QueueSender(queue.producer()?), QueueSender(queue.producer()?)];
                    Ok((senders, QueueReceiver(queue.consumer())))
                }
            }
        )*
    };
}

many_producers!(MpmcQueue, SharedMpmcQueue);

/// A ring of [`CAPACITY`] slots.
#[derive(Debug)]
pub(crate) struct QueueLink<T, M: Mode>(Queue<T, M>);

/// The producing end.
#[derive(Debug)]
pub(crate) struct QueueSender<T: Message, M: Mode>(pub(super) Producer<T, M>);

/// The consuming end.
#[derive(Debug)]
pub(crate) struct QueueReceiver<T>(pub(super) Consumer<T>);

impl<T: Message, M: Mode> Link<T> for QueueLink<T, M> {
    type Sender<'link> = QueueSender<T, M>;
    type Receiver<'link> = QueueReceiver<T>;

    fn ends(&mut self) -> Result<(QueueSender<T, M>, QueueReceiver<T>), OpenError> {
        Ok((QueueSender(self.0.producer()?), QueueReceiver(self.0.consumer())))
    }
}

impl<T: Message, M: Mode> Sender<T> for QueueSender<T, M> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.produce(message);
    }
}

impl<T: Message> Receiver<T> for QueueReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_consume_into(into) {
            Ok(_) => Polled::Message,
            Err(TryConsumeError::Empty) => Polled::Empty,
            Err(TryConsumeError::SpedPast(lost)) => Polled::Lost(lost.count()),
        }
    }
}
