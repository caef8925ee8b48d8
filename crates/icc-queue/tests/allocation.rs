//! Once a queue, its producers and its consumers are there, sending and receiving allocate nothing.

#![cfg(all(target_os = "linux", not(icc_loom)))]

use icc_queue::{
    BusySpin, ConsumeTimeoutError, Evict, Mode, Mpmc, Notifier, Options, Park, Queue, QueueSpec, Recovery, SeenError,
    SpinThenSleep, SpinThenYield, Spmc, TryConsumeError, TryProduceError, WaitSet, WaitStrategy, bytes,
};
use icc_testing::{Counting, Name, without_allocation};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Message = [u64; 7];

const LEN: usize = 64;
const SHORT: Duration = Duration::from_millis(3);

/// Every way to send and to receive, on a queue of any kind.
fn sent_and_received<M: Mode>(what: &str, queue: &Queue<Message, M>) {
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer().seen_as("counted").unwrap_or_else(SeenError::unseen);
    let mut batch = [[0; 7]; 16];
    without_allocation(what, || {
        for n in 0..3 * LEN as u64 {
            producer.produce(&[n; 7]);
            assert_eq!(consumer.try_consume(), Ok([n; 7]));
            producer.try_produce(&[n; 7]).unwrap();
            producer.produce_timeout(&[n; 7], SHORT).unwrap();
            producer.produce_batch(&[[n; 7]; 4]).unwrap();
            consumer.try_consume_into(&mut batch[0]).unwrap();
            assert_eq!(consumer.consume(&mut BusySpin), Ok([n; 7]));
            assert_eq!(consumer.consume_timeout(&mut BusySpin, SHORT), Ok([n; 7]));
            assert_eq!(consumer.try_consume_batch(&mut batch), Ok(3));
        }
        assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty));
        producer.produce_batch(&batch).unwrap();
        assert_eq!(consumer.drain().count(), 16);
        assert_eq!((consumer.lag(), consumer.headroom()), (0, LEN as u64));
        assert_eq!(consumer.position(), queue.position(producer.next_sequence()));
    });
    // In vain, in every way to wait: it ends with its time.
    timed_out(what, &mut consumer, &mut BusySpin);
    timed_out(what, &mut consumer, &mut SpinThenYield::default());
    timed_out(what, &mut consumer, &mut SpinThenSleep::default());
    timed_out(what, &mut consumer, &mut Park::default());
}

fn timed_out(what: &str, consumer: &mut icc_queue::Seen<icc_queue::Consumer<Message>>, wait: &mut impl WaitStrategy) {
    let ended = without_allocation(what, || consumer.consume_timeout(wait, SHORT));
    assert_eq!(ended, Err(ConsumeTimeoutError::TimedOut { after: SHORT }));
}

/// A consumer that is too slow is told, and goes on as it was asked to.
fn lost<M: Mode>(what: &str, queue: &Queue<Message, M>) {
    let mut producer = queue.producer().unwrap();
    for recovery in [Recovery::Oldest, Recovery::Newest, Recovery::Stop] {
        let mut consumer = queue.consumer().with_recovery(recovery);
        without_allocation(what, || {
            (0..3 * LEN as u64).for_each(|n| _ = producer.produce(&[n; 7]));
            assert!(matches!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)) if lost.count() > 0));
            consumer.resume();
            consumer.skip_to_newest();
            consumer.drain().for_each(|_| {});
        });
    }
}

fn all<M: Mode>(mode: &str) {
    let spec = QueueSpec::new(LEN);
    let evict = Evict::After(SHORT);
    let specs =
        [("plain", spec), ("wakeable", spec.wakeable()), ("seen", spec.seen()), ("holding", spec.holding(evict))];
    for (kind, spec) in specs {
        let name = Name::new("allocation");
        for (place, queue) in
            [("private", Queue::new(spec).unwrap()), ("shared", Queue::create(&name, spec, &Options::new()).unwrap())]
        {
            let what = format!("{mode}, {kind}, {place}");
            sent_and_received::<M>(&what, &queue);
            lost::<M>(&what, &queue);
        }
    }
}

#[test]
fn one_producer() {
    all::<Spmc>("one producer");
}

#[test]
fn many_producers() {
    all::<Mpmc>("many producers");
}

/// A producer that waits for one that holds, and leaves it behind.
#[test]
fn holding() {
    let queue = Queue::<Message>::new(QueueSpec::new(LEN).holding(Evict::After(Duration::from_millis(200)))).unwrap();
    let (mut producer, mut holder) = (queue.producer().unwrap(), queue.holding_consumer("counted").unwrap());
    without_allocation("holding", || {
        (0..LEN as u64).for_each(|n| _ = producer.produce(&[n; 7]));
        assert!(matches!(producer.try_produce(&[0; 7]), Err(TryProduceError::Full { .. })));
        assert!(matches!(
            producer.produce_timeout(&[0; 7], Duration::from_micros(100)),
            Err(TryProduceError::Full { .. })
        ));
        producer.produce(&[0; 7]);
        assert!(holder.drain().count() > 0 && !holder.holds());
    });
}

#[test]
fn numbers_left_out() {
    let queue = Queue::<Message>::new(QueueSpec::new(LEN).gaps()).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    without_allocation("gaps", || {
        producer.produce_at(5, &[5; 7]).unwrap();
        assert_eq!(consumer.consume(&mut BusySpin).map_err(|lost| lost.count()), Err(5));
        assert_eq!(consumer.consume(&mut BusySpin), Ok([5; 7]));
    });
}

/// Into memory that is there: a vector grows to the longest message, and is then used again.
#[test]
fn any_length() {
    fn check<M: Mode>() {
        let queue = bytes::BytesQueue::<M>::new(QueueSpec::new(LEN)).unwrap();
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        let (mut out, message) = (Vec::with_capacity(2_000), [7; 2_000]);
        without_allocation("bytes", || {
            for len in (0..2_000).step_by(100) {
                producer.produce(&message[..len]).unwrap();
                producer.try_produce(&message[..len]).unwrap();
                consumer.try_consume_into(&mut out).unwrap();
                assert_eq!(out, message[..len]);
                let mut array = [0; 2_000];
                assert_eq!(consumer.try_consume(&mut array), Ok(len));
            }
            assert_eq!(consumer.try_consume_into(&mut out), Err(bytes::TryConsumeError::Empty));
        });
    }
    check::<Spmc>();
    check::<Mpmc>();
}

#[test]
fn groups() {
    let queue = Queue::<Message>::new(QueueSpec::new(LEN).group("workers")).unwrap();
    let (mut producer, group) = (queue.producer().unwrap(), queue.group("workers").unwrap());
    let mut worker = group.worker().unwrap();
    without_allocation("a group", || {
        for n in 0..3 * LEN as u64 {
            producer.produce(&[n; 7]);
            worker.try_claim().unwrap().give_back();
            let claim = worker.claim(&mut BusySpin).unwrap();
            assert_eq!((claim.message(), claim.deliveries()), (&[n; 7], 2));
            claim.done();
        }
        assert!(worker.try_claim().is_err());
        assert!(worker.claim_timeout(&mut SpinThenSleep::default(), SHORT).is_err());
    });
}

/// One wait for several, with and without something there.
#[test]
fn one_wait_for_several() {
    if icc_testing::emulator_lacks(icc_testing::Feature::WaitAtSeveral) {
        return;
    }
    let queues = [(); 3].map(|()| Queue::<Message>::new(QueueSpec::new(LEN).wakeable()).unwrap());
    let mut producer = queues[1].producer().unwrap();
    let [mut first, mut second, mut third] = queues.each_ref().map(|queue| queue.consumer());
    let mut stop = Notifier::new();
    without_allocation("a wait for four", || {
        let wait = |sources: &mut [&mut dyn icc_queue::Waitable]| WaitSet::new().wait(sources, Some(SHORT)).unwrap();
        assert!(wait(&mut [&mut first, &mut second, &mut third, &mut stop]).is_empty());
        producer.produce(&[7; 7]);
        assert!(wait(&mut [&mut first, &mut second, &mut third, &mut stop]).contains(1));
        assert_eq!(second.drain().count(), 1);
        stop.notify();
        assert!(wait(&mut [&mut first, &mut second, &mut third, &mut stop]).contains(3));
    });
}
