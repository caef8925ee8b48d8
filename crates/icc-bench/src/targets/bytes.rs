//! A ring of bytes: each message as long as its type.

use icc_queue::bytes::{BytesConsumer, BytesProducer, BytesQueue, TryConsumeError};
use icc_queue::{Mode, Mpmc, QueueSpec, Spmc};

use crate::link::{CAPACITY, Link, Message, OpenError, Polled, Receiver, Sender, Target};

/// `icc_queue::bytes` with one producer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpmcBytes;

/// The same for many producers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MpmcBytes;

impl Target for SpmcBytes {
    const NAME: &'static str = "icc-queue bytes spmc";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = BytesLink<Spmc>;

    fn open<T: Message>() -> Result<BytesLink<Spmc>, OpenError> {
        open(size_of::<T>())
    }
}

impl Target for MpmcBytes {
    const NAME: &'static str = "icc-queue bytes mpmc";
    const TELLS_LOSS: bool = true;
    const MANY_PRODUCERS: bool = true;
    type Link<T: Message> = BytesLink<Mpmc>;

    fn open<T: Message>() -> Result<BytesLink<Mpmc>, OpenError> {
        open(size_of::<T>())
    }
}

/// Room for at least [`CAPACITY`] such messages, in slots of the size that is the default.
fn open<M: Mode>(bytes: usize) -> Result<BytesLink<M>, OpenError> {
    Ok(BytesLink(BytesQueue::new((CAPACITY * slots(bytes)).next_power_of_two())?))
}

/// How many slots a message of so many bytes takes.
const fn slots(bytes: usize) -> usize {
    /// What a slot carries beside its bytes.
    const HEAD: usize = 32;
    bytes.div_ceil(QueueSpec::SLOT_SIZE - HEAD)
}

/// A ring.
#[derive(Debug)]
pub(crate) struct BytesLink<M: Mode>(BytesQueue<M>);

/// The producing end.
#[derive(Debug)]
pub(crate) struct BytesSender<M: Mode>(BytesProducer<M>);

/// The consuming end.
#[derive(Debug)]
pub(crate) struct BytesReceiver(BytesConsumer);

impl<T: Message, M: Mode> Link<T> for BytesLink<M> {
    type Sender<'link> = BytesSender<M>;
    type Receiver<'link> = BytesReceiver;

    fn ends(&mut self) -> Result<(BytesSender<M>, BytesReceiver), OpenError> {
        Ok((BytesSender(self.0.producer()?), BytesReceiver(self.0.consumer())))
    }
}

impl<T: Message, M: Mode> Sender<T> for BytesSender<M> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // One too long is the only error, and the ring was made for these. Were there another, the message
        // would be missed at the other end.
        let _ = self.0.produce(bytemuck::bytes_of(message));
    }
}

impl<T: Message> Receiver<T> for BytesReceiver {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_consume(bytemuck::bytes_of_mut(into)) {
            Ok(len) if len == size_of::<T>() => Polled::Message,
            // With many producers it is told in slots, of which each of these messages takes as many.
            Err(TryConsumeError::SpedPast(lost)) => {
                Polled::Lost(lost.messages.unwrap_or_else(|| lost.slots.count() / slots(size_of::<T>()) as u64))
            }
            _ => Polled::Empty,
        }
    }
}
