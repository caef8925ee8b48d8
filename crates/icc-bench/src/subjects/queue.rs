//! A broadcast ring with one producer and, here, one consumer.

use icc_queue::{Consumer, Producer, Queue, TryConsumeError};

use crate::link::{Link, OpenError, Polled, Receiver, Sender, Subject};
use crate::message::Message;

/// Slots of each ring: what programs that fear a burst take, and small enough that short messages stay in a core's cache.
pub const CAPACITY: usize = 1024;

/// `icc_queue::Queue` with one producer.
#[derive(Clone, Copy, Debug)]
pub struct SpmcQueue;

impl Subject for SpmcQueue {
    const NAME: &'static str = "icc-queue spmc";
    type Link<T: Message> = QueueLink<T>;

    fn open<T: Message>() -> Result<QueueLink<T>, OpenError> {
        Ok(QueueLink(Queue::new(CAPACITY)?))
    }
}

/// A ring of [`CAPACITY`] slots.
#[derive(Debug)]
pub struct QueueLink<T>(Queue<T>);

/// The producing end.
#[derive(Debug)]
pub struct QueueSender<T: Message>(Producer<T>);

/// The consuming end.
#[derive(Debug)]
pub struct QueueReceiver<T>(Consumer<T>);

impl<T: Message> Link<T> for QueueLink<T> {
    type Sender<'link> = QueueSender<T>;
    type Receiver<'link> = QueueReceiver<T>;

    fn ends(&mut self) -> Result<(QueueSender<T>, QueueReceiver<T>), OpenError> {
        Ok((QueueSender(self.0.producer()?), QueueReceiver(self.0.consumer())))
    }
}

impl<T: Message> Sender<T> for QueueSender<T> {
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
