//! What the feed and the strategy of `two_processes` share: the messages, their names in shared memory, and how a
//! queue and a table of latest values belong together.

use bytemuck::{Pod, Zeroable};
use icc_queue::{Options, QueueSpec};
use icc_schema::{Describe, DescribeOptions as _};

/// What is traded.
pub const SYMBOLS: [&str; 3] = ["ALPHA", "BRAVO", "CHARLIE"];

/// A price, as it goes through the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Tick {
    /// In units of money.
    pub price: f64,
    /// Less than the number of [`SYMBOLS`].
    pub symbol: u32,
    /// The number of this tick among those of its symbol. A feed that starts begins with 1.
    pub serial: u32,
}

/// The newest tick of a symbol, as it stands in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Describe)]
#[repr(C)]
pub struct Latest {
    /// The tick.
    pub tick: Tick,
    /// Its sequence number in the queue: messages before it are older than this value.
    pub sequence: u64,
}

/// The files of the queue and of the table, by what the whole is called.
#[must_use]
pub fn names(of: &str) -> [String; 2] {
    [format!("{of}.ticks"), format!("{of}.latest")]
}

/// The queue keeps the last 1,024 ticks, and wakes a strategy that sleeps.
#[must_use]
pub fn queue() -> QueueSpec {
    QueueSpec::new(1_024).wakeable()
}

/// As it is created, and said to whoever looks with the command `icc`.
#[must_use]
pub fn described<T: Describe>() -> Options {
    Options::new().describe::<T>()
}
