//! `replay`.

use crate::feed::{self, Message, Quote, message, quote};
use crate::record::read;
use crate::run::{Running, json, refusal, stdout};
use icc_cli::recording::{Header, Writer};
use icc_queue::{Lost, Options, Position, Queue, QueueReader};
use icc_schema::DescribeOptions as _;
use icc_testing::{Name, wait_until};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

fn args<'a>(file: &'a Path, queue: &'a Path, more: &'a [&'a str]) -> Vec<&'a OsStr> {
    let mut args = vec!["replay".as_ref(), file.as_os_str(), queue.as_os_str()];
    args.extend(more.iter().map(OsStr::new));
    args
}

/// A recording of messages that are as their numbers say, `every` nanoseconds, or lost.
fn recording(file: &Path, first: u64, messages: u64, gap: Option<Lost>) {
    let queue = Queue::<Message>::new(1024).unwrap();
    let header = Header::of(&queue, Position::new(7, first));
    let mut writer = Writer::new(File::create(file).unwrap(), &header).unwrap();
    for n in first..first + messages {
        match gap {
            Some(lost) if n == lost.first => writer.gap(lost).unwrap(),
            Some(lost) if (lost.first..lost.next).contains(&n) => {}
            _ => writer.message(n, bytemuck::bytes_of(&message(n))).unwrap(),
        }
    }
    writer.finish().unwrap();
}

/// Recorded from one process, replayed, and recorded again: the same messages under the same numbers,
/// byte for byte.
#[test]
fn the_same_again() {
    const COUNT: u64 = 100_000;
    let directory = Name::directory("again");
    let path = |name: &str| directory.path().join(name);
    let _feed = feed::with_messages(&path("quotes"), 131_072, COUNT);
    let record = |queue: &str, file: &str| {
        let count = format!("--count={COUNT}");
        stdout([
            "record".as_ref(),
            path(queue).as_os_str(),
            path(file).as_os_str(),
            "--from=oldest".as_ref(),
            count.as_ref(),
        ])
    };
    record("quotes", "one.rec");
    let said = stdout(args(&path("one.rec"), &path("replayed"), &["--full-speed"]));
    assert!(said.contains(&format!("replayed {COUNT} messages")) && said.contains(" 0 lost"), "{said}");
    record("replayed", "other.rec");
    let bodies = |name: &str| {
        let mut bytes = fs::read(path(name)).unwrap();
        // What may differ: when it began and which queue it was, with their checksum; and of each record
        // its time, and so its checksum.
        bytes.drain(..104);
        for record in bytes.chunks_mut(80) {
            record[..4].fill(0);
            record[16..24].fill(0);
        }
        bytes
    };
    assert!(bodies("one.rec") == bodies("other.rec"), "the bytes differ");
    let (gaps, next, count, end) = read(&path("other.rec"));
    assert_eq!((gaps.len(), next, count), (0, COUNT, COUNT));
    end.unwrap();
}

/// Messages that the recorder lost are lost to consumers of the replay as well, and are told.
#[test]
fn losses() {
    let directory = Name::directory("replay-lost");
    let path = |name: &str| directory.path().join(name);
    let lost = Lost { first: 1_010, next: 1_950 };
    recording(&path("one.rec"), 1_000, 1_000, Some(lost));
    let said = stdout(args(&path("one.rec"), &path("replayed"), &["--full-speed", "--capacity=2048"]));
    assert!(
        said.contains("from message 1000 on") && said.contains("replayed 60 messages") && said.contains(" 940 lost"),
        "{said}"
    );
    let replayed = path("replayed");
    let tail = ["tail", replayed.to_str().unwrap(), "--from=1009", "--count=2", "--fields=[0]"];
    let expected = format!("1009  [0]=1009\n-- {lost}\n1950  [0]=1950\n");
    assert_eq!(stdout(tail), expected);
}

/// A queue with the type and the schema of the one recorded: programs that know the type open it.
#[test]
fn the_same_type() {
    let directory = Name::directory("replay-type");
    let path = |name: &str| directory.path().join(name);
    let _feed = feed::start("quotes", &path("quotes"), &[("CAPACITY", 64), ("COUNT", 10)]);
    feed::wait_for(&path("quotes"), 10);
    stdout([
        "record".as_ref(),
        path("quotes").as_os_str(),
        path("one.rec").as_os_str(),
        "--from=oldest".as_ref(),
        "--count=10".as_ref(),
    ]);
    stdout(args(&path("one.rec"), &path("replayed"), &["--full-speed"]));
    let reader = QueueReader::<Quote>::open(path("replayed"), &Options::new().describe::<Quote>()).unwrap();
    let mut consumer = reader.consumer_from_oldest();
    for n in 0..10 {
        assert_eq!(bytemuck::bytes_of(&consumer.try_consume().unwrap()), bytemuck::bytes_of(&quote(n)));
    }
    let stat = |name: &str| json(["stat".as_ref(), path(name).as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    for field in ["type", "fingerprint", "capacity", "schema", "stride", "produced"] {
        assert_eq!(stat("replayed")[field], stat("quotes")[field], "{field}");
    }
    let (code, said) = refusal(args(&path("one.rec"), &path("replayed"), &["--full-speed"]));
    assert!(code == Some(4) && said.contains("exists"), "{code:?} {said}");
}

/// In the time it took, or in a part of it; and in several files.
#[test]
fn speed_and_parts() {
    let directory = Name::directory("replay-speed");
    let path = |name: &str| directory.path().join(name);
    let _feed = feed::start("feed", &path("ticks"), &[("CAPACITY", 1024), ("RATE", 1_000)]);
    let said = stdout([
        "record".as_ref(),
        path("ticks").as_os_str(),
        path("t.rec").as_os_str(),
        "--count=800".as_ref(),
        "--max-size=20K".as_ref(),
    ]);
    assert!(said.ends_with("in 4 files\n"), "{said}");
    let time = |name: &str, more: &[&str]| {
        let start = Instant::now();
        let said = stdout(args(&path("t.rec"), &path(name), more));
        assert!(said.contains("replayed 800 messages"), "{said}");
        start.elapsed().as_secs_f64()
    };
    // 0.8 s; how much later is a matter of the machine.
    assert!(time("as-it-was", &[]) > 0.7);
    let quick = time("quick", &["--speed", "4"]);
    assert!(quick > 0.17, "{quick}");
    let rest = stdout(args(&path("t.rec.2"), &path("rest"), &["--full-speed"]));
    let replayed: u64 = rest.split_once("replayed ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    assert!((1..600).contains(&replayed), "{rest}");
}

#[test]
fn what_is_cut_off_or_no_recording() {
    let directory = Name::directory("replay-cut");
    let path = |name: &str| directory.path().join(name);
    recording(&path("one.rec"), 0, 100, None);
    let bytes = fs::read(path("one.rec")).unwrap();
    fs::write(path("cut.rec"), &bytes[..bytes.len() / 2]).unwrap();
    let mut replay = Running::start(args(&path("cut.rec"), &path("replayed"), &["--full-speed"]), Stdio::null());
    let (code, said) = replay.end();
    assert!(code == Some(0) && said.contains("the recording was cut off at byte"), "{code:?} {said}");
    wait_until("half of the messages", || {
        (40..60).contains(&QueueReader::<Message>::open(path("replayed"), &Options::new()).unwrap().produced())
    });
    fs::write(path("notes.txt"), "# These are notes").unwrap();
    let (code, said) = refusal(args(&path("notes.txt"), &path("none"), &[]));
    assert!(code == Some(1) && said.contains("not a recording") && !path("none").exists(), "{code:?} {said}");
    assert_eq!(refusal(args(&path("nothing.rec"), &path("none"), &[])).0, Some(3));
    assert_eq!(refusal(args(&path("one.rec"), &path("none"), &["--speed", "0"])).0, Some(1));
}
