//! `ls` and `stat`.

use crate::feed::{self, Message, with_messages};
use crate::run::{json, output, refusal, stdout};
use icc_queue::{Options, Queue};
use icc_testing::Name;
use serde_json::{Value, json};
use std::fs;

fn row<'a>(list: &'a Value, name: &str) -> &'a Value {
    let rows = list.as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {list:#}"))
}

#[test]
fn what_is_there() {
    let directory = Name::directory("list");
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("desk")).unwrap();
    let _feed = with_messages(&path("desk/quotes"), 64, 100);
    let _one = feed::start("feed of many", &path("orders"), &[("CAPACITY", 64), ("COUNT", 3)]);
    let _other = feed::start("feed of many", &path("orders"), &[("CAPACITY", 64), ("COUNT", 3)]);
    let _table = feed::start("table", &path("table"), &[("CAPACITY", 10), ("COUNT", 25)]);
    fs::write(path("notes.txt"), "ICCBUFFER").unwrap();
    fs::write(path("empty"), "").unwrap();
    std::os::unix::fs::symlink(path("orders"), path("link")).unwrap();
    icc_testing::wait_until("all producers", || {
        let list = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=1ms".as_ref()]);
        row(&list, "orders")["alive"] == 2 && row(&list, "orders")["count"] == 6 && row(&list, "table")["count"] == 25
    });
    let list = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref()]);
    assert_eq!(list.as_array().unwrap().len(), 3, "{list:#}");
    let quotes = row(&list, "desk/quotes");
    assert_eq!(
        [
            &quotes["kind"],
            &quotes["type"],
            &quotes["slots"],
            &quotes["alive"],
            &quotes["count"],
            &quotes["rate"],
            &quotes["note"]
        ],
        [&json!("queue"), &json!("[u64; 7]"), &json!(64), &json!(1), &json!(100), &json!(0.0), &json!("")]
    );
    assert_eq!(quotes["bytes"], fs::metadata(path("desk/quotes")).unwrap().len());
    assert_eq!((&row(&list, "table")["kind"], &row(&list, "table")["alive"]), (&json!("vector"), &json!(1)));

    let text = stdout(["ls".as_ref(), directory.path().as_os_str()]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAME", "KIND", "TYPE", "SLOTS", "BYTES", "RATE/s", "ALIVE", "READERS", "NOTE"]);
    assert_eq!(lines[1][..5], ["desk/quotes", "queue", "[u64;", "7]", "64"], "{text}");
    assert!(!text.contains('\x1b'), "colours in a pipe");
}

/// The rate that a process was told to produce at, as far as the clocks of a busy machine go.
#[test]
fn rates() {
    let directory = Name::directory("rates");
    let path = directory.path().join("ticks");
    let _feed = feed::start("feed", &path, &[("CAPACITY", 1024), ("RATE", 2_000)]);
    let list = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=1s".as_ref()]);
    let rate = list[0]["rate"].as_f64().unwrap();
    assert!((1_000.0..3_000.0).contains(&rate), "{list:#}");
    let none = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    assert_eq!(none[0]["rate"], Value::Null);
}

#[test]
fn the_dead() {
    let directory = Name::directory("dead");
    let path = directory.path().join("quotes");
    let mut feed = with_messages(&path, 8, 5);
    feed.kill();
    // As a producer leaves it that is killed in the middle of message 5.
    let queue = Queue::<Message>::open(&path, &Options::new()).unwrap();
    let slots = 512 + 128;
    let mut bytes = fs::read(&path).unwrap();
    bytes[slots + 5 * 64] = 1;
    fs::write(&path, &bytes).unwrap();
    let list = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    assert_eq!((&list[0]["alive"], &list[0]["unfinished"]), (&json!(0), &json!(1)), "{list:#}");
    assert_eq!(list[0]["note"], "1 unfinished by the dead");
    let _producer = queue.producer().unwrap();
    let list = json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    assert_eq!(list[0]["alive"], 1, "{list:#}");
}

#[test]
fn all_of_one() {
    let directory = Name::directory("stat");
    let path = directory.path().join("quotes");
    let feed = with_messages(&path, 64, 100);
    let stat = json(["stat".as_ref(), path.as_os_str(), "--json".as_ref()]);
    let expected = json!({
        "kind": "queue", "type": "[u64; 7]", "message_bytes": 56, "slots": 64, "stride": 64, "capacity": 64,
        "produced": 100, "oldest": 36, "first": 0, "producers": 1, "max_producers": 1, "unfinished": 0, "rate": 0.0,
        "boot": "this", "mode": "600", "creator": feed.id(), "features": [0, 0, 0],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&stat[name], value, "{name} in {stat:#}");
    }
    let mapped = stat["mapped_by"].as_array().unwrap();
    assert!(mapped.len() == 1 && mapped[0]["pid"] == feed.id() && mapped[0]["writes"] == true, "{stat:#}");
    assert_eq!(stat["fields"][0]["is"], "u64[7]");
    let text = stdout(["stat".as_ref(), path.as_os_str()]);
    for part in ["100 messages", "1 alive, of at most 1", &format!("{} ", feed.id()), "u64[7]"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let vector = directory.path().join("table");
    let _table = feed::start("table", &vector, &[("CAPACITY", 10), ("COUNT", 25)]);
    icc_testing::wait_until("the writes", || {
        json(["stat".as_ref(), vector.as_os_str(), "--json".as_ref(), "--interval=0".as_ref()])["writes"] == 25
    });
}

/// A consumer of another process that lets itself be seen, and that is killed.
#[test]
fn readers() {
    let directory = Name::directory("readers");
    let path = directory.path().join("quotes");
    let _feed = feed::start("seen feed", &path, &[("CAPACITY", 64), ("COUNT", 42)]);
    feed::wait_for(&path, 42);
    let mut reader = feed::start("reader", &path, &[]);
    let stat = || json(["stat".as_ref(), path.as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    let mut seen = Value::Null;
    icc_testing::wait_until("the reader", || {
        seen = stat()["readers"][0].clone();
        seen != Value::Null
    });
    let expected = json!({ "label": "risk", "kind": "seen", "alive": true, "lag": 42, "cursor": 0, "received": 0, "lost": 0, "process": reader.id() });
    assert_eq!(seen, expected);
    let list = || json(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=0".as_ref()]);
    let before = list();
    assert_eq!((before.as_array().unwrap().len(), &before[0]["readers"][0]["lag"]), (1, &json!(42)), "{before:#}");
    reader.kill();
    assert_eq!(list()[0]["note"], "reader risk died");
    assert!(stdout(["stat".as_ref(), path.as_os_str()]).contains("risk: 42 behind, at 0, received 0, lost 0"));
    // The file beside it goes with it.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    stdout(["rm".as_ref(), path.as_os_str(), "--force".as_ref()]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_is_not_there() {
    let directory = Name::directory("nothing");
    let path = directory.path().join("quotes");
    for command in ["stat", "tail", "get", "watch"] {
        let (code, said) = refusal([command.as_ref(), path.as_os_str()]);
        assert!(code == Some(3) && said.starts_with("icc: no buffer at /dev/shm/"), "{command}: {code:?} {said}");
    }
    fs::write(&path, "x".repeat(2_000)).unwrap();
    let (code, said) = refusal(["stat".as_ref(), path.as_os_str()]);
    assert!(code == Some(1) && said.contains("not a buffer"), "{code:?} {said}");
    let (code, _) = refusal(["ls".as_ref(), path.join("deeper").as_os_str()]);
    assert_eq!(code, Some(1), "that is no directory");
    assert_eq!(refusal(["ls", "/nowhere/at/all"]).0, Some(3));
    assert_eq!(refusal(["frobnicate"]).0, Some(2));
    let empty = output(["ls".as_ref(), directory.path().as_os_str()]);
    assert!(String::from_utf8(empty.stdout).unwrap().starts_with("no buffers in "));
}

/// A queue's groups, whatever its messages are.
#[test]
fn groups() {
    let directory = Name::directory("groups");
    let path = directory.path().join("queue");
    let queue = icc_queue::Queue::<[u64; 3]>::create(
        &path,
        icc_queue::QueueSpec::new(64).group("orders"),
        &icc_queue::Options::new(),
    )
    .unwrap();
    let mut producer = queue.producer().unwrap();
    let mut worker = queue.group("orders").unwrap().worker().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&[n; 3]));
    worker.try_claim().unwrap().done();
    let found: serde_json::Value =
        serde_json::from_str(&stdout(["stat".as_ref(), path.as_os_str(), "--json".as_ref()])).unwrap();
    let group = &found["groups"][0];
    assert_eq!(
        (&group["name"], &group["waiting"], &group["handled"]),
        (&json!("orders"), &json!(4), &json!(1)),
        "{found:#}"
    );
    assert_eq!((&group["workers"][0]["alive"], &group["lost"]), (&json!(true), &json!(0)));
    let said = stdout(["stat".as_ref(), path.as_os_str()]);
    assert!(said.contains("orders: 1 worker, 4 waiting, 1 handled, 0 lost, 0 set aside"), "{said}");
    // Its file is no buffer of its own.
    assert_eq!(stdout(["ls".as_ref(), directory.path().as_os_str()]).lines().count(), 2);
}
