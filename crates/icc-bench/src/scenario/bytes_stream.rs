//! Messages of varying length at full speed: [`stream`](super::stream) of what carries bytes.

use std::borrow::Cow;
use std::time::Duration;

use super::bytes;
use super::descriptor::{MIN_BATCHES, Rows, Scenario};
use crate::harness::plan::Plan;
use crate::link::message;
use crate::model::{Column, Description, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("bytes_stream"),
        slug: Cow::Borrowed("bytes-stream"),
        title: Cow::Borrowed("Byte messages: stream"),
        summary: Cow::Borrowed(
            "Messages that may have any length, producer and consumer at full speed, beside a queue of one type. Best \
             is whose consumer receives most.",
        ),
        reference: Cow::Borrowed("raw"),
        // Each sample is the mean of a batch, so finer than the counter.
        digits: 3,
        // One percentile: what became of the messages needs the room.
        columns: Cow::Borrowed(&[Column::P50, Column::Rate, Column::Received, Column::Told]),
        shape: Shape::Flow,
        merit: Merit::Rate,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &bytes::DEFAULT_PAYLOADS,
    // Long enough for steady figures.
    full: Plan {
        rounds: 10,
        retries: 9,
        retry_until: Duration::from_secs(80),
        round: Duration::from_millis(60),
        baseline: Duration::from_millis(30),
    },
    // All cases in three seconds.
    quick: Plan {
        rounds: 4,
        retries: 3,
        retry_until: Duration::from_secs(3),
        round: Duration::from_millis(20),
        baseline: Duration::from_millis(10),
    },
    min_samples: MIN_BATCHES,
    rows: Rows::Targets,
    spaced_messages: None,
};
