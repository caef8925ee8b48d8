//! The threads of the crate: how many, and what they cost when there is nothing to do. In one test,
//! since it counts the threads of the process.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{block_on, threads, wakeable};
use icc_async::ConsumerStream;
use std::fs;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// How often these threads have slept.
fn sleeps() -> u64 {
    let count = |task: &std::path::PathBuf| {
        let status = fs::read_to_string(task.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::to_owned));
        line.map_or(0, |line| line.trim().parse().unwrap())
    };
    threads().iter().map(count).sum()
}

#[test]
fn a_thousand_streams_on_eight_threads() {
    const STREAMS: usize = 1000;
    let queues: Vec<_> = (0..STREAMS).map(|_| wakeable()).collect();
    let mut streams: Vec<_> = queues.iter().map(|queue| ConsumerStream::new(queue.consumer())).collect();
    assert!(threads().is_empty(), "nobody waits yet");
    let mut cx = Context::from_waker(Waker::noop());
    for stream in &mut streams {
        assert_eq!(stream.poll_message(&mut cx), Poll::Pending);
    }
    // Asleep: after the first ten milliseconds ten times a second at most, each.
    thread::sleep(Duration::from_millis(300));
    // Counted only now: a thread has its name a moment after it was started.
    let count = threads().len();
    assert!((1..=9).contains(&count), "{count} threads");
    let (start, before) = (Instant::now(), sleeps());
    thread::sleep(Duration::from_secs(1));
    let (slept, time) = (sleeps() - before, start.elapsed());
    let most = (time.as_secs_f64() * 10.0).ceil() as u64 + 1;
    assert!(slept <= most * count as u64, "{count} threads slept {slept} times in {time:?}");

    // Each of them is woken by its own queue.
    thread::scope(|scope| {
        scope.spawn(|| {
            for (n, queue) in queues.iter().enumerate() {
                queue.producer().unwrap().produce(&(n as u64));
            }
        });
        for (n, stream) in streams.iter_mut().enumerate() {
            assert_eq!(block_on(stream.next()), Ok(n as u64));
        }
    });

    // And again, registered anew, from the other end.
    for stream in &mut streams {
        assert_eq!(stream.poll_message(&mut cx), Poll::Pending);
    }
    assert_eq!(threads().len(), count);
    for (queue, stream) in queues.iter().zip(&mut streams).rev() {
        queue.producer().unwrap().produce(&1);
        assert_eq!(block_on(stream.next()), Ok(1));
    }

    // Nothing is left of streams that are dropped, waiting or not.
    for stream in streams.iter_mut().step_by(2) {
        assert_eq!(stream.poll_message(&mut cx), Poll::Pending);
    }
    drop(streams);
    let end = Instant::now() + Duration::from_secs(60);
    while !threads().is_empty() {
        assert!(Instant::now() < end, "threads are left");
        thread::sleep(Duration::from_millis(10));
    }
    // And it begins again.
    let queue = wakeable();
    let mut stream = ConsumerStream::new(queue.consumer());
    assert_eq!(stream.poll_message(&mut cx), Poll::Pending);
    queue.producer().unwrap().produce(&3);
    assert_eq!(block_on(stream.next()), Ok(3));
}
