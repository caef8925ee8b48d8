//! The shipped operations, each alone in a function, for `cargo xtask litmus` to compile and compare with the
//! litmus tests of `litmus/aarch64`, `litmus/aarch64-exclusive` and `litmus/x86_64`.
//!
//! Most are of two words, which are copied by atomic accesses on every processor.

use icc_queue::{Consumer, Mpmc, Producer, Spmc, TryConsumeError};
use icc_seqlock::{BeingWritten, Seqlock, Tag, Writer};

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
