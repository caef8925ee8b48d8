//! Recordings: the messages of a queue on disk, each with its sequence number and its time.
//!
//! The format is described in the repository's `docs/recording.md`. A file that was cut off, since
//! its recorder was killed or the disk was full, is read up to its last whole record.
//!
//! # Examples
//!
//! ```
//! use icc_cli::recording::{Event, Header, Reader, Writer};
//! use icc_queue::{Lost, Queue};
//!
//! let queue = Queue::<u64>::new(4)?;
//! let mut producer = queue.producer()?;
//! let mut consumer = queue.consumer();
//! (0..6).for_each(|n| _ = producer.produce(&(10 * n)));
//!
//! let mut writer = Writer::new(Vec::new(), &Header::of(&queue, consumer.position()))?;
//! for message in consumer.drain().numbered() {
//!     match message {
//!         Ok((sequence, message)) => writer.message(sequence, &message.to_le_bytes())?,
//!         Err(lost) => writer.gap(lost)?,
//!     }
//! }
//! let file = writer.finish()?;
//!
//! let mut reader = Reader::new(&file[..])?;
//! assert_eq!(reader.header().queue.capacity, 4);
//! assert!(matches!(reader.next()?, Some(Event::Gap { lost: Lost { first: 0, next: 2 }, .. })));
//! let Some(event @ Event::Message { sequence: 2, .. }) = reader.next()? else { panic!() };
//! assert_eq!(event.message::<u64>(), Some(20));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod fill;
mod header;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::RecordingError;
pub use header::{Header, QueueShape};
pub use read::{Event, Reader};
pub use write::Writer;

const MAGIC: [u8; 8] = *b"ICCRECRD";
/// The version of the format. 1 and 2 were never released.
pub const VERSION: u32 = 3;
/// Bytes of a record, without its body.
const RECORD: usize = 24;

const MESSAGE: u32 = 1;
const GAP: u32 = 2;
const END: u32 = 3;

#[cfg(target_endian = "big")]
compile_error!("recordings hold messages as they are in memory, and are for little-endian machines");

fn crc(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// The little-endian number at `at`; the caller knows that it is there.
fn word(bytes: &[u8], at: usize) -> u64 {
    bytemuck::pod_read_unaligned(&bytes[at..at + 8])
}

fn half_word(bytes: &[u8], at: usize) -> u32 {
    bytemuck::pod_read_unaligned(&bytes[at..at + 4])
}
