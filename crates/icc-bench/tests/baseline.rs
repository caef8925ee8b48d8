//! Comparing with an earlier run, from the command line to the exit code.

mod common;

use serde_json::Value;

/// Compares a run with an earlier one; gives the exit code and all that was printed.
fn compare(now: &Value, before: &Value, more: &[&str]) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    common::write(now, path("now.json").as_ref());
    common::write(before, path("before.json").as_ref());
    let (now, before) = (path("now.json"), path("before.json"));
    let output = common::bench(&[&["--from", &now, "--baseline", &before], more].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &common::errors(&output);
    (output.status.code(), text)
}

fn steady() -> Value {
    let mut report = common::report();
    common::retain(&mut report, common::has_figures);
    report
}

/// The same run with one ratio so many times what it was.
fn with_one_times(factor: f64) -> (Value, String) {
    let mut report = steady();
    let rows = report["results"].as_array_mut().unwrap();
    let row = rows.iter_mut().find(|row| row["kind"] == "queue").unwrap();
    let ratio = |key: &str| row[key].as_f64().unwrap() * factor;
    let ratios = [ratio("ratio_min"), ratio(&common::ratio_key(row)), ratio("ratio_max")];
    common::set_ratios(row, ratios);
    let label = row["target"].as_str().unwrap().to_owned();
    (report, label)
}

#[test]
fn a_run_is_level_with_itself() {
    let (code, text) = compare(&steady(), &steady(), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 of "), "{text}");
    for line in text.lines().filter(|line| !line.starts_with("note:")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_ratio_that_rose_past_the_threshold_fails_and_is_named() {
    let (worse, label) = with_one_times(1.3);
    let (code, text) = compare(&worse, &steady(), &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("1 of "), "{text}");
    let line = text.lines().find(|line| line.trim_end().ends_with(" worse")).expect("the row is marked");
    assert!(line.contains(&label) && line.contains("+30.0 %"), "{line}");
    assert_eq!(compare(&worse, &steady(), &["--threshold", "31%"]).0, Some(0));
    assert_eq!(compare(&worse, &steady(), &["--threshold", "29%"]).0, Some(3));
    assert_eq!(compare(&steady(), &worse, &[]).0, Some(0), "better is no failure");
}

#[test]
fn a_rise_within_the_range_is_no_failure() {
    // The rounds of the made-up rows are 4 % apart either way.
    let (slightly, _) = with_one_times(1.03);
    assert_eq!(compare(&slightly, &steady(), &["--threshold", "0"]).0, Some(0));
}

#[test]
fn files_that_cannot_be_compared_say_why() {
    let mut other = steady();
    common::retain(&mut other, |row| row["target"].as_str().unwrap().starts_with("other"));
    let mut own = steady();
    common::retain(&mut own, |row| !row["target"].as_str().unwrap().starts_with("other"));
    let (code, text) = compare(&own, &other, &[]);
    assert_eq!(code, Some(1));
    assert!(text.contains("no row in common") && text.contains("icc-bench --scenario all"), "{text}");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.json");
    std::fs::write(&path, "{\"schema\":1,\"machine\":{},\"results\":[]}").unwrap();
    let output = common::bench(&["--baseline", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let text = common::errors(&output);
    assert!(text.contains("--baseline") && text.contains("has schema 1"), "{text}");
}

#[test]
fn a_threshold_that_is_none_is_a_usage_error() {
    for given in ["ten", "-1%", "1001"] {
        let (code, text) = compare(&steady(), &steady(), &[&format!("--threshold={given}")]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("such as `10%`"), "{text}");
    }
}

#[test]
fn runs_that_agree_make_tables_for_a_document() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (a, b, tables) = (path("a.json"), path("b.json"), path("tables.md"));
    common::write(&steady(), a.as_ref());
    common::write(&steady(), b.as_ref());
    let output = common::bench(&["--from", &a, "--agree", &b, "--within", "5%", "--markdown", &tables]);
    assert_eq!(output.status.code(), Some(0), "{}", common::errors(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("rows agree within 5 %"), "{text}");
    let tables = std::fs::read_to_string(tables).unwrap();
    for heading in
        ["### One-way latency", "### Stream", "### Fan-out", "As a ratio to the row's floor", "Ahead of `icc`"]
    {
        assert!(tables.contains(heading), "no {heading} in {tables}");
    }
    // Every table has as many cells in each line.
    for table in tables.split("\n\n").filter(|part| part.starts_with("| target")) {
        let strokes = |line: &str| line.replace("\\|", "").matches('|').count();
        let first = strokes(table.lines().next().unwrap());
        assert!(table.lines().all(|line| strokes(line) == first), "{table}");
    }

    let error = common::bench(&["--from", &a, "--within", "5%"]);
    assert_eq!(error.status.code(), Some(2), "`--within` alone says nothing");
    std::fs::write(&b, "{}").unwrap();
    let error = common::bench(&["--from", &a, "--agree", &b]);
    assert!(error.status.code() == Some(1) && common::errors(&error).contains("--agree"), "{}", common::errors(&error));
}

/// The page of a run that is compared says what became of each ratio; that of one that is not says nothing of it.
#[test]
fn the_page_has_the_change() {
    let directory = tempfile::tempdir().unwrap();
    let (report, target) = with_one_times(1.5);
    let [now, before, page] = ["now.json", "before.json", "page.html"].map(|name| directory.path().join(name));
    common::write(&report, &now);
    common::write(&steady(), &before);
    let arguments = ["--from", now.to_str().unwrap(), "--html", page.to_str().unwrap()];
    assert!(common::bench(&arguments).status.success());
    assert!(!std::fs::read_to_string(&page).unwrap().contains("id=\"change\""));
    common::bench(&[&arguments[..], &["--baseline", before.to_str().unwrap()]].concat());
    let page = std::fs::read_to_string(&page).unwrap();
    let change = page.split("id=\"change\"").nth(1).expect("a section").split("</section>").next().unwrap();
    assert!(change.contains("1 of ") && change.contains("+50.0 %") && change.contains("<td class=\"change worse\">"));
    assert!(change.contains(&target) && page.contains("href=\"#change\""));
}
