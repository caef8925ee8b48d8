//! From the rounds of a case to the figures of its row.

use super::groups::two_groups;
use super::median::median;
use super::round::Flow;
use super::rounds::Outcome;
use crate::model::{Figures, FlowFigures, rounded};

/// The figures over all rounds that count, times rounded to so many digits; none if no round
/// counts.
pub(crate) fn figures(outcome: &Outcome, digits: u8) -> Option<Figures> {
    let kept = &outcome.kept;
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let ratios = sorted(kept.iter().map(|kept| kept.ratio).collect());
    let medians = sorted(kept.iter().map(|kept| kept.round.p50_ns).collect());
    let ns = |value| rounded(value, i32::from(digits));
    Some(Figures {
        p50_ns: ns(median(medians.iter().copied())?),
        p50_min_ns: ns(*medians.first()?),
        p50_max_ns: ns(*medians.last()?),
        p90_ns: ns(median(kept.iter().map(|kept| kept.round.p90_ns))?),
        p99_ns: ns(median(kept.iter().map(|kept| kept.round.p99_ns))?),
        p999_ns: ns(median(kept.iter().map(|kept| kept.round.p999_ns))?),
        max_ns: ns(median(kept.iter().map(|kept| kept.round.max_ns))?),
        ratio: rounded(median(ratios.iter().copied())?, 3),
        ratio_min: rounded(*ratios.first()?, 3),
        ratio_max: rounded(*ratios.last()?, 3),
        groups: two_groups(&ratios),
        flow: flow(outcome),
        thread_ns: median(kept.iter().filter_map(|kept| kept.round.thread_ns)).map(|value| rounded(value, 3)),
    })
}

fn flow(outcome: &Outcome) -> Option<FlowFigures> {
    let median_of =
        |pick: fn(&Flow) -> f64| median(outcome.kept.iter().filter_map(|kept| kept.round.flow).map(|flow| pick(&flow)));
    Some(FlowFigures {
        per_second: rounded(median_of(|flow| flow.per_second)?, 0),
        share_received: rounded(median_of(Flow::share_received)?, 5),
        share_told: rounded(median_of(Flow::share_told)?, 5),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::round::Round;
    use crate::harness::rounds::Kept;

    fn kept(p50_ns: f64, ratio: f64) -> Kept {
        let round = Round {
            samples: 1,
            p50_ns,
            p90_ns: p50_ns * 2.0,
            p99_ns: p50_ns * 3.0,
            p999_ns: p50_ns * 4.0,
            max_ns: p50_ns * 5.0,
            flow: None,
            thread_ns: None,
        };
        Kept { round, ratio }
    }

    #[test]
    fn a_row_has_medians_and_the_range_of_ratios() {
        let kept = vec![kept(60.0, 1.1), kept(50.0, 0.9), kept(55.0, 1.0)];
        let outcome = Outcome { kept, drifted: 1, too_short: 1 };
        assert_eq!((outcome.kept.len(), outcome.dropped()), (3, 2));
        let figures = figures(&outcome, 1).unwrap();
        assert_eq!((figures.p50_ns, figures.p999_ns), (55.0, 220.0));
        assert_eq!((figures.p50_min_ns, figures.p50_max_ns), (50.0, 60.0));
        assert_eq!((figures.ratio_min, figures.ratio, figures.ratio_max), (0.9, 1.0, 1.1));
        assert_eq!(figures.groups, None);
        assert_eq!(super::figures(&Outcome::default(), 1), None);
    }

    #[test]
    fn a_row_of_two_states_says_so() {
        let kept = [1.13, 1.62, 1.12, 1.61, 1.13].map(|ratio| kept(50.0, ratio)).to_vec();
        let groups = figures(&Outcome { kept, drifted: 0, too_short: 0 }, 1).unwrap().groups.unwrap();
        assert_eq!(groups.in_words(), "1.13 in 3 rounds, 1.61 in 2");
    }
}
