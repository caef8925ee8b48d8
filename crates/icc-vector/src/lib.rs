//! A table of latest values: one slot a key, many writers and many readers, only the newest value
//! of each matters.
//!
//! Ideal positions from models, best bid and offer per symbol, the health of each worker. Readers
//! never block a writer, in one process or in many. They copy a value out and know whether a write
//! crossed the copy.
//!
//! # Ideal positions: from models to an overseer
//!
//! Each model owns some slots and writes them with plain stores ([`SingleWriter`]). When a model
//! starts, the vector checks, across processes, that no other model owns one of its slots. The
//! overseer reads all of them whenever it likes.
//!
//! ```
//! use bytemuck::{Pod, Zeroable};
//! use icc_vector::{Options, SeqlockVector, SingleWriter, VectorReader};
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
//! #[repr(C)]
//! struct Ideal {
//!     position: f64,
//!     limit_price: f64,
//! }
//!
//! let name = format!("ideal-positions-{}", std::process::id());
//! let positions = SeqlockVector::<Ideal, SingleWriter>::create(&name, 20, &Options::new())?;
//!
//! // Two models, each in a thread or process of its own, pinned to its core.
//! let mut trend = positions.writer_of(0..10)?;
//! let mut carry = positions.writer_of(10..20)?;
//! assert!(positions.writer_of(5..6).is_err()); // the trend model's
//! trend.write(3, &Ideal { position: 250.0, limit_price: 99.5 })?;
//! carry.write(13, &Ideal { position: -50.0, limit_price: 101.0 })?;
//!
//! // The overseer, in another process, cannot write: its memory is mapped read-only.
//! let overseer = VectorReader::<Ideal>::open(&name, &Options::new())?;
//! let exposure = overseer.iter().map(|ideal| ideal.map(|ideal| ideal.position)).sum::<Result<f64, _>>()?;
//! assert_eq!(exposure, 200.0);
//!
//! // Several positions of one model at one moment: no write crossed this.
//! let mut book = overseer.snapshot([3, 4])?;
//! let [first, second] = book.take()? else { unreachable!("it asked for two") };
//! assert_eq!((first.position, second.position), (250.0, 0.0));
//! icc_vector::remove(&name)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A quote board
//!
//! Best bid and offer of many symbols, few of which change at any moment. Writers of a [`Tracked`]
//! vector count changes, and a cursor yields only what changed.
//!
//! ```
//! use bytemuck::{Pod, Zeroable};
//! use icc_vector::{SeqlockVector, Tracked, MultiWriter};
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
//! #[repr(C)]
//! struct Quote {
//!     bid: f64,
//!     ask: f64,
//! }
//!
//! let board = SeqlockVector::<Quote, Tracked<MultiWriter>>::new(100_000)?;
//! let mut strategy = board.changes_from_now();
//!
//! std::thread::scope(|scope| {
//!     for venue in 0..2_usize {
//!         let mut feed = board.writer().expect("fewer than 64 writers");
//!         scope.spawn(move || {
//!             for symbol in [7, 500, 99_999] {
//!                 let bid = 100.0 + venue as f64;
//!                 feed.write(symbol, &Quote { bid, ask: bid + 0.5 }).expect("the symbol exists");
//!             }
//!         });
//!     }
//! });
//!
//! let changed: Vec<_> = strategy.poll().map(|change| change.index).collect();
//! assert_eq!(changed, [7, 500, 99_999]);
//! assert_eq!(strategy.poll().count(), 0);
//!
//! // A bid that only ever improves: read and written as one step against the other feeds.
//! let mut feed = board.writer()?;
//! feed.update(7, |quote| quote.bid = quote.bid.max(100.25))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which type
//!
//! | you want | type |
//! |---|---|
//! | any thread writes any slot | `SeqlockVector<T>`, which is `SeqlockVector<T, MultiWriter>` |
//! | the cheapest writes, with one writer for each slot | `SeqlockVector<T, SingleWriter>` |
//! | to follow the changes of a large table | `SeqlockVector<T, Tracked<…>>` |
//! | a table that is mostly read as a whole | `SeqlockVector<T, …, Packed>` |
//!
//! Readers need none of this: a [`VectorReader<T>`](VectorReader) reads them all.
//!
//! Reading all of 1,000 slots of 56 bytes took 1.10 times as long packed, and 1.12 times padded, as
//! copying a plain slice of them. A write of an 8-byte slot by one core took 3.1 ns padded,
//! whatever another core did with the neighbouring slot. Packed it took 3.6 ns if that slot was
//! left alone, 12 ns if it was read all the time and 8 ns if it was written. (AMD EPYC, Zen 4. To
//! repeat it: `cargo bench -p icc-bench --bench vector -- slots`.)
//!
//! # Values from the beginning
//!
//! A new vector holds zeros, at version 0. Where a zero could be taken for a value, as of a limit or a
//! price, either readers ask with [`read_if_written`](VectorReader::read_if_written), or the creator gives
//! values: [`new_with`](SeqlockVector::new_with), `create_with`, `open_or_create_with`. In shared memory
//! nobody can open the vector before they are all there, and a creator that is killed before leaves none.
//!
//! # Which guarantee
//!
//! Every value is whole: never mixed from two writes. How several values relate to each other
//! depends on the call:
//!
//! | call | each value is | of several values |
//! |---|---|---|
//! | [`read`](VectorReader::read), [`read_into`](VectorReader::read_into), … | the newest complete one when it was copied | nothing |
//! | [`read_all_into`](VectorReader::read_all_into), [`read_range_into`](VectorReader::read_range_into), [`iter`](VectorReader::iter) | the newest complete one when its turn came | a later slot is read later; writes may come between |
//! | [`Snapshot::take`] | as it was at one moment | all of the same moment: no write to any of them crossed it |
//! | [`Changes::poll`] | the newest complete one when its turn came | every slot that changed is yielded, by this poll or the next |
//! | [`wait_for_change`](VectorReader::wait_for_change) | newer than the version given | nothing |
//!
//! Of several writes to a slot in a row a reader may see only the last. A reader that must see each
//! of them needs a queue.
//!
//! A poll of a cursor costs one load a counter (at most 1024) and, for each block of slots with a
//! change, one load a slot: see [`Changes`] for the figures. Without counters ([`Tracked`]) it
//! costs one load for each slot of the whole table.
//!
//! # When a writer dies
//!
//! In shared memory a process can be killed in the middle of a write. The slot's old value is then
//! gone. While a slot is being written, its version names the writer, and a lock that the kernel
//! keeps tells whether that writer is alive. So calls that wait return [`WriterDied`] once the
//! kernel proves the death, and the next write makes the slot readable again. All other slots are
//! untouched. A writer that is only stopped is never taken for dead: readers of the one slot that
//! it was writing get [`Busy`] until it goes on.
//!
//! So a writer records nothing but the value and its version.
//!
//! # Beside this crate
//!
//! Streams of messages: [`icc-queue`](https://docs.rs/icc-queue), whose module `guides` has the guides
//! on processes that die, waiting and shared memory.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod changes;
mod death;
mod error;
mod initial;
mod mode;
mod reader;
mod register;
#[cfg(all(target_os = "linux", not(icc_loom)))]
mod shared;
mod snapshot;
mod spec;
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub mod untyped;
mod vector;
mod wait;
mod write;
mod writer;

pub use changes::{Change, Changed, Changes};
pub use error::{
    Busy, OutOfRange, ReadAllError, ReadError, SnapshotError, TryReadError, Unchanged, VectorError, WaitError,
    WriteError, WriterDied, WriterError,
};
pub use icc_buffer::{
    Bell, BufferError, BusySpin, Notifier, Packed, Padded, Park, Payload, Placement, Ready, SpinThenSleep,
    SpinThenYield, WaitSet, WaitSetError, WaitStrategy, Waitable, Waited, Waiter,
};
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub use icc_buffer::{Demand, Descriptors, HugePages, Options, Origin, Owner, remove};
pub use mode::{Exclusive, Mode, MultiWriter, Shared, SingleWriter, Tracked};
pub use reader::{Iter, VectorReader};
pub use snapshot::Snapshot;
pub use spec::VectorSpec;
pub use vector::SeqlockVector;
pub use write::Writer;
