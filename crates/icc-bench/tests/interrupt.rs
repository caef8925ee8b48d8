//! Ctrl-C in the middle of a run.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

fn shared_memory() -> BTreeSet<std::ffi::OsString> {
    std::fs::read_dir("/dev/shm")
        .map_or_else(|_| BTreeSet::new(), |files| files.flatten().map(|file| file.file_name()).collect())
}

/// A run of far more rounds than anybody waits for, some rounds after its begin, and what it goes
/// on to say; or what it had said before it failed.
fn start(files: &[&Path]) -> Result<(Child, impl Iterator<Item = String>), Vec<String>> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_icc-bench"))
        .args(["--scenario", "one_way_latency", "--quick", "--rounds", "1000", "--payload", "56"])
        .args(["--only", "raw", "--only", "queue spmc, shared"])
        .args(files)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut told: Vec<String> = Vec::new();
    // A round of each case is over when the next one begins; on a busy machine some are dropped.
    while !told.last().is_some_and(|line| line.contains("round 6 of 1000")) {
        match lines.next() {
            Some(line) => told.push(line),
            None => {
                let _ = child.wait();
                return Err(told);
            }
        }
    }
    Ok((child, lines))
}

#[test]
fn the_results_so_far_are_left_and_no_shared_memory() {
    if std::thread::available_parallelism().is_ok_and(|count| count.get() < 2) {
        eprintln!("skipped: a run needs two cores");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (json_path, html_path) = (directory.path().join("run.json"), directory.path().join("run.html"));
    let before = shared_memory();
    let files = [Path::new("--json"), &json_path, Path::new("--html"), &html_path];
    // Where many programs run, a message may be given up for lost; that is the machine's, once or
    // twice.
    let (child, lines) = start(&files).or_else(|_| start(&files)).or_else(|_| start(&files)).unwrap();
    assert!(!json_path.exists(), "nothing is written before the end");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let rest: Vec<String> = lines.collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("interrupted")), "{rest:?}");

    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&json_path).unwrap()).unwrap();
    assert_eq!(report["interrupted"], true);
    let rows = report["results"].as_array().unwrap();
    // It ended after a round, not after all.
    assert!(rows.iter().all(|row| row["p50_ns"].is_f64() && (1..1000).contains(&row["rounds"].as_u64().unwrap())));
    let table = String::from_utf8(output.stdout).unwrap();
    for row in rows {
        assert!(table.contains(row["target"].as_str().unwrap()), "{table}");
    }
    assert!(std::fs::read_to_string(&html_path).unwrap().contains("This run was interrupted"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "no temporary file is left");

    // What other programs have there goes sooner or later; what this one left would stay.
    let began = Instant::now();
    let mut left: Vec<_> = shared_memory().difference(&before).cloned().collect();
    while !left.is_empty() && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
        left.retain(|name| shared_memory().contains(name));
    }
    assert!(left.is_empty(), "{left:?}");
}
