//! What a report makes of each scenario's description.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::model::sample::sample;
use crate::model::{FlowFigures, Report, json};
use crate::report::table::render;

fn read_back(report: &Report) -> Report {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json::render(report)).unwrap();
    json::read(file.path()).unwrap()
}

#[test]
fn no_two_scenarios_share_a_name_and_default_payloads_can_be_asked_for() {
    let names: BTreeSet<_> = SCENARIOS.iter().map(|scenario| scenario.name()).collect();
    let slugs: BTreeSet<_> = SCENARIOS.iter().map(|scenario| &scenario.description.slug).collect();
    assert_eq!((names.len(), slugs.len()), (SCENARIOS.len(), SCENARIOS.len()));
    for scenario in SCENARIOS {
        assert!(scenario.default_payloads.iter().all(|bytes| scenario.payloads.contains(bytes)), "{scenario:?}");
    }
}

#[test]
fn what_is_read_is_what_was_written() {
    for scenario in SCENARIOS {
        let mut report = sample();
        report.interrupted = true;
        for row in &mut report.rows {
            row.scenario = Arc::new(scenario.description.clone());
        }
        report.rows[0].consumers = Some(8);
        report.rows[0].cores = Some([3, 1]);
        let flow = FlowFigures { per_second: 1_234_567.0, share_received: 0.75, share_told: 1.0 };
        let figures = report.rows[0].figures.as_mut().unwrap();
        (figures.flow, figures.thread_ns) = (Some(flow), Some(12.5));
        assert_eq!(read_back(&report), report);
    }
}

#[test]
fn each_scenario_says_what_its_ratio_is_to() {
    for scenario in SCENARIOS {
        let mut report = sample();
        report.machine.cpu = "AMD EPYC".to_owned();
        for row in &mut report.rows {
            row.scenario = Arc::new(scenario.description.clone());
            row.payload_bytes = 65_536;
            if let Some(figures) = &mut row.figures {
                (figures.p50_ns, figures.ratio_max) = (12_345.678, 1_234.5);
            }
            row.target = if [&one_way_latency::SCENARIO, &stream::SCENARIO].contains(scenario) {
                "icc-queue spmc, shared".to_owned()
            } else {
                "icc-seqlock write (exclusive)".to_owned()
            };
        }
        let text = render(&report);
        assert!(text.contains(&format!("ratio to {}", scenario.description.reference)), "{text}");
        assert!(text.starts_with(scenario.name()), "{text}");
        for line in text.lines().filter(|line| !line.starts_with("note:")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
