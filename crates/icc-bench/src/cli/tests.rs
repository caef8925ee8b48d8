use std::collections::BTreeSet;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use super::arguments::{Arguments, options};
use super::error::{RunError, UsageError, join};
use super::select::{Part, Selection};
use crate::catalogue::{Case, Catalogue};
use crate::harness::pin::PinError;
use crate::harness::plan::Plan;
use crate::harness::setup::INTERVAL;
use crate::link::message::{DEFAULT_PAYLOADS, PAYLOADS};
use crate::scenario::{SCENARIOS, copy_cost, fan_out, multi_producer, one_way_latency, stream};
use crate::targets::floor;

const CORES: [usize; 3] = [0, 1, 5];

fn parse(line: &str) -> Arguments {
    let words = std::iter::once("icc-bench").chain(line.split_whitespace());
    Arguments::try_parse_from(words).unwrap()
}

fn select(line: &str) -> Result<Selection, RunError> {
    parse(line).select(&Catalogue::icc(), &CORES)
}

fn usage_error(line: &str) -> UsageError {
    match select(line) {
        Err(RunError::Usage(error)) => error,
        other => panic!("{line}: {other:?}"),
    }
}

/// The one part of a run of one scenario.
fn part(line: &str) -> Part {
    let mut parts = select(line).unwrap().parts;
    assert_eq!(parts.len(), 1, "{line}");
    parts.remove(0)
}

#[test]
fn without_options_everything_is_measured_at_the_default_sizes() {
    for line in ["", "--scenario all", "--scenario stream,all"] {
        let selection = select(line).unwrap();
        let scenarios: Vec<_> = selection.parts.iter().map(|part| part.scenario).collect();
        assert_eq!(scenarios, SCENARIOS);
        assert_eq!(selection.parts[0].plan, one_way_latency::SCENARIO.full);
        let targets = Catalogue::icc().names(&one_way_latency::SCENARIO).len();
        // The floor of cells has two of the five sizes.
        assert_eq!(selection.parts[0].cases.len(), targets * DEFAULT_PAYLOADS.len() - 3);
        assert!(CORES.contains(&selection.cores.first) && CORES.contains(&selection.cores.second));
        assert_eq!((selection.interval, selection.priority), (INTERVAL, None));
    }
}

#[test]
fn options_select() {
    let line = "--scenario one_way_latency --quick --rounds 3 --cores 5,0 --payload 1024,8,8 --only RAW";
    let selection = select(line).unwrap();
    assert_eq!((selection.cores.first, selection.cores.second), (5, 0));
    assert_eq!(selection.rows(), 2);
    let Part { cases, plan, .. } = part(line);
    let cases: Vec<_> = cases.iter().map(|case| (case.target, case.payload_bytes)).collect();
    assert_eq!(cases, [("raw atomics", 8), ("raw atomics", 1024)]);
    assert_eq!(plan, Plan { rounds: 3, ..one_way_latency::SCENARIO.quick });
}

#[test]
fn several_scenarios_run_in_their_own_order_at_the_sizes_each_has() {
    let selection = select("--scenario fan_out,stream --scenario copy_cost --payload 8,16").unwrap();
    let rows: Vec<_> = selection
        .parts
        .iter()
        .map(|part| (part.scenario, part.cases.iter().any(|case| case.payload_bytes == 16)))
        .collect();
    assert_eq!(rows, [(&stream::SCENARIO, false), (&fan_out::SCENARIO, false), (&copy_cost::SCENARIO, true)]);
    // A scenario without any such row is left out.
    assert_eq!(part("--only fetch_add").scenario, &multi_producer::SCENARIO);
    assert_eq!(part("--payload 65536").scenario, &copy_cost::SCENARIO);
    assert_eq!(usage_error("--only fetch_add --payload 65536"), UsageError::NoRow);
}

/// Whether a target has messages of a size: the floors of cells have short ones only.
fn is_at(name: &str, bytes: usize) -> bool {
    ![floor::ONE_CELL, floor::CELL_READ, floor::CELL_WRITE].contains(&name) || bytes <= floor::cell::LONGEST
}

#[test]
fn every_size_that_can_be_asked_for_has_cases() {
    for bytes in PAYLOADS {
        let cases = part(&format!("--scenario one_way_latency --payload {bytes}")).cases;
        let names = Catalogue::icc().names(&one_way_latency::SCENARIO);
        assert_eq!(cases.len(), names.iter().filter(|name| is_at(name, bytes)).count());
    }
}

#[test]
fn every_scenario_can_be_asked_for() {
    for &scenario in SCENARIOS {
        let selected = part(&format!("--scenario {}", scenario.name()));
        let names: BTreeSet<_> = Catalogue::icc().names(scenario).into_iter().collect();
        assert_eq!(selected.scenario, scenario);
        assert_eq!(selected.plan.rounds, scenario.plan(false).rounds);
        let sizes: BTreeSet<_> = selected.cases.iter().map(|case| case.payload_bytes).collect();
        assert!(sizes.iter().eq(scenario.default_payloads), "{sizes:?}");
        assert!(selected.cases.iter().all(|case| case.scenario == scenario));
        for &bytes in scenario.payloads {
            let line = format!("--scenario {} --payload {bytes}", scenario.name());
            let cases = part(&line).cases;
            let names = names.iter().copied().filter(|name| is_at(name, bytes)).collect();
            assert_eq!(cases.iter().map(|case| case.target).collect::<BTreeSet<_>>(), names, "{line}");
        }
    }
}

#[test]
fn a_quick_run_of_everything_ends_within_a_minute_and_a_half() {
    let available: Vec<usize> = (0..4).collect();
    let quick = parse("--quick").select(&Catalogue::icc(), &available).unwrap().expected_time();
    // What is measured again, and what threads and memory take beside the rounds, comes on top.
    assert!(quick < Duration::from_secs(70), "{quick:?}");
}

#[test]
fn the_matrix_is_of_all_cores_or_of_those_asked_for() {
    let pairs = |line: &str| -> Vec<_> { part(line).cases.iter().filter_map(|case| case.cores).collect() };
    assert_eq!(pairs("--scenario core_matrix --cores 5,0"), [[5, 0]]);
    assert_eq!(pairs("--scenario core_matrix --cores 5,0,1"), [[5, 0], [5, 1], [0, 1]]);
    assert_eq!(pairs("--scenario core_matrix").len(), 3);
    let many: Vec<usize> = (0..100).collect();
    let list = join(&many).replace(' ', "");
    let error = parse(&format!("--cores {list}")).select(&Catalogue::icc(), &many).unwrap_err().to_string();
    assert!(error.contains("100 cores are more than the 32"), "{error}");
}

#[test]
fn an_interval_is_read_with_its_unit() {
    for (given, ns) in [("2us", 2_000), ("1500ns", 1_500), ("1.5µs", 1_500), ("1ms", 1_000_000), (" 0.5 us ", 500)] {
        let words = ["icc-bench", "--interval", given];
        let selection = Arguments::try_parse_from(words).unwrap().select(&Catalogue::icc(), &CORES).unwrap();
        assert_eq!(selection.interval, Duration::from_nanos(ns), "{given}");
    }
    for given in ["2", "2s", "us", "0ns", "2ms", "-1us", "NaNus", "1e300us"] {
        let error = usage_error(&format!("--interval={given}"));
        assert!(error.to_string().contains("from 500ns to 1ms"), "{error}");
    }
    // Rounds are long enough for what one must have.
    let plan = part("--scenario spaced_latency --interval 1ms").plan;
    assert!(plan.round > Duration::from_millis(1_200) && plan.baseline > Duration::from_millis(1_200), "{plan:?}");
}

#[test]
fn a_priority_is_a_number_from_1_to_99() {
    assert_eq!(select("--priority 50").unwrap().priority.map(|priority| priority.level()), Some(50));
    for given in ["0", "100", "-1", "high", ""] {
        assert_eq!(usage_error(&format!("--priority={given}")), UsageError::NotAPriority(given.to_owned()));
    }
}

#[test]
fn a_wrong_scenario_lists_the_scenarios() {
    let error = usage_error("--scenario copy_costs").to_string();
    for scenario in SCENARIOS {
        assert!(error.contains(scenario.name()), "{error}");
        assert!(options().contains(scenario.name()), "{}", options());
    }
}

#[test]
fn each_copy_has_the_plain_copy_of_its_size_and_direction_as_reference() {
    let cases = part("--scenario copy_cost --payload 8,64").cases;
    let parts: Vec<_> = cases.chunk_by(Case::shares_reference).collect();
    assert_eq!(parts.len(), 4, "{parts:?}");
    for part in parts {
        let reference = part[0].reference_case().unwrap();
        assert_eq!(reference.target, part[0].target);
        assert!(part.iter().all(|case| case.payload_bytes == reference.payload_bytes));
    }
    let cases = part("--scenario one_way_latency --payload 8,64").cases;
    assert_eq!(cases.chunk_by(Case::shares_reference).count(), 1);
}

#[test]
fn a_wrong_core_lists_the_cores() {
    let available = CORES.to_vec();
    assert_eq!(usage_error("--cores 0,7"), UsageError::NoSuchCore { core: 7, available });
    for line in ["0", "0,0", "0,1,0", "a,b", "0,", "-1,0"] {
        let error = usage_error(&format!("--cores={line}"));
        assert!(matches!(error, UsageError::NotTwoCores { .. }), "{error}");
        assert!(error.to_string().contains("0, 1, 5"), "{error}");
    }
    assert!(usage_error("--cores 0,7").to_string().contains("0, 1, 5"));
}

#[test]
fn a_wrong_size_lists_the_sizes() {
    for line in ["57", "8,", "eight", "0", "8 ;56"] {
        let words = ["icc-bench", "--scenario=one_way_latency", "--payload", line];
        let error =
            Arguments::try_parse_from(words).unwrap().select(&Catalogue::icc(), &CORES).unwrap_err().to_string();
        assert!(error.contains("8, 56, 64, 120, 256, 512, 1024, 4096"), "{error}");
    }
}

#[test]
fn the_help_names_every_size() {
    let help = Arguments::command().render_long_help().to_string();
    assert!(help.contains(&join(&PAYLOADS)), "{help}");
}

#[test]
fn a_wrong_target_lists_the_targets() {
    let error = usage_error("--only raw --only nothing").to_string();
    assert!(error.contains("nothing"), "{error}");
    for name in Catalogue::icc().names(&one_way_latency::SCENARIO) {
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn rivals_are_measured_where_there_are_some() {
    assert_eq!(usage_error("--rivals"), UsageError::NoRivals);
    parse("--rivals").select(&Catalogue::icc().with_rivals(), &CORES).unwrap();
}

#[test]
fn wrong_rounds_give_the_range() {
    for given in ["0", "1001", "many", ""] {
        let error = usage_error(&format!("--rounds={given}"));
        assert_eq!(error, UsageError::NotRounds(given.to_owned()));
        assert!(error.to_string().contains("from 1 to 1000"));
    }
}

#[test]
fn fewer_than_two_cores_say_so_whatever_was_asked_for() {
    for line in ["", "--cores 0,1"] {
        let error = parse(line).select(&Catalogue::icc(), &[3]).unwrap_err();
        assert!(matches!(error, RunError::Pin(PinError::TooFewCores { .. })));
    }
}

#[test]
fn an_unknown_option_can_be_answered_with_all_there_are() {
    let options = options();
    for name in [
        "--scenario LIST",
        "--json PATH",
        "--quick",
        "--cores LIST",
        "--interval TIME",
        "--priority N",
        "--payload LIST",
        "--only TARGET",
        "--rounds N",
    ] {
        assert!(options.contains(name), "{options}");
    }
}
