//! A small report for tests.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Clock, Column, Description, Figures, Headline, Kind, Machine, Merit, Offset, Report, Row, Shape, Source};

/// A scenario of latencies.
pub(crate) const SCENARIO: Description = Description {
    name: Cow::Borrowed("one_way_latency"),
    slug: Cow::Borrowed("latency"),
    title: Cow::Borrowed("One-way latency"),
    summary: Cow::Borrowed("Half of each round trip is a sample."),
    reference: Cow::Borrowed("raw"),
    digits: 1,
    columns: Cow::Borrowed(&[Column::P50, Column::P90, Column::P99, Column::P999]),
    shape: Shape::Latency,
    merit: Merit::Ratio,
    headline: Some(Headline::Latency),
};

/// A machine with nothing to warn of.
pub(crate) fn machine() -> Machine {
    Machine {
        cpu: "Some CPU @ 3 GHz".to_owned(),
        arch: "x86_64".to_owned(),
        cores_available: vec![0, 1],
        cores_used: [0, 1],
        smt_siblings: Some(false),
        clock: Clock {
            source: Source::Tsc,
            tick_ns: 0.4,
            step_ns: 10.0,
            cost_ns: 9.0,
            offset: Offset { low_ns: -60.0, high_ns: 60.0 },
            stamps_compared: true,
        },
        idle_siblings: Vec::new(),
        priority: Some(50),
        real_time_throttled: Some(false),
        kernel: "Linux".to_owned(),
        virtualised: Some(false),
        governor: Some("performance".to_owned()),
        load: Some(0.1),
        runnable: Some(0),
    }
}

/// A report with one full row and one without figures.
pub(crate) fn sample() -> Report {
    let row = Row {
        scenario: Arc::new(SCENARIO),
        target: "raw atomics".to_owned(),
        kind: Kind::Reference,
        floor: None,
        payload_bytes: 56,
        consumers: None,
        cores: None,
        rounds: 3,
        dropped: 2,
        figures: Some(Figures {
            p50_ns: 55.0,
            p50_min_ns: 50.0,
            p50_max_ns: 60.0,
            p90_ns: 110.0,
            p99_ns: 165.0,
            p999_ns: 220.0,
            max_ns: 275.0,
            ratio: 1.0,
            ratio_min: 0.9,
            ratio_max: 1.1,
            groups: None,
            flow: None,
            thread_ns: None,
        }),
    };
    let without = Row { payload_bytes: 1024, rounds: 0, dropped: 0, figures: None, ..row.clone() };
    Report {
        version: "0.1.0".to_owned(),
        command: "icc-bench --quick".to_owned(),
        began: "2026-11-23T13:05:00Z".to_owned(),
        interrupted: false,
        machine: machine(),
        rows: vec![row, without],
    }
}
