//! A report of every scenario, made up: what the tests look at is what becomes of the figures, not the figures.

#![allow(dead_code, reason = "each test uses a part")]

use std::path::Path;
use std::process::{Command, Output};

use icc_bench::catalogue::{Catalogue, Kind};
use icc_bench::machine::{Clock, Machine};
use icc_bench::offset::Offset;
use icc_bench::report::{Figures, FlowFigures, Report, Row, json};
use icc_bench::scenario::Scenario;

/// Cores of the made-up machine.
const CORES: usize = 12;

/// Every target of every scenario at its default sizes, two other libraries, and a row without figures.
pub(crate) fn report() -> Report {
    let catalogue = Catalogue::icc();
    let mut rows: Vec<Row> = Vec::new();
    for scenario in Scenario::ALL {
        if scenario == Scenario::CoreMatrix {
            rows.extend(pairs());
            continue;
        }
        for case in catalogue.cases(scenario, scenario.default_payloads(), |_| true) {
            let row = Row {
                scenario,
                target: case.target.to_owned(),
                kind: case.kind,
                payload_bytes: case.payload_bytes,
                consumers: case.consumers,
                cores: case.cores,
                rounds: 5,
                dropped: 1,
                figures: Some(figures(rows.len(), case.payload_bytes)),
            };
            // Others beside the first of each kind; one is better, and one has a name that markup must not take literally.
            if case.kind != Kind::Reference && rows.len().is_multiple_of(7) {
                let better =
                    row.figures.map(|figures| Figures { ratio: 0.5, ratio_min: 0.4, ratio_max: 0.6, ..figures });
                rows.push(Row { target: format!("other {}", rows.len()), figures: better, ..row.clone() });
                rows.push(Row { target: format!("<b>&\"{}\"</b>", rows.len()), ..row.clone() });
            }
            rows.push(row);
        }
    }
    rows[1].figures = None;
    Report {
        version: "0.1.0".to_owned(),
        command: "icc-bench --scenario all".to_owned(),
        began: "2026-11-23T13:05:00Z".to_owned(),
        interrupted: false,
        machine: machine(),
        rows,
    }
}

/// A machine with something to warn of.
fn machine() -> Machine {
    Machine {
        cpu: "Some CPU @ 3 GHz".to_owned(),
        arch: "x86_64".to_owned(),
        cores_available: (0..CORES).collect(),
        cores_used: [1, 2],
        smt_siblings: Some(false),
        clock: Clock {
            source: "invariant TSC".to_owned(),
            tick_ns: 0.4,
            step_ns: 10.0,
            cost_ns: 20.0,
            offset: Offset::NONE,
            stamps_compared: true,
        },
        idle_siblings: Vec::new(),
        priority: None,
        real_time_throttled: None,
        kernel: "Linux 6.18".to_owned(),
        virtualised: Some(true),
        governor: Some("powersave".to_owned()),
        load: Some(3.0),
        runnable: Some(2),
    }
}

fn pairs() -> impl Iterator<Item = Row> {
    let pairs = (0..CORES).flat_map(|first| (first + 1..CORES).map(move |second| [first, second]));
    pairs.map(|cores| Row {
        scenario: Scenario::CoreMatrix,
        target: "raw atomics".to_owned(),
        kind: Kind::Reference,
        payload_bytes: 8,
        consumers: None,
        cores: Some(cores),
        rounds: 3,
        dropped: 0,
        figures: Some(figures(cores[0] * CORES + cores[1], 8)),
    })
}

/// Figures that differ from row to row and grow with the payload.
fn figures(index: usize, payload_bytes: usize) -> Figures {
    let p50_ns = 50.0 + (payload_bytes / 8 + index % 11) as f64;
    // As in a real report, few digits: what is read back is then what was written.
    let of_p50 = |factor: f64| (p50_ns * factor * 1e3).round() / 1e3;
    Figures {
        p50_ns,
        p50_min_ns: of_p50(0.9),
        p50_max_ns: of_p50(1.1),
        p90_ns: of_p50(1.2),
        p99_ns: of_p50(1.5),
        p999_ns: of_p50(3.0),
        max_ns: of_p50(40.0),
        ratio: of_p50(0.02),
        ratio_min: of_p50(0.019),
        ratio_max: of_p50(0.021),
        flow: Some(FlowFigures { per_second: (1e9 / p50_ns).round(), share_received: 0.75, share_told: 1.0 }),
        thread_ns: Some(of_p50(0.5)),
    }
}

/// Writes the report where `--from` and `--baseline` can read it.
pub(crate) fn write(report: &Report, path: &Path) {
    std::fs::write(path, json::render(report)).unwrap();
}

/// Runs the program to its end.
pub(crate) fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_icc-bench")).args(arguments).output().unwrap()
}

/// What a run printed to standard error.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
