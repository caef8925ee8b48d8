//! A ring of bytes: each message as long as its type.

use icc_queue::bytes::{BytesConsumer, BytesProducer, BytesQueue, TryConsumeError};
use icc_queue::{Mode, Mpmc, QueueSpec, Spmc};

use crate::link::{CAPACITY, Link, Message, OpenError, Polled, Receiver, Sender, Target};

/// `icc_queue::bytes` with one producer, in slots that one message fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpmcBytes;

/// The same in slots of the size that is the default, of which a longer message takes several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpmcBytesInSlots;

/// The same for many producers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MpmcBytes;

impl Target for SpmcBytes {
    const NAME: &'static str = "icc-queue bytes spmc";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = BytesLink<Spmc>;

    fn open<T: Message>() -> Result<BytesLink<Spmc>, OpenError> {
        open(1, slot_for(size_of::<T>()))
    }
}

impl Target for SpmcBytesInSlots {
    const NAME: &'static str = "icc-queue bytes spmc, slots of 256";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = BytesLink<Spmc>;

    fn open<T: Message>() -> Result<BytesLink<Spmc>, OpenError> {
        open(size_of::<T>().div_ceil(QueueSpec::SLOT_SIZE - HEAD), QueueSpec::SLOT_SIZE)
    }
}

impl Target for MpmcBytes {
    const NAME: &'static str = "icc-queue bytes mpmc";
    const TELLS_LOSS: bool = true;
    const MANY_PRODUCERS: bool = true;
    type Link<T: Message> = BytesLink<Mpmc>;

    fn open<T: Message>() -> Result<BytesLink<Mpmc>, OpenError> {
        open(1, slot_for(size_of::<T>()))
    }
}

/// What a slot carries beside its bytes.
const HEAD: usize = 32;

/// The size of the smallest slot for a message.
fn slot_for(bytes: usize) -> usize {
    bytes.next_multiple_of(8) + HEAD
}

/// Room for at least [`CAPACITY`] messages of so many slots each.
fn open<M: Mode>(slots: usize, slot_size: usize) -> Result<BytesLink<M>, OpenError> {
    let spec = QueueSpec::new((CAPACITY * slots).next_power_of_two()).slot_size(slot_size);
    Ok(BytesLink { queue: BytesQueue::new(spec)?, slots: slots as u64 })
}

/// A ring.
#[derive(Debug)]
pub(crate) struct BytesLink<M: Mode> {
    queue: BytesQueue<M>,
    /// How many slots a message takes.
    slots: u64,
}

/// The producing end.
#[derive(Debug)]
pub(crate) struct BytesSender<M: Mode>(BytesProducer<M>);

/// The consuming end.
#[derive(Debug)]
pub(crate) struct BytesReceiver {
    consumer: BytesConsumer,
    slots: u64,
}

impl<T: Message, M: Mode> Link<T> for BytesLink<M> {
    type Sender<'link> = BytesSender<M>;
    type Receiver<'link> = BytesReceiver;

    fn ends(&mut self) -> Result<(BytesSender<M>, BytesReceiver), OpenError> {
        let receiver = BytesReceiver { consumer: self.queue.consumer(), slots: self.slots };
        Ok((BytesSender(self.queue.producer()?), receiver))
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
        match self.consumer.try_consume(bytemuck::bytes_of_mut(into)) {
            Ok(len) if len == size_of::<T>() => Polled::Message,
            // With many producers it is told in slots, of which each of these messages takes as many.
            Err(TryConsumeError::SpedPast(lost)) => {
                Polled::Lost(lost.messages.unwrap_or_else(|| lost.slots.count() / self.slots))
            }
            _ => Polled::Empty,
        }
    }
}
