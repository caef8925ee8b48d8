//! Queues and vectors between machines, over [zenoh](https://zenoh.io), with the promises of one machine: the
//! same sequence numbers on the other side, and every loss told as a range, wherever it happened.
//!
//! [`export`] is a consumer as any other: it slows nobody. [`import`] makes a *mirror*: an ordinary queue or
//! vector in shared memory here, which any program opens and reads as it does the source, and which no program
//! can tell from it but by [`source`](icc_queue::QueueReader::source). A position noted in one is one of both.
//!
//! # Examples
//!
//! Two machines, here in one process:
//!
//! ```
//! use icc_bridge::network::{Network, Zenoh};
//! use icc_bridge::{ExportOptions, ImportOptions, Stop, export, import};
//! use icc_queue::{Options, Queue, QueueReader, SpinThenYield};
//! use std::time::Duration;
//!
//! let [there, here] = ["there", "here"].map(|which| format!("icc-bridge-{which}-{}", std::process::id()));
//! let quotes = Queue::<u64>::create(&there, 1024, &Options::new())?;
//! let mut producer = quotes.producer()?;
//!
//! let one = Zenoh::open(&Network::default())?;
//! let mut towards = Network::default();
//! towards.connect = one.addresses();
//! let other = Zenoh::open(&towards)?;
//! let stop = Stop::new();
//! std::thread::scope(|scope| {
//!     let (there, here, stop) = (there.as_ref(), here.as_ref(), &stop);
//!     scope.spawn(move || export(&one, there, "site/quotes", &ExportOptions::default(), stop, &mut |_| {}));
//!     scope.spawn(move || import(&other, "site/quotes", here, &ImportOptions::default(), stop, &mut |_| {}));
//!
//!     let mirror = QueueReader::<u64>::open_within(here, Duration::from_secs(20), &Options::new())?;
//!     let mut consumer = mirror.consumer_from_oldest();
//!     producer.produce(&7);
//!     assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(7));
//!     assert_eq!(mirror.source(), Some(quotes.instance()));
//!     stop.set();
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! icc_queue::remove(&there)?;
//! icc_queue::remove(&here)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - Every message is given once, under its own number, or told as lost: on the way, at the reader of the
//!   [`export`], or in the mirror's ring. The [`Lost`](icc_queue::Lost) of a consumer says nothing of where it
//!   was; [`Imported`] and [`Exported`] do.
//! - A bridge that is killed and started again goes on: see [`Start`].
//! - A source that is made anew becomes a new mirror of the same name, and consumers of the old one find that
//!   its producers are gone and that it is not current any more. The two are never mixed.
//! - A vector is conflated: of a slot that changes often, the latest is sent. After a loss or a break the
//!   mirror asks for everything; no slot ever goes back to an older value.
//! - Of messages of any length, losses are exact in slots. In messages they are if the source has one producer.
//!
//! The guide `docs/between-machines.md` has topologies, costs and the limits.

mod about;
pub mod error;
mod event;
mod export;
pub mod frame;
mod import;
mod keys;
pub mod memory;
#[cfg(feature = "zenoh")]
pub mod network;
mod stop;
pub mod wire;

pub use about::{About, Kind};
pub use event::{Event, OnEvent};
pub use export::{ExportOptions, Exported, Start, export};
pub use import::{ImportOptions, Imported, import};
pub use stop::Stop;
