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
