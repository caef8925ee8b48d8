//! A sound sequence lock: one value, written often, read by anyone, never locked against its
//! readers.
//!
//! [`Seqlock<T>`] holds any plain-data `T` ([`Payload`]). Readers copy it out and know whether a
//! write crossed the copy; they write nothing, so a writer's cost does not grow with their number.
//! All accesses to the value are atomic, so there is no data race, unlike in the usual seqlock,
//! which copies with plain or volatile accesses.
//!
//! # When to use it, and when not
//!
//! Use it for one value of up to a few kilobytes that changes often and of which only the newest
//! state matters: a position, a best price, a clock offset, a configuration. Writers never wait for
//! readers, so a reader may have to try again: if a large value is written back to back, it may
//! have to try for long. If readers must see *every* value, use a queue. If the value owns memory
//! (a `Vec`, an `Arc`), it cannot be copied byte by byte: use a mutex or `arc-swap`.
//!
//! # Which call
//!
//! | you want | call |
//! |---|---|
//! | the value | [`read`](Seqlock::read), or [`read_into`](Seqlock::read_into) without a second copy |
//! | the value only if it changed | [`read_if_newer`](Seqlock::read_if_newer), [`read_into_if_newer`](Seqlock::read_into_if_newer) |
//! | never to wait | [`try_read`](Seqlock::try_read), [`try_read_into`](Seqlock::try_read_into), [`try_write`](Seqlock::try_write) |
//! | many writers | [`write`](Seqlock::write), [`update`](Seqlock::update) |
//! | one writer, cheapest | [`split`](Seqlock::split), then [`Writer::write`] |
//!
//! # Cfgs
//!
//! `--cfg icc_portable_copy` in `RUSTFLAGS` forces the copy in plain atomic words everywhere;
//! `--cfg icc_loom` puts the crate under the loom model checker. Neither is a feature, so that no
//! dependency can switch them on behind your back.
//!
//! # Beside this crate
//!
//! What is built on it: [`icc-buffer`](https://docs.rs/icc-buffer), [`icc-queue`](https://docs.rs/icc-queue),
//! [`icc-vector`](https://docs.rs/icc-vector).

#![cfg_attr(not(any(icc_loom, test)), no_std)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(not(target_has_atomic = "64"))]
compile_error!("icc-seqlock needs a target with 64-bit atomics");

#[cfg(not(icc_loom))]
mod copy;
mod error;
#[cfg(all(doc, not(doctest)))]
pub mod guides;
mod payload;
#[cfg(not(icc_loom))]
mod piece;
#[doc(hidden)]
pub mod primitive;
mod seqlock;
mod source;
mod split;
#[cfg_attr(icc_loom, path = "storage_loom.rs")]
mod storage;
mod tag;
#[cfg(not(icc_loom))]
mod untyped;
mod write;

pub use error::BeingWritten;
pub use payload::Payload;
#[cfg(not(icc_loom))]
pub use piece::{Piece, PieceReader};
pub use seqlock::Seqlock;
pub use source::Source;
pub use split::{Reader, Writer};
pub use tag::Tag;
#[cfg(not(icc_loom))]
pub use untyped::{PayloadBytes, UntypedReader, UntypedWriter};
