//! Messages of any length: bytes.
//!
//! News, order-book snapshots, serialised structs, lines of a log. A [`BytesQueue`] is a ring as any other:
//! broadcast, with one producer or many, in private or shared memory, never waiting for consumers unless it
//! was created as [holding](crate::QueueSpec::holding). A message takes as many slots in a row as it needs,
//! up to a quarter of the ring, and each slot carries its version. So nothing here orders anything anew: a
//! message is a batch of slots, and a consumer gives it once all are there.
//!
//! | you want | call |
//! |---|---|
//! | to send bytes | [`BytesProducer::produce`] |
//! | to write them in place | [`BytesProducer::produce_with`] |
//! | to receive them, however many | [`BytesConsumer::try_consume_into`] a `Vec`, whose memory is used again |
//! | to receive them without an allocation | [`BytesConsumer::try_consume`] into a slice |
//! | to wait | [`BytesConsumer::consume_into`], [`consume_into_timeout`](BytesConsumer::consume_into_timeout), [`consume_into_until_gone`](BytesConsumer::consume_into_until_gone) |
//!
//! # The size of a slot
//!
//! [`QueueSpec::slot_size`](crate::QueueSpec::slot_size), 256 bytes unless given. 32 of them are the version
//! and what says which part of which message the slot is; the rest holds bytes. A message that fits one slot
//! costs as much as one of a [`Queue`](crate::Queue). So choose it for most messages to fit; a longer one
//! costs a few nanoseconds more for each further slot. An empty message takes a slot, too.
//!
//! # Examples
//!
//! ```
//! use icc_queue::{Spmc, bytes::{BytesQueue, TryConsumeError}};
//!
//! let queue = BytesQueue::<Spmc>::new(1024)?;
//! let mut producer = queue.producer()?;
//! let mut consumer = queue.consumer();
//! producer.produce(b"a line of a log")?;
//!
//! let mut message = Vec::new();
//! loop {
//!     match consumer.try_consume_into(&mut message) {
//!         Ok(_) => println!("{}", String::from_utf8_lossy(&message)),
//!         Err(TryConsumeError::SpedPast(lost)) => println!("{lost}"),
//!         Err(_) => break,
//!     }
//! }
//! # assert_eq!(consumer.received(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(target_os = "linux")]
mod any;
mod consumer;
mod error;
mod gaps;
mod head;
mod producer;
mod queue;
mod recovery;
mod seen;
#[cfg(target_os = "linux")]
mod shared;
mod sink;
#[cfg(test)]
mod tests;
mod wait;

#[cfg(target_os = "linux")]
pub use any::{AnyBytesProducer, AnyBytesQueue};
pub use consumer::BytesConsumer;
pub use error::{BytesLost, ProduceAtError, TooLong, TryConsumeError, TryProduceError, WaitError};
pub use producer::BytesProducer;
pub use queue::{BytesQueue, BytesQueueReader};
