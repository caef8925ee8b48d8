//! One wait for several queues.
#![cfg(not(icc_loom))]

use icc_queue::{Consumer, Notifier, Queue, QueueSpec, Ready, TryConsumeError, WaitSet, WaitSetError, Waitable};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any test takes.
const LONG: Option<Duration> = Some(Duration::from_secs(300));

fn wakeable() -> Queue<u64> {
    Queue::new(QueueSpec::new(64).wakeable()).unwrap()
}

fn wait<const N: usize>(consumers: &mut [Consumer<u64>; N], timeout: Option<Duration>) -> Ready {
    let mut sources = consumers.each_mut().map(|consumer| consumer as &mut dyn Waitable);
    WaitSet::new().wait(&mut sources, timeout).unwrap()
}

/// Each message wakes, whichever queue it is in, and is of that queue.
#[test]
fn any_of_three_wakes() {
    let queues = [wakeable(), wakeable(), wakeable()];
    let mut consumers = queues.each_ref().map(|queue| queue.consumer());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut producers = queues.each_ref().map(|queue| queue.producer().unwrap());
            for n in 0..300 {
                if n % 7 == 0 {
                    thread::sleep(Duration::from_micros(300));
                }
                producers[n % 3].produce(&(n as u64));
            }
        });
        let mut received = 0;
        while received < 300 {
            let ready = wait(&mut consumers, LONG);
            assert!(!ready.is_empty() && ready.iter().all(|index| index < 3));
            for index in ready.iter() {
                let message = consumers[index].try_consume().expect("it is ready");
                assert_eq!(message % 3, index as u64);
                received += 1;
            }
        }
    });
}

#[test]
fn timeouts_and_what_is_ready_at_once() {
    let queues = [wakeable(), wakeable()];
    let mut consumers = queues.each_ref().map(|queue| queue.consumer());
    let start = Instant::now();
    assert!(wait(&mut consumers, Some(Duration::from_millis(20))).is_empty());
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert!(wait(&mut consumers, Some(Duration::ZERO)).is_empty());
    queues[1].producer().unwrap().produce(&7);
    let ready = wait(&mut consumers, Some(Duration::ZERO));
    assert_eq!((ready.iter().collect::<Vec<_>>(), ready.len()), (vec![1], 1));
    assert!(!ready.contains(0) && ready.contains(1) && !ready.contains(500));
}

/// A queue whose producers wake nobody is found by looking, and hinders no other's wake.
#[test]
fn one_that_is_not_wakeable() {
    let queues = [wakeable(), Queue::new(64).unwrap()];
    let mut consumers = queues.each_ref().map(|queue| queue.consumer());
    thread::scope(|scope| {
        for index in [0, 1, 0, 1] {
            let queue = &queues[index];
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(5));
                queue.producer().unwrap().produce(&1);
            });
            let ready = wait(&mut consumers, LONG);
            assert_eq!(ready.iter().collect::<Vec<_>>(), [index]);
            consumers[index].try_consume().unwrap();
        }
    });
}

#[test]
fn as_many_as_one_wait_takes() {
    let mut notifiers: Vec<_> = (0..=WaitSet::MOST).map(|_| Notifier::new()).collect();
    let last = notifiers[WaitSet::MOST - 1].clone();
    let mut sources: Vec<&mut dyn Waitable> = notifiers.iter_mut().map(|one| one as &mut dyn Waitable).collect();
    let set = WaitSet::spinning(Duration::ZERO);
    assert_eq!(set.wait(&mut sources, None), Err(WaitSetError::TooMany { found: 128 }));
    assert_eq!(set.wait(&mut [], None), Err(WaitSetError::Nothing));
    assert!(set.wait(&mut [], Some(Duration::from_millis(1))).unwrap().is_empty());
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            last.notify();
        });
        let ready = set.wait(&mut sources[..WaitSet::MOST], LONG).unwrap();
        assert_eq!(ready.iter().collect::<Vec<_>>(), [WaitSet::MOST - 1]);
    });
    assert!(last.take() && !last.take());
}

/// As `try_consume` says of a message that is overwritten.
#[test]
fn what_is_overwritten_is_ready() {
    let queue = wakeable();
    let mut consumers = [queue.consumer()];
    let mut producer = queue.producer().unwrap();
    (0..200).for_each(|n| _ = producer.produce(&n));
    assert!(wait(&mut consumers, LONG).contains(0));
    assert!(matches!(consumers[0].try_consume(), Err(TryConsumeError::SpedPast(_))));
}
