//! What a structure implements to be measured.
//!
//! | to measure | implement | and add it by |
//! |---|---|---|
//! | messages from a sender to a receiver | [`Target`], [`Link`], [`Sender`], [`Receiver`] | [`with`](crate::catalogue::Catalogue::with), [`with_lossy_queue`](crate::catalogue::Catalogue::with_lossy_queue), [`with_lossless_queue`](crate::catalogue::Catalogue::with_lossless_queue) |
//! | two producers at once | [`ManyProducers`] | [`with_many_producers`](crate::catalogue::Catalogue::with_many_producers) |
//! | many consumers in one thread | [`Broadcast`] | [`with_queue_fan_out`](crate::catalogue::Catalogue::with_queue_fan_out), [`with_cell_fan_out`](crate::catalogue::Catalogue::with_cell_fan_out) |
//! | a receiver that sleeps | [`Waking`], [`Sender`], [`Sleeper`] | [`with_waking`](crate::catalogue::Catalogue::with_waking) |
//! | one that sleeps in another process | [`WakingProcess`] too | [`with_waking_process`](crate::catalogue::Catalogue::with_waking_process) |
//! | one read or write of a cell | [`Operation`] | [`with_operation`](crate::catalogue::Catalogue::with_operation) |
//! | every value of a table read | [`Table`], [`ReadAll`] | [`with_table`](crate::catalogue::Catalogue::with_table) |

mod channel;
mod many;
pub(crate) mod message;
mod operation;
mod sleep;
mod table;

pub use self::channel::{Link, OpenError, Polled, Receiver, Sender, Target};
pub use self::many::{Broadcast, ManyProducers, OpenedForTwo};
pub use self::message::{Garbled, Message};
pub use self::operation::{Direction, Operation};
pub use self::sleep::{OpenedToSleep, Sleeper, Waking, WakingProcess};
pub use self::table::{ReadAll, Table};

/// Slots of each queue that is measured: what programs that fear a burst take, and few enough that
/// short messages stay in a core's cache.
pub const CAPACITY: usize = 1024;
