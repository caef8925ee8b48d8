//! Measures what a message costs from one pinned core to another.
//!
//! The binary of the same name does it for everything in this workspace. The library is the harness
//! behind it, so that other structures can be measured beside these, by the same method and in the
//! same run: implement [`Target`](link::Target), [`Operation`](link::Operation) or another trait of
//! [`link`] for each, add them to a [`Catalogue`](catalogue::Catalogue), and pass it to
//! [`cli::run`].
//!
//! # Method
//!
//! - Two threads on two cores, each pinned and the pin verified, pass messages to and fro over two
//!   links of one kind. Half of each round trip is a sample.
//! - Stamps come from the processor's counter where it is invariant, fenced, and their own cost is
//!   subtracted.
//! - Every message is checked, all of it. Every wait is bounded: a lost message is an error, not a
//!   hang.
//! - What one operation costs on one core is the mean of a batch of them, beside a plain copy of
//!   the same bytes; what readers cost a writer is measured likewise.
//! - What a queue's producer pays alone, at full speed beside a consumer and beside another
//!   producer is such a mean, too; every message is accounted for.
//! - The first samples of a round are dropped. Rounds of all targets alternate, and each stands
//!   between two rounds of a reference (two bare atomics, a plain copy): its ratio is to those, and
//!   it is dropped if they disagree.
//! - Reported are medians over the rounds, with the range of the ratios, and the machine.
//!
//! # Layers
//!
//! Each module uses only those below it:
//!
//! | module | what is in it |
//! |---|---|
//! | [`cli`] | options, a run from begin to end, the files it leaves |
//! | `prediction` | a model of line transfers: its constants, its formulas, and what they predict |
//! | [`catalogue`] | which targets are measured in which scenario |
//! | `scenario` | one file a scenario: its description as data, and the code that measures a round |
//! | `harness` | pinned threads, the clock, rounds and their plan, the machine |
//! | `targets`, `report` | this workspace's structures as targets; tables, page and plots, made from `model` alone |
//! | [`link`], `model` | what a target implements; a run's results as data, and their JSON |
//!
//! # Beside this crate
//!
//! What it measures: [`icc-queue`](https://docs.rs/icc-queue), [`icc-vector`](https://docs.rs/icc-vector),
//! [`icc-seqlock`](https://docs.rs/icc-seqlock). How to measure and to read the figures is in the module `guides`.

pub mod catalogue;
pub mod cli;
#[cfg(all(doc, not(doctest)))]
pub mod guides;
mod harness;
pub mod link;
mod model;
mod prediction;
mod report;
mod scenario;
mod targets;

/// The programs in the project's guides, run as they stand.
#[cfg(doctest)]
mod programs {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/bytes.md")]
    struct Bytes;
    #[doc = include_str!("../../../docs/capacity.md")]
    struct Capacity;
    #[doc = include_str!("../../../docs/death.md")]
    struct Death;
    #[doc = include_str!("../../../docs/languages.md")]
    struct Languages;
    #[doc = include_str!("../../../docs/payloads.md")]
    struct Payloads;
    #[doc = include_str!("../../../docs/schema.md")]
    struct Schema;
    #[doc = include_str!("../../../docs/groups.md")]
    struct Groups;
    #[doc = include_str!("../../../docs/lossless-seen-shared.md")]
    struct Seen;
    #[doc = include_str!("../../../docs/tracing.md")]
    struct Tracing;
    #[doc = include_str!("../../../docs/waiting.md")]
    struct Waiting;
}
