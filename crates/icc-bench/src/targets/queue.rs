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

impl Target for SpmcQueue {
    const NAME: &'static str = "icc-queue spmc";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = QueueLink<T, Spmc>;

    fn open<T: Message>() -> Result<QueueLink<T, Spmc>, OpenError> {
        Ok(QueueLink(Queue::new(CAPACITY)?))
    }
}

impl Target for SharedSpmcQueue {
    const NAME: &'static str = "icc-queue spmc, shared";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = QueueLink<T, Spmc>;

    fn open<T: Message>() -> Result<QueueLink<T, Spmc>, OpenError> {
        Ok(QueueLink(Queue::anonymous(CAPACITY, &Options::new())?))
    }
}

impl Target for MpmcQueue {
    const NAME: &'static str = "icc-queue mpmc";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = QueueLink<T, Mpmc>;

    fn open<T: Message>() -> Result<QueueLink<T, Mpmc>, OpenError> {
        Ok(QueueLink(Queue::new(CAPACITY)?))
    }
}

impl Target for SharedMpmcQueue {
    const NAME: &'static str = "icc-queue mpmc, shared";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = QueueLink<T, Mpmc>;

    fn open<T: Message>() -> Result<QueueLink<T, Mpmc>, OpenError> {
        Ok(QueueLink(Queue::anonymous(CAPACITY, &Options::new())?))
    }
}

impl ManyProducers for MpmcQueue {
    const NAME: &'static str = <Self as Target>::NAME;
    type Sender<T: Message> = QueueSender<T, Mpmc>;
    type Receiver<T: Message> = QueueReceiver<T, Mpmc>;

    fn open_for_two<T: Message>() -> OpenedForTwo<Self::Sender<T>, Self::Receiver<T>> {
        for_two(Self::open()?)
    }
}

impl ManyProducers for SharedMpmcQueue {
    const NAME: &'static str = <Self as Target>::NAME;
    type Sender<T: Message> = QueueSender<T, Mpmc>;
    type Receiver<T: Message> = QueueReceiver<T, Mpmc>;

    fn open_for_two<T: Message>() -> OpenedForTwo<Self::Sender<T>, Self::Receiver<T>> {
        for_two(Self::open()?)
    }
}

fn for_two<T: Message>(
    QueueLink(queue): QueueLink<T, Mpmc>,
) -> OpenedForTwo<QueueSender<T, Mpmc>, QueueReceiver<T, Mpmc>> {
    Ok(([QueueSender(queue.producer()?), QueueSender(queue.producer()?)], QueueReceiver(queue.consumer())))
}

macro_rules! broadcasts {
    ($($target:ident in $mode:ident),*) => {
        $(
            impl Broadcast for $target {
                const NAME: &'static str = <Self as Target>::NAME;
                const ROOM: usize = CAPACITY;
                type Sender<'store, T: Message> = QueueSender<T, $mode>;
                type Receiver<'store, T: Message> = QueueReceiver<T, $mode>;

                fn with_ends<T: Message, R>(
                    consumers: usize,
                    body: impl FnOnce(QueueSender<T, $mode>, Vec<QueueReceiver<T, $mode>>) -> R,
                ) -> Result<R, OpenError> {
                    let QueueLink(queue) = Self::open()?;
                    let receivers = (0..consumers).map(|_| QueueReceiver(queue.consumer())).collect();
                    Ok(body(QueueSender(queue.producer()?), receivers))
                }
            }
        )*
    };
}

broadcasts!(SpmcQueue in Spmc, SharedSpmcQueue in Spmc, MpmcQueue in Mpmc);

/// A ring of [`CAPACITY`] slots.
#[derive(Debug)]
pub(crate) struct QueueLink<T, M: Mode>(Queue<T, M>);

/// The producing end.
#[derive(Debug)]
pub(crate) struct QueueSender<T: Message, M: Mode>(Producer<T, M>);

/// The consuming end.
#[derive(Debug)]
pub(crate) struct QueueReceiver<T, M: Mode>(Consumer<T, M>);

impl<T: Message> Link<T> for QueueLink<T, Spmc> {
    type Sender<'link> = QueueSender<T, Spmc>;
    type Receiver<'link> = QueueReceiver<T, Spmc>;

    fn ends(&mut self) -> Result<(QueueSender<T, Spmc>, QueueReceiver<T, Spmc>), OpenError> {
        Ok((QueueSender(self.0.producer()?), QueueReceiver(self.0.consumer())))
    }
}

impl<T: Message> Link<T> for QueueLink<T, Mpmc> {
    type Sender<'link> = QueueSender<T, Mpmc>;
    type Receiver<'link> = QueueReceiver<T, Mpmc>;

    fn ends(&mut self) -> Result<(QueueSender<T, Mpmc>, QueueReceiver<T, Mpmc>), OpenError> {
        Ok((QueueSender(self.0.producer()?), QueueReceiver(self.0.consumer())))
    }
}

impl<T: Message> Sender<T> for QueueSender<T, Spmc> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.produce(message);
    }
}

impl<T: Message> Sender<T> for QueueSender<T, Mpmc> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.produce(message);
    }
}

impl<T: Message, M: Mode> Receiver<T> for QueueReceiver<T, M> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_consume_into(into) {
            Ok(_) => Polled::Message,
            Err(TryConsumeError::Empty) => Polled::Empty,
            Err(TryConsumeError::SpedPast(lost)) => Polled::Lost(lost.count()),
        }
    }
}
