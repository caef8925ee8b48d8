use super::super::sample::{SCENARIO, sample};
use super::*;

fn read_text(text: &str) -> Result<Report, ReadError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    read(file.path())
}

fn keys(value: &Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.sort();
    names
}

#[test]
fn the_document_has_the_shape_of_schema_4() {
    let document: Value = serde_json::from_str(&render(&sample())).unwrap();
    assert_eq!(
        keys(&document),
        sorted(&["began", "command", "interrupted", "machine", "results", "scenarios", "schema", "version"])
    );
    assert_eq!(document["schema"], 4);
    let rows = document["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let names = [
            "scenario",
            "target",
            "kind",
            "payload_bytes",
            "rounds",
            "dropped",
            "p50_ns",
            "p50_min_ns",
            "p50_max_ns",
            "p90_ns",
            "p99_ns",
            "p999_ns",
            "max_ns",
            "ratio_to_raw",
            "ratio_min",
            "ratio_max",
        ];
        assert_eq!(keys(row), sorted(&names));
    }
    assert_eq!(rows[0]["scenario"], "one_way_latency");
    assert_eq!(rows[0]["target"], "raw atomics");
    assert_eq!(rows[0]["kind"], "reference");
    assert_eq!(rows[0]["payload_bytes"], 56);
    assert_eq!((&rows[0]["rounds"], &rows[0]["dropped"]), (&3.into(), &2.into()));
    assert_eq!((&rows[0]["p50_ns"], &rows[0]["p999_ns"]), (&55.0.into(), &220.0.into()));
    assert_eq!(rows[0]["ratio_max"], 1.1);
    assert_eq!(rows[1]["rounds"], 0);
    assert!(rows[1]["p50_ns"].is_null() && rows[1]["ratio_to_raw"].is_null());
    for name in ["cpu", "cores_used", "clock", "kernel", "virtualised"] {
        assert!(document["machine"].get(name).is_some(), "{name}");
    }
}

#[test]
fn the_ratios_key_says_what_it_is_to() {
    let key = |reference: &'static str| ratio_key(&Description { reference: reference.into(), ..SCENARIO });
    assert_eq!((key("raw"), key("one consumer")), ("ratio_to_raw".to_owned(), "ratio_to_one_consumer".to_owned()));
    let mut report = sample();
    report.rows[0].scenario = Arc::new(Description { reference: "one consumer".into(), ..SCENARIO });
    let document: Value = serde_json::from_str(&render(&report)).unwrap();
    assert_eq!(document["results"][0]["ratio_to_one_consumer"], 1.0);
}

#[test]
fn a_flow_consumers_and_cores_have_keys_only_where_they_are() {
    let mut report = sample();
    report.rows[0].consumers = Some(8);
    report.rows[0].cores = Some([0, 1]);
    let flow = FlowFigures { per_second: 1_234_567.0, share_received: 0.75, share_told: 1.0 };
    report.rows[0].figures.as_mut().unwrap().flow = Some(flow);
    let document: Value = serde_json::from_str(&render(&report)).unwrap();
    let extra = ["consumers", "cores", "received_per_second", "share_received", "share_of_lost_told"];
    for key in extra {
        assert!(document["results"][0].get(key).is_some(), "{key}");
        assert!(document["results"][1].get(key).is_none(), "{key}");
    }
    assert_eq!(document["results"][0]["received_per_second"], 1_234_567.0);
}

#[test]
fn files_that_cannot_be_used_are_told_apart() {
    assert!(matches!(read(Path::new("/absent.json")), Err(ReadError::Refused { .. })));
    for text in ["", "{", "[]", "{\"schema\":4}", "{\"schema\":\"two\"}"] {
        assert!(matches!(read_text(text), Err(ReadError::NotAReport { .. })), "{text}");
    }
    let older = render(&sample()).replace("\"schema\": 4", "\"schema\": 1");
    let error = read_text(&older).unwrap_err();
    assert!(matches!(error, ReadError::OtherSchema { found: Some(1), .. }));
    assert!(error.to_string().contains("has schema 1, and this program reads schema 4"), "{error}");
    assert!(matches!(read_text("{}"), Err(ReadError::OtherSchema { found: None, .. })));
}

#[test]
fn rows_of_a_scenario_that_is_not_described_are_left_out() {
    let text = render(&sample());
    let (before, rows) = text.split_once("\"results\"").unwrap();
    let rows = rows.replacen("one_way_latency", "of_the_future", 1);
    assert_eq!(read_text(&format!("{before}\"results\"{rows}")).unwrap().rows.len(), 1);
}

#[test]
fn a_scenario_is_described_once_with_all_that_a_report_shows_of_it() {
    let document: Value = serde_json::from_str(&render(&sample())).unwrap();
    assert_eq!(document["scenarios"].as_array().unwrap().len(), 1);
    let names = ["name", "slug", "title", "summary", "reference", "digits", "columns", "shape", "merit", "headline"];
    assert_eq!(keys(&document["scenarios"][0]), sorted(&names));
    assert_eq!(document["scenarios"][0]["columns"], serde_json::json!(["p50", "p90", "p99", "p999"]));
}
