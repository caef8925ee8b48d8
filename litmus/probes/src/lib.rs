//! The shipped operations, each alone in a function, for `cargo xtask litmus` to compile and compare with the
//! litmus tests of `litmus/aarch64`, `litmus/aarch64-exclusive` and `litmus/x86_64`.
//!
//! Most are of two words, which are copied by atomic accesses on every processor.

use core::mem::MaybeUninit;
use icc_queue::{
    Claim, Consumer, Mpmc, ProduceAtError, Producer, QueueReader, Spmc, TryClaimError, TryConsumeError, Worker,
};
use icc_seqlock::{BeingWritten, Piece, PieceReader, Seqlock, Tag, Writer};
use icc_vector::{Changes, MultiWriter, SingleWriter, Tracked, WriteError};

/// Two words.
pub type Value = [u64; 2];

/// A reader's attempt.
#[inline(never)]
pub fn seqlock_read(cell: &Seqlock<Value>, out: &mut Value) -> Result<u64, BeingWritten> {
    cell.try_read_into(out)
}

/// The only writer.
#[inline(never)]
pub fn seqlock_write(writer: &mut Writer<'_, Value>, value: &Value) -> u64 {
    writer.write(value)
}

/// One of several writers.
#[inline(never)]
pub fn seqlock_try_write(cell: &Seqlock<Value>, value: &Value) -> Result<u64, BeingWritten> {
    cell.try_write(value)
}

/// A writer that names itself while it writes.
#[inline(never)]
pub fn seqlock_try_write_over(cell: &Seqlock<Value>, seen: u64, tag: Tag, value: &Value) -> Result<u64, BeingWritten> {
    cell.try_write_over(seen, tag, value)
}

/// A consumer's poll.
#[inline(never)]
pub fn consume(consumer: &mut Consumer<Value>) -> Result<Value, TryConsumeError> {
    consumer.try_consume()
}

/// The only producer.
#[inline(never)]
pub fn produce_alone(producer: &mut Producer<Value, Spmc>, message: &Value) -> u64 {
    producer.produce(message)
}

/// One of many producers.
#[inline(never)]
pub fn produce_among_many(producer: &mut Producer<Value, Mpmc>, message: &Value) -> u64 {
    producer.produce(message)
}

/// Four words: copied by vector moves, in inline assembly, where there is one.
pub type Wide = [u64; 4];

/// As [`seqlock_read`], of vectors.
#[inline(never)]
pub fn vectors_read(cell: &Seqlock<Wide>, out: &mut Wide) -> Result<u64, BeingWritten> {
    cell.try_read_into(out)
}

/// As [`seqlock_write`], of vectors.
#[inline(never)]
pub fn vectors_write(writer: &mut Writer<'_, Wide>, value: &Wide) -> u64 {
    writer.write(value)
}

/// The only producer, which leaves numbers out.
#[inline(never)]
pub fn skip_to(producer: &mut Producer<Value, Spmc>, n: u64) -> Result<(), ProduceAtError> {
    producer.skip_to(n)
}

/// How far the producer is, for whoever asks.
#[inline(never)]
pub fn produced(queue: &QueueReader<Value>) -> u64 {
    queue.produced()
}

/// A writer of a vector that counts its changes, one of several.
#[inline(never)]
pub fn vector_write_among_many(
    writer: &mut icc_vector::Writer<Value, Tracked<MultiWriter>>,
    index: usize,
    value: &Value,
) -> Result<u64, WriteError> {
    writer.write(index, value)
}

/// As [`vector_write_among_many`], the slot's only writer.
#[inline(never)]
pub fn vector_write_alone(
    writer: &mut icc_vector::Writer<Value, Tracked<SingleWriter>>,
    index: usize,
    value: &Value,
) -> Result<u64, WriteError> {
    writer.write(index, value)
}

/// Whether anything in a vector has changed.
#[inline(never)]
pub fn vector_is_ready(changes: &Changes<Value>) -> bool {
    changes.is_ready()
}

/// A worker's claim.
#[inline(never)]
pub fn group_claim(worker: &mut Worker<Value>) -> Result<Claim<'_, Value>, TryClaimError> {
    worker.try_claim()
}

/// A worker that has handled its message.
#[inline(never)]
pub fn group_done(claim: Claim<'_, Value>) {
    claim.done();
}

/// A slot of a message of bytes, which is written.
///
/// # Safety
///
/// As of [`Seqlock::write_at`].
#[inline(never)]
pub unsafe fn piece_write(cell: &Seqlock<()>, version: u64, piece: Piece<'_>) {
    // SAFETY: by the caller.
    unsafe { cell.write_at(version, piece) }
}

/// A slot of a message of bytes, which is read.
#[inline(never)]
pub fn piece_read(
    cell: PieceReader<'_>,
    version: u64,
    words: &mut [u64; 3],
    out: &mut [MaybeUninit<u8>; 8],
) -> Result<(), BeingWritten> {
    cell.try_read_at(version, |found| {
        *words = found;
        out
    })
}
