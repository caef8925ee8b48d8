//! Streams under a hand-made executor, tokio and smol.
#![cfg(not(icc_loom))]
#![cfg_attr(miri, allow(dead_code, unused_imports))]

mod common;

use common::{block_on, wakeable};
use futures_lite::{FutureExt as _, StreamExt as _};
use icc_async::{ConsumerStream, VectorStream};
use icc_queue::{Lost, Mpmc, Producer, Queue, QueueSpec, Spmc};
use icc_vector::{SeqlockVector, VectorSpec};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

const MESSAGES: u64 = 500;

/// Produces in bursts, with pauses in which the stream goes to sleep.
fn produce(mut producer: Producer<u64, Spmc>) {
    for n in 0..MESSAGES {
        if n % 11 == 0 {
            thread::sleep(Duration::from_micros(100));
        }
        producer.produce(&n);
    }
}

async fn receive(mut stream: ConsumerStream<u64>) {
    for n in 0..MESSAGES {
        assert_eq!(stream.next().await, Ok(n));
    }
}

#[test]
fn a_hand_made_executor() {
    let queue = wakeable();
    let (stream, producer) = (ConsumerStream::new(queue.consumer()), queue.producer().unwrap());
    let thread = thread::spawn(|| produce(producer));
    block_on(receive(stream));
    thread.join().unwrap();
}

#[test]
fn smol() {
    let queue = wakeable();
    let streams = [ConsumerStream::new(queue.consumer()), ConsumerStream::new(queue.consumer())];
    let producer = queue.producer().unwrap();
    let thread = thread::spawn(|| produce(producer));
    let tasks = streams.map(|stream| smol::spawn(receive(stream)));
    smol::block_on(async {
        for task in tasks {
            task.await;
        }
    });
    thread.join().unwrap();
}

#[tokio::test]
async fn tokio_on_one_thread() {
    let queue = wakeable();
    let (stream, producer) = (ConsumerStream::new(queue.consumer()), queue.producer().unwrap());
    let thread = thread::spawn(|| produce(producer));
    receive(stream).await;
    thread.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokio_on_two_threads() {
    let queue = wakeable();
    let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(receive(ConsumerStream::new(queue.consumer())))).collect();
    let producer = queue.producer().unwrap();
    let thread = thread::spawn(|| produce(producer));
    for task in tasks {
        task.await.unwrap();
    }
    thread.join().unwrap();
}

/// Futures that are dropped again and again before they are done lose no message.
#[test]
fn dropped_in_a_select() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(select_again_and_again());
}

async fn select_again_and_again() {
    let queue = wakeable();
    let mut stream = ConsumerStream::new(queue.consumer());
    let producer = queue.producer().unwrap();
    let thread = thread::spawn(|| produce(producer));
    let mut next = 0;
    while next < MESSAGES {
        tokio::select! {
            message = stream.next() => {
                assert_eq!(message, Ok(next));
                next += 1;
            }
            () = tokio::time::sleep(Duration::from_micros(20)) => {}
            () = std::future::ready(()) => tokio::task::yield_now().await,
        }
    }
    thread.join().unwrap();
}

/// As a `Stream` of a stream crate; a loss is an item.
#[test]
fn a_loss_is_an_item() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).wakeable()).unwrap();
    let stream = ConsumerStream::new(queue.consumer());
    let mut producer = queue.producer().unwrap();
    (0..6).for_each(|n| _ = producer.produce(&n));
    let items: Vec<_> = block_on(stream.take(3).collect());
    assert_eq!(items, [Err(Lost { first: 0, next: 2 }), Ok(2), Ok(3)]);
}

/// The wait ends for a message that never comes, of a producer that died.
#[test]
fn many_producers() {
    let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(1024).wakeable()).unwrap();
    let mut stream = ConsumerStream::new(queue.consumer());
    thread::scope(|scope| {
        for _ in 0..3 {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || {
                for n in 0..100 {
                    thread::sleep(Duration::from_micros(50));
                    producer.produce(&n);
                }
            });
        }
        let sum = block_on(async {
            let mut sum = 0;
            for _ in 0..300 {
                sum += stream.next().await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 3 * 99 * 100 / 2);
    });
}

#[test]
fn changes_of_a_vector() {
    let vector = SeqlockVector::<u64>::new(VectorSpec::new(3).wakeable()).unwrap();
    let mut stream = VectorStream::new(vector.changes());
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=100 {
                thread::sleep(Duration::from_micros(100));
                vector.write(n % 3, &(n as u64)).unwrap();
            }
        });
        block_on(async {
            let mut last = [0; 3];
            while last != [99, 100, 98] {
                let change = stream.next().await;
                assert!(change.value > last[change.index], "an older value came later");
                last[change.index] = change.value;
            }
        });
    });
}

/// Neither wakeable nor without an end: it is polled.
#[test]
fn a_queue_that_wakes_nobody() {
    let queue = Queue::<u64>::new(1024).unwrap();
    let (stream, producer) = (ConsumerStream::new(queue.consumer()), queue.producer().unwrap());
    let thread = thread::spawn(|| produce(producer));
    block_on(receive(stream));
    thread.join().unwrap();
}

struct Count(AtomicU64);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// After 64 items it is pending once, and wakes its task itself.
#[test]
fn others_have_a_turn() {
    let queue = wakeable();
    let mut stream = ConsumerStream::new(queue.consumer());
    let mut producer = queue.producer().unwrap();
    (0..200).for_each(|n| _ = producer.produce(&n));
    let wakes = Arc::new(Count(AtomicU64::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    for n in 0..64 {
        assert_eq!(stream.poll_message(&mut cx), Poll::Ready(Ok(n)));
    }
    assert_eq!((stream.poll_message(&mut cx), wakes.0.load(Ordering::Relaxed)), (Poll::Pending, 1));
    assert_eq!(stream.poll_message(&mut cx), Poll::Ready(Ok(64)));
}

/// The waker that counts is that of the last poll.
#[test]
fn the_last_waker_is_woken() {
    let queue = wakeable();
    let mut stream = ConsumerStream::new(queue.consumer());
    let counts = [Arc::new(Count(AtomicU64::new(0))), Arc::new(Count(AtomicU64::new(0)))];
    for count in &counts {
        let waker = Waker::from(Arc::clone(count));
        assert_eq!(stream.poll_message(&mut Context::from_waker(&waker)), Poll::Pending);
    }
    queue.producer().unwrap().produce(&7);
    while counts[1].0.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    assert_eq!(counts[0].0.load(Ordering::Relaxed), 0);
    assert_eq!(block_on(stream.next().or(std::future::pending())), Ok(7));
}
