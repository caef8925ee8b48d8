//! Measures what a message costs from one pinned core to another.
//!
//! The binary of the same name does it for everything in this workspace. The library is the harness behind it, so that
//! other structures can be measured beside these, by the same method and in the same run: implement
//! [`Target`](link::Target) or [`Operation`](scenario::copy_cost::Operation) for each, add them to a [`Catalogue`](catalogue::Catalogue), and hand it to [`cli::run`].
//!
//! # Method
//!
//! - Two threads on two cores, each pinned and the pin verified ([`pin`], [`pair`]), pass messages to and fro over two
//!   links of one kind ([`link`]). Half of each round trip is a sample ([`scenario::one_way_latency`]).
//! - Stamps come from the processor's counter where it is invariant, fenced, and what they cost is taken off ([`clock`]).
//! - Every message is checked, all of it ([`message`]). Every wait is bounded: a lost message is an error, not a hang.
//! - What one operation costs on one core is the mean of a batch of them, beside a plain copy of the same bytes
//!   ([`scenario::copy_cost`]); what readers cost a writer is measured likewise ([`scenario::fan_out`]).
//! - What a queue's producer pays alone ([`scenario::produce_cost`]), at full speed beside a consumer ([`scenario::stream`]) and
//!   beside another producer ([`scenario::multi_producer`]) is such a mean, too; every message is accounted for.
//! - The first samples of a round are dropped. Rounds of all targets take turns, and each stands between two rounds of
//!   a reference (two bare atomics, a plain copy): its ratio is to those, and it is dropped if they disagree ([`rounds`]).
//! - Reported are medians over the rounds, with the range of the ratios ([`report`]), and the machine ([`machine`]).

pub mod catalogue;
pub mod cli;
mod harness;
pub mod link;
mod model;
mod report;
mod scenario;
mod targets;

/// The programs in the project's guides, run as they stand.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/capacity.md")]
    struct Capacity;
    #[doc = include_str!("../../../docs/death.md")]
    struct Death;
    #[doc = include_str!("../../../docs/payloads.md")]
    struct Payloads;
}
