//! `outcry`: frames of any length in a ring of bytes, one producer, consumers in any process.
//!
//! Promises: lossy broadcast, across processes (measured in anonymous memory, which it offers for
//! threads). The copy goes by atomic words, so there is no data race. A consumer that was overrun
//! starts again at the head.

use ::outcry::{Consumer, Error, Producer, Queue};
use icc_bench::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::{CAPACITY, Ends};

/// Bytes before each frame's payload.
const FRAME_HEADER: usize = 8;

pub(crate) struct Outcry;

impl Target for Outcry {
    const NAME: &'static str = "outcry";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = OutcryLink;

    fn open<T: Message>() -> Result<OutcryLink, OpenError> {
        let queue = queue_for::<T>()?;
        Ok(OutcryLink(Ends::new(OutcrySender(queue.producer()?), OutcryReceiver(queue.consumer()))))
    }
}

/// Its capacity is in bytes and a power of two: room for at least as many messages as the others
/// have.
fn queue_for<T: Message>() -> Result<Queue, OpenError> {
    let bytes = CAPACITY * (size_of::<T>() + FRAME_HEADER);
    Ok(Queue::anon(bytes.next_power_of_two() as u64)?)
}

impl Broadcast for Outcry {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = OutcrySender;
    type Receiver<'store, T: Message> = OutcryReceiver;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(OutcrySender, Vec<OutcryReceiver>) -> R,
    ) -> Result<R, OpenError> {
        let queue = queue_for::<T>()?;
        let readers = (0..consumers).map(|_| OutcryReceiver(queue.consumer())).collect();
        Ok(body(OutcrySender(queue.producer()?), readers))
    }
}

pub(crate) struct OutcryLink(Ends<OutcrySender, OutcryReceiver>);

pub(crate) struct OutcrySender(Producer);

pub(crate) struct OutcryReceiver(Consumer);

impl<T: Message> Link<T> for OutcryLink {
    type Sender<'link> = OutcrySender;
    type Receiver<'link> = OutcryReceiver;

    fn ends(&mut self) -> Result<(OutcrySender, OutcryReceiver), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for OutcrySender {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // A frame too large for the ring is the one error, and the ring was made for these. Were
        // there another, the message would be missed at the other end.
        let _ = self.0.write(bytemuck::bytes_of(message));
    }
}

impl<T: Message> Receiver<T> for OutcryReceiver {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_read(bytemuck::bytes_of_mut(into)) {
            Ok(Some(_)) => Polled::Message,
            // The only way on. It may land behind more than was overwritten, and all of that is
            // lost to this consumer.
            Err(Error::Overrun { .. }) => Polled::Lost(self.0.resync() / (size_of::<T>() + FRAME_HEADER) as u64),
            Ok(None) | Err(_) => Polled::Empty,
        }
    }
}
