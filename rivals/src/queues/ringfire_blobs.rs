//! `ringfire`'s blobs: messages of any length in an arena beside its ring, one producer.
//!
//! Promises: as its ring. A message whose bytes were overwritten in the arena is told as lost.

use ::ringfire::{BlobConsumer, BlobProducer, BlobRecvStatus};
use icc_bench::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::ringfire::new_path;
use super::{CAPACITY, Ends};

pub(crate) struct RingfireBlobs;

impl Target for RingfireBlobs {
    const NAME: &'static str = "ringfire blobs";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = BlobLink;

    fn open<T: Message>() -> Result<BlobLink, OpenError> {
        let path = new_path();
        // The file goes when the producer is dropped, by the library's default.
        let arena = (CAPACITY * size_of::<T>()).next_power_of_two();
        let producer = BlobProducer::create(&path, CAPACITY as u64, arena)?;
        let consumer = BlobConsumer::attach(&path)?;
        Ok(BlobLink(Ends::new(BlobSender(producer), BlobReceiver { consumer, stashed: None })))
    }
}

pub(crate) struct BlobLink(Ends<BlobSender, BlobReceiver>);

pub(crate) struct BlobSender(BlobProducer<()>);

pub(crate) struct BlobReceiver {
    consumer: BlobConsumer<()>,
    /// The message that came with the news of a loss, still to be given.
    stashed: Option<Vec<u8>>,
}

impl<T: Message> Link<T> for BlobLink {
    type Sender<'link> = BlobSender;
    type Receiver<'link> = BlobReceiver;

    fn ends(&mut self) -> Result<(BlobSender, BlobReceiver), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for BlobSender {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // A message too large for the arena is the one error, and that was made for these. Were there
        // another, the message would be missed at the other end.
        let _ = self.0.push(&(), bytemuck::bytes_of(message));
    }
}

impl<T: Message> Receiver<T> for BlobReceiver {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        let bytes = bytemuck::bytes_of_mut(into);
        if let Some(stashed) = self.stashed.take() {
            bytes.copy_from_slice(&stashed);
            return Polled::Message;
        }
        match self.consumer.recv_status(&mut (), bytes) {
            Ok(BlobRecvStatus::Ok { .. }) => Polled::Message,
            // It gives the next message with the news of those it lost.
            Ok(BlobRecvStatus::Lapped { skipped, .. }) => {
                self.stashed = Some(bytes.to_vec());
                Polled::Lost(skipped)
            }
            Ok(BlobRecvStatus::Empty) | Err(_) => Polled::Empty,
        }
    }
}
