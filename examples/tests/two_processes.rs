//! A feed and a strategy: each may die and come back, and the other goes on.

mod common;

use common::{Running, example, number, send, unique};
use icc_examples::ticks::{Tick, names};
use icc_queue::{Options, QueueReader};
use rustix::process::Signal;
use std::process::Command;
use std::time::Duration;

/// The memory of a pair, removed at the end.
struct Pair(String);

impl Pair {
    fn command(&self, which: &str) -> Command {
        let mut command = example(which);
        command.arg(&self.0);
        command
    }

    fn start(&self, which: &str) -> Running {
        Running::start(&mut self.command(which))
    }

    fn produced(&self) -> u64 {
        QueueReader::<Tick>::open(&names(&self.0)[0], &Options::new()).expect("it is there").produced()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for name in names(&self.0) {
            let _ = icc_queue::remove(name);
        }
    }
}

fn receives(strategy: &mut Running) -> String {
    let said = strategy.said.len();
    let line = strategy.line("ticks", |line| line.contains(" received, ") && number(line, "") > 0);
    assert!(strategy.said.len() > said);
    line
}

/// Hundredths of a second that a process has had of a core.
fn used(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<_> = stat.rsplit_once(") ").expect("a name").1.split(' ').collect();
    fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
}

#[test]
fn either_dies_and_comes_back() {
    let pair = Pair(unique("pair"));
    // The strategy first: it waits for a feed.
    let mut strategy = pair.start("strategy");
    let mut feed = pair.start("feed");
    feed.line("the beginning", |line| line.contains("with message 0"));
    receives(&mut strategy);

    // There is one feed.
    let said = common::stderr(&mut pair.command("feed"));
    assert!(said.contains("already has a living producer"), "{said}");

    // Without one it is quiet, says so, and sleeps.
    send(feed.process.id(), Signal::KILL);
    feed.end();
    strategy.line("the feed's end", |line| line == "the feed is gone");
    let before = used(strategy.process.id());
    std::thread::sleep(Duration::from_millis(700));
    let idle = used(strategy.process.id()) - before;
    assert!(idle <= 10, "it does not sleep: {idle} of 70 hundredths of a second");
    let produced = pair.produced();
    feed = pair.start("feed");
    feed.line("the place", |line| line.ends_with(&format!(" {produced}")));
    strategy.line("the feed's return", |line| line == "the feed is back");

    // It is stopped until the ring has gone round, and is told exactly what that cost.
    strategy.signal(Signal::STOP);
    let from = pair.produced();
    common::until("a lap and more", || pair.produced() > from + 2_000);
    strategy.signal(Signal::CONT);
    let lost = strategy.line("a loss", |line| line.starts_with("lost "));
    assert!(lost.ends_with("goes on from the latest values"), "{lost}");
    let lost = number(&lost, "lost ");
    // A strategy that waited for a core for long may have lost some before.
    strategy.line("its total", |line| line.contains(" received, ") && number(line, "received, ") >= lost);

    // It dies, and another begins with the latest values. A tick that is missing or comes twice would end it.
    send(strategy.process.id(), Signal::KILL);
    strategy.end();
    strategy = pair.start("strategy");
    let begins = strategy.line("the beginning", |line| line.starts_with("from message"));
    assert!(begins.contains("serial") && !begins.contains("None"), "{begins}");
    receives(&mut strategy);
    assert_eq!(strategy.process.try_wait().expect("it can be asked"), None);

    // Somebody takes the memory away: it does not wait for ever.
    send(feed.process.id(), Signal::KILL);
    feed.end();
    drop(pair);
    assert_eq!(strategy.end(), Some(1));
}
