//! Commands that follow sleep at the bell, where there is one.

use crate::run::Running;
use icc_queue::{Options, Queue, QueueSpec};
use icc_testing::{Name, wait_until};
use icc_vector::{SeqlockVector, VectorSpec};
use std::fmt::Debug;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

fn somebody_sleeps(bell: Option<&impl Debug>) -> bool {
    format!("{:?}", bell.expect("it is wakeable")).contains("somebody_sleeps: true")
}

#[test]
fn tail_and_record_sleep_until_a_message_wakes_them() {
    let directory = Name::directory("bell");
    let (path, file) = (directory.path().join("quotes"), directory.path().join("quotes.rec"));
    let queue = Queue::<u64>::create(&path, QueueSpec::new(8).wakeable(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let commands = [
        vec!["tail".as_ref(), path.as_os_str(), "--count=2".as_ref()],
        vec!["record".as_ref(), path.as_os_str(), file.as_os_str(), "--from=oldest".as_ref(), "--count=4".as_ref()],
    ];
    for args in commands {
        let mut command = Running::start(args, Stdio::piped());
        for n in 0..2 {
            wait_until("it sleeps", || somebody_sleeps(queue.bell()));
            producer.produce(&(100 + n));
        }
        let out = BufReader::new(command.0.stdout.take().unwrap());
        let lines: Vec<_> = out.lines().map(Result::unwrap).collect();
        assert_eq!(command.end(), (Some(0), String::new()));
        match &lines[..] {
            [first, second] => assert_eq!((&first[..], &second[..]), ("0  100", "1  101")),
            [recorded] => assert!(recorded.starts_with("recorded 4 messages"), "{recorded}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn watch_sleeps_until_a_change_wakes_it() {
    let directory = Name::directory("bell-watch");
    let path = directory.path().join("table");
    let spec = VectorSpec::new(4).wakeable();
    let table = SeqlockVector::<u64>::create(&path, spec, &icc_vector::Options::new()).unwrap();
    let mut writer = table.writer().unwrap();
    let args = ["watch".as_ref(), path.as_os_str(), "--count=2".as_ref(), "--interval=1ms".as_ref()];
    let mut command = Running::start(args, Stdio::piped());
    for n in 0..2 {
        wait_until("it sleeps", || somebody_sleeps(table.bell()));
        writer.write(n, &(7 * n as u64 + 1)).unwrap();
    }
    let out = BufReader::new(command.0.stdout.take().unwrap());
    assert_eq!(out.lines().map(Result::unwrap).collect::<Vec<_>>(), ["0  1", "1  8"]);
    assert_eq!(command.end(), (Some(0), String::new()));
}
