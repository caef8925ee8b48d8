use clap::CommandFactory;

use super::run::options;
use std::collections::BTreeSet;

use super::*;
use crate::message::{DEFAULT_PAYLOADS, PAYLOADS};
use crate::pin::PinError;

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

#[test]
fn without_options_everything_is_measured_at_the_default_sizes() {
    let selection = select("").unwrap();
    let subjects = Catalogue::icc().names(Scenario::OneWayLatency).len();
    assert_eq!(selection.cases.len(), subjects * DEFAULT_PAYLOADS.len());
    assert_eq!(selection.plan, Plan::FULL);
    assert!(CORES.contains(&selection.cores.first) && CORES.contains(&selection.cores.second));
}

#[test]
fn options_select() {
    let selection = select("--quick --rounds 3 --cores 5,0 --payload 1024,8,8 --only RAW").unwrap();
    let cases: Vec<_> = selection.cases.iter().map(|case| (case.subject, case.payload_bytes)).collect();
    assert_eq!(cases, [("raw atomics", 8), ("raw atomics", 1024)]);
    assert_eq!((selection.cores.first, selection.cores.second), (5, 0));
    assert_eq!(selection.plan, Plan { rounds: 3, ..Plan::QUICK });
}

#[test]
fn every_size_that_can_be_asked_for_has_cases() {
    for bytes in PAYLOADS {
        let cases = select(&format!("--payload {bytes}")).unwrap().cases;
        assert_eq!(cases.len(), Catalogue::icc().names(Scenario::OneWayLatency).len());
    }
}

#[test]
fn every_scenario_can_be_asked_for() {
    for scenario in Scenario::ALL {
        let selection = select(&format!("--scenario {}", scenario.name())).unwrap();
        let names: BTreeSet<_> = Catalogue::icc().names(scenario).into_iter().collect();
        assert_eq!(selection.scenario, scenario);
        assert_eq!(selection.plan, scenario.plan(false));
        let sizes: BTreeSet<_> = selection.cases.iter().map(|case| case.payload_bytes).collect();
        assert!(sizes.iter().eq(scenario.default_payloads()), "{sizes:?}");
        assert!(selection.cases.iter().all(|case| case.scenario == scenario));
        for &bytes in scenario.payloads() {
            let line = format!("--scenario {} --payload {bytes}", scenario.name());
            let cases = select(&line).unwrap().cases;
            assert_eq!(cases.iter().map(|case| case.subject).collect::<BTreeSet<_>>(), names, "{line}");
        }
    }
}

#[test]
fn a_wrong_scenario_lists_the_scenarios() {
    let error = usage_error("--scenario copy_costs").to_string();
    for scenario in Scenario::ALL {
        assert!(error.contains(scenario.name()), "{error}");
        assert!(options().contains(scenario.name()), "{}", options());
    }
}

#[test]
fn each_copy_has_the_plain_copy_of_its_size_and_direction_as_reference() {
    let cases = select("--scenario copy_cost --payload 8,64").unwrap().cases;
    let parts: Vec<_> = cases.chunk_by(Case::shares_reference).collect();
    assert_eq!(parts.len(), 4, "{parts:?}");
    for part in parts {
        let reference = part[0].reference_case().unwrap();
        assert_eq!(reference.subject, part[0].subject);
        assert!(part.iter().all(|case| case.payload_bytes == reference.payload_bytes));
    }
    let cases = select("--payload 8,64").unwrap().cases;
    assert_eq!(cases.chunk_by(Case::shares_reference).count(), 1);
}

#[test]
fn a_wrong_core_lists_the_cores() {
    let available = CORES.to_vec();
    assert_eq!(usage_error("--cores 0,7"), UsageError::NoSuchCore { core: 7, available });
    for line in ["0", "0,0", "0,1,5", "a,b", "0,", "-1,0"] {
        let error = usage_error(&format!("--cores={line}"));
        assert!(matches!(error, UsageError::NotTwoCores { .. }), "{error}");
        assert!(error.to_string().contains("0, 1, 5"), "{error}");
    }
    assert!(usage_error("--cores 0,7").to_string().contains("0, 1, 5"));
}

#[test]
fn a_wrong_size_lists_the_sizes() {
    for line in ["57", "8,", "eight", "0", "8 ;56"] {
        let words = ["icc-bench", "--payload", line];
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
fn a_wrong_subject_lists_the_subjects() {
    let error = usage_error("--only raw --only nothing").to_string();
    assert!(error.contains("nothing"), "{error}");
    for name in Catalogue::icc().names(Scenario::OneWayLatency) {
        assert!(error.contains(name), "{error}");
    }
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
    for name in
        ["--scenario NAME", "--json PATH", "--quick", "--cores A,B", "--payload LIST", "--only SUBJECT", "--rounds N"]
    {
        assert!(options.contains(name), "{options}");
    }
}
