use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::lists::Reason;
use crate::step::Step;
use crate::step::tests::step;
use crate::workspace::LIBRARIES;

/// A folder of crates in which the queue has `text` as its only source.
fn crates(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for library in LIBRARIES {
        let src = dir.path().join(library).join("src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), if library == "icc-queue" { text } else { "" }).unwrap();
    }
    dir
}

const TEXT: &str = "fn f() { HEAD.store(1, Ordering::Release); HEAD.load(Ordering::Relaxed); }";
const STORE: &str = "icc-queue/lib.rs f store => Relaxed";
const LOAD: &str = "icc-queue/lib.rs f load";

fn reason(of: &str) -> Reason {
    Reason { of: of.into(), because: "nobody looks at it".into() }
}

fn complete() -> Lists {
    Lists {
        caught: BTreeMap::from([(STORE.into(), "loom icc-queue loom a_model".into())]),
        relaxed: vec![reason(LOAD)],
        ..Lists::default()
    }
}

fn catalogue(text: &str, steps: &[Step]) -> anyhow::Result<Catalogue> {
    Catalogue::of(crates(text).path(), steps)
}

fn problems_of(text: &str, lists: &Lists) -> Vec<String> {
    problems(&catalogue(text, &lists.steps).unwrap(), lists)
}

#[test]
fn complete_lists_have_no_problem() {
    assert_eq!(problems_of(TEXT, &complete()), Vec::<String>::new());
}

#[test]
fn an_operation_that_is_not_covered_is_a_problem() {
    for new in
        ["fence(Ordering::Acquire);", "HEAD.fetch_add(1, Ordering::Relaxed);", "HEAD.store(2, Ordering::Release);"]
    {
        let problems = problems_of(&format!("{TEXT} fn new() {{ {new} }}"), &complete());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("not covered: icc-queue/lib.rs new "), "{problems:?}");
    }
}

#[test]
fn lines_and_names_of_variables_do_not_count() {
    let text = TEXT.replace("HEAD", "self.counter(OTHER)").replace("store(1", "\n\nstore(2");
    assert_eq!(problems_of(&text, &complete()), Vec::<String>::new());
}

#[test]
fn an_operation_in_another_function_is_a_new_one() {
    let problems = problems_of(&TEXT.replace("fn f", "fn g"), &complete());
    let starts: Vec<_> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    assert_eq!(starts, ["not covered", "not covered", "not there any more", "not there any more"], "{problems:?}");
}

#[test]
fn entries_that_contradict_or_say_nothing_are_problems() {
    let mut lists = complete();
    lists.allowed.push(reason(STORE));
    lists.relaxed[0].because = "so".into();
    let problems = problems_of(TEXT, &lists);
    for (problem, part) in problems.iter().zip(["both caught and allowed", "no reason"]) {
        assert!(problem.contains(part), "{problem}");
    }
    assert_eq!(problems.len(), 2, "{problems:?}");
    let mut lists = complete();
    lists.relaxed.push(lists.relaxed[0].clone());
    assert_eq!(problems_of(TEXT, &lists), [format!("twice in mutants/relaxed.toml: {LOAD}")]);
}

#[test]
fn orderings_are_caught_by_models_alone() {
    for (check, part) in [("some test", "is no check"), ("test icc-queue spmc a", "in models alone")] {
        let mut lists = complete();
        lists.caught.insert(STORE.into(), check.into());
        let problems = problems_of(TEXT, &lists);
        assert!(problems.len() == 1 && problems[0].contains(part), "{problems:?}");
    }
}

#[test]
fn a_step_that_does_not_apply_is_a_problem() {
    let step = |find| step("icc-queue/lib.rs", find, "");
    assert!(catalogue(TEXT, &[step("HEAD.store(1, Ordering::Release);")]).unwrap().lost_steps.is_empty());
    let lists = Lists { steps: vec![step("gone")], ..complete() };
    let problems = problems_of(TEXT, &lists);
    assert!(problems[0].contains("`n`") && problems[0].contains("0 times"), "{problems:?}");
    assert!(problems[1].starts_with("not covered: icc-queue step: n"), "{problems:?}");
}

#[test]
fn lost_checks_are_found() {
    let dir = crates(TEXT);
    let tests: PathBuf = dir.path().join("icc-queue/tests");
    fs::create_dir_all(&tests).unwrap();
    fs::write(tests.join("loom.rs"), "fn a_model() {}").unwrap();
    assert_eq!(lost_checks(dir.path(), &complete()), Vec::<String>::new());
    fs::write(tests.join("loom.rs"), "fn another_model() {}").unwrap();
    assert_eq!(lost_checks(dir.path(), &complete()).len(), 1);
}
