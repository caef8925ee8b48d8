use super::*;
use crate::machine::Load;
use crate::pin::Cores;
use crate::rounds::Kept;
use crate::scenario::{Round, Setup};

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

/// A report with one full row and one without figures.
pub(crate) fn sample() -> Report {
    let cores = Cores { first: 0, second: 1 };
    let case = crate::catalogue::baseline(56);
    let outcome = Outcome { kept: vec![kept(60.0, 1.1), kept(50.0, 0.9), kept(55.0, 1.0)], drifted: 1, too_short: 1 };
    Report {
        version: "0.1.0".to_owned(),
        command: "icc-bench --quick".to_owned(),
        began: "2026-11-23T13:05:00Z".to_owned(),
        interrupted: false,
        machine: Machine::describe(&[0, 1], &Setup::uncompared(cores), Load::now(), None),
        rows: vec![Row::new(&case, &outcome), Row::new(&crate::catalogue::baseline(1024), &Outcome::default())],
    }
}

#[test]
fn medians_are_of_the_middle() {
    assert_eq!(median([].into_iter()), None);
    assert_eq!(median([3.0].into_iter()), Some(3.0));
    assert_eq!(median([3.0, 1.0].into_iter()), Some(2.0));
    assert_eq!(median([9.0, 1.0, 2.0].into_iter()), Some(2.0));
}

#[test]
fn a_row_has_medians_and_the_range_of_ratios() {
    let report = sample();
    let row = &report.rows[0];
    assert_eq!((row.rounds, row.dropped), (3, 2));
    let figures = row.figures.unwrap();
    assert_eq!((figures.p50_ns, figures.p999_ns), (55.0, 220.0));
    assert_eq!((figures.p50_min_ns, figures.p50_max_ns), (50.0, 60.0));
    assert_eq!((figures.ratio_min, figures.ratio, figures.ratio_max), (0.9, 1.0, 1.1));
    assert_eq!(report.unmeasured().count(), 1);
}
