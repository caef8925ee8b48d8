//! Groups of workers in threads: each message once, whatever the others do.

#![cfg(not(icc_loom))]

use icc_queue::{
    ClaimTimeoutError, GroupError, GroupStart, Mode, Mpmc, Queue, QueueSpec, SpinThenYield, Spmc, TryClaimError,
    WaitSet,
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// As many in all, in a long run: `ICC_GROUP_MESSAGES=100000000 cargo test --release -p icc-queue --test group`.
fn messages() -> u64 {
    let asked = std::env::var("ICC_GROUP_MESSAGES").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(if cfg!(miri) { 200 } else { 100_000 })
}

/// Eight workers. The producer waits for the oldest message that is not handled, so that nothing is
/// overwritten: each is handled once. Every hundredth is given back once.
fn each_once<M: Mode>(capacity: usize) {
    let (count, workers) = (messages(), if cfg!(miri) { 3 } else { 8 });
    let queue = Queue::<u64, M>::new(QueueSpec::new(capacity).group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let (is_over, wrong) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut producer = queue.producer().unwrap();
    // A bit for each message.
    let seen: Vec<AtomicU64> = (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
    let is_handled = |n: u64| seen[n as usize / 64].load(Relaxed) >> (n % 64) & 1 == 1;
    let work = || {
        let mut worker = group.worker().unwrap();
        while is_over.load(Relaxed) == 0 {
            match worker.try_claim() {
                Ok(claim) if *claim % 100 == 7 && claim.deliveries() == 1 => claim.give_back(),
                Ok(claim) => {
                    let n = *claim;
                    let before = seen[n as usize / 64].fetch_or(1 << (n % 64), Relaxed);
                    wrong.fetch_add(u64::from(n != claim.sequence() || before >> (n % 64) & 1 == 1), Relaxed);
                    claim.done();
                }
                Err(TryClaimError::Empty) => thread::yield_now(),
                Err(_) => _ = wrong.fetch_add(1, Relaxed),
            }
        }
    };
    thread::scope(|scope| {
        (0..workers).for_each(|_| _ = scope.spawn(work));
        let mut oldest = 0;
        let mut wait_for = |until: u64| {
            while oldest < until && wrong.load(Relaxed) == 0 {
                if is_handled(oldest) {
                    oldest += 1;
                } else {
                    thread::yield_now();
                }
            }
        };
        for n in 0..count {
            wait_for((n + 1).saturating_sub(capacity as u64 / 2));
            producer.produce(&n);
        }
        wait_for(count);
        is_over.store(1, Relaxed);
    });
    assert_eq!(wrong.load(Relaxed), 0, "lost, another, or twice");
    let status = group.status().unwrap();
    assert_eq!((status.handled, status.lost, status.set_aside, status.waiting), (count, 0, 0, 0));
    assert!(status.workers.is_empty());
}

#[test]
fn each_message_once_in_a_small_ring() {
    each_once::<Spmc>(16);
}

#[test]
fn each_message_once_in_a_large_ring() {
    each_once::<Spmc>(8192);
    each_once::<Mpmc>(1024);
}

/// The producer waits for nobody: what is not handled is told, once, and the sum is exact.
#[test]
fn losses_are_told_once() {
    for capacity in [2, 64, 1024] {
        let count = if cfg!(miri) { 200 } else { 300_000 };
        let queue = Queue::<u64>::new(QueueSpec::new(capacity).group("g")).unwrap();
        let group = queue.group("g").unwrap();
        let is_over = AtomicU64::new(0);
        let mut producer = queue.producer().unwrap();
        let sums = thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let mut worker = group.worker().unwrap();
                    let is_over = &is_over;
                    scope.spawn(move || {
                        let (mut handled, mut lost, mut numbers) = (0_u64, 0, 0_u64);
                        loop {
                            let over = is_over.load(Relaxed) == 1;
                            match worker.try_claim() {
                                Ok(claim) => {
                                    handled += 1;
                                    numbers = numbers.wrapping_add(*claim);
                                    claim.done();
                                }
                                Err(TryClaimError::SpedPast(missed)) => {
                                    lost += missed.count;
                                    numbers = missed.numbers().fold(numbers, u64::wrapping_add);
                                }
                                Err(TryClaimError::Empty) if over => return (handled, lost, numbers),
                                Err(TryClaimError::Empty) => {}
                                Err(other) => panic!("{other}"),
                            }
                        }
                    })
                })
                .collect();
            (0..count).for_each(|n| _ = producer.produce(&n));
            is_over.store(1, Relaxed);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let sum = |part: fn(&(u64, u64, u64)) -> u64| sums.iter().map(part).fold(0, u64::wrapping_add);
        let (handled, lost) = (sum(|it| it.0), sum(|it| it.1));
        assert_eq!(handled + lost, count, "{sums:?}");
        assert_eq!(sum(|it| it.2), count * (count - 1) / 2, "the numbers");
        let status = group.status().unwrap();
        assert_eq!((status.handled, status.lost), (handled, lost));
    }
}

#[test]
fn groups_and_consumers_see_all_each_for_itself() {
    let spec = QueueSpec::new(16).group("one").group("other");
    let queue = Queue::<u64>::new(spec).unwrap();
    let mut consumer = queue.consumer();
    let mut workers = ["one", "other"].map(|name| queue.group(name).unwrap().worker().unwrap());
    let mut producer = queue.producer().unwrap();
    (0..9).for_each(|n| _ = producer.produce(&n));
    for worker in &mut workers {
        for n in 0..9 {
            let claim = worker.try_claim().unwrap();
            assert_eq!(*claim, n);
            claim.done();
        }
        assert_eq!(worker.try_claim().unwrap_err(), TryClaimError::Empty);
    }
    assert_eq!(consumer.drain().count(), 9);
}

#[test]
fn a_group_begins_once_where_its_first_worker_says() {
    let queue = Queue::<u64>::new(QueueSpec::new(8).group("g")).unwrap();
    let mut producer = queue.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&n));
    let group = queue.group("g").unwrap();
    let not_yet = group.worker_from(GroupStart::At(queue.position(9)));
    assert!(matches!(not_yet, Err(GroupError::Start(_))));
    assert_eq!(group.status().unwrap().start, None);
    let mut worker = group.worker_from(GroupStart::At(queue.position(3))).unwrap();
    let mut other = group.worker_from(GroupStart::Oldest).unwrap();
    assert_eq!(*worker.try_claim().unwrap(), 3);
    assert_eq!(*other.try_claim().unwrap(), 3, "given back");
    assert_eq!(group.status().unwrap().start, Some(3));
}

#[test]
fn as_many_workers_as_there_are_ids() {
    let queue = Queue::<u64>::new(QueueSpec::new(8).group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let mut workers: Vec<_> = (0..256).map(|_| group.worker().unwrap()).collect();
    assert!(matches!(group.worker(), Err(GroupError::TooMany { max: 256, .. })));
    workers.pop();
    assert_eq!(group.worker().unwrap().id(), 255);
}

/// A panic in the midst of it gives the message to another.
#[test]
fn a_panic_gives_back() {
    let queue = Queue::<u64>::new(QueueSpec::new(8).group("g")).unwrap();
    queue.producer().unwrap().produce(&7);
    let group = queue.group("g").unwrap();
    let mut worker = group.worker().unwrap();
    let panicked = thread::spawn(move || {
        let claim = worker.try_claim().unwrap();
        assert_eq!(*claim, 8, "as it must");
    });
    assert!(panicked.join().is_err());
    let mut other = group.worker().unwrap();
    assert_eq!(other.try_claim().unwrap().deliveries(), 2);
}

#[test]
fn waiting_ends_in_time() {
    let queue = Queue::<u64>::new(QueueSpec::new(8).group("g")).unwrap();
    let mut worker = queue.group("g").unwrap().worker().unwrap();
    let timeout = Duration::from_millis(2);
    let missed = worker.claim_timeout(&mut SpinThenYield::default(), timeout).map(drop);
    assert_eq!(missed, Err(ClaimTimeoutError::TimedOut { after: timeout }));
    queue.producer().unwrap().produce(&7);
    assert_eq!(*worker.claim_timeout(&mut SpinThenYield::default(), Duration::ZERO).unwrap(), 7);
    assert_eq!(*worker.claim(&mut SpinThenYield::default()).unwrap(), 7);
}

/// A worker that sleeps is woken by a message, and by one that is given back.
#[test]
#[cfg(target_os = "linux")]
fn sleepers_are_woken() {
    use icc_queue::Park;
    let queue = Queue::<u64>::new(QueueSpec::new(8).wakeable().group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let (mut one, mut other) = (group.worker().unwrap(), group.worker().unwrap());
    let mut producer = queue.producer().unwrap();
    producer.produce(&0);
    let claim = one.try_claim().unwrap();
    let sleeps = || format!("{:?}", queue.bell()).contains("somebody_sleeps: true");
    thread::scope(|scope| {
        let woken = scope.spawn(move || other.claim(&mut Park::new(Duration::ZERO)).unwrap().deliveries());
        icc_testing::wait_until("the other sleeps", sleeps);
        claim.give_back();
        assert_eq!(woken.join().unwrap(), 2);
    });
}

#[test]
fn workers_in_a_wait_set() {
    let queue = || Queue::<u64>::new(QueueSpec::new(8).wakeable().group("g")).unwrap();
    let queues = [queue(), queue()];
    let [mut one, mut other] = queues.each_ref().map(|queue| queue.group("g").unwrap().worker().unwrap());
    queues[1].producer().unwrap().produce(&7);
    let ready = WaitSet::new().wait(&mut [&mut one, &mut other], None).unwrap();
    assert!(!ready.contains(0) && ready.contains(1));
    other.try_claim().unwrap().done();
    let none = WaitSet::new().wait(&mut [&mut one, &mut other], Some(Duration::from_millis(2))).unwrap();
    assert!(none.is_empty());
}

/// In which order one of so many workers gets what waits, while the others only live.
fn order_with(workers: usize) -> Vec<u64> {
    let queue = Queue::<u64>::new(QueueSpec::new(1024).group("g")).unwrap();
    let mut producer = queue.producer().unwrap();
    let group = queue.group("g").unwrap();
    let mut workers: Vec<_> = (0..workers).map(|_| group.worker().unwrap()).collect();
    (0..1024).for_each(|n| _ = producer.produce(&n));
    let busy = &mut workers[0];
    (0..1024)
        .map(|_| {
            let claim = busy.try_claim().unwrap();
            let n = *claim;
            claim.done();
            n
        })
        .collect()
}

/// A worker alone gets all in order, as does each of more than a ring of this size has blocks for. Others leave blocks of
/// sixteen to each other, and come back to what was left when they are 64 messages for each worker further, or a quarter
/// of the ring: here the others take nothing of it meanwhile.
#[test]
fn what_waits_comes_in_blocks() {
    let all: Vec<u64> = (0..1024).collect();
    assert_eq!((order_with(1), order_with(12)), (all.clone(), all.clone()));
    for workers in [2, 3, 5, 8] {
        let order = order_with(workers);
        assert!(order.windows(2).all(|two| two[1] % 16 == 0 || two[1] == two[0] + 1), "a block was left half-way");
        let waited = |n: u64| {
            let passed = order.iter().position(|&other| other > n).unwrap_or(order.len());
            order.iter().position(|&other| other == n).expect("each comes once").saturating_sub(passed)
        };
        let longest = all.iter().map(|&n| waited(n)).max().unwrap();
        let most = (64 * workers).min(1024 / 4) + 64;
        assert!((16..most).contains(&longest), "{workers} workers: {longest} others came before one that waited");
    }
}
