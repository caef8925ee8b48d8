//! What there is to show at one moment.

use crate::agent::Role;
use crate::model::MODELS;
use icc_trace::Timing;
use std::time::Duration;

/// A way that a message takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) name: &'static str,
    /// The hops whose timings tell.
    pub(super) of: &'static [&'static str],
    /// Which of a timing's times it is.
    pub(super) time: fn(&Timing) -> Duration,
}

/// Every way between two processes and within one, and the whole.
pub(super) const HOPS: [Hop; 7] = [
    Hop { name: "feed -> model", of: &MODEL, time: Timing::waited },
    Hop { name: "in the model", of: &MODEL, time: Timing::worked },
    Hop { name: "model -> overseer", of: &["overseer"], time: Timing::waited },
    Hop { name: "in the overseer", of: &["overseer"], time: Timing::worked },
    Hop { name: "overseer -> account", of: &["account"], time: Timing::waited },
    Hop { name: "in the account", of: &["account"], time: Timing::worked },
    Hop { name: "feed to report", of: &["account"], time: Timing::since_origin },
];

const MODEL: [&str; 2] = ["trend", "imbalance"];

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// Seconds since this dashboard attached.
    pub(super) at: f64,
    pub(super) processes: Vec<Process>,
    pub(super) hops: Vec<Latency>,
    pub(super) instruments: Vec<Instrument>,
    pub(super) orders: Orders,
    /// What happened lately, the newest first: when, and what. And how much has happened in all.
    pub(super) events: (Vec<(f64, String)>, u64),
}

/// How a process is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    pub(super) role: Role,
    pub(super) state: State,
    pub(super) pid: u32,
    pub(super) starts: u32,
    /// Seconds that it has been running, or was.
    pub(super) uptime: f64,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) lost: u64,
    /// Messages in its input that it has not read yet.
    pub(super) lag: Option<u64>,
    /// Messages a second since the last picture.
    pub(super) received_rate: f64,
    pub(super) sent_rate: f64,
}

/// Whether a process is well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// Not started yet.
    Absent,
    Live,
    /// It has said nothing for so many seconds: killed, stopped, or without a core.
    Silent(f64),
}

/// How long something took, of late, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latency {
    pub(super) hop: Hop,
    pub(super) count: u64,
    /// The percentiles 50, 90, 99 and 99.9, and the longest.
    pub(super) values: [u64; 5],
}

/// What those values are.
pub(super) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];

/// What is wanted and had of an instrument. `None` where it could not be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instrument {
    pub(super) name: &'static str,
    /// Bid and ask in ticks, if known.
    pub(super) market: Option<(i64, i64)>,
    pub(super) ideal: [Option<i64>; MODELS.len()],
    pub(super) live: Option<i64>,
    pub(super) fills: u64,
    /// In hundredths of money, at the middle of the market.
    pub(super) profit: Option<f64>,
}

/// What came of all orders since this dashboard attached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Orders {
    /// Sent since the system was started.
    pub(super) sent: u64,
    pub(super) filled: u64,
    pub(super) refused: u64,
    /// Reports that this dashboard lost.
    pub(super) unknown: u64,
}
