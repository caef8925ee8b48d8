//! Hops that die at each step of making a system, of registering and of recording. Needs a build with `--cfg icc_steps`, as
//! `cargo xtask test` makes one.

#![cfg(all(target_os = "linux", icc_steps))]

use icc_queue::{Consumer, Producer, Queue};
use icc_testing::{Actor, Name, role, until, wait_until};
use icc_trace::{Hop, Options, Reader, Stamped, Trace, TraceSpec};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;

/// The steps of registering and of recording; some are of the table of names and of the ring.
const STEPS: [&str; 11] = [
    "hop placed",
    "taken",
    "held",
    "ranged",
    "registered",
    "marked",
    "copied",
    "written",
    "claiming",
    "claimed",
    "complete",
];
/// Timings that a ring keeps: so few that each hop soon comes to the place of one that died.
const CAPACITY: usize = 4;

fn hop(directory: &Path, name: &str) -> Hop {
    let spec = TraceSpec::new().capacity(CAPACITY).clock(directory.join("clock"));
    Trace::open_or_create(directory.join("desk"), &spec).unwrap().hop(name).unwrap()
}

#[test]
fn actor() {
    let Some((_, directory)) = role() else { return };
    let mut victim = hop(&directory, "victim");
    for _ in 0..2 {
        let cause = victim.enter();
        victim.end(cause);
    }
}

/// A queue, and a hop that messages pass on their way into it.
struct Product {
    hop: Hop,
    producer: Producer<Stamped<u64>>,
    consumer: Consumer<Stamped<u64>>,
}

impl Product {
    fn new(directory: &Path) -> Self {
        let queue = Queue::new(16).unwrap();
        Self { hop: hop(directory, "feed"), producer: queue.producer().unwrap(), consumer: queue.consumer() }
    }

    /// Messages through the hop: each comes, whole and at once.
    fn goes_on(&mut self, count: u64) {
        for n in 0..count {
            let cause = self.hop.enter();
            self.hop.pass(cause, n, |message| self.producer.produce(message));
            assert_eq!(self.consumer.try_consume().unwrap().payload, n);
        }
    }
}

fn read(reader: &mut Reader) -> usize {
    let mut count = 0;
    reader.read(|_| count += 1);
    count
}

/// Lets a hop die at the step once it has passed it so often, beside others or as the first of its system. Whether it did;
/// if not, there is no such step any more.
fn dies(step: &str, passes: u32, is_first: bool) -> bool {
    let directory = Name::directory("steps");
    let before = (!is_first).then(|| Product::new(directory.path()));
    let mut actor = Actor::start("victim", directory.path(), &[("ICC_DIE_AT", &format!("{step}:{passes}"))]);
    let died = !actor.end().success();
    let mut product = before.unwrap_or_else(|| Product::new(directory.path()));
    // Many rings without one that is dropped: the place of the dead one was taken over, if it held one.
    until("the place of a dead hop is taken over", || {
        let dropped = product.hop.dropped();
        product.goes_on(100);
        (product.hop.dropped() == dropped).then_some(())
    });
    // From now on all timings come.
    let mut reader = Reader::open(directory.path().join("desk"), &Options::new()).unwrap();
    product.goes_on(CAPACITY as u64);
    assert_eq!((read(&mut reader), reader.lost()), (CAPACITY, 0), "{step}:{passes}");
    // It is started again, and has one name.
    let mut again = hop(directory.path(), "victim");
    let cause = again.enter();
    again.end(cause);
    let mut names = reader.names().to_vec();
    reader.read(|timing| assert_eq!(names[timing.hop()], "victim", "{step}:{passes}"));
    names.sort();
    assert_eq!(names, ["feed", "victim"], "{step}:{passes}");
    died
}

/// Wherever a hop dies, the others' messages and timings go on.
#[test]
fn a_hop_that_dies_at_any_step_harms_nobody() {
    // The first makes the files: the clock's, that of the names and that of the ring. Others open them.
    for (of_files, is_first) in [("buffer linked", true), ("attached", false)] {
        for step in [of_files].into_iter().chain(STEPS) {
            let deaths = (0..).take_while(|&passes| dies(step, passes, is_first)).count();
            assert!(deaths >= if step == of_files { 3 } else { 1 }, "{deaths} died at {step}");
        }
    }
}

/// A hop that is stopped between finding a place for its name and taking it finds the place taken, and has the next.
#[test]
fn a_hop_that_is_slow_to_register_takes_nobodys_place() {
    let directory = Name::directory("steps-slow");
    let mut slow = Actor::start("victim", directory.path(), &[("ICC_STOP_AT", "hop placed:0")]);
    let id = slow.id();
    wait_until("it has stopped", || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    });
    let _feed = hop(directory.path(), "feed");
    let pid = Pid::from_raw(id.cast_signed()).unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    slow.succeeds();
    let mut reader = Reader::open(directory.path().join("desk"), &Options::new()).unwrap();
    assert_eq!(reader.names(), ["feed", "victim"]);
}
