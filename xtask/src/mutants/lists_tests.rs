use super::*;

/// A folder of crates in which the queue has `text` as its only source.
fn crates(name: &str, text: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("icc-mutants-{name}-{}", std::process::id()));
    for library in LIBRARIES {
        let src = dir.join(library).join("src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), if library == "icc-queue" { text } else { "" }).unwrap();
    }
    dir
}

const TEXT: &str = "fn f() { HEAD.store(1, Ordering::Release); HEAD.load(Ordering::Relaxed); }";
const STORE: &str = "icc-queue/lib.rs f: HEAD.store(1, Ordering::Release) => Relaxed";
const LOAD: &str = "icc-queue/lib.rs f: HEAD.load(Ordering::Relaxed)";

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

fn problems_of(name: &str, text: &str, lists: &Lists) -> Vec<String> {
    let dir = crates(name, text);
    let catalogue = Catalogue::of(&dir, &lists.steps).unwrap();
    fs::remove_dir_all(dir).unwrap();
    problems(&catalogue, lists)
}

#[test]
fn complete_lists_have_no_problem() {
    assert_eq!(problems_of("complete", TEXT, &complete()), Vec::<String>::new());
}

#[test]
fn an_operation_that_is_not_covered_is_a_problem() {
    for new in
        ["fence(Ordering::Acquire);", "HEAD.fetch_add(1, Ordering::Relaxed);", "HEAD.store(2, Ordering::Release);"]
    {
        let problems = problems_of("uncovered", &format!("{TEXT} fn new() {{ {new} }}"), &complete());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("not covered: icc-queue/lib.rs new: "), "{problems:?}");
    }
}

#[test]
fn a_changed_operation_is_a_new_one() {
    let problems = problems_of("changed", &TEXT.replace("store(1", "store(2"), &complete());
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("not covered") && problems[1].contains("not there any more"), "{problems:?}");
}

#[test]
fn entries_that_contradict_or_say_nothing_are_problems() {
    let mut lists = complete();
    lists.allowed.push(reason(STORE));
    lists.relaxed[0].because = "so".into();
    lists.caught.insert(STORE.into(), "some test".into());
    let problems = problems_of("contradict", TEXT, &lists);
    for (problem, part) in problems.iter().zip(["both caught and allowed", "no reason", "is no check"]) {
        assert!(problem.contains(part), "{problem}");
    }
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn a_step_that_does_not_apply_is_a_problem() {
    let step = |find: &str| Step {
        name: "n".into(),
        file: "icc-queue/lib.rs".into(),
        find: find.into(),
        replace: String::new(),
        wrong: "w".into(),
    };
    let dir = crates("step", TEXT);
    assert_eq!(Catalogue::of(&dir, &[step("HEAD.store(1, Ordering::Release);")]).unwrap().mutants.len(), 2);
    let error = Catalogue::of(&dir, &[step("gone")]).unwrap_err().to_string();
    assert!(error.contains("`n`") && error.contains("0 times"), "{error}");
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn lost_checks_are_found() {
    let dir = crates("lost", TEXT);
    let tests = dir.join("icc-queue/tests");
    fs::create_dir_all(&tests).unwrap();
    fs::write(tests.join("loom.rs"), "fn a_model() {}").unwrap();
    assert_eq!(lost_checks(&dir, &complete()), Vec::<String>::new());
    fs::write(tests.join("loom.rs"), "fn another_model() {}").unwrap();
    assert_eq!(lost_checks(&dir, &complete()).len(), 1);
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn keys_come_back_as_they_were() {
    let id = r#"a f: x.store(b"\n", Release)"#;
    let read: CaughtFile = toml::from_str(&format!("[caught]\n{} = 'x'", key(id))).unwrap();
    assert_eq!(read.caught.keys().collect::<Vec<_>>(), [id]);
}
