//! Creating, producing and writing from C and C++.
//!
//! The header `include/icc_write.h` is this crate's for C; a test compares the two. Reading needs no
//! library: `include/icc.h`.
//!
//! Every function returns a [`Status`]; what went wrong, in the words of the library,
//! [`icc_error_text`] tells. None lets a panic out.

#![cfg(target_os = "linux")]
// A program in C calls these; the contract of each pointer is said once, below.
#![expect(clippy::missing_safety_doc, reason = "said once, in the module `pointers`")]

mod bytes;
mod create;
mod error;
mod payload;
mod pointers;
mod producer;
mod status;
mod writer;

pub use bytes::{
    BytesProducer, icc_bytes_create, icc_bytes_producer_close, icc_bytes_producer_longest, icc_bytes_producer_next,
    icc_bytes_producer_open, icc_bytes_producer_produce, icc_bytes_producer_try_produce,
};
pub use create::{Files, QueueSpec, VectorSpec, icc_queue_create, icc_remove, icc_vector_create};
pub use error::icc_error_text;
pub use payload::Payload;
pub use producer::{
    Producer, icc_producer_close, icc_producer_message_size, icc_producer_next, icc_producer_open,
    icc_producer_produce, icc_producer_produce_at, icc_producer_produce_batch, icc_producer_try_produce,
};
pub use status::Status;
pub use writer::{
    Writer, icc_writer_close, icc_writer_open, icc_writer_slots, icc_writer_value_size, icc_writer_write,
};
