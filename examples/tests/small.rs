//! The smallest examples do what they say.

mod common;

use common::{example, number, stdout};

#[test]
fn quotes() {
    let said = stdout(&mut example("quotes"));
    for name in ["model", "recorder"] {
        let total = said.lines().find(|line| line.starts_with(name) && line.contains("received")).expect(&said);
        assert_eq!(number(total, ": ") + number(total, "received, "), 100_000, "{said}");
        assert!(total.ends_with("widest spread 0.020"), "{said}");
    }
    // The whole queue.
    assert!(said.contains("a latecomer: 4096 messages are still available, the first is number 95904"), "{said}");
}

#[test]
fn latest() {
    let said = stdout(&mut example("latest"));
    let seen = number(&said, "150000 updates, seen as ");
    // Each slot at least once, and no change that was not made.
    assert!((3_000..=150_000).contains(&seen), "{said}");
    assert!(
        said.contains("update: 48000 }") && said.contains("update: 47996 }"),
        "the last values are not there: {said}"
    );
}

#[test]
fn groups() {
    let said = stdout(&mut example("groups"));
    assert!(
        said.contains("killed one of three workers") && said.contains("0 of 2000 orders wait, 0 were lost"),
        "{said}"
    );
}

/// An injected delay is in the model's figures, and the exporter's file has an event for each timing.
#[test]
fn hops() {
    let name = common::unique("hops");
    let mut command = example("hops");
    command.args(["--name", &name, "--seconds", "3", "--delay", "20000"]).stdout(std::process::Stdio::piped());
    let mut running = common::Killed(command.spawn().expect("it starts"));
    let ring = format!("/dev/shm/{name}.hops");
    let start = std::time::Instant::now();
    while !std::path::Path::new(&ring).exists() && start.elapsed() < common::LONG {
        std::thread::yield_now();
    }
    let file = std::env::temp_dir().join(&name);
    let said = stdout(example("perfetto").arg(&name).arg(&file).args(["--seconds", "0.5"]));
    let text = std::fs::read_to_string(&file).expect("it was written");
    std::fs::remove_file(&file).expect("it is there");
    let trace: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("there are events");
    let timings: usize = said.split(' ').next().and_then(|word| word.parse().ok()).expect(&said);
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).count();
    assert!(timings > 0 && of("X") == timings && of("s") + of("t") == timings, "{said}");
    let names: Vec<_> = events.iter().filter(|event| event["ph"] == "M").map(|event| &event["args"]["name"]).collect();
    assert_eq!(names, ["feed", "model"]);

    let mut table = String::new();
    std::io::Read::read_to_string(running.0.stdout.as_mut().expect("it is piped"), &mut table).expect("text");
    assert!(running.0.wait().expect("it ends").success());
    let worked = |hop: &str| {
        let line = table.lines().find(|line| line.starts_with(hop)).expect(&table);
        line.split_whitespace().rev().nth(1).and_then(|word| word.parse::<u64>().ok()).expect(&table)
    };
    assert!(worked("model") >= 19_800 && worked("feed") < 19_800, "{table}");
    assert!(!std::path::Path::new(&ring).exists());
}

#[test]
fn tasks() {
    let said = stdout(&mut example("tasks"));
    let first: u64 = said.split(' ').next().and_then(|word| word.parse().ok()).expect(&said);
    let total = first + number(&said, "quotes, ") + number(&said, "trades and ") + number(&said, "received, ");
    assert_eq!(total, 3_000, "{said}");
    assert!(number(&said, "lost, ") >= 1, "no heartbeat came between: {said}");
}

#[test]
fn config_cell() {
    let said = stdout(&mut example("config_cell"));
    for name in ["first", "second"] {
        let worker = said.lines().find(|line| line.starts_with(name)).expect(&said);
        assert!(worker.ends_with("the last Config { step: 5, most: 50, running: 0 }"), "{said}");
        assert!((1..=5).contains(&number(worker, "rounds, ")), "{said}");
    }
}

#[test]
fn wait_set() {
    let said = stdout(&mut example("wait_set"));
    assert!(said.starts_with("300 quotes, 30 fills and 3 limits in "), "{said}");
    assert!((1..=400).contains(&number(&said, " in ")), "{said}");
}

#[test]
fn lossless() {
    let said = stdout(&mut example("lossless"));
    assert!(said.contains("recorder: 100000 received, 0 lost"), "{said}");
    let dashboard = said.lines().find(|line| line.starts_with("dashboard: ")).expect(&said);
    assert_eq!(number(dashboard, ": ") + number(dashboard, "received, "), 100_000);
    assert!(said.contains("the ring is full") && said.contains("the recorder holds: false; lost "), "{said}");
}

#[test]
fn resume() {
    let lines = stdout(&mut example("resume"));
    let expected = [
        "messages 0..10, 10 of them received",
        "messages 10..30, 20 of them received",
        "messages 30..66 are lost; messages 66..130, 64 of them received",
        "another queue, from its oldest message; messages 0..5, 5 of them received",
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn untyped() {
    let said = stdout(&mut example("untyped"));
    assert!(said.contains("0: price=100.25 USD quantity=3 lots side=Buy\n"), "{said}");
    assert!(said.contains("1: price=99.90 USD quantity=1 lots side=Sell\n"), "{said}");
}

#[test]
fn gaps() {
    let said = stdout(&mut example("gaps"));
    assert!(said.contains("lost 20 messages (500..520)\n"), "{said}");
    assert!(said.ends_with("970 received, 30 lost\n"), "{said}");
}

#[test]
fn own_structure() {
    let said = stdout(&mut example("own_structure"));
    assert!(said.contains("worker 0: 5050, alive: true\nworker 1: 55, alive: false\n"), "{said}");
    assert!(said.contains("kind `my-sums`, not `queue`"), "{said}");
}

/// Messages of a type over a queue of bytes: a loss is told, and what does not decode is refused.
#[test]
fn typed() {
    let why = [("postcard", "end of buffer"), ("rkyv", "overran range"), ("flatbuffers", "out of bounds")];
    for (codec, refused) in why {
        let said = stdout(&mut example(&format!("typed_{codec}")));
        assert!(said.starts_with("lost ") && said.contains(refused), "{said}");
        let total = said.lines().last().expect("it says something");
        let received = total.split(' ').next().and_then(|word| word.parse::<u64>().ok()).expect(&said);
        assert_eq!(received + number(total, "; "), 1_000, "{said}");
    }
}
