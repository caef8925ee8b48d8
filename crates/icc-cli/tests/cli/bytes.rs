//! Queues of bytes: messages of any length.

use crate::run::{Running, json, refusal, stdout};
use crate::top::Terminal;
use icc_queue::bytes::{BytesProducer, BytesQueue};
use icc_queue::{Mode, Mpmc, Options, QueueSpec, Spmc};
use icc_testing::Name;
use serde_json::json;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn args<'a>(command: &'a str, path: &'a Path, more: &'a [&'a str]) -> Vec<&'a OsStr> {
    let mut args = vec![command.as_ref(), path.as_os_str()];
    args.extend(more.iter().map(OsStr::new));
    args
}

/// Slots of 40 bytes, 8 of them for messages.
fn news(directory: &Name) -> (PathBuf, BytesProducer) {
    let path = directory.path().join("news");
    let queue = BytesQueue::<Spmc>::create(&path, QueueSpec::new(16).slot_size(40), &Options::new()).unwrap();
    let producer = queue.producer().unwrap();
    (path, producer)
}

#[test]
fn tail_shows_text_and_bytes_in_every_form() {
    let directory = Name::directory("bytes-forms");
    let (path, mut producer) = news(&directory);
    for message in [&b"headline, twice\n"[..], b"", b"\x1b[2J\xff", "né".as_bytes()] {
        producer.produce(message).unwrap();
    }
    let of = |more: &[&str]| stdout(args("tail", &path, more));
    assert_eq!(of(&["--from=oldest", "--no-follow"]), "0  headline, twice\\n\n2  \n3  0x1b5b324aff\n4  né\n");
    assert_eq!(
        of(&["--from=oldest", "--no-follow", "--csv"]),
        "sequence,message,hex\n0,\"headline, twice\\n\",\n2,,\n3,,1b5b324aff\n4,né,\n"
    );
    let lines = of(&["--from=oldest", "--count=3", "--json"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines,
        [
            json!({ "sequence": 0, "message": "headline, twice\n" }),
            json!({ "sequence": 2, "message": "" }),
            json!({ "sequence": 3, "hex": "1b5b324aff" }),
        ]
    );
    // The middle of the first: the next one that begins. Every second; a position.
    assert_eq!(of(&["--from=1", "--count=1"]), "2  \n");
    assert_eq!(of(&["--from=oldest", "--no-follow", "--every=2"]), "0  headline, twice\\n\n3  0x1b5b324aff\n");
    let instance = json(args("stat", &path, &["--json"]))["instance"].as_str().unwrap().to_owned();
    assert_eq!(of(&[&format!("--from={instance}:4"), "--count=1"]), "4  né\n");
}

/// Stopped, `tail` is sped past: what it tells of that, and the line after that, for messages of two slots.
fn sped_past<M: Mode>() -> (serde_json::Value, String) {
    let directory = Name::directory("bytes-lost");
    let path = directory.path().join("news");
    let queue = BytesQueue::<M>::create(&path, QueueSpec::new(16).slot_size(40), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut tail = Running::start(args("tail", &path, &["--from=oldest", "--json"]), Stdio::piped());
    let mut lines = BufReader::new(tail.0.stdout.take().unwrap()).lines();
    producer.produce(b"first").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "{\"sequence\":0,\"message\":\"first\"}");
    crate::run::signal(tail.0.id(), rustix::process::Signal::STOP);
    let stat = format!("/proc/{}/stat", tail.0.id());
    icc_testing::wait_until("it stopped", || std::fs::read_to_string(&stat).unwrap().contains(") T "));
    for n in 0..24 {
        producer.produce(format!("message {n:4}").as_bytes()).unwrap();
    }
    crate::run::signal(tail.0.id(), rustix::process::Signal::CONT);
    let lost = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let next = lines.next().unwrap().unwrap();
    assert_eq!(tail.interrupt(), (Some(0), String::new()));
    (lost, next)
}

#[test]
fn tail_tells_losses_in_slots_and_in_messages() {
    let (lost, line) = sped_past::<Spmc>();
    let number = |name: &str| lost[name].as_u64().unwrap();
    let (count, next) = (number("lost"), number("next"));
    assert_eq!((number("first"), next - 1), (1, 2 * count), "{lost}");
    assert_eq!(line, format!("{{\"sequence\":{next},\"message\":\"message {count:4}\"}}"));
    // How many messages that was, nobody knows of many producers.
    let (lost, line) = sped_past::<Mpmc>();
    let next = lost["next"].as_u64().unwrap();
    assert_eq!(lost, json!({ "lost": null, "first": 1, "next": next }));
    assert!(line.starts_with(&format!("{{\"sequence\":{next},")), "{line}");
}

#[test]
fn tail_ends_when_the_queue_is_removed() {
    let directory = Name::directory("bytes-removed");
    let (path, mut producer) = news(&directory);
    producer.produce(b"first").unwrap();
    let mut tail = Running::start(args("tail", &path, &["--from=oldest"]), Stdio::piped());
    let mut lines = BufReader::new(tail.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "0  first");
    icc_queue::remove(&path).unwrap();
    let (code, said) = tail.end();
    assert!(code == Some(0) && said.contains("the queue was removed"), "{code:?} {said}");
}

#[test]
fn ls_and_stat_say_what_it_is() {
    let directory = Name::directory("bytes-list");
    let (path, mut producer) = news(&directory);
    producer.produce(b"a message of three slots").unwrap();
    let many = directory.path().join("many");
    let many = BytesQueue::<Mpmc>::create(&many, QueueSpec::new(64).seen(), &Options::new()).unwrap();
    many.producer().unwrap().produce(b"x").unwrap();

    let list = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    let of = |index: usize| {
        ["name", "kind", "slot_size", "slots", "count", "alive", "note"].map(|name| list[index][name].clone())
    };
    assert_eq!(of(0), [json!("many"), json!("bytes"), json!(256), json!(64), json!(1), json!(0), json!("")]);
    assert_eq!(of(1), [json!("news"), json!("bytes"), json!(40), json!(16), json!(3), json!(1), json!("")]);
    assert_eq!((&list[0]["readers"], &list[1]["readers"]), (&json!([]), &json!(null)));
    let text = stdout(["ls".as_ref(), directory.path().as_os_str()]);
    let line: Vec<_> = text.lines().nth(2).unwrap().split_whitespace().collect();
    assert_eq!(line[..6], ["news", "bytes", "slots", "of", "40", "16"], "{text}");

    let stat = stdout(args("stat", &path, &["--interval=0"]));
    let has = |line: &str| assert!(stat.lines().any(|found| found.trim_end() == line), "no `{line}` in {stat}");
    has("kind          bytes");
    has("slot size     40 bytes, 8 of them for messages; the longest message has 32");
    has("produced      3 slots");
    has("producers     1 alive, of at most 1");
    assert!(!stat.contains("FIELD"), "{stat}");
    let stat = json(args("stat", &path, &["--json", "--interval=0"]));
    assert_eq!([&stat["slot_size"], &stat["longest_message"], &stat["fields"]], [&json!(40), &json!(32), &json!(null)]);
}

#[test]
fn top_says_what_it_is() {
    let directory = Name::directory("bytes-top");
    let (_path, mut producer) = news(&directory);
    producer.produce(b"a message of three slots").unwrap();
    let arguments = format!("{} --interval 100ms", directory.path().display());
    let Some(terminal) = Terminal::start(120, 24, &arguments) else { return };
    terminal.press("Down");
    icc_testing::wait_until("the details in the terminal", || {
        let screen = terminal.screen();
        ["slots of 40 ", "messages  of any length, in slots of 40 bytes", "slots     3 produced"]
            .iter()
            .all(|words| screen.contains(words))
    });
}

#[test]
fn what_it_cannot_be_used_for_is_refused_with_what_to_do_instead() {
    let directory = Name::directory("bytes-refused");
    let (path, mut producer) = news(&directory);
    producer.produce(b"x").unwrap();
    let file = directory.path().join("news.rec");
    let refused = |args: Vec<&OsStr>, what: &str| {
        let (code, said) = refusal(args);
        assert!(code == Some(1) && said.contains(what), "{code:?} {said}");
    };
    refused(args("record", &path, &[file.to_str().unwrap()]), "`icc tail");
    assert!(!file.exists());
    refused(args("get", &path, &[]), "`icc tail`");
    refused(args("watch", &path, &[]), "`icc tail`");
    refused(args("tail", &path, &["--fields=bid"]), "leave out --fields");
    let (code, said) = refusal(args("tail", &path, &["--from=5"]));
    assert!(code == Some(3) && said.contains("not there yet"), "{code:?} {said}");
}
