//! Streams over the queues and vectors of icc, for any executor.
//!
//! A [`ConsumerStream`] yields a queue's messages, a [`VectorStream`] the changes of a table. They
//! are [`Stream`](futures_core::Stream)s, and have a `next` of their own for programs without a
//! stream crate. They work with any executor, and depend on none.
//!
//! # Examples
//!
//! ```
//! use icc_async::ConsumerStream;
//! use icc_queue::{Lost, Queue, QueueSpec};
//!
//! let queue = Queue::<u64>::new(QueueSpec::new(1024).wakeable())?;
//! let mut messages = ConsumerStream::new(queue.consumer());
//! let mut producer = queue.producer()?;
//! std::thread::spawn(move || (0..100).for_each(|n| _ = producer.produce(&n)));
//!
//! # #[cfg(not(miri))]
//! futures_lite::future::block_on(async {
//!     for expected in 0..100 {
//!         match messages.next().await {
//!             Ok(message) => assert_eq!(message, expected),
//!             Err(lost) => println!("{lost}"), // and the stream goes on after it
//!         }
//!     }
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With tokio, in a `select!` beside something else:
//!
//! ```
//! use icc_async::ConsumerStream;
//! use icc_queue::{Queue, QueueSpec};
//! use std::time::Duration;
//!
//! # #[cfg(not(miri))]
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let queue = Queue::<u64>::new(QueueSpec::new(1024).wakeable())?;
//!     let mut messages = ConsumerStream::new(queue.consumer());
//!     let mut producer = queue.producer()?;
//!     std::thread::spawn(move || (0..10).for_each(|n| _ = producer.produce(&n)));
//!
//!     let mut beat = tokio::time::interval(Duration::from_millis(1));
//!     let mut received = 0;
//!     while received < 10 {
//!         tokio::select! {
//!             message = messages.next() => match message {
//!                 Ok(_) => received += 1,
//!                 Err(lost) => println!("{lost}"),
//!             },
//!             _ = beat.tick() => println!("{received} so far"),
//!         }
//!     }
//!     Ok(())
//! }
//! # #[cfg(miri)]
//! # fn main() {}
//! ```
//!
//! Three queues into one task, as [`Stream`](futures_core::Stream)s that a stream crate joins:
//!
//! ```
//! use futures_lite::StreamExt as _;
//! use icc_async::ConsumerStream;
//! use icc_queue::{Queue, QueueSpec};
//!
//! # #[cfg(not(miri))]
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let queue = || Queue::<u64>::new(QueueSpec::new(1024).wakeable());
//!     let queues = [queue()?, queue()?, queue()?];
//!     let [trades, quotes, orders] = queues.each_ref().map(|queue| ConsumerStream::new(queue.consumer()));
//!     let all = trades
//!         .map(|message| ("trade", message))
//!         .or(quotes.map(|message| ("quote", message)))
//!         .or(orders.map(|message| ("order", message)));
//!     let producers = queues.each_ref().map(|queue| queue.producer());
//!     std::thread::spawn(move || {
//!         for producer in producers {
//!             producer.expect("it has none yet").produce(&7);
//!         }
//!     });
//!
//!     let mut names: Vec<_> = all.take(3).map(|(name, message)| (name, message.expect("none is lost"))).collect().await;
//!     names.sort();
//!     assert_eq!(names, [("order", 7), ("quote", 7), ("trade", 7)]);
//!     Ok(())
//! }
//! # #[cfg(miri)]
//! # fn main() {}
//! ```
//!
//! [`produce`] puts a message into a queue, and waits while a consumer that
//! [holds](icc_queue::QueueReader::holding_consumer) is in the way.
//!
//! # How a task is woken
//!
//! Polling a stream that has something costs what polling the consumer costs, and no lock. A stream
//! that has nothing is handed, with its waker, to a thread of this crate, which sleeps in one system
//! call at the bells of up to 126 streams. A producer's ring wakes that thread, which wakes the
//! task. Threads are started when they are needed, by name `icc-async`. One that has nothing to do
//! looks around twice a second, and ends a second after its last stream was dropped.
//!
//! That costs one more step than a thread of your own that sleeps at the bell with
//! [`Park`](icc_queue::Park), and two more than one that spins. Nanoseconds want a thread; tasks are
//! for what may take microseconds: gateways, dashboards, recorders.
//!
//! A task that waits for room in [`produce`] is woken in the same way. Its thread is another, which looks
//! around every 5 milliseconds, since a holder that dies wakes nobody.
//!
//! Create the queue or vector [wakeable](icc_queue::QueueSpec::wakeable). Streams over others work,
//! but their thread has to poll: 50 microseconds after the last message at first, every 10
//! milliseconds in the end.
//!
//! # What a task may rely on
//!
//! - A message that was lost is an item, [`Err(Lost)`](icc_queue::Lost), and never the end: a queue
//!   has no end.
//! - After [64 items](ConsumerStream) in a row a stream lets the executor run other tasks.
//! - Dropping `next()` before it is done, as `select!` does, loses nothing.
//! - Dropping a stream leaves nothing behind.
//! - A child made by `fork` has no threads of its parent: it makes its own streams.
//!
//! # Beside this crate
//!
//! The queues and tables themselves: [`icc-queue`](https://docs.rs/icc-queue),
//! [`icc-vector`](https://docs.rs/icc-vector).

#[cfg(not(icc_loom))]
mod bytes;
mod claims;
mod consumer;
mod entry;
mod produce;
#[cfg_attr(not(icc_loom), allow(unreachable_pub, reason = "models have threads of their own"))]
mod reactor;
mod shard;
mod turns;
mod vector;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(not(icc_loom))]
pub use bytes::BytesStream;
pub use claims::{ClaimStream, Claimed};
pub use consumer::ConsumerStream;
#[cfg(not(icc_loom))]
pub use produce::produce;
#[cfg(icc_loom)]
pub use produce::produce_with_threads;
#[cfg(icc_loom)]
pub use reactor::Reactor;
pub use vector::VectorStream;
