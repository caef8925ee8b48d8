//! Producing, by a task that waits for room.

use crate::reactor::{Reactor, Watching};
use icc_queue::{Mode, Payload, Producer, Room, TryProduceError};
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a thread sleeps at most: a death wakes nobody, nor does a time that is over.
const SLICE: Duration = Duration::from_millis(5);

/// Puts `message` into the queue and returns its sequence number; meanwhile other tasks run.
///
/// It waits where [`Producer::produce`] would block its thread: while a consumer that
/// [holds](icc_queue::QueueReader::holding_consumer) is a whole ring behind. The task sleeps until that
/// one has read something, let go, died, or was in the way for longer than
/// [`Evict`](icc_queue::Evict) says; the last two, which wake nobody, are found within some
/// 10 milliseconds. Under [`Evict::Never`](icc_queue::Evict::Never) it waits without bound. On a queue
/// that nobody holds it is done at the first poll. It never gives way to other tasks but where it
/// waits.
///
/// While another producer is a whole ring behind ([`TryProduceError::Busy`]) nothing tells when that
/// ends: the task wakes itself and is polled again, behind the others of its executor, until then.
///
/// A future that is dropped before it is done has produced nothing, and taken no sequence number. The
/// time that `Evict` allows counts from its first poll, also through several futures for the same
/// message.
///
/// # Errors
///
/// [`TryProduceError::Forked`] in a child process made by `fork`. `Full` and `Busy` are waited for.
///
/// # Examples
///
/// ```
/// use icc_queue::{Evict, Queue, QueueSpec};
///
/// let queue = Queue::<u64>::new(QueueSpec::new(4).holding(Evict::Never))?;
/// let mut producer = queue.producer()?;
/// let mut recorder = queue.holding_consumer("recorder")?;
/// let recording = std::thread::spawn(move || {
///     let sum = (0..100).map(|_| recorder.consume(&mut icc_queue::BusySpin).expect("nothing is lost")).sum::<u64>();
///     assert_eq!(sum, 4950);
/// });
/// # #[cfg(not(miri))]
/// futures_lite::future::block_on(async {
///     for n in 0..100 {
///         assert_eq!(icc_async::produce(&mut producer, &n).await, Ok(n));
///     }
/// });
/// # #[cfg(miri)]
/// # (0..100).for_each(|n| _ = producer.produce(&n));
/// recording.join().expect("no panic");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(not(icc_loom))]
pub async fn produce<T: Payload, M: Mode>(producer: &mut Producer<T, M>, message: &T) -> Result<u64, TryProduceError> {
    over(producer, message, &Reactor::global).await
}

/// The same, watched by these threads.
#[cfg(icc_loom)]
pub async fn produce_with_threads<T: Payload, M: Mode>(
    producer: &mut Producer<T, M>,
    message: &T,
    reactor: &Reactor,
) -> Result<u64, TryProduceError> {
    over(producer, message, &|| reactor.clone()).await
}

async fn over<T: Payload, M: Mode>(
    producer: &mut Producer<T, M>,
    message: &T,
    reactor: &(impl Fn() -> Reactor + Sync),
) -> Result<u64, TryProduceError> {
    let mut watching = None;
    poll_fn(|cx| poll(producer, message, reactor, &mut watching, cx)).await
}

fn poll<T: Payload, M: Mode>(
    producer: &mut Producer<T, M>,
    message: &T,
    reactor: &impl Fn() -> Reactor,
    watching: &mut Option<Watching<Room>>,
    cx: &mut Context<'_>,
) -> Poll<Result<u64, TryProduceError>> {
    // A thread looks, and there is nothing to try yet. In the child of a `fork` no thread does.
    if !producer.is_forked() && watching.as_mut().is_some_and(|watching| watching.poll(cx.waker()).is_none()) {
        return Poll::Pending;
    }
    match producer.try_produce(message) {
        Err(TryProduceError::Full { .. }) => {}
        Err(TryProduceError::Busy { .. }) => {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        done => return Poll::Ready(done),
    }
    let Some(room) = producer.room() else {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    };
    // For another message than before, if another producer was quicker. The bell is the same.
    let watching = match watching {
        Some(watching) => {
            if let Some(last) = watching.poll(cx.waker()) {
                *last = room;
            }
            watching
        }
        None => watching.insert(Watching::in_slices(room, reactor(), SLICE)),
    };
    // Its thread looks once more before it sleeps.
    watching.wait(cx.waker());
    Poll::Pending
}
