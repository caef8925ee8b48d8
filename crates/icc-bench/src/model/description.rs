//! What a report needs to know of a scenario to show its rows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A scenario as its report shows it. The JSON has one for each scenario that it has rows of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Description {
    /// The name in tables, in JSON and on the command line.
    pub name: Cow<'static, str>,
    /// The name of its section in the page and of its plots' files.
    pub slug: Cow<'static, str>,
    /// Its heading.
    pub title: Cow<'static, str>,
    /// What it measures, for people who read figures.
    pub summary: Cow<'static, str>,
    /// What a ratio is to, in a word or two.
    pub reference: Cow<'static, str>,
    /// Digits after the point that a time in nanoseconds is good for.
    pub digits: u8,
    /// What the table shows beside the ratio.
    pub columns: Cow<'static, [Column]>,
    /// What varies, which decides how it is drawn and laid out.
    pub shape: Shape,
    /// What makes one target better than another.
    pub merit: Merit,
    /// Which of the figures at the top of the page it has, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
}

/// A column of the table. Where a sample is the mean of a batch, the slower percentiles say
/// something of the machine alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Column {
    /// The median.
    P50,
    /// The 90th percentile.
    P90,
    /// The 99th percentile.
    P99,
    /// The 99.9th percentile.
    P999,
    /// Millions of messages received in a second.
    Rate,
    /// The share of the messages sent that were received.
    Received,
    /// The share of the missing messages that the receiver reported.
    Told,
    /// What a message costs the thread that polls all consumers.
    Thread,
}

/// What varies in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// A time from one core to another, whose slow percentiles count.
    Latency,
    /// Messages received a second.
    Flow,
    /// The mean cost of an operation.
    Cost,
    /// The number of consumers varies.
    Consumers,
    /// The pair of cores varies.
    Cores,
}

/// What makes one target better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Merit {
    /// A lower ratio to the reference.
    Ratio,
    /// A shorter time: the reference is the target itself.
    Time,
    /// More messages received in a second.
    Rate,
}

/// The figures that people ask for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Headline {
    /// The latency of the reference, and of the best queue and cell.
    Latency,
    /// The most messages that one consumer received in a second.
    Rate,
}
