//! Producing into queues.

use crate::error::{Failure, guard};
use crate::pointers::{bytes, give, handle, name, tell, value};
use crate::{Payload, Status};
use icc_queue::untyped::{AnyProducer, AnyQueue};
use std::ffi::{c_char, c_void};

/// A producer of a queue. One thread at a time may use it.
pub struct Producer {
    producer: AnyProducer,
}

/// Opens a queue to produce into it. The payload is compared with what the queue has; NULL takes any.
/// ICC_STATUS_TAKEN while as many producers live as the queue takes, in whatever process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_open(
    queue: *const c_char,
    payload: *const Payload,
    producer: *mut *mut Producer,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let path = name(queue)?;
        let opened = match payload.as_ref() {
            Some(payload) => {
                let described = payload.for_opening(path)?;
                AnyQueue::open(path, Some(&described.element), &described.options)?
            }
            None => AnyQueue::open(path, None, &icc_queue::Options::new())?,
        };
        give(producer, Producer { producer: opened.producer()? })
    })
}

/// Puts a message into the queue: as many bytes as the queue's messages have. `sequence` gets its sequence
/// number, unless it is NULL. Waits only for another producer that is a whole ring behind, and for consumers that hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_produce(
    producer: *mut Producer,
    message: *const c_void,
    sequence: *mut u64,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let producer = &mut handle(producer, "the producer")?.producer;
        let message = bytes(message.cast(), producer.message_size(), "the message")?;
        tell(sequence, producer.produce(message)?);
        Ok(())
    })
}

/// As icc_producer_produce, but never waits: ICC_STATUS_BUSY where that would.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_try_produce(
    producer: *mut Producer,
    message: *const c_void,
    sequence: *mut u64,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let producer = &mut handle(producer, "the producer")?.producer;
        let message = bytes(message.cast(), producer.message_size(), "the message")?;
        tell(sequence, producer.try_produce(message)?);
        Ok(())
    })
}

/// Puts `count` messages into the queue that lie one behind the other, with no other producer's between.
/// `first` gets the sequence number of the first, unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_produce_batch(
    producer: *mut Producer,
    messages: *const c_void,
    count: usize,
    first: *mut u64,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let producer = &mut handle(producer, "the producer")?.producer;
        if producer.is_forked() {
            return Err(icc_queue::TryProduceError::Forked.into());
        }
        let size = producer.message_size();
        let len = size.checked_mul(count).filter(|_| size != 0);
        let len = len.ok_or_else(|| Failure::invalid(format_args!("a batch of {count} messages of {size} bytes")))?;
        let messages = bytes(messages.cast(), len, "the messages")?;
        let produced = producer.produce_batch(messages).map_err(Failure::invalid)?;
        tell(first, produced.start);
        Ok(())
    })
}

/// Puts a message into the queue under the number `sequence`, and leaves out those before it that were not
/// produced. The queue must have been created for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_produce_at(
    producer: *mut Producer,
    sequence: u64,
    message: *const c_void,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let producer = &mut handle(producer, "the producer")?.producer;
        let message = bytes(message.cast(), producer.message_size(), "the message")?;
        Ok(producer.produce_at(sequence, message)?)
    })
}

/// The bytes of a message, or 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_message_size(producer: *const Producer) -> u64 {
    // SAFETY: passed on from the caller.
    unsafe { value(producer, "") }.map_or(0, |producer| producer.producer.message_size() as u64)
}

/// The sequence number of the next message, or 0 for NULL. With many producers, another may take it first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_next(producer: *const Producer) -> u64 {
    // SAFETY: passed on from the caller.
    unsafe { value(producer, "") }.map_or(0, |producer| producer.producer.next_sequence())
}

/// Lets the producer go, so that another may take its place. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_producer_close(producer: *mut Producer) {
    if !producer.is_null() {
        // SAFETY: not null, so one that `icc_producer_open` gave, by the caller.
        let producer = unsafe { Box::from_raw(producer) };
        guard(|| {
            drop(producer);
            Ok(())
        });
    }
}
