//! However it ends, nothing is left behind.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icc-torture"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it was just built")
}

/// Waits for its end, and looks for what it left: files and processes.
fn end(mut torture: Child) -> Output {
    let id = torture.id();
    let deadline = Instant::now() + Duration::from_secs(60);
    while torture.try_wait().expect("it is a child of this process").is_none() {
        if Instant::now() > deadline {
            let _ = torture.kill();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!is_left(id), "its directory is left");
    let dir = format!("/dev/shm/icc-torture-{id}-");
    let orphans = Command::new("pgrep").args(["-f", &dir]).output();
    assert!(orphans.is_ok_and(|found| found.stdout.is_empty()), "a child process is left");
    torture.wait_with_output().expect("it has ended")
}

fn is_left(id: u32) -> bool {
    let prefix = format!("icc-torture-{id}-");
    let mut entries = std::fs::read_dir("/dev/shm").expect("shared memory is there").flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
}

#[test]
fn a_short_run_ends_well() {
    let output = end(start(&["--seconds", "2"]));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("torn=0 mixed=0") && said.trim_end().ends_with("nothing wrong"), "{said}");
    let kills = said.split_once(" kills=").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    assert!(kills.is_some_and(|kills| kills > 0), "nobody was killed: {said}");
}

#[test]
fn a_signal_ends_it_in_good_order() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let torture = start(&["--seconds", "60", "--only", "processes: queues"]);
        let begun = Instant::now() + Duration::from_secs(30);
        while !is_left(torture.id()) && Instant::now() < begun {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(300));
        kill(Pid::from_raw(torture.id().cast_signed()), signal).expect("it runs");
        let output = end(torture);
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let mut torture = start(&["--seconds", "60", "--only", "processes: vectors"]);
    let id = torture.id();
    while !is_left(id) {
        std::thread::sleep(Duration::from_millis(5));
    }
    torture.kill().expect("it runs");
    torture.wait().expect("it was killed");
    assert!(is_left(id), "a killed process tidies nothing up");
    end(start(&["--seconds", "1", "--only", "threads: cells"]));
    assert!(!is_left(id));
}

#[test]
fn an_unknown_scenario_is_refused() {
    let output = end(start(&["--only", "nonsense"]));
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("--only"));
}
