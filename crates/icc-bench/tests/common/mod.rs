//! A JSON report of every scenario, made up: what the tests look at is what becomes of the figures,
//! not the figures.

#![allow(dead_code, reason = "each test uses a part")]

use std::path::Path;
use std::process::{Command, Output};

use icc_bench::catalogue::{Catalogue, Kind, SCENARIOS, Scenario};
use serde_json::{Value, json};

/// Cores of the made-up machine.
const CORES: usize = 12;

/// Every target of every scenario at its default sizes, two other libraries, and a row without
/// figures.
pub(crate) fn report() -> Value {
    let catalogue = Catalogue::icc();
    let mut rows: Vec<Value> = Vec::new();
    for scenario in SCENARIOS {
        for case in catalogue.cases(scenario, scenario.default_payloads(), |_| true) {
            let mut row = row(scenario, case.target, case.kind, case.payload_bytes, rows.len());
            if let Some(consumers) = case.consumers {
                row["consumers"] = consumers.into();
            }
            if let Some(floor) = case.floor {
                row["floor"] = floor.into();
            }
            // Others beside the first of each kind; one is better, and one has a name that markup
            // must not take literally.
            if !matches!(case.kind, Kind::Reference | Kind::Floor) && rows.len().is_multiple_of(7) {
                let mut better = row.clone();
                better["target"] = format!("other {}", rows.len()).into();
                set_ratios(&mut better, [0.4, 0.5, 0.6]);
                rows.push(better);
                let mut marked = row.clone();
                marked["target"] = format!("<b>&\"{}\"</b>", rows.len()).into();
                rows.push(marked);
            }
            rows.push(row);
        }
        if catalogue.cases(scenario, scenario.default_payloads(), |_| true).is_empty() {
            rows.extend(pairs(scenario));
        }
    }
    for (key, figure) in rows[1].as_object_mut().unwrap() {
        if key.ends_with("_ns") || key.starts_with("ratio") {
            *figure = Value::Null;
        }
    }
    json!({
        "schema": 4,
        "version": "0.1.0",
        "command": "icc-bench --scenario all",
        "began": "2026-11-23T13:05:00Z",
        "interrupted": false,
        "machine": machine(),
        "scenarios": SCENARIOS,
        "results": rows,
    })
}

/// The rows of a report.
pub(crate) fn rows(report: &Value) -> &Vec<Value> {
    report["results"].as_array().unwrap()
}

/// Keeps the rows that are wanted.
pub(crate) fn retain(report: &mut Value, is_wanted: impl Fn(&Value) -> bool) {
    report["results"].as_array_mut().unwrap().retain(is_wanted);
}

/// The key of a row's ratio, which says what it is to.
pub(crate) fn ratio_key(row: &Value) -> String {
    row.as_object()
        .unwrap()
        .keys()
        .find(|key| key.starts_with("ratio_to_") && *key != "ratio_to_floor")
        .unwrap()
        .clone()
}

/// Sets the least, the median and the most of a row's ratios.
pub(crate) fn set_ratios(row: &mut Value, [least, median, most]: [f64; 3]) {
    let key = ratio_key(row);
    row["ratio_min"] = least.into();
    row[key] = median.into();
    row["ratio_max"] = most.into();
}

/// Whether a row has figures.
pub(crate) fn has_figures(row: &Value) -> bool {
    !row["p50_ns"].is_null()
}

/// A machine with something to warn of.
fn machine() -> Value {
    json!({
        "cpu": "Some CPU @ 3 GHz",
        "arch": "x86_64",
        "cores_available": (0..CORES).collect::<Vec<_>>(),
        "cores_used": [1, 2],
        "smt_siblings": false,
        "clock": {
            "source": "invariant TSC",
            "tick_ns": 0.4,
            "step_ns": 10.0,
            "cost_ns": 20.0,
            "offset": { "low_ns": 0.0, "high_ns": 0.0 },
            "stamps_compared": true,
        },
        "idle_siblings": [],
        "priority": null,
        "real_time_throttled": null,
        "kernel": "Linux 6.18",
        "virtualised": true,
        "governor": "powersave",
        "load": 3.0,
        "runnable": 2,
    })
}

fn pairs(scenario: &Scenario) -> impl Iterator<Item = Value> {
    let pairs = (0..CORES).flat_map(|first| (first + 1..CORES).map(move |second| [first, second]));
    pairs.map(|cores| {
        let mut row = row(scenario, "raw atomics", Kind::Reference, 8, cores[0] * CORES + cores[1]);
        row["cores"] = json!(cores);
        row
    })
}

/// A row whose figures differ from row to row and grow with the payload.
fn row(scenario: &Scenario, target: &str, kind: Kind, payload_bytes: usize, index: usize) -> Value {
    let p50_ns = 50.0 + (payload_bytes / 8 + index % 11) as f64;
    // As in a real report, few digits: what is read back is then what was written.
    let of_p50 = |factor: f64| (p50_ns * factor * 1e3).round() / 1e3;
    let description = serde_json::to_value(scenario).unwrap();
    let ratio_key = format!("ratio_to_{}", description["reference"].as_str().unwrap().replace(' ', "_"));
    json!({
        "scenario": scenario.name(),
        "target": target,
        "kind": kind,
        "payload_bytes": payload_bytes,
        "rounds": 5,
        "dropped": 1,
        "p50_ns": p50_ns,
        "p50_min_ns": of_p50(0.9),
        "p50_max_ns": of_p50(1.1),
        "p90_ns": of_p50(1.2),
        "p99_ns": of_p50(1.5),
        "p999_ns": of_p50(3.0),
        "max_ns": of_p50(40.0),
        ratio_key: of_p50(0.02),
        "ratio_min": of_p50(0.019),
        "ratio_max": of_p50(0.021),
        "received_per_second": (1e9 / p50_ns).round(),
        "share_received": 0.75,
        "share_of_lost_told": 1.0,
        "thread_ns": of_p50(0.5),
    })
}

/// Writes the report where `--from` and `--baseline` can read it.
pub(crate) fn write(report: &Value, path: &Path) {
    std::fs::write(path, report.to_string()).unwrap();
}

/// Runs the program to its end.
pub(crate) fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_icc-bench")).args(arguments).output().unwrap()
}

/// What a run printed to standard error.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the program makes of a report.
pub(crate) struct Rendered {
    /// The tables.
    pub(crate) text: String,
    /// The page.
    pub(crate) page: String,
    /// The plots: the name of each file without its extension, and what is in it.
    pub(crate) plots: Vec<(String, String)>,
    /// The report once more.
    pub(crate) json: String,
    /// What was printed beside the tables.
    pub(crate) errors: String,
}

/// Has the program put a report out in every shape.
pub(crate) fn rendered(report: &Value) -> Rendered {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    write(report, path("run.json").as_ref());
    let (from, html, svg, json) = (path("run.json"), path("page.html"), path("svg"), path("again.json"));
    let output = bench(&["--from", &from, "--html", &html, "--svg", &svg, "--json", &json]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let mut plots: Vec<(String, String)> = std::fs::read_dir(&svg)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (id, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    plots.sort();
    Rendered {
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
        page: std::fs::read_to_string(html).unwrap(),
        plots,
        json: std::fs::read_to_string(json).unwrap(),
        errors: errors(&output),
    }
}
