//! The one-way latency of every pair of cores: which are near each other, and which far.
//!
//! Each pair is measured as [`one_way_latency`](super::one_way_latency) measures bare atomics. The
//! ratio is to the same ping-pong between the run's own two cores, measured around each round: it
//! is 1 for a pair as near as those.

use std::borrow::Cow;
use std::time::Duration;

use super::descriptor::{Rows, Scenario};
use crate::harness::plan::Plan;
use crate::model::{Column, Description, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("core_matrix"),
        slug: Cow::Borrowed("core-matrix"),
        title: Cow::Borrowed("Core to core"),
        summary: Cow::Borrowed(
            "One-way latency of every pair of cores. Pin a producer and its consumer to a pair that is near.",
        ),
        reference: Cow::Borrowed("first pair"),
        digits: 1,
        columns: Cow::Borrowed(&[Column::P50, Column::P90]),
        shape: Shape::Cores,
        merit: Merit::Ratio,
        headline: None,
    },
    // One word, as the baseline always is.
    payloads: &[8],
    default_payloads: &[8],
    // Long enough for steady medians.
    full: Plan {
        rounds: 5,
        retries: 5,
        retry_until: Duration::from_secs(60),
        round: Duration::from_millis(15),
        baseline: Duration::from_millis(10),
    },
    // Half a second a hundred pairs and round.
    quick: Plan {
        rounds: 3,
        retries: 3,
        retry_until: Duration::from_secs(20),
        round: Duration::from_millis(6),
        baseline: Duration::from_millis(5),
    },
    min_samples: MIN_SAMPLES,
    rows: Rows::CorePairs,
    spaced_messages: None,
};

/// The most cores of a matrix: 496 pairs, which take half a minute.
pub(crate) const MAX_CORES: usize = 32;

/// Round trips of a round that counts: the median is all that is shown.
pub(crate) const MIN_SAMPLES: u64 = 1_000;

/// Every pair of the first [`MAX_CORES`] of these cores, once: there and back are measured
/// together.
#[must_use]
pub(crate) fn pairs(cores: &[usize]) -> Vec<[usize; 2]> {
    let cores = &cores[..cores.len().min(MAX_CORES)];
    let pairs_with = |(index, &first): (usize, &usize)| cores[index + 1..].iter().map(move |&second| [first, second]);
    cores.iter().enumerate().flat_map(pairs_with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_stands_once_and_their_number_is_bounded() {
        assert_eq!(pairs(&[4, 0, 7]), [[4, 0], [4, 7], [0, 7]]);
        assert_eq!(pairs(&[4]), [[0; 2]; 0]);
        let many: Vec<usize> = (0..200).collect();
        assert_eq!(pairs(&many).len(), MAX_CORES * (MAX_CORES - 1) / 2);
    }
}
