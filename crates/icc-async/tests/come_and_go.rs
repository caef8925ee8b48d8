//! Streams that are dropped while they wait, and as many that come at once: a thread's list never has more than
//! one wait takes.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{block_on, wakeable};
use icc_async::ConsumerStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Whether its task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn streams_that_come_and_go_fit_their_threads() {
    /// As many as one wait takes.
    const STREAMS: usize = 127;
    let queue = wakeable();
    let mut producer = queue.producer().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let waiting = |cx: &mut Context<'_>| -> Vec<_> {
        let poll = |_| {
            let mut stream = ConsumerStream::new(queue.consumer());
            assert_eq!(stream.poll_message(cx), Poll::Pending);
            stream
        };
        (0..STREAMS).map(poll).collect()
    };
    for _ in 0..100 {
        drop(waiting(&mut cx));
    }
    // Their threads are there, and wake whoever comes last.
    let mut last = waiting(&mut cx);
    let woken: Vec<_> = last
        .iter_mut()
        .map(|stream| {
            let woken = Arc::new(Woken::default());
            let poll = stream.poll_message(&mut Context::from_waker(&Waker::from(Arc::clone(&woken))));
            assert_eq!(poll, Poll::Pending);
            woken
        })
        .collect();
    producer.produce(&7);
    let end = Instant::now() + Duration::from_secs(30);
    while !woken.iter().all(|woken| woken.0.load(Ordering::Acquire)) {
        assert!(Instant::now() < end, "nobody wakes them");
        thread::sleep(Duration::from_millis(1));
    }
    for stream in &mut last {
        assert_eq!(block_on(stream.next()), Ok(7));
    }
}
