//! `tail`.

use crate::feed::{self, message, with_messages};
use crate::run::{Running, icc, json, refusal, stdout};
use icc_testing::Name;
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

fn args<'a>(path: &'a Path, more: &'a [&'a str]) -> Vec<&'a std::ffi::OsStr> {
    let mut args = vec!["tail".as_ref(), path.as_os_str()];
    args.extend(more.iter().map(std::ffi::OsStr::new));
    args
}

#[test]
fn in_every_form() {
    let directory = Name::directory("forms");
    let path = directory.path().join("quotes");
    let _feed = with_messages(&path, 64, 100);
    let [a, b, c, ..] = message(98);
    let text = stdout(args(&path, &["--from=98", "--no-follow"]));
    let first = text.lines().next().unwrap();
    assert_eq!(first, format!("98  [0]={a} [1]={b} [2]={c} [3]=3 [4]=8 [5]={} [6]=7", u64::MAX - 98));
    assert_eq!(text.lines().count(), 2);

    let text = stdout(args(&path, &["--from=98", "--count=1", "--csv", "--fields=[2],[0]"]));
    assert_eq!(text, "sequence,[2],[0]\n98,196,98\n");

    let value = json(args(&path, &["--from=99", "--count=1", "--json"]));
    assert_eq!(value, json!({ "sequence": 99, "message": message(99) }));

    // 36 to 99 are kept.
    let of = |more: &[&str]| {
        stdout(args(&path, more)).lines().map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&["--from=oldest", "--no-follow", "--csv", "--every=20"]), ["sequence", "36", "56", "76", "96"]);
    assert_eq!(of(&["--from=oldest", "--no-follow", "--csv", "--every=1h"]), ["sequence", "36"]);
    let instance =
        json(["stat".as_ref(), path.as_os_str(), "--json".as_ref()])["instance"].as_str().unwrap().to_owned();
    assert_eq!(of(&[&format!("--from={instance}:50"), "--count=1", "--csv"]), ["sequence", "50"]);
}

/// Messages that say what they are, by a schema.
#[test]
fn described() {
    let directory = Name::directory("described");
    let path = directory.path().join("quotes");
    let _feed = feed::start("quotes", &path, &[("CAPACITY", 64), ("COUNT", 3)]);
    feed::wait_for(&path, 3);
    let text = stdout(args(&path, &["--from=1", "--count=1"]));
    let (at, rest) = text.split_once(" bid=").unwrap();
    assert!(at.starts_with("1  at=2023-11-14T22:13:20.000000001"), "{text}");
    assert_eq!(rest, "100.01 ask=102.5 sizes[0]=1 sizes[1]=7 side=Sell venue=X\\u{1b}[2J\n");
    assert_eq!(
        stdout(args(&path, &["--from=0", "--no-follow", "--csv", "--fields=side,sizes,bid"])),
        "sequence,side,sizes[0],sizes[1],bid\n0,Buy,0,7,100.00\n1,Sell,1,7,100.01\n2,Buy,2,7,100.02\n"
    );
    let value = json(args(&path, &["--from=2", "--count=1", "--json"]));
    let expected = json!({ "bid": 100.02, "ask": 103.5, "sizes": [2, 7], "side": "Buy", "venue": "X\u{1b}[2J" });
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(&value["message"][name], expected, "{name}");
    }
    let stat = stdout(["stat".as_ref(), path.as_os_str()]);
    let line = stat.lines().find(|line| line.starts_with("bid ")).unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        "bid 8 8 i64 / 10^2 in USD; What is offered.".split(' ').collect::<Vec<_>>()
    );
}

#[test]
fn what_it_refuses() {
    let directory = Name::directory("refused");
    let path = directory.path().join("quotes");
    let _feed = with_messages(&path, 64, 100);
    for (from, code, said) in [
        ("--from=35", 3, "message 35 is gone, 36 to 99 are kept"),
        ("--from=101", 3, "message 101 is not there yet"),
        ("--from=1:50", 3, "the queue was made anew"),
        ("--from=yesterday", 2, "a sequence number"),
        ("--fields=bid", 1, "there is no field `bid`: there are [0], [1]"),
    ] {
        let (found, text) = refusal(args(&path, &[from, "--no-follow"]));
        assert!(found == Some(code) && text.contains(said), "{from}: {found:?} {text}");
    }
    let vector = directory.path().join("table");
    let _table = feed::start("table", &vector, &[("CAPACITY", 10)]);
    let (code, said) = refusal(args(&vector, &[]));
    assert!(code == Some(1) && said.contains("`icc watch`"), "{code:?} {said}");
}

/// A producer at full speed, and a ring much too small for a command in a test build: every message
/// is printed or told as lost, once, in order.
#[test]
fn losses_are_exact() {
    const COUNT: u64 = 300_000;
    let directory = Name::directory("losses");
    let (path, file) = (directory.path().join("quotes"), directory.path().join("quotes.csv"));
    let feed = feed::start("feed", &path, &[("CAPACITY", 64), ("RATE", 100)]);
    let tail = Running::start(args(&path, &["--csv"]), File::create(&file).unwrap().into());
    icc_testing::wait_until("a first message", || fs::read_to_string(&file).unwrap().lines().count() > 1);
    drop(feed);
    let queue = icc_queue::Queue::<feed::Message>::open(&path, &icc_queue::Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let begin = queue.produced();
    (begin..COUNT).for_each(|n| _ = producer.produce(&message(n)));
    icc_testing::wait_until("the last message", || {
        fs::read_to_string(&file).unwrap().lines().any(|line| line.starts_with(&format!("{},", COUNT - 1)))
    });
    assert_eq!(tail.interrupt(), (Some(0), String::new()));
    let (mut next, mut lost) = (None, 0);
    for line in BufReader::new(File::open(&file).unwrap()).lines().skip(1) {
        let line = line.unwrap();
        match line.strip_prefix("# lost ") {
            Some(rest) => {
                let (count, range) = rest.split_once(" messages (").unwrap();
                let (first, end) = range.trim_end_matches(')').split_once("..").unwrap();
                let [count, first, end] = [count, first, end].map(|number| number.parse::<u64>().unwrap());
                assert!(next.is_none_or(|next| next == first) && end - first == count, "{line}");
                (next, lost) = (Some(end), lost + count);
            }
            None => {
                let numbers: Vec<u64> = line.split(',').map(|number| number.parse().unwrap()).collect();
                assert!(next.is_none_or(|next| next == numbers[0]), "{line}");
                assert_eq!(numbers[1..], message(numbers[0]));
                next = Some(numbers[0] + 1);
            }
        }
    }
    assert_eq!(next, Some(COUNT));
    assert!(lost > 0, "the ring was not too small");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let directory = Name::directory("pipe");
    let path = directory.path().join("quotes");
    let _feed = feed::start("feed", &path, &[("CAPACITY", 64), ("RATE", 5_000)]);
    let mut tail = Running::start(args(&path, &[]), Stdio::piped());
    let mut lines = BufReader::new(tail.0.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    drop(lines);
    assert_eq!(tail.end(), (Some(0), String::new()));
}

#[test]
fn a_queue_that_is_removed_ends_it() {
    let directory = Name::directory("removed");
    let path = directory.path().join("quotes");
    let _feed = with_messages(&path, 64, 10);
    let mut tail = Running::start(args(&path, &["--from=oldest"]), Stdio::null());
    std::thread::sleep(std::time::Duration::from_millis(50));
    icc_queue::remove(&path).unwrap();
    let (code, said) = tail.end();
    assert!(code == Some(0) && said.contains("the queue was removed"), "{code:?} {said}");
}

/// Read permission is enough, and nothing in the queue changes.
#[test]
fn nobody_notices() {
    let directory = Name::directory("unnoticed");
    let path = directory.path().join("quotes");
    let _feed = with_messages(&path, 64, 100);
    let before = fs::read(&path).unwrap();
    let mut read_only = fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut read_only, 0o400);
    fs::set_permissions(&path, read_only).unwrap();
    stdout(args(&path, &["--from=oldest", "--no-follow"]));
    assert!(icc(["ls"]).arg(directory.path()).output().unwrap().status.success());
    assert!(icc(["stat"]).arg(&path).output().unwrap().status.success());
    assert_eq!(fs::read(&path).unwrap(), before);
}
