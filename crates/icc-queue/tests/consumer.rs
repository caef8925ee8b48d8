//! Where consumers start, how they wait, batches, recovery, and exact accounting between threads.
#![cfg(not(icc_loom))]

use icc_queue::{
    BusySpin, ConsumeTimeoutError, Consumer, Lost, Park, Producer, Queue, QueueSpec, Recovery, SpinThenSleep,
    SpinThenYield, StartError, TryConsumeError, WaitStrategy, Waited,
};
use icc_testing::SetOnDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Where the first message is: at the beginning, and around every wrap.
const FIRST: [u64; 6] = [0, 5, (1 << 63) - 3, 1 << 63, u64::MAX - 9, u64::MAX];
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(2);

/// A queue of `capacity` whose first `count` messages, from `first` on, are their own numbers
/// inverted.
fn queue(capacity: usize, first: u64, count: u64) -> (Queue<u64>, Producer<u64>) {
    let queue = Queue::<u64>::new(QueueSpec::new(capacity).starting_at(first)).unwrap();
    let mut producer = queue.producer().unwrap();
    produce(&mut producer, count);
    (queue, producer)
}

fn produce(producer: &mut Producer<u64>, count: u64) {
    for _ in 0..count {
        let n = producer.next_sequence();
        assert_eq!(producer.produce(&!n), n);
    }
}

/// What the consumer says about itself adds up.
fn check_totals(consumer: &Consumer<u64>, start: u64) {
    let moved = consumer.next_sequence().wrapping_sub(start);
    assert_eq!(consumer.received() + consumer.lost() + consumer.skipped(), moved);
}

#[test]
fn from_the_oldest_with_as_much_room_as_the_ring_has_left() {
    for first in FIRST {
        for (count, kept) in [(0, 0), (1, 1), (5, 5), (6, 6), (7, 7), (8, 8), (9, 8), (100, 8)] {
            let (queue, mut producer) = queue(8, first, count);
            let mut consumer = queue.consumer_from_oldest();
            assert_eq!(consumer.lag(), kept, "{count} from {first}");
            produce(&mut producer, consumer.headroom());
            let start = consumer.next_sequence();
            assert!(consumer.drain().all(|item| item.is_ok()), "sped past at once");
            assert_eq!((consumer.received(), consumer.lost(), consumer.lag()), (8, 0, 0));
            check_totals(&consumer, start);
        }
    }
}

#[test]
fn at_a_given_message() {
    for first in FIRST {
        let at = |n: u64| first.wrapping_add(n);
        let (queue, mut producer) = queue(8, first, 3);
        for n in 0..3 {
            assert_eq!(queue.consumer_at(queue.position(at(n))).unwrap().try_consume(), Ok(!at(n)));
        }
        let mut next = queue.consumer_at(queue.position(at(3))).unwrap();
        assert_eq!(next.try_consume(), Err(TryConsumeError::Empty));
        let (oldest, next) = (first, at(3));
        for asked in [at(4), at(1000), at(1 << 62)] {
            assert_eq!(
                queue.consumer_at(queue.position(asked)).err(),
                Some(StartError::NotYet { asked, oldest, next })
            );
        }
        let asked = first.wrapping_sub(1);
        assert_eq!(queue.consumer_at(queue.position(asked)).err(), Some(StartError::Gone { asked, oldest, next }));

        produce(&mut producer, 7);
        let (oldest, next) = (at(2), at(10));
        assert_eq!(queue.consumer_at(queue.position(oldest)).unwrap().try_consume(), Ok(!oldest));
        for asked in [at(1), at(0), first.wrapping_sub(1 << 62)] {
            assert_eq!(queue.consumer_at(queue.position(asked)).err(), Some(StartError::Gone { asked, oldest, next }));
        }
    }
}

#[test]
fn skipping_to_the_newest() {
    for first in FIRST {
        let (queue, mut producer) = queue(8, first, 0);
        let mut consumer = queue.consumer();
        assert_eq!(consumer.skip_to_newest(), 0, "nothing has been produced");
        for (count, skipped) in [(1, 0), (2, 1), (8, 7), (50, 49)] {
            produce(&mut producer, count);
            assert_eq!(consumer.skip_to_newest(), skipped);
            assert_eq!(consumer.skip_to_newest(), 0, "it is there already");
            assert_eq!(consumer.try_consume(), Ok(!queue.produced().wrapping_sub(1)));
            assert_eq!(consumer.skip_to_newest(), 0, "it never goes back");
            check_totals(&consumer, first);
        }
        assert_eq!((consumer.received(), consumer.lost(), consumer.skipped()), (4, 0, 57));
    }
}

/// Each policy says how many messages are left to read, and so how many may be produced before more
/// are lost.
#[test]
fn recovery_goes_on_where_the_policy_says() {
    for first in FIRST {
        let policies = [
            (Recovery::Oldest, 8),
            (Recovery::OldestPlus(0), 8),
            (Recovery::OldestPlus(3), 5),
            (Recovery::OldestPlus(u64::MAX), 0),
            (Recovery::Newest, 1),
            (Recovery::Stop, 8),
        ];
        for (recovery, left) in policies {
            let (queue, mut producer) = queue(8, first, 0);
            let mut consumer = queue.consumer().with_recovery(recovery);
            produce(&mut producer, 20);
            let lost = Lost { first, next: first.wrapping_add(20 - left) };
            assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
            assert_eq!((consumer.lag(), consumer.headroom()), (left, 8 - left));
            assert_eq!(consumer.resume(), None);
            produce(&mut producer, 8 - left);
            assert_eq!(consumer.try_consume(), Ok(!lost.next), "sped past again at once");
            check_totals(&consumer, first);
        }
    }
}

/// Behind a producer that overwrites even the oldest message before it is read.
#[test]
fn recovery_leaves_a_margin_the_second_time() {
    for first in FIRST {
        let (queue, mut producer) = queue(8, first, 0);
        let mut consumer = queue.consumer();
        produce(&mut producer, 20);
        assert!(consumer.try_consume().is_err());
        produce(&mut producer, 2);
        let lost = Lost { first: first.wrapping_add(12), next: first.wrapping_add(16) };
        assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
        produce(&mut producer, 2);
        assert_eq!(consumer.try_consume(), Ok(!lost.next), "the margin did not hold");
        // Once it has received something, the oldest is tried again.
        produce(&mut producer, 10);
        let lost = Lost { first: lost.next.wrapping_add(1), next: first.wrapping_add(26) };
        assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
        check_totals(&consumer, first);
    }
}

/// A ring that is not full is read from its first message, and a full one from the oldest it keeps.
#[test]
fn from_the_oldest_means_from_the_oldest() {
    for first in FIRST {
        for count in 0..20 {
            let (queue, _producer) = queue(8, first, count);
            let oldest = first.wrapping_add(count.saturating_sub(8));
            assert_eq!(
                (queue.oldest(), queue.consumer_from_oldest().next_sequence()),
                (oldest, oldest),
                "{count} produced"
            );
        }
    }
}

#[test]
fn a_stopped_consumer_stays_so_until_it_is_resumed() {
    for first in FIRST {
        let (queue, mut producer) = queue(8, first, 0);
        let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
        let mut out = [0; 4];
        produce(&mut producer, 9);
        let lost = Lost { first, next: first.wrapping_add(1) };
        for count in [1, 8, 100] {
            assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
            assert_eq!(consumer.try_consume_batch(&mut out), Err(lost));
            assert_eq!(consumer.try_consume_batch(&mut []), Ok(0));
            assert_eq!(consumer.drain().collect::<Vec<_>>(), [Err(lost)]);
            assert_eq!(consumer.consume(&mut BusySpin), Err(lost));
            assert_eq!(consumer.consume_timeout(&mut BusySpin, LONG), Err(ConsumeTimeoutError::SpedPast(lost)));
            assert_eq!((consumer.stopped(), consumer.next_sequence(), consumer.lost()), (Some(lost), lost.next, 1));
            produce(&mut producer, count);
        }
        // 118 produced: 110 is the oldest.
        let more = Lost { first: lost.next, next: first.wrapping_add(110) };
        assert_eq!(consumer.clone().stopped(), None, "another consumer has not stopped");
        let mut skipping = consumer.with_recovery(Recovery::Oldest);
        assert_eq!(skipping.stopped(), Some(lost), "only resuming resumes");
        assert_eq!(skipping.resume(), Some(more));
        assert_eq!(skipping.resume(), None);
        assert_eq!(skipping.drain().filter(Result::is_ok).count(), 8);
        assert_eq!((skipping.received(), skipping.lost()), (8, 110));
        check_totals(&skipping, first);
    }
}

#[test]
fn skipping_resumes_a_stopped_consumer() {
    let (queue, mut producer) = queue(4, 0, 0);
    let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
    produce(&mut producer, 6);
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 2 })));
    assert_eq!(consumer.skip_to_newest(), 3);
    assert_eq!(consumer.try_consume(), Ok(!5));
    assert_eq!((consumer.received(), consumer.lost(), consumer.skipped()), (1, 2, 3));
}

#[test]
fn batches_around_a_loss() {
    let (queue, mut producer) = queue(8, 0, 8);
    let mut consumer = queue.consumer_at(queue.position(0)).unwrap();
    let mut out = [0; 5];
    assert_eq!(consumer.try_consume_batch(&mut out), Ok(5));
    assert_eq!(out, [!0, !1, !2, !3, !4]);
    produce(&mut producer, 6);
    // 5 is gone.
    assert_eq!(consumer.try_consume_batch(&mut out), Err(Lost { first: 5, next: 6 }));
    assert_eq!(consumer.try_consume_batch(&mut out), Ok(5));
    assert_eq!(out, [!6, !7, !8, !9, !10]);
    assert_eq!(consumer.try_consume_batch(&mut out), Ok(3));
    assert_eq!(consumer.try_consume_batch(&mut out), Ok(0));
    assert_eq!((consumer.received(), consumer.lost()), (13, 1));
}

#[test]
fn dropping_a_drain_early_loses_nothing() {
    let (queue, _producer) = queue(8, 0, 4);
    let mut consumer = queue.consumer_from_oldest();
    assert_eq!(consumer.drain().next(), Some(Ok(!0)));
    assert_eq!(consumer.drain().take(2).count(), 2);
    let mut rest = consumer.drain();
    assert_eq!((rest.next(), rest.next(), rest.next()), (Some(Ok(!3)), None, None));
}

/// A drain ends although a message comes for each one taken.
#[test]
fn a_drain_ends() {
    let (queue, mut producer) = queue(8, 0, 1);
    let mut consumer = queue.consumer_from_oldest();
    let mut drain = consumer.drain();
    for n in 0..9 {
        assert_eq!(drain.next(), Some(Ok(!n)));
        produce(&mut producer, 1);
    }
    assert_eq!(drain.next(), None);
    assert_eq!(consumer.try_consume(), Ok(!9));
}

/// Produces only once the consumer has waited, and counts its waits.
struct ProduceLater<'a, W> {
    wait: W,
    waits: u64,
    waited: &'a AtomicBool,
}

impl<W: WaitStrategy> WaitStrategy for ProduceLater<'_, W> {
    fn wait(&mut self, round: u64) -> Waited {
        assert_eq!(round, self.waits, "rounds count from 0 for each message");
        self.waits += 1;
        let waited = self.wait.wait(round);
        self.waited.store(true, Ordering::Release);
        waited
    }
}

fn waits_for_a_producer_with(wait: impl WaitStrategy + Copy) {
    let (queue, mut producer) = queue(4, 0, 0);
    let mut consumer = queue.consumer();
    let waited = AtomicBool::new(false);
    let mut out = 0;
    type Way<'a, W> = &'a mut dyn FnMut(&mut Consumer<u64>, &mut ProduceLater<'_, W>) -> u64;
    let ways: [Way<'_, _>; 4] = [
        &mut |consumer, wait| consumer.consume(wait).unwrap(),
        &mut |consumer, wait| consumer.consume_timeout(wait, LONG).unwrap(),
        &mut |consumer, wait| consumer.consume_into(&mut out, wait).map(|n| !n).unwrap(),
        &mut |consumer, wait| {
            let mut out = 0;
            let n = consumer.consume_into_timeout(&mut out, wait, Duration::MAX).unwrap();
            assert_eq!(out, !n);
            out
        },
    ];
    for (n, way) in ways.into_iter().enumerate() {
        thread::scope(|scope| {
            waited.store(false, Ordering::Relaxed);
            scope.spawn(|| {
                while !waited.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                produce(&mut producer, 1);
            });
            let _ends = SetOnDrop(&waited);
            let mut later = ProduceLater { wait, waits: 0, waited: &waited };
            assert_eq!(way(&mut consumer, &mut later), !(n as u64));
            assert!(later.waits > 0);
        });
    }
    assert_eq!(out, !2);
    assert_eq!((consumer.received(), consumer.lost()), (4, 0));
}

#[test]
fn every_strategy_waits_for_a_producer() {
    waits_for_a_producer_with(BusySpin);
    waits_for_a_producer_with(SpinThenYield::default());
    waits_for_a_producer_with(SpinThenYield::new(0));
    waits_for_a_producer_with(SpinThenSleep::default());
    waits_for_a_producer_with(SpinThenSleep::new(0, Duration::ZERO));
    waits_for_a_producer_with(Park::default());
    waits_for_a_producer_with(Park::new(Duration::ZERO));
}

#[test]
fn strategies_give_up_the_core_after_their_spins() {
    let rounds = [0, 1, 2, u64::MAX];
    let (spun, gave_up, slept) = (Waited::Spun, Waited::GaveUpCore, Waited::Slept);
    assert_eq!(rounds.map(|round| BusySpin.wait(round)), [spun; 4]);
    assert_eq!(rounds.map(|round| SpinThenYield::new(2).wait(round)), [spun, spun, gave_up, gave_up]);
    let mut sleeping = SpinThenSleep::new(2, Duration::from_millis(1));
    let before = std::time::Instant::now();
    assert_eq!(rounds.map(|round| sleeping.wait(round)), [spun, spun, slept, slept]);
    assert!(before.elapsed() >= Duration::from_millis(2), "it did not sleep");
}

/// Nobody produces: it ends, not before the timeout, and the consumer is where it was.
#[test]
fn timeouts() {
    fn times_out(wait: &mut impl WaitStrategy, timeout: Duration) {
        let (queue, mut producer) = queue(4, 7, 0);
        let mut consumer = queue.consumer();
        let before = std::time::Instant::now();
        assert_eq!(consumer.consume_timeout(wait, timeout), Err(ConsumeTimeoutError::TimedOut { after: timeout }));
        assert!(before.elapsed() >= timeout);
        assert_eq!((consumer.next_sequence(), consumer.received(), consumer.lost()), (7, 0, 0));
        produce(&mut producer, 1);
        assert_eq!(consumer.consume_timeout(wait, Duration::ZERO), Ok(!7), "zero is one look");
    }
    for timeout in [Duration::ZERO, SHORT] {
        times_out(&mut BusySpin, timeout);
        times_out(&mut SpinThenYield::new(10), timeout);
        times_out(&mut SpinThenSleep::default(), timeout);
    }
}

/// Waiting tells of a loss as not waiting does.
#[test]
fn waiting_does_not_hide_a_loss() {
    let (queue, mut producer) = queue(4, 0, 0);
    let consumer = queue.consumer();
    produce(&mut producer, 6);
    let lost = Lost { first: 0, next: 2 };
    assert_eq!(consumer.clone().consume(&mut BusySpin), Err(lost));
    assert_eq!(consumer.clone().consume_timeout(&mut BusySpin, LONG), Err(ConsumeTimeoutError::SpedPast(lost)));
}

#[test]
fn a_clone_has_its_own_totals() {
    let (queue, mut producer) = queue(4, 0, 0);
    let mut consumer = queue.consumer().with_recovery(Recovery::Newest);
    produce(&mut producer, 9);
    assert_eq!(consumer.drain().count(), 2);
    let mut clone = consumer.clone();
    assert_eq!((clone.next_sequence(), clone.recovery()), (9, Recovery::Newest));
    assert_eq!((clone.received(), clone.lost(), clone.skipped()), (0, 0, 0));
    produce(&mut producer, 1);
    assert_eq!(clone.try_consume(), Ok(!9));
    assert_eq!((clone.received(), clone.lost()), (1, 0));
    assert_eq!((consumer.received(), consumer.lost(), consumer.lag()), (1, 8, 1));
}

/// Every way to consume at once, against a producer at full speed: each message is whole, in order,
/// and accounted for once.
#[test]
fn accounting_is_exact_between_threads() {
    const MESSAGES: u64 = 100_000;
    for (capacity, first) in [(2, 0), (16, u64::MAX - MESSAGES / 2), (256, (1 << 63) - 5)] {
        let (queue, mut producer) = queue(capacity, first, 0);
        let end = first.wrapping_add(MESSAGES);
        let ways: [fn(&mut Consumer<u64>, &mut Seen); 5] = [
            |consumer, seen| {
                let mut batch = [0; 7];
                match consumer.try_consume_batch(&mut batch) {
                    Ok(0) => thread::yield_now(),
                    Ok(count) => batch[..count].iter().for_each(|&message| seen.message(message)),
                    Err(lost) => seen.lost(lost),
                }
            },
            |consumer, seen| {
                for item in consumer.drain() {
                    match item {
                        Ok(message) => seen.message(message),
                        Err(lost) => seen.lost(lost),
                    }
                }
                thread::yield_now();
            },
            |consumer, seen| match consumer.consume_timeout(&mut SpinThenYield::default(), LONG) {
                Ok(message) => seen.message(message),
                Err(ConsumeTimeoutError::SpedPast(lost)) => seen.lost(lost),
                Err(timeout) => panic!("{timeout}"),
            },
            |consumer, seen| {
                seen.skipped(consumer.skip_to_newest());
                match consumer.try_consume() {
                    Ok(message) => seen.message(message),
                    Err(TryConsumeError::Empty) => thread::yield_now(),
                    Err(TryConsumeError::SpedPast(lost)) => seen.lost(lost),
                }
            },
            |consumer, seen| match consumer.consume(&mut SpinThenYield::default()) {
                Ok(message) => seen.message(message),
                Err(lost) => {
                    seen.lost(lost);
                    consumer.resume().into_iter().for_each(|more| seen.lost(more));
                }
            },
        ];
        thread::scope(|scope| {
            for (index, way) in ways.into_iter().enumerate() {
                let recovery = [Recovery::Oldest, Recovery::Newest, Recovery::Oldest, Recovery::Oldest, Recovery::Stop];
                let mut consumer = queue.consumer().with_recovery(recovery[index]);
                scope.spawn(move || {
                    let mut seen = Seen { next: first, received: 0, lost: 0, skipped: 0 };
                    while seen.next != end {
                        way(&mut consumer, &mut seen);
                        assert_eq!(consumer.next_sequence(), seen.next);
                    }
                    assert_eq!(
                        (consumer.received(), consumer.lost(), consumer.skipped()),
                        (seen.received, seen.lost, seen.skipped)
                    );
                    assert_eq!(seen.received + seen.lost + seen.skipped, MESSAGES);
                });
            }
            produce(&mut producer, MESSAGES);
        });
    }
}

/// What a consumer was given and told.
struct Seen {
    next: u64,
    received: u64,
    lost: u64,
    skipped: u64,
}

impl Seen {
    fn message(&mut self, message: u64) {
        assert_eq!(message, !self.next, "message {} is not itself", self.next);
        self.received += 1;
        self.next = self.next.wrapping_add(1);
    }

    fn lost(&mut self, lost: Lost) {
        assert_eq!(lost.first, self.next);
        self.lost += lost.count();
        self.next = lost.next;
    }

    fn skipped(&mut self, count: u64) {
        self.skipped += count;
        self.next = self.next.wrapping_add(count);
    }
}
