//! Tasks that wait for room.
#![cfg(all(not(icc_loom), not(miri)))]

mod common;

use common::block_on;
use icc_async::produce;
use icc_queue::{Consumer, Evict, Mpmc, Producer, Queue, QueueSpec, Seen};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Counts how often its task is woken.
#[derive(Default)]
struct Count(AtomicU64);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn pending<F: Future>(future: F) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// A ring that one who holds has left full.
fn full(evict: Evict) -> (Producer<u64>, Seen<Consumer<u64>>) {
    let queue = Queue::<u64>::new(QueueSpec::new(4).holding(evict)).unwrap();
    let (mut producer, holder) = (queue.producer().unwrap(), queue.holding_consumer("slow").unwrap());
    (0..4).for_each(|n| assert_eq!(block_on(produce(&mut producer, &n)), Ok(n)));
    (producer, holder)
}

#[test]
fn a_task_waits_until_the_holder_reads() {
    let (mut producer, mut holder) = full(Evict::Never);
    let woken = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let message = 4;
    {
        let mut future = pin!(produce(&mut producer, &message));
        assert!(future.as_mut().poll(&mut cx).is_pending());
        thread::sleep(Duration::from_millis(30));
        assert_eq!(woken.0.load(Ordering::Relaxed), 0, "woken for nothing");
        assert_eq!(holder.try_consume(), Ok(0));
        let end = Instant::now() + Duration::from_secs(60);
        while woken.0.load(Ordering::Relaxed) == 0 {
            assert!(Instant::now() < end, "nobody wakes it");
            thread::yield_now();
        }
        assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready(Ok(4)));
    }
    assert_eq!((1..5).map(|_| holder.try_consume().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(holder.holds());
}

#[test]
fn a_slow_holder_loses_nothing() {
    const MESSAGES: u64 = 300;
    let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(4).holding(Evict::Never)).unwrap();
    let mut holder = queue.holding_consumer("slow").unwrap();
    let producers = [queue.producer().unwrap(), queue.producer().unwrap()].map(|mut producer| {
        thread::spawn(move || {
            block_on(async {
                for n in 0..MESSAGES {
                    produce(&mut producer, &n).await.unwrap();
                }
            });
        })
    });
    let mut sum = 0;
    for n in 0..2 * MESSAGES {
        if n % 7 == 0 {
            thread::sleep(Duration::from_micros(200));
        }
        sum += holder.consume(&mut icc_queue::SpinThenYield::default()).expect("nothing is lost");
    }
    assert_eq!(sum, MESSAGES * (MESSAGES - 1));
    for producer in producers {
        producer.join().unwrap();
    }
}

#[test]
fn a_holder_that_lets_go_is_waited_for_no_more() {
    let (mut producer, holder) = full(Evict::Never);
    pending(produce(&mut producer, &4));
    let dropping = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        drop(holder);
    });
    assert_eq!(block_on(produce(&mut producer, &4)), Ok(4));
    dropping.join().unwrap();
}

#[test]
fn a_holder_whose_time_is_over_is_evicted() {
    const LONGEST: Duration = Duration::from_millis(40);
    let start = Instant::now();
    let (mut producer, holder) = full(Evict::After(LONGEST));
    assert_eq!(block_on(produce(&mut producer, &4)), Ok(4));
    assert!(start.elapsed() >= LONGEST && !holder.holds());
}

#[test]
fn a_future_that_is_dropped_has_produced_nothing() {
    let (mut producer, mut holder) = full(Evict::Never);
    for n in 10..20 {
        pending(produce(&mut producer, &n));
    }
    assert_eq!(producer.next_sequence(), 4);
    assert_eq!(holder.try_consume(), Ok(0));
    // Nor does what is left of them, once there is room.
    thread::sleep(Duration::from_millis(20));
    assert_eq!(producer.next_sequence(), 4);
    assert_eq!(block_on(produce(&mut producer, &4)), Ok(4));
    assert_eq!((1..5).map(|_| holder.try_consume().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn nobody_waits_where_nobody_holds() {
    let queue = Queue::<u64, Mpmc>::new(2).unwrap();
    let mut producer = queue.producer().unwrap();
    for n in 0..9 {
        let future = pin!(produce(&mut producer, &n)).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(future, Poll::Ready(Ok(n)));
    }
}

#[tokio::test]
async fn other_tasks_run_meanwhile() {
    let (mut producer, mut holder) = full(Evict::Never);
    // Both on one thread.
    let producing = tokio::spawn(async move { produce(&mut producer, &4).await });
    let reading = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        holder.try_consume()
    });
    assert_eq!((producing.await.unwrap(), reading.await.unwrap()), (Ok(4), Ok(0)));
}
