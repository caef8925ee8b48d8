//! A broadcast queue: every consumer sees every message, producers never wait.
//!
//! A ring of seqlocks. Producers know nothing of consumers: they never wait for one, never read
//! anything that one writes, and get no slower as more attach. A consumer that is too slow loses
//! messages, and is told exactly which. A consumer attaches at any time.
//!
//! # Examples
//!
//! A producer and two consumers, each on its own thread:
//!
//! ```
//! use bytemuck::{Pod, Zeroable};
//! use icc_queue::{Queue, TryConsumeError};
//!
//! #[derive(Clone, Copy, Debug, Pod, Zeroable)]
//! #[repr(C)]
//! struct Quote {
//!     bid: f64,
//!     ask: f64,
//! }
//!
//! let queue = Queue::<Quote>::new(1024)?;
//! let mut producer = queue.producer()?;
//!
//! std::thread::scope(|scope| {
//!     for _ in 0..2 {
//!         let mut consumer = queue.consumer();
//!         scope.spawn(move || {
//!             let (mut received, mut lost) = (0, 0);
//!             while received + lost < 500 {
//!                 match consumer.try_consume() {
//!                     Ok(quote) => {
//!                         assert!(quote.bid < quote.ask);
//!                         received += 1;
//!                     }
//!                     Err(TryConsumeError::Empty) => std::hint::spin_loop(),
//!                     Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
//!                 }
//!             }
//!         });
//!     }
//!     for n in 0..500 {
//!         producer.produce(&Quote { bid: 100.0 + f64::from(n), ask: 100.5 + f64::from(n) });
//!     }
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Between processes
//!
//! Only the first line of each side changes: it names a file in `/dev/shm`, or a path. The one that
//! produces creates the queue, or opens it if it was there before; those that consume map it read-only.
//!
#![cfg_attr(
    target_os = "linux",
    doc = r#"
```
use icc_queue::{ConsumeTimeoutError, Options, Park, Queue, QueueReader, QueueSpec};
use std::time::Duration;

let name = format!("icc-quotes-{}", std::process::id());

// The feed: whoever comes first creates the queue, and it stays when its process ends.
let spec = QueueSpec::new(1024).wakeable();
let (feed, _) = Queue::<u64>::open_or_create(&name, spec, &Options::new())?;
let mut producer = feed.producer()?;

// A strategy, in another process: it waits for a feed that has not started, sleeps while nothing
// comes, is told what it lost, and finds out that the feed is gone.
let quotes = QueueReader::<u64>::open_within(&name, Duration::from_secs(10), &Options::new())?;
let mut consumer = quotes.consumer();
producer.produce(&7);
match consumer.consume_timeout(&mut Park::default(), Duration::from_secs(1)) {
    Ok(quote) => assert_eq!(quote, 7),
    Err(ConsumeTimeoutError::SpedPast(lost)) => println!("{lost}"),
    Err(_) => println!("{} feeds live", quotes.living_producers()?),
}
icc_queue::remove(&name)?;
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]
//!
//! Either may be killed at any instruction: `guides::death` says what the other sees, and
//! `examples/two_processes` in the repository is such a pair.
//!
//! # Beside this crate
//!
//! The newest value of each key: [`icc-vector`](https://docs.rs/icc-vector). Queues as streams for
//! tokio and others: [`icc-async`](https://docs.rs/icc-async). Fields that tools and other languages
//! see: [`icc-schema`](https://docs.rs/icc-schema). What is on a machine, recordings: the command
//! [`icc`](https://docs.rs/icc-cli). Latency hop by hop: [`icc-trace`](https://docs.rs/icc-trace).
//! One value, and the cell beneath all: [`icc-seqlock`](https://docs.rs/icc-seqlock). A structure of
//! your own: [`icc-buffer`](https://docs.rs/icc-buffer).
//!
//! The project's guides are in the module `guides`: what happens when a process dies, which wait to
//! choose, capacity, payload types, losing nothing, groups, messages of any length, shared memory.
//!
//! # Choosing
//!
//! ## Capacity
//!
//! Longest pause of the slowest consumer that must not lose messages × message rate, plus one
//! third. A million messages a second and a pause of 10 ms make 10,000 messages, with a third more
//! 13,333: a capacity of 16,384. Pauses are longer than they seem: a thread that shares its core
//! may be away for many milliseconds.
//!
//! A ring that fits the cores' caches is the quickest (at 56 bytes one of 64 slots had 1.11 times
//! the latency of bare atomics, one of 256 or 1,024, more than the first-level cache, 1.24), so do
//! not choose it larger than needed. A slot takes the message and 8 bytes, rounded up to a power of
//! two up to 64 bytes and to a multiple of 64 above (with many producers, of 128; on Zen 3 to 64 if
//! it fits). Then watch the [`headroom`](Consumer::headroom) of the slowest consumer for a day.
//!
//! ## Mode
//!
//! [`Spmc`] if all messages come from one thread: it is the cheapest. [`Mpmc`] if several threads
//! or processes produce into one stream, and consumers need it in one order. Where they do not, one
//! [`Spmc`] queue for each producer is quicker still.
//!
//! ## Wait strategy
//!
//! What a consumer does while there is nothing. It matters to that consumer alone, except for
//! [`Park`]: producers of a [wakeable](QueueSpec::wakeable) queue wake those who sleep.
//!
//! | the thread | choose | latency | the core |
//! |---|---|---|---|
//! | has a core to itself | [`BusySpin`] | the least | always busy |
//! | may share its core | [`SpinThenYield`] | as little, while it is alone | busy, but gives way |
//! | may be late by ten milliseconds | [`SpinThenSleep`] | the sleep, which grows while it is idle | mostly free |
//! | is idle for long, on a wakeable queue | [`Park`] | that of being woken: microseconds | free |
//! | has other work in its loop | none: [`try_consume`](Consumer::try_consume), [`drain`](Consumer::drain) | one loop | yours |
//!
//! A thread that polls one queue with `try_consume` and has nothing else to do may put a
//! [`spin_loop`](core::hint::spin_loop) between two looks, as in the example above and in
//! [`BusySpin`]: the producer has to take the cache line from the core that looks. In a bare
//! ping-pong on near cores of a Zen 4 a message of 8 bytes then took 43.5 ns instead of 54.7;
//! elsewhere it changed nothing, so measure on yours. A thread that goes round several queues needs
//! none: the other looks are the pause.
//!
//! [`consume`](Consumer::consume) waits for ever if no producer lives;
//! [`consume_timeout`](Consumer::consume_timeout) gives up.
//!
//! ```
//! use icc_queue::{ConsumeTimeoutError, Queue, SpinThenYield};
//! use std::time::Duration;
//!
//! let queue = Queue::<u64>::new(1024)?;
//! let mut consumer = queue.consumer();
//! match consumer.consume_timeout(&mut SpinThenYield::default(), Duration::from_millis(1)) {
//!     Ok(message) => println!("{message}"),
//!     Err(ConsumeTimeoutError::TimedOut { after }) => println!("nothing for {after:?}"),
//!     Err(other) => println!("{other}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Recovery policy
//!
//! Where a consumer goes on when it was too slow and messages were overwritten. It is told which in
//! any case.
//!
//! | the consumer | choose |
//! |---|---|
//! | wants as many messages as it can get: a recorder, statistics | [`Recovery::Oldest`], the default |
//! | only cares for what is now: a dashboard, a price to trade on | [`Recovery::Newest`] |
//! | builds a state that a gap makes wrong: an order book from changes | [`Recovery::Stop`]; then get a snapshot and [`resume`](Consumer::resume) |
//!
//! ## Where to start
//!
//! [`consumer`](QueueReader::consumer) for what comes from now on,
//! [`consumer_from_oldest`](QueueReader::consumer_from_oldest) for all that is still there,
//! [`consumer_at`](QueueReader::consumer_at) to go on where an earlier consumer stopped.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// First, so that the page of `Queue` begins with `new`.
mod alone;
mod queue;

#[cfg(not(icc_loom))]
pub mod bytes;
mod consumer;
mod error;
mod gaps;
mod gate;
mod geometry;
mod group;
#[cfg(all(doc, not(doctest)))]
pub mod guides;
mod holding;
mod layout;
mod ledger;
mod mode;
mod mpmc;
#[cfg_attr(any(not(target_os = "linux"), icc_loom), path = "place_none.rs")]
mod place;
mod position;
mod producer;
mod reader;
mod readers;
mod room;
mod seen;
#[cfg(all(target_os = "linux", not(icc_loom)))]
mod shared;
mod spec;
mod spmc;
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub mod untyped;
mod within;

pub use consumer::{Consumer, Drain, Numbered, Recovery};
pub use error::{
    BatchTooLong, ConsumeError, ConsumeTimeoutError, Lost, ProduceAtError, ProducerError, QueueError, StartError,
    TryConsumeError, TryProduceError,
};
pub use group::{
    Claim, ClaimError, ClaimTimeoutError, Group, GroupError, GroupLost, GroupStart, GroupStatus, SetAside,
    TryClaimError, Worker, WorkerStatus,
};
pub use holding::{Evict, HoldError};
#[doc(hidden)]
pub use icc_buffer::Found;
pub use icc_buffer::{
    Bell, BufferError, BusySpin, EntryError, Notifier, Park, Payload, ReaderKind, Ready, SpinThenSleep, SpinThenYield,
    WaitSet, WaitSetError, WaitStrategy, Waitable, Waited, Waiter,
};
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub use icc_buffer::{Demand, Descriptors, HugePages, Options, Origin, Owner, remove};
pub use mode::Mode;
pub use mpmc::Mpmc;
pub use position::Position;
pub use producer::Producer;
pub use queue::Queue;
pub use reader::QueueReader;
pub use readers::ReaderStatus;
pub use room::Room;
pub use seen::{Seen, SeenError};
pub use spec::QueueSpec;
pub use spmc::Spmc;
