//! A broadcast queue: every consumer sees every message, producers never wait.
//!
//! A ring of seqlocks. Producers know nothing of consumers: they never wait for one, never read anything that one writes,
//! and get no slower as more attach. A consumer that is too slow loses messages, and is told exactly which. A consumer
//! attaches at any time.
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod consumer;
mod error;
mod geometry;
mod mode;
mod mpmc;
mod producer;
mod queue;
mod reader;
#[cfg(all(target_os = "linux", not(icc_loom)))]
mod shared;
mod spmc;

pub use consumer::Consumer;
pub use error::{BatchTooLong, Lost, ProducerError, QueueError, TryConsumeError};
pub use icc_buffer::BufferError;
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub use icc_buffer::{Demand, HugePages, Options, Origin, Owner, remove};
pub use mode::{Mode, Mpmc, Spmc};
pub use producer::Producer;
pub use queue::Queue;
pub use reader::QueueReader;
