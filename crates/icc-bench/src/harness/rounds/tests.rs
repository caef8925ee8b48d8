use std::cell::Cell;
use std::convert::Infallible;

use super::*;

const MIN: u64 = 10;

fn round(p50_ns: f64) -> Round {
    Round {
        samples: MIN,
        p50_ns,
        p90_ns: p50_ns,
        p99_ns: p50_ns,
        p999_ns: p50_ns,
        max_ns: p50_ns,
        flow: None,
        thread_ns: None,
    }
}

/// The same order in each test run.
fn random() -> fastrand::Rng {
    fastrand::Rng::with_seed(7)
}

fn plan(rounds: usize, retries: usize) -> Plan {
    Plan {
        rounds,
        retries,
        retry_until: Duration::MAX,
        round: Duration::from_millis(40),
        baseline: Duration::from_millis(20),
    }
}

/// Runs with baseline medians from a list (the last one for ever after), every case's being 90.
fn run(cases: usize, plan: Plan, baseline: &[f64]) -> (Vec<Outcome>, Vec<(Turn, Roles)>) {
    let mut turns = Vec::new();
    let mut medians = baseline.iter();
    let mut last = 0.0;
    let measure = |turn, roles| {
        turns.push((turn, roles));
        Ok::<_, Infallible>(match turn {
            Turn::Baseline => {
                last = *medians.next().unwrap_or(&last);
                round(last)
            }
            Turn::Case(_) => round(90.0),
        })
    };
    let outcomes =
        interleave(cases, &plan, MIN, &mut random(), || Duration::ZERO, measure, |_| ControlFlow::Continue(()))
            .unwrap();
    (outcomes, turns)
}

#[test]
fn a_round_is_kept_up_to_fifteen_percent_of_drift_either_way() {
    let judge = |before, after| judge(&round(before), &round(500.0), &round(after), MIN);
    assert_eq!(judge(100.0, 100.0), Verdict::Keep);
    assert_eq!(judge(100.0, 114.9), Verdict::Keep);
    assert_eq!(judge(114.9, 100.0), Verdict::Keep);
    assert_eq!(judge(100.0, 115.1), Verdict::BaselineMoved);
    assert_eq!(judge(115.1, 100.0), Verdict::BaselineMoved);
    assert_eq!(judge(0.0, 0.1), Verdict::BaselineMoved);
}

#[test]
fn a_round_with_too_few_samples_on_any_side_is_dropped() {
    let few = Round { samples: MIN - 1, ..round(100.0) };
    let enough = round(100.0);
    for (before, middle, after) in [(&few, &enough, &enough), (&enough, &few, &enough), (&enough, &enough, &few)] {
        assert_eq!(judge(before, middle, after, MIN), Verdict::TooFewSamples);
    }
    assert_eq!(judge(&enough, &enough, &enough, MIN), Verdict::Keep);
}

#[test]
fn every_round_stands_between_two_baseline_rounds_of_the_same_roles() {
    let (outcomes, turns) = run(3, plan(4, 0), &[100.0]);
    // A pass: a baseline round, then three cases with a baseline round after each.
    assert_eq!(turns.len(), 4 * 7);
    for (pass, turns) in turns.chunks(7).enumerate() {
        let roles = if pass % 2 == 0 { Roles::AsGiven } else { Roles::Exchanged };
        assert!(turns.iter().all(|(_, of_turn)| *of_turn == roles), "{turns:?}");
        assert!(turns.iter().step_by(2).all(|(turn, _)| *turn == Turn::Baseline), "{turns:?}");
    }
    assert!(outcomes.iter().all(|outcome| outcome.kept.len() == 4));
}

#[test]
fn every_case_has_its_turn_in_each_pass_and_none_always_follows_the_same() {
    let (_, turns) = run(6, plan(5, 0), &[100.0]);
    let passes: Vec<Vec<usize>> = turns
        .chunks(2 * 6 + 1)
        .map(|turns| {
            let case = |turn: &Turn| if let Turn::Case(case) = turn { Some(*case) } else { None };
            turns.iter().filter_map(|(turn, _)| case(turn)).collect()
        })
        .collect();
    for pass in &passes {
        let mut sorted = pass.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
    }
    let before_three = |pass: &Vec<usize>| pass.iter().position(|case| *case == 3).map(|at| pass[..at].last().copied());
    assert!(passes.iter().any(|pass| before_three(pass) != before_three(&passes[0])), "{passes:?}");
}

#[test]
fn the_ratio_is_to_the_mean_of_the_two_neighbours() {
    let (outcomes, _) = run(1, plan(2, 0), &[80.0, 90.0, 90.0, 100.0]);
    let ratios: Vec<f64> = outcomes[0].kept.iter().map(|kept| kept.ratio).collect();
    assert_eq!(ratios, [90.0 / 85.0, 90.0 / 95.0]);
}

#[test]
fn a_dropped_round_is_made_up_for() {
    // The second and third rounds see a jump from 100 to 200, and one back.
    let baseline = [100.0, 100.0, 100.0, 200.0, 200.0, 100.0, 100.0];
    let (outcomes, turns) = run(1, plan(3, 5), &baseline);
    assert_eq!(outcomes[0].kept.len(), 3);
    assert_eq!(outcomes[0].drifted, 2);
    assert_eq!(outcomes[0].dropped(), 2);
    assert_eq!(turns.len(), 5 * 3);
}

#[test]
fn tries_are_bounded_when_the_baseline_never_rests() {
    let restless: Vec<f64> = (0..100).map(|i| 100.0 + f64::from(i % 2) * 100.0).collect();
    let (outcomes, turns) = run(2, plan(3, 4), &restless);
    for outcome in outcomes {
        assert!(outcome.kept.is_empty());
        assert_eq!(outcome.dropped(), 7);
    }
    assert_eq!(turns.len(), 7 * (2 * 2 + 1));
}

#[test]
fn no_retry_starts_after_its_time_but_every_first_attempt_does() {
    let late = Plan { retry_until: Duration::from_secs(10), ..plan(3, 4) };
    let (now, high) = (Cell::new(0), Cell::new(false));
    let measure = |turn, _| {
        now.set(now.get() + 1);
        Ok::<_, Infallible>(match turn {
            Turn::Baseline => {
                high.set(!high.get());
                round(if high.get() { 200.0 } else { 100.0 })
            }
            Turn::Case(_) => round(90.0),
        })
    };
    let elapsed = || Duration::from_secs(now.get());
    let outcomes = interleave(1, &late, MIN, &mut random(), elapsed, measure, |_| ControlFlow::Continue(())).unwrap();
    // Nine turns by the end of the three first attempts, twelve after one retry.
    assert_eq!(outcomes[0].dropped(), 4);
}

#[test]
fn the_observer_may_end_the_run_and_keeps_what_was_measured() {
    for (events, kept) in [(0, 0), (1, 1), (2, 1), (3, 2)] {
        let mut told = 0;
        let tell = |_| {
            told += 1;
            if told > events { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let measure = |_, _| Ok::<_, Infallible>(round(100.0));
        let outcomes = interleave(2, &plan(5, 0), MIN, &mut random(), || Duration::ZERO, measure, tell).unwrap();
        assert_eq!(outcomes.len(), 2);
        assert_eq!(outcomes.iter().map(|outcome| outcome.kept.len()).sum::<usize>(), kept, "{events}");
    }
}
