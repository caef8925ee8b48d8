//! Where the nanoseconds went: stamps that messages carry, and hops that time them, from process to process.
//!
//! A [`Stamped`] message carries when its cause entered the system, when it was published itself, and by whom. A
//! [`Hop`] copies the origin from what it consumes to what it publishes, and puts one [`Timing`] into the ring of its
//! system. `icc top --hops NAME` shows each hop's rate and percentiles, live; a [`Reader`] gives the timings to your own
//! program.
//!
//! # Examples
//!
//! A feed and a model, here in one process:
//!
//! ```
//! use icc_queue::{Options, Queue, QueueReader};
//! use icc_trace::{Stamped, Trace, TraceSpec};
//!
//! type Tracing = icc_trace::On; // or `Off`: then nothing is left of all this
//!
//! let name = format!("icc-trace-hops-{}", std::process::id());
//! let quotes = format!("{name}-quotes");
//! let mut producer = Queue::<Stamped<f64, Tracing>>::create(&quotes, 1024, &Options::new())?.producer()?;
//! let mut consumer = QueueReader::<Stamped<f64, Tracing>>::open(&quotes, &Options::new())?.consumer();
//!
//! // In the feed:
//! let mut feed = Trace::<Tracing>::open_or_create(&name, &TraceSpec::new())?.hop("feed")?;
//! let cause = feed.enter(); // as soon as there is something to do
//! feed.pass(cause, 99.5, |message| producer.produce(message));
//!
//! // In the model, another process:
//! let mut model = Trace::<Tracing>::open_or_create(&name, &TraceSpec::new())?.hop("model")?;
//! let quote = consumer.try_consume()?;
//! let arrival = model.arrive(&quote);
//! let bid = quote.payload;
//! model.end(arrival); // or `pass`, with what came of it
//! # assert_eq!(bid, 99.5);
//! # icc_trace::remove(&name)?;
//! # icc_queue::remove(&quotes)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it costs
//!
//! A hop reads the clock twice and writes 32 bytes into a ring, after its own message is published. A message is 24 bytes
//! longer. [`sampling`](Hop::sampling) traces one cause in so many. With [`Off`], a hop has no state, a message is its payload,
//! and the compiled code is that of a program without.
//!
//! # What it cannot do to the system
//!
//! A hop never waits: not for a reader, nor for another hop, alive, stopped or dead. What it cannot record at once it
//! [drops](Hop::dropped). Garbage in the ring makes wrong figures, and nothing else. Who may write to the files may truncate
//! them, which ends the processes that have them mapped; give others read permission at most.
//!
//! # Beside this crate
//!
//! The queues that it times: [`icc-queue`](https://docs.rs/icc-queue). Who shows the hops: `icc top --hops`, of
//! [`icc-cli`](https://docs.rs/icc-cli). The guide to tracing is in the module `guides`.

#![cfg(all(target_os = "linux", not(icc_loom)))]

mod clock;
mod error;
mod files;
#[cfg(all(doc, not(doctest)))]
pub mod guides;
mod hop;
mod mode;
mod names;
mod reader;
mod recorder;
mod spec;
mod stamped;
mod stamps;
#[cfg(feature = "summary")]
mod summary;
mod timing;
mod trace;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use clock::{Clock, ClockError, Source};
pub use error::TraceError;
pub use hop::{Arrival, Hop};
pub use icc_buffer::Options;
pub use mode::{Mode, Off, On};
pub use reader::Reader;
pub use spec::TraceSpec;
pub use stamped::Stamped;
#[cfg(feature = "summary")]
pub use summary::{HopSummary, Summary, Times};
pub use timing::Timing;
pub use trace::{Trace, remove};
