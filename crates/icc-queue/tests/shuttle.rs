//! Models that are too large for loom, in random orders of their threads' steps. Run with `cargo xtask shuttle`.
//!
//! Every atomic is sequentially consistent in them: what they show is the protocol, not its orderings. There is no
//! time: whoever sleeps and is not woken sleeps for ever, and shuttle reports that all threads wait.
#![cfg(icc_shuttle)]

use core::time::Duration;
use icc_queue::{
    Consumer, Evict, Mode, Mpmc, Notifier, Park, Queue, QueueSpec, Spmc, TryClaimError, TryConsumeError, WaitSet,
    Worker,
};
use icc_seqlock::primitive::{Arc, chance, may_die_at, model, thread};
use icc_vector::{SeqlockVector, SingleWriter, VectorSpec};
use std::sync::Mutex;

/// A message says its number twice, so that one mixed from two shows.
type Message = [u64; 2];

/// What a group handled, in any order. No step of another thread comes in between while it is locked.
type Log = Arc<Mutex<Vec<u64>>>;

/// One attempt; whether there was something to handle, or a loss.
fn attempt(worker: &mut Worker<Message>, log: &Log) -> bool {
    match worker.try_claim() {
        Ok(claim) => {
            let [n, again] = *claim;
            assert!(n == again && claim.sequence() == n, "another message: {claim:?}");
            claim.done();
            log.lock().unwrap().push(n);
            true
        }
        Err(TryClaimError::SpedPast(_)) => true,
        Err(_) => false,
    }
}

/// Three workers and a newcomer in a ring that is overwritten meanwhile. Two of the workers die anywhere, or not:
/// each message is handled once or counted as lost.
#[test]
fn workers_that_die_anywhere() {
    const STEPS: [&str; 7] = [
        "group intends",
        "group claimed",
        "group counted",
        "group holds",
        "group overtakes",
        "group finishes",
        "group finished",
    ];
    const PRODUCED: u64 = 6;
    model("workers_that_die_anywhere", None, || {
        let queue = Queue::<Message>::new(QueueSpec::new(2).group("g").max_deliveries(9)).unwrap();
        let group = queue.group("g").unwrap();
        let log = Log::default();
        let workers = [(); 3].map(|()| group.worker().unwrap());
        let mut producer = queue.producer().unwrap();
        let mut threads = vec![thread::spawn(move || {
            (0..PRODUCED).for_each(|n| _ = producer.produce(&[n; 2]));
            0
        })];
        for (number, worker) in workers.into_iter().enumerate() {
            let (log, step, passes) = (log.clone(), STEPS[chance(STEPS.len())], chance(3) as u32);
            threads.push(thread::spawn(move || {
                let work = |worker: &mut Worker<Message>| (0..4).for_each(|_| _ = attempt(worker, &log));
                let step = if number < 2 { step } else { "none" };
                // Dropped here, at any later moment: its lock is free then.
                let died = may_die_at(step, passes, worker, work).is_ok();
                // The message of one that died while it finished is handled, and not in the log.
                u64::from(died && step.starts_with("group finish"))
            }));
        }
        let (others, newcomers) = (log.clone(), group.clone());
        threads.push(thread::spawn(move || {
            let mut worker = newcomers.worker().unwrap();
            (0..3).for_each(|_| _ = attempt(&mut worker, &others));
            0
        }));
        let finished: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        let mut last = group.worker().unwrap();
        let mut idle = 0;
        while idle < 8 {
            idle = if attempt(&mut last, &log) { 0 } else { idle + 1 };
        }
        let mut handled = std::mem::take(&mut *log.lock().unwrap());
        handled.sort_unstable();
        let twice = handled.windows(2).any(|pair| pair[0] == pair[1]);
        let lost = group.status().unwrap().lost;
        let sum = handled.len() as u64 + finished + lost;
        assert!(!twice && sum == PRODUCED, "handled {handled:?}, by the dead {finished}, lost {lost}");
    });
}

/// A group that holds, of one worker that lives, and of two that come one after the other and die anywhere, or let go: the
/// producer goes round the ring, and each message is handled once. None is lost.
#[test]
fn a_group_that_holds() {
    const STEPS: [&str; 9] = [
        "entry begun",
        "holds",
        "holds from there",
        "group intends",
        "group claimed",
        "group holds",
        "group finishes",
        "group finished",
        "none",
    ];
    const PRODUCED: u64 = 5;
    model("a_group_that_holds", None, || {
        let queue =
            Queue::<Message>::new(QueueSpec::new(2).holding(Evict::Never).group("g").max_deliveries(9)).unwrap();
        let group = queue.group("g").unwrap();
        let (log, finished) = (Log::default(), Arc::new(Mutex::new(0)));
        let (mut living, mut producer) = (group.worker().unwrap(), queue.producer().unwrap());
        let mut threads = vec![thread::spawn(move || {
            (0..PRODUCED).for_each(|n| _ = producer.produce(&[n; 2]));
        })];
        let (others, of_the_dead, joined) = (log.clone(), finished.clone(), group.clone());
        threads.push(thread::spawn(move || {
            for _ in 0..2 {
                let (step, passes, attempts) = (STEPS[chance(STEPS.len())], chance(2) as u32, 1 + chance(4));
                let died = may_die_at(step, passes, joined.clone(), |group| {
                    // The one before it may not be found dead yet.
                    let Ok(mut worker) = group.worker() else { return };
                    (0..attempts).for_each(|_| _ = attempt(&mut worker, &others));
                });
                // The message of one that died while it finished is handled, and not in the log.
                *of_the_dead.lock().unwrap() += usize::from(died.is_ok() && step.starts_with("group finish"));
            }
        }));
        while log.lock().unwrap().len() + *finished.lock().unwrap() < PRODUCED as usize {
            if !attempt(&mut living, &log) {
                thread::yield_now();
            }
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let mut handled = std::mem::take(&mut *log.lock().unwrap());
        handled.sort_unstable();
        let twice = handled.windows(2).any(|pair| pair[0] == pair[1]);
        let sum = handled.len() + *finished.lock().unwrap();
        let lost = group.status().unwrap().lost;
        assert!(!twice && lost == 0 && sum == PRODUCED as usize, "handled {handled:?}, lost {lost}, sum {sum}");
    });
}

/// Reads what there is; how far that is from being all.
fn poll(consumer: &mut Consumer<Message>) -> bool {
    match consumer.try_consume() {
        Ok([one, other]) => assert_eq!(one, other, "mixed"),
        Err(TryConsumeError::SpedPast(_)) => {}
        Err(TryConsumeError::Empty) => return false,
    }
    true
}

/// Three producers of two messages each in a ring of two slots, of which two die anywhere, or not, and two
/// consumers, of which one comes late: no message is mixed, each is received or lost, and somebody always goes on.
#[test]
fn producers_that_die_anywhere() {
    const STEPS: [&str; 5] = ["claiming", "claimed", "held", "word", "complete"];
    model("producers_that_die_anywhere", None, || {
        let queue = Queue::<Message, Mpmc>::new(QueueSpec::new(2).max_producers(3)).unwrap();
        let mut early = queue.consumer();
        let mut threads: Vec<_> = (0..3)
            .map(|number: u64| {
                let (producer, step) = (queue.producer().unwrap(), STEPS[chance(STEPS.len())]);
                let (step, passes) = (if number < 2 { step } else { "none" }, chance(2) as u32);
                thread::spawn(move || {
                    let work = |producer: &mut icc_queue::Producer<Message, Mpmc>| {
                        (0..2).for_each(|n| _ = producer.produce(&[10 * number + n; 2]));
                    };
                    drop(may_die_at(step, passes, producer, work));
                })
            })
            .collect();
        let reader = queue.clone();
        threads.push(thread::spawn(move || {
            let mut late = reader.consumer();
            (0..3).for_each(|_| _ = poll(&mut late));
        }));
        (0..3).for_each(|_| _ = poll(&mut early));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        while early.next_sequence() < queue.produced() {
            poll(&mut early);
        }
        assert_eq!(early.received() + early.lost(), queue.produced());
    });
}

/// One wait for three queues, a vector and a notifier, none of which is missed.
#[test]
fn one_wait_for_five() {
    const MESSAGES: u64 = 2;
    model("one_wait_for_five", None, || {
        let queues = [(); 3].map(|()| Queue::<Message>::new(QueueSpec::new(4).wakeable()).unwrap());
        let table = SeqlockVector::<u64, SingleWriter>::new(VectorSpec::new(1).wakeable()).unwrap();
        let (mut consumers, mut changes) = (queues.each_ref().map(|queue| queue.consumer()), table.changes());
        let mut notifier = Notifier::new();
        let mut threads: Vec<_> = queues
            .each_ref()
            .map(|queue| {
                let mut producer = queue.producer().unwrap();
                thread::spawn(move || (0..MESSAGES).for_each(|n| _ = producer.produce(&[n; 2])))
            })
            .into();
        let (mut writer, other) = (table.writer().unwrap(), notifier.clone());
        threads.push(thread::spawn(move || _ = writer.write(0, &7).unwrap()));
        threads.push(thread::spawn(move || other.notify()));
        let (mut left, mut changed, mut notified) = ([MESSAGES; 3], false, false);
        while left != [0; 3] || !changed || !notified {
            let ready = {
                let [one, two, three] = &mut consumers;
                let set = WaitSet::spinning(Duration::ZERO);
                set.wait(&mut [one, two, three, &mut changes, &mut notifier], None).unwrap()
            };
            for (index, consumer) in consumers.iter_mut().enumerate() {
                if ready.contains(index) {
                    assert_eq!(consumer.try_consume(), Ok([MESSAGES - left[index]; 2]));
                    left[index] -= 1;
                }
            }
            changed |= changes.poll().any(|change| change.value == 7);
            notified |= notifier.take();
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// Holds a queue for so many attempts to read, and loses nothing.
fn holds<M: Mode>(queue: &Queue<Message, M>, name: &str, count: u64) {
    let mut holder = queue.holding_consumer(name).unwrap();
    for _ in 0..count {
        match holder.try_consume() {
            Ok([one, other]) => assert_eq!(one, other, "mixed"),
            Err(TryConsumeError::Empty) => {}
            Err(TryConsumeError::SpedPast(lost)) => panic!("{lost}, and held from {:?}", holder.held_from()),
        }
    }
}

/// Two producers that sleep for room, a holder that sleeps for messages, and one that comes twice, reads a little and
/// lets go: nobody sleeps for ever, and no holder loses a message.
#[test]
fn holders_come_and_go() {
    const EACH: u64 = 3;
    model("holders_come_and_go", None, || {
        let queue =
            Queue::<Message, Mpmc>::new(QueueSpec::new(2).max_producers(2).wakeable().holding(Evict::Never)).unwrap();
        let mut holder = queue.holding_consumer("all").unwrap();
        let mut threads: Vec<_> = (0..2)
            .map(|_| {
                let mut producer = queue.producer().unwrap();
                thread::spawn(move || (0..EACH).for_each(|n| _ = producer.produce(&[n; 2])))
            })
            .collect();
        let visited = queue.clone();
        threads.push(thread::spawn(move || ["one", "other"].iter().for_each(|name| holds(&visited, name, 2))));
        let mut park = Park::new(Duration::ZERO);
        (0..2 * EACH).for_each(|_| _ = holder.consume(&mut park).unwrap());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((holder.received(), holder.lost()), (2 * EACH, 0));
    });
}

/// Two holders die, at any step of coming or later: the producer goes round the ring once their locks are free.
#[test]
fn holders_that_die_anywhere() {
    const STEPS: [&str; 5] = ["entry taken", "entry begun", "holds", "holds from there", "none"];
    model("holders_that_die_anywhere", None, || {
        let queue = Queue::<Message, Spmc>::new(QueueSpec::new(2).holding(Evict::Never)).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut threads = vec![thread::spawn(move || (0..5).for_each(|n| _ = producer.produce(&[n; 2])))];
        for name in ["one", "other"] {
            let (queue, step) = (queue.clone(), STEPS[chance(STEPS.len())]);
            threads.push(thread::spawn(move || {
                drop(may_die_at(step, 0, queue, |queue| holds(queue, name, 1)));
            }));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(queue.produced(), 5);
    });
}
