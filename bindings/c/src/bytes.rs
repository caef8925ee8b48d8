//! Messages of any length.

use crate::create::options;
use crate::error::{Failure, guard};
use crate::pointers::{bytes, give, handle, name, tell, value};
use crate::{Files, QueueSpec, Status};
use icc_queue::Options;
use icc_queue::bytes::{AnyBytesProducer, AnyBytesQueue, TooLong, TryProduceError};
use std::ffi::{c_char, c_void};

/// A producer of a queue of bytes. One thread at a time may use it.
pub struct BytesProducer {
    producer: AnyBytesProducer,
}

/// Creates a queue of bytes, whose messages may have any length up to a quarter of the ring. The capacity of
/// the spec counts slots. `slot_size` is the bytes of a slot, a multiple of 8 from 40 to
/// 65,536, of which 32 are no message's; 0 is 256. Names are as those of queues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_create(
    queue: *const c_char,
    spec: *const QueueSpec,
    slot_size: u64,
    files: *const Files,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let (path, spec) = (name(queue)?, value(spec, "the spec")?);
        let mut wanted = spec.wanted()?;
        if slot_size != 0 {
            wanted = wanted.slot_size(usize::try_from(slot_size).unwrap_or(usize::MAX));
        }
        AnyBytesQueue::create(path, wanted, spec.is_of_many(), &options(files))?;
        Ok(())
    })
}

/// Opens a queue of bytes to produce into it. ICC_STATUS_TAKEN while as many producers live as the queue takes,
/// in whatever process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_producer_open(queue: *const c_char, producer: *mut *mut BytesProducer) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let opened = AnyBytesQueue::open(name(queue)?, &Options::new())?;
        give(producer, BytesProducer { producer: opened.producer()? })
    })
}

/// Puts a message of `size` bytes into the queue; it may be empty. `slot` gets the number of its first slot, unless it
/// is NULL. ICC_STATUS_INVALID if it is longer than icc_bytes_producer_longest. Waits as icc_producer_produce does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_producer_produce(
    producer: *mut BytesProducer,
    message: *const c_void,
    size: usize,
    slot: *mut u64,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe { put(producer, message, size, slot, AnyBytesProducer::produce) })
}

/// As icc_bytes_producer_produce, but never waits: ICC_STATUS_BUSY where that would.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_producer_try_produce(
    producer: *mut BytesProducer,
    message: *const c_void,
    size: usize,
    slot: *mut u64,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe { put(producer, message, size, slot, AnyBytesProducer::try_produce) })
}

/// # Safety
///
/// As the module `pointers` says.
unsafe fn put(
    producer: *mut BytesProducer,
    message: *const c_void,
    size: usize,
    slot: *mut u64,
    how: fn(&mut AnyBytesProducer, &[u8]) -> Result<u64, TryProduceError>,
) -> Result<(), Failure> {
    // SAFETY: passed on from the caller.
    let producer = unsafe { &mut handle(producer, "the producer")?.producer };
    // Before the bytes are looked at: so many may not be there.
    let longest = producer.longest_message();
    if size > longest {
        return Err(TryProduceError::from(TooLong { len: size, longest }).into());
    }
    // SAFETY: passed on from the caller.
    let message = unsafe { bytes(message.cast(), size, "the message")? };
    let first = how(producer, message)?;
    // SAFETY: passed on from the caller.
    unsafe { tell(slot, first) };
    Ok(())
}

/// The bytes of the longest message, or 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_producer_longest(producer: *const BytesProducer) -> u64 {
    // SAFETY: passed on from the caller.
    unsafe { value(producer, "") }.map_or(0, |producer| producer.producer.longest_message() as u64)
}

/// The number of the next slot, or 0 for NULL. With many producers, another may take it first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_producer_next(producer: *const BytesProducer) -> u64 {
    // SAFETY: passed on from the caller.
    unsafe { value(producer, "") }.map_or(0, |producer| producer.producer.next_sequence())
}

/// Lets the producer go, so that another may take its place. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_bytes_producer_close(producer: *mut BytesProducer) {
    if !producer.is_null() {
        // SAFETY: not null, so one that `icc_bytes_producer_open` gave, by the caller.
        let producer = unsafe { Box::from_raw(producer) };
        guard(|| {
            drop(producer);
            Ok(())
        });
    }
}
