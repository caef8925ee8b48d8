//! One-way latency of messages of varying length: [`one_way_latency`] of what carries bytes.

use std::borrow::Cow;
use std::time::Duration;

use super::descriptor::{Rows, Scenario};
use super::one_way_latency;
use crate::harness::plan::Plan;
use crate::link::message;
use crate::model::{Column, Description, Merit, Shape};

/// A line, a small snapshot, and two messages that do not fit a slot.
pub(super) const DEFAULT_PAYLOADS: [usize; 4] = [64, 256, 1024, 4096];

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("bytes"),
        slug: Cow::Borrowed("bytes"),
        title: Cow::Borrowed("Byte messages: latency"),
        summary: Cow::Borrowed(
            "One-way latency of messages that may have any length, beside a queue of one type. Half of each round trip is a sample.",
        ),
        reference: Cow::Borrowed("raw"),
        digits: 1,
        columns: Cow::Borrowed(&[Column::P50, Column::P99, Column::P999]),
        shape: Shape::Latency,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &DEFAULT_PAYLOADS,
    // Long enough for steady figures.
    full: Plan {
        rounds: 8,
        retries: 7,
        retry_until: Duration::from_secs(110),
        round: Duration::from_millis(200),
        baseline: Duration::from_millis(100),
    },
    // All cases in five seconds.
    quick: Plan {
        rounds: 4,
        retries: 3,
        retry_until: Duration::from_secs(5),
        round: Duration::from_millis(30),
        baseline: Duration::from_millis(15),
    },
    min_samples: one_way_latency::MIN_SAMPLES,
    rows: Rows::Targets,
    spaced_messages: None,
};
