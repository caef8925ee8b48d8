//! Workers that die at each step of claiming, finishing, giving back and finding others dead. Needs a
//! build with `--cfg icc_steps`, as `cargo xtask test` makes one.
//!
//! With `ICC_TORTURE_SECONDS` in the environment, a thousand deaths, and a stop of ten seconds.

#![cfg(all(target_os = "linux", icc_steps, not(icc_loom)))]

mod common;

use common::{Actor, Name, role, until};
use icc_queue::{
    Claim, Evict, Group, GroupError, Options, Queue, QueueReader, QueueSpec, TryClaimError, TryProduceError, Worker,
};
use icc_testing::torture;
use std::collections::BTreeMap;
use std::time::Duration;

type Message = [u64; 5];

/// Every step, and how often a worker may pass it before it dies there.
const STEPS: [&str; 11] = [
    "group joined",
    "group intends",
    "group claimed",
    "group counted",
    "group holds",
    "group finishes",
    "group finished",
    "group settles",
    "group recovers",
    "group recovered",
    "group loses",
];

fn group(name: impl AsRef<std::path::Path>) -> Group<Message> {
    QueueReader::<Message>::open(name, &Options::new()).unwrap().group("g").unwrap()
}

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    let mut worker = loop {
        match group(&name).worker() {
            Ok(worker) => break worker,
            Err(GroupError::TooMany { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    match role.as_str() {
        // Handles most, gives some back, until it dies.
        "work" => loop {
            match worker.try_claim() {
                Ok(claim) if claim.sequence() % 7 == 3 && claim.deliveries() == 1 => claim.give_back(),
                Ok(claim) => claim.done(),
                Err(_) => std::thread::sleep(Duration::from_micros(50)),
            }
        },
        "stop" => {
            // Another has it, if this one was stopped before its claim.
            if let Ok(claim) = worker.try_claim() {
                assert_eq!(claim[0], 0);
                claim.done();
            }
        }
        other => panic!("no role {other}"),
    }
}

/// What the living come to, until nothing has come for a while.
#[derive(Default)]
struct Account {
    handled: BTreeMap<u64, u8>,
    lost: u64,
}

impl Account {
    fn take(&mut self, worker: &mut Worker<Message>) -> bool {
        match worker.try_claim() {
            Ok(claim) => {
                let n = claim.sequence();
                assert_eq!(*claim, [n; 5]);
                assert_eq!(self.handled.insert(n, claim.deliveries()), None, "message {n} came twice");
                claim.done();
                true
            }
            Err(TryClaimError::SpedPast(lost)) => {
                self.lost += lost.count;
                true
            }
            Err(_) => false,
        }
    }

    fn rest(&mut self, worker: &mut Worker<Message>) {
        let mut empty = 0;
        while empty < 300 {
            if self.take(worker) {
                empty = 0;
            } else {
                empty += 1;
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }
}

/// A queue that keeps more than is produced: nothing may be lost. One worker after another dies at a
/// step; what each was at is handled, once by the living, and marked as delivered before.
#[test]
fn deaths_at_every_step() {
    let rounds = if torture().is_some() { 1_000 / STEPS.len() + 1 } else { 3 };
    let (mut deaths, mut again) = (0, 0);
    for step in STEPS {
        let name = Name::directory(&format!("group-{}", step.replace(' ', "-")));
        let path = name.path().join("queue");
        let queue = Queue::<Message>::create(&path, QueueSpec::new(1 << 16).group("g"), &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut produced = 0;
        let group = group(&path);
        let mut account = Account::default();
        for round in 0..rounds {
            // Something to recover, for those that die while they do.
            let mut before = Actor::start("work", &path, &[("ICC_DIE_AT", "group holds:2")]);
            for _ in 0..40 {
                producer.produce(&[produced; 5]);
                produced += 1;
            }
            until("the first death", || before.ended().then_some(()));
            let passes = (round % 5).to_string();
            let mut dying = Actor::start("work", &path, &[("ICC_DIE_AT", &format!("{step}:{passes}"))]);
            // Some steps are seldom come to; then it is killed at any.
            for _ in 0..200 {
                if dying.ended() {
                    break;
                }
                producer.produce(&[produced; 5]);
                produced += 1;
                std::thread::sleep(Duration::from_micros(500));
            }
            dying.kill();
            deaths += 2;
        }
        let mut worker = group.worker().unwrap();
        account.rest(&mut worker);
        let status = group.status().unwrap();
        // Each of the dead may have died between handling its last and counting that.
        let uncounted = produced - status.handled;
        assert_eq!((status.lost, status.set_aside, status.waiting), (0, 0, 0), "{step}: {status:?}");
        assert!(uncounted <= 2 * rounds as u64, "{step}: {uncounted} of {produced} are not handled");
        let marked = account.handled.values().filter(|&&deliveries| deliveries > 1).count();
        again += marked;
    }
    println!("{deaths} deaths, {again} messages came again");
    assert!(again > 0);
}

/// On a small ring that holds, with one worker that lives: producers wait for what the dead had, until it
/// is settled, and no message is lost.
#[test]
fn a_holding_group_loses_nothing_whoever_dies() {
    let rounds = if torture().is_some() { 30 } else { 2 };
    for step in STEPS.into_iter().chain(["entry locked", "entry begun", "holds", "holds from there"]) {
        let name = Name::directory(&format!("group-holds-{}", step.replace(' ', "-")));
        let path = name.path().join("queue");
        let spec = QueueSpec::new(16).group("g").holding(Evict::Never);
        let queue = Queue::<Message>::create(&path, spec, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        let (mut produced, mut account) = (0, Account::default());
        let mut worker = group(&path).worker().unwrap();
        for round in 0..rounds {
            let die_at = format!("{step}:{}", if step.starts_with("group") { round % 5 } else { 0 });
            let mut dying = Actor::start("work", &path, &[("ICC_DIE_AT", &die_at)]);
            // Some steps are seldom come to; then it is killed at any.
            for _ in 0..200 {
                if dying.ended() {
                    break;
                }
                until("room", || match producer.try_produce(&[produced; 5]) {
                    Ok(_) => Some(()),
                    Err(TryProduceError::Full { .. }) => {
                        account.take(&mut worker);
                        None
                    }
                    Err(error) => panic!("{error}"),
                });
                produced += 1;
                std::thread::sleep(Duration::from_micros(200));
            }
            dying.kill();
        }
        account.rest(&mut worker);
        let status = group(&path).status().unwrap();
        assert_eq!((account.lost, status.lost, status.set_aside, status.waiting), (0, 0, 0, 0), "{step}: {status:?}");
        // Each of the dead may have died between handling its last and counting that.
        let uncounted = produced - status.handled;
        assert!(uncounted <= rounds as u64, "{step}: {uncounted} of {produced} are not handled");
        assert!(worker.holds(), "{step}");
    }
}

/// On a small ring, where the dead have messages that are overwritten: the sum is exact.
#[test]
fn losses_are_exact_whoever_dies() {
    let rounds = if torture().is_some() { 30 } else { 2 };
    for step in STEPS {
        let name = Name::directory(&format!("group-loss-{}", step.replace(' ', "-")));
        let path = name.path().join("queue");
        let queue = Queue::<Message>::create(&path, QueueSpec::new(4).group("g"), &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        let group = group(&path);
        let mut worker = group.worker().unwrap();
        let mut account = Account::default();
        let (mut produced, mut deaths) = (0, 0);
        for round in 0..rounds {
            let mut dying = Actor::start("work", &path, &[("ICC_DIE_AT", &format!("{step}:{}", round % 3))]);
            for turn in 0..300 {
                producer.produce(&[produced; 5]);
                produced += 1;
                if turn % 3 == 0 {
                    std::thread::sleep(Duration::from_micros(300));
                    account.take(&mut worker);
                }
                if dying.ended() {
                    break;
                }
            }
            dying.kill();
            deaths += 1;
        }
        account.rest(&mut worker);
        let status = group.status().unwrap();
        let sum = status.handled + status.lost + status.set_aside;
        assert!(sum <= produced && produced - sum <= deaths, "{step}: {status:?} of {produced}, {deaths} deaths");
        assert_eq!(status.waiting, 0, "{step}: {status:?}");
    }
}

/// A worker that is stopped with a message in its hand keeps it, for as long as that is.
#[test]
fn a_stopped_worker_keeps_its_message() {
    let stopped_for = if torture().is_some() { Duration::from_secs(10) } else { Duration::from_millis(400) };
    for step in ["group intends", "group claimed", "group holds", "group finishes"] {
        let name = Name::directory(&format!("group-stop-{}", step.replace(' ', "-")));
        let path = name.path().join("queue");
        let queue = Queue::<Message>::create(&path, QueueSpec::new(64).group("g"), &Options::new()).unwrap();
        queue.producer().unwrap().produce(&[0; 5]);
        let mut stopped = Actor::start("stop", &path, &[("ICC_STOP_AT", &format!("{step}:0"))]);
        let group = group(&path);
        let word = || group.status().unwrap().workers.iter().any(|worker| worker.at == Some(0));
        if step == "group finishes" {
            until("the worker to finish", || (!group.status().unwrap().workers.is_empty()).then_some(()));
            std::thread::sleep(Duration::from_millis(300));
        } else {
            until("the worker to have it", || word().then_some(()));
        }
        std::thread::sleep(Duration::from_millis(20));
        let mut other = group.worker().unwrap();
        let start = std::time::Instant::now();
        let mut given = None;
        while start.elapsed() < stopped_for {
            given = other.try_claim().map(|claim| claim.sequence()).ok().or(given);
            std::thread::sleep(Duration::from_micros(100));
        }
        let running = std::process::Command::new("kill").args(["-CONT", &stopped.0.id().to_string()]).status();
        assert!(running.unwrap().success());
        // One that has not made its claim yet has none to keep, and finds it gone.
        if step == "group intends" {
            assert_eq!(given, Some(0));
            stopped.end();
            continue;
        }
        stopped.succeeds();
        assert_eq!(given, None, "stopped at {step}, and given away");
        assert_eq!(other.try_claim().map(Claim::done).unwrap_err(), TryClaimError::Empty);
        assert_eq!(group.status().unwrap().handled, 1);
    }
}
